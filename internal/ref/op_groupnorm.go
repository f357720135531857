package ref

import "github.com/assaylab/assay/internal/program"

// members calls f with the places in x of each group's elements, and the channels that they are of.
func members(x array, groups int, f func(at, channel []int)) {
	c := x.channels()
	image, of := len(x.v)/x.Shape[0], c/groups
	for n := range x.Shape[0] {
		for g := range groups {
			var at, channel []int
			for p := 0; p < image; p += c {
				for k := g * of; k < g*of+of; k++ {
					at, channel = append(at, n*image+p+k), append(channel, k)
				}
			}
			f(at, channel)
		}
	}
}

// picked is the elements at those places.
func (a array) picked(at []int) []float64 {
	v := make([]float64, len(at))
	for i, j := range at {
		v[i] = a.v[j]
	}
	return v
}

// groupNorm: y = gamma·x̂ + beta.
func groupNorm(op program.GroupNorm, x, gamma, beta, y array) {
	members(x, op.Groups, func(at, channel []int) {
		xhat, _ := standardised(x.picked(at), op.Eps)
		for i, v := range xhat {
			y.v[at[i]] = gamma.v[channel[i]]*v + beta.v[channel[i]]
		}
	})
}

// groupNormGrad: with g = gamma·dy, dx = (g - mean(g) - x̂·mean(g·x̂))/√(var+Eps).
func groupNormGrad(op program.GroupNormGrad, x, gamma, dy, dx, dgamma, dbeta array) {
	members(x, op.Groups, func(at, channel []int) {
		xhat, scale := standardised(x.picked(at), op.Eps)
		mean, dot := 0.0, 0.0
		for i, v := range xhat {
			d := dy.v[at[i]]
			mean += gamma.v[channel[i]] * d / float64(len(at))
			dot += gamma.v[channel[i]] * d * v / float64(len(at))
			dgamma.v[channel[i]] += d * v
			dbeta.v[channel[i]] += d
		}
		for i, v := range xhat {
			dx.v[at[i]] = (gamma.v[channel[i]]*dy.v[at[i]] - mean - v*dot) * scale
		}
	})
}
