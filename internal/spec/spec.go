// Package spec turns YAML text into Go values, and Go values into tidy YAML, with every fault as one line
// file:line:column: what is wrong; what to do. It imports nothing of Assay; no other room knows of YAML.
//
// Start at [Parse], which gives a tree of [Node]; [Decode] fills a struct from a node, strictly; [Encode] and [Node.YAML]
// go the other way. A room that checks a value and knows only where in the tree it stands returns a [Fault], and
// [Node.Place] gives it its line and column.
package spec

import (
	"iter"
	"strconv"
	"strings"
)

// Kind is what a node is.
type Kind uint8

// The kinds of node. Null is a key with nothing behind it, ~ or null.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// String names the kind as messages do.
func (k Kind) String() string { return [...]string{"nothing", "a value", "a list", "a map"}[k] }

// Node is one value of a file, with its place. A node that was built rather than read has no place. A node may be read by
// several goroutines at once.
type Node struct {
	Kind         Kind
	Line, Column int // from 1, in characters; 0 for a node that was built

	Comment string // lines to write above the node; only for writing, [Parse] leaves it empty
	Note    string // a comment to write behind the node, on its line; only for writing

	text   string // of a scalar
	quoted bool   // a text whatever it looks like
	items  []*Node
	pairs  []Pair

	file   string
	parent *Node // nil at the root
	key    *Node // of the pair that holds this node; nil in a list
	index  int   // in the parent's list
}

// Pair is one entry of a map. The key is a scalar.
type Pair struct{ Key, Value *Node }

// File is the name that the node was parsed under, "" if it was built.
func (n *Node) File() string { return n.file }

// Path says where the node stands from the root of its file: "$.variants[2].with[0]".
func (n *Node) Path() string {
	switch {
	case n.parent == nil:
		return "$"
	case n.key != nil:
		return n.parent.Path() + pathKey(n.key.text)
	}
	return n.parent.Path() + "[" + strconv.Itoa(n.index) + "]"
}

// pathKey writes a key as a step of a path, quoted where it is not a plain word.
func pathKey(key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\"' \n") {
		return "[" + strconv.Quote(key) + "]"
	}
	return "." + key
}

// label names the node in a message by the last step of its path that is a key: "epochs", "with[0]"; "" at the root.
func (n *Node) label() string {
	switch {
	case n.parent == nil:
		return ""
	case n.key != nil:
		return n.key.text
	}
	return n.parent.label() + "[" + strconv.Itoa(n.index) + "]"
}

// Pairs yields the entries of a map in the order of the file; nothing for another kind.
func (n *Node) Pairs() iter.Seq2[*Node, *Node] {
	return func(yield func(key, value *Node) bool) {
		for _, p := range n.pairs {
			if !yield(p.Key, p.Value) {
				return
			}
		}
	}
}

// Items yields the entries of a list; nothing for another kind.
func (n *Node) Items() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) {
		for i, item := range n.items {
			if !yield(i, item) {
				return
			}
		}
	}
}

// Len is the number of entries of a map or a list, 0 for another kind.
func (n *Node) Len() int { return len(n.pairs) + len(n.items) }

// Get returns the value of a key of a map, nil if there is none or the node is no map.
func (n *Node) Get(key string) *Node {
	for k, v := range n.Pairs() {
		if k.text == key {
			return v
		}
	}
	return nil
}

// Text is a scalar as it was written, without quotes; "" for another kind.
func (n *Node) Text() string { return n.text }

// Equal reports whether two nodes mean the same: kinds, texts and entries, whatever their places, comments, quotes
// around a text, way of writing a number, and order of keys.
func Equal(a, b *Node) bool {
	if a == nil || b == nil || a.Kind != b.Kind || a.Len() != b.Len() {
		return a == nil && b == nil
	}
	switch a.Kind {
	case Scalar:
		x, isNumber := a.number()
		y, both := b.number()
		_, notBool := a.Bool()
		_, neither := b.Bool()
		return isNumber == both && (notBool == nil) == (neither == nil) && (isNumber && x == y || a.text == b.text)
	case Map:
		for k, v := range a.Pairs() {
			if !Equal(v, b.Get(k.text)) {
				return false
			}
		}
	case List:
		for i, item := range a.items {
			if !Equal(item, b.items[i]) {
				return false
			}
		}
	}
	return true
}
