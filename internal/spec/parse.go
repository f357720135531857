package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// Limits of a file. A study of a hundred variants has some 3,000 values in 20 kB, nested 8 deep.
const (
	MaxBytes  = 4 << 20 // of text
	MaxValues = 200_000 // aliases written out
	MaxDepth  = 64      // of lists and maps in each other
	maxKey    = 100     // characters; YAML itself ends a key before 1024 bytes, and an escape takes ten
)

// ReadFile parses the file at path. An error of the file system comes back as it is.
func ReadFile(path string) (*Node, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse reads one YAML document and returns its root; file is the name that faults carry. Anchors, aliases and merge keys
// are written out, within the limits. Tags, keys that are no scalars, keys written twice and second documents are faults.
func Parse(file string, text []byte) (*Node, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := checkText(file, text); err != nil {
		return nil, err
	}
	var docs []yaml.Node
	if err := yaml.Load(text, &docs, yaml.WithAllDocuments()); err != nil {
		return nil, syntaxFault(file, text, err)
	}
	switch {
	case len(docs) == 0 || len(docs[0].Content) == 0 || len(docs) == 1 && docs[0].Content[0].Tag == "!!null":
		return nil, &Fault{Path: "$", File: file, Line: 1, Column: 1, Msg: "the file is empty; write the keys of this file, or see the examples"}
	case len(docs) > 1:
		return nil, &Fault{Path: "$", File: file, Line: docs[1].Line, Column: docs[1].Column, Msg: "a second document begins here; keep one document a file"}
	}
	r := reader{file: file, left: MaxValues, open: map[*yaml.Node]bool{}}
	return r.read(docs[0].Content[0], &Node{}, 0)
}

// checkText refuses what is no text before the YAML reader gives it a stranger's name.
func checkText(file string, text []byte) error {
	fault := func(at int, format string, args ...any) error {
		f := &Fault{Path: "$", File: file, Msg: fmt.Sprintf(format, args...)}
		f.Line, f.Column = position(text, at)
		return f
	}
	if len(text) > MaxBytes {
		return fault(0, "the file is larger than %d MiB; a file of this kind takes a few kilobytes", MaxBytes>>20)
	}
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return fault(0, "the text is UTF-16; save it as UTF-8")
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return fault(i, "not a text in UTF-8: byte 0x%02x; give a YAML file, saved as UTF-8", text[i])
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return fault(i, "not a text: control character 0x%02x; give a YAML file", r)
		}
		i += size
	}
	return nil
}

// position turns a byte offset into a line and a column in characters.
func position(text []byte, at int) (line, column int) {
	before := text[:min(at, len(text))]
	return 1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
}

// wording is what a message of the YAML reader means for the person who wrote the file.
var wording = []struct{ context, message, msg string }{
	{"", "max depth", `nested too deep; flatten it`},
	{"", "unknown anchor", `a text that begins with * is read as an alias, and none of that name is there; write the text in quotes`},
	{"", "character that cannot start any token", `a text cannot begin with this character; write the text in quotes`},
	{"", "tab", `a tab in the indentation; use spaces`},
	{"simple key", "", `a line without a colon and a space; write "key: value"`},
	{"", "escape", `a backslash in double quotes begins an escape that YAML does not know; write the text in single quotes`},
	{"quoted scalar", "", `a quote that is not closed; close it on its line`},
	{"", "mapping values are not allowed", `a colon where a value is; a key of a map begins its line at the indentation of its neighbours, a text with ": " stands in quotes`},
	{"flow sequence", "expected ',' or ']'", `a "[" that is not closed, or a comma missing; close it or write the comma`},
	{"flow mapping", "expected ',' or '}'", `a "{" that is not closed, or a comma missing; close it or write the comma`},
	{"flow", "", `a bracket or brace that is not closed; close it`},
	{"block mapping", "did not find expected key", `the indentation of this line fits no map above it, or a bracket is one too many; align it with its neighbours`},
	{"block", "did not find expected '-'", `the indentation of this line fits no list above it; align it with its neighbours`},
	{"", "expected <document start>", `text after the end of the document; align it with the lines above, or remove it`},
}

