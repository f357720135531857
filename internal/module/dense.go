package module

import "github.com/assaylab/assay/nn"

// Dense appends growth maps to those of x: H = norm, activation, 3x3 convolution, behind a norm, activation and 1x1 convolution
// to width maps if width is not 0 (DenseNet-B: 4·growth). Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993, §3. The
// 3x3 convolution has no bias where there is a norm: those that read it would take it.
func Dense(b *nn.Builder, x *nn.Node, s nn.Style, growth, width int) *nn.Node {
	y := x
	if width > 0 {
		y = b.Bias(b.Conv(PreAct(b, y, s), width, 1, 1), s.Bias)
	}
	return b.Concat(x, shared(b, b.Conv(PreAct(b, y, s), growth, 3, 1), s))
}

// Compress is norm, activation and a 1x1 convolution to out maps: the transition between dense blocks, arXiv:1608.06993, §3,
// where it does not halve the map. Out is a share θ of the maps of x, .5 in DenseNet-C.
func Compress(b *nn.Builder, x *nn.Node, s nn.Style, out int) *nn.Node {
	return shared(b, b.Conv(PreAct(b, x, s), out, 1, 1), s)
}

// Transition is [Compress] and 2x2 average pooling.
func Transition(b *nn.Builder, x *nn.Node, s nn.Style, out int) *nn.Node {
	return b.AvgPool(Compress(b, x, s, out), 2, 2)
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

// InceptionDense appends what the branches of an inception module give to the maps of x, with norm and activation behind every
// convolution as in [TwoWayDense], or with a pre-activation style in front of it. No one paper's: the dense connections of
// arXiv:1608.06993 round the module of arXiv:1409.4842.
func InceptionDense(b *nn.Builder, x *nn.Node, s nn.Style, m Branches) *nn.Node {
	y, end := x, s
	if s.Pre {
		y, end = PreAct(b, x, s), nn.Style{Bias: s.Bias && s.Norm == nil}
	}
	return b.Concat(append([]*nn.Node{x}, ends(b, y, m.Parts(s, end))...)...)
}

// PreAct is the norm and activation of a style in front of a convolution. The style has an activation.
func PreAct(b *nn.Builder, x *nn.Node, s nn.Style) *nn.Node {
	if s.Norm == nil || s.Place != nn.After {
		return b.PreAct(x, s.Norm, s.Act)
	}
	a := b.PreAct(x, nil, s.Act)
	return b.Over(nn.Out(a), s.Norm, a)
}

// shared gives a convolution that several norms may read a bias where the style has one and no norm.
func shared(b *nn.Builder, x *nn.Node, s nn.Style) *nn.Node {
	return b.Bias(x, s.Bias && s.Norm == nil)
}
