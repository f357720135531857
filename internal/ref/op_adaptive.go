package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// adam: m = β1·m + (1-β1)·g', v = β2·v + (1-β2)·g'², p -= decay·p + (step·m + direct·g') / (root·√v + eps).
func adam(p, g, m, v array, step, direct, root, eps, beta1, beta2, l2, decay float64) {
	for i := range p.v {
		d := g.v[i] + l2*p.v[i]
		m.v[i] = beta1*m.v[i] + (1-beta1)*d
		v.v[i] = beta2*v.v[i] + (1-beta2)*d*d
		p.v[i] -= decay*p.v[i] + (step*m.v[i]+direct*d)/(root*math.Sqrt(v.v[i])+eps)
	}
}

// rmsprop: v = keep·v + add·g'², d = g' / (√v + eps) or g' / √(v + eps), p -= lr·d, or of b = momentum·b + d.
func rmsprop(op program.RMSProp, p, g, v array, b []float64, lr, keep, add, eps, l2, momentum float64) {
	for i := range p.v {
		d := g.v[i] + l2*p.v[i]
		v.v[i] = keep*v.v[i] + add*d*d
		if op.EpsInside {
			d /= math.Sqrt(v.v[i] + eps)
		} else {
			d /= math.Sqrt(v.v[i]) + eps
		}
		if op.Momentum {
			b[i] = momentum*b[i] + d
			d = b[i]
		}
		p.v[i] -= lr * d
	}
}

// adaDelta: v = ρ·v + (1-ρ)·g'², d = g'·√(u+eps)/√(v+eps), u = ρ·u + (1-ρ)·d², p -= lr·d.
func adaDelta(p, g, v, u array, lr, rho, eps, l2 float64) {
	for i := range p.v {
		d := g.v[i] + l2*p.v[i]
		v.v[i] = rho*v.v[i] + (1-rho)*d*d
		d *= math.Sqrt(u.v[i]+eps) / math.Sqrt(v.v[i]+eps)
		u.v[i] = rho*u.v[i] + (1-rho)*d*d
		p.v[i] -= lr * d
	}
}

// lion: p -= decay·p + lr·sign(β1·m + (1-β1)·g'), m = β2·m + (1-β2)·g'.
func lion(p, g, m array, lr, beta1, beta2, l2, decay float64) {
	for i := range p.v {
		d := g.v[i] + l2*p.v[i]
		p.v[i] -= decay*p.v[i] + lr*sign(beta1*m.v[i]+(1-beta1)*d)
		m.v[i] = beta2*m.v[i] + (1-beta2)*d
	}
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0, or not a number
}
