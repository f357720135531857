package ref

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// standardised gives x̂ of one position and what its differences from the mean were multiplied by.
func standardised(x []float64, eps float32) (xhat []float64, scale float64) {
	mean, variance, n := 0.0, 0.0, float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	scale = 1 / math.Sqrt(variance+float64(eps))
	for _, v := range x {
		xhat = append(xhat, (v-mean)*scale)
	}
	return xhat, scale
}

// layerNorm: y[c] = gamma[c]·x̂[c] + beta[c].
func layerNorm(op program.LayerNorm, x, gamma, beta, y array) {
	c := x.channels()
	for o := 0; o < len(x.v); o += c {
		xhat, _ := standardised(x.v[o:][:c], op.Eps)
		for i, v := range xhat {
			y.v[o+i] = gamma.v[i]*v + beta.v[i]
		}
	}
}

// layerNormGrad: with g = gamma·dy, dx = (g - mean(g) - x̂·mean(g·x̂))/√(var+Eps).
func layerNormGrad(op program.LayerNormGrad, x, gamma, dy, dx, dgamma, dbeta array) {
	c := x.channels()
	for o := 0; o < len(x.v); o += c {
		xhat, scale := standardised(x.v[o:][:c], op.Eps)
		mean, dot := 0.0, 0.0
		for i, v := range xhat {
			g := gamma.v[i] * dy.v[o+i]
			mean += g / float64(c)
			dot += g * v / float64(c)
			dgamma.v[i] += dy.v[o+i] * v
			dbeta.v[i] += dy.v[o+i]
		}
		for i, v := range xhat {
			dx.v[o+i] = (gamma.v[i]*dy.v[o+i] - mean - v*dot) * scale
		}
	}
}
