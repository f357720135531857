package ref

import "github.com/assaylab/assay/internal/program"

// sgd: g' = g + l2·p, v = momentum·v + g', p -= lr·v, or lr·(g' + momentum·v) with Nesterov.
func sgd(op program.SGD, p, g, v, lr, momentum, l2 array) {
	for i := range p.v {
		step := g.v[i] + l2.v[0]*p.v[i]
		v.v[i] = momentum.v[0]*v.v[i] + step
		if op.Nesterov {
			p.v[i] -= lr.v[0] * (step + momentum.v[0]*v.v[i])
		} else {
			p.v[i] -= lr.v[0] * v.v[i]
		}
	}
}

// blend: r = keep·r + (1-keep)·Scale·b, for each b in turn.
func blend(op program.Blend, r, b, keep array) {
	for i, v := range b.v {
		to := &r.v[i%len(r.v)]
		*to = keep.v[0]*(*to) + (1-keep.v[0])*float64(op.Scale)*v
	}
}
