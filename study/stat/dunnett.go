package stat

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
)

// Family is a set of comparisons asked at once: k estimates, jointly normal, each divided by a standard error that
// shares one estimate of scale, so that they are jointly t. Comparisons of many arms with one baseline have a
// correlation of product form, r_ij = λ_i λ_j (Dunnett, "A multiple comparison procedure for comparing several
// treatments with a control", JASA 50, 1955): given the common factor they are independent, and the k-dimensional
// probability is a one-dimensional integral. Other correlations are integrated over directions (multivariate.go). Its
// honesty: TestIntervalsCoverTogetherAtTheStatedRate.
type Family struct {
	Misfit float64            // largest |r_ij - λ_i λ_j|: 0 for complete blocks, small where cells are missing
	absent int                // comparisons of the family that have no estimate here
	within [chebyshev]float64 // the chance that all lie within ±x of a known scale, at the Chebyshev points of [0, far]
	beyond [chebyshev]float64 // the least chance that each keeps one bound, for [Family.Inner]
	inner  bool               // these have changed places
	had    *criticals
}

// criticals are critical values that a family gave: its comparisons mostly ask for the same ones.
type criticals struct {
	sync.Mutex
	of map[critical]float64
}

type critical struct {
	inner     bool
	level, df float64
}

// remembered are the families that were made last, by their correlations: metrics, looks and simulated studies mostly ask for the same ones.
var remembered = struct {
	sync.Mutex
	of map[string]Family
}{of: map[string]Family{}}

// kept bounds what is remembered, of families and of critical values of each: when it is full, it is forgotten.
const kept = 64

// NewFamily makes a family of the covariance of its estimates, k x k, and of as many absent ones besides: comparisons
// that were asked before and have no estimate here. Where the covariance has nearly product form (missing cells, image
// terms) the nearest product form in least squares stands for it, up to a Misfit of 0.01 and loadings of 0.95: Hsu, "The factor analytic approach
// to simultaneous inference in the general linear model", J. Comput. Graph. Stat. 1, 1992. Above it the multivariate t
// itself is integrated. An absent comparison counts as uncorrelated with all others, which no correlation makes worse
// (Šidák, "Rectangular confidence regions for the means of multivariate normal distributions", JASA 62, 1967). Of a matrix
// that is no covariance, with a variance of 0 or not finite, every answer is NaN.
func NewFamily(cov [][]float64, absent int) Family {
	f := Family{absent: absent, had: &criticals{of: map[critical]float64{}}}
	for i := range cov {
		if len(cov[i]) != len(cov) || !(cov[i][i] > 0) {
			f.Misfit = math.NaN()
			for j := range f.within {
				f.within[j], f.beyond[j] = math.NaN(), math.NaN()
			}
			return f
		}
	}
	r := square(len(cov))
	for i := range cov {
		for j := range cov {
			r[i][j] = math.Round(digits*cov[i][j]/math.Sqrt(cov[i][i]*cov[j][j])) / digits
		}
	}
	name := fmt.Sprint(absent, r)
	remembered.Lock()
	known, ok := remembered.of[name]
	remembered.Unlock()
	if ok {
		return known
	}
	lambda, steep := productForm(r), false
	for i := range r {
		steep = steep || math.Abs(lambda[i]) > steepest
		for j := range i {
			f.Misfit = max(f.Misfit, math.Abs(r[i][j]-lambda[i]*lambda[j]))
		}
	}
	if f.Misfit > misfits || steep {
		f.integrate(r)
	} else {
		f.tabulate(lambda)
	}
	for j, x := range points {
		f.within[j] *= math.Pow(1-2*phi(-x), float64(f.absent))
	}
	remembered.Lock()
	defer remembered.Unlock()
	if len(remembered.of) >= kept {
		clear(remembered.of)
	}
	remembered.of[name] = f
	return f
}

const (
	digits   = 1 << 40 // correlations are rounded to: less are contrasts orthogonal, or families one, but for rounding
	misfits  = 0.01    // the Misfit above which no product form stands for a correlation
	steepest = 0.95    // the loading above which the nodes of the common factor lie too far apart
)

// ManyToOne is the family of k arms, 1 or more, against a baseline in complete blocks: every correlation is 1/2.
func ManyToOne(k int) Family {
	f := Family{had: &criticals{of: map[critical]float64{}}}
	lambda := slices.Repeat([]float64{math.Sqrt2 / 2}, k)
	if k == 1 { // alone it correlates with nothing
		lambda[0] = 0
	}
	f.tabulate(lambda)
	return f
}

