package stat

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// contrasts is testdata/contrasts.json, R's numbers, made by testdata/contrasts.R.
type contrasts struct {
	Families []struct {
		Name string
		Cov  [][]float64
		At   []struct{ C, DF, P, Error float64 } // DF -1: known scale
	}
	Sides []struct {
		Name     string
		Cov      [][]float64
		C, DF, P float64
	}
}

func readContrasts(t *testing.T) contrasts {
	t.Helper()
	text, err := os.ReadFile("testdata/contrasts.json")
	if err != nil {
		t.Fatal(err)
	}
	var g contrasts
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func endless(df float64) float64 {
	if df < 0 {
		return math.Inf(1)
	}
	return df
}

func TestCoverageIsThatOfMvtnorm(t *testing.T) {
	integrated := 0
	for _, g := range readContrasts(t).Families {
		if testing.Short() && len(g.Cov) > 21 {
			continue
		}
		f := NewFamily(g.Cov, 0)
		if f.Misfit > misfits {
			integrated++
		}
		worst := 0.0
		for _, at := range g.At {
			tolerance := 5e-4
			if at.P < 0.8 {
				tolerance = 2e-3
			}
			got := f.Coverage(at.C, endless(at.DF))
			near(t, g.Name, got, at.P, tolerance+at.Error)
			worst = max(worst, math.Abs(got-at.P))
		}
		t.Logf("%s: %d comparisons, misfit %.2f, off by at most %.1e", g.Name, len(g.Cov), f.Misfit, worst)
	}
	if integrated < 9 {
		t.Errorf("only %d families have no product form", integrated)
	}
}

// Equivalence errs no more than the family says, on whichever sides the true values are, and less than the union bound.
func TestEquivalenceHoldsOnTheWorstSides(t *testing.T) {
	for _, g := range readContrasts(t).Sides {
		got := NewFamily(g.Cov, 0).Inner().Coverage(g.C, endless(g.DF))
		union := 1 - float64(len(g.Cov))*Student(g.C, endless(g.DF))/2
		t.Logf("%s, %g at %g df: %.5f, the worst sides %.5f, the union bound %.5f", g.Name, g.C, g.DF, got, g.P, union)
		if got > g.P+5e-4 || got < union-5e-4 {
			t.Errorf("%s, %g at %g df: %.5f, want between %.5f (union bound) and %.5f", g.Name, g.C, g.DF, got, union, g.P)
		}
	}
}

func TestIntegrationAgreesWithTheProductForm(t *testing.T) {
	for _, lambda := range [][]float64{{0.7, 0.7}, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, {0.2, -0.5, 0.8, 0.9}, {0, 0, 0, 0, 0}, {-0.9, 0.9, 0.6}} {
		r := square(len(lambda))
		for i := range r {
			for j := range r {
				r[i][j] = lambda[i] * lambda[j]
			}
			r[i][i] = 1
		}
		var f, exact Family
		f.integrate(r)
		exact.tabulate(lambda)
		for _, df := range []float64{1, 2, 8, 40, math.Inf(1)} {
			for _, c := range []float64{1, 2, 2.5, 3, 4} {
				want, tolerance := exact.Coverage(c, df), 5e-4
				if want < 0.8 {
					tolerance = 2e-3
				}
				near(t, "coverage", f.Coverage(c, df), want, tolerance)
				if got, most := f.Inner().Coverage(c, df), exact.Inner().Coverage(c, df); got > most+2e-3 {
					t.Errorf("loadings %v: the bound for equivalence is %.5f, the exact least %.5f", lambda, got, most)
				}
			}
		}
	}
}

// Contrasts that hardly correlate have product forms in which one loading is as large as can be: the nodes of the common
// factor would not see how steep that is.
func TestOrthogonalContrastsAreIndependent(t *testing.T) {
	for _, noise := range []float64{0, 1e-17, 1e-6, 1e-3} {
		r := square(4)
		for i := range r {
			for j := range r {
				r[i][j] = noise * float64((i+j)%3-1)
			}
			r[i][i] = 1
		}
		p := 2*phi(2.3) - 1
		near(t, "coverage", NewFamily(r, 0).Coverage(2.3, math.Inf(1)), p*p*p*p, 3e-4)
	}
}

func TestOneComparisonIsStudents(t *testing.T) {
	for _, df := range []float64{3, 5, math.Inf(1)} {
		near(t, "one comparison", NewFamily([][]float64{{3}}, 0).Critical(0.95, df), StudentCritical(0.95, df), 1e-6)
	}
	var f Family
	f.integrate([][]float64{{1}})
	near(t, "one comparison, integrated", f.Coverage(2, 7), 1-Student(2, 7), 1e-5)
}

// Three contrasts of which the third is the sum of the others: the same as any two and what follows from them.
func TestDependentContrastsAreNoTrouble(t *testing.T) {
	cov := [][]float64{{2, -1, 1}, {-1, 2, 1}, {1, 1, 2}} // of b-a, c-b and c-a
	f := NewFamily(cov, 0)
	near(t, "Tukey's studentized range of 3 arms, 20 df, table: 3.578/√2", f.Critical(0.95, 20), 3.578/math.Sqrt2, 0.005)
	twice := NewFamily([][]float64{{2, -1, 1, 2}, {-1, 2, 1, -1}, {1, 1, 2, 1}, {2, -1, 1, 2}}, 0)
	near(t, "one of them twice", twice.Coverage(2.5, 20), f.Coverage(2.5, 20), 5e-4)
}

func TestNonsenseCovariancesArePanicFree(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, cov := range [][][]float64{
		nil, {{}}, {{1, 2}, {1}}, {{0}}, {{-1, 0}, {0, 1}}, {{nan, 0}, {0, 1}}, {{1, nan}, {nan, 1}}, {{inf, 0}, {0, 1}},
		{{1, 2, -2}, {2, 1, 2}, {-2, 2, 1}}, {{1, inf}, {inf, 1}}, {{1, -1, 0.9}, {-1, 1, 0.9}, {0.9, 0.9, 1}},
	} {
		for _, f := range []Family{NewFamily(cov, 0), NewFamily(cov, 2).Inner()} {
			for _, df := range []float64{nan, -1, 0, 3, inf} {
				p, c := f.Coverage(2, df), f.Critical(0.95, df)
				if p < 0 || p > 1 || c < 0 {
					t.Errorf("%v, %g df: coverage %v, critical %v", cov, df, p, c)
				}
			}
		}
	}
	if c := NewFamily([][]float64{{1, 0}, {0, 0}}, 0).Critical(0.95, 5); !math.IsNaN(c) {
		t.Errorf("a variance of 0 has the critical value %v", c)
	}
}

// Ladders, forwards and backwards: intervals of all steps hold together in 95 % of draws.
func TestStepsOfALadderCoverTogether(t *testing.T) {
	const arms, blocks = 7, 4
	rng := rand.New(rand.NewPCG(31, 32))
	critical, hits, n := 0.0, 0, draws(4000, 40_000)
	for range n {
		y := square(arms)
		for v := range y {
			y[v] = make([]float64, blocks)
			for s := range y[v] {
				y[v][s] = 2*float64(v*v) + float64(s) + rng.NormFloat64()
			}
		}
		l, err := Fit(y)
		if err != nil {
			t.Fatal(err)
		}
		step := func(i, j int) float64 { // covariance of steps i and j
			return l.Cov[i+1][j+1] - l.Cov[i+1][j] - l.Cov[i][j+1] + l.Cov[i][j]
		}
		if critical == 0 {
			cov := square(arms - 1)
			for i := range cov {
				for j := range cov {
					cov[i][j] = step(i, j)
				}
			}
			critical = NewFamily(cov, 0).Critical(0.95, float64(l.DF))
		}
		all := true
		for i := range arms - 1 {
			all = all && math.Abs(l.Effects[i+1]-l.Effects[i]-float64(4*i+2)) <= critical*math.Sqrt(l.Variance*step(i, i))
		}
		if all {
			hits++
		}
	}
	within3(t, "simultaneous coverage of the steps", hits, n, 0.95)
}

func BenchmarkFamilyOfALadder(b *testing.B) {
	for _, k := range []int{6, 15, 50, 100} {
		cov := square(k)
		for i := range k {
			cov[i][i] = 1
			if i > 0 {
				cov[i][i-1], cov[i-1][i] = -0.5, -0.5
			}
		}
		b.Run(fmt.Sprint("k=", k), func(b *testing.B) {
			for b.Loop() {
				NewFamily(cov, 0).Critical(0.95, 30)
			}
		})
	}
}
