package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// ranking is a study in the order in which it is told, with what every form of the report needs to print it.
type ranking struct {
	*study.Result
	base     study.Judgement
	variants []study.Judgement // the largest effect first; then those without one, in the order of the file
	curves   map[string][]study.Trial
	decimals int // of points: 1; 2 where effects are so finely known that 1 would hide them; 0 where their noise is whole points
}

func rank(r *study.Result) ranking {
	k := ranking{Result: r, curves: map[string][]study.Trial{}, decimals: 1}
	for _, j := range r.Judged {
		if j.Baseline {
			k.base = j
		} else {
			k.variants = append(k.variants, j)
		}
	}
	slices.SortStableFunc(k.variants, func(a, b study.Judgement) int {
		return cmp.Compare(rankOf(b), rankOf(a))
	})
	for _, t := range r.Trials {
		k.curves[t.Arm] = append(k.curves[t.Arm], t)
	}
	for _, trials := range k.curves {
		slices.SortStableFunc(trials, func(a, b study.Trial) int { return cmp.Compare(a.Repeat, b.Repeat) })
	}
	var widths []float64
	for _, j := range k.variants {
		if low, high, ok := bounds(j.Finding); ok {
			widths = append(widths, high-low)
			if claimed(j.Verdict) && min(math.Abs(low), math.Abs(high)) < 0.05 {
				k.decimals = 2 // "helps: [0.0, +0.8]" would look like a slip
			}
		}
	}
	switch {
	case len(widths) > 0 && median(widths) < 0.5:
		k.decimals = 2
	case len(widths) > 0 && median(widths) > 10 && k.decimals == 1 && !close0(k.variants): // tenths would be noise
		k.decimals = 0
	}
	return k
}

// close0 reports a claim whose interval ends so near to 0 that whole points would hide on which side.
func close0(variants []study.Judgement) bool {
	return slices.ContainsFunc(variants, func(j study.Judgement) bool {
		low, high, ok := bounds(j.Finding)
		return ok && claimed(j.Verdict) && min(math.Abs(low), math.Abs(high)) < 0.5
	})
}

// metrics are what the study is judged by, the primary one first.
func (k ranking) metrics() []task.Metric {
	if len(k.Metrics) == 0 { // not judged yet
		return []task.Metric{{Name: k.Metric}}
	}
	return k.Metrics
}

// primary is the metric of the headline, others those that are judged beside it.
func (k ranking) primary() task.Metric  { return k.metrics()[0] }
func (k ranking) others() []task.Metric { return k.metrics()[1:] }

// figure prints a value of a metric: points as the study's effects are, others by thousandths.
func (k ranking) figure(m task.Metric, v float64) string {
	if m.Unit == task.Points {
		return fmt.Sprintf("%.*f", k.decimals, v)
	}
	return fmt.Sprintf("%.3f", v)
}

func rankOf(j study.Judgement) float64 {
	if j.Effect == nil {
		return math.Inf(-1)
	}
	return *j.Effect
}

// confidence is what the intervals of a table hold with, as its head says: "95 %", or a word where looks differ.
func (k ranking) confidence() string {
	level := 0.0
	for _, j := range k.Judged {
		if j.Level == 0 || j.Low == nil {
			continue
		}
		if level > 0 && j.Level != level {
			return "of its look"
		}
		level = j.Level
	}
	if level == 0 {
		return "interval"
	}
	return percent(1 - level)
}

// bounds is the interval that is drawn and printed: the simultaneous one, false where there is none.
func bounds(f study.Finding) (low, high float64, ok bool) {
	if f.Effect == nil || f.Low == nil || f.High == nil {
		return 0, 0, false
	}
	return *f.Low, *f.High, true
}

// rough reports whether training times were taken beside other work; then they stand behind "≈".
func (k ranking) rough() bool {
	return slices.ContainsFunc(k.Judged, func(j study.Judgement) bool { return j.SecondsRough })
}

// timed is a figure of time as it is known.
func (k ranking) timed(figure string) string {
	if k.rough() && figure != nothing {
		return "\u2248" + figure
	}
	return figure
}

func claimed(v study.Verdict) bool { return v == study.Helps || v == study.Hurts }

// all is the baseline and then the variants.
func (k ranking) all() []study.Judgement { return append([]study.Judgement{k.base}, k.variants...) }

// paired is what a repeat of a variant shows against the baseline's of that repeat, for each repeat that has both.
func (k ranking) paired(j study.Judgement) []float64 {
	var d []float64
	for s, y := range j.Outcomes {
		if y != nil && s < len(k.base.Outcomes) && k.base.Outcomes[s] != nil {
			d = append(d, *y-*k.base.Outcomes[s])
		}
	}
	return d
}

// domain is the range of effects that a forest plot shows: all intervals and 0, but no farther than lets the greater part
// of them be told apart. An arm that lies outside is drawn as an arrow at the edge, with its figures beside it as ever.
func (k ranking) domain() (low, high float64) {
	var reach []float64
	for _, j := range k.variants {
		if l, h, ok := bounds(j.Finding); ok {
			low, high = min(low, l), max(high, h)
			reach = append(reach, max(math.Abs(l), math.Abs(h)))
		}
		for _, d := range k.paired(j) {
			low, high = min(low, d), max(high, d)
			if j.Low == nil {
				reach = append(reach, math.Abs(d))
			}
		}
	}
	low, high = min(low, -1.2*k.Delta), max(high, 1.2*k.Delta)
	if len(reach) > 0 {
		slices.Sort(reach)
		limit := max(2*k.Delta, 2.5*reach[len(reach)/2])
		low, high = max(low, -limit), min(high, limit)
	}
	if low == high {
		return -1, 1
	}
	pad := 0.04 * (high - low)
	return low - pad, high + pad
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}
