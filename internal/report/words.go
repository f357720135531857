package report

import (
	"fmt"
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
	Verdict           study.Verdict
}

func (s statement) String() string { return s.Name + " " + s.Claim + s.Rest }

// answer is the study in one sentence, ahead of its arms.
func (k ranking) answer() string {
	if k.Stopped != "" {
		return "No verdicts: " + k.Stopped + "."
	}
	if len(k.variants) == 0 {
		return "The study has no variants to compare with its baseline."
	}
	if k.Blocks < 2 && k.Repeats > 1 && k.unfinished() != "" {
		return "Nothing can be told yet; the same command goes on with it."
	}
	count := map[study.Verdict]int{}
	unjudged := 0
	for _, j := range k.variants {
		count[j.Verdict]++
		if j.Verdict == "" {
			unjudged++
		}
	}
	if unjudged == len(k.variants) {
		if k.Blocks == 1 {
			return "One repeat shows effects, but cannot tell them from chance; run two repeats or more for verdicts."
		}
		if k.awaits() {
			return "No verdicts yet: effects so far, to be judged where the run reaches its end."
		}
		return "There is nothing to judge yet."
	}
	var parts []string
	add := func(n int, one, more string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, map[bool]string{true: one, false: more}[n == 1]))
		}
	}
	add(count[study.Helps], "helps", "help")
	add(count[study.Hurts], "hurts", "hurt")
	add(count[study.None], "makes no meaningful difference", "make no meaningful difference")
	add(count[study.Undecided], "is undecided", "are undecided")
	add(unjudged, "could not be judged", "could not be judged")
	switch n := len(k.variants); {
	case count[study.Undecided] == n:
		return fmt.Sprintf("Nothing could be told yet: %d of %d undecided%s.", n, n, k.hidden())
	case n == 1:
		return "The variant " + strings.TrimPrefix(parts[0], "1 ") + "."
	case len(parts) == 1:
		return fmt.Sprintf("All variants alike: %s.", parts[0])
	default:
		return fmt.Sprintf("Of %d variants, %s.", n, listed(parts))
	}
}

