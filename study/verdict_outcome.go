package study

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/study/stat"
)

// alpha is the stated rate: the chance that a family of variants without effect yields any claim of a difference.
const alpha = 0.05

// spreadLevel is the level, over all arms, at which an arm's spread counts as different. It is above alpha since to miss
// one costs honesty and to leave the pool without need costs only power.
const spreadLevel = 0.10

// outcome is one thing that arms are compared by: accuracy in points, or log loss.
type outcome struct {
	better   float64                         // +1 where more is better, -1 where less is
	delta    float64                         // smallest effect that matters; 0: the verdict none is not to be had
	floor    float64                         // least residual variance of one trial that is believed
	y        [][]float64                     // [arm][block], NaN where missing
	perImage func(p PerImage, i int) float64 // score of image i, whose mean over images is y
}

// findings is what an outcome says of every arm, by table's numbering.
type findings struct {
	of      []Finding
	method  []string
	notes   [][]string
	noiseSD float64 // residual of one trial, pooled
	blockSD float64
	df      int
	family  int // variants in the family of simultaneous intervals
}

// judge puts every arm where it belongs and judges it there.
func (o outcome) judge(t *table) findings {
	k := len(t.arms)
	f := findings{of: make([]Finding, k), method: make([]string, k), notes: make([][]string, k)}
	for v := range t.arms {
		if done := finite(o.y[v]); len(done) > 0 {
			f.of[v].Mean = new(stat.Mean(done))
		}
	}
	images := o.imageTerms(t)
	pool, uneven := o.pool(t)
	f.family = len(pool) + len(uneven)
	all := float64(max(1, f.family))
	// Arms that left the pool take their share of the stated rate with them, so that the whole stays at it.
	o.judgePool(t, &f, pool, images, alpha*float64(len(pool))/all)
	o.judgeOwn(&f, uneven, images, alpha*float64(len(uneven))/all, "its spread differs: judged by its own differences")
	o.judgeOwn(&f, t.of(derived), images, alpha, "")
	o.judgeDiverging(t, &f, t.of(diverging), images)
	for _, v := range t.of(identical) {
		f.method[v], f.notes[v] = "identical", []string{"had no effect at run time"}
		f.of[v] = Finding{Mean: f.of[v].Mean, Effect: new(0.0), Low: new(0.0), High: new(0.0), Low90: new(0.0), High90: new(0.0), P: new(1.0), Verdict: None}
	}
	if t.rows[0].Trials < 2 { // one repeat: effects are shown, verdicts are not
		for v := range f.of {
			f.of[v].Verdict = ""
		}
	}
	return f
}

