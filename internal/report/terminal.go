package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study"
)

// The table of a terminal, as wide as it may be. A row is an arm:
//
//	batchnorm      +1.6  [+1.0, +2.2]            |      |--o--|    helps                 +9 %    0 %    +1 %
//
// Narrow terminals lose the plot first. Then the costs stand on a line of their own below their arm, and then name, effect and
// verdict below one another: no figure is ever left out. Names and sentences from files are made printable here.

const (
	narrowest = 20  // columns below which words stand alone on their lines
	notKnown  = 120 // columns where the output is no terminal
	mostName  = 28
)

// Terminal writes the judged study as an aligned table with a forest plot in text, then the baseline and the caveats. width
// is the terminal's columns, 0 where there is none; color allows ANSI colours (the caller knows NO_COLOR).
func Terminal(w io.Writer, in Input, width int, color bool) error {
	r := in.Result
	if r == nil || len(r.Judged) == 0 {
		return ErrNotJudged
	}
	if width <= 0 {
		width = notKnown
	}
	width = max(width, narrowest)
	t := textTable{ranking: rank(r), width: width, color: color}
	b := bufio.NewWriter(w)
	if u := t.unfinished(); u != "" {
		t.wrapped(b, t.gauge()+u, "")
	}
	t.wrapped(b, plain(t.answer()), "")
	if r.Stopped == "" && len(t.asked) > 0 {
		fmt.Fprintln(b)
		t.layOut()
		t.write(b)
	}
	t.below(b, in)
	return b.Flush()
}

type textTable struct {
	ranking
	width int
	color bool

	name, effect, verdict int     // columns of these
	plot                  int     // columns of the plot, 0 for none
	costs                 bool    // beside the verdict; else below the arm
	free                  bool    // there are no costs
	stacked               bool    // name, effect and verdict below one another
	low, high             float64 // effects at the plot's edges
}

// The columns of a cost, and of a time that is rough.
const (
	costColumn  = 8
	roughColumn = 12
)

// timeColumn is the columns of training times.
func (t *textTable) timeColumn() int {
	if t.rough() {
		return roughColumn
	}
	return costColumn
}

// gauge is how far an unfinished study is: "[###---------------] ".
func (t *textTable) gauge() string {
	const columns = 20
	ended, planned := t.progress()
	if t.width < 2*columns {
		return ""
	}
	n := columns * ended / max(1, planned)
	return "[" + strings.Repeat("#", n) + strings.Repeat("-", columns-n) + "] "
}

func (t *textTable) layOut() {
	for _, j := range t.asked {
		t.name = max(t.name, utf8.RuneCountInString(say.Printable(j.Name)))
		t.effect = max(t.effect, len(t.effectText(j)))
		t.verdict = max(t.verdict, len(t.verdictText(j)))
	}
	t.name = max(8, min(t.name, mostName))
	t.low, t.high = t.domain()
	rest := t.width - t.name - 2 - t.effect - 2 - t.verdict
	t.stacked = rest < 0
	t.free = t.contrasts() // an effect over several arms costs nothing of its own
	if columns := 2 + t.timeColumn() + 2*costColumn; rest >= columns && !t.free {
		t.costs = true
		rest -= columns
	}
	rest -= 2
	if more := max(0, len(t.head())+1-(t.name+2+t.effect+2)); rest-more >= 14 { // the axis begins behind the head
		t.effect += more
		t.plot = min(rest-more, 41)
	}
}

// head is what stands over names and effects.
func (t *textTable) head() string { return "effect on " + t.outcome() + ", " + t.primary().Unit }

func (t *textTable) write(b *bufio.Writer) {
	head := t.head()
	if t.stacked {
		head = clip(head, t.width)
	}
	if t.plot > 0 {
		head = pad(head, t.name+2+t.effect+2) + t.axis()
	}
	if t.costs {
		head = pad(head, t.name+2+t.effect+2+t.plotColumns()+t.verdict+2)
		for i, word := range []string{t.timeWord(), "m-a", "params"} {
			head += t.costCell(i, word)
		}
	}
	fmt.Fprintln(b, strings.TrimRight(head, " "))
	for _, j := range t.asked {
		verdict := t.verdictText(j)
		if t.stacked {
			fmt.Fprintln(b, clip(say.Printable(j.Name), t.width))
			t.wrapped(b, "  "+strings.TrimSpace(t.effectText(j))+"  "+verdict, "  ")
			if !t.free {
				t.wrapped(b, "  "+t.priced(j), "  ")
			}
			continue
		}
		line := pad(clip(say.Printable(j.Name), t.name), t.name) + "  " + pad(t.effectText(j), t.effect) + "  "
		if t.plot > 0 {
			line += t.bar(j) + "  "
		}
		line += t.paint(j.Verdict, verdict)
		if t.costs {
			line += strings.Repeat(" ", t.verdict-len(verdict)+2)
			for i, c := range t.prices(j) {
				line += t.costCell(i, plain(c))
			}
		}
		fmt.Fprintln(b, strings.TrimRight(line, " "))
		if !t.costs && !t.free {
			t.wrapped(b, strings.Repeat(" ", t.name+2)+t.priced(j), strings.Repeat(" ", t.name+2))
		}
	}
}

