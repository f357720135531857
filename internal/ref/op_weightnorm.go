package ref

import "math"

// lengths is ‖v‖ of each output channel.
func lengths(v array) []float64 {
	norm := make([]float64, v.channels())
	for i, x := range v.v {
		norm[i%len(norm)] += x * x
	}
	for c := range norm {
		norm[c] = math.Sqrt(norm[c])
	}
	return norm
}

// weightNorm: w = g·v/‖v‖.
func weightNorm(v, g, w array) {
	norm := lengths(v)
	for i, x := range v.v {
		if c := i % len(norm); norm[c] > 0 {
			w.v[i] = g.v[c] * x / norm[c]
		}
	}
}

// weightNormGrad: dg = Σ dw·v/‖v‖, dv = g/‖v‖ · (dw - v·dg/‖v‖).
func weightNormGrad(v, g, dw, dv, dg array) {
	norm := lengths(v)
	for i, x := range v.v {
		if c := i % len(norm); norm[c] > 0 {
			dg.v[c] += dw.v[i] * x / norm[c]
		}
	}
	for i, x := range v.v {
		if c := i % len(norm); norm[c] > 0 {
			dv.v[i] = g.v[c] / norm[c] * (dw.v[i] - x*dg.v[c]/norm[c])
		}
	}
}

// maxNorm: p·min(1, limit/‖p‖) of each channel.
func maxNorm(p, limit array) {
	norm := lengths(p)
	for i := range p.v {
		if c := i % len(norm); norm[c] > limit.v[0] {
			p.v[i] *= limit.v[0] / norm[c]
		}
	}
}
