package study

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/task"
)

// Judge says what the finished trials of r show to one who judges once and never again, who may spend the whole promise
// on it: it fills Delta and all that follows it in Result, from what stands before, by the rules of docs/statistics.md. A
// study that may grow is judged by [Ledger.Judge]. It is an error if r has no baseline, two trials for one cell, a trial
// of an unknown arm or without its metrics, no metric, or a block whose arms saw different images: then r is not changed. Missing
// and failed trials are no error.
func Judge(r *Result) error {
	t, err := tabulate(r)
	if err != nil {
		return err
	}
	t.begin(r)
	if r.Stopped == "" {
		r.Family = t.judged()
		now := t.ask(r, sight{level: alpha})
		t.tell(r, now)
		t.foretell(r, now, alpha, alpha)
		t.choose(r, now[0])
	}
	t.end(r)
	return nil
}

// sight is how a judgement looks: the chance of any false claim that it may spend, and how many arms besides those at
// hand were judged before, by kind of family.
type sight struct {
	level  float64
	absent map[string]int
}

// begin fills in what needs no judgement, and stops a study whose baseline diverged.
func (t *table) begin(r *Result) {
	r.Metrics, r.Metric = t.metrics, t.metrics[0].Name
	r.Images = t.images
	r.Delta = t.metrics[0].Delta(r.Meaningful, t.images)
	r.Judged, r.Contrasts, r.Caveats, r.Stopped = t.rows, t.contrasts(), nil, ""
	r.Looks, r.Family, r.NextLevel, r.Unplanned = []LookLine{}, 0, 0, nil
	r.Blocks, r.NoiseSD, r.BlockSD, r.ResidualDF, r.Detectable = t.blocks(), 0, 0, 0, 0
	r.Noise, r.DataSize, r.Backbones, r.Signs = nil, nil, nil, nil
	r.Winner, r.WinnerShrunk, r.Predicted, r.Choice = t.arms[0].Name, 0, nil, nil
	for _, b := range t.bases() {
		d := t.rows[b].Diverged
		if d == 0 {
			continue
		}
		which := "the " + BaselineName
		if b > 0 {
			which = t.arms[b].Name
		}
		r.Stopped = fmt.Sprintf("%s diverged in %s; lower its learning rate, give it a warm-up or train longer, then run the study again",
			which, counted(d, "repeat"))
	}
}

// ask judges every metric, a family each.
func (t *table) ask(r *Result, at sight) []findings {
	var now []findings
	for i, m := range t.metrics {
		o := outcome{Metric: m, sight: at, images: t.images, y: t.values[i]}
		if i == 0 {
			o.delta = r.Delta
			if r.NoiseFloor > 0 && !Foresee(m, max(1, t.judged()), r.Repeats, r.NoiseFloor, r.Meaningful, t.images).CanBeNone {
				o.delta = 0 // a verdict that these repeats could hardly reach is taken away before it is asked for
			}
		} else {
			o.delta = m.Delta(0, t.images)
		}
		now = append(now, o.judge(t))
	}
	return now
}

// tell writes findings into the arms' rows.
func (t *table) tell(r *Result, now []findings) {
	for v := range r.Judged {
		j := &r.Judged[v]
		j.Finding, j.Notes = now[0].of[v], append(j.Notes, now[0].notes[v]...)
		j.Others = map[string]*Finding{}
		for i, m := range t.metrics[1:] {
			f := now[i+1].of[v]
			j.Others[m.Name] = &f
		}
		remark(j, r.Delta)
	}
	for i := range r.Contrasts {
		c, q := &r.Contrasts[i], len(t.arms)+i
		c.Finding, c.Notes = now[0].of[q], append(c.Notes, now[0].notes[q]...)
		c.Others = map[string]*Finding{}
		for i, m := range t.metrics[1:] {
			f := now[i+1].of[q]
			c.Others[m.Name] = &f
		}
		c.Notes = append(c.Notes, small(c.Finding, r.Delta)...)
		if c.Kind == Main && len(c.Aliases) > 0 && (c.Verdict == Helps || c.Verdict == Hurts) {
			c.Notes = append(c.Notes, "or "+strings.Join(c.Aliases, ", ")+" does")
		}
	}
}

