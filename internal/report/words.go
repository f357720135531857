package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// A reader who knows nothing of the study reads these sentences first, so they say what was found before how.

// statement is one arm's finding as a sentence: Name and Claim are set apart ("batchnorm helps"), Rest follows them.
type statement struct {
	Name, Claim, Rest string
	Stand             stand
}

func (s statement) String() string { return s.Name + " " + s.Claim + s.Rest }

// stand is how an arm stands: by its verdict, or by what kept it from one.
type stand string

// The ways to stand, in the order in which they are told.
const (
	helps     = stand(study.Helps)
	undecided = stand(study.Undecided)
	hurts     = stand(study.Hurts)
	none      = stand(study.None)
	diverged  = stand("diverged") // in some repeat, and no claim comes of it
	unjudged  = stand("unjudged") // it has an effect and no verdict yet
	failed    = stand("failed")
	waiting   = stand("waiting") // not run yet
	baseline  = stand("baseline")
)

var stands = []stand{helps, undecided, hurts, none, diverged, unjudged, failed, waiting}

func standOf(j study.Judgement) stand {
	switch {
	case j.Baseline:
		return baseline
	case claimed(j.Verdict):
		return stand(j.Verdict)
	case j.Diverged > 0:
		return diverged
	case j.Verdict != "":
		return stand(j.Verdict)
	case j.Trials > 0:
		return unjudged
	case j.Failures > 0:
		return failed
	}
	return waiting
}

// called is how an arm stands in a table's cell, the same words wherever it is printed.
func (k ranking) called(j study.Judgement) string {
	often := fmt.Sprintf("diverged in %d of %d", j.Diverged, j.Trials)
	switch s := standOf(j); {
	case s == none:
		return k.band()
	case s == diverged:
		return often
	case s == unjudged:
		return "no verdict"
	case s == waiting:
		return "not run yet"
	case j.Diverged > 0 && !j.Baseline:
		return string(s) + ", " + often
	default:
		return string(s)
	}
}

// band is what none means here: "none within ±0.5".
func (k ranking) band() string {
	if k.Delta > 0 {
		return "none within \u00b1" + say.Figure(k.Delta)
	}
	return string(study.None)
}

// bandWords is band in a sentence: "none within 0.5 points either way".
func (k ranking) bandWords() string {
	if k.Delta > 0 {
		return fmt.Sprintf("none within %s either way", say.Amount(k.Delta, k.primary().Unit))
	}
	return string(study.None)
}

// answer is the study in one sentence, ahead of its arms.
func (k ranking) answer() string {
	n := len(k.asked)
	count := map[stand]int{}
	for _, j := range k.asked {
		count[standOf(j)]++
	}
	_, planned := k.progress()
	switch {
	case k.Stopped != "":
		return "No verdicts: " + k.Stopped + "."
	case n == 0:
		return "The study has no variants to compare with its baseline."
	case k.grows() != "":
		return k.grows()
	case k.base.Trials < 2 && k.Repeats > 1 && planned > 0:
		return "Nothing can be told yet; the same command goes on with it."
	case count[unjudged]+count[failed]+count[waiting] == n:
		switch {
		case count[unjudged] == 0:
			return "There is nothing to judge yet."
		case k.awaits() && k.base.Trials > 1:
			return "No verdicts yet: effects so far, to be judged where the run reaches its end."
		}
		return "One repeat shows effects, but cannot tell them from chance; run two repeats or more for verdicts."
	case count[undecided] == n:
		return k.untold()
	}
	var parts []string
	for _, w := range []struct {
		n         int
		one, more string
	}{
		{count[helps], "helps", "help"},
		{count[hurts], "hurts", "hurt"},
		{count[none], "shows no effect (" + k.bandWords() + ")", "show no effect (" + k.bandWords() + ")"},
		{count[undecided], "is undecided", "are undecided"},
		{count[diverged], "diverged", "diverged"},
		{count[unjudged], "has no verdict yet", "have no verdict yet"},
		{count[failed], "failed", "failed"},
		{count[waiting], "was not run yet", "were not run yet"},
	} {
		switch {
		case w.n == 1:
			parts = append(parts, "1 "+w.one)
		case w.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", w.n, w.more))
		}
	}
	switch {
	case n == 1:
		return "The " + k.what() + " " + strings.TrimPrefix(parts[0], "1 ") + "."
	case len(parts) == 1:
		return "All " + parts[0] + "."
	}
	return fmt.Sprintf("Of %d %ss, %s.", n, k.what(), listed(parts))
}

