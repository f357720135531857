package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Student is the one-comparison counterpart of [Family.P]: the two-sided p-value of t with df degrees of freedom.
// Together with [Paired] it is the paired t test (Student, "The probable error of a mean", Biometrika 6, 1908), which
// judges an arm that cannot share the pooled residual. Its honesty: the table "spread" of internal/simulate.
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

// BrownForsythe tests whether one group's spread is that of all others together: the analysis of variance of absolute
// deviations from each group's median (Brown and Forsythe, "Robust tests for the equality of variances", JASA 69,
// 1974), without the zeros that a median makes by construction (Hines and O'Hara Hines, "Increased power with modified
// forms of the Levene (median) test", Biometrics 56, 2000): with six groups of five the plain form finds an arm of
// three times the spread in 8 % of studies, this one, arm by arm with Bonferroni at 5 %, in 42 % (simulated). p is 1 where nothing varies.
// Its honesty: the table "spread" of internal/simulate.
func BrownForsythe(groups [][]float64, odd int) (f, p float64) {
	dev := make([][]float64, 2)
	for i, g := range groups {
		if len(g) > 1 {
			side := min(1, max(i-odd, odd-i)) // 0 the odd one, 1 the rest
			dev[side] = append(dev[side], deviations(g)...)
		}
	}
	return anova(dev)
}

// deviations are the n-1 absolute deviations from the median of n values that are free: of an odd number the median's own
// 0 goes, of an even one the middle two, equal by construction, become one of their joint length.
func deviations(x []float64) []float64 {
	m, z := Median(x), make([]float64, len(x))
	for i, v := range x {
		z[i] = math.Abs(v - m)
	}
	slices.Sort(z)
	if len(x)%2 == 0 {
		z[1] = math.Sqrt2 * z[0]
	}
	return z[1:]
}

// anova is the one-way analysis of variance: F and its p-value; NaN and 1 where a group is empty or nothing varies.
func anova(groups [][]float64) (f, p float64) {
	var all []float64
	for _, g := range groups {
		all = append(all, g...)
	}
	k, n := float64(len(groups)), float64(len(all))
	if k < 2 || n <= k || slices.ContainsFunc(groups, func(g []float64) bool { return len(g) == 0 }) {
		return math.NaN(), 1
	}
	var between, within float64
	grand := Mean(all)
	for _, g := range groups {
		m := Mean(g)
		between += float64(len(g)) * (m - grand) * (m - grand)
		for _, x := range g {
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
