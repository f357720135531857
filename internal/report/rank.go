package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// ranking is a study in the order in which it is told, with what every form of the report needs to print it.
type ranking struct {
	*study.Result
	base     study.Judgement
	bases    []study.Judgement   // of every backbone, the base's own first
	variants []study.Judgement   // the arms besides it: the largest effect first; then those without one, in the order of the file
	asked    []study.Judgement   // what the study is asked, in the same order: the variants, or the main effects of a design that asks no arm less the baseline
	beyond   []study.Judgement   // what it is asked beyond that: interactions, the deficit
	mixed    map[string][]string // of both, what else an effect may be
	curves   map[string][]study.Trial
	decimals int // of the primary metric's figures, by precision
}

func rank(r *study.Result) ranking {
	k := ranking{Result: r, curves: map[string][]study.Trial{}, decimals: 1}
	for _, j := range r.Judged {
		if j.Baseline {
			k.bases = append(k.bases, j)
		} else {
			k.variants = append(k.variants, j)
		}
	}
	if len(k.bases) > 0 {
		k.base = k.bases[0]
	}
	for i, j := range k.variants { // it was given up after a repeat, of which alone its mean is
		if j.Method == "identical" {
			k.variants[i].Mean = k.against(j).Mean
		}
	}
	slices.SortStableFunc(k.variants, func(a, b study.Judgement) int {
		return cmp.Or(cmp.Compare(k.backbone(a), k.backbone(b)), cmp.Compare(k.merit(b), k.merit(a)))
	})
	k.ask()
	for _, t := range r.Trials {
		k.curves[t.Arm] = append(k.curves[t.Arm], t)
	}
	for _, trials := range k.curves {
		slices.SortStableFunc(trials, func(a, b study.Trial) int { return cmp.Compare(a.Repeat, b.Repeat) })
	}
	k.decimals = k.precision(k.primary())
	return k
}

// effectOver is a contrast as an arm of so many repeats, without a mean and without costs.
func effectOver(c study.Contrast, repeats int) study.Judgement {
	j := study.Judgement{Arm: study.Arm{Name: c.Name}, Trials: repeats, Finding: c.Finding, Others: c.Others, Notes: c.Notes, Decides: c.Decides}
	j.Mean = nil
	return j
}

// ask fills in what the study is asked.
func (k *ranking) ask() {
	k.mixed = map[string][]string{}
	for _, c := range k.Contrasts {
		j := effectOver(c, k.Blocks)
		if len(c.Aliases) > 0 {
			k.mixed[c.Name] = c.Aliases
		}
		if c.Kind == study.Main {
			k.asked = append(k.asked, j)
		} else {
			k.beyond = append(k.beyond, j)
		}
	}
	if !k.contrasts() {
		k.asked = k.variants
		return
	}
	slices.SortStableFunc(k.asked, func(a, b study.Judgement) int { return cmp.Compare(k.merit(b), k.merit(a)) })
}

// contrasts tells whether the study is asked effects over several arms, and none of an arm less the baseline.
func (k ranking) contrasts() bool {
	return slices.ContainsFunc(k.Contrasts, func(c study.Contrast) bool { return c.Kind == study.Main })
}

// what is the word for what the study is asked.
func (k ranking) what() string {
	if k.contrasts() || len(k.Backbones) > 0 {
		return "effect"
	}
	return "variant"
}

// finest is the most decimals that a figure has.
const finest = 4

// precision is how many decimals a metric's figures have. Noise decides: the half-width of the typical interval has two digits up to 3.54 of
// its power of ten and one from there on, and all that stands beside it goes as far (Particle Data Group, Review of Particle Physics,
// Introduction 5.3). Where images are counted a mean over the repeats shows no finer. A claim whose interval would seem to reach 0 has
// as many more as show on which side it ends.
func (k ranking) precision(m task.Metric) int {
	var half, ends []float64
	for _, j := range k.asked {
		f := k.finding(j, m)
		if low, high, ok := bounds(f); ok {
			if high > low {
				half = append(half, (high-low)/2)
			}
			if claimed(f.Verdict) {
				ends = append(ends, min(math.Abs(low), math.Abs(high)))
			}
		}
	}
	places := func(x float64) int { return max(0, min(int(math.Ceil(-math.Log10(x)-1e-9)), finest)) }
	step := m.Step(k.Images) / float64(max(1, k.Blocks))
	d := 1
	switch {
	case len(half) > 0:
		d = places(median(half) / 3.55)
	case m.Unit != task.Points:
		d = 3
	}
	if step > 0 {
		d = min(d, places(step))
	}
	for _, e := range ends {
		for d < finest && e > 0 && e*math.Pow(10, float64(d)) < 0.5 {
			d++
		}
	}
	return d
}

