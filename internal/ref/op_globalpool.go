package ref

import "github.com/assaylab/assay/internal/program"

// globalAvgPool: y[n,c] = Σ_{h,w} x[n,h,w,c] / (H·W).
func globalAvgPool(x, y array) {
	for n := range x.Shape[0] {
		for h := range x.Shape[1] {
			for w := range x.Shape[2] {
				for c := range x.Shape[3] {
					y.v[n*x.Shape[3]+c] += x.v[x.at(n, h, w, c)] / float64(x.Shape[1]*x.Shape[2])
				}
			}
		}
	}
}

// spreadHW: x[n,h,w,c] = Scale·y[n,c].
func spreadHW(op program.SpreadHW, y, x array) {
	for n := range x.Shape[0] {
		for h := range op.H {
			for w := range op.W {
				for c := range x.Shape[3] {
					x.v[x.at(n, h, w, c)] = float64(op.Scale) * y.v[n*x.Shape[3]+c]
				}
			}
		}
	}
}
