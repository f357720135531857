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
		other    int32
	}{
		{[]float32{-1, -2, -3}, 0, true, true, 1},
		{[]float32{-1, -2, -3}, 2, false, true, 0},
		{[]float32{-1, -1, -3}, 0, true, true, 1}, // the first of equals wins
		{[]float32{-1, -1, -3}, 1, false, true, 0},
		{[]float32{-1, -2, -3, -4, -5, -6}, 4, false, true, 0},
		{[]float32{-1, -2, -3, -4, -5, -6}, 5, false, false, 0},
		{[]float32{-1, -1, -1, -1, -1, -1}, 5, false, false, 0},
		{[]float32{nan, -2}, 1, false, true, 0},
		{[]float32{nan, nan, nan, nan, nan, nan}, 0, false, false, 1},
	} {
		tl := newTally(make([]string, len(c.logProbs)), 1)
		tl.add(7, c.label, c.logProbs)
		m := tl.metrics()
		if (m.Accuracy == 1) != c.right || (m.Top5 == 1) != c.five || m.Correct[0] != c.right || m.IDs[0] != 7 || m.Other[0] != c.other || m.LogOther[0] != c.logProbs[c.other] && c.logProbs[c.other] == c.logProbs[c.other] {
			t.Errorf("%v, class %d: %+v", c.logProbs, c.label, m)
		}
	}
}

func TestAnswersThatAreAllAlikeAreACollapse(t *testing.T) {
	classes := []string{"bird", "cat", "dog"}
	log := func(ps ...float64) (out []float32) {
		for _, p := range ps {
			out = append(out, float32(math.Log(p)))
		}
		return out
	}
	for _, c := range []struct {
		what   string
		labels []int
		answer func(i int) []float32
		want   string
	}{
		{"shares of the classes", []int{0, 1, 1, 2}, func(int) []float32 { return log(0.25, 0.5, 0.25) }, "cat"},
		{"equal probabilities", []int{0, 1, 2}, func(int) []float32 { return log(1./3, 1./3, 1./3) }, "bird"},
		{"sure of one class", []int{0, 1, 2}, func(int) []float32 { return log(0.001, 0.001, 0.998) }, "dog"},
		{"one class ahead, the others told apart", []int{0, 1, 1, 1}, func(i int) []float32 {
			if i == 0 {
				return log(0.4, 0.5, 0.1)
			}
			return log(0.05, 0.9, 0.05)
		}, ""},
		{"two classes named", []int{0, 1, 2}, func(i int) []float32 {
			if i == 0 {
				return log(0.1, 0.1, 0.8)
			}
			return log(0.8, 0.1, 0.1)
		}, ""},
		{"images of one class", []int{1, 1}, func(int) []float32 { return log(0.1, 0.8, 0.1) }, ""},
		{"no images", nil, nil, ""},
	} {
		tl := newTally(classes, len(c.labels))
		for i, label := range c.labels {
			tl.add(int32(i), label, c.answer(i))
		}
		if m := tl.metrics(); m.Collapsed != c.want {
			t.Errorf("%s: %q, want %q (log loss %g, shares %g)", c.what, m.Collapsed, c.want, m.LogLoss, m.Shares)
		}
	}
}
