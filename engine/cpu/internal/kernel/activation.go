package kernel

import "math"

// Func names an activation, numbered as in package program.
type Func uint8

// Activations y = f(x). The derivative follows from y, of swish, hard-swish, gelu, mish and power from x.
const (
	Identity    Func = iota
	ReLU             // max(0, x)
	Leaky            // x, alpha·x below 0 (alpha > 0): Maas, Hannun, Ng, 2013
	ELU              // x, alpha·(eˣ−1) below 0: Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289
	SELU             // seluScale·(x, seluAlpha·(eˣ−1) below 0): Klambauer et al., NIPS 2017, arXiv:1706.02515
	Tanh             // tanh x
	Sigmoid          // 1/(1+e⁻ˣ)
	ReLU6            // min(max(0, x), 6)
	CELU             // x, alpha·(e^(x/alpha)−1) below 0 (alpha > 0): Barron, arXiv:1704.07483
	Softplus         // ln(1+eˣ)
	Softsign         // x/(1+|x|)
	HardSigmoid      // min(max(0, x+3), 6)/6
	ScaledTanh       // 1.7159·tanh(2x/3): LeCun et al. 1998
	Arcsinh          // ln(x+√(x²+1))
	Swish            // x/(1+e^(−alpha·x)): Ramachandran, Zoph, Le, arXiv:1710.05941
	HardSwish        // x·min(max(0, x+3), 6)/6: Howard et al., arXiv:1905.02244
	GELU             // x·Φ(x): Hendrycks, Gimpel, arXiv:1606.08415
	Mish             // x·tanh(ln(1+eˣ)): Misra, arXiv:1908.08681
	Power            // |x|^alpha (alpha > 0), its derivative 0 at 0
	funcs            // how many
)

const seluAlpha, seluScale = 1.6732632423543772, 1.0507009873554805
const tanhScale, tanhSlope = 1.7159, 2. / 3

// Functions of one form share their code; they differ by these factors:
//
//	leaky                k0·x below 0
//	elu, selu, celu      k1·x, k0·(e^(k2·x)−1) below 0
//	tanh, scaled tanh    k0·tanh(k1·x)
//	relu6, hard-sigmoid  k1·min(max(0, x+k0), 6)
//	swish                x/(1+e^(−k0·x))
//	power                |x|^k0
func (f Func) factors(alpha float32) [4]float32 {
	switch f {
	case ELU:
		return [4]float32{alpha, 1, 1}
	case SELU:
		return [4]float32{seluAlpha * seluScale, seluScale, 1}
	case CELU:
		return [4]float32{alpha, 1, 1 / alpha}
	case Tanh:
		return [4]float32{1, 1}
	case ScaledTanh:
		return [4]float32{tanhScale, tanhSlope}
	case ReLU6:
		return [4]float32{0, 1}
	case HardSigmoid:
		return [4]float32{3, 1. / 6}
	}
	return [4]float32{alpha}
}

// gradFactors are those of the derivatives:
//
//	leaky                1, k0 below 0
//	elu, selu, celu      k1, k2·y+k0 below 0
//	tanh, scaled tanh    k0−k1·y²
//	relu6, hard-sigmoid  k1 for 0 < y < k0, else 0
//	swish                as the function
//	power                k0·|x|^k1 with the sign of x
func (f Func) gradFactors(alpha float32) [4]float32 {
	switch f {
	case CELU:
		return [4]float32{1, 1, 1 / alpha}
	case ScaledTanh:
		return [4]float32{tanhScale * tanhSlope, tanhSlope / tanhScale}
	case ReLU6:
		return [4]float32{6, 1}
	case HardSigmoid:
		return [4]float32{1, 1. / 6}
	case Power:
		return [4]float32{alpha, alpha - 1}
	}
	return f.factors(alpha)
}

