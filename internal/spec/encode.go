package spec

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Marshaler is a type that writes itself as a node.
type Marshaler interface{ MarshalSpec() (*Node, error) }

// NewText returns a scalar that reads back as this text, whatever it looks like.
func NewText(s string) *Node { return &Node{Kind: Scalar, text: s, quoted: true} }

// NewInt returns a whole number.
func NewInt(i int) *Node { return &Node{Kind: Scalar, text: strconv.Itoa(i)} }

// NewFloat returns a number in the fewest digits that read back as the same float64; nothing for a NaN or an infinity.
func NewFloat(f float64) *Node { return float(f, 64) }

func float(f float64, bits int) *Node {
	s := strconv.FormatFloat(f, 'g', -1, bits)
	if _, ok := parseNumber(s); !ok {
		return &Node{}
	}
	return &Node{Kind: Scalar, text: s}
}

// NewBool returns true or false.
func NewBool(b bool) *Node { return &Node{Kind: Scalar, text: strconv.FormatBool(b)} }

// NewList returns a list of nodes, which now belong to it.
func NewList(items ...*Node) *Node {
	n := &Node{Kind: List}
	for _, item := range items {
		n.Append(item)
	}
	return n
}

// NewMap returns an empty map, to be filled by [Node.Set].
func NewMap() *Node { return &Node{Kind: Map} }

// Append adds an entry to a list and returns the entry.
func (n *Node) Append(item *Node) *Node {
	item.parent, item.key, item.index = n, nil, len(n.items)
	n.items = append(n.items, item)
	return item
}

// Set puts a value under a key of a map, behind the other keys or in place of the old value, and returns the value, so
// that a note can be set on it.
func (n *Node) Set(key string, value *Node) *Node {
	value.parent = n
	for i, p := range n.pairs {
		if p.Key.text == key {
			value.key = p.Key
			n.pairs[i].Value = value
			return value
		}
	}
	k := &Node{Kind: Scalar, text: key, quoted: true, parent: n}
	k.key, value.key = k, k
	n.pairs = append(n.pairs, Pair{k, value})
	return value
}

// Encode returns a value as a node, by the rules of [Decode]: what it returns decodes to the same value. Fields tagged
// ",omitempty" are left out where they are zero or an empty list or map; a struct left with its bare field alone becomes that field's value. Types that
// implement [Marshaler], or encoding.TextMarshaler, write themselves. A value that YAML has no form for (a function, a
// channel) is an error.
func Encode(v any) (*Node, error) { return encode(reflect.ValueOf(v)) }

func encode(v reflect.Value) (*Node, error) {
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return &Node{}, nil
	}
	switch m := v.Interface().(type) {
	case *Node:
		return m.clone(), nil
	case Item:
		return encodeItem(m)
	case Marshaler:
		return m.MarshalSpec()
	case encoding.TextMarshaler:
		text, err := m.MarshalText()
		return NewText(string(text)), err
	case time.Duration:
		return NewText(shortDuration(m)), nil
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return encode(v.Elem())
	case reflect.String:
		return NewText(v.String()), nil
	case reflect.Bool:
		return NewBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &Node{Kind: Scalar, text: strconv.FormatInt(v.Int(), 10)}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &Node{Kind: Scalar, text: strconv.FormatUint(v.Uint(), 10)}, nil
	case reflect.Float32, reflect.Float64:
		return float(v.Float(), v.Type().Bits()), nil
	case reflect.Slice, reflect.Array:
		list := NewList()
		for i := range v.Len() {
			item, err := encode(v.Index(i))
			if err != nil {
				return nil, err
			}
			list.Append(item)
		}
		return list, nil
	case reflect.Map:
		return encodeMap(v)
	case reflect.Struct:
		return encodeStruct(v)
	}
	return nil, fmt.Errorf("spec: %s has no form in YAML; tag the field yaml:\"-\"", v.Type())
}

func encodeItem(i Item) (*Node, error) {
	if i.Value == nil || i.Value.Kind == Null {
		return NewText(i.Name), nil
	}
	m := NewMap()
	m.Set(i.Name, i.Value.clone())
	return m, nil
}

func encodeMap(v reflect.Value) (*Node, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("spec: %s has no form in YAML; its keys must be texts", v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	m := NewMap()
	for _, k := range keys {
		value, err := encode(v.MapIndex(k))
		if err != nil {
			return nil, err
		}
		m.Set(k.String(), value)
	}
	return m, nil
}

func encodeStruct(v reflect.Value) (*Node, error) {
	m := NewMap()
	bare := ""
	for _, f := range fields(v.Type()) {
		x := v.FieldByIndex(f.index)
		if f.bare {
			bare = f.name
		}
		if f.omitEmpty && (x.IsZero() || (x.Kind() == reflect.Slice || x.Kind() == reflect.Map) && x.Len() == 0) {
			continue
		}
		value, err := encode(x)
		if err != nil {
			return nil, err
		}
		m.Set(f.name, value)
	}
	if len(m.pairs) == 1 && m.pairs[0].Key.text == bare && m.pairs[0].Value.Kind != Map {
		return m.pairs[0].Value, nil
	}
	return m, nil
}

// clone copies a tree, without its places, so that it can stand in another one.
func (n *Node) clone() *Node {
	if n == nil {
		return &Node{}
	}
	c := &Node{Kind: n.Kind, Comment: n.Comment, Note: n.Note, text: n.text, quoted: n.quoted}
	for _, item := range n.items {
		c.Append(item.clone())
	}
	for _, p := range n.pairs {
		c.Set(p.Key.text, p.Value.clone())
	}
	return c
}

// shortDuration writes 8h0m0s as 8h.
func shortDuration(d time.Duration) string {
	s := d.String()
	for _, tail := range []string{"m0s", "h0m"} {
		if len(s) > len(tail) && s[len(s)-len(tail):] == tail {
			s = s[:len(s)-2]
		}
	}
	return s
}
