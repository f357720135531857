package ref

import "github.com/assaylab/assay/internal/program"

// matMul: c[m,n] = Σ_k a[m,k]·b[k,n], where a transposed matrix is read with its indices exchanged.
func matMul(op program.MatMul, a, b, c array) {
	inner := a.Shape[1]
	if op.TransA {
		inner = a.Shape[0]
	}
	for m := range c.Shape[0] {
		for n := range c.Shape[1] {
			for k := range inner {
				c.v[m*c.Shape[1]+n] += entry(a, m, k, op.TransA) * entry(b, k, n, op.TransB)
			}
		}
	}
}

func entry(a array, row, col int, transposed bool) float64 {
	if transposed {
		row, col = col, row
	}
	return a.v[row*a.Shape[1]+col]
}