// untold is the answer of a study in which all is undecided: "Nothing could be told yet: effects under 9.6 points stay hidden
// (6 variants, 60 images, 3 repeats)."
func (k ranking) untold() string {
	of := []string{counted(len(k.asked), k.what())}
	if k.Images > 0 {
		of = append(of, counted(k.Images, "image"))
	}
	if k.Blocks > 0 {
		of = append(of, counted(k.Blocks, "repeat"))
	}
	text := "Nothing could be told yet"
	if k.Detectable > 0 {
		text += fmt.Sprintf(": effects under %s %s stay hidden", say.Figure(k.Detectable), k.primary().Unit)
	}
	return text + " (" + strings.Join(of, ", ") + ")."
}

// progress is how many trials have ended of how many, planned 0 where all have. An arm that trains to the baseline's own weights is
// given up, so that its repeats are not waited for, and a study that was stopped waits for nothing.
func (k ranking) progress() (ended, planned int) {
	for _, j := range k.all() {
		n := j.Trials + j.Failures
		ended += n
		if j.Method != "identical" && k.Stopped == "" {
			n = max(k.Repeats, n)
		}
		if j.Stopped > 0 {
			n = j.Stopped
		}
		planned += n
	}
	if ended == planned || k.Complete {
		return ended, 0
	}
	return ended, planned
}

// unfinished is "3 of 21 trials, unfinished", "" where all that was planned has ended.
func (k ranking) unfinished() string {
	ended, planned := k.progress()
	if planned == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s, unfinished", ended, counted(planned, "trial"))
}

// group is the arms that stand alike. What is claimed is told arm by arm, in Told; of the rest names and effects are a line.
type group struct {
	Stand stand
	Told  []statement
	Head  string // "Undecided", of Line
	Line  string // "elu, +1.6 [−0.2, +3.4]; ..."
}

// How many arms of a group have a sentence each, and how many more its line names.
const (
	mostTold  = 5
	mostNamed = 8
)

// groups are the variants by how they stand: what helps, what may, by the upper end of its interval, what hurts, the worst first, and
// the rest.
func (k ranking) groups() []group {
	var list []group
	for _, s := range stands {
		arms := k.standing(s)
		if len(arms) == 0 {
			continue
		}
		g := group{Stand: s, Head: k.head(s)}
		if n := len(arms); n > 1 {
			g.Head += fmt.Sprintf(" (%d)", n)
		}
		if s == helps || s == hurts {
			told := arms
			if len(arms) > mostTold+1 {
				told = arms[:mostTold]
			}
			arms = arms[len(told):]
			for _, j := range told {
				g.Told = append(g.Told, k.state(j))
			}
			g.Head = fmt.Sprintf("%d more %s", len(arms), strings.TrimSuffix(string(s), "s"))
		}
		var said []string
		for _, j := range arms[:min(mostNamed, len(arms))] {
			said = append(said, k.mention(j))
		}
		if n := len(arms) - mostNamed; n > 0 {
			said = append(said, fmt.Sprintf("and %d more", n))
		}
		g.Line = strings.Join(said, "; ")
		list = append(list, g)
	}
	return list
}