// end draws the conclusions that go by verdicts alone.
func (t *table) end(r *Result) {
	chooseWinner(r, float64(t.metrics[0].Better))
	forLess(r, float64(t.metrics[0].Better))
	if r.Stopped == "" {
		for v := range r.Judged {
			r.Judged[v].Grey = plateau(t, v, r.Delta)
			if r.Judged[v].Grey == "" && overfits(t, v) {
				r.Judged[v].Grey = overFitted
			}
		}
	}
	if r.Design.Kind == Sizes && r.Stopped == "" {
		r.DataSize = t.dataSize(r.Delta)
	}
	if len(r.Backbones) > 0 {
		r.Signs = signs(r)
	}
	r.Caveats = caveats(r, t)
}

// class is how an arm is judged.
type class int

const (
	family    class = iota // with the others, against the pooled residual; or by its own, where its spread differs
	baseline               // not at all
	derived                // by its own paired differences, Holm among its like
	diverging              // by how often it diverges
	identical              // not at all: it ended in the baseline's own weights
	absent                 // not at all: no finished trial
)

// kind is the family that an arm of the class is judged in, "" for none.
func (c class) kind() string {
	return map[class]string{family: effects, derived: evaluation, diverging: divergence}[c]
}

// table is the trials of a result by arm and block, with the baseline as arm 0.
type table struct {
	arms     []Arm
	home     []int // by arm, the baseline that it is compared with
	metrics  []task.Metric
	cells    [][]*Trial    // [arm][block], nil where there is no trial
	values   [][][]float64 // [metric][arm][block], NaN where not done
	outcomes [][]float64   // of these the primary metric
	class    []class
	rows     []Judgement
	asks     []question // an arm less the baseline at the arm's place, nothing asked of some; then the contrasts of the design
	whole    bool       // the design's effects rest on all arms
	awaits   bool       // some arm has not had its first look
	images   int        // of the smallest validation split; 0 before the first finished trial
}

func tabulate(r *Result) (*table, error) {
	base, err := r.Baseline()
	if err != nil {
		return nil, err
	}
	t := &table{arms: []Arm{base}, metrics: r.Metrics}
	if err := check(t.metrics); err != nil {
		return nil, fmt.Errorf("study %s: %w", r.Name, err)
	}
	index, ids := map[string]int{base.Name: 0}, map[string]string{base.identity(): base.Name}
	for _, a := range r.Arms {
		if a.Baseline && a.Name == base.Name {
			continue
		}
		if _, twice := index[a.Name]; twice || a.Baseline && a.Backbone == "" {
			return nil, fmt.Errorf("study %s: arm %q stands twice or is a second baseline; rename or remove it", r.Name, a.Name)
		}
		if twin, twice := ids[a.identity()]; twice {
			return nil, fmt.Errorf("study %s: arms %q and %q are the same; drop one", r.Name, twin, a.Name)
		}
		index[a.Name], ids[a.identity()] = len(t.arms), a.Name
		t.arms = append(t.arms, a)
	}
	t.home = homes(t.arms)
	blocks := 0
	for _, tr := range r.Trials {
		if _, ok := index[tr.Arm]; !ok || tr.Repeat < 1 {
			return nil, fmt.Errorf("study %s: trial of arm %q, repeat %d, is not of this study; remove it", r.Name, tr.Arm, tr.Repeat)
		}
		blocks = max(blocks, tr.Repeat)
	}
	t.values = make([][][]float64, len(t.metrics))
	for range t.arms {
		t.cells = append(t.cells, make([]*Trial, blocks))
		for i := range t.values {
			t.values[i] = append(t.values[i], missing(blocks))
		}
	}
	t.outcomes = t.values[0]
	for i := range r.Trials {
		tr := &r.Trials[i]
		v, s := index[tr.Arm], tr.Repeat-1
		if t.cells[v][s] != nil {
			return nil, fmt.Errorf("study %s: two trials of arm %q, repeat %d; keep one", r.Name, tr.Arm, tr.Repeat)
		}
		t.cells[v][s] = tr
		if tr.Status != Done {
			continue
		}
		m := len(tr.Images.IDs)
		for i, metric := range t.metrics {
			x, ok := tr.Metrics[metric.Name]
			if !ok || bad(x) {
				return nil, fmt.Errorf("study %s: arm %q, repeat %d, is done without a finite %s; mark it diverged", r.Name, tr.Arm, tr.Repeat, metric.Name)
			}
			t.values[i][v][s] = x
			if n := len(tr.Images.Columns[metric.Column]); m == 0 || n != m {
				return nil, fmt.Errorf("study %s: arm %q, repeat %d: %d images, %d values of %s; a trial keeps one of each validation image",
					r.Name, tr.Arm, tr.Repeat, m, n, metric.Column)
			}
		}
		if t.images == 0 || m < t.images {
			t.images = m
		}
	}
	if err := t.sameImages(r.Name); err != nil {
		return nil, err
	}
	for v := range t.arms {
		t.rows = append(t.rows, t.row(v))
		t.class = append(t.class, t.classify(v))
	}
	t.put(r)
	return t, nil
}

