package module

import "github.com/assaylab/assay/nn"

// Dense appends growth maps to those of x: H = norm, activation, 3x3 convolution, behind a norm, activation and 1x1 convolution
// to width maps if width is not 0 (DenseNet-B: 4·growth). Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993, §3. The
// 3x3 convolution has no bias: the norms that read it would take it.
func Dense(b *nn.Builder, x *nn.Node, growth, width int) *nn.Node {
	s := BNReLU()
	y := x
	if width > 0 {
		y = b.Conv(b.PreAct(y, s.Norm, s.Act), width, 1, 1)
	}
	return b.Concat(x, bareConv(b, b.PreAct(y, s.Norm, s.Act), growth, 3, 1))
}

// Transition stands between dense blocks: norm, activation, 1x1 convolution to out maps, 2x2 average pooling. arXiv:1608.06993,
// §3; out is a share θ of the maps of x, .5 in DenseNet-C.
func Transition(b *nn.Builder, x *nn.Node, out int) *nn.Node {
	s := BNReLU()
	return b.AvgPool(bareConv(b, b.PreAct(x, s.Norm, s.Act), out, 1, 1), 2, 2)
}

// TwoWayDense appends growth maps, half from a 1x1 and a 3x3 convolution, half from a 1x1 and two 3x3 ones: the dense layer
// with an inception module of Wang, Li, Ling, "Pelee", arXiv:1804.06882, §2.1. Width is of the 1x1 convolutions.
func TwoWayDense(b *nn.Builder, x *nn.Node, growth, width int) *nn.Node {
	s := BNReLU()
	return Beside(
		Pass,
		InRow(Convolved(s, width, 1), Convolved(s, growth/2, 3)),
		InRow(Convolved(s, width, 1), Convolved(s, growth/2, 3), Convolved(s, growth/2, 3)),
	)(b, x)
}

// bareConv is a convolution with same padding and no bias.
func bareConv(b *nn.Builder, x *nn.Node, out, kernel, stride int) *nn.Node {
	return b.Bias(b.Conv(x, out, kernel, stride), false)
}
