package ref

import "github.com/assaylab/assay/internal/program"

// batchMatMul: c[n,g] = a[n,g]·b[n,g], for every image and head a [MatMul].
func batchMatMul(op program.BatchMatMul, a, b, c array) {
	for i := range c.Shape[0] * c.Shape[1] {
		matMul(program.MatMul(op), matrix(a, i), matrix(b, i), matrix(c, i))
	}
}

// matrix is the i-th of an array of matrices.
func matrix(a array, i int) array {
	size := a.Shape[2] * a.Shape[3]
	return array{Shape: a.Shape[2:], v: a.v[i*size:][:size]}
}
