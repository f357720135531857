package ref

import (
	"math"
	"slices"
)

// softmax: y[c] = exp(x[c]-m) / Σ_j exp(x[j]-m), m the largest of the row, which changes nothing but what overflows.
func softmax(x, y array) {
	c := x.channels()
	for o := 0; o < len(x.v); o += c {
		m, sum := slices.Max(x.v[o:][:c]), 0.0
		for i := range c {
			y.v[o+i] = math.Exp(x.v[o+i] - m)
			sum += y.v[o+i]
		}
		for i := range c {
			y.v[o+i] /= sum
		}
	}
}

// softmaxGrad: dx[c] = y[c]·(dy[c] - Σ_j y[j]·dy[j]).
func softmaxGrad(y, dy, dx array) {
	c := y.channels()
	for o := 0; o < len(y.v); o += c {
		dot := 0.0
		for i := range c {
			dot += y.v[o+i] * dy.v[o+i]
		}
		for i := range c {
			dx.v[o+i] = y.v[o+i] * (dy.v[o+i] - dot)
		}
	}
}
