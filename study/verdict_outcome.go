package study

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/assaylab/assay/study/stat"
	"github.com/assaylab/assay/task"
)

// alpha is the promise: the chance of any false claim in a family, helps, hurts or none, whatever the true effects.
const alpha = 0.05

// spreadLevel is the level, over all arms, at which an arm's spread counts as different. To miss one costs honesty, and so does
// the search: at twice this level studies in which all arms vary alike err in 0.3 points more (docs/statistics.md).
const spreadLevel = 0.05

// outcome is one metric of a study in some sight.
type outcome struct {
	task.Metric
	sight
	delta  float64     // smallest effect that matters; 0: the verdict none is not to be had
	images int         // of one validation split
	y      [][]float64 // [arm][block], NaN where missing
}

// findings is what an outcome says of every question, by the table's numbering: arms at their places, contrasts behind them.
type findings struct {
	of      []Finding
	notes   [][]string
	delta   float64
	noiseSD float64 // residual of one trial, pooled
	blockSD float64
	df      int
	family  int           // questions in the first family of simultaneous intervals, the absent included
	noises  map[int]noise // by baseline

	together map[[2]int]float64 // covariances of effects that share the residual, seeds and images, by pairs of questions
}

// cov is the covariance of two effects, 0 where they do not share the residual.
func (f findings) cov(q, p int) float64 {
	if c, ok := f.together[[2]int{q, p}]; ok {
		return c
	}
	if q == p {
		return f.of[q].SeedSE*f.of[q].SeedSE + f.of[q].ImageSE*f.of[q].ImageSE
	}
	return 0
}

// noise is the residual of one trial about its block, standard deviation and degrees of freedom.
type noise struct {
	sd float64
	df int
}

// The kinds of families, each of which has the level of the look to itself.
const (
	effects    = "effects"    // the simultaneous intervals
	beyond     = "beyond"     // interactions and deficit
	evaluation = "derived"    // other evaluations of the baseline's own trainings
	divergence = "divergence" // how often training breaks down
)

// judge puts every question where it belongs and judges it there.
func (o outcome) judge(t *table) findings {
	k := len(t.asks)
	f := findings{of: make([]Finding, k), notes: make([][]string, k), delta: o.delta, together: map[[2]int]float64{}, noises: map[int]noise{}}
	for v := range t.arms {
		if done := finite(o.y[v]); len(done) > 0 {
			f.of[v].Mean = new(stat.Mean(done))
		}
	}
	images := o.imageTerms(t)
	bases := t.bases()
	for _, base := range bases {
		pool, uneven := o.pool(t, base)
		apart := func(q int) bool {
			return t.asks[q].rests(func(arm int) bool {
				return slices.Contains(uneven, arm) || arm == base && len(uneven) > 0 && len(pool) == 0
			})
		}
		for _, kind := range []string{effects, beyond} {
			every := t.questions(kind)
			_, here := split(every, func(q int) bool { return t.asks[q].home == base })
			shared, own := split(here, apart)
			size, level, absent := len(every)+o.absent[kind], o.level, o.absent[kind]
			if kind == effects {
				f.family = size
			}
			if len(bases) > 1 { // each backbone has the share of its questions, and those that are absent keep theirs
				level, absent, size = o.level*float64(len(here))/float64(max(1, size)), 0, len(here)
			}
			// Questions of arms that left the pool take their share of the level with them, so that the whole stays at it.
			rate := level * float64(len(own)) / float64(max(1, size))
			o.judgePool(t, &f, base, pool, shared, images, level-rate, absent)
			o.judgeOwn(t, &f, own, images, rate, 0, "its spread differs: judged by its own differences")
		}
	}
	o.judgeOwn(t, &f, t.questions(evaluation), images, o.level, o.absent[evaluation], "")
	o.judgeDiverging(t, &f, t.questions(divergence), images)
	for _, v := range t.of(identical) {
		if t.asks[v].weights == nil {
			continue
		}
		f.notes[v] = []string{"had no effect at run time"}
		f.of[v] = Finding{Mean: f.of[v].Mean, Effect: new(0.0), Low: new(0.0), High: new(0.0), InnerLow: new(0.0), InnerHigh: new(0.0), P: new(1.0),
			Verdict: None, Method: "identical"}
	}
	few := t.rarest(o.Metric)
	for q := range f.of {
		if math.IsInf(f.of[q].DF, 0) {
			f.of[q].DF = 0
		}
		if e := f.of[q]; few > 0 && few < leastOfClass && e.Low != nil && e.Method != "identical" { // shown, and no more
			f.of[q] = Finding{Mean: e.Mean, Effect: e.Effect, SeedSE: e.SeedSE, ImageSE: e.ImageSE, DF: e.DF}
		}
		if t.rows[0].Trials < 2 { // one repeat: effects are shown, verdicts are not
			f.of[q].Verdict = ""
		}
	}
	return f
}

