package module

import "github.com/assaylab/assay/nn"

// Option is what a bypass does where the shape changes: He, Zhang, Ren, Sun, arXiv:1512.03385, §4.1.
type Option string

// Options of the bypass.
const (
	OptionA Option = "A" // stride and zeros for the missing channels, no parameters: the CIFAR networks
	OptionB Option = "B" // a 1x1 projection where the shape changes: the ImageNet networks
	OptionC Option = "C" // a projection on every bypass
)

// Residual is a block of a residual stage: out channels, the stride of the block.
type Residual func(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node

// Basic is y = ReLU(x + BN(conv3x3(ReLU(BN(conv3x3 x))))): arXiv:1512.03385, figure 5 left.
func Basic(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
	y := ConvBNReLU(b, x, out, 3, stride)
	y = ConvBN(b, y, out, 3, 1)
	return b.ReLU(b.Add(y, Bypass(b, x, out, stride, o, BNReLU())))
}

// Bottleneck is 1x1 to out/4, 3x3, 1x1 to out: figure 5 right. The 3x3 strides ("v1.5", PyTorch), not the first 1x1.
func Bottleneck(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
	return Gated(Pass)(b, x, out, stride, o)
}

// Gated is the bottleneck with a gate on its branch, in front of the sum: Hu, Shen, Sun, arXiv:1709.01507, figure 3.
func Gated(gate Part) Residual {
	return func(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
		y := ConvBNReLU(b, x, out/4, 1, 1)
		y = ConvBNReLU(b, y, out/4, 3, stride)
		y = gate(b, ConvBN(b, y, out, 1, 1))
		return b.ReLU(b.Add(y, Bypass(b, x, out, stride, o, BNReLU())))
	}
}

// Aggregated is the bottleneck of ResNeXt: the 3x3 in groups of width channels each at out = 256, in proportion above. Xie,
// Girshick, Dollár, Tu, He, arXiv:1611.05431, table 1 (32 groups of 4).
func Aggregated(groups, width int) Residual {
	return func(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
		d := groups * width * out / 256
		c := same(d, 3, stride)
		c.Groups = groups
		y := ConvBNReLU(b, x, d, 1, 1)
		y = b.Finish(b.ConvOf(y, c), BNReLU())
		y = ConvBN(b, y, out, 1, 1)
		return b.ReLU(b.Add(y, Bypass(b, x, out, stride, o, BNReLU())))
	}
}

// PreBasic is the pre-activation form, y = x + conv3x3(ReLU(BN(conv3x3(ReLU(BN x))))), the identity path untouched:
// arXiv:1603.05027, figure 1b. Where the shape changes the bypass reads the first ReLU, as the authors' code does. The
// last convolution and the projection have no bias: behind the sum the norm of the next block takes it. The network ends with a
// norm and activation of its own ([nn.Builder.PreAct]).
func PreBasic(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
	s := BNReLU()
	a := b.PreAct(x, s.Norm, s.Act)
	y := b.Conv(a, out, 3, stride)
	y = bareConv(b, b.PreAct(y, s.Norm, s.Act), out, 3, 1)
	return b.Add(y, preBypass(b, x, a, out, stride, o))
}

// PreBottleneck is the pre-activation form of [Bottleneck], as [PreBasic] is of [Basic].
func PreBottleneck(b *nn.Builder, x *nn.Node, out, stride int, o Option) *nn.Node {
	s := BNReLU()
	a := b.PreAct(x, s.Norm, s.Act)
	y := b.Conv(a, out/4, 1, 1)
	y = b.Conv(b.PreAct(y, s.Norm, s.Act), out/4, 3, stride)
	y = bareConv(b, b.PreAct(y, s.Norm, s.Act), out, 1, 1)
	return b.Add(y, preBypass(b, x, a, out, stride, o))
}

// preBypass is the path round a pre-activation block that begins with a = ReLU(BN x): no norm, no bias.
func preBypass(b *nn.Builder, x, a *nn.Node, out, stride int, o Option) *nn.Node {
	if bypass := Bypass(b, a, out, stride, o, nn.Style{}); bypass != a {
		return bypass
	}
	return x
}

// Stage is n blocks of one width; the first has the stride. Its blocks are named "block1", "block2" ...
func Stage(b *nn.Builder, x *nn.Node, block Residual, n, out, stride int, o Option) *nn.Node {
	for i := range n {
		x = block(b.Scope("block%d", i+1), x, out, stride, o)
		stride = 1
	}
	return x
}

// Bypass is the path round a block that gives out channels at a stride: x itself where the shape stays (but for option C), else
// what the option says. A projection has the style's norm and, without one, its bias.
func Bypass(b *nn.Builder, x *nn.Node, out, stride int, o Option, s nn.Style) *nn.Node {
	changes := out != b.Size(x).C || stride != 1
	switch {
	case o != OptionC && !changes:
		return x
	case o == OptionA:
		return b.As("shortcut").Layer(nn.Shortcut{Stride: stride, Out: out}, x)
	}
	s.Act = nn.Activation{}
	return b.Finish(b.As("shortcut").Conv(x, out, 1, stride), s)
}

// bareConv is a convolution with same padding and no bias.
func bareConv(b *nn.Builder, x *nn.Node, out, kernel, stride int) *nn.Node {
	return b.Bias(b.Conv(x, out, kernel, stride), false)
}