// pool divides the family into arms that share one residual and arms whose spread differs. Brown and Forsythe's test of
// each arm against the rest, Bonferroni over arms, is trusted from five repeats; while it rejects, the arm with the least
// p-value leaves. If that is the baseline, no difference is free of it, and every arm is judged by its own.
func (o outcome) pool(t *table) (pool, uneven []int) {
	pool = t.of(family)
	for len(pool) > 0 {
		rows := o.rows(append([]int{0}, pool...))
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

// judgePool judges the arms that share the residual by Dunnett's simultaneous intervals, each with degrees of freedom
// of its own where image terms differ (Hasler and Hothorn, "Multiple contrast tests in the presence of
// heteroscedasticity", Biometrical Journal 50, 2008).
func (o outcome) judgePool(t *table, f *findings, pool []int, images stat.ImageTerms, rate float64) {
	l, err := stat.Fit(o.rows(append([]int{0}, pool...)))
	if err != nil {
		return
	}
	if l.DF > 0 {
		l.Variance = max(l.Variance, o.floor)
		f.noiseSD, f.blockSD, f.df = math.Sqrt(l.Variance), math.Sqrt(l.BlockVar), l.DF
	}
	var in []int // places in l of the arms that can be compared
	for i := range pool {
		if e := l.Effects[i+1]; !math.IsNaN(e) {
			f.of[pool[i]].Effect = new(e)
			in = append(in, i+1)
		} else {
			f.notes[pool[i]] = append(f.notes[pool[i]], "no repeat in common with the baseline")
		}
	}
	if l.DF < 1 || !(l.Variance > 0) || len(in) == 0 {
		return
	}
	seeds, both := make([][]float64, len(in)), make([][]float64, len(in))
	for a, i := range in {
		for _, j := range in {
			seed := l.Variance * l.Cov[i][j]
			seeds[a] = append(seeds[a], seed)
			both[a] = append(both[a], seed+images.Cov[pool[i-1]][pool[j-1]])
		}
	}
	seedFamily, fam := stat.NewFamily(seeds), stat.NewFamily(both)
	seedCritical := seedFamily.Critical(1-rate, float64(l.DF))
	for a, i := range in {
		v := pool[i-1]
		e := &f.of[v]
		e.SeedSE, e.ImageSE = math.Sqrt(seeds[a][a]), math.Sqrt(both[a][a]-seeds[a][a])
		e.DF = stat.Satterthwaite(seeds[a][a], float64(l.DF), both[a][a]-seeds[a][a], images.VarVar[v])
		se := math.Sqrt(both[a][a])
		o.conclude(e, se, fam.Critical(1-rate, e.DF), fam.Critical(1-2*rate, e.DF))
		e.P = new(min(1, fam.P(*e.Effect/se, e.DF)*alpha/rate))
		f.method[v] = "dunnett"
		f.notes[v] = append(f.notes[v], o.onTheseImages(t, e, seedCritical*e.SeedSE)...)
	}
}

// judgeOwn judges arms by their own paired differences, Holm among themselves at the rate given. The interval of an arm
// is at the level at which Holm tests it, so that it excludes 0 exactly where Holm rejects.
func (o outcome) judgeOwn(f *findings, arms []int, images stat.ImageTerms, rate float64, why string) {
	var judged []int
	var p []float64
	for _, v := range arms {
		if why != "" {
			f.notes[v] = append(f.notes[v], why)
		}
		if e := &f.of[v]; o.pair(e, v, images) {
			judged = append(judged, v)
			p = append(p, stat.Student(*e.Effect/math.Hypot(e.SeedSE, e.ImageSE), e.DF))
		}
	}
	levels, adjusted := stat.Holm(p, rate)
	for i, v := range judged {
		e := &f.of[v]
		o.conclude(e, math.Hypot(e.SeedSE, e.ImageSE), stat.StudentCritical(1-levels[i], e.DF), stat.StudentCritical(1-2*levels[i], e.DF))
		e.P = new(min(1, adjusted[i]*alpha/rate))
		f.method[v] = "paired t"
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
		e := Finding{Mean: f.of[v].Mean}
		c := e // the conditional comparison, worked out apart: it is no part of the finding
		if o.pair(&c, v, images) {
			half := stat.StudentCritical(1-alpha, c.DF) * math.Hypot(c.SeedSE, c.ImageSE)
			e.Conditional = &Interval{Effect: *c.Effect, Low: new(*c.Effect - half), High: new(*c.Effect + half)}
		} else if c.Effect != nil {
			e.Conditional = &Interval{Effect: *c.Effect}
		}
		e.Verdict = Undecided
		one := stat.FisherMore(t.rows[v].Diverged, t.rows[v].Trials, 0, t.rows[0].Trials)
		if t.rows[0].Trials == 0 {
			one, e.Verdict = 1, ""
		}
		e.P = new(one)
		if one <= alpha {
			can, p = append(can, v), append(p, one)
		}
		f.of[v], f.method[v] = e, "exact test"
	}
	_, adjusted := stat.Holm(p, alpha)
	for i, v := range can {
		f.of[v].P = new(adjusted[i])
		if adjusted[i] <= alpha {
			f.of[v].Verdict = Hurts
		}
	}
}

// pair fills effect and standard errors of an arm from its own differences; false where fewer than two pairs, or pairs
// that do not vary, leave nothing to judge by.
func (o outcome) pair(e *Finding, v int, images stat.ImageTerms) bool {
	var d []float64
	for s := range o.y[v] {
		if x := o.y[v][s] - o.y[0][s]; !math.IsNaN(x) {
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
	variance = max(variance, 2*o.floor/float64(len(d)))
	image := images.Cov[v][v]
	e.SeedSE, e.ImageSE, e.DF = math.Sqrt(variance), math.Sqrt(image), stat.Satterthwaite(variance, df, image, images.VarVar[v])
	return variance > 0
}

// conclude sets both intervals and the verdict that follows from them, and from nothing else.
func (o outcome) conclude(e *Finding, se, c95, c90 float64) {
	x := *e.Effect
	e.Low, e.High = new(x-c95*se), new(x+c95*se)
	e.Low90, e.High90 = new(x-c90*se), new(x+c90*se)
	switch {
	case *e.Low > 0 && o.better > 0, *e.High < 0 && o.better < 0:
		e.Verdict = Helps
	case *e.Low > 0, *e.High < 0:
		e.Verdict = Hurts
	case o.delta > 0 && *e.Low90 > -o.delta && *e.High90 < o.delta:
		e.Verdict = None
	default:
		e.Verdict = Undecided
	}
}

// onTheseImages is the note of an arm that differs as far as seeds go, but not for certain on other images.
func (o outcome) onTheseImages(t *table, e *Finding, half float64) []string {
	if e.Verdict != Undecided && e.Verdict != None || math.Abs(*e.Effect) <= half {
		return nil
	}
	word := "better"
	if *e.Effect*o.better < 0 {
		word = "worse"
	}
	return []string{fmt.Sprintf("%s on these %d images, not for certain on others", word, t.images)}
}

// imageTerms estimates the image term of every arm's effect from the blocks that recorded it.
func (o outcome) imageTerms(t *table) stat.ImageTerms {
	var blocks []stat.ImageBlock
	for s := range t.cells[0] {
		b := t.cells[0][s]
		if b == nil || b.Status != Done {
			continue
		}
		block := stat.ImageBlock{IDs: b.Images.IDs, Diff: make([][]float64, len(t.arms))}
		for v := 1; v < len(t.arms); v++ {
			c := t.cells[v][s]
			if c == nil || c.Status != Done {
				continue
			}
			d := make([]float64, len(block.IDs))
			for i := range d {
				d[i] = o.perImage(c.Images, i) - o.perImage(b.Images, i)
			}
			block.Diff[v] = d
		}
		blocks = append(blocks, block)
	}
	return stat.EstimateImages(blocks, len(t.arms))
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
