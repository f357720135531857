package cpu

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/assaylab/assay/internal/enginetest"
	"github.com/assaylab/assay/internal/program"
)

// TestConvolutionsOfAnyShapeAgreeWithRef draws geometries that nobody thought of: a convolution with what can be fused to it, and
// both its gradients, at every level.
func TestConvolutionsOfAnyShapeAgreeWithRef(t *testing.T) {
	engines := map[string]*Engine{}
	for _, level := range Levels() {
		engines[level] = newEngine(t, Options{Threads: 2, Level: level, Poison: true})
	}
	rapid.Check(t, func(t *rapid.T) {
		whole := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
		w := program.Window{}
		var extent [2]int
		for axis := range 2 {
			w.Kernel[axis], w.Stride[axis], w.Dilation[axis] = whole("kernel", 1, 5), whole("stride", 1, 3), whole("dilation", 1, 2)
			if rapid.Bool().Draw(t, "plain") { // as most are, and as kernels are made for
				w.Kernel[axis], w.Stride[axis], w.Dilation[axis] = 3, 1, 1
			}
			w.Pad[2*axis], w.Pad[2*axis+1] = whole("before", 0, 3), whole("after", 0, 3)
			span := (w.Kernel[axis]-1)*w.Dilation[axis] + 1
			extent[axis] = max(whole("extent", 1, 12), span-w.Pad[2*axis]-w.Pad[2*axis+1])
		}
		groups := rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "groups")
		cin, cout := groups*whole("cin", 1, 40), groups*whole("cout", 1, 70)
		switch whole("form", 0, 9) {
		case 0: // depthwise, some with a multiplier
			groups = cin
			cout = cin * rapid.SampledFrom([]int{1, 1, 2, 3, 5}).Draw(t, "multiplier")
		case 2: // groups that have kernels of their own
			per := rapid.SampledFrom([]int{4, 8, 16}).Draw(t, "per")
			groups = whole("many", 2, 5)
			cin, cout = per*groups, per*groups
		case 1: // to one channel
			groups, cout = 1, 1
		}
		c := enginetest.Conv("drawn", w, groups, cout, whole("n", 1, 18), extent[0], extent[1], cin)
		for _, level := range Levels() {
			t.Logf("%s, %+v, %d groups, %d to %d channels", level, w, groups, cin, cout)
			c.Compare(t, engines[level])
		}
	})
}