// Inner is the family whose critical value equivalence needs, two one-sided tests of every comparison: each errs on one
// side alone, that of the bound which its true value sits on, and which side that is for each is not known. Given the
// common factor z, let u_i(z) be the chance that i keeps its upper bound, u_i(-z) that it keeps its lower. Those on one
// side keep theirs with chance Π u_i(z), those on the other with Π u_j(-z); by the means of z and -z the expectation of
// both is at least E √Π u_k(z) u_k(-z) over all k, whichever side each is on, and equal λ attain it with half on either.
// Absent comparisons are added by the union bound. The plain two-sided value at 1-2α instead lets up to 6.4 % through
// where α is 5 %, with 30 comparisons and 30 degrees of freedom. Its honesty: TestEquivalenceKeepsTheLevelInEveryMixture.
func (f Family) Inner() Family {
	f.within, f.beyond, f.inner = f.beyond, f.within, true
	return f
}

// Coverage is the probability that all k standardised estimates lie within ±c when their scale has df degrees of
// freedom (+Inf for a known scale; below 1 counts as 1), to about 1e-8.
func (f Family) Coverage(c, df float64) float64 { return f.coverage(c, scale(df)) }

func (f *Family) coverage(c float64, scale []node) float64 {
	p := 0.0
	for _, q := range scale {
		p += q.weight * f.at(c*q.at)
	}
	return min(1, p)
}

// P is the adjusted p-value of one standardised estimate t: the chance that any of the family is as far out when
// nothing differs.
func (f Family) P(t, df float64) float64 { return max(0, 1-f.Coverage(math.Abs(t), df)) }

// Critical is the c with Coverage(c, df) = level, to 1e-9: estimate ± c·se are simultaneous intervals at that level.
// It is NaN for a level outside (0, 1).
func (f Family) Critical(level, df float64) float64 {
	if !(level > 0 && level < 1) {
		return math.NaN()
	}
	if f.had == nil { // no family at all
		return math.NaN()
	}
	f.had.Lock()
	defer f.had.Unlock()
	asked := critical{f.inner, level, df}
	if c, ok := f.had.of[asked]; ok {
		return c
	}
	s, lo, hi := scale(df), 0.0, 4.0
	for f.coverage(hi, s) < level && hi < 1e6 {
		lo, hi = hi, 2*hi
	}
	// The logarithm of what is left is nearly a line, on which a root is soon found.
	left := math.Log1p(-level)
	c := root(func(c float64) float64 { return left - math.Log(max(1e-300, 1-f.coverage(c, s))) }, lo, hi)
	if len(f.had.of) >= kept {
		clear(f.had.of)
	}
	f.had.of[asked] = c
	return c
}

// tabulate works out ∫ φ(z) Π_i P(|λ_i z + √(1-λ_i²) e| <= x) dz once, and the integral of [Family.Inner], where the
// integrals over the scale will look them up; beyond far they are 1 to the last bit. The sign of a loading does not
// matter to either.
func (f *Family) tabulate(lambda []float64) {
	l := slices.Clone(lambda)
	for i := range l {
		l[i] = math.Abs(l[i])
	}
	slices.Sort(l)
	for j := range f.within {
		x := points[j]
		for _, q := range factor {
			both, either := 1.0, 1.0 // that all keep both bounds, or u(z) u(-z) of all
			var keep, one float64
			for i := range l {
				if i == 0 || l[i]-l[i-1] > 1e-12 { // equal loadings, the usual case, are worked out once
					s := math.Sqrt((1 - l[i]) * (1 + l[i]))
					up, down := phi((x-l[i]*q.at)/s), phi((-x-l[i]*q.at)/s)
					keep, one = up-down, up*(1-down)
				}
				both *= keep
				either *= one
			}
			f.within[j] += q.weight * both
			f.beyond[j] += q.weight * math.Sqrt(either)
		}
	}
}

// at interpolates the table in the barycentric form (Berrut and Trefethen, "Barycentric Lagrange interpolation", SIAM
// Review 46, 2004).
func (f *Family) at(x float64) float64 {
	if x >= far {
		return 1
	}
	if !(x > 0) {
		return 0
	}
	var above, below float64
	for j, y := range f.within {
		d := x - points[j]
		if d == 0 {
			above, below = y, 1
			break
		}
		w := 1 / d
		if j%2 == 1 {
			w = -w
		}
		if j == 0 || j == chebyshev-1 {
			w /= 2
		}
		above, below = above+w*y, below+w
	}
	if f.inner {
		return max(0, above/below-float64(f.absent)*phi(-x))
	}
	return above / below
}

