package stat

import (
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
)

// Comparisons of neighbours in a ladder, of all pairs, of interactions have no correlation of product form. With L Lᵀ
// their correlation, of rank r, the estimates are χ_r · L u for a direction u uniform on the sphere of R^r, so that
//
//	P(all within ±x) = E F_r(x / m),  m = max_i |(L u)_i|,  F_r the distribution of χ_r,
//
// for every x at once (Deák, "Three digit accurate multiple normal probabilities", Numer. Math. 35, 1980; Genz and Bretz,
// "Computation of Multivariate Normal and t Probabilities", Springer 2009, §4.1.1). Directions are a Kronecker sequence of
// square roots of primes, folded so that it is periodic (Richtmyer; Genz and Bretz, §4.2), the same ones always. The sum of
// the chances that each lies outside, which is known, takes most of the error away: near a coverage of 0.95 the two
// differ only where several are out at once.

const (
	fewRanks = 8   // in which directions are kept
	shifts   = 8   // of the sequence, which take away what roots of small primes have in common
	bins     = 512 // of |(L u)_i|, from 0 to 1, each direction shared linearly between two: coverage is 2e-5 off at most
)

// integrate fills the tables of a family with the correlations given, whatever their form. The first table is the chance
// that all lie within ±x. The second serves [Family.Inner]: let A be the event that any comparison passes the bound that its
// true value sits on, and B that any passes the other. A and B have the same chance, since the estimates are symmetric, and
// both can occur only where two comparisons are out, so P(A) = (P(A or B) + P(A and B))/2 <= (P(one is out) + P(two are
// out))/2, whichever side each is on. It is never more than the union bound. Coverage is within 5e-4 from 0.8 up, within
// 2e-3 below (TestCoverageIsThatOfMvtnorm).
func (f *Family) integrate(r [][]float64) {
	l, ok := squareRoot(r)
	if !ok {
		for j := range f.within {
			f.within[j], f.beyond[j] = math.NaN(), math.NaN()
		}
		return
	}
	s := sphereOf(len(l[0]))
	var first, second, each histogram // of the largest |(L u)_i|, of the next, and of all
	for u := range slices.Chunk(s.directions, s.rank) {
		var top, next float64
		for _, row := range l {
			a := 0.0
			for d, x := range u {
				a += row[d] * x
			}
			a = min(1, math.Abs(a))
			each.add(a)
			if a > top {
				top, next = a, top
			} else if a > next {
				next = a
			}
		}
		first.add(top)
		second.add(next)
	}
	n := float64(len(s.directions) / s.rank)
	for j, x := range points {
		var one, two, sum float64
		for b := max(1, int(x*bins/s.end())); b < len(first); b++ {
			if each[b] > 0 {
				p := s.outside(x*bins/float64(b)) / n
				one, two, sum = one+first[b]*p, two+second[b]*p, sum+each[b]*p
			}
		}
		// Where few are out the known sum weighs fully, where many are it would add more noise than it takes away.
		off := (1 - one) * (1 - one) * (sum - 2*float64(len(l))*phi(-x))
		f.within[j] = min(1, max(0, 1-one+off))
		f.beyond[j] = min(1, max(0, 1-(one+two-off)/2))
	}
}

// sphere is what integration over the directions of R^rank needs.
type sphere struct {
	rank       int
	directions []float64     // of length 1, one after another
	tail       [4097]float64 // P(χ_rank > t) at equal steps of t, behind which it is 0 to the last bit
	step       float64
}

func newSphere(rank int) *sphere {
	s := &sphere{rank: rank, step: (math.Sqrt(float64(rank)) + far) / 4096}
	for i := range s.tail {
		t := float64(i) * s.step
		s.tail[i] = mathext.GammaIncRegComp(float64(rank)/2, t*t/2)
	}
	n := 1 << 14
	if rank > fewRanks {
		n *= 2
	}
	s.directions = make([]float64, 0, n*rank)
	root := roots(2 * rank)
	for i := range n {
		norm := 0.0
		for d := range rank {
			_, u := math.Modf(float64(1+i/shifts)*root[d] + float64(i%shifts)*root[rank+d])
			z := mathext.NormalQuantile(min(1-1e-16, max(1e-16, math.Abs(2*u-1))))
			s.directions = append(s.directions, z)
			norm += z * z
		}
		for d := range s.directions[i*rank:] {
			s.directions[i*rank+d] /= math.Sqrt(norm)
		}
	}
	return s
}

// spheres are those of few ranks, made once.
var spheres = func() (of [fewRanks + 1]func() *sphere) {
	for rank := range of {
		of[rank] = sync.OnceValue(func() *sphere { return newSphere(rank) })
	}
	return of
}()

func sphereOf(rank int) *sphere {
	if rank <= fewRanks {
		return spheres[rank]()
	}
	return newSphere(rank)
}

// end is where the chance to be farther out is 0.
func (s *sphere) end() float64 { return s.step * float64(len(s.tail)-1) }

// outside is P(χ > t).
func (s *sphere) outside(t float64) float64 {
	i := int(t / s.step)
	if i >= len(s.tail)-1 {
		return 0
	}
	w := t/s.step - float64(i)
	return s.tail[i]*(1-w) + s.tail[i+1]*w
}

// squareRoot is L with L Lᵀ = r, k x rank, from the eigenvectors, the largest first. What estimated covariances have below
// 0 is cut off and rows are brought back to length 1 (Rebonato and Jäckel, "The most general methodology to create a valid
// correlation matrix", J. Risk 2, 1999). False where r is no matrix of finite numbers.
func squareRoot(r [][]float64) ([][]float64, bool) {
	k := len(r)
	s := mat.NewSymDense(k, nil)
	for i := range r {
		for j := range i + 1 {
			if math.IsNaN(r[i][j]) || math.IsInf(r[i][j], 0) {
				return nil, false
			}
			s.SetSym(i, j, r[i][j])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(s, true) {
		return nil, false
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil) // ascending
	l := make([][]float64, k)
	for i := range l {
		norm := 0.0
		for d := k - 1; d >= 0 && values[d] > 1e-10*values[k-1]; d-- {
			x := math.Sqrt(values[d]) * vectors.At(i, d)
			l[i] = append(l[i], x)
			norm += x * x
		}
		if !(norm > 0) {
			return nil, false
		}
		for d := range l[i] {
			l[i][d] /= math.Sqrt(norm)
		}
	}
	return l, true
}

// roots are the square roots of the first n primes.
func roots(n int) []float64 {
	var primes []int
	var out []float64
next:
	for p := 2; len(out) < n; p++ {
		for _, q := range primes {
			if p%q == 0 {
				continue next
			}
		}
		primes, out = append(primes, p), append(out, math.Sqrt(float64(p)))
	}
	return out
}

// histogram counts numbers in [0, 1].
type histogram [bins + 2]float64

func (h *histogram) add(a float64) {
	at := a * bins
	i := int(at)
	h[i] += 1 - (at - float64(i))
	h[i+1] += at - float64(i)
}
