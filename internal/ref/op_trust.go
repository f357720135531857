package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// lars: r = trust·‖p‖ / (‖g‖ + l2·‖p‖ + eps), or 1 where a norm is 0; v = momentum·v + r·g', p -= lr·v, or lr·(r·g' + momentum·v).
func lars(op program.LARS, p, g, v array, lr, momentum, l2, trust, eps float64) {
	r, w, n := 1.0, norm(p.v), norm(g.v)
	if w > 0 && n > 0 {
		r = trust * w / (n + l2*w + eps)
	}
	for i := range p.v {
		d := r * (g.v[i] + l2*p.v[i])
		v.v[i] = momentum*v.v[i] + d
		if op.Nesterov {
			p.v[i] -= lr * (d + momentum*v.v[i])
		} else {
			p.v[i] -= lr * v.v[i]
		}
	}
}

// lamb: Adam's m and v, u = first·m / (root·√v + eps) + decay·p, p -= lr·‖p‖/‖u‖·u, the ratio 1 where a norm is 0.
func lamb(p, g, m, v array, lr, first, root, eps, beta1, beta2, l2, decay float64) {
	u := make([]float64, len(p.v))
	for i := range p.v {
		d := g.v[i] + l2*p.v[i]
		m.v[i] = beta1*m.v[i] + (1-beta1)*d
		v.v[i] = beta2*v.v[i] + (1-beta2)*d*d
		u[i] = first*m.v[i]/(root*math.Sqrt(v.v[i])+eps) + decay*p.v[i]
	}
	r, w, n := 1.0, norm(p.v), norm(u)
	if w > 0 && n > 0 {
		r = w / n
	}
	for i := range p.v {
		p.v[i] -= lr * r * u[i]
	}
}

func norm(xs ...[]float64) float64 {
	sum := 0.0
	for _, x := range xs {
		for _, v := range x {
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}
