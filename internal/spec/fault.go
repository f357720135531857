package spec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Fault is something wrong at a place of a file. Code that checks a value returns one with Path and Msg alone; [Node.Place]
// fills in the rest. Its text is "file:line:column: msg", of a text
// that was no file "line 1, column 2: msg", and "path: msg" while the place is not known.
type Fault struct {
	Path string // "$" is the node that Place is called on: "$.repeats", "$.variants[2].with[0]"
	Msg  string // what is wrong; what to do: lower case, no full stop

	File         string
	Line, Column int // from 1; 0 while not known
	Err          error
}

// Error is the fault in one line.
func (f *Fault) Error() string {
	switch {
	case f.Line > 0 && f.File == "": // a text that was no file
		return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Msg)
	case f.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Msg)
	case f.File != "":
		return f.File + ": " + f.Msg
	case f.Path != "" && f.Path != "$":
		return f.Path + ": " + f.Msg
	}
	return f.Msg
}

// Unwrap is the error that the fault was made from, nil if it was made from words.
func (f *Fault) Unwrap() error { return f.Err }

// Errorf returns a fault at the node.
func (n *Node) Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	f := &Fault{Path: n.Path(), Msg: err.Error(), File: n.file, Err: errors.Unwrap(err)}
	f.Line, f.Column = n.place()
	return f
}

// At gives an error of another room the place of the node, unless it has a place already. nil stays nil.
func (n *Node) At(err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		if f.Line > 0 || f.File != "" {
			return err
		}
		return n.Place(err)
	}
	return n.Errorf("%w", err)
}

// Place gives a [Fault] inside err its file, line and column, reading its path from n on; what others wrapped around the
// fault stays in front of the message. A path that leads nowhere is placed at the last step that exists: a key that is
// missing, at the map that lacks it. An error without a fault, or with a placed one, is returned as it is.
func (n *Node) Place(err error) error {
	f, ok := errors.AsType[*Fault](err)
	if !ok || f.Line > 0 || f.File != "" {
		return err
	}
	msg := f.Msg
	if before, after, found := strings.Cut(err.Error(), f.Error()); found {
		msg = before + f.Msg + after
	}
	at := n.find(f.Path)
	placed := &Fault{Path: at.Path(), Msg: msg, File: at.file, Err: err}
	placed.Line, placed.Column = at.place()
	return placed
}

// place is the value's own place if it begins on the line of its key, else the key's: where a reader looks.
func (n *Node) place() (line, column int) {
	if n.key != nil && n.key.Line > 0 && n.Line != n.key.Line {
		return n.key.Line, n.key.Column
	}
	return n.Line, n.Column
}

// find walks a path as far as it leads.
func (n *Node) find(path string) *Node {
	path = strings.TrimPrefix(path, "$")
	for path != "" {
		var next *Node
		switch {
		case strings.HasPrefix(path, "[\""):
			quoted, err := strconv.QuotedPrefix(path[1:])
			if err != nil {
				return n
			}
			key, _ := strconv.Unquote(quoted)
			next, path = n.Get(key), strings.TrimPrefix(path[1+len(quoted):], "]")
		case path[0] == '[':
			number, rest, _ := strings.Cut(path[1:], "]")
			if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(n.items) {
				next = n.items[i]
			}
			path = rest
		default:
			key := strings.TrimPrefix(path, ".")
			end := strings.IndexAny(key, ".[")
			if end < 0 {
				end = len(key)
			}
			next, path = n.Get(key[:end]), key[end:]
			if end == 0 {
				return n
			}
			if n.Kind == List { // the bare value of that key
				next = n
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}
