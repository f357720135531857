package report

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// What a cell of a table says, the same on the page and in Markdown.

// title is the question, or the study's name where the file asks none.
func (k ranking) title() string {
	if k.Question != "" {
		return k.Question
	}
	return "Study " + k.Name
}

// effectCell is "+1.6 [+1.0, +2.2]".
func (k ranking) effectCell(j study.Judgement) string { return k.effectOf(j.Finding, k.decimals) }

// effectOf is a finding's effect with its interval, as far as they are known.
func (k ranking) effectOf(f study.Finding, decimals int) string {
	low, high, ok := bounds(f)
	switch {
	case ok:
		return signed(*f.Effect, decimals) + " " + interval(low, high, decimals)
	case f.Conditional != nil:
		return signed(f.Conditional.Effect, decimals) + " where it finished"
	case f.Effect != nil:
		return signed(*f.Effect, decimals)
	}
	return nothing
}

// repeats is how many columns a table of trials has.
func (k ranking) repeats() int {
	n := k.Repeats
	for _, t := range k.Trials {
		n = max(n, t.Repeat)
	}
	return n
}

// trialCell is the outcome of a trial by its repeat, 0 for the first, and more about it for who asks.
func (k ranking) trialCell(j study.Judgement, s int) (text, more string) {
	for _, t := range k.curves[j.Name] {
		if t.Repeat != s+1 {
			continue
		}
		switch t.Status {
		case study.Done:
			for _, m := range k.metrics() {
				more += fmt.Sprintf("%s %s, ", m.Title, number(t.Metrics[m.Name]))
			}
			return k.figure(k.primary(), t.Metrics[k.Metric]), more + fmt.Sprintf("%s steps in %s, weights %s", grouped(t.Step), lasting(t.Seconds), short(t.WeightsDigest))
		case study.Diverged:
			return "diverged", t.Reason
		case study.Failed:
			return "failed", t.Reason
		}
	}
	return nothing, ""
}

// facts are what it takes to repeat the study, by name.
func (k ranking) facts(in Input) [][2]string {
	facts := [][2]string{{"study file", in.FileName}, {"digest of the file", k.Digest}, {"seed", fmt.Sprint(k.Seed)}, {"design", k.Design.String()}, {"engine", k.Engine}}
	facts = append(facts, [2]string{"assay", in.Version}, [2]string{"machine", in.Machine}, [2]string{"store", in.Store}, [2]string{"best arm as an experiment", in.Winner})
	if !in.Made.IsZero() {
		facts = append(facts, [2]string{"made", in.Made.UTC().Format("2 January 2006, 15:04 UTC")})
	}
	var said [][2]string
	for _, f := range facts {
		if f[1] != "" {
			said = append(said, f)
		}
	}
	return said
}

// short is a digest by which two are told apart.
func short(digest string) string {
	if digest == "" {
		return "unknown"
	}
	return say.Short(digest)
}

// capital begins a text with a capital.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
