package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/say"
)

// What a command prints passes here, and its arguments are made printable here: the name of a class, a file or a study may hold
// what steers a terminal, wherever it came from. So no command guards its own words, and none writes to Stdout or Stderr itself.

// styled is a text of one line that is printable already, with colour codes of ours.
type styled string

// lines is a text of several lines of ours, with names in it: its line breaks stay, all else is made printable.
type lines string

// printable makes the arguments of a format safe to show, in their place. Numbers stay as they are.
func printable(args []any) {
	for i, a := range args {
		switch a := a.(type) {
		case nil, styled:
		case lines:
			args[i] = styled(say.Lines(string(a)))
		case string:
			args[i] = say.Printable(a)
		case error:
			args[i] = say.Printable(a.Error())
		case fmt.Stringer:
			args[i] = say.Printable(a.String())
		default:
			switch v := reflect.ValueOf(a); v.Kind() {
			case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
			default:
				args[i] = say.Printable(fmt.Sprint(a))
			}
		}
	}
}

// print writes data: what a script would read.
func (e *Env) print(format string, args ...any) {
	printable(args)
	fmt.Fprintf(e.Stdout, format, args...)
}

// paragraph writes a line of words behind an indent; on a terminal it goes on below itself, two columns further in.
func (e *Env) paragraph(indent, format string, args ...any) {
	printable(args)
	text := fmt.Sprintf(format, args...)
	if !e.Terminal {
		fmt.Fprintf(e.Stdout, "%s%s\n", indent, text)
		return
	}
	fmt.Fprint(e.Stdout, indent, strings.TrimLeft(wrap(text, indent+"  ", e.Width), " "))
}

// note writes a message for a person, unless -q or --json asks for silence.
func (e *Env) note(format string, args ...any) {
	if !e.Quiet && !e.JSON {
		printable(args)
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}

// detail writes what only -v asks for.
func (e *Env) detail(format string, args ...any) {
	if e.Verbose {
		printable(args)
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}

// complain writes an error's line.
func (e *Env) complain(err error) { fmt.Fprintln(e.Stderr, "assay: "+oneLine(err)) }

// document writes one JSON document.
func (e *Env) document(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := e.Stdout.Write(say.JSON(b.Bytes()))
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
	_, err := e.Stdout.Write(say.JSON(b.Bytes()))
	return err
}

// columns are rows of cells: aligned for a person, separated by tabs in a pipe. A column whose head begins with ">" is set
// to the right.
type columns struct {
	head []string
	rows [][]string
}

func (c *columns) add(cells ...string) { c.rows = append(c.rows, cells) }

// least is the columns that a table's last column needs to go on below itself.
const least = 20

// table writes columns with their heads. Where a terminal has no room for all, those at the end stand below their row, each
// behind its head.
func (e *Env) table(c columns) {
	right := make([]bool, len(c.head))
	rows := [][]string{make([]string, len(c.head))}
	for i, h := range c.head {
		rows[0][i], right[i] = strings.TrimPrefix(h, ">"), strings.HasPrefix(h, ">")
	}
	for _, row := range c.rows {
		shown := make([]string, len(row))
		for i, cell := range row {
			shown[i] = say.Printable(cell)
		}
		rows = append(rows, shown)
	}
	if !e.Terminal {
		for _, row := range rows {
			e.print("%s\n", styled(strings.Join(row, "\t")))
		}
		return
	}
	width := make([]int, len(c.head))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	last := len(c.head) - 1
	fit, column := 0, 0 // columns of the table on a line, and where the next one begins
	for fit < len(width) && (column+width[fit] <= e.Width || fit == last && e.Width-column > least || fit == 0) {
		column += width[fit] + 2
		fit++
	}
	line := func(row []string) string {
		var b strings.Builder
		column := 0
		for i, cell := range row[:fit] {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			switch {
			case right[i]:
				b.WriteString(space + cell)
			case i == last: // it goes on below itself
				b.WriteString(strings.TrimSpace(wrap(cell, strings.Repeat(" ", column), e.Width)))
			default:
				b.WriteString(cell + space)
			}
			if i < fit-1 {
				b.WriteString("  ")
			}
			column += width[i] + 2
		}
		return strings.TrimRight(b.String(), " ")
	}
	e.print("%s\n", e.dim(line(rows[0])))
	for _, row := range rows[1:] {
		e.print("%s\n", lines(line(row)))
		var below []string
		for i := fit; i < len(row); i++ {
			switch {
			case row[i] == "":
			case i == last:
				below = append(below, row[i])
			default:
				below = append(below, rows[0][i]+" "+row[i])
			}
		}
		if len(below) > 0 {
			e.print("%s", lines(wrap(strings.Join(below, ", "), "    ", e.Width)))
		}
	}
}

func (e *Env) bold(s string) styled { return e.style("1", s) }
func (e *Env) dim(s string) styled  { return e.style("2", s) }

func (e *Env) style(code, s string) styled {
	s = say.Printable(s)
	if !e.Color {
		return styled(s)
	}
	return styled("\x1b[" + code + "m" + s + "\x1b[0m")
}

// widest is the columns of the longest of some names, as they are printed.
func widest(names []string) int {
	n := 0
	for _, name := range names {
		n = max(n, utf8.RuneCountInString(say.Printable(name)))
	}
	return n
}

// The words of package say that nearly every command uses.
var (
	plural  = say.Counted
	about   = say.About
	si      = say.SI
	size    = say.Bytes
	wrap    = say.Wrap
	ordinal = say.Ordinal
)

func thousands(n int) string { return say.Thousands(n) }

// share tells how many images of how many: "900 images", "500 of 900 images".
func share(n, of int) string {
	if n == of {
		return plural(n, "image")
	}
	return thousands(n) + " of " + plural(of, "image")
}
