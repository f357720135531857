package study

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study/stat"
)

// fewOfClass is how many images of a class make intervals wider by a tenth or more: Student's 97.5 % point at 9 degrees of freedom is 2.26.
const fewOfClass = 10

// caveats are the sentences that stand under the table: what a careful reader would ask first.
func caveats(r *Result, t *table) []string {
	var c []string
	say := func(format string, args ...any) { c = append(c, fmt.Sprintf(format, args...)) }

	unit := t.metrics[0].Unit
	if r.Stopped != "" {
		say("no verdicts: %s", r.Stopped)
	}
	if t.rows[0].Trials == 1 && r.Blocks > 0 && r.Stopped == "" {
		say("one repeat: effects without verdicts, since nothing tells how much two runs of one arm differ; two repeats or more would")
	}
	if t.awaits {
		say("variants without a look show effects and no verdicts: a look is taken where a run reaches its end, and spends some of the errors that the study may make")
	}
	if g := t.greyed(r, underTrained); g != "" {
		say("%s not trained out (under-trained): twice the epochs would gain what matters, or the curve still rose at a rate that does not fall; a longer schedule may change these", g)
	}
	if g := t.greyed(r, overLong); g != "" {
		say("%s at best in the first tenth of training (over-long); a shorter schedule or a lower learning rate may change these", g)
	}
	if g := t.greyed(r, overFitted); g != "" {
		say("%s past the best of its log loss while training loss fell (over-fitted); augmentation, weight decay or fewer epochs may change these", g)
	}
	if limit, ok := t.imageLimit(r); ok {
		say("%d validation images cannot tell effects of %.2g %s whatever the repeats; about %d would", t.images, r.Delta, unit, limit)
	}
	switch few := t.rarest(t.metrics[0]); {
	case few == 0 || few > fewOfClass:
	case few < LeastOfClass:
		say("no verdicts on %s, a mean over classes: a class is in %s of a validation split alone, and %d are the least that tell it from chance; validate on more images, or merge or leave out such classes", t.metrics[0].Title, counted(few, "image"), LeastOfClass)
	default:
		say("a class is in %s of a validation split alone: intervals of %s are as wide as so few allow; more images of it narrow them", counted(few, "image"), t.metrics[0].Title)
	}
	for v, j := range r.Judged {
		if j.Failures > 0 {
			say("%s: %s failed (%s); what remains is compared within its repeats", t.arms[v].Name, counted(j.Failures, "repeat"), t.reason(v))
		}
	}
	if r.Predicted != nil {
		say("by the effects found, %s together would be best: predicted, not trained%s", strings.Join(r.Predicted, " + "), beside(r))
	}
	for _, line := range t.divergence(r.Variants) {
		say("%s", line)
	}
	if names := t.names(diverging); names != "" && !t.whole {
		say("%s diverged in some repeats: judged by how often, apart from the others", names)
	}
	if names, theirs, others := t.restless(r); len(names) > 0 {
		verb, makes, whom := "varies", "makes", "it"
		if len(names) > 1 {
			verb, makes, whom = "vary", "make", "them"
		}
		say("%s %s by %.2g %s between repeats, the other arms by %.2g, and %s most of the noise of all effects: a lower learning rate, clipped gradients or batch norm in the base may steady %s",
			listed(names), verb, theirs, unit, others, makes, whom)
	}
	if names := t.names(identical); names != "" {
		say("%s ended in the baseline's own weights and had no effect at run time", names)
	}
	// The residual above what the noise floor allows: the scale of one of them is not believed (χ² test).
	if r.NoiseFloor > 0 && r.ResidualDF > 0 {
		df := float64(r.ResidualDF)
		if ratio := r.NoiseSD * r.NoiseSD / (r.NoiseFloor * r.NoiseFloor); (distuv.ChiSquared{K: df}).Survival(ratio*df) < alpha {
			say("runs vary by %.2g %s within a repeat where the noise floor is %.2g; an arm's spread may differ", r.NoiseSD, unit, r.NoiseFloor)
		}
	}
	if slices.ContainsFunc(t.arms, func(a Arm) bool { return a.SecondsRough }) {
		say("training times were taken beside other work and are rough; run the study again on a quiet machine, which times them anew and trains nothing")
	}
	switch within, all := t.engines(); {
	case within > 1:
		say("a repeat mixes engines, so that its arms differ by rounding too; run it again on one machine")
	case all > 1:
		say("repeats ran on %d engines, each repeat on one", all)
	}
	switch {
	case r.Test != nil && r.Test.Reading > 1:
		say("%s reading of this test split; each choice made after an earlier one makes it less of a test", ordinal(r.Test.Reading))
	case r.Test == nil && r.Winner != t.arms[0].Name && r.WinnerShrunk == 0:
		say("the winner is the arm, of those trained, whose decided effects add up to most; its own figure is on validation, where it was chosen")
	case r.Test == nil && r.Winner != t.arms[0].Name:
		say("the winner's figure is on validation, where it was chosen; its effect is nearer %+.2g %s once that is allowed for", r.WinnerShrunk, unit)
	}
	return c
}

// greyed names the arms of which a doubt holds, the baseline and "all" in words, with their verb.
func (t *table) greyed(r *Result, doubt string) string {
	var names []string
	for v, j := range r.Judged {
		if j.Grey == doubt {
			if v == 0 {
				names = append(names, "the baseline")
			} else {
				names = append(names, j.Name)
			}
		}
	}
	switch n := len(names); {
	case n == 0:
		return ""
	case n == 1:
		return names[0] + " was"
	case n == len(t.arms):
		return "all arms were"
	case n > 4:
		return fmt.Sprintf("%s and %d others were", names[0], n-1)
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " were"
	}
}

