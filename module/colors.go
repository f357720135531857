package module

import "github.com/assaylab/assay/nn"

// Colors is 1x1 convolutions of those widths with a bias, act behind each: a learned transformation of colours. Mishkin,
// Sergievskiy, Matas, arXiv:1606.02228, §3.2.
func Colors(b *nn.Builder, x *nn.Node, act nn.Activation, widths ...int) *nn.Node {
	for i, w := range widths {
		x = b.Finish(b.As("color%d", i+1).Conv(x, w, 1, 1), nn.Style{Bias: true, Act: act})
	}
	return x
}
