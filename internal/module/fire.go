package module

import "github.com/assaylab/assay/nn"

// Fire squeezes to few maps by a 1x1 convolution and expands them by 1x1 and 3x3 ones side by side, ReLU after each: Iandola et
// al., "SqueezeNet", arXiv:1602.07360, §3.2. It gives expand1 + expand3 maps.
func Fire(b *nn.Builder, x *nn.Node, squeeze, expand1, expand3 int) *nn.Node {
	s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
	return FireOf(b, x, s, s, squeeze, expand1, same(expand3, 3, 1))
}

// FireOf is [Fire] with a style behind the squeeze and one behind both expansions; expand3 says what the second of them is. The
// first has its stride and groups of one.
func FireOf(b *nn.Builder, x *nn.Node, behindSqueeze, behindExpand nn.Style, squeeze, expand1 int, expand3 nn.Conv) *nn.Node {
	x = b.Finish(b.As("squeeze").Conv(x, squeeze, 1, 1), behindSqueeze)
	return b.Concat(
		b.Finish(b.As("expand1x1").ConvOf(x, nn.Conv{Out: expand1, Stride: expand3.Stride}), behindExpand),
		b.Finish(b.As("expand3x3").ConvOf(x, expand3), behindExpand),
	)
}
