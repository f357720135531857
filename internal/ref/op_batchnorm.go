package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// group is one of n groups of the images of a, or one of n rows.
func (a array) group(g, n int) array {
	size := len(a.v) / n
	a.v = a.v[g*size:][:size]
	return a
}

// batchNorm: mean and biased variance of each channel, then y = gamma·(x-mean)/√(var+eps) + beta.
func batchNorm(op program.BatchNorm, x array, affine []array, y, mean, variance array) {
	if n := op.Groups; n > 1 {
		op.Groups = 1
		for g := range n {
			batchNorm(op, x.group(g, n), affine, y.group(g, n), mean.group(g, n), variance.group(g, n))
		}
		return
	}
	c := x.channels()
	m := float64(len(x.v) / c)
	for i, v := range x.v {
		mean.v[i%c] += v / m
	}
	for i, v := range x.v {
		variance.v[i%c] += (v - mean.v[i%c]) * (v - mean.v[i%c]) / m
	}
	normalise(op.Eps, x, mean, variance, affine, y)
}

// normalise: y = gamma·(x-mean)/√(var+eps) + beta; affine holds gamma and beta or nothing.
func normalise(eps float32, x, mean, variance array, affine []array, y array) {
	for i, v := range x.v {
		c := i % x.channels()
		y.v[i] = (v - mean.v[c]) / math.Sqrt(variance.v[c]+float64(eps))
		if len(affine) == 2 {
			y.v[i] = affine[0].v[c]*y.v[i] + affine[1].v[c]
		}
	}
}

// batchNormGrad: dbeta = Σ dy, dgamma = Σ dy·x̂, dx = gamma/√(var+eps) · (dy - dbeta/M - x̂·dgamma/M). rest is (gamma,) dy; out is
// dx (, dgamma, dbeta).
func batchNormGrad(op program.BatchNormGrad, x, mean, variance array, rest, out []array) {
	c, dy := x.channels(), rest[len(rest)-1]
	if n := op.Groups; n > 1 {
		op.Groups = 1
		for g := range n {
			of, to := append(rest[:len(rest)-1:len(rest)-1], dy.group(g, n)), append([]array{out[0].group(g, n)}, out[1:]...)
			batchNormGrad(op, x.group(g, n), mean.group(g, n), variance.group(g, n), of, to)
		}
		return
	}
	m := float64(len(x.v) / c)
	hat := array{Shape: x.Shape, v: make([]float64, len(x.v))}
	normalise(op.Eps, x, mean, variance, nil, hat)
	dgamma, dbeta := make([]float64, c), make([]float64, c)
	for i, d := range dy.v {
		dbeta[i%c] += d
		dgamma[i%c] += d * hat.v[i]
	}
	for i, d := range dy.v {
		dx := (d - dbeta[i%c]/m - hat.v[i]*dgamma[i%c]/m) / math.Sqrt(variance.v[i%c]+float64(op.Eps))
		if op.Affine {
			dx *= rest[0].v[i%c]
		}
		out[0].v[i] = dx
	}
	if op.Affine {
		for i := range dgamma {
			out[1].v[i] += dgamma[i]
			out[2].v[i] += dbeta[i]
		}
	}
}
