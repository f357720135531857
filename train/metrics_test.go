package train

import (
	"math"
	"testing"
)

func TestRanksCountTiesAndNaNAgainstTheTrueClass(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logProbs []float32
		label    int
		right    bool
		five     bool
	}{
		{[]float32{-1, -2, -3}, 0, true, true},
		{[]float32{-1, -2, -3}, 2, false, true},
		{[]float32{-1, -1, -3}, 0, true, true}, // the first of equals wins
		{[]float32{-1, -1, -3}, 1, false, true},
		{[]float32{-1, -2, -3, -4, -5, -6}, 4, false, true},
		{[]float32{-1, -2, -3, -4, -5, -6}, 5, false, false},
		{[]float32{-1, -1, -1, -1, -1, -1}, 5, false, false},
		{[]float32{nan, -2}, 1, false, true},
		{[]float32{nan, nan, nan, nan, nan, nan}, 0, false, false},
	} {
		tl := newTally(make([]string, len(c.logProbs)), 1)
		tl.add(7, c.label, c.logProbs)
		m := tl.metrics()
		if (m.Accuracy == 1) != c.right || (m.Top5 == 1) != c.five || m.Correct[0] != c.right || m.IDs[0] != 7 {
			t.Errorf("%v, class %d: %+v", c.logProbs, c.label, m)
		}
	}
}