// mention is an arm in its group's line: "elu, +1.6 [−0.2, +3.4]".
func (k ranking) mention(j study.Judgement) string {
	name := j.Name
	if standOf(j) == diverged {
		name += fmt.Sprintf(" in %d of %d", j.Diverged, j.Trials)
	}
	e := k.effectCell(j)
	if standOf(j) == none && j.InnerLow != nil && j.InnerHigh != nil { // that which lies within the band
		e = signed(*j.Effect, k.decimals) + " " + interval(*j.InnerLow, *j.InnerHigh, k.decimals)
	}
	if e != nothing {
		name += ", " + e
	}
	if c := k.cheaper(j); c != "" {
		name += " (" + c + ")"
	}
	return name
}

// head is what stands over a group.
func (k ranking) head(s stand) string {
	return map[stand]string{helps: "Helps", undecided: "Undecided", hurts: "Hurts", none: capital(k.bandWords()), diverged: "Diverged", unjudged: "No verdict yet", failed: "Failed", waiting: "Not run yet"}[s]
}

// standing are the variants that stand so, those first that matter most.
func (k ranking) standing(s stand) []study.Judgement {
	var arms []study.Judgement
	for _, j := range k.asked {
		if standOf(j) == s {
			arms = append(arms, j)
		}
	}
	switch s {
	case undecided:
		slices.SortStableFunc(arms, func(a, b study.Judgement) int { return cmp.Compare(k.hope(b), k.hope(a)) })
	case hurts:
		slices.Reverse(arms)
	}
	return arms
}

// hope is the good end of an arm's interval, how much it may gain.
func (k ranking) hope(j study.Judgement) float64 {
	low, high, ok := bounds(j.Finding)
	switch {
	case !ok:
		return math.Inf(-1)
	case k.better() < 0:
		return -low
	}
	return high
}

// statements are all variants, a sentence each, in the order of their groups.
func (k ranking) statements() []statement {
	var list []statement
	for _, s := range stands {
		for _, j := range k.standing(s) {
			list = append(list, k.state(j))
		}
	}
	return list
}

func (k ranking) state(j study.Judgement) statement {
	s := statement{Name: j.Name, Stand: standOf(j)}
	switch low, high, ok := bounds(j.Finding); {
	case j.Diverged > 0:
		s.Claim, s.Rest = string(s.Stand), fmt.Sprintf(" in %d of %s, the baseline in none", j.Diverged, counted(j.Trials, "repeat"))
		if s.Stand != diverged {
			s.Rest = ": diverged" + s.Rest
		}
		if c := j.Conditional; c != nil {
			s.Rest += fmt.Sprintf("; where it finished, %s", k.effect(c.Effect))
			if c.Low != nil && c.High != nil {
				s.Rest += " " + interval(*c.Low, *c.High, k.decimals) + ", not adjusted for the other variants"
			}
		}
		if j.Verdict == study.Undecided {
			s.Rest += k.decides(j)
		}
	case j.Verdict == study.None && j.Method == "identical":
		s.Claim, s.Rest = "had no effect at run time", ": it ended in the baseline's own weights"
	case j.Verdict == study.None && ok:
		s.Claim = "shows no effect"
		s.Rest = fmt.Sprintf(", %s: %s %s%s", k.bandWords(), k.effect(*j.Effect), k.inner(j), k.price(j, true))
	case j.Verdict == study.Undecided && ok:
		s.Claim = "is undecided"
		s.Rest = fmt.Sprintf(": %s %s%s", k.effect(*j.Effect), interval(low, high, k.decimals), k.decides(j))
	case claimed(j.Verdict) && ok:
		s.Claim = string(j.Verdict)
		s.Rest = fmt.Sprintf(": %s %s%s", k.effect(*j.Effect), interval(low, high, k.decimals), k.price(j, j.Verdict == study.Helps))
	case j.Effect != nil:
		s.Claim = "has no verdict"
		s.Rest = fmt.Sprintf(": %s in %s%s", k.effect(*j.Effect), counted(j.Trials, "repeat"), k.price(j, *j.Effect >= 0))
	case j.Failures > 0 && j.Trials == 0:
		s.Claim, s.Rest = "failed", " in "+counted(j.Failures, "repeat")
		if reason := k.reason(j.Name); reason != "" {
			s.Rest += " (" + reason + ")"
		}
	case j.Trials == 0:
		s.Claim = "was not run yet"
	default:
		s.Claim = "could not be judged"
	}
	if len(k.Looks) > 1 && j.Look > 0 {
		s.Rest += fmt.Sprintf(", at look %d", j.Look)
	}
	if l := j.Later; l != nil {
		s.Rest += fmt.Sprintf("; by now %s", k.effect(l.Effect))
		if l.Low != nil && l.High != nil {
			s.Rest += " " + interval(*l.Low, *l.High, k.decimals) + ", taken alone"
		}
	}
	s.Rest += k.remarks(j) + "."
	return s
}

