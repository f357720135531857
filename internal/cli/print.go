package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// print writes data: what a script would read.
func (e *Env) print(format string, args ...any) { fmt.Fprintf(e.Stdout, format, args...) }

// note writes a message for a person, unless -q or --json asks for silence.
func (e *Env) note(format string, args ...any) {
	if !e.Quiet && !e.JSON {
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}

// detail writes what only -v asks for.
func (e *Env) detail(format string, args ...any) {
	if e.Verbose {
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}

// document writes one JSON document.
func (e *Env) document(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := e.Stdout.Write(b.Bytes())
	return err
}

// object writes a JSON object on a line of its own.
func (e *Env) object(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := e.Stdout.Write(b.Bytes())
	return err
}

// columns are rows of cells: aligned for a person, separated by tabs in a pipe. A column whose head begins with ">" is set
// to the right.
type columns struct {
	head []string
	rows [][]string
}

func (c *columns) add(cells ...string) { c.rows = append(c.rows, cells) }

// table writes columns with their heads.
func (e *Env) table(c columns) {
	right := make([]bool, len(c.head))
	head := make([]string, len(c.head))
	for i, h := range c.head {
		head[i], right[i] = strings.TrimPrefix(h, ">"), strings.HasPrefix(h, ">")
	}
	if !e.Terminal {
		for _, row := range append([][]string{head}, c.rows...) {
			e.print("%s\n", strings.Join(row, "\t"))
		}
		return
	}
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, c.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	last := len(head) - 1
	room := e.Width
	for i := range last {
		room -= width[i] + 2
	}
	line := func(row []string) string {
		var b strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			switch {
			case right[i]:
				b.WriteString(space + cell)
			case i == last && room > 20: // the last column goes on below itself
				indent := strings.Repeat(" ", e.Width-room)
				b.WriteString(strings.TrimSpace(wrap(cell, indent, e.Width)))
			default:
				b.WriteString(cell + space)
			}
			if i < last {
				b.WriteString("  ")
			}
		}
		return strings.TrimRight(b.String(), " ")
	}
	e.print("%s\n", e.dim(line(head)))
	for _, row := range c.rows {
		e.print("%s\n", line(row))
	}
}

func (e *Env) bold(s string) string { return e.style("1", s) }
func (e *Env) dim(s string) string  { return e.style("2", s) }

func (e *Env) style(code, s string) string {
	if !e.Color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// wrap breaks a text into lines of at most width characters, each behind indent.
func wrap(text, indent string, width int) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}

// plural is "1 image", "2 images", "1,000 images".
func plural(n int, one string) string {
	many := one + "s"
	switch {
	case n == 1:
		return "1 " + one
	case strings.HasSuffix(one, "s"):
		many = one + "es"
	case strings.HasSuffix(one, "y"):
		many = strings.TrimSuffix(one, "y") + "ies"
	}
	return thousands(n) + " " + many
}

// share tells how many images of how many: "900 images", "500 of 900 images".
func share(n, of int) string {
	if n == of {
		return plural(n, "image")
	}
	return thousands(n) + " of " + plural(of, "image")
}

// si is a large number in three digits: 1.70M, 41.2M, 4.09G.
func si(n int64) string {
	x := float64(n)
	for _, unit := range []string{"", "k", "M", "G", "T"} {
		if x < 999.5 || unit == "T" {
			if unit == "" {
				return fmt.Sprint(n)
			}
			return threeDigits(x) + unit
		}
		x /= 1000
	}
	return ""
}

func threeDigits(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// bytes is a size: 1.2 MB.
func size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	s := si(n)
	return s[:len(s)-1] + " " + s[len(s)-1:] + "B"
}

// about is a span of time as a person says it: "40 s", "3 min", "2.5 h".
func about(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 90:
		return fmt.Sprintf("%.0f s", s)
	case s < 90*60:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 10*3600:
		return fmt.Sprintf("%.1f h", s/3600)
	default:
		return fmt.Sprintf("%.0f h", s/3600)
	}
}