// listed writes rows of cells below one another in columns, each row as a paragraph where the terminal is too narrow for all.
func (t *textTable) listed(b *bufio.Writer, rows [][]string) {
	var columns []int
	width := 0
	for _, row := range rows {
		row[0] = clip(say.Printable(row[0]), mostName)
		for len(columns) < len(row) {
			columns = append(columns, 0)
		}
		for i, cell := range row {
			columns[i] = max(columns[i], utf8.RuneCountInString(cell))
		}
	}
	for _, n := range columns {
		width += n + 2
	}
	for _, row := range rows {
		if width-2 > t.width {
			t.wrapped(b, strings.Join(row, "  "), "  ")
			continue
		}
		line := ""
		for i, cell := range row {
			line += pad(cell, columns[i]) + "  "
		}
		fmt.Fprintln(b, strings.TrimRight(say.Printable(line), " "))
	}
}

// costCell is a cost in its column, the first that of time.
func (t *textTable) costCell(i int, text string) string {
	columns := costColumn
	if i == 0 {
		columns = t.timeColumn()
	}
	return strings.Repeat(" ", max(0, columns-1-utf8.RuneCountInString(text))) + text + " "
}

// timeWord is what stands over training times.
func (t *textTable) timeWord() string {
	if t.rough() {
		return "rough time"
	}
	return "time"
}

// prices are an arm's time, multiply-adds and parameters beside the baseline's.
func (t *textTable) prices(j study.Judgement) [3]string {
	return [3]string{t.slower(j), change(float64(j.MACs), float64(t.against(j).MACs)), change(float64(j.Params), float64(t.against(j).Params))}
}

// priced is the costs as words: "time +9%, multiply-adds 0%, parameters +1%".
func (t *textTable) priced(j study.Judgement) string {
	var words []string
	for i, c := range t.prices(j) {
		words = append(words, [3]string{t.timeWord(), "multiply-adds", "parameters"}[i]+" "+strings.ReplaceAll(plain(c), " ", "")) // a figure is not broken
	}
	return strings.Join(words, ", ")
}

