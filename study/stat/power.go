package stat

import "math"

// Design is what the power of a many-to-one study depends on before its outcomes are known.
type Design struct {
	Variants int     // arms compared with the baseline, 1 or more
	SD       float64 // residual standard deviation of one trial within its block, seeds alone
	ImageVar float64 // image term of an effect, which more repeats do not lessen; 0 where unknown
	Delta    float64 // smallest effect that matters; 0 asks for no verdict of "no meaningful effect"
	Level    float64 // chance of any false claim that the judgement may spend, in (0, 1/2)
}

// terms are the standard error of an effect and the critical values that n complete blocks give: of a difference, and of
// its absence.
type terms struct{ se, df, outer, inner float64 }

// families are those of a design's outer and inner critical values.
type families struct{ outer, inner Family }

func (d Design) families() families {
	f := families{outer: ManyToOne(d.Variants)}
	if d.Delta > 0 {
		f.inner = f.outer.Inner()
	}
	return f
}

func (d Design) at(f families, n int) terms {
	seed := 2 * d.SD * d.SD / float64(n)
	df := float64(d.Variants * (n - 1))
	t := terms{se: math.Sqrt(seed + d.ImageVar), df: Satterthwaite(seed, df, d.ImageVar, 0)}
	t.outer = f.outer.Critical(1-d.Level, t.df)
	if d.Delta > 0 {
		t.inner = f.inner.Critical(1-d.Level, t.df)
	}
	return t
}

// Detects is the power of n repeats: the chance that the simultaneous interval of an arm whose true effect is given
// excludes 0. 0 for fewer than two repeats. Its honesty: TestPowerIsWhatSimulationFinds.
func (d Design) Detects(effect float64, n int) float64 {
	if n < 2 || d.Variants < 1 {
		return 0
	}
	t := d.at(d.families(), n)
	return outside(t.outer, t.df, effect/t.se)
}

// Decides is the chance that n repeats end in a verdict, of a difference or of no meaningful effect.
func (d Design) Decides(effect float64, n int) float64 {
	if n < 2 || d.Variants < 1 {
		return 0
	}
	return d.decides(d.families(), effect, n)
}

func (d Design) decides(f families, effect float64, n int) float64 {
	t := d.at(f, n)
	if d.Delta <= 0 {
		return outside(t.outer, t.df, effect/t.se)
	}
	p := 0.0
	for _, q := range scale(t.df) {
		out, in := t.outer*t.se*q.at, d.Delta-t.inner*t.se*q.at // |estimate| > out decides, and so does |estimate| < in
		if in > out {
			p += q.weight
			continue
		}
		one := phi((effect-out)/t.se) + phi((-effect-out)/t.se)
		if in > 0 {
			one += phi((in-effect)/t.se) - phi((-in-effect)/t.se)
		}
		p += q.weight * one
	}
	return min(1, p)
}

// Detectable is the smallest true effect that n repeats detect with the power given, to 0.1 %; +Inf for fewer than two.
func (d Design) Detectable(n int, power float64) float64 {
	if n < 2 || d.Variants < 1 || !(d.SD > 0 || d.ImageVar > 0) {
		return math.Inf(1)
	}
	t := d.at(d.families(), n)
	lo, hi := 0.0, 1.0
	for outside(t.outer, t.df, hi) < power && hi < 1e6 {
		lo, hi = hi, 2*hi
	}
	for hi-lo > 1e-4*hi {
		if mid := (lo + hi) / 2; outside(t.outer, t.df, mid) < power {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi * t.se
}

// Repeats is the fewest repeats, at least from, that decide on the effect given with the power given, 0 where up to most
// do not.
func (d Design) Repeats(effect, power float64, from, most int) int {
	if d.Variants < 1 {
		return 0
	}
	f := d.families()
	lo, hi := max(2, from)-1, max(2, from) // lo does not decide (or is not asked), hi is tried
	for d.decides(f, effect, hi) < power {
		if hi >= most {
			return 0
		}
		lo, hi = hi, min(most, 2*hi)
	}
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; d.decides(f, effect, mid) < power {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// ImageShare is the largest part, at most 1, of the image term with which endless repeats would decide on the effect
// given with the power given: m/ImageShare validation images are the fewest that can. 0 where a thousandth would not do.
func (d Design) ImageShare(effect, power float64) float64 {
	if d.Variants < 1 {
		return 0
	}
	f := d.families()
	decides := func(share float64) bool {
		return Design{Variants: d.Variants, ImageVar: share * d.ImageVar, Delta: d.Delta, Level: d.Level}.decides(f, effect, 2) >= power
	}
	if decides(1) {
		return 1
	}
	lo, hi := 1e-3, 1.0
	if !decides(lo) {
		return 0
	}
	for hi/lo > 1.01 {
		if mid := math.Sqrt(lo * hi); decides(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// CanEverBeNone tells whether n repeats could find "no meaningful effect" with the power given if there were none at all.
func (d Design) CanEverBeNone(n int, power float64) bool {
	if n < 2 || d.Delta <= 0 || d.Variants < 1 {
		return false
	}
	t, p := d.at(d.families(), n), 0.0
	for _, q := range scale(t.df) {
		if in := d.Delta - t.inner*t.se*q.at; in > 0 {
			p += q.weight * (2*phi(in/t.se) - 1)
		}
	}
	return p >= power
}

// outside is P(|T| > c) of the noncentral t, by the scale's quadrature.
func outside(c, df, noncentrality float64) float64 {
	p := 0.0
	for _, q := range scale(df) {
		p += q.weight * (phi(noncentrality-c*q.at) + phi(-noncentrality-c*q.at))
	}
	return min(1, p)
}
