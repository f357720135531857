package kernel

import "math"

// sgd is one step of stochastic gradient descent in PyTorch's form (Sutskever, Martens, Dahl, Hinton, ICML 2013, without the
// rate in v): g' = g + l2·p; v = momentum·v + g'; p −= lr·(nesterov ? g' + momentum·v : v). All four hold, g is not changed.
func sgd(p, v, g []float32, lr, momentum, l2 float32, nesterov bool) {
	v, g = v[:len(p)], g[:len(p)]
	for i, w := range p {
		d := g[i] + float32(l2*w)
		u := float32(momentum*v[i]) + d
		v[i] = u
		if nesterov {
			u = d + float32(momentum*u)
		}
		p[i] = w - float32(lr*u)
	}
}

// blend: to = keep·to + by·x. Both hold as many.
func blend(to, x []float32, keep, by float32) {
	x = x[:len(to)]
	for i, v := range to {
		to[i] = float32(keep*v) + float32(by*x[i])
	}
}

// squareBlock is over how many elements squareSum sums in float32.
const squareBlock = 4096

// squareSum is Σ x², eight sums in float32 over each 4,096 elements, those in float64.
func squareSum(x []float32) float64 {
	var total float64
	for len(x) > 0 {
		n := min(squareBlock, len(x))
		var s [8]float32
		y := x[:n]
		for len(y) >= 8 {
			for i, v := range y[:8] {
				s[i] += float32(v * v)
			}
			y = y[8:]
		}
		for i, v := range y {
			s[i] += float32(v * v)
		}
		for _, v := range s {
			total += float64(v)
		}
		x = x[n:]
	}
	return total
}

// allFinite says that x holds no infinity and no NaN.
func allFinite(x []float32) bool {
	const exponent = 0x7f800000
	for _, v := range x {
		if math.Float32bits(v)&exponent == exponent {
			return false
		}
	}
	return true
}

// peak: eight chains, what scalar code can keep going.
func peak(n int) int {
	const m, a = 0.999, 0.001
	s0, s1, s2, s3, s4, s5, s6, s7 := float32(0), float32(1), float32(2), float32(3), float32(4), float32(5), float32(6), float32(7)
	for range n {
		s0 = float32(s0*m) + a
		s1 = float32(s1*m) + a
		s2 = float32(s2*m) + a
		s3 = float32(s3*m) + a
		s4 = float32(s4*m) + a
		s5 = float32(s5*m) + a
		s6 = float32(s6*m) + a
		s7 = float32(s7*m) + a
	}
	if s0+s1+s2+s3+s4+s5+s6+s7 == -1 { // never: keeps the loop alive
		return 0
	}
	return n * 8 * 2
}
