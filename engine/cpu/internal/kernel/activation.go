package kernel

import "math"

// Func names an activation, numbered as in package program.
type Func uint8

// Activations y = f(x). Every derivative follows from y.
const (
	Identity Func = iota
	ReLU          // max(0, x)
	Leaky         // x, alpha·x below 0 (alpha > 0): Maas, Hannun, Ng, 2013
	ELU           // x, alpha·(eˣ−1) below 0: Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289
	SELU          // seluScale·(x, seluAlpha·(eˣ−1) below 0): Klambauer et al., NIPS 2017, arXiv:1706.02515
	Tanh
	Sigmoid
)

const seluAlpha, seluScale = 1.6732632423543772, 1.0507009873554805

// activation is y = f(x). The exponential ones are within 4e-7 of the exact value, relative (sigmoid below e-38: absolute).
func activation(b Block, f Func, alpha float32, y, x Map) {
	b = b.merged(y, x, Map{})
	for r := range b.Rows {
		for p := range b.Pixels {
			activate(f, alpha, y.at(r, p, b.C), x.at(r, p, b.C))
		}
	}
}

func activate(f Func, alpha float32, y, x []float32) {
	x = x[:len(y)]
	switch f {
	case Identity:
		copy(y, x)
	case ReLU:
		for i, v := range x {
			y[i] = max(v, 0)
		}
	case Leaky:
		for i, v := range x {
			if !(v > 0) {
				v *= alpha
			}
			y[i] = v
		}
	case ELU, SELU:
		k := float32(1)
		if f == SELU {
			k, alpha = seluScale, seluAlpha*seluScale
		}
		for i, v := range x {
			if v > 0 {
				y[i] = k * v
			} else {
				y[i] = alpha * expm1(v)
			}
		}
	case Tanh:
		for i, v := range x {
			e := expm1(-2 * max(v, -v))
			t := -e / (e + 2)
			y[i] = float32(math.Copysign(float64(t), float64(v)))
		}
	case Sigmoid:
		for i, v := range x {
			y[i] = 1 / (1 + exp(-v))
		}
	}
}

// activationGrad is dx = f'(x)·dy, with f'(x) computed from y = f(x).
func activationGrad(b Block, f Func, alpha float32, dx, y, dy Map) {
	b = b.merged(dx, y, dy)
	for r := range b.Rows {
		for p := range b.Pixels {
			activateGrad(f, alpha, dx.at(r, p, b.C), y.at(r, p, b.C), dy.at(r, p, b.C))
		}
	}
}

func activateGrad(f Func, alpha float32, dx, y, dy []float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	k := float32(1)
	switch f {
	case Identity:
		copy(dx, dy)
	case ReLU:
		for i, v := range y {
			g := dy[i]
			if !(v > 0) {
				g = 0
			}
			dx[i] = g
		}
	case Leaky:
		for i, v := range y {
			g := dy[i]
			if !(v > 0) {
				g *= alpha
			}
			dx[i] = g
		}
	case ELU, SELU:
		if f == SELU {
			k, alpha = seluScale, seluAlpha*seluScale
		}
		for i, v := range y {
			d := k
			if !(v > 0) {
				d = v + alpha
			}
			dx[i] = d * dy[i]
		}
	case Tanh:
		for i, v := range y {
			dx[i] = (1 - v*v) * dy[i]
		}
	case Sigmoid:
		for i, v := range y {
			dx[i] = (v - v*v) * dy[i]
		}
	}
}

// The exponential is that of Cephes' expf (S. Moshier): x = n·ln2 + r, |r| ≤ ln2/2, and a polynomial in r. The vector levels do
// the same steps. Arguments are clamped to where 2^n is a normal number.
const (
	expMax, expMin = 88.37, -87.33
	log2e          = 1.44269504088896341
	ln2Hi, ln2Lo   = 0.693359375, -2.12194440e-4
	exp5, exp4     = 1.9875691500e-4, 1.3981999507e-3
	exp3, exp2     = 8.3334519073e-3, 4.1665795894e-2
	exp1, exp0     = 1.6666665459e-1, 5.0000001201e-1
)

// expParts gives e^r − 1 and 2^n: eˣ = 2^n·(e^r−1) + 2^n, and eˣ−1 = 2^n·(e^r−1) + (2^n−1) without cancellation.
func expParts(x float32) (m, s float32) {
	if x != x {
		return x, 1
	}
	x = min(max(x, expMin), expMax)
	n := float32(math.RoundToEven(float64(x * log2e)))
	r := x - n*ln2Hi - n*ln2Lo
	q := float32(exp5)
	q = q*r + exp4
	q = q*r + exp3
	q = q*r + exp2
	q = q*r + exp1
	q = q*r + exp0
	return q*(r*r) + r, math.Float32frombits(uint32(int32(n)+127) << 23)
}

func exp(x float32) float32 {
	m, s := expParts(x)
	return m*s + s
}

func expm1(x float32) float32 {
	m, s := expParts(x)
	return m*s + (s - 1)
}