// syntaxFault words an error of the YAML reader. The reader's own words stand where none of ours fit.
func syntaxFault(file string, text []byte, err error) error {
	f := &Fault{Path: "$", File: file, Line: 1, Column: 1, Err: err}
	e, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		f.Msg = "not YAML: " + oneLine(err.Error()) + "; check the brackets, quotes and indentation"
		return f
	}
	if e.Mark.Line > 0 {
		f.Line, f.Column = e.Mark.Line, max(1, e.Mark.Column)
	}
	// A construct that is not closed is mended where it begins, and a line without a colon is that line.
	if unclosed := strings.Contains(e.ContextMsg, "flow") || strings.Contains(e.ContextMsg, "quoted") || strings.Contains(e.ContextMsg, "simple key"); unclosed && e.ContextMark.Line > 0 {
		f.Line, f.Column = e.ContextMark.Line, max(1, e.ContextMark.Column)
	}
	if lines := bytes.Split(text, []byte("\n")); f.Line <= len(lines) {
		before, _, _ := bytes.Cut(lines[f.Line-1], []byte("#"))
		if lead := before[:len(before)-len(bytes.TrimLeft(before, " \t"))]; bytes.ContainsRune(lead, '\t') {
			f.Msg, f.Column = "a tab in the indentation; use spaces", 1+bytes.IndexByte(lead, '\t')
			return f
		}
	}
	for _, w := range wording {
		if strings.Contains(e.ContextMsg, w.context) && strings.Contains(e.Message, w.message) {
			f.Msg = w.msg
			return f
		}
	}
	f.Msg = "not YAML: " + oneLine(e.Message) + "; check the brackets, quotes and indentation"
	return f
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// reader makes our tree of the library's, writing aliases out and counting what it makes.
type reader struct {
	file string
	left int                 // values that may still be made
	open map[*yaml.Node]bool // those being read, to find an anchor that holds itself
}

// merge is the key that takes over the pairs of other maps.
const merge = "<<"

// read fills n, whose parent and key or index are set, from y.
func (r *reader) read(y *yaml.Node, n *Node, depth int) (*Node, error) {
	for y.Kind == yaml.AliasNode && y.Alias != nil {
		y = y.Alias
	}
	n.file, n.Line, n.Column = r.file, y.Line, y.Column
	r.left--
	switch {
	case r.open[y]:
		return nil, n.Errorf("the anchor %.40q holds itself; remove the alias inside it", y.Anchor)
	case r.left < 0:
		return nil, n.Errorf("more than %d values, aliases written out; shorten the file", MaxValues)
	case depth > MaxDepth:
		return nil, n.Errorf("nested more than %d deep; flatten it", MaxDepth)
	case y.Style&yaml.TaggedStyle != 0:
		return nil, n.Errorf("the tag %.40q has no meaning here; remove it, or write the text in quotes", y.Tag)
	}
	r.open[y] = true
	defer delete(r.open, y)
	switch y.Kind {
	case yaml.ScalarNode:
		if y.Tag == "!!null" {
			return n, nil
		}
		n.Kind, n.text, n.quoted = Scalar, y.Value, y.Style != 0
	case yaml.SequenceNode:
		n.Kind = List
		for i, c := range y.Content {
			item, err := r.read(c, &Node{parent: n, index: i}, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		n.Kind = Map
		return n, r.readMap(y, n, depth)
	default:
		return nil, n.Errorf("not a value; write a text, a list or a map")
	}
	return n, nil
}

func (r *reader) readMap(y *yaml.Node, n *Node, depth int) error {
	seen := make(map[string]*Node, len(y.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Tag == "!!merge" {
			merged = append(merged, v)
			continue
		}
		for k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		key := &Node{Kind: Scalar, file: r.file, Line: k.Line, Column: k.Column, parent: n, text: k.Value, quoted: k.Style != 0}
		switch {
		case k.Kind != yaml.ScalarNode:
			return key.Errorf("a list or a map cannot be a key; write a text")
		case utf8.RuneCountInString(k.Value) > maxKey:
			return key.Errorf("a key longer than %d characters; shorten it", maxKey)
		}
		key.key = key // so that its path and place are those of the entry
		if first, ok := seen[key.text]; ok {
			return key.Errorf("duplicate key %q, first on line %d; remove one", key.text, first.Line)
		}
		seen[key.text] = key
		if err := r.addPair(n, key, v, depth); err != nil {
			return err
		}
	}
	for _, v := range merged { // after the map's own keys, which win
		if err := r.mergeInto(n, v, seen, depth); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) addPair(n, key *Node, v *yaml.Node, depth int) error {
	value, err := r.read(v, &Node{parent: n, key: key}, depth+1)
	if err != nil {
		return err
	}
	n.pairs = append(n.pairs, Pair{key, value})
	return nil
}

// mergeInto takes over the pairs of "<<: *map" or "<<: [*one, *two]" that are not there yet, the first map first.
func (r *reader) mergeInto(n *Node, v *yaml.Node, seen map[string]*Node, depth int) error {
	from, err := r.read(v, &Node{parent: n, key: &Node{text: merge}}, depth+1)
	if err != nil {
		return err
	}
	maps := from.items
	if from.Kind != List {
		maps = []*Node{from}
	}
	for _, m := range maps {
		if m.Kind != Map {
			return m.Errorf("%q takes the keys of another map, got %s; write an alias of a map", merge, m.Kind)
		}
		for _, p := range m.pairs {
			if seen[p.Key.text] == nil {
				seen[p.Key.text] = p.Key
				p.Key.parent, p.Value.parent = n, n
				n.pairs = append(n.pairs, p)
			}
		}
	}
	return nil
}
