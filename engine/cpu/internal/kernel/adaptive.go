package kernel

import "math"

// Steps of solvers that scale by what gradients were, package program's op_adaptive.go. All slices hold as many; g is not changed.

// Adam are the coefficients of the step that Set.Adam takes.
type Adam struct{ Step, Direct, Root, Eps, Beta1, Beta2, L2, Decay float32 }

// adam: d = g + l2·p; m = β1·m + (1−β1)·d; v = β2·v + (1−β2)·d²; p −= decay·p + (step·m + direct·d) / (root·√v + eps).
func adam(p, m, v, g []float32, k Adam) {
	m, v, g = m[:len(p)], v[:len(p)], g[:len(p)]
	for i, w := range p {
		d := g[i] + float32(k.L2*w)
		a, s := k.moments(m[i], v[i], d)
		m[i], v[i] = a, s
		p[i] = w - float32(k.Decay*w) - (float32(k.Step*a)+float32(k.Direct*d))/(float32(k.Root*root(s))+k.Eps)
	}
}

// moments moves the averages of the gradient and of its square.
func (k *Adam) moments(m, v, d float32) (a, s float32) {
	return float32(k.Beta1*m) + float32((1-k.Beta1)*d), float32(k.Beta2*v) + float32(float32((1-k.Beta2)*d)*d)
}

// lambMoments moves m and v as adam does and returns Σp² and Σu² of the step u = step·m / (root·√v + eps) + decay·p.
func lambMoments(p, m, v, g []float32, k Adam) (pp, uu float64) {
	m, v, g = m[:len(p)], v[:len(p)], g[:len(p)]
	for i, w := range p {
		a, s := k.moments(m[i], v[i], g[i]+float32(k.L2*w))
		m[i], v[i] = a, s
		u := float64(k.lamb(w, a, s))
		pp += float64(float64(w) * float64(w))
		uu += float64(u * u)
	}
	return pp, uu
}

// lambStep is p −= rate·u, u as in lambMoments.
func lambStep(p, m, v []float32, rate float32, k Adam) {
	m, v = m[:len(p)], v[:len(p)]
	for i, w := range p {
		p[i] = w - float32(rate*k.lamb(w, m[i], v[i]))
	}
}

func (k *Adam) lamb(w, m, v float32) float32 {
	return float32(k.Step*m)/(float32(k.Root*root(v))+k.Eps) + float32(k.Decay*w)
}

// RMSProp are the coefficients of the step that Set.RMSProp takes.
type RMSProp struct {
	LR, Keep, Add, Eps, L2, Momentum float32
	EpsInside                        bool
}

// rmsprop: d = g + l2·p; v = keep·v + add·d²; d /= √v + eps, or √(v + eps); b = momentum·b + d; p −= lr·b. Without b, nil, p −= lr·d.
func rmsprop(p, v, b, g []float32, k RMSProp) {
	v, g = v[:len(p)], g[:len(p)]
	for i, w := range p {
		d := g[i] + float32(k.L2*w)
		s := float32(k.Keep*v[i]) + float32(float32(k.Add*d)*d)
		v[i] = s
		if k.EpsInside {
			d /= root(s + k.Eps)
		} else {
			d /= root(s) + k.Eps
		}
		if b != nil {
			d += float32(k.Momentum * b[i])
			b[i] = d
		}
		p[i] = w - float32(k.LR*d)
	}
}

// adaDelta: d = g + l2·p; v = ρ·v + (1−ρ)·d²; d *= √(u + eps) / √(v + eps); u = ρ·u + (1−ρ)·d²; p −= lr·d.
func adaDelta(p, v, u, g []float32, lr, rho, eps, l2 float32) {
	v, u, g = v[:len(p)], u[:len(p)], g[:len(p)]
	for i, w := range p {
		d := g[i] + float32(l2*w)
		s := float32(rho*v[i]) + float32(float32((1-rho)*d)*d)
		v[i] = s
		d *= root(u[i]+eps) / root(s+eps)
		u[i] = float32(rho*u[i]) + float32(float32((1-rho)*d)*d)
		p[i] = w - float32(lr*d)
	}
}

// lion: d = g + l2·p; p −= decay·p + lr·sign(β1·m + (1−β1)·d); m = β2·m + (1−β2)·d.
func lion(p, m, g []float32, lr, beta1, beta2, l2, decay float32) {
	m, g = m[:len(p)], g[:len(p)]
	for i, w := range p {
		d, step := g[i]+float32(l2*w), lr
		switch u := float32(beta1*m[i]) + float32((1-beta1)*d); {
		case u < 0:
			step = -lr
		case !(u > 0): // 0, or not a number
			step = lr * u
		}
		p[i] = w - float32(decay*w) - step
		m[i] = float32(beta2*m[i]) + float32((1-beta2)*d)
	}
}

// lars: d = ratio·(g + l2·p); v = momentum·v + d; p −= lr·(nesterov ? d + momentum·v : v).
func lars(p, v, g []float32, lr, momentum, l2, ratio float32, nesterov bool) {
	v, g = v[:len(p)], g[:len(p)]
	for i, w := range p {
		d := float32(ratio * (g[i] + float32(l2*w)))
		u := float32(momentum*v[i]) + d
		v[i] = u
		if nesterov {
			u = d + float32(momentum*u)
		}
		p[i] = w - float32(lr*u)
	}
}

func root(x float32) float32 { return float32(math.Sqrt(float64(x))) }