// imageLimit tells how many validation images would let the typical undecided or image-bound arm reach delta, where
// those there are do not: their own half-width, seeds left aside, is above it.
func (t *table) imageLimit(r *Result) (int, bool) {
	var vars []float64
	for _, j := range r.Judged {
		if j.Method == "dunnett" {
			vars = append(vars, j.ImageSE*j.ImageSE)
		}
	}
	if len(vars) == 0 || r.Delta <= 0 {
		return 0, false
	}
	c := stat.ManyToOne(len(vars)).Critical(1-alpha, math.Inf(1))
	typical := c * c * stat.Median(vars)
	if typical <= r.Delta*r.Delta {
		return 0, false
	}
	images := float64(t.images) * typical / (r.Delta * r.Delta)
	digit := math.Pow(10, math.Floor(math.Log10(images))-1) // two figures are all that this estimate is worth
	return int(math.Ceil(images/digit) * digit), true
}

func (t *table) names(c class) string {
	var names []string
	for _, v := range t.of(c) {
		names = append(names, t.arms[v].Name)
	}
	return strings.Join(names, ", ")
}

func (t *table) reason(v int) string {
	for _, c := range t.cells[v] {
		if c != nil && c.Status == Failed && c.Reason != "" {
			return c.Reason
		}
	}
	return "no reason recorded"
}

// engines counts the engines that trained, at most within one repeat and over all.
func (t *table) engines() (within, all int) {
	every := map[string]bool{}
	for s := range t.cells[0] {
		here := map[string]bool{}
		for v := range t.arms {
			if c := t.cells[v][s]; c != nil && c.Status == Done {
				here[c.Engine], every[c.Engine] = true, true
			}
		}
		within = max(within, len(here))
	}
	return within, len(every)
}

// ordinal and listed stand here because say is what the caveats call their pen.
func ordinal(n int) string         { return say.Ordinal(n) }
func listed(parts []string) string { return say.Listed(parts) }

// divergence says of designs whose effects rest on all arms which variants diverge more often: that comes before any effect, which
// counts finished trainings alone.
func (t *table) divergence(variants []string) []string {
	if !t.whole || t.names(diverging) == "" {
		return nil
	}
	var lines []string
	for _, name := range variants {
		var diverged, trials [2]int
		for v, a := range t.arms {
			with := 0
			if slices.Contains(a.Of, name) {
				with = 1
			}
			diverged[with] += t.rows[v].Diverged
			trials[with] += t.rows[v].Trials
		}
		if trials[0] == 0 || trials[1] == 0 {
			continue
		}
		what := fmt.Sprintf("%d of %d trainings with %s diverged, %d of %d without", diverged[1], trials[1], name, diverged[0], trials[0])
		if stat.FisherMore(diverged[1], trials[1], diverged[0], trials[0]) <= alpha/float64(len(variants)) {
			lines = append(lines, what+": it diverges more often, and effects are those of the trainings that finished")
		}
	}
	if len(lines) == 0 {
		lines = append(lines, t.names(diverging)+" diverged in some repeats and are left out: effects are those of the other arms")
	}
	return lines
}

// restless are the arms that make most of the noise of a design whose effects rest on all of them: their outcomes spread more than four
// times as widely as the median arm's, and without them the pooled spread is at most half of what it is. Theirs and the others' are pooled.
func (t *table) restless(r *Result) (names []string, theirs, others float64) {
	if !t.whole {
		return nil, 0, 0
	}
	of := r.Judged
	type spread struct{ squares, df float64 }
	arms := make([]spread, len(of))
	var sd []float64
	for v, j := range of {
		var values []float64
		for _, y := range j.Outcomes {
			if y != nil {
				values = append(values, *y)
			}
		}
		if df := float64(len(values) - 1); df > 0 {
			variance := stat.Variance(values)
			arms[v] = spread{variance * df, df}
			sd = append(sd, math.Sqrt(variance))
		}
	}
	if len(sd) == 0 {
		return nil, 0, 0
	}
	usual := stat.Median(sd)
	var wild, tame spread
	for v, a := range arms {
		switch {
		case a.df == 0:
		case math.Sqrt(a.squares/a.df) > 4*usual:
			wild = spread{wild.squares + a.squares, wild.df + a.df}
			names = append(names, of[v].Name)
		default:
			tame = spread{tame.squares + a.squares, tame.df + a.df}
		}
	}
	if len(names) == 0 || tame.df == 0 || 4*tame.squares/tame.df > (wild.squares+tame.squares)/(wild.df+tame.df) {
		return nil, 0, 0
	}
	return names, math.Sqrt(wild.squares / wild.df), math.Sqrt(tame.squares / tame.df)
}

// beside names the interactions that were decided and that the prediction leaves out, as they cannot be told from others.
func beside(r *Result) string {
	var names []string
	for _, c := range r.Contrasts {
		if c.Kind == Interaction && len(c.Aliases) > 0 && (c.Verdict == Helps || c.Verdict == Hurts) {
			names = append(names, strings.Join(append([]string{c.Name}, c.Aliases...), " or "))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; it leaves out what was found beside them, " + strings.Join(names, ", ")
}