// effect is "+1.6 points".
func (k ranking) effect(x float64) string { return signed(x, k.decimals) + " " + k.primary().Unit }

// inner is the interval that decided on "none", where it is known.
func (k ranking) inner(j study.Judgement) string {
	if j.InnerLow == nil || j.InnerHigh == nil {
		return interval(*j.Low, *j.High, k.decimals)
	}
	return interval(*j.InnerLow, *j.InnerHigh, k.decimals) + " by two one-sided tests"
}

// remarks are the arm's notes but for those that the sentence has said already.
func (k ranking) remarks(j study.Judgement) string {
	var left []string
	for _, n := range j.Notes {
		said := strings.HasPrefix(n, "diverged in ") || n == "had no effect at run time" || n == "not run yet" || j.Trials == 0 && strings.HasSuffix(n, " failed")
		if !said {
			left = append(left, n)
		}
	}
	for _, mark := range []string{k.cheaper(j), k.grey(j)} {
		if mark != "" {
			left = append(left, mark)
		}
	}
	if len(left) == 0 {
		return ""
	}
	return " (" + strings.Join(left, "; ") + ")"
}

// grey is the doubt about an arm's verdict that the baseline is not in too; where it is, the caveat says so of all.
func (k ranking) grey(j study.Judgement) string {
	if j.Grey == k.against(j).Grey {
		return ""
	}
	return j.Grey
}

// decides is what would settle an undecided arm: more repeats, a new study with more validation images, or the cheaper of both
// beside the other.
func (k ranking) decides(j study.Judgement) string {
	tells := func(none bool) string {
		if none {
			return " would find that there is no effect of " + say.Amount(k.Delta, k.primary().Unit)
		}
		return " would tell"
	}
	lasts := func(hours float64) string {
		if hours > 0 {
			return " (about " + lasting(hours*3600) + ")"
		}
		return ""
	}
	switch n := j.Anew; {
	case j.MoreRepeats > 0 && n != nil:
		return fmt.Sprintf("; %s%s%s, or %s in all with val: %g%s", counted(j.MoreRepeats, "more repeat"), lasts(j.HoursToDecide), tells(j.DecidesNone), grouped(int64(n.Repeats)), n.Val, lasts(n.Hours))
	case j.MoreRepeats > 0:
		return "; " + counted(j.MoreRepeats, "more repeat") + lasts(j.HoursToDecide) + tells(j.DecidesNone)
	case n != nil:
		return fmt.Sprintf("; repeats alone cannot tell, %s in all with val: %g%s%s", counted(n.Repeats, "repeat"), n.Val, lasts(n.Hours), tells(n.DecidesNone))
	case j.ImagesToDecide > k.Images:
		return "; repeats alone cannot tell, about " + grouped(int64(j.ImagesToDecide)) + " validation images in all would"
	case j.Diverged > 0:
		return ""
	}
	return "; no reasonable number of repeats would tell, the effect is too small beside the noise"
}