// activation is y = f(x). The exponential ones are within 4e-7 of the exact value, relative (gelu within 6e-7·(1+x²/6); what is
// below 1e-36: absolute).
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
	k := f.factors(alpha)
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
	case ELU, SELU, CELU:
		for i, v := range x {
			if v > 0 {
				y[i] = k[1] * v
			} else {
				y[i] = k[0] * expm1(k[2]*v)
			}
		}
	case Tanh, ScaledTanh:
		for i, v := range x {
			y[i] = k[0] * tanh(k[1]*v)
		}
	case Sigmoid:
		for i, v := range x {
			y[i] = sigmoid(v)
		}
	case ReLU6, HardSigmoid:
		for i, v := range x {
			y[i] = min(max(v+k[0], 0), 6) * k[1]
		}
	case Softplus:
		for i, v := range x {
			y[i] = max(v, 0) + log1p(exp(-max(v, -v)))
		}
	case Softsign:
		for i, v := range x {
			y[i] = v / (1 + max(v, -v))
		}
	case Arcsinh:
		for i, v := range x {
			a := min(max(v, -v), arcsinhMax)
			a += a * a / (1 + sqrt(1+float32(a*a))) // |x|+√(x²+1) − 1 without cancellation
			y[i] = float32(math.Copysign(float64(log1p(a)), float64(v)))
		}
	case Swish:
		for i, v := range x {
			y[i] = v / (1 + exp(-k[0]*v))
		}
	case HardSwish:
		for i, v := range x {
			y[i] = v * min(max(v+3, 0), 6) * (1. / 6)
		}
	case GELU:
		for i, v := range x {
			phi, _ := normal(v)
			y[i] = v * phi
		}
	case Mish:
		for i, v := range x {
			n, _ := mishParts(v)
			y[i] = v * (n / (n + 2))
		}
	case Power:
		for i, v := range x {
			y[i] = power(v, k[0])
		}
	}
}

// activationGrad is dx = f'(x)·dy, with f'(x) computed from z, which is y = f(x), or x where y does not tell.
func activationGrad(b Block, f Func, alpha float32, dx, z, dy Map) {
	b = b.merged(dx, z, dy)
	for r := range b.Rows {
		for p := range b.Pixels {
			activateGrad(f, alpha, dx.at(r, p, b.C), z.at(r, p, b.C), dy.at(r, p, b.C))
		}
	}
}

