package ref

import "github.com/assaylab/assay/internal/program"

func add(a, b, y array) {
	for i := range y.v {
		y.v[i] = a.v[i] + b.v[i]
	}
}

func mul(a, b, y array) {
	for i := range y.v {
		y.v[i] = a.v[i] * b.v[i]
	}
}

func scale(op program.Scale, x, y array) {
	for i := range y.v {
		y.v[i] = float64(op.By) * x.v[i]
	}
}

func mean(x, y array) {
	for _, v := range x.v {
		y.v[0] += v / float64(len(x.v))
	}
}

// expand: every element is Scale·s, with s = 1 without an input.
func expand(op program.Expand, in []array, y array) {
	s := 1.0
	if len(in) > 0 {
		s = in[0].v[0]
	}
	for i := range y.v {
		y.v[i] = float64(op.Scale) * s
	}
}
