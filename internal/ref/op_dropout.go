package ref

import "github.com/assaylab/assay/internal/program"

// dropout: y = x·(1 + √(rate/(1-rate))·n) if gaussian, else y = x/(1-rate) where the mask keeps, else 0.
func dropout(op program.Dropout, x, rate, step, y array) {
	for i, v := range x.v {
		if op.Gaussian {
			y.v[i] = v * float64(op.Noise(op.Index(i, x.Shape), float32(rate.v[0]), uint32(step.v[0])))
			continue
		}
		if op.Keeps(op.Index(i, x.Shape), float32(rate.v[0]), uint32(step.v[0])) {
			y.v[i] = v / (1 - rate.v[0])
		}
	}
}
