package stat

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
)

var choices = flag.Int("choices", 0, "studies a world in the calibration of chances to be best; 0: few")

// Worlds of true effects: a chance to be best that is said to be a tenth must come true in a tenth of cases. Studies of six variants in
// four blocks; chances are counted in tenths. Where effects are drawn from a normal distribution they are off by at most 8 points. A world
// whose best are exactly equal, or lie the same 0.11 points apart in every study, has less of a best than any such distribution: there what
// is said is too sure, and by how much is logged and stands in docs/statistics.md.
func TestChancesToBeBestAreCalibrated(t *testing.T) {
	const variants, blocks, sd = 6, 4, 0.6
	worlds := []struct {
		name    string
		effects func(*rand.Rand) []float64
		off     float64 // points in a hundred, at most
		score   float64 // of the logarithm, at least so much above that of unshrunk effects
	}{
		{"normal, sd 0.3", func(r *rand.Rand) []float64 { return normals(r, variants, 0.3) }, 0.08, 0.05},
		{"normal, sd 1", func(r *rand.Rand) []float64 { return normals(r, variants, 1) }, 0.08, 0},
		{"normal, sd 3", func(r *rand.Rand) []float64 { return normals(r, variants, 3) }, 0.08, -0.005}, // nothing is left to shrink
		{"half none, half 1 either way", func(r *rand.Rand) []float64 {
			e := make([]float64, variants)
			for i := range e {
				if i%2 == 0 {
					e[i] = float64(1 - 2*r.IntN(2))
				}
			}
			return e
		}, 0.10, 0.02},
		{"six of fashion-mini", func(*rand.Rand) []float64 { return []float64{0.99, 0.88, -0.73, -1.11, -0.33, -2.37} }, 0.25, -0.04},
	}
	studies := draws(12, 100)
	if *choices > 0 {
		studies = *choices
	}
	for _, w := range worlds {
		name := w.name
		rng := rand.New(rand.NewPCG(11, 12))
		var said, came, count [10]float64
		score, plugin := 0.0, 0.0
		for range studies {
			truth := append([]float64{0}, w.effects(rng)...)
			y := make([][]float64, variants+1)
			for v := range y {
				for range blocks {
					y[v] = append(y[v], truth[v]+sd*rng.NormFloat64())
				}
			}
			l, err := Fit(y)
			if err != nil {
				t.Fatal(err)
			}
			cov := square(variants)
			for i := range cov {
				for j := range cov {
					cov[i][j] = l.Variance * l.Cov[i+1][j+1]
				}
			}
			c := Choose(l.Effects[1:], cov, float64(l.DF))
			most, ties := math.Inf(-1), 0.0
			for _, v := range truth {
				most = max(most, v)
			}
			for _, v := range truth {
				if v == most {
					ties++
				}
			}
			flat := nearest(l.Effects, cov)
			for v, p := range c.Best {
				cell, is := min(9, int(p*10)), 0.0
				if truth[v] == most {
					is = 1 / ties
				}
				said[cell], came[cell], count[cell] = said[cell]+p, came[cell]+is, count[cell]+1
				score += is * math.Log(max(p, 1e-3))
				plugin += is * math.Log(max(flat[v], 1e-3))
			}
		}
		n := float64(studies)
		for i, k := range count {
			if k >= 200 || k >= 60 && *choices == 0 {
				tolerance := w.off
				if *choices == 0 {
					tolerance += 3 * math.Sqrt(0.25/k)
				}
				if d := math.Abs(said[i]-came[i]) / k; d > tolerance {
					t.Errorf("%s: where %.0f to %.0f %% was said, %.1f %% were meant and %.1f %% came true (%g)", name, 10*float64(i), 10*float64(i+1), 100*said[i]/k, 100*came[i]/k, k)
				}
			}
		}
		t.Logf("%s: log score %.3f, unshrunk %.3f, uniform %.3f", name, score/n, plugin/n, -math.Log(variants+1))
		slack := 0.0
		if *choices == 0 {
			slack = 0.15
		}
		if score <= -n*math.Log(variants+1) || score/n < plugin/n+w.score-slack {
			t.Errorf("%s: log score %.3f, uniform %.3f, unshrunk %.3f", name, score/n, -math.Log(variants+1), plugin/n)
		}
	}
}

// nearest is the chances to be best that estimates give without shrinking: from normal distributions round them.
func nearest(effects []float64, cov [][]float64) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	p := make([]float64, len(effects))
	const n = 400
	half := math.Sqrt(cov[0][1]) // of complete blocks: the part that all share, the baseline's
	for range n {
		base, best, top := half*rng.NormFloat64(), 0, 0.0
		for v := 1; v < len(effects); v++ {
			if x := effects[v] + base + math.Sqrt(cov[v-1][v-1]-half*half)*rng.NormFloat64(); x > top {
				best, top = v, x
			}
		}
		p[best] += 1.0 / n
	}
	return p
}

func normals(r *rand.Rand, n int, sd float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = sd * r.NormFloat64()
	}
	return x
}

func TestAChoiceOfNothingAndOfNonsenseIsNoPanic(t *testing.T) {
	if c := Choose(nil, nil, 5); c.Best[0] != 1 {
		t.Errorf("%+v", c)
	}
	if c := Choose([]float64{1, 2}, [][]float64{{1, 2}, {2, 1}}, 5); !math.IsNaN(c.Best[0]) {
		t.Errorf("a covariance that is none: %+v", c)
	}
	if c := Choose([]float64{5}, [][]float64{{0.01}}, math.Inf(1)); c.Best[1] < 0.99 || c.Shortfall[0] < 4 {
		t.Errorf("%+v", c)
	}
}

func TestDrawsAreUniformAndNormal(t *testing.T) {
	s := &source{state: 7}
	var sum, square, fourth, uniform float64
	const n = 200_000
	for range n {
		z := s.NormFloat64()
		sum, square, fourth = sum+z, square+z*z, fourth+z*z*z*z
		uniform += s.Float64()
	}
	near(t, "mean", sum/n, 0, 4/math.Sqrt(n))
	near(t, "variance", square/n, 1, 4*math.Sqrt(2.0/n))
	near(t, "fourth moment", fourth/n, 3, 4*math.Sqrt(96.0/n))
	near(t, "uniform", uniform/n, 0.5, 4/math.Sqrt(12*n))
}