func activateGrad(f Func, alpha float32, dx, z, dy []float32) {
	z, dy = z[:len(dx)], dy[:len(dx)]
	k := f.gradFactors(alpha)
	switch f {
	case Identity:
		copy(dx, dy)
	case ReLU:
		for i, v := range z {
			g := dy[i]
			if !(v > 0) {
				g = 0
			}
			dx[i] = g
		}
	case Leaky:
		for i, v := range z {
			g := dy[i]
			if !(v > 0) {
				g *= alpha
			}
			dx[i] = g
		}
	case ELU, SELU, CELU:
		for i, v := range z {
			d := k[1]
			if !(v > 0) {
				d = float32(v*k[2]) + k[0]
			}
			dx[i] = d * dy[i]
		}
	case Tanh, ScaledTanh:
		for i, v := range z {
			dx[i] = (k[0] - float32(v*k[1]*v)) * dy[i]
		}
	case Sigmoid:
		for i, v := range z {
			dx[i] = (v - float32(v*v)) * dy[i]
		}
	case ReLU6, HardSigmoid:
		for i, v := range z {
			g := dy[i] * k[1]
			if !(v > 0 && v < k[0]) {
				g = 0
			}
			dx[i] = g
		}
	case Softplus: // 1 − e⁻ʸ
		for i, v := range z {
			dx[i] = -expm1(-v) * dy[i]
		}
	case Softsign: // (1−|y|)²
		for i, v := range z {
			d := 1 - max(v, -v)
			dx[i] = d * d * dy[i]
		}
	case Arcsinh: // 1/cosh(y)
		for i, v := range z {
			e := exp(-max(v, -v))
			dx[i] = (e + e) / (1 + float32(e*e)) * dy[i]
		}
	case Swish: // s·(1 + u·(1−s)) with u = alpha·x, s = 1/(1+e⁻ᵘ), 1−s = e⁻ᵘ·s
		for i, v := range z {
			u := k[0] * v
			e := exp(-u)
			s := 1 / (1 + e)
			dx[i] = s * (1 + float32(u*(e*s))) * dy[i]
		}
	case HardSwish:
		for i, v := range z {
			d := float32(1)
			switch {
			case v <= -3:
				d = 0
			case v < 3:
				d = float32(v*(1./3)) + 0.5
			}
			dx[i] = d * dy[i]
		}
	case GELU: // Φ(x) + x·φ(x)
		for i, v := range z {
			phi, density := normal(v)
			dx[i] = (phi + float32(v*density)) * dy[i]
		}
	case Mish: // with t = tanh(ln(1+eˣ)): t + x·(1−t²)·eˣ/(1+eˣ), and 1−t² = 4·(1+eˣ)²/(n+2)²
		for i, v := range z {
			n, e := mishParts(v)
			r := 1 / (n + 2)
			dx[i] = (float32(n*r) + float32(min(v, mishMax)*(4*e*(1+e)*r*r))) * dy[i]
		}
	case Power:
		for i, v := range z {
			d := k[0] * power(v, k[1])
			dx[i] = float32(math.Copysign(float64(d), float64(v))) * dy[i]
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
	r := x - float32(n*ln2Hi) - float32(n*ln2Lo)
	q := float32(exp5)
	q = float32(q*r) + exp4
	q = float32(q*r) + exp3
	q = float32(q*r) + exp2
	q = float32(q*r) + exp1
	q = float32(q*r) + exp0
	return float32(q*(r*r)) + r, math.Float32frombits(uint32(int32(n)+127) << 23)
}

func exp(x float32) float32 {
	m, s := expParts(x)
	return float32(m*s) + s
}

func expm1(x float32) float32 {
	m, s := expParts(x)
	return float32(m*s) + (s - 1)
}

// arcsinhMax and mishMax bound arguments to where a square does not overflow; arcsinh stays at 42.1 beyond, mish is x from 20 on.
const arcsinhMax, mishMax = 1e18, 20

// mishParts gives n and e = eˣ, with which tanh(ln(1+eˣ)) = n/(n+2), n = e² + 2e.
func mishParts(x float32) (n, e float32) {
	e = exp(min(x, mishMax))
	return e * (e + 2), e
}

// The logarithm: 1+w = 2^k·(1+f), √½ ≤ 1+f < √2, and ln(1+f) = 2·artanh(s), s = f/(2+f), five terms of whose series leave
// 3e-9. A small w loses nothing, since f is then w itself.
const (
	sqrtHalf = 0x3f3504f3 // the bits of √½
	log4     = 1. / 9
	log3     = 1. / 7
	log2     = 1. / 5
	log1     = 1. / 3
)

// log1p is ln(1+w), w from 0 to 1e19.
func log1p(w float32) float32 {
	k := int32(math.Float32bits(1+w)-sqrtHalf) >> 23
	up, down := math.Float32frombits(uint32(127+k)<<23), math.Float32frombits(uint32(127-k)<<23)
	f := float32((w - (up - 1)) * down)
	s := f / (f + 2)
	z := float32(s * s)
	q := float32(log4)
	q = float32(q*z) + log3
	q = float32(q*z) + log2
	q = float32(q*z) + log1
	q *= z
	s += s
	n := float32(k)
	return float32(n*ln2Hi) + (float32(n*ln2Lo) + (float32(q*s) + s))
}

// power is |x|^p, and 0 for x = 0 whatever p.
func power(x, p float32) float32 {
	if x == 0 {
		return 0
	}
	return pow(max(x, -x), p)
}

// The normal distribution: Φ(−a) = e^(−a²/2)·t·Q(t), t = 1/(1+normalP·a), the form of Abramowitz, Stegun, Handbook of
// Mathematical Functions, 7.1.26, with two terms more; coefficients fitted for the least relative error, 1.2e-7, over a from
// 0 to 13.3, where the exponential ends.
const (
	normalP       = 0.30
	normalDensity = 0.3989422804014327 // 1/√(2π)
	norm7, norm6  = 0.036036456804, -0.158714202117
	norm5, norm4  = 0.20896551851, -0.056096652763
	norm3, norm2  = 0.129843782647, 0.099522965108
	norm1, norm0  = 0.120816906084, 0.119625164751
)

// normal is Φ(x) and φ(x).
func normal(x float32) (phi, density float32) {
	a := max(x, -x)
	e := exp(a * a * -0.5)
	t := 1 / (1 + float32(normalP*a))
	q := float32(norm7)
	q = float32(q*t) + norm6
	q = float32(q*t) + norm5
	q = float32(q*t) + norm4
	q = float32(q*t) + norm3
	q = float32(q*t) + norm2
	q = float32(q*t) + norm1
	q = float32(q*t) + norm0
	phi = float32(q * t * e)
	if x > 0 {
		phi = 1 - phi
	}
	return phi, e * normalDensity
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
