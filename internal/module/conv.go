// Package module holds the field's building blocks: functions on nn.Builder that append a few layers and return the last. Zoo
// files call them, and so do architecture approaches, whose builder stands where a layer was. It imports nn only. Start at
// [ConvBNReLU] and [Chain]; a block is a function here and a test of its shape and parameters.
package module

import "github.com/assaylab/assay/nn"

// BNReLU is the style of most networks since 2015: convolution, batch norm, ReLU. Were the norm taken away, the convolution
// would have a bias.
func BNReLU() nn.Style {
	return nn.Style{Bias: true, Norm: nn.NewBatchNorm(), Act: nn.Activation{Func: nn.ReLU}}
}

// ConvBNReLU is a convolution with same padding, batch norm and ReLU. Ioffe, Szegedy, arXiv:1502.03167.
func ConvBNReLU(b *nn.Builder, x *nn.Node, out, kernel, stride int) *nn.Node {
	return b.Finish(b.Conv(x, out, kernel, stride), BNReLU())
}

// ConvBN is a convolution with same padding and batch norm.
func ConvBN(b *nn.Builder, x *nn.Node, out, kernel, stride int) *nn.Node {
	return b.Norm(b.Conv(x, out, kernel, stride))
}

// ConvReLU is a convolution with same padding, bias and ReLU.
func ConvReLU(b *nn.Builder, x *nn.Node, out, kernel, stride int) *nn.Node {
	return b.ReLU(b.Conv(x, out, kernel, stride))
}

// Named is a convolution with the name that it gets.
type Named struct {
	Name string
	nn.Conv
}

// Chain puts convolutions behind one another with the norm and activation of a style between them. The last stays bare but
// for its bias, so that in a rewrite the norm and activation of the convolution that it replaces follow it, or in a
// pre-activation network precede the first. Where neither norm nor activation stands between, inner convolutions have no bias:
// the next one would absorb it.
func Chain(b *nn.Builder, x *nn.Node, s nn.Style, convs ...Named) *nn.Node {
	between := s
	between.Bias = s.Bias && (s.Norm != nil || s.Act.Func != "")
	for i, c := range convs {
		x = b.As("%s", c.Name).ConvOf(x, c.Conv)
		if i < len(convs)-1 {
			x = b.Finish(x, between)
		}
	}
	return b.Bias(x, s.Bias)
}

// same is a k x k convolution with same padding and the given stride.
func same(out, kernel, stride int) nn.Conv {
	k := nn.Square(kernel)
	return nn.Conv{Out: out, Kernel: k, Stride: nn.Square(stride), Padding: nn.Same(k, nn.Square(1))}
}
