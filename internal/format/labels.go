package format

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assaylab/assay/internal/say"
)

// Classes that folders do not tell: a list in a file, or a pattern over the files' names.

// Label is a row of a list: a file, as it is written there, and its class, which may be empty.
type Label struct {
	File, Class string
	Line        int
}

// maxLabels bounds the text of a list: 10 million rows of 50 letters.
const maxLabels = 512 << 20

// ReadLabels reads a list in CSV, as spreadsheets write it: a first line that names the columns, file and label among them in any
// order and case, or two columns without such a line. What parts the columns, a comma, a semicolon or a tab, is told by the
// first line; a byte order mark, "\r\n" and a line "sep=;" in front are passed over. Errors begin with the line.
func ReadLabels(r io.Reader) ([]Label, error) {
	text, err := ReadAll(r, maxLabels)
	if err != nil {
		return nil, fmt.Errorf("%w; give a list of labels: file,label", err)
	}
	fault := func(line int, format string, args ...any) ([]Label, error) {
		return nil, fmt.Errorf("%d: "+format, append([]any{line}, args...)...)
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return fault(1, "text in UTF-16; save it as CSV in UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !bytes.ContainsRune(text, '\n') {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	if !utf8.Valid(text) {
		line := 1
		for l := range bytes.Lines(text) {
			if !utf8.Valid(l) {
				break
			}
			line++
		}
		return fault(line, "letters that are no UTF-8; save it as CSV in UTF-8")
	}
	skipped := 0 // lines in front of the first
	if first, rest, _ := bytes.Cut(text, []byte("\n")); len(bytes.TrimSpace(first)) == 5 && bytes.HasPrefix(bytes.ToLower(first), []byte("sep=")) {
		text, skipped = rest, 1
	}
	c, err := columnsOf(text)
	if err != nil {
		return fault(1+skipped, "%w", err)
	}
	rows := reader(text, c.comma)
	var labels []Label
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			return fault(e.Line+skipped, "%w; a field with quotes in it is quoted and has them twice", e.Err)
		} else if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		if c.named {
			c.named = false
			continue
		}
		if len(row) <= max(c.file, c.label) {
			if len(row) == 1 && strings.TrimSpace(row[0]) == "" {
				continue
			}
			return fault(line+skipped, "%s, too few for a file and its label; write FILE%cLABEL", say.Counted(len(row), "column"), c.comma)
		}
		l := Label{strings.TrimSpace(row[c.file]), strings.TrimSpace(row[c.label]), line + skipped}
		if l.File == "" && l.Class == "" {
			continue
		}
		if l.File == "" {
			return fault(l.Line, "a label %q without a file; name the file, or take the line away", l.Class)
		}
		if labels = append(labels, l); len(labels) > maxEntries {
			return fault(l.Line, "more than %d rows; split the set", maxEntries)
		}
	}
	if len(labels) == 0 {
		return fault(1+skipped, "no rows; write a line file,label and then one for each picture")
	}
	return labels, nil
}

// columns is how a list is written.
type columns struct {
	comma       rune
	named       bool // the first line names the columns
	file, label int  // places
}

// columnsOf looks at the first line.
func columnsOf(text []byte) (columns, error) {
	commas := []rune{',', ';', '\t'}
	for _, comma := range commas {
		row, _ := reader(text, comma).Read()
		c := columns{comma, true, -1, -1}
		for i, name := range row {
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "file":
				c.file = i
			case "label":
				c.label = i
			}
		}
		if c.file >= 0 && c.label >= 0 {
			return c, nil
		}
	}
	for _, comma := range commas {
		if row, _ := reader(text, comma).Read(); len(row) == 2 && isPicture(strings.TrimSpace(row[0])) {
			return columns{comma, false, 0, 1}, nil
		}
	}
	return columns{}, errors.New("no columns file and label; name them in the first line: file,label")
}

func reader(text []byte, comma rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	return r
}

// Listed lays out the files that a list names, and no others; list is what the list is called in messages. A file is found by its
// path below the folder, with the folder's own name in front or not, or by the end of its path where one file alone has that
// end. It belongs to the part that the folder of the top level names, where all lie in folders of parts and of more than one.
// Left out, each by its name, are files that are not there, that have no label or two, and, in one line, pictures that are not
// listed. Names must be sorted.
func Listed(names []string, labels []Label, root, list string) Layout {
	var l Layout
	ends := endsOf(names)
	rows := make([]*Label, len(names)) // by name: its row
	two := make([]bool, len(names))
	for i := range labels {
		row := &labels[i]
		at, what, mend := find(names, ends, row.File, root)
		switch {
		case at < 0:
			l.Strays = append(l.Strays, Stray{row.File, fmt.Sprintf("%s, though line %d of %s has it", what, row.Line, list), mend})
		case row.Class == "":
			rows[at] = cmp.Or(rows[at], row)
			l.Strays = append(l.Strays, Stray{names[at], fmt.Sprintf("no label in line %d of %s", row.Line, list), "write one there, or take the line away"})
		case rows[at] != nil && rows[at].Class != "" && rows[at].Class != row.Class:
			if !two[at] {
				l.Strays = append(l.Strays, Stray{names[at], fmt.Sprintf("two labels in %s: %s in line %d, %s in line %d", list, rows[at].Class, rows[at].Line, row.Class, row.Line), "take one of the lines away"})
			}
			two[at] = true
		default:
			rows[at] = row
		}
	}
	var spots []spot
	var missed []string
	for i, name := range names {
		switch row := rows[i]; {
		case row == nil && isPicture(name):
			missed = append(missed, name)
		case row != nil && row.Class != "" && !two[i]:
			spots = append(spots, spot{name, row.Class})
		}
	}
	l.leave(missed, "not in "+list, fmt.Sprintf("add it to %s, or list it under data.skip", list))
	l.place(spots)
	return l
}

