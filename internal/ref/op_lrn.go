package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// lrn: y = x·d^-beta.
func lrn(op program.LRN, x, y array) {
	for i, v := range x.v {
		y.v[i] = v * math.Pow(squares(op, x, i), -float64(op.Beta))
	}
}

// squares is d[c] = k + alpha/size · Σ x² over the channels around element i.
func squares(op program.LRN, x array, i int) float64 {
	sum := 0.0
	for _, v := range around(op, x, i) {
		sum += v * v
	}
	return float64(op.K) + float64(op.Alpha)/float64(op.Size)*sum
}

// around is the part of x that holds the channels around element i.
func around(op program.LRN, x array, i int) []float64 {
	c := i % x.channels()
	from, to := max(c-op.Size/2, 0), min(c+op.Size/2+1, x.channels())
	return x.v[i-c+from : i-c+to]
}

// lrnGrad: y[c'] depends on x[c] by itself, where c' = c, and by its divisor, where c is around c'.
func lrnGrad(op program.LRNGrad, x, dy, dx array) {
	l, beta := program.LRN(op), float64(op.Beta)
	for i, v := range x.v {
		d := squares(l, x, i)
		dx.v[i] += dy.v[i] * math.Pow(d, -beta)
		byD := dy.v[i] * v * -beta * math.Pow(d, -beta-1)
		to := around(l, dx, i)
		for j, v := range around(l, x, i) {
			to[j] += byD * 2 * float64(op.Alpha) / float64(op.Size) * v
		}
	}
}