// sameImages checks that every arm of a block was evaluated on the same images in the same order.
func (t *table) sameImages(study string) error {
	for s := range t.cells[0] {
		firsts := map[int]*Trial{} // by baseline
		for v := range t.arms {
			c := t.cells[v][s]
			if c == nil || c.Status != Done {
				continue
			}
			if firsts[t.home[v]] == nil {
				firsts[t.home[v]] = c
			}
			first := firsts[t.home[v]]
			if c.Images.Set != first.Images.Set || !slices.Equal(c.Images.IDs, first.Images.IDs) {
				return fmt.Errorf("study %s: repeat %d: arms %q and %q saw different validation images; a block has one split, in one order",
					study, s+1, first.Arm, c.Arm)
			}
		}
	}
	return nil
}

// row counts an arm's trials.
func (t *table) row(v int) Judgement {
	j := Judgement{Arm: t.arms[v], Notes: []string{}, Outcomes: make([]*float64, len(t.cells[v]))}
	for s, c := range t.cells[v] {
		switch {
		case c == nil:
		case c.Status == Done:
			j.Trials++
			j.Outcomes[s] = new(t.outcomes[v][s])
		case c.Status == Diverged:
			j.Trials++
			j.Diverged++
		case c.Status == Failed:
			j.Failures++
		}
	}
	return j
}

func (t *table) classify(v int) class {
	switch j := t.rows[v]; {
	case v == t.home[v]:
		return baseline
	case j.Diverged > 0:
		return diverging
	case j.Trials == 0:
		return absent
	case t.endsAsBaseline(v):
		return identical
	case j.Derived:
		return derived
	}
	return family
}

// endsAsBaseline tells whether an arm ended in the baseline's weights and outcome wherever both finished: it had no
// effect at run time, and a test of it would only count noise that is not there.
func (t *table) endsAsBaseline(v int) bool {
	some := false
	for s, c := range t.cells[v] {
		b := t.cells[t.home[v]][s]
		if c == nil || b == nil || c.Status != Done || b.Status != Done {
			continue
		}
		if c.WeightsDigest == "" || c.WeightsDigest != b.WeightsDigest || t.outcomes[v][s] != t.outcomes[0][s] {
			return false
		}
		some = true
	}
	return some
}

// of lists the arms of a class.
func (t *table) of(c class) []int {
	var arms []int
	for v := range t.arms {
		if t.class[v] == c {
			arms = append(arms, v)
		}
	}
	return arms
}

// blocks counts the repeats in which at least two arms finished.
func (t *table) blocks() int {
	n := 0
	for s := range t.cells[0] {
		done := 0
		for v := range t.arms {
			if !math.IsNaN(t.outcomes[v][s]) {
				done++
			}
		}
		if done > 1 {
			n++
		}
	}
	return n
}

// pairs is how many repeats all arms of a question finished together.
func (t *table) pairs(q int) int {
	n := 0
	for s := range t.cells[0] {
		if !math.IsNaN(t.asks[q].of(t.outcomes, s)) {
			n++
		}
	}
	return n
}

// usualPairs is the pairs that half of the questions have, or more: a repeat that has only begun tells nothing of the others. An
// arm that diverged does not count.
func (t *table) usualPairs() int {
	var of []int
	for q, a := range t.asks {
		if a.family == effects || a.family == evaluation {
			of = append(of, t.pairs(q))
		}
	}
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}

// small is the note of a difference that is smaller than what matters.
func small(f Finding, delta float64) []string {
	if (f.Verdict == Helps || f.Verdict == Hurts) && f.Effect != nil && math.Abs(*f.Effect) < delta {
		return []string{"by less than you asked for"}
	}
	return nil
}