// split divides a list by what holds of its items.
func split(list []int, is func(int) bool) (not, these []int) {
	for _, x := range list {
		if is(x) {
			these = append(these, x)
		} else {
			not = append(not, x)
		}
	}
	return not, these
}

// pool divides the family into arms that share one residual and arms whose spread differs. Brown and Forsythe's test of
// each arm against the rest, Bonferroni over arms, is trusted from five repeats; while it rejects, the arm with the least
// p-value leaves. They are compared with one baseline. If that is the one to leave, no difference is free of it, and every arm is judged by its own. Where every effect rests
// on all arms alike, the pooled residual is the right one whatever the spreads: none leaves.
func (o outcome) pool(t *table, base int) (pool, uneven []int) {
	_, pool = split(t.of(family), func(v int) bool { return t.home[v] == base })
	if t.whole {
		return slices.Sorted(slices.Values(slices.Concat(pool, t.of(identical)))), nil
	}
	for len(pool) > 0 {
		rows := o.rows(append([]int{base}, pool...))
		l, err := stat.Fit(rows)
		if err != nil {
			return pool, uneven
		}
		groups := make([][]float64, len(rows))
		for i, r := range l.Residuals {
			if groups[i] = finite(r); len(groups[i]) < 5 {
				return pool, uneven
			}
		}
		odd, least := 0, 1.0
		for i := range groups {
			if _, p := stat.BrownForsythe(groups, i); p < least {
				odd, least = i, p
			}
		}
		if !(least*float64(len(groups)) < spreadLevel) {
			return pool, uneven
		}
		if odd == 0 {
			return nil, append(uneven, pool...)
		}
		uneven = append(uneven, pool[odd-1])
		pool = append(pool[:odd-1:odd-1], pool[odd:]...)
	}
	return pool, uneven
}

// judgePool judges the questions whose arms share the residual by simultaneous intervals, Dunnett's where each is an arm less the
// baseline, each with degrees of freedom of its own where image terms differ (Hasler and Hothorn, "Multiple contrast tests in the
// presence of heteroscedasticity", Biometrical Journal 50, 2008). Questions that were judged before and are not here any more count as absent.
func (o outcome) judgePool(t *table, f *findings, base int, pool, questions []int, images stat.ImageTerms, rate float64, absent int) {
	l, err := stat.Fit(o.rows(append([]int{base}, pool...)))
	if err != nil {
		return
	}
	if l.DF > 0 {
		l.Variance = max(l.Variance, o.Floor(o.images))
		if f.noises[base] = (noise{math.Sqrt(l.Variance), l.DF}); base == 0 {
			f.noiseSD, f.blockSD, f.df = math.Sqrt(l.Variance), math.Sqrt(l.BlockVar), l.DF
		}
	}
	var in []int            // of the questions those that can be told
	var weights [][]float64 // by place in l
	for _, q := range questions {
		w := make([]float64, len(pool)+1)
		w[0] = t.asks[q].weights[base]
		effect := 0.0
		for i, v := range pool {
			if w[i+1] = t.asks[q].weights[v]; w[i+1] != 0 {
				effect += w[i+1] * l.Effects[i+1]
			}
		}
		switch {
		case !math.IsNaN(effect):
			f.of[q].Effect = new(effect)
			in, weights = append(in, q), append(weights, w)
		case q < len(t.arms):
			f.notes[q] = append(f.notes[q], "no repeat in common with the baseline")
		default:
			f.notes[q] = append(f.notes[q], "its arms have too few repeats in common")
		}
	}
	if l.DF < 1 || !(l.Variance > 0) || len(in) == 0 {
		return
	}
	seeds, both := make([][]float64, len(in)), make([][]float64, len(in))
	for a, q := range in {
		for b, p := range in {
			seed := l.Variance * quadratic(weights[a], l.Cov, weights[b])
			seeds[a] = append(seeds[a], seed)
			both[a] = append(both[a], seed+images.Cov[q][p])
			f.together[[2]int{q, p}] = both[a][b]
		}
	}
	outer := stat.NewFamily(both, absent)
	inner := outer.Inner()
	bySeeds := sync.OnceValue(func() float64 { return stat.NewFamily(seeds, absent).Critical(1-rate, float64(l.DF)) })
	alone := stat.StudentCritical(1-rate, float64(l.DF)) // never more than that of the family
	for a, q := range in {
		e := &f.of[q]
		e.SeedSE, e.ImageSE = math.Sqrt(seeds[a][a]), math.Sqrt(both[a][a]-seeds[a][a])
		e.DF = stat.Satterthwaite(seeds[a][a], float64(l.DF), both[a][a]-seeds[a][a], images.VarVar[q])
		se := math.Sqrt(both[a][a])
		o.conclude(e, se, outer.Critical(1-rate, e.DF), inner.Critical(1-rate, e.DF))
		e.P = new(min(1, outer.P(*e.Effect/se, e.DF)*o.level/rate))
		e.Method = "multivariate t"
		if q < len(t.arms) {
			e.Method = "dunnett"
		}
		if math.Abs(*e.Effect) > alone*e.SeedSE && math.Abs(*e.Effect) > bySeeds()*e.SeedSE {
			f.notes[q] = append(f.notes[q], o.onTheseImages(t, e)...)
		}
	}
}

