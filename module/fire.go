package module

import "github.com/assaylab/assay/nn"

// Fire squeezes to few maps by a 1x1 convolution and expands them by 1x1 and 3x3 ones side by side, ReLU after each: Iandola et
// al., "SqueezeNet", arXiv:1602.07360, §3.2. It gives expand1 + expand3 maps.
func Fire(b *nn.Builder, x *nn.Node, squeeze, expand1, expand3 int) *nn.Node {
	x = b.ReLU(b.As("squeeze").Conv(x, squeeze, 1, 1))
	return b.Concat(
		b.ReLU(b.As("expand1x1").Conv(x, expand1, 1, 1)),
		b.ReLU(b.As("expand3x3").Conv(x, expand3, 3, 1)),
	)
}