// below writes what stands under the table.
func (t *textTable) below(b *bufio.Writer, in Input) {
	if t.base.Mean != nil {
		line := "baseline " + plain(fixed(t.base.Mean, t.decimals))
		if t.NoiseSD > 0 && t.Noise == nil {
			line += fmt.Sprintf(", standard deviation between repeats %s", say.Figure(t.NoiseSD))
		}
		if t.Stopped == "" && t.costs {
			line += "; m-a: multiply-adds"
		}
		t.wrapped(b, line, "  ")
	}
	if n := t.noise(); n != "" {
		t.wrapped(b, n, "  ")
	}
	if p := t.beside(); p != nil {
		t.wrapped(b, plain("beside the published study: "+strings.Join(p.Said, " ")), "  ")
	}
	if _, _, signs := t.over(); len(signs) > 0 {
		for _, s := range signs {
			t.wrapped(b, plain(s), "  ")
		}
	}
	if t.DataSize != nil && t.Stopped == "" {
		t.wrapped(b, plain("expected: "+t.Metric+" "+t.reaches()+"; a - b n^-c by "+counted(len(t.DataSize.Points), "size")), "  ")
	}
	if len(t.beyond) > 0 {
		fmt.Fprintln(b)
		t.wrapped(b, "Beyond these, a family of claims by themselves:", "")
		var rows [][]string
		for _, j := range t.beyond {
			rows = append(rows, []string{j.Name, strings.TrimSpace(t.effectText(j)), t.verdictText(j)})
		}
		t.listed(b, rows)
	}
	if tuned := t.tuned(); len(tuned) > 0 {
		fmt.Fprintln(b)
		t.wrapped(b, "At each arm's own "+t.Tuning.Key+", a family of claims by themselves:", "")
		var rows [][]string
		for _, r := range tuned {
			best := "best: " + r.Chosen
			if r.Why != "" {
				best += ", " + r.Why
			}
			rows = append(rows, []string{r.Name, plain(r.Effect), plain(r.Verdict), best})
		}
		t.listed(b, rows)
	}
	var lines []string
	for _, j := range t.asked {
		var said []string
		if d := t.decides(j); d != "" && j.Verdict == study.Undecided {
			said = append(said, strings.TrimPrefix(d, "; "))
		}
		if r := strings.TrimSuffix(strings.TrimPrefix(t.remarks(j), " ("), ")"); r != "" {
			said = append(said, r)
		}
		if len(said) > 0 {
			lines = append(lines, j.Name+": "+strings.Join(said, "; "))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintln(b)
	}
	for _, l := range lines {
		t.wrapped(b, plain(l), "  ")
	}
	for i, n := range t.advice(in) {
		if i == 0 {
			fmt.Fprintln(b)
		}
		t.wrapped(b, plain("To tell "+n.Of+":"), "  ")
		t.wrapped(b, "  "+n.Command, "    ")
	}
	if next := t.confirm(in); next != "" {
		fmt.Fprintln(b)
		t.wrapped(b, "To confirm what helps, together and each left out:", "  ")
		t.wrapped(b, "  "+next, "    ")
	}
	if best := t.best(); best != "" {
		fmt.Fprintln(b)
		t.wrapped(b, plain(best), "  ")
	}
	if choice := t.choice(); choice != "" {
		t.wrapped(b, plain(choice), "  ")
	}
	if tested := t.tested(); tested != "" {
		t.wrapped(b, plain(tested), "  ")
	}
	for i, c := range t.careful() {
		if i == 0 {
			fmt.Fprintln(b)
		}
		t.wrapped(b, "Careful: "+plain(c), "  ")
	}
}

func (t *textTable) effectText(j study.Judgement) string {
	switch low, high, ok := bounds(j.Finding); {
	case ok:
		return fmt.Sprintf("%*s  %s", 5, plain(signed(*j.Effect, t.decimals)), plain(interval(low, high, t.decimals)))
	case j.Conditional != nil:
		return fmt.Sprintf("%*s  (finished runs)", 5, plain(signed(j.Conditional.Effect, t.decimals)))
	case j.Effect != nil:
		return fmt.Sprintf("%*s", 5, plain(signed(*j.Effect, t.decimals)))
	}
	return "    -"
}

func (t *textTable) verdictText(j study.Judgement) string { return plain(t.called(j)) }

// column is the plot's column of an effect, -1 or t.plot beyond its edges.
func (t *textTable) column(x float64) int {
	c := int(math.Floor((x - t.low) / (t.high - t.low) * float64(t.plot)))
	return max(-1, min(c, t.plot))
}

// bar draws an interval over the line of the baseline: |--o--|. An end beyond the edge is < or >.
func (t *textTable) bar(j study.Judgement) string {
	row := []byte(strings.Repeat(" ", t.plot))
	row[t.column(0)] = '|'
	set := func(c int, mark byte) {
		if c >= 0 && c < t.plot {
			row[c] = mark
		}
	}
	low, high, ok := bounds(j.Finding)
	if c := j.Conditional; !ok && c != nil {
		set(t.column(c.Effect), 'x')
	} else if !ok && j.Effect != nil {
		set(t.column(*j.Effect), 'o')
	} else if ok {
		from, to := t.column(low), t.column(high)
		for c := from; c <= to; c++ {
			set(c, '-')
		}
		set(from, '|')
		set(to, '|')
		if from < 0 {
			row[0] = '<'
		}
		if to >= t.plot {
			row[t.plot-1] = '>'
		}
		set(t.column(*j.Effect), 'o')
	}
	if !t.color {
		return string(row)
	}
	return t.paint(j.Verdict, string(row))
}

// axis writes the numbers over the plot, centred on their columns.
func (t *textTable) axis() string {
	row := []byte(strings.Repeat(" ", t.plot+2))
	free := 0
	for _, tick := range ticks(t.low, t.high, max(5, t.plot/5)) {
		label := plain(tickText(tick, true))
		at := t.column(tick) - len(label)/2
		if at >= free && at+len(label) <= len(row) {
			copy(row[at:], label)
			free = at + len(label) + 1
		}
	}
	return string(row)
}

func (t *textTable) plotColumns() int {
	if t.plot == 0 {
		return 0
	}
	return t.plot + 2
}

// paint colours by verdict: blue helps, orange (yellow where there are 16 colours) hurts, faint for the rest.
func (t *textTable) paint(v study.Verdict, s string) string {
	if !t.color || strings.TrimSpace(s) == "" {
		return s
	}
	code := map[study.Verdict]string{study.Helps: "1;34", study.Hurts: "1;33"}[v]
	if code == "" {
		code = "2"
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// wrapped writes a paragraph in lines of the width: the blanks in front stay, further lines are indented.
func (t *textTable) wrapped(b *bufio.Writer, s, indent string) {
	s = say.Printable(s)
	words := strings.TrimLeft(s, " ")
	front := s[:len(s)-len(words)]
	fmt.Fprint(b, front, strings.TrimLeft(say.Wrap(words, indent, t.width), " "))
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// clip shortens a text to n characters, the last of them "…" then.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "\u2026"
}
