package ref

import (
	"math"

	"github.com/assaylab/assay/program"
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
		return 1 / (1 + math.Exp(-x))
	default: // Identity
		return x
	}
}

// activationGrad: dx = f'·dy, with f' from the output y = f(x).
func activationGrad(op program.ActivationGrad, y, dy, dx array) {
	for i, v := range y.v {
		dx.v[i] = derivative(op.Func, float64(op.Alpha), v) * dy.v[i]
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
	default: // Identity
		return 1
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