// hidden says what stays out of sight of a study that told nothing: " (60 images, 3 repeats: effects under 9.6 points stay hidden)".
func (k ranking) hidden() string {
	var of []string
	if k.Images > 0 {
		of = append(of, counted(k.Images, "image"))
	}
	if k.Blocks > 0 {
		of = append(of, counted(k.Blocks, "repeat"))
	}
	text := strings.Join(of, ", ")
	if k.Detectable > 0 {
		text += fmt.Sprintf(": effects under %s %s stay hidden", fixed(&k.Detectable, k.decimals), k.primary().Unit)
	}
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// unfinished is "Unfinished: 3 of 21 trials", "" where all that was planned has ended. An arm that trains to the baseline's own
// weights is given up, so that its repeats are not waited for, and a study that was stopped waits for nothing.
func (k ranking) unfinished() string {
	planned, ended := 0, 0
	if k.Complete {
		return ""
	}
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
	if ended == planned {
		return ""
	}
	return fmt.Sprintf("Unfinished: %d of %s", ended, counted(planned, "trial"))
}

// statements are the variants by verdict, in the order that matters to a person: what helps, what hurts, what makes no
// difference, what is open, what could not be judged.
func (k ranking) statements() []statement {
	var list []statement
	for _, v := range []study.Verdict{study.Helps, study.Hurts, study.None, study.Undecided, ""} {
		for _, j := range k.variants {
			if j.Verdict == v {
				list = append(list, k.state(j))
			}
		}
	}
	return list
}

func (k ranking) state(j study.Judgement) statement {
	s := statement{Name: j.Name, Verdict: j.Verdict}
	switch low, high, ok := bounds(j.Finding); {
	case j.Diverged > 0:
		s.Claim = map[study.Verdict]string{study.Hurts: "hurts", study.Undecided: "is undecided"}[j.Verdict]
		if s.Claim == "" || lost(j) {
			s.Claim = "diverged"
		}
		s.Rest = fmt.Sprintf(": training diverged in %d of %s, the baseline's in none", j.Diverged, counted(j.Trials, "repeat"))
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
		s.Claim = "makes no meaningful difference"
		s.Rest = fmt.Sprintf(": %s %s, inside ±%s%s", k.effect(*j.Effect), k.inner(j), say.Figure(k.Delta), k.price(j, true))
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
		s.Claim, s.Rest = "could not be judged", ": "+counted(j.Failures, "repeat")+" failed"
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

// lost reports an arm that diverged in every repeat, and of which nothing else is known: one word for it everywhere, diverged.
func lost(j study.Judgement) bool {
	return j.Diverged > 0 && j.Diverged == j.Trials && j.Verdict != study.Hurts
}

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
	if g := k.grey(j); g != "" {
		left = append(left, g)
	}
	if len(left) == 0 {
		return ""
	}
	return " (" + strings.Join(left, "; ") + ")"
}

// grey is the doubt about an arm's verdict that the baseline is not in too; where it is, the caveat says so of all.
func (k ranking) grey(j study.Judgement) string {
	if j.Grey == k.base.Grey {
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
	command, of string
	arms        int // of these; 0: of all that repeats can decide
}

// further is the command with the fewest repeats that decide an arm more, and where others want more, the one that decides all that
// repeats can. It is nil where no number of repeats would tell; run is the command that goes on with the study.
func (k ranking) further(run string) []next {
	least, most := study.MaxRepeats+1, 0
	var first []string
	for _, j := range k.variants {
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

// anew is the new study that decides, by more validation images and in less time than more repeats take, all that want one, and
// their names; none where it is nil.
func (k ranking) anew() (most *study.Anew, names []string) {
	for _, j := range k.variants {
		if n := j.Anew; n != nil && j.Verdict == study.Undecided {
			names = append(names, j.Name)
			if most == nil || n.Repeats > most.Repeats {
				most = n
			}
		}
	}
	return most, names
}

// commands repeat the study and go on with it, a line each.
func (k ranking) commands(in Input) string {
	lines := slices.Clone(in.Commands)
	for _, n := range k.further(in.Run) {
		of := "all that repeats can"
		if n.arms > 0 { // their names are a file's, and this is read by a shell
			of = "of " + counted(n.arms, "variant")
		}
		lines = append(lines, n.command+"  # would tell "+of)
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
		{"training time", j.TrainSeconds, k.base.TrainSeconds, 0.05},
		{"multiply-adds", float64(j.MACs), float64(k.base.MACs), 0.01},
		{"parameters", float64(j.Params), float64(k.base.Params), 0.01},
	} {
		if !(c.x > 0) || !(c.base > 0) {
			continue
		}
		figure := change(c.x, c.base)
		if c.what == "training time" {
			figure = k.timed(figure)
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
		s += " on " + k.Data[strings.LastIndexAny(k.Data, `/\\`)+1:] // of a folder the name alone: where it lies is its owner's
	}
	return s
}

// best names the arm to go on with.
func (k ranking) best() string {
	if k.Stopped != "" || k.Winner == "" || k.Blocks < 2 || k.Winner == k.base.Name && k.awaits() {
		return ""
	}
	if k.Winner == k.base.Name {
		return "No variant is shown to beat the baseline, so the baseline is the one to keep."
	}
	return "Best: " + k.Winner + "."
}

// awaits tells whether some variant has an effect and no look yet: nothing is known of it, then.
func (k ranking) awaits() bool {
	return slices.ContainsFunc(k.variants, func(j study.Judgement) bool { return j.Effect != nil && j.Level == 0 && j.Method == "" })
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
	return fmt.Sprintf("On the test split (%s reading, %s images) %s has %s.", ordinal(t.Reading), grouped(int64(t.Images)), t.Arm, listed(figures))
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
	d := k.decimals
	lines := []string{
		"Each repeat gives every arm the same split, the same order of images and the same initial values, and arms are compared within repeats, of which " + strconv.Itoa(k.Blocks) + " count.",
	}
	if k.NoiseSD > 0 {
		lines = append(lines, fmt.Sprintf("Two trainings that differ in their seed alone differ by a standard deviation of %.2f %s (%d degrees of freedom); repeats as a whole differ by %.2f.", k.NoiseSD, k.primary().Unit, k.ResidualDF, k.BlockSD))
	}
	if c := k.confidence(); c != "interval" {
		with := "with " + c + " confidence"
		if len(k.Looks) > 0 {
			with += ", for every variant that was ever judged against this baseline, " + strconv.Itoa(k.Family) + " by now"
		}
		if c == "of its look" {
			with = "for every variant that was ever judged against this baseline, " + strconv.Itoa(k.Family) + " by now, each at the level of its look"
		}
		lines = append(lines, "Intervals hold for all variants at once "+with+" (Dunnett's test); they count the chance in the seeds and the chance in which images were there to validate on.")
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
	if k.Detectable > 0 {
		lines = append(lines, fmt.Sprintf("So many repeats find a true effect of %s %s in four studies of five.", fixed(&k.Detectable, d), k.primary().Unit))
	}
	if k.Delta > 0 {
		lines = append(lines, fmt.Sprintf("An effect below %s %s was taken as too small to matter, before the first trial.", say.Figure(k.Delta), k.primary().Unit))
	}
	if k.Images > 0 {
		lines = append(lines, fmt.Sprintf("Outcomes are those of the last weights on %s validation images, not of the best epoch.", grouped(int64(k.Images))))
	}
	return lines
}
