package module

import (
	"fmt"

	"github.com/assaylab/assay/nn"
)

// Colors is 1x1 convolutions with a bias, act behind each, which gives those widths: a learned transformation of colours. Mishkin,
// Sergievskiy, Matas, arXiv:1606.02228, §3.2.
func Colors(b *nn.Builder, x *nn.Node, act nn.Activation, widths ...int) *nn.Node {
	reads, gives := act.Normal().(nn.Activation).Ratio()
	for i, w := range widths {
		if w *= reads; w%gives != 0 {
			b.Fail(fmt.Errorf("%s doubles its maps and cannot give %d; choose even widths", act.Func, widths[i]))
			return x
		}
		w /= gives
		x = b.Finish(b.As("color%d", i+1).Conv(x, w, 1, 1), nn.Style{Bias: true, Act: act})
	}
	return x
}
