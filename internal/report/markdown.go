package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// Markdown writes the report as GitHub's Markdown: what the page holds but for its figures.
func Markdown(w io.Writer, in Input) error {
	if in.Result == nil || len(in.Result.Judged) == 0 {
		return ErrNotJudged
	}
	var b bytes.Buffer
	m := markdown{&b, rank(in.Result)}
	m.verdicts(in)
	m.tuning()
	m.costs()
	for i, metric := range m.others() {
		m.other(i, metric)
	}
	m.boxed()
	if b := m.beside(); b != nil {
		m.line("## Beside the published study\n")
		m.line("%s\n", md(strings.Join(b.Said, " ")))
		for _, r := range b.Rows {
			for i := range r {
				r[i] = md(r[i])
			}
		}
		m.table("lrrl", []string{"variant", "here, points", "there", "there it was"}, b.Rows)
		m.line("%s\n", md(b.Paper))
	}
	m.details()
	m.differences()
	m.trials()
	m.method(in.Version)
	m.repeat(in)
	_, err := w.Write(b.Bytes())
	return err
}

type markdown struct {
	*bytes.Buffer
	ranking
}

func (m markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// table writes a table; align has a letter a column: l for words, r for figures.
func (m markdown) table(align string, head []string, rows [][]string) {
	m.line("| %s |", strings.Join(head, " | "))
	rule := "|"
	for _, a := range align {
		rule += map[rune]string{'l': " --- |", 'r': " ---: |"}[a]
	}
	m.line("%s", rule)
	for _, r := range rows {
		m.line("| %s |", strings.Join(r, " | "))
	}
	m.line("")
}

func (m markdown) verdicts(in Input) {
	m.line("# %s\n", md(m.title()))
	m.line("%s.\n", md(m.setting()))
	if u := m.unfinished(); u != "" {
		m.line("**%s**\n", u)
	}
	m.line("**%s**\n", md(m.answer()))
	if m.Stopped == "" {
		for _, g := range m.groups() {
			for _, s := range g.Told {
				m.line("- **%s %s**%s", md(s.Name), s.Claim, md(s.Rest))
			}
			if g.Line != "" {
				m.line("- **%s**: %s", md(g.Head), md(g.Line))
			}
		}
		m.line("")
	}
	if best := md(m.best()); best != "" {
		if t := train(in); t != "" {
			best += " Train it to the end with `" + say.Printable(t) + "`."
		}
		m.line("%s\n", best)
	}
	if choice := m.choice(); choice != "" {
		m.line("%s\n", md(choice))
	}
	for _, n := range m.advice(in) {
		m.line("To tell %s: `%s`\n", md(n.Of), say.Printable(n.Command))
	}
	if next := m.confirm(in); next != "" {
		m.line("To confirm what helps, together and each left out: `%s`\n", say.Printable(next))
	}
	if tested := m.tested(); tested != "" {
		m.line("%s\n", md(tested))
	}
	for _, c := range m.careful() {
		m.line("> Careful: %s\n", md(c))
	}
	if heads, rows, signs := m.over(); rows != nil {
		m.line("## Over backbones\n")
		for _, s := range signs {
			m.line("- %s", md(s))
		}
		m.line("")
		head, align := []string{"variant"}, "l"
		for _, h := range heads {
			head, align = append(head, md(h)), align+"r"
		}
		for _, r := range rows {
			for i := range r {
				r[i] = md(r[i])
			}
		}
		m.table(align, head, rows)
	}
	if d := m.DataSize; d != nil && m.Stopped == "" {
		m.line("## What more images bring\n")
		var rows [][]string
		for _, p := range append(slices.Clone(d.Points), d.Twice) {
			what := "trained"
			if p == d.Twice {
				what = "expected"
			}
			rows = append(rows, []string{say.Thousands(p.Images), what, fmt.Sprintf("%s [%s, %s]", fixed(&p.Value, m.sizeDecimals()), fixed(&p.Low, m.sizeDecimals()), fixed(&p.High, m.sizeDecimals()))})
		}
		m.table("rlr", []string{"images", "", md(m.Metric) + " [95 %]"}, rows)
		m.line("%s\n", sizesFitted)
	}
	var rows [][]string
	if m.contrasts() {
		m.effects("Ranking", m.asked)
		m.effects("Beyond these", m.beyond)
		return
	}
	for i, j := range m.all() {
		r := m.row(i, j)
		rows = append(rows, []string{md(j.Name), r.Effect, r.Verdict, r.Mean, r.Time, r.MACs, r.Params})
	}
	m.line("## Ranking\n")
	m.table("lrlrrrr", []string{"arm", "effect, " + md(m.primary().Unit) + " [" + m.confidence() + "]", "verdict", md(m.Metric), "training time" + m.roughly(), "multiply-adds", "parameters"}, rows)
	m.effects("Beyond these", m.beyond)
}

// effects is a table of effects over several arms, with what else they may be.
func (m markdown) effects(title string, of []study.Judgement) {
	if len(of) == 0 {
		return
	}
	m.line("## %s\n", title)
	var rows [][]string
	for _, j := range of {
		rows = append(rows, []string{md(j.Name), m.effectCell(j), m.called(j), md(strings.Join(m.mixed[j.Name], ", "))})
	}
	m.table("lrll", []string{"effect of", md(m.primary().Unit) + " [" + m.confidence() + "]", "verdict", "mixed with"}, rows)
}

func (m markdown) costs() {
	var rows [][]string
	for i, j := range m.all() {
		r := m.row(i, j)
		rows = append(rows, []string{md(j.Name), r.Mean, r.ParamsExact, r.MACsText, r.Seconds, r.Ratio})
	}
	m.line("## Cost\n")
	m.table("lrrrrr", []string{"arm", md(m.Metric), "parameters", "multiply-adds an image", "one training" + m.roughly(), "to the baseline's"}, rows)
}

// other is what a metric beside the primary one says.
func (m markdown) other(i int, metric task.Metric) {
	var rows [][]string
	d := m.precision(metric)
	for _, j := range m.all() {
		if f := j.Others[metric.Name]; f != nil && f.Mean != nil {
			rows = append(rows, []string{md(j.Name), m.effectOf(*f, d), string(f.Verdict), fixed(f.Mean, d)})
		}
	}
	if len(rows) == 0 {
		return
	}
	m.line("## %s outcome: %s\n\n%s, %s is better; judged by itself.\n", place(i), md(metric.Title), md(capital(metric.Unit)), metric.Direction())
	m.table("lrlr", []string{"arm", "effect [" + m.confidence() + "]", "verdict", md(metric.Title)}, rows)
}

// boxed is average precision by class and by size of objects.
func (m markdown) boxed() {
	b := m.boxes()
	if b == nil {
		return
	}
	m.line("## Which objects\n\nMeans over repeats, in points. No verdicts.\n")
	for _, t := range []struct {
		what, metric string
		rows         []boxesRow
	}{{"class", "AP50", b.Classes}, {"size", "AP", b.Sizes}} {
		align, head := "lrr", []string{t.what, "objects", t.metric + ", " + md(b.Baseline)}
		if b.Compared != "" {
			align, head = align+"rr", append(head, md(b.Compared), "change")
		}
		var rows [][]string
		for _, r := range t.rows {
			row := []string{md(r.Name), r.Objects, r.Baseline, r.Compared, r.Change}
			rows = append(rows, row[:len(head)])
		}
		m.table(align, head, rows)
	}
}

// tuning is what was tuned, and effects at each arm's own values.
func (m markdown) tuning() {
	of := m.tuned()
	if len(of) == 0 {
		return
	}
	m.line("## At each arm's own %s\n\n%s\n", m.Tuning.Key, m.tuningSays())
	var rows [][]string
	for _, r := range of {
		best := r.Chosen
		if r.Why != "" {
			best += " (" + r.Why + ")"
		}
		rows = append(rows, []string{md(r.Name), r.Outcomes, best, r.Effect, r.Verdict})
	}
	m.table("lllrl", []string{"arm", md(m.Metric) + " on the slice", "best, in repeats", "effect [" + m.ownConfidence() + "]", "verdict"}, rows)
}

// details are all variants, a sentence each.
func (m markdown) details() {
	if m.Stopped != "" || len(m.asked) == 0 {
		return
	}
	m.line("## Arm by arm\n")
	for _, s := range m.statements() {
		m.line("- **%s %s**%s", md(s.Name), s.Claim, md(s.Rest))
	}
	m.line("")
}

func (m markdown) differences() {
	m.line("## What differs from the baseline\n")
	for _, j := range m.variants {
		m.line("- **%s**: %s", md(j.Name), md(strings.Join(j.Differs, "; ")))
	}
	m.line("")
}

func (m markdown) trials() {
	head := []string{"arm"}
	for s := range m.repeats() {
		head = append(head, fmt.Sprintf("repeat %d", s+1))
	}
	var rows [][]string
	for _, j := range m.all() {
		row := []string{md(j.Name)}
		for s := range m.repeats() {
			text, _ := m.trialCell(j, s)
			row = append(row, md(text))
		}
		rows = append(rows, row)
	}
	m.line("## Trials\n\n%s on validation by repeat, in %s.\n", md(capital(m.Metric)), md(m.primary().Unit))
	m.table("l"+strings.Repeat("r", len(head)-1), head, rows)
}

func (m markdown) method(version string) {
	m.line("## How it was judged\n")
	for _, l := range m.judged() {
		m.line("- %s", md(l))
	}
	text, cited := m.methods(version)
	m.line("\n### For a paper\n\n%s\n", md(text))
	for _, s := range cited {
		m.line("- %s", md(s.Text))
	}
	m.line("")
}

func (m markdown) repeat(in Input) {
	m.line("## How to repeat it\n")
	if commands := m.commands(in); commands != "" {
		fenced(m.Buffer, "sh", commands)
	}
	for _, f := range m.facts(in) {
		m.line("- %s: %s", f[0], md(f[1]))
	}
	m.line("")
	if in.File != "" {
		fenced(m.Buffer, "yaml", in.File)
	}
}

// fenced writes a block of code between fences longer than any inside it.
func fenced(b *bytes.Buffer, language, text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s%s\n%s\n%s\n\n", fence, language, say.Lines(strings.TrimRight(text, "\n")), fence)
}

// md is a text with what Markdown would take for its own escaped.
func md(s string) string {
	return strings.NewReplacer("\\", "\\\\", "*", "\\*", "_", "\\_", "`", "\\`", "|", "\\|", "<", "&lt;", "~", "\\~", "#", "\\#").Replace(say.Printable(s))
}
