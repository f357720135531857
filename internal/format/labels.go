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

// Row is a line of a table.
type Row struct {
	Cells []string // without blanks around them
	Line  int
}

// Table reads CSV as spreadsheets write it, all of it: at least two rows of at least two columns, empty lines left out. What parts the columns, a comma, a
// semicolon or a tab, is the one that makes most of them in the first line; a byte order mark, "\r\n" and a line "sep=;" in front
// are passed over. Errors begin with the line.
func Table(r io.Reader) ([]Row, error) {
	text, err := ReadAll(r, maxLabels)
	if err != nil {
		return nil, fmt.Errorf(" %w; give a CSV file", err)
	}
	fault := func(line int, format string, args ...any) ([]Row, error) {
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
	comma, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if row, _ := reader(text, c).Read(); len(row) > most {
			comma, most = c, len(row)
		}
	}
	cells := reader(text, comma)
	var rows []Row
	for {
		read, err := cells.Read()
		if err == io.EOF {
			break
		}
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			return fault(e.Line+skipped, "%w; a field with quotes in it is quoted and has them twice", e.Err)
		} else if err != nil {
			return nil, fmt.Errorf(" %w", err)
		}
		line, _ := cells.FieldPos(0)
		row := Row{make([]string, len(read)), line + skipped}
		for i, cell := range read {
			row.Cells[i] = strings.TrimSpace(cell)
		}
		if strings.Join(row.Cells, "") == "" {
			continue
		}
		if rows = append(rows, row); len(rows) > maxEntries {
			return fault(row.Line, "more than %d rows; split the set", maxEntries)
		}
	}
	switch {
	case len(rows) == 0 || most < 2:
		return fault(1+skipped, "no table of two or more columns; write CSV, columns parted by commas")
	case len(rows) == 1:
		return fault(rows[0].Line, "no rows but the first; write one for each entry")
	}
	return rows, nil
}

func reader(text []byte, comma rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	return r
}

// ReadLabels reads a list as [Table] reads one: its first line names columns, file and label among them in any order and
// case, or there are two columns and no such line. Errors begin with the line.
func ReadLabels(r io.Reader) ([]Label, error) {
	rows, err := Table(r)
	if err != nil {
		return nil, err
	}
	file, label := -1, -1
	for i, name := range rows[0].Cells {
		switch strings.ToLower(name) {
		case "file":
			file = i
		case "label":
			label = i
		}
	}
	switch first := rows[0]; {
	case file >= 0 && label >= 0:
		rows = rows[1:]
	case len(first.Cells) == 2 && IsPicture(first.Cells[0]):
		file, label = 0, 1
	default:
		return nil, fmt.Errorf("%d: no columns file and label; name them in the first line: file,label", first.Line)
	}
	labels := make([]Label, 0, len(rows))
	for _, row := range rows {
		if len(row.Cells) <= max(file, label) {
			return nil, fmt.Errorf("%d: %s, too few for a file and its label; write both", row.Line, say.Counted(len(row.Cells), "column"))
		}
		l := Label{row.Cells[file], row.Cells[label], row.Line}
		if l.File == "" {
			return nil, fmt.Errorf("%d: a label %q without a file; name the file, or take the line away", l.Line, l.Class)
		}
		labels = append(labels, l)
	}
	return labels, nil
}

// Listed lays out the files that a list names, and no others; list is what the list is called in messages. A file is found by its
// path below the folder, with the folder's own name in front or not, or by the end of its path where one file alone has that
// end. It belongs to the part that the folder of the top level names, where all lie in folders of parts and of more than one.
// Left out, each by its name, are files that are not there, that have no label or two, and, in one line, those not listed that are
// pictures by what picture says, such as [IsPicture]. Names must be sorted.
func Listed(names []string, labels []Label, root, list string, picture func(name string) bool) Layout {
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
		case row == nil && picture(name):
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
		} else if IsPicture(name) {
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
	l.Classes = Classes(l.Classes)
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
	if i, ok := slices.BinarySearch(names, file); ok { // a backslash may be one of a name
		return i, "", ""
	}
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

// Classes sorts names of classes and leaves each once: by number where all are whole numbers, else by letters.
func Classes(names []string) []string {
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