// noise says where the noise between repeats comes from: "noise 0.73 between repeats: 0.63 because only 1,000 images are counted, 0.4
// (0 to 0.9) the trainings themselves". "" while it is not known.
func (k ranking) noise() string {
	n := k.Noise
	if n == nil || k.Stopped != "" {
		return ""
	}
	return fmt.Sprintf("noise %s between repeats: %s because only %s are counted, %s (%s to %s) the trainings themselves",
		say.Figure(k.NoiseSD), say.Figure(n.Images), counted(k.Images, "image"), coarse(n.Trainings), coarse(n.Low), coarse(n.High))
}

// next is a command that trains what would tell more, and of what.
type next struct {
	Command, Of string
	arms        int // of these; 0: of all that repeats can decide
}

// further is the command with the fewest repeats that decide an arm more, and where others want more, the one that decides all that
// repeats can. It is nil where no number of repeats would tell; run is the command that goes on with the study.
func (k ranking) further(run string) []next {
	least, most := study.MaxRepeats+1, 0
	var first []string
	for _, j := range k.asked {
		n := max(k.Repeats+1, k.Blocks+j.MoreRepeats)
		if run == "" || j.Verdict != study.Undecided || j.MoreRepeats < 1 || n > study.MaxRepeats {
			continue
		}
		if n < least {
			least, first = n, nil
		}
		if n == least {
			first = append(first, j.Name)
		}
		most = max(most, n)
	}
	if most == 0 {
		return nil
	}
	list := []next{{fmt.Sprintf("%s --repeats %d", run, least), "of " + listed(first), len(first)}}
	if most > least {
		list = append(list, next{fmt.Sprintf("%s --repeats %d", run, most), "all that repeats can", 0})
	}
	return list
}

// confirm is the command that goes on from what helps, "" where nothing does or the study goes on itself.
func (k ranking) confirm(in Input) string {
	if _, planned := k.progress(); planned > 0 || k.Stopped != "" || len(k.standing(helps)) == 0 {
		return ""
	}
	return in.Next
}

// anew is the new study that decides, by more validation images and in less time than more repeats take, all that want one, and
// their names; none where it is nil.
func (k ranking) anew() (most *study.Anew, names []string) {
	for _, j := range k.asked {
		if n := j.Anew; n != nil && j.Verdict == study.Undecided {
			names = append(names, j.Name)
			if most == nil || n.Repeats > most.Repeats {
				most = n
			}
		}
	}
	return most, names
}

// advice are the commands that would tell more: of this study as it grows, and of a new one.
func (k ranking) advice(in Input) []next {
	list := k.further(in.Run)
	if n, names := k.anew(); n != nil && in.Anew != "" {
		of := fmt.Sprintf("of %s in a new study (another split, so that every trial is new), write val: %g into the file's data and repeats: %d, then", listed(names), n.Val, n.Repeats)
		list = append(list, next{in.Anew, of, len(names)})
	}
	return list
}

// commands repeat the study and go on with it, a line each.
func (k ranking) commands(in Input) string {
	lines := slices.Clone(in.Commands)
	for _, n := range k.further(in.Run) {
		of := "all that repeats can"
		if n.arms > 0 { // their names are a file's, and this is read by a shell
			of = "of " + counted(n.arms, "variant")
		}
		lines = append(lines, n.Command+"  # would tell "+of)
	}
	if next := k.confirm(in); next != "" {
		lines = append(lines, next+"  # writes the study that confirms what helps")
	}
	if n, names := k.anew(); n != nil && in.Anew != "" {
		lines = append(lines, fmt.Sprintf("%s  # a new study, of the file with val: %g in its data and repeats: %d: would tell of %s", in.Anew, n.Val, n.Repeats, counted(len(names), "variant")))
	}
	return strings.Join(lines, "\n")
}

