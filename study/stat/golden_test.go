package stat

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden is testdata/golden.json, scipy's numbers, made by testdata/make.py.
type golden struct {
	Coverage []struct {
		C      float64
		Lambda []float64
		DF     float64 // -1: known scale
		P      float64
	}
	Critical []struct {
		K            int
		DF, Level, C float64
	}
	Dunnett struct {
		Groups          [][]float64
		T, P, Low, High []float64
	}
	General []struct {
		Cov      [][]float64
		C, DF, P float64
	}
	Layout struct {
		Y        [][]*float64
		Effects  []float64
		Variance float64
		DF       int
		Cov      [][]float64
	}
	Fisher []struct {
		D, N, D0, N0 int
		P            float64
	}
	Spread struct {
		Groups [][]float64
		Odd    int
		F, P   float64
	}
	Paired struct {
		D               []float64
		T, P, Low, High float64
	}
	Noncentral []struct{ T, DF, NC, P float64 }
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.9g, want %.9g within %g", what, got, want, tolerance)
	}
}

func TestCoverageMatchesScipyForProductCorrelations(t *testing.T) {
	for _, c := range readGolden(t).Coverage {
		cov := square(len(c.Lambda))
		for i := range cov {
			for j := range cov {
				cov[i][j] = c.Lambda[i] * c.Lambda[j]
			}
			cov[i][i] = 1
		}
		if c.DF < 0 {
			c.DF = math.Inf(1)
		}
		f := NewFamily(cov, 0)
		near(t, "misfit", f.Misfit, 0, 1e-6)
		near(t, "coverage", f.Coverage(c.C, c.DF), c.P, 1e-7)
	}
}

func TestCriticalValuesMatchScipy(t *testing.T) {
	for _, c := range readGolden(t).Critical {
		near(t, "critical", ManyToOne(c.K).Critical(c.Level, c.DF), c.C, 1e-6)
	}
	near(t, "Dunnett's table 2a, 1964, k=3 df=16", ManyToOne(3).Critical(0.95, 16), 2.59, 0.005)
}

func TestDunnettMatchesScipyOnUnequalGroups(t *testing.T) {
	g := readGolden(t).Dunnett
	// One-way groups are a layout whose covariance has product form: λ_i² = n_i / (n_i + n_0).
	k := len(g.Groups) - 1
	cov, n0 := square(k), float64(len(g.Groups[0]))
	var rss, df float64
	for _, x := range g.Groups {
		rss += Variance(x) * float64(len(x)-1)
		df += float64(len(x) - 1)
	}
	for i := range k {
		for j := range k {
			cov[i][j] = 1 / n0
		}
		cov[i][i] += 1 / float64(len(g.Groups[i+1]))
	}
	f := NewFamily(cov, 0)
	c := f.Critical(0.95, df)
	for i := range k {
		effect, se := Mean(g.Groups[i+1])-Mean(g.Groups[0]), math.Sqrt(rss/df*cov[i][i])
		near(t, "t", effect/se, g.T[i], 1e-9)
		near(t, "p", f.P(effect/se, df), g.P[i], 2e-4) // scipy integrates by quasi Monte Carlo
		near(t, "low", effect-c*se, g.Low[i], 2e-3)
		near(t, "high", effect+c*se, g.High[i], 2e-3)
	}
}

func TestCovariancesOfImageTermsAndMissingCellsMatchScipy(t *testing.T) {
	for _, g := range readGolden(t).General {
		f := NewFamily(g.Cov, 0)
		if f.Misfit < 0.01 {
			t.Errorf("the case has product form (misfit %.3g), which is no test", f.Misfit)
		}
		near(t, "coverage", f.Coverage(g.C, g.DF), g.P, 0.001)
	}
}

func TestLayoutWithMissingCellsMatchesDummyVariables(t *testing.T) {
	g := readGolden(t).Layout
	y := make([][]float64, len(g.Y))
	for v, row := range g.Y {
		for _, cell := range row {
			if cell == nil {
				y[v] = append(y[v], math.NaN())
			} else {
				y[v] = append(y[v], *cell)
			}
		}
	}
	l, err := Fit(y)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "variance", l.Variance, g.Variance, 1e-10)
	if l.DF != g.DF {
		t.Errorf("degrees of freedom: got %d, want %d", l.DF, g.DF)
	}
	for i, want := range g.Effects {
		near(t, "effect", l.Effects[i+1], want, 1e-10)
		for j := range g.Effects {
			near(t, "covariance", l.Cov[i+1][j+1], g.Cov[i][j], 1e-10)
		}
	}
}

func TestSmallTestsMatchScipy(t *testing.T) {
	g := readGolden(t)
	for _, c := range g.Fisher {
		near(t, "fisher", FisherMore(c.D, c.N, c.D0, c.N0), c.P, 1e-12)
	}
	f, p := BrownForsythe(g.Spread.Groups, g.Spread.Odd)
	near(t, "brown-forsythe F", f, g.Spread.F, 1e-9)
	near(t, "brown-forsythe p", p, g.Spread.P, 1e-9)
	mean, variance, df := Paired(g.Paired.D)
	se := math.Sqrt(variance)
	near(t, "paired t", mean/se, g.Paired.T, 1e-9)
	near(t, "paired p", Student(mean/se, df), g.Paired.P, 1e-9)
	near(t, "paired low", mean-StudentCritical(0.95, df)*se, g.Paired.Low, 1e-6)
	near(t, "paired high", mean+StudentCritical(0.95, df)*se, g.Paired.High, 1e-6)
	for _, c := range g.Noncentral {
		near(t, "noncentral t", outside(c.T, c.DF, c.NC), c.P, 1e-6)
	}
}
