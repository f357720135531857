package stat

import (
	"math"
	"slices"
)

// Holm gives each of several p-values the level at which the step-down procedure tests it, and its adjusted p-value:
// p is rejected exactly when p <= its level, and when its adjusted value is <= alpha. The family-wise error stays at or
// under alpha whatever the dependence (Holm, "A simple sequentially rejective multiple test procedure", Scand. J.
// Statist. 6, 1979). An interval at confidence 1 - level therefore excludes 0 exactly where Holm rejects.
// Its honesty: TestHolmKeepsTheFamilyWiseError.
func Holm(p []float64, alpha float64) (levels, adjusted []float64) {
	k := len(p)
	order := make([]int, k)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	levels, adjusted = make([]float64, k), make([]float64, k)
	level, worst, stopped := 0.0, 0.0, false
	for step, i := range order {
		if !stopped { // once a hypothesis stands, those behind it are tested at its level and stand too
			level = alpha / float64(k-step)
			stopped = !(p[i] <= level)
		}
		worst = max(worst, min(1, p[i]*float64(k-step)))
		levels[i], adjusted[i] = level, worst
	}
	return levels, adjusted
}

// FisherMore is the exact one-sided test that d of n is more often than d0 of n0: the hypergeometric chance, all
// margins given, of d or more (Fisher, "Statistical Methods for Research Workers", 5th ed., 1934, §21.02). One-sided,
// since a study whose baseline diverges stops: only "more often" can be seen. Counts out of range give NaN.
// Its honesty: it is exact; TestTheExactTestKeepsItsLevel enumerates.
func FisherMore(d, n, d0, n0 int) float64 {
	if d < 0 || d0 < 0 || d > n || d0 > n0 || n < 1 || n0 < 1 {
		return math.NaN()
	}
	p, all := 0.0, d+d0
	for x := d; x <= min(n, all); x++ {
		if all-x <= n0 {
			p += choose(n, x) * choose(n0, all-x) / choose(n+n0, all)
		}
	}
	return min(1, p)
}

// choose is exact up to 2^53 and within rounding above.
func choose(n, k int) float64 {
	c := 1.0
	for i := 1; i <= min(k, n-k); i++ {
		c = c * float64(n-min(k, n-k)+i) / float64(i)
	}
	return c
}