// quadratic is a' C b.
func quadratic(a []float64, c [][]float64, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		if x == 0 {
			continue
		}
		for j, y := range b {
			if y != 0 {
				sum += x * y * c[i][j]
			}
		}
	}
	return sum
}

// judgeOwn judges questions by their own values in each repeat, Holm among themselves and the absent at the rate given. The
// interval of an arm is at the level at which Holm tests it, so that it excludes 0 exactly where Holm rejects. Where none
// can be had, all stay at the first level: arms that were rightly told different would else hand their share to an arm of
// the same true effect that was drawn low, and so is next to be told, falsely, to have none.
func (o outcome) judgeOwn(t *table, f *findings, questions []int, images stat.ImageTerms, rate float64, absent int, why string) {
	var judged []int
	var p []float64
	for _, v := range questions {
		if why != "" {
			f.notes[v] = append(f.notes[v], why)
		}
		if e := &f.of[v]; o.pair(t, e, v, images) {
			judged = append(judged, v)
			p = append(p, stat.Student(*e.Effect/math.Hypot(e.SeedSE, e.ImageSE), e.DF))
		}
	}
	all := slices.Concat(p, slices.Repeat([]float64{1}, absent))
	levels, adjusted := stat.Holm(all, rate)
	for i, v := range judged {
		if o.delta > 0 {
			levels[i], adjusted[i] = rate/float64(len(all)), min(1, p[i]*float64(len(all)))
		}
		e := &f.of[v]
		o.conclude(e, math.Hypot(e.SeedSE, e.ImageSE), stat.StudentCritical(1-levels[i], e.DF), stat.StudentCritical(1-2*levels[i], e.DF))
		e.P = new(min(1, adjusted[i]*o.level/rate))
		e.Method = "paired t"
	}
}

// judgeDiverging judges arms that diverged by how often: the exact test against the baseline, Holm among the arms that
// it could reject at all, given how many runs diverged (Tarone, "A modified Bonferroni method for discrete data",
// Biometrics 46, 1990). What finished runs gained is told beside it as conditional and never makes a verdict: an arm
// that survives where it is lucky looks better than it is.
func (o outcome) judgeDiverging(t *table, f *findings, arms []int, images stat.ImageTerms) {
	var can []int
	var p []float64
	for _, v := range arms {
		e := Finding{Mean: f.of[v].Mean, Method: "exact test", Level: o.level}
		c := e // the conditional comparison, worked out apart: it is no part of the finding
		if o.pair(t, &c, v, images) {
			e.Conditional = c.alone()
		} else if c.Effect != nil {
			e.Conditional = &Interval{Effect: *c.Effect}
		}
		e.Verdict = Undecided
		base := t.rows[t.home[v]].Trials
		one := stat.FisherMore(t.rows[v].Diverged, t.rows[v].Trials, 0, base)
		if base == 0 {
			one, e.Verdict = 1, ""
		}
		e.P = new(one)
		if one <= o.level {
			can, p = append(can, v), append(p, one)
		}
		f.of[v] = e
	}
	_, adjusted := stat.Holm(slices.Concat(p, slices.Repeat([]float64{1}, o.absent[divergence])), o.level)
	for i, v := range can {
		f.of[v].P = new(adjusted[i])
		if adjusted[i] <= o.level {
			f.of[v].Verdict = Hurts
		}
	}
}

// alone is an effect with its own 95 % interval, whatever the family; without bounds where there is no standard error.
func (e Finding) alone() *Interval {
	in := &Interval{Effect: *e.Effect}
	if se := math.Hypot(e.SeedSE, e.ImageSE); se > 0 && e.DF > 0 {
		half := stat.StudentCritical(0.95, e.DF) * se
		in.Low, in.High = new(*e.Effect-half), new(*e.Effect+half)
	}
	return in
}