// price is what an arm costs or saves, as the end of a sentence. Counts that change by less than 1 % are left out, and times by
// less than 5 %, which two timings of one network may differ by.
func (k ranking) price(j study.Judgement, good bool) string {
	var costs, saves []string
	for _, c := range []struct {
		what           string
		x, base, least float64
	}{
		{"training time", j.TrainSeconds, k.against(j).TrainSeconds, 0.05},
		{"multiply-adds", float64(j.MACs), float64(k.against(j).MACs), 0.01},
		{"parameters", float64(j.Params), float64(k.against(j).Params), 0.01},
	} {
		if !(c.x > 0) || !(c.base > 0) {
			continue
		}
		figure := change(c.x, c.base)
		if c.what == "training time" {
			figure = k.slower(j)
		}
		switch r := c.x / c.base; {
		case r >= 1+c.least:
			costs = append(costs, figure+" "+c.what)
		case r <= 1-c.least:
			saves = append(saves, figure+" "+c.what)
		}
	}
	switch {
	case len(costs)+len(saves) == 0:
		return ""
	case len(saves) == 0:
		return ", at " + listed(costs)
	case len(costs) == 0 && good:
		return ", and it saves: " + listed(saves)
	case len(costs) == 0:
		return ", but it saves: " + listed(saves)
	}
	return ", at " + listed(append(costs, saves...))
}

