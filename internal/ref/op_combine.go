package ref

import "github.com/assaylab/assay/internal/program"

// combine: z = a·x, or a·x + b·y.
func combine(in []array, z array) {
	terms := len(in) / 2
	for t, x := range in[:terms] {
		for i, v := range x.v {
			z.v[i] += in[terms+t].v[0] * v
		}
	}
}

// normOf: √Σx² over all inputs.
func normOf(in []array, n array) {
	var all [][]float64
	for _, x := range in {
		all = append(all, x.v)
	}
	n.v[0] = norm(all...)
}

// quotient: q = a / (n + Eps), at most Most.
func quotient(op program.Quotient, a, n, q array) {
	q.v[0] = a.v[0] / (n.v[0] + float64(op.Eps))
	if op.Most > 0 {
		q.v[0] = min(q.v[0], float64(op.Most))
	}
}

// shift: p -= by·x.
func shift(p, x, by array) {
	for i := range p.v {
		p.v[i] -= by.v[0] * x.v[i]
	}
}