// finding is what a metric says of an arm; of one that was not asked of it, nothing.
func (k ranking) finding(j study.Judgement, m task.Metric) study.Finding {
	if m.Name == k.primary().Name {
		return j.Finding
	}
	if f := j.Others[m.Name]; f != nil {
		return *f
	}
	return study.Finding{}
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

// outcome is what the metric of the headline is called: accuracy, AP50.
func (k ranking) outcome() string { return cmp.Or(k.primary().Title, k.Metric) }

// figure prints a value of a metric.
func (k ranking) figure(m task.Metric, v float64) string { return fixed(&v, k.precision(m)) }

// merit is an arm's effect where more is better, what the ranking goes by.
func (k ranking) merit(j study.Judgement) float64 {
	if j.Effect == nil {
		return math.Inf(-1)
	}
	return k.better() * *j.Effect
}

// better is -1 where less of the primary metric is better, else 1.
func (k ranking) better() float64 {
	if k.primary().Better < 0 {
		return -1
	}
	return 1
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

// rough reports whether training times were taken beside other work.
func (k ranking) rough() bool {
	return slices.ContainsFunc(k.Judged, func(j study.Judgement) bool { return j.SecondsRough })
}

// slower is how an arm's training time differs from the baseline's: to the tenth, behind "≈", where it is rough.
func (k ranking) slower(j study.Judgement) string {
	x, base := j.TrainSeconds, k.against(j).TrainSeconds
	if !k.rough() || !(x > 0) || !(base > 0) {
		return change(x, base)
	}
	return "\u2248" + change(max(1, math.Round(10*x/base)), 10)
}

// lasts is how long one training of an arm takes.
func (k ranking) lasts(j study.Judgement) string {
	if s := lasting(j.TrainSeconds); !k.rough() || s == nothing {
		return s
	}
	return "\u2248" + lasting(j.TrainSeconds)
}

// roughly is what a column of times adds to its head.
func (k ranking) roughly() string {
	if k.rough() {
		return ", rough"
	}
	return ""
}

func claimed(v study.Verdict) bool { return v == study.Helps || v == study.Hurts }

// all is the baseline and then the variants.
func (k ranking) all() []study.Judgement {
	var list []study.Judgement
	for b, base := range k.bases {
		list = append(list, base)
		for _, j := range k.variants {
			if k.backbone(j) == b {
				list = append(list, j)
			}
		}
	}
	return list
}

// backbone is the place of an arm's baseline among those of all backbones.
func (k ranking) backbone(j study.Judgement) int {
	return max(0, slices.IndexFunc(k.bases, func(b study.Judgement) bool { return b.Backbone == j.Backbone }))
}

// against is the baseline that an arm is compared with.
func (k ranking) against(j study.Judgement) study.Judgement {
	if len(k.bases) == 0 {
		return k.base
	}
	return k.bases[k.backbone(j)]
}

// paired is what a repeat of a variant shows against the baseline's of that repeat, for each repeat that has both.
func (k ranking) paired(j study.Judgement) []float64 {
	var d []float64
	base := k.against(j).Outcomes
	for s, y := range j.Outcomes {
		if y != nil && s < len(base) && base[s] != nil {
			d = append(d, *y-*base[s])
		}
	}
	return d
}

// domain is the range of effects that a forest plot shows: all intervals and 0, but no farther than lets the greater part
// of them be told apart. An arm that lies outside is drawn as an arrow at the edge, with its figures beside it as ever.
func (k ranking) domain() (low, high float64) {
	var reach []float64
	for _, j := range slices.Concat(k.asked, k.beyond) {
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
