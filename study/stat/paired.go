package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Student is the one-comparison counterpart of [Family.P]: the two-sided p-value of t with df degrees of freedom.
// Together with [Paired] it is the paired t test (Student, "The probable error of a mean", Biometrika 6, 1908), which
// judges an arm that cannot share the pooled residual. Its honesty: TestTheUnevenArmKeepsTheErrorRate in study.
func Student(t, df float64) float64 { return studentP(t, df) }

// StudentCritical is the two-sided critical value at a confidence level in (0, 1); df +Inf is the normal's.
func StudentCritical(level, df float64) float64 {
	if math.IsInf(df, 1) {
		return distuv.UnitNormal.Quantile((1 + level) / 2)
	}
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile((1 + level) / 2)
}

// Paired is the mean of paired differences, the variance of that mean and its degrees of freedom; the variance is NaN
// of fewer than two.
func Paired(d []float64) (mean, variance, df float64) {
	n := float64(len(d))
	return Mean(d), Variance(d) / n, n - 1
}

// BrownForsythe tests whether groups have one spread: the analysis of variance of absolute deviations from each group's
// median (Brown and Forsythe, "Robust tests for the equality of variances", JASA 69, 1974). Groups of fewer than two are
// left out; F is NaN and p is 1 where fewer than two groups remain or nothing varies.
func BrownForsythe(groups [][]float64) (f, p float64) {
	var dev [][]float64
	var all []float64
	for _, g := range groups {
		if len(g) < 2 {
			continue
		}
		m, z := Median(g), make([]float64, len(g))
		for i, x := range g {
			z[i] = math.Abs(x - m)
		}
		dev, all = append(dev, z), append(all, z...)
	}
	k, n := float64(len(dev)), float64(len(all))
	if k < 2 || n <= k {
		return math.NaN(), 1
	}
	var between, within float64
	grand := Mean(all)
	for _, z := range dev {
		m := Mean(z)
		between += float64(len(z)) * (m - grand) * (m - grand)
		for _, x := range z {
			within += (x - m) * (x - m)
		}
	}
	if within == 0 {
		return math.NaN(), 1
	}
	f = between / (k - 1) / (within / (n - k))
	return f, distuv.F{D1: k - 1, D2: n - k}.Survival(f)
}

// Median is the middle value, the mean of the middle two of an even number, NaN of nothing.
func Median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
