package study

import (
	"math"

	"github.com/assaylab/assay/study/stat"
)

// A verdict says what is known; a person must choose all the same. Two things help: an arm that is no worse by what matters and costs
// less, and the arm that is most likely to be best.

// lower is the share by which a cost must be lower to be named.
const lower = 0.10

// costs are the ways in which an arm may be cheaper, named as reports name them. Rough seconds name nothing.
var costs = []struct {
	name string
	of   func(Arm) float64
}{
	{"training time", func(a Arm) float64 {
		if a.SecondsRough {
			return 0
		}
		return a.TrainSeconds
	}},
	{"multiply-adds", func(a Arm) float64 { return float64(a.MACs) }},
	{"parameters", func(a Arm) float64 { return float64(a.Params) }},
}

// forLess marks arms whose simultaneous interval lies above -delta, so that they are no worse by what matters, and which cost less.
// An arm at -delta is marked with no more chance than it is said to have no effect, since the inner interval of that is the narrower one.
func forLess(r *Result, better float64) {
	bases := map[string]Arm{}
	for v := range r.Judged {
		j := &r.Judged[v]
		if j.Baseline {
			bases[j.Backbone] = j.Arm
		}
	}
	for v := range r.Judged {
		j := &r.Judged[v]
		base := bases[j.Backbone]
		j.AsGoodForLess = []string{}
		if j.Baseline || j.Low == nil || j.High == nil || j.Verdict == "" || r.Delta <= 0 || j.Diverged > 0 {
			continue
		}
		worst := *j.Low
		if better < 0 {
			worst = -*j.High
		}
		if !(worst > -r.Delta) {
			continue
		}
		for _, c := range costs {
			if theirs, own := c.of(base), c.of(j.Arm); own > 0 && own <= (1-lower)*theirs {
				j.AsGoodForLess = append(j.AsGoodForLess, c.name)
			}
		}
	}
}

// choose gives each arm that is compared with the baseline its chance to be best, and says which to take.
func (t *table) choose(r *Result, now findings) {
	better := float64(t.metrics[0].Better)
	var arms []int
	var estimates []float64
	df := math.Inf(1)
	for _, v := range t.questions(effects) {
		e := now.of[v]
		if v >= len(t.arms) || t.home[v] != 0 || e.Effect == nil || !(math.Hypot(e.SeedSE, e.ImageSE) > 0) {
			continue
		}
		arms, estimates = append(arms, v), append(estimates, better**e.Effect)
		if e.DF > 0 {
			df = min(df, e.DF)
		}
	}
	if len(arms) == 0 || t.rows[0].Trials < 2 {
		return
	}
	cov := make([][]float64, len(arms))
	for a, v := range arms {
		cov[a] = make([]float64, len(arms))
		for b, w := range arms {
			cov[a][b] = now.cov(v, w)
		}
	}
	c := stat.Choose(estimates, cov, df)
	if math.IsNaN(c.Best[0]) {
		return
	}
	r.Choice = &Choice{Arm: t.arms[0].Name, Probability: c.Best[0], Shortfall: c.Shortfall[0]}
	r.Judged[0].ProbabilityBest = new(c.Best[0])
	for a, v := range arms {
		p := c.Best[a+1]
		r.Judged[v].ProbabilityBest = new(p)
		if p > r.Choice.Probability {
			*r.Choice = Choice{Arm: t.arms[v].Name, Probability: p, Shortfall: c.Shortfall[a+1]}
		}
	}
}
