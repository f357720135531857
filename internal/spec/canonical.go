package spec

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Canonical is the node in its one spelling, which identities are made of and [Parse] reads back: keys sorted, every text in double
// quotes and ASCII, a number in the fewest digits that read back as it (whole ones without a point, no -0), lists in their
// order. What stands in the root, and in that, has a line of its own, all below stands in flow. Comments and places are not in it.
func (n *Node) Canonical() []byte {
	var w strings.Builder
	if n.Kind != Map || n.Len() == 0 {
		return []byte(canonicalFlow(n) + "\n")
	}
	for _, p := range byKey(n) {
		w.WriteString(canonicalKey(p.Key.text) + ":")
		if p.Value.Len() == 0 {
			w.WriteString(" " + canonicalFlow(p.Value) + "\n")
			continue
		}
		w.WriteByte('\n')
		for _, q := range byKey(p.Value) {
			w.WriteString("  " + canonicalKey(q.Key.text) + ": " + canonicalFlow(q.Value) + "\n")
		}
		for _, item := range p.Value.items {
			w.WriteString("  - " + canonicalFlow(item) + "\n")
		}
	}
	return []byte(w.String())
}

func byKey(n *Node) []Pair {
	return slices.SortedFunc(slices.Values(n.pairs), func(a, b Pair) int { return strings.Compare(a.Key.text, b.Key.text) })
}

func canonicalFlow(n *Node) string {
	var parts []string
	switch n.Kind {
	case Null:
		return "null"
	case Map:
		for _, p := range byKey(n) {
			parts = append(parts, canonicalKey(p.Key.text)+": "+canonicalFlow(p.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case List:
		for _, item := range n.items {
			parts = append(parts, canonicalFlow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	f, ok := n.number()
	switch {
	case !n.quoted && (n.text == "true" || n.text == "false"):
		return n.text
	case !ok:
		return canonicalText(n.text)
	}
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if u, err := strconv.ParseUint(n.text, 10, 64); err == nil {
		return strconv.FormatUint(u, 10)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

func canonicalKey(key string) string {
	if strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || key == "" || key[0] < 'a' || looksTyped(key) {
		return canonicalText(key)
	}
	return key
}

// canonicalText quotes a text in ASCII alone, so that no table of what can be printed has a say.
func canonicalText(s string) string {
	var w strings.Builder
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.WriteString(`\` + string(r))
		case r >= ' ' && r <= '~':
			w.WriteRune(r)
		default:
			fmt.Fprintf(&w, `\U%08X`, r)
		}
	}
	w.WriteByte('"')
	return w.String()
}

// EncodeBeside is [Encode] of v without what is as in byDefault, a value of the same type: decoded over a copy of byDefault, it gives v.
// So a field that joins a type later changes no text as long as it is at its default. Within lists and behind pointers the
// default is what [Decode] makes of an entry in which nothing is written. A list of texts tagged `spec:"set"` is sorted.
func EncodeBeside(v, byDefault any) (*Node, error) {
	n, err := encodeBeside(reflect.ValueOf(v), reflect.ValueOf(byDefault))
	if n == nil && err == nil {
		n = NewMap()
	}
	return n, err
}

// encodeBeside returns nil for a value that is as by default.
func encodeBeside(v, byDefault reflect.Value) (*Node, error) {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		d, written := byDefault, byDefault.IsNil()
		if written {
			d = reflect.New(v.Type().Elem())
			unwritten(v.Elem(), d.Elem())
		}
		n, err := encodeBeside(v.Elem(), d.Elem())
		if n == nil && err == nil && written {
			if v.Elem().Kind() != reflect.Struct {
				return encode(v.Elem())
			}
			n = NewMap()
		}
		return n, err
	}
	if writesItself(v) || v.Kind() != reflect.Struct && v.Kind() != reflect.Slice {
		n, err := encode(v)
		if err != nil {
			return nil, err
		}
		if d, err := encode(byDefault); err != nil || string(n.Canonical()) == string(d.Canonical()) {
			return nil, err
		}
		if n.Kind == Null && v.Kind() == reflect.Pointer {
			return nil, fmt.Errorf("spec: %s is left out where its default is not, which no text can say", v.Type())
		}
		return n, nil
	}
	if v.Kind() == reflect.Slice {
		n, err := encodeList(v)
		if err != nil {
			return nil, err
		}
		if d, err := encodeList(byDefault); err != nil || string(n.Canonical()) == string(d.Canonical()) {
			return nil, err
		}
		return n, nil
	}
	m := NewMap()
	for _, f := range fields(v.Type()) {
		x, d := v.FieldByIndex(f.index), byDefault.FieldByIndex(f.index)
		if f.set {
			x, d = sorted(x), sorted(d)
		}
		n, err := encodeBeside(x, d)
		if err != nil {
			return nil, err
		}
		if n != nil {
			m.Set(f.name, n)
		}
	}
	if m.Len() == 0 {
		return nil, nil
	}
	return m, nil
}

// encodeList is the entries of a list, each without what it need not write.
func encodeList(v reflect.Value) (*Node, error) {
	list := NewList()
	for i := range v.Len() {
		x := v.Index(i)
		d := reflect.New(x.Type()).Elem()
		if x.Kind() != reflect.Struct && x.Kind() != reflect.Pointer || writesItself(x) || !unwritten(x, d) {
			n, err := encode(x)
			if err != nil {
				return nil, err
			}
			list.Append(n)
			continue
		}
		n, err := encodeBeside(x, d)
		if err != nil {
			return nil, err
		}
		if n == nil || n.Len() == 0 && n.Kind == Map {
			n = NewMap()
		}
		if n.Kind == Map { // a pointer that is there is written though nothing in it is
			for _, f := range pointers(x) {
				if n.Get(f) == nil {
					n.Set(f, NewMap())
				}
			}
		}
		list.Append(n)
	}
	return list, nil
}

// unwritten fills d with what Decode makes of an entry like x in which nothing is written, pointers that are there apart. It
// reports false where that is an error.
func unwritten(x, d reflect.Value) bool {
	if x.Kind() != reflect.Struct {
		return true
	}
	n := NewMap()
	for _, name := range pointers(x) {
		n.Set(name, NewMap())
	}
	return decode(n, d) == nil
}

// pointers lists the fields of a struct that point at something.
func pointers(x reflect.Value) (names []string) {
	if x.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range fields(x.Type()) {
		if p := x.FieldByIndex(f.index); p.Kind() == reflect.Pointer && !p.IsNil() {
			names = append(names, f.name)
		}
	}
	return names
}

func writesItself(v reflect.Value) bool {
	switch v.Interface().(type) {
	case *Node, Item, Marshaler, encoding.TextMarshaler:
		return true
	}
	return v.Type() == durationType
}

// sorted is a list of texts as a set: in order, each once.
func sorted(v reflect.Value) reflect.Value {
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.String {
		return v
	}
	var texts []string
	for i := range v.Len() {
		texts = append(texts, v.Index(i).String())
	}
	slices.Sort(texts)
	return reflect.ValueOf(slices.Compact(texts))
}
