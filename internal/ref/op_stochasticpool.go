package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// stochasticPool: the first element of the window at which the running sum of max(x, 0) exceeds u times the whole.
func stochasticPool(op program.StochasticPool, x, step, y array) {
	window(op.Window, x, y, func(iy int, in []int) {
		sum, run := 0.0, 0.0
		for _, ix := range in {
			sum += math.Max(x.v[ix], 0)
		}
		for _, ix := range in {
			if run += math.Max(x.v[ix], 0); run > float64(op.Draw(iy, uint32(step.v[0])))*sum {
				y.v[iy] = x.v[ix]
				return
			}
		}
	})
}

// stochasticPoolInference: y = Σa²/Σa, a = max(x, 0).
func stochasticPoolInference(op program.StochasticPoolInference, x, y array) {
	window(op.Window, x, y, func(iy int, in []int) {
		sum := 0.0
		for _, ix := range in {
			a := math.Max(x.v[ix], 0)
			sum += a
			y.v[iy] += a * a
		}
		if sum > 0 {
			y.v[iy] /= sum
		}
	})
}