// pair fills effect and standard errors of a question from its own values in each repeat; false where fewer than two, or values that
// do not vary, leave nothing to judge by.
func (o outcome) pair(t *table, e *Finding, q int, images stat.ImageTerms) bool {
	d := []float64{}
	for s := range t.cells[0] {
		if x := t.asks[q].of(o.y, s); !math.IsNaN(x) {
			d = append(d, x)
		}
	}
	if len(d) == 0 {
		return false
	}
	mean, variance, df := stat.Paired(d)
	e.Effect = new(mean)
	if len(d) < 2 {
		return false
	}
	variance = max(variance, t.asks[q].scale()*o.Floor(o.images)/float64(len(d)))
	image := images.Cov[q][q]
	e.SeedSE, e.ImageSE, e.DF = math.Sqrt(variance), math.Sqrt(image), stat.Satterthwaite(variance, df, image, images.VarVar[q])
	return variance > 0
}

// conclude sets both intervals and the verdict that follows from them, and from nothing else.
func (o outcome) conclude(e *Finding, se, outer, inner float64) {
	x := *e.Effect
	e.Low, e.High = new(x-outer*se), new(x+outer*se)
	e.InnerLow, e.InnerHigh = new(x-inner*se), new(x+inner*se)
	e.Level = o.level
	switch {
	case *e.Low > 0 && o.Better > 0, *e.High < 0 && o.Better < 0:
		e.Verdict = Helps
	case *e.Low > 0, *e.High < 0:
		e.Verdict = Hurts
	case o.delta > 0 && *e.InnerLow > -o.delta && *e.InnerHigh < o.delta:
		e.Verdict = None
	default:
		e.Verdict = Undecided
	}
}

// onTheseImages is the note of an arm that differs as far as seeds go, but not for certain on other images.
func (o outcome) onTheseImages(t *table, e *Finding) []string {
	if e.Verdict != Undecided && e.Verdict != None {
		return nil
	}
	word := "better"
	if *e.Effect*float64(o.Better) < 0 {
		word = "worse"
	}
	return []string{fmt.Sprintf("%s on these %d images, not for certain on others", word, t.images)}
}

// imageTerms estimates the image term of every question's effect from the repeats that recorded it. Of questions about unlike baselines,
// which are judged apart, there is no covariance.
func (o outcome) imageTerms(t *table) stat.ImageTerms {
	bases := t.bases()
	all := o.imageTermsOf(t, bases[0])
	for _, base := range bases[1:] {
		x := o.imageTermsOf(t, base)
		for q, a := range t.asks {
			if a.home == base {
				all.VarVar[q] = x.VarVar[q]
				copy(all.Cov[q], x.Cov[q])
			}
		}
	}
	return all
}

func (o outcome) imageTermsOf(t *table, base int) stat.ImageTerms {
	var blocks []stat.ImageBlock
	for s := range t.cells[base] {
		b := t.cells[base][s]
		if b == nil || b.Status != Done {
			continue
		}
		block := stat.ImageBlock{Set: b.Images.Set, IDs: b.Images.IDs, Diff: make([][]float64, len(t.asks))}
		for q, a := range t.asks {
			if a.weights == nil || a.home != base || a.rests(func(arm int) bool { c := t.cells[arm][s]; return c == nil || c.Status != Done }) {
				continue
			}
			d := make([]float64, len(block.IDs))
			for v, w := range a.weights {
				if w != 0 {
					for i, x := range t.cells[v][s].Images.Columns[o.Column] {
						d[i] += w * float64(x)
					}
				}
			}
			for i := range d {
				d[i] *= o.Scale
			}
			block.Diff[q] = d
		}
		blocks = append(blocks, block)
	}
	terms := stat.EstimateImages(blocks, len(t.asks))
	if few := t.rarest(o.Metric); few > 0 {
		terms.AtMost(float64(few - 1)) // all that images vary by may be the rarest class's
	}
	return terms
}

// leastOfClass is in how many images of a split each class must be for a verdict on a mean over classes. In two, what arms differ by on these images is
// told from chance so badly that 10 % of the studies in which nothing differs made a claim; see the table "average precision" of internal/simulate.
const leastOfClass = 5

// rarest is in how many images of a split the rarest class is, the least of all repeats; 0 where the metric has no such column, or no class.
func (t *table) rarest(m task.Metric) int {
	least := 0
	for _, arm := range t.cells {
		for _, c := range arm {
			if m.Rarest == "" || c == nil || c.Status != Done {
				continue
			}
			for _, n := range c.Images.Columns[m.Rarest] {
				if n > 0 && (least == 0 || int(n) < least) {
					least = int(n)
				}
			}
		}
	}
	return least
}

// rows picks arms of y.
func (o outcome) rows(arms []int) [][]float64 {
	y := make([][]float64, len(arms))
	for i, v := range arms {
		y[i] = o.y[v]
	}
	return y
}

func finite(x []float64) []float64 {
	var out []float64
	for _, v := range x {
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}
