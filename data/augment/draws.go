package augment

import (
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/tensor"
)

// Random numbers of distributions that several operations draw from.

// gamma draws a gamma-distributed number of a shape above 0 and scale 1: Marsaglia, Tsang, "A Simple Method for Generating Gamma
// Variables", ACM TOMS 26, 2000; a shape below 1 by their note on one that is larger by 1.
func gamma(shape float64, r *tensor.Rand) float64 {
	if shape < 1 {
		u := 1 - r.Float64() // (0,1]
		return float64(gamma(shape+1, r) * elementary.Exp(elementary.Log(u)/shape))
	}
	d := shape - 1./3
	c := 1 / math.Sqrt(float64(9*d))
	for {
		x := r.Normal()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = float64(float64(v*v) * v)
		u := 1 - r.Float64()
		if elementary.Log(u) < float64(float64(0.5*x)*x)+float64(d*(1-v+elementary.Log(v))) {
			return float64(d * v)
		}
	}
}

// beta draws from the Beta distribution of two equal parameters, in [0,1]: up to 1 by Jöhnk's rejection (Metrika 8, 1964) with
// logarithms, as powers of small parameters underflow, above as x/(x+y) of two draws of the Gamma distribution.
func beta(alpha float64, r *tensor.Rand) float64 {
	if alpha > 1 {
		x, y := gamma(alpha, r), gamma(alpha, r)
		return x / (x + y)
	}
	for {
		x, y := elementary.Log(1-r.Float64())/alpha, elementary.Log(1-r.Float64())/alpha
		most := max(x, y)
		sum := most + elementary.Log(elementary.Exp(x-most)+elementary.Exp(y-most))
		if sum <= 0 {
			return elementary.Exp(x - sum)
		}
	}
}

// dirichlet fills shares that sum to 1 by a symmetric Dirichlet distribution: gamma-distributed numbers over their sum.
func dirichlet(shares []float64, alpha float64, r *tensor.Rand) {
	sum := 0.0
	for i := range shares {
		shares[i] = gamma(alpha, r)
		sum += shares[i]
	}
	for i := range shares {
		if sum > 0 {
			shares[i] /= sum
		} else { // all so small that none is above 0
			shares[i] = 1 / float64(len(shares))
		}
	}
}
