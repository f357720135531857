package stat

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/mat"
)

// Choice is what one who must choose now can expect of each of several options, the first of which is the one that the others are
// compared with.
type Choice struct {
	Best      []float64 // chance that the option has the highest true value; ties share it, and the sum is 1
	Effect    []float64 // what is expected of the option less the first, shrunk
	Shortfall []float64 // how far its true value is expected to lie below the highest
}

// Choose works out a choice from the estimated effects of k options against one more, with their covariance, whose scale has df degrees
// of freedom (+Inf: known), positive where more is better. Effects are taken as drawn from a t distribution round 0 with 4 degrees of freedom,
// so that one option far off says little of the others, and with an unknown spread τ: half-Cauchy beforehand, its scale three standard
// errors (Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1, 2006). They are drawn by Gibbs
// sampling, the same in every call. A single estimate of τ (Efron and Morris, "Stein's estimation rule and its competitors", JASA 68,
// 1973) is 0 too often, and then all options are equal. It is NaN throughout where the covariance is no positive one.
// Its honesty: TestChancesToBeBestAreCalibrated.
func Choose(effects []float64, cov [][]float64, df float64) Choice {
	k := len(effects)
	c := Choice{Best: nans(k + 1), Effect: nans(k + 1), Shortfall: nans(k + 1)}
	if k == 0 {
		return Choice{Best: []float64{1}, Effect: []float64{0}, Shortfall: []float64{0}}
	}
	g, ok := newGibbs(effects, cov, df)
	if !ok {
		return c
	}
	c = Choice{Best: make([]float64, k+1), Effect: make([]float64, k+1), Shortfall: make([]float64, k+1)}
	draws := max(1000, min(4000, 80_000/k))
	value := make([]float64, k+1)
	for i := -draws / 8; i < draws; i++ { // the first are thrown away
		if !g.step(value[1:]) {
			return Choice{Best: nans(k + 1), Effect: nans(k + 1), Shortfall: nans(k + 1)}
		}
		if i < 0 {
			continue
		}
		best, most := 0, value[0]
		for j, v := range value {
			if v > most {
				best, most = j, v
			}
		}
		c.Best[best] += 1 / float64(draws)
		for j, v := range value {
			c.Effect[j] += v / float64(draws)
			c.Shortfall[j] += (most - v) / float64(draws)
		}
	}
	return c
}

// gibbs draws effects, their own spreads and the spread of these in turn.
type gibbs struct {
	x       *mat.VecDense
	s       *mat.SymDense
	root    mat.TriDense // lower triangular, root rootᵀ = s
	df      float64
	tails   float64   // degrees of freedom of the effects' distribution
	own     []float64 // factor on τ² by effect
	tau     float64
	spreads []float64 // that τ may have
	prior   []float64 // logarithms
	rng     *source
}

func newGibbs(effects []float64, cov [][]float64, df float64) (*gibbs, bool) {
	k := len(effects)
	g := &gibbs{x: mat.NewVecDense(k, effects), s: mat.NewSymDense(k, nil), df: df, tails: 4, rng: &source{state: 0x6265_7374}}
	size := 0.0
	for i := range k {
		g.own = append(g.own, 1)
		for j := range i + 1 {
			g.s.SetSym(i, j, cov[i][j])
		}
		size += cov[i][i] / float64(k)
	}
	var chol mat.Cholesky
	if !chol.Factorize(g.s) {
		return nil, false
	}
	chol.LTo(&g.root)
	g.tau = math.Sqrt(size)
	for step := -8; step <= 16; step++ { // even on the logarithm, so that the density is times τ
		tau := g.tau * math.Pow(2, float64(step)/2)
		wide := tau / (3 * g.tau)
		g.spreads, g.prior = append(g.spreads, tau), append(g.prior, math.Log(tau)-math.Log1p(wide*wide))
	}
	return g, true
}

// step draws once; false where the covariance of what is seen cannot be factorized.
func (g *gibbs) step(effects []float64) bool {
	k := len(effects)
	scale := 1.0 // of the standard errors
	if !math.IsInf(g.df, 1) {
		scale = g.df / chiSquared(g.rng, g.df)
	}
	// Effects: drawn beforehand, and corrected by what was seen and these would not show.
	seen := mat.NewSymDense(k, nil)
	seen.ScaleSym(scale, g.s)
	noise, miss := mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
	for i := range k {
		noise.SetVec(i, g.rng.NormFloat64()*math.Sqrt(scale))
	}
	noise.MulVec(&g.root, noise)
	for i := range k {
		d := g.tau * g.tau * g.own[i]
		seen.SetSym(i, i, seen.At(i, i)+d)
		effects[i] = math.Sqrt(d) * g.rng.NormFloat64()
		miss.SetVec(i, g.x.AtVec(i)-effects[i]-noise.AtVec(i))
	}
	var chol mat.Cholesky
	if !chol.Factorize(seen) || chol.SolveVecTo(miss, miss) != nil {
		return false
	}
	for i := range k {
		effects[i] += g.tau * g.tau * g.own[i] * miss.AtVec(i)
	}
	// Spreads: each effect's own, then the one that they share.
	sum := 0.0
	for i, e := range effects {
		g.own[i] = (g.tails + e*e/(g.tau*g.tau)) / chiSquared(g.rng, g.tails+1)
		sum += e * e / g.own[i]
	}
	odds, top := make([]float64, len(g.spreads)), math.Inf(-1)
	for i, tau := range g.spreads {
		odds[i] = g.prior[i] - float64(k)*math.Log(tau) - sum/(2*tau*tau)
		top = max(top, odds[i])
	}
	total := 0.0
	for i := range odds {
		odds[i] = math.Exp(odds[i] - top)
		total += odds[i]
	}
	u := total * g.rng.Float64()
	for i, o := range odds {
		if g.tau = g.spreads[i]; u < o {
			break
		}
		u -= o
	}
	return true
}

// chiSquared draws by the sum of squares where the degrees are whole and few, else by Wilson and Hilferty's cube.
func chiSquared(rng *source, df float64) float64 {
	if n := int(df); float64(n) == df && n <= 64 {
		sum := 0.0
		for range n {
			z := rng.NormFloat64()
			sum += z * z
		}
		return sum
	}
	a := 2 / (9 * df)
	cube := 1 - a + math.Sqrt(a)*rng.NormFloat64()
	return df * max(cube*cube*cube, 1e-9)
}

func nans(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

// source is numbers for integrals by simulation: Wyrand's generator (Wang Yi, 2019), the same numbers in every call.
type source struct {
	state uint64
	kept  float64 // the second normal of a pair
	have  bool
}

// Float64 is uniform in [0, 1).
func (d *source) Float64() float64 {
	d.state += 0xa0761d6478bd642f
	hi, lo := bits.Mul64(d.state, d.state^0xe7037ed1a0b428db)
	return float64((hi^lo)>>11) / (1 << 53)
}

// NormFloat64 is standard normal, by the polar method of Marsaglia and Bray ("A convenient method for generating normal variables", SIAM
// Review 6, 1964).
func (d *source) NormFloat64() float64 {
	if d.have {
		d.have = false
		return d.kept
	}
	for {
		u, v := 2*d.Float64()-1, 2*d.Float64()-1
		if s := u*u + v*v; s > 0 && s < 1 {
			f := math.Sqrt(-2 * math.Log(s) / s)
			d.kept, d.have = v*f, true
			return u * f
		}
	}
}