// reason is why an arm's first failed trial failed.
func (k ranking) reason(arm string) string {
	for _, t := range k.curves[arm] {
		if t.Status == study.Failed && t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

// setting is the study in a line: what was run, on what.
func (k ranking) setting() string {
	s := fmt.Sprintf("%s \u00d7 %s", counted(len(k.Judged), "arm"), counted(k.Repeats, "repeat"))
	if k.Net != "" {
		s += " of " + k.Net
	}
	if k.Data != "" {
		s += " on " + folder(k.Data)
	}
	return s
}

// folder is the name alone of a folder: where it lies is its owner's.
func folder(path string) string { return path[strings.LastIndexAny(path, `/\\`)+1:] }

// best names the arm to go on with.
func (k ranking) best() string {
	if k.Stopped != "" || k.Winner == "" || k.Blocks < 2 || k.Winner == k.base.Name && k.awaits() || k.DataSize != nil {
		return "" // nobody chooses between fewer images and all
	}
	if k.Winner == k.base.Name {
		return "No variant is shown to beat the baseline, so the baseline is the one to keep."
	}
	best := "Best: " + k.Winner + "."
	if len(k.Predicted) > 0 {
		best += " Together the effects point to " + strings.Join(k.Predicted, " + ") + ": predicted, not trained."
	}
	return best
}

// choice is what to take if one must choose now, and what that risks; "" where nothing tells, or where the winner risks nothing.
func (k ranking) choice() string {
	c := k.Choice
	if c == nil || k.Stopped != "" || k.DataSize != nil {
		return ""
	}
	if c.Probability >= 0.995 && math.Abs(c.Shortfall) < 0.005 {
		if c.Arm == k.Winner {
			return ""
		}
		return fmt.Sprintf("If you must choose now: %s, all but certainly the best of these.", c.Arm)
	}
	return fmt.Sprintf("If you must choose now: %s, the best of these with a probability of %s; the best is expected to be %s better.", c.Arm, percent(math.Round(100*c.Probability)/100), say.Amount(math.Round(100*c.Shortfall)/100, k.primary().Unit))
}

// cheaper is the mark of an arm that is as good for less: "as good for less: training time and parameters".
func (k ranking) cheaper(j study.Judgement) string {
	if len(j.AsGoodForLess) == 0 {
		return ""
	}
	return "as good for less: " + listed(j.AsGoodForLess)
}

// awaits tells whether some variant has an effect and no look yet: nothing is known of it, then.
func (k ranking) awaits() bool {
	return slices.ContainsFunc(k.asked, func(j study.Judgement) bool { return j.Effect != nil && j.Level == 0 && j.Method == "" })
}

// train is the command that goes on with the best arm, "" while it is not written.
func train(in Input) string {
	if in.Winner == "" {
		return ""
	}
	return "assay train " + say.Word(in.Winner)
}

// tested is what the test split said, "" where it was not read.
func (k ranking) tested() string {
	t := k.Test
	if t == nil {
		return ""
	}
	var figures []string
	for _, m := range k.metrics() {
		if v, ok := t.Metrics[m.Name]; ok {
			figures = append(figures, m.Title+" "+k.figure(m, v))
		}
	}
	text := fmt.Sprintf("On the test split (%s reading, %s images) %s has %s", ordinal(t.Reading), grouped(int64(t.Images)), t.Arm, listed(figures))
	if base, ok := t.Baseline[k.primary().Name]; ok && t.Effect != nil {
		text += fmt.Sprintf(", the baseline %s: %s", k.figure(k.primary(), base), k.effect(*t.Effect))
		if t.Low != nil && t.High != nil {
			text += " " + interval(*t.Low, *t.High, k.decimals)
		}
		text += " over " + counted(t.Repeats, "repeat")
	}
	return text + "."
}

// careful are the caveats as sentences.
func (k ranking) careful() []string {
	var list []string
	for _, c := range k.Caveats {
		if k.Stopped != "" && strings.HasSuffix(c, k.Stopped) {
			continue // the answer says it
		}
		list = append(list, c+".")
	}
	return list
}

// judged says in a few lines how the verdicts came about.
func (k ranking) judged() []string {
	lines := []string{
		"Each repeat gives every arm the same split, the same order of images and the same initial values, and arms are compared within repeats, of which " + strconv.Itoa(k.Blocks) + " count.",
	}
	if k.Folds > 0 {
		lines = append(lines, fmt.Sprintf("In each round of %d repeats every image is validated once.", k.Folds))
	}
	if n := k.noise(); n != "" {
		lines = append(lines, capital(n)+".")
	} else if k.NoiseSD > 0 {
		lines = append(lines, fmt.Sprintf("Two trainings that differ in their seed alone differ by a standard deviation of %s %s (%d degrees of freedom); repeats as a whole differ by %s.", say.Figure(k.NoiseSD), k.primary().Unit, k.ResidualDF, say.Figure(k.BlockSD)))
	}
	if c := k.confidence(); c != "interval" {
		with := "with " + c + " confidence"
		if len(k.Looks) > 0 {
			with += ", for every variant that was ever judged against this baseline, " + strconv.Itoa(k.Family) + " by now"
		}
		if c == "of its look" {
			with = "for every variant that was ever judged against this baseline, " + strconv.Itoa(k.Family) + " by now, each at the level of its look"
		}
		lines = append(lines, "Intervals hold for all "+k.what()+"s at once "+with+" (Dunnett's test); they count the chance in the seeds and the chance in which images were there to validate on.")
	}
	for _, l := range k.Looks {
		kind := "an unplanned one"
		if l.Planned {
			kind = "at the planned end"
		}
		lines = append(lines, fmt.Sprintf("Look %d, %s, may make a false claim in %s of studies.", l.N, kind, percent(l.Level)))
	}
	if len(k.Looks) > 0 {
		lines = append(lines, fmt.Sprintf("However often the study grows, all its looks together stay at or under 5\u00a0%%; the next has %s.", percent(k.NextLevel)))
	}
	if u := k.Unplanned; u != nil {
		lines = append(lines, fmt.Sprintf("It grew beyond its plan: had it been planned as {min, max} from the start, its last look would have had %s in place of %s, and intervals would be %.0f\u00a0%% narrower.", percent(u.Planned), percent(u.Level), 100*(1-1/u.Wider)))
	}
	if k.Detectable > 0 {
		lines = append(lines, fmt.Sprintf("So many repeats find a true effect of %s %s in four studies of five.", say.Figure(k.Detectable), k.primary().Unit))
	}
	if k.Delta > 0 {
		lines = append(lines, fmt.Sprintf("An effect below %s %s was taken as too small to matter, before the first trial.", say.Figure(k.Delta), k.primary().Unit))
	}
	if k.Images > 0 {
		lines = append(lines, fmt.Sprintf("Outcomes are those of the last weights on %s validation images, not of the best epoch.", grouped(int64(k.Images))))
	}
	return lines
}
