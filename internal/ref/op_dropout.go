package ref

import "github.com/assaylab/assay/internal/program"

// dropout: y = x/(1-rate) where the mask keeps, else 0.
func dropout(op program.Dropout, x, rate, step, y array) {
	for i, v := range x.v {
		if op.Keeps(op.Index(i, x.Shape), float32(rate.v[0]), uint32(step.v[0])) {
			y.v[i] = v / (1 - rate.v[0])
		}
	}
}