// Named lays out files by a pattern of one group over their names: over the path below the folder where the pattern has a slash,
// else over its last part. What the group holds is the class. Pictures whose name it does not match are left out, in one line.
// Parts are those of [Listed]. Names must be sorted.
func Named(names []string, pattern *regexp.Regexp) Layout {
	var l Layout
	var spots []spot
	var missed []string
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			continue
		}
		of := name
		if !strings.Contains(pattern.String(), "/") {
			of = path.Base(name)
		}
		if m := pattern.FindStringSubmatch(of); m != nil && m[1] != "" {
			spots = append(spots, spot{name, m[1]})
		} else if isPicture(name) {
			missed = append(missed, name)
		}
	}
	l.leave(missed, fmt.Sprintf("without a class by the pattern %q", pattern), "widen the pattern, or list it under data.skip")
	l.place(spots)
	return l
}

// spot is a file and the name of its class.
type spot struct{ name, class string }

// leave notes pictures that are left out for one reason as one stray: the first, and how many others.
func (l *Layout) leave(names []string, what, mend string) {
	if n := len(names); n > 1 {
		what += ", like " + say.Counted(n-1, "other picture")
	}
	if len(names) > 0 {
		l.Strays = append(l.Strays, Stray{names[0], what, mend})
	}
}

// place puts files into classes and parts.
func (l *Layout) place(spots []spot) {
	for _, s := range spots {
		l.Classes = append(l.Classes, s.class)
	}
	l.Classes = classesOf(l.Classes)
	label := map[string]int32{}
	for i, c := range l.Classes {
		label[c] = int32(i)
	}
	parts := partsOf(spots)
	for _, s := range spots {
		p := Place{Name: s.name, Label: label[s.class]}
		if parts != nil {
			p.Split = parts[topFolder(s.name, parts)]
		}
		l.Places = append(l.Places, p)
	}
}

// Order puts the classes into the order of a list, those that it does not name behind them.
func (l *Layout) Order(classes []string) {
	rank := func(name string) int {
		if at := slices.Index(classes, name); at >= 0 {
			return at
		}
		return len(classes)
	}
	was := slices.Clone(l.Classes)
	slices.SortStableFunc(l.Classes, func(a, b string) int { return rank(a) - rank(b) })
	for i := range l.Places {
		l.Places[i].Label = int32(slices.Index(l.Classes, was[l.Places[i].Label]))
	}
}

// partsOf are the folders that name parts, where all files lie in such, and in more than one part; else nil. Folders that
// all files share are passed through.
func partsOf(spots []spot) map[string]Split {
	if len(spots) == 0 {
		return nil
	}
	base := spots[0].name[:strings.LastIndexByte(spots[0].name, '/')+1]
	for _, s := range spots {
		for !strings.HasPrefix(s.name, base) {
			base = base[:strings.LastIndexByte(strings.TrimSuffix(base, "/"), '/')+1]
		}
	}
	parts := map[string]Split{}
	seen := map[Split]bool{}
	for _, s := range spots {
		top, _, deep := strings.Cut(s.name[len(base):], "/")
		part := splitOf(top)
		if !deep || part == Unsplit {
			return nil
		}
		parts[base+top], seen[part] = part, true
	}
	if len(seen) < 2 {
		return nil
	}
	return parts
}

// topFolder is the folder of parts that a file lies in.
func topFolder(name string, parts map[string]Split) string {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, ok := parts[dir]; ok {
			return dir
		}
	}
	return ""
}

// ends finds names by the ends of their paths.
type ends struct{ last map[string][]int32 } // by the last part of a path

func endsOf(names []string) ends {
	e := ends{make(map[string][]int32, len(names))}
	for i, name := range names {
		if !strings.HasSuffix(name, "/") {
			base := path.Base(name)
			e.last[base] = append(e.last[base], int32(i))
		}
	}
	return e
}

// find is the place of a file among the names, or why there is none, and what to do.
func find(names []string, e ends, file, root string) (at int, what, mend string) {
	file = strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(file, `\`, "/")), "/")
	_, below, inRoot := strings.Cut(file, path.Base(strings.ReplaceAll(root, `\`, "/"))+"/")
	var found []int32
	for _, i := range e.last[path.Base(file)] {
		switch name := names[i]; {
		case name == file, inRoot && name == below:
			return int(i), "", ""
		case strings.HasSuffix(name, "/"+file):
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
		return -1, "no such file", "correct the name, or take the line away"
	case 1:
		return int(found[0]), "", ""
	}
	return -1, fmt.Sprintf("%d files end so, %s and %s among them", len(found), names[found[0]], names[found[1]]), "write the folder in front of the name"
}

// classesOf sorts names of classes and leaves each once: by number where all are whole numbers, else by letters.
func classesOf(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	digits := func(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }
	if !slices.ContainsFunc(names, func(name string) bool { return !digits(name) }) {
		slices.SortStableFunc(names, func(a, b string) int {
			a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
			return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
		})
	}
	return names
}
