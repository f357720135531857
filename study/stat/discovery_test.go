package stat

import (
	"math"
	"slices"
	"testing"
)

// The figures are scipy's, by testdata/discovery.py.
func TestDiscoveriesAreAsScipyHasThem(t *testing.T) {
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{0.01, 0.04, 0.03, 0.005, 0.55, 0.55, 0.2}, []float64{0.035, 0.07, 0.07, 0.035, 0.55, 0.55, 0.28}},
		{[]float64{0.9, 0.8, 0.001}, []float64{0.9, 0.9, 0.003}},
		{[]float64{0.02}, []float64{0.02}},
		{nil, nil},
	} {
		got := Discoveries(c.p)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("of %v: got %v, want %v", c.p, got, c.want)
		}
	}
	if got := Discoveries([]float64{math.NaN(), 0.02}); !math.IsNaN(got[0]) || got[1] != 0.02 {
		t.Errorf("what is no number counts for nothing: got %v", got)
	}
}
