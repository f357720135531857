package spec

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is where a list or a map stops standing on one line.
const lineWidth = 100

// YAML is the node as a YAML text that [Parse] reads back to an equal node: two spaces a level, lists and maps on one line
// where they fit and hold no comments, texts in quotes only where they need them.
func (n *Node) YAML() []byte {
	w := writer{}
	w.comment(n.Comment, 0)
	if n.Kind == Map || n.Kind == List {
		w.block(n, 0)
	} else {
		w.inline(n, 0)
	}
	if w.Len() == 0 {
		w.WriteString("\n")
	}
	return []byte(w.String())
}

// Flow is the node on one line, without comments: {name: elu, with: [{activation: elu}]}.
func (n *Node) Flow() string { return flow(n) }

type writer struct{ strings.Builder }

// block writes the entries of a list or map, each on lines of its own from column indent on.
func (w *writer) block(n *Node, indent int) {
	if n.Len() == 0 {
		w.WriteString(strings.Repeat(" ", indent) + flow(n) + note(n) + "\n")
		return
	}
	for _, p := range n.pairs {
		w.comment(p.Value.Comment, indent)
		key := strings.Repeat(" ", indent) + quote(p.Key.text, true) + ":"
		w.WriteString(key)
		w.entry(p.Value, indent, utf8.RuneCountInString(key))
	}
	for _, item := range n.items {
		w.comment(item.Comment, indent)
		w.WriteString(strings.Repeat(" ", indent) + "-")
		if item.Kind == Map && item.Len() > 0 && !fits(item, indent+2) {
			// The first key stands behind its dash.
			inner := writer{}
			inner.block(item, indent+2)
			text := inner.String()
			if item.Note == "" && !strings.HasPrefix(strings.TrimLeft(text, " "), "#") {
				w.WriteString(" " + text[indent+2:])
				continue
			}
		}
		w.entry(item, indent, indent+1)
	}
}

// entry writes what stands behind a key or a dash: on the same line where it fits, else as a block below.
func (w *writer) entry(n *Node, indent, column int) {
	if n.Kind == Null {
		w.WriteString(note(n) + "\n")
		return
	}
	if n.Kind == Scalar || n.Len() == 0 || fits(n, column+1) {
		w.WriteString(" ")
		w.inline(n, indent)
		return
	}
	w.WriteString(note(n) + "\n")
	w.block(n, indent+2)
}

func (w *writer) inline(n *Node, indent int) {
	w.WriteString(flow(n) + note(n) + "\n")
}

// comment writes lines above an entry. An empty line in a comment stays an empty line.
func (w *writer) comment(text string, indent int) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = plainLine(line); line != "" {
			w.WriteString(strings.Repeat(" ", indent) + "# " + line)
		}
		w.WriteString("\n")
	}
}

func note(n *Node) string {
	if text := plainLine(n.Note); text != "" {
		return " # " + text
	}
	return ""
}

// plainLine keeps a comment a comment: what could end its line, or is no text, becomes a blank.
func plainLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s))
}

// fits reports whether a list or map can stand on one line from a column on.
func fits(n *Node, column int) bool {
	if commented(n) {
		return false
	}
	return column+utf8.RuneCountInString(flow(n))+utf8.RuneCountInString(note(n)) <= lineWidth
}

// commented reports whether a comment stands inside the node.
func commented(n *Node) bool {
	for _, item := range n.items {
		if item.Comment != "" || item.Note != "" || commented(item) {
			return true
		}
	}
	for _, p := range n.pairs {
		if p.Value.Comment != "" || p.Value.Note != "" || commented(p.Value) {
			return true
		}
	}
	return false
}

// flow is the node on one line: {name: elu, with: [{activation: elu}]}.
func flow(n *Node) string {
	switch n.Kind {
	case Scalar:
		return quote(n.text, n.quoted)
	case List:
		parts := make([]string, len(n.items))
		for i, item := range n.items {
			parts[i] = flow(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Map:
		parts := make([]string, len(n.pairs))
		for i, p := range n.pairs {
			parts[i] = quote(p.Key.text, true) + ": " + flow(p.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

// quote writes a scalar, in double quotes where it would read back as anything but this text; a scalar that was no text
// (a number, a truth value) stands as it is.
func quote(s string, text bool) string {
	if s != "" && plain(s) && (!text || !looksTyped(s)) {
		return s
	}
	return strconv.QuoteToGraphic(strings.ToValidUTF8(s, "\ufffd"))
}

// plain reports whether a text of harmless characters may stand without quotes anywhere, in lists on one line too.
func plain(s string) bool {
	for i, r := range s {
		inner := i > 0 && i < len(s)-1
		switch {
		case unicode.IsLetter(r) && r != utf8.RuneError, '0' <= r && r <= '9', r == '_', r == '/':
		case strings.ContainsRune("+-.", r) && len(s) > 1:
		case r == '?' && i > 0:
		case strings.ContainsRune("*()<>=;~$^! '", r) && inner && !strings.Contains(s, "  "):
		default:
			return false
		}
	}
	return !strings.HasPrefix(s, "- ") && !strings.HasPrefix(s, "---") && !strings.HasPrefix(s, "...")
}

// looksTyped reports whether a plain text would be read as a number, a truth value or nothing, here or by a reader of
// YAML 1.1 (yes, no, on, off).
func looksTyped(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "<<", ".nan", ".inf", "-.inf", "+.inf":
		return true
	}
	_, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	_, errInt := strconv.ParseInt(s, 0, 64)
	return err == nil || errInt == nil
}