// remark adds to an arm's notes what its verdict, by itself, would not tell.
func remark(j *Judgement, delta float64) {
	j.Notes = append(j.Notes, small(j.Finding, delta)...)
	if j.Diverged > 0 {
		j.Notes = append(j.Notes, fmt.Sprintf("diverged in %d of %d repeats", j.Diverged, j.Trials))
	}
	if j.Failures > 0 {
		j.Notes = append(j.Notes, fmt.Sprintf("%s failed", counted(j.Failures, "repeat")))
	}
	if j.Trials == 0 && j.Failures == 0 {
		j.Notes = append(j.Notes, "not run yet")
	}
}

// chooseWinner names the arm with the largest effect among those that help, else the baseline. Having been chosen
// flatters it: its effect is shrunk towards 0 as far as all effects together are noise (James and Stein's estimator in
// its empirical Bayes form; Efron and Morris, "Stein's estimation rule and its competitors", JASA 68, 1973).
func chooseWinner(r *Result, better float64) {
	var square, noise, best, bestVar float64
	count := 0.0
	for _, j := range r.Judged {
		if j.Backbone != "" || j.Effect == nil || j.Method != "dunnett" && j.Method != "paired t" {
			continue
		}
		v := j.SeedSE*j.SeedSE + j.ImageSE*j.ImageSE
		square, noise, count = square+*j.Effect**j.Effect, noise+v, count+1
		if gain := better * *j.Effect; j.Verdict == Helps && gain > best {
			r.Winner, best, bestVar = j.Name, gain, v
		}
	}
	if count == 0 {
		combine(r, better)
	}
	if best > 0 {
		if real := max(0, (square-noise)/count); real+bestVar > 0 {
			r.WinnerShrunk = better * best * real / (real + bestVar)
		}
	}
}

// combine names, where the design asks no arm less the baseline, the variants that by the decided effects are best together, and the arm that
// was trained and has the largest sum of decided effects: of what no effect was decided for, nothing is expected. An interaction that was
// decided, and is mixed with no other, counts where both of its variants are there.
func combine(r *Result, better float64) {
	sum, of := map[string]float64{}, map[string]float64{}
	for _, c := range r.Contrasts {
		if c.Kind == Main && len(c.Of) == 1 && (c.Verdict == Helps || c.Verdict == Hurts) && c.Effect != nil {
			sum[c.Of[0]] += better * *c.Effect
			of[c.Of[0]]++
		}
	}
	for v, n := range of {
		sum[v] /= n
	}
	pairs := interactions(r)
	gain := func(arm []string) float64 { // over the mean of all combinations, the baseline's own taken off
		total := 0.0
		for _, v := range arm {
			total += sum[v]
		}
		for _, c := range pairs { // a difference of differences: half of it where both are there or both are not, less half where one is
			a, b := slices.Contains(arm, c.Of[0]), slices.Contains(arm, c.Of[1])
			if a != b {
				total -= better * *c.Effect / 2
			}
		}
		return total
	}
	best := r.best(sum, gain)
	top, trained := 0.0, len(best) == 0
	for _, j := range r.Judged {
		if g := gain(j.Of); g > top && j.Trials > j.Diverged {
			r.Winner, top = j.Name, g
			trained = len(j.Of) == len(best) && !slices.ContainsFunc(best, func(v string) bool { return !slices.Contains(j.Of, v) })
		}
	}
	if !trained {
		r.Predicted = best
	}
}

// interactions are those of two variants that were decided, where the design tells them from others.
func interactions(r *Result) []Contrast {
	var list []Contrast
	for _, c := range r.Contrasts {
		if c.Kind == Interaction && len(c.Of) == 2 && len(c.Aliases) == 0 && (c.Verdict == Helps || c.Verdict == Hurts) && c.Effect != nil {
			list = append(list, c)
		}
	}
	return list
}

// best are the variants that together have the largest gain, in the file's order: those whose effects speak for them, changed one by one as long
// as that gains, in which interactions may speak against or for another.
func (r *Result) best(sum map[string]float64, gain func([]string) float64) []string {
	in := map[string]bool{}
	for _, v := range r.Variants {
		in[v] = sum[v] > 0
	}
	list := func() []string {
		var of []string
		for _, v := range r.Variants {
			if in[v] {
				of = append(of, v)
			}
		}
		return of
	}
	for range len(r.Variants) * len(r.Variants) { // each turn gains, and there are few
		top, flip := gain(list())+1e-9, ""
		for _, v := range r.Variants {
			in[v] = !in[v]
			if g := gain(list()); g > top {
				top, flip = g, v
			}
			in[v] = !in[v]
		}
		if flip == "" {
			break
		}
		in[flip] = !in[flip]
	}
	return list()
}

func missing(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

func bad(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
