package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// activation: y = f(x).
func activation(op program.Activation, x, y array) {
	for i, v := range x.v {
		y.v[i] = f(op.Func, float64(op.Alpha), v)
	}
}

func f(fn program.Func, alpha, x float64) float64 {
	switch fn {
	case program.ReLU:
		return math.Max(x, 0)
	case program.Leaky:
		if x > 0 {
			return x
		}
		return alpha * x
	case program.ELU:
		if x > 0 {
			return x
		}
		return alpha * math.Expm1(x)
	case program.SELU:
		return program.SELUScale * f(program.ELU, program.SELUAlpha, x)
	case program.Tanh:
		return math.Tanh(x)
	case program.Sigmoid:
		return sigmoid(x)
	case program.ReLU6:
		return math.Min(math.Max(x, 0), 6)
	case program.CELU:
		if x > 0 {
			return x
		}
		return alpha * math.Expm1(x/alpha)
	case program.Softplus:
		return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) // ln(1+exp(x)) without overflow
	case program.Softsign:
		return x / (1 + math.Abs(x))
	case program.HardSigmoid:
		return math.Min(math.Max(x+3, 0), 6) / 6
	case program.ScaledTanh:
		return program.TanhScale * math.Tanh(program.TanhSlope*x)
	case program.Arcsinh:
		return math.Asinh(x)
	case program.Swish:
		return x * sigmoid(alpha*x)
	case program.HardSwish:
		return x * f(program.HardSigmoid, 0, x)
	case program.GELU:
		return x * normal(x)
	case program.Mish:
		return x * math.Tanh(f(program.Softplus, 0, x))
	case program.Power:
		return math.Pow(math.Abs(x), alpha)
	default: // Identity
		return x
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// normal is Φ(x), the distribution function of a normal number.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// activationGrad: dx = f'·dy, with f' from the output y = f(x), or from the input where two inputs can have one output.
func activationGrad(op program.ActivationGrad, r, dy, dx array) {
	fromR := derivative
	if !op.Func.FromOutput() {
		fromR = derivativeByInput
	}
	for i, v := range r.v {
		dx.v[i] = fromR(op.Func, float64(op.Alpha), v) * dy.v[i]
	}
}

func derivative(fn program.Func, alpha, y float64) float64 {
	positive := y > 0
	switch fn {
	case program.ReLU:
		if positive {
			return 1
		}
		return 0
	case program.Leaky:
		if positive {
			return 1
		}
		return alpha
	case program.ELU:
		if positive {
			return 1
		}
		return y + alpha
	case program.SELU:
		if positive {
			return program.SELUScale
		}
		return y + program.SELUScale*program.SELUAlpha
	case program.Tanh:
		return 1 - y*y
	case program.Sigmoid:
		return y * (1 - y)
	case program.ReLU6:
		return within(y, 6)
	case program.CELU:
		if positive {
			return 1
		}
		return y/alpha + 1
	case program.Softplus:
		return -math.Expm1(-y)
	case program.Softsign:
		return (1 - math.Abs(y)) * (1 - math.Abs(y))
	case program.HardSigmoid:
		return within(y, 1) / 6
	case program.ScaledTanh:
		return program.TanhSlope * (program.TanhScale - y*y/program.TanhScale)
	case program.Arcsinh:
		return 1 / math.Cosh(y)
	default: // Identity
		return 1
	}
}

// within is 1 between 0 and top, else 0.
func within(y, top float64) float64 {
	if y > 0 && y < top {
		return 1
	}
	return 0
}

func derivativeByInput(fn program.Func, alpha, x float64) float64 {
	switch fn {
	case program.Swish:
		s := sigmoid(alpha * x)
		return s + alpha*x*s*(1-s)
	case program.HardSwish:
		switch {
		case x <= -3:
			return 0
		case x < 3:
			return x/3 + 0.5
		}
		return 1
	case program.GELU:
		return normal(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	case program.Power:
		if x == 0 {
			return 0
		}
		return math.Copysign(alpha*math.Pow(math.Abs(x), alpha-1), x)
	default: // Mish: with s the softplus, tanh(s) + x·tanh'(s)·s'
		t := math.Tanh(f(program.Softplus, 0, x))
		return t + x*(1-t*t)*sigmoid(x)
	}
}

// prelu: y = x for x > 0, else a[c]·x.
func prelu(x, a, y array) {
	for i, v := range x.v {
		y.v[i] = f(program.Leaky, a.v[i%len(a.v)], v)
	}
}

// preluGrad: dx = dy·(x > 0 ? 1 : a[c]), da[c] = Σ dy·min(x, 0).
func preluGrad(x, a, dy, dx, da array) {
	for i, v := range x.v {
		c := i % len(a.v)
		dx.v[i] = dy.v[i] * derivative(program.Leaky, a.v[c], v)
		da.v[c] += dy.v[i] * math.Min(v, 0)
	}
}