const (
	chebyshev = 96
	far       = 9.0
)

var points = func() (p [chebyshev]float64) {
	for j := range p {
		p[j] = far / 2 * (1 - math.Cos(math.Pi*float64(j)/(chebyshev-1)))
	}
	return p
}()

// productForm finds λ with r_ij ≈ λ_i λ_j, i ≠ j, by least squares, one λ at a time; exact where r has that form.
func productForm(r [][]float64) []float64 {
	const most = 0.9999 // a comparison that is the factor itself would leave nothing to integrate
	k := len(r)
	lambda := make([]float64, k)
	if k == 1 {
		return lambda
	}
	for i := range r { // start: from the best-connected comparison's correlations
		sum := 0.0
		for j := range r {
			if j != i {
				sum += r[i][j]
			}
		}
		lambda[i] = math.Copysign(math.Sqrt(math.Abs(sum)/float64(k-1)), sum)
	}
	for range 2000 {
		moved := 0.0
		for i := range r {
			var above, below float64
			for j := range r {
				if j != i {
					above += r[i][j] * lambda[j]
					below += lambda[j] * lambda[j]
				}
			}
			next := 0.0
			if below > 0 {
				next = min(most, max(-most, above/below))
			}
			moved = max(moved, math.Abs(next-lambda[i]))
			lambda[i] = next
		}
		if moved < 1e-13 {
			break
		}
	}
	return lambda
}

type node struct{ at, weight float64 }

// factor holds the nodes of the common normal factor, both signs folded into one, since a symmetric interval sees no
// sign. 40 nodes give 1e-12 for loadings up to 0.95.
var factor = func() []node {
	return nodes(40, 0, 8.5, func(z float64) float64 { return 2 * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) })
}()

// scale holds the nodes of the ratio s = √(χ²_ν/ν) of estimated to true standard deviation, weights summing to 1.
// A known scale, df +Inf, is the one node 1.
func scale(df float64) []node {
	if df > 1e7 {
		return []node{{1, 1}}
	}
	df = max(1, df)
	log, _ := math.Lgamma(df / 2)
	log = math.Ln2 + df/2*math.Log(df/2) - log
	density := func(s float64) float64 { return math.Exp(log + (df-1)*math.Log(s) - df*s*s/2) }
	// The range holds all but what lies 1e-15 below the density at 1, its top but for very few degrees of freedom.
	least := 1e-15 * density(1)
	lo, hi := 0.0, 1.0
	for step := 0.5; step > 1e-3; step /= 2 {
		if lo+step < 1 && density(lo+step) < least {
			lo += step
		}
	}
	for density(hi) > least {
		hi += 3 / math.Sqrt(2*df)
	}
	return nodes(32, lo, hi, density)
}

func nodes(n int, lo, hi float64, density func(float64) float64) []node {
	x, w := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(x, w, lo, hi)
	out := make([]node, n)
	for i := range out {
		out[i] = node{x[i], w[i] * density(x[i])}
	}
	return out
}

// root finds where f, rising from negative at lo to positive at hi, is 0: regula falsi with the Illinois halving.
func root(f func(float64) float64, lo, hi float64) float64 {
	a, b := f(lo), f(hi)
	side := 0
	for range 200 {
		if hi-lo < 1e-10 || a == b {
			break
		}
		x := (lo*b - hi*a) / (b - a)
		y := f(x)
		switch {
		case math.Abs(y) < 1e-11:
			return x
		case y < 0:
			lo, a = x, y
			if side < 0 {
				b /= 2
			}
			side = -1
		default:
			hi, b = x, y
			if side > 0 {
				a /= 2
			}
			side = 1
		}
	}
	return (lo + hi) / 2
}

func phi(x float64) float64 {
	switch { // to the last bit
	case x > 8.3:
		return 1
	case x < -39:
		return 0
	}
	return 0.5 * math.Erfc(-x/math.Sqrt2)
}

// studentP is the two-sided p-value of t.
func studentP(t, df float64) float64 {
	if math.IsInf(df, 1) {
		return math.Erfc(math.Abs(t) / math.Sqrt2)
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t*t))
}
