package spec

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Unmarshaler is a type that reads itself from a node. Its errors get the node's place if they have none. A struct that
// only checks or completes what [Decode] reads calls it on a type without the method: type plain T; Decode(n, (*plain)(t)).
type Unmarshaler interface{ UnmarshalSpec(n *Node) error }

// Str is the text of a scalar; a number or a truth value is the text it was written as.
func (n *Node) Str() (string, error) {
	if n.Kind != Scalar {
		return "", n.want("a text")
	}
	return n.text, nil
}

// Int is a whole number: decimal digits and a sign, outside quotes.
func (n *Node) Int() (int, error) {
	if n.Kind == Scalar && !n.quoted {
		if v, err := strconv.Atoi(n.text); err == nil {
			return v, nil
		}
	}
	return 0, n.want("a whole number")
}

// Float is a decimal number, with or without an exponent, outside quotes; infinities and NaN are refused.
func (n *Node) Float() (float64, error) {
	if v, ok := n.number(); ok {
		return v, nil
	}
	return 0, n.want("a number")
}

// Bool is true or false, outside quotes.
func (n *Node) Bool() (bool, error) {
	if n.Kind == Scalar && !n.quoted && (n.text == "true" || n.text == "false") {
		return n.text == "true", nil
	}
	return false, n.want("true or false")
}

// Duration is a time as in 90s, 15m or 1h30m; "2d" is two days.
func (n *Node) Duration() (time.Duration, error) {
	if n.Kind == Scalar {
		if d, err := time.ParseDuration(n.text); err == nil {
			return d, nil
		}
		if days, ok := strings.CutSuffix(n.text, "d"); ok {
			if v, err := strconv.ParseUint(days, 10, 16); err == nil {
				return time.Duration(v) * 24 * time.Hour, nil
			}
		}
	}
	return 0, n.want("a time such as 90s, 15m or 8h")
}

func (n *Node) number() (float64, bool) {
	if n.Kind != Scalar || n.quoted {
		return 0, false
	}
	return parseNumber(n.text)
}

// parseNumber takes decimal numbers alone: no hexadecimal, no underscores, no names.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "+-.eE0123456789") != "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// prefix is the key that a message begins with, "epochs: "; "" at the root.
func (n *Node) prefix() string {
	if label := n.label(); label != "" {
		return label + ": "
	}
	return ""
}

// want is the fault of a value of another kind than wanted.
func (n *Node) want(what string) error {
	got, mend := n.Kind.String(), ""
	if n.Kind == Scalar {
		got = n.text
		if r := []rune(got); len(r) > 40 {
			got = string(r[:37]) + "..."
		}
		got = strconv.Quote(got)
		if _, isNumber := parseNumber(n.text); n.quoted && (isNumber || n.text == "true" || n.text == "false") {
			got, mend = "the text "+got, "; remove the quotes"
		}
	}
	return n.Errorf("%swant %s, got %s%s", n.prefix(), what, got, mend)
}

// Keys faults the first key of a map that is not among the known ones, offering the nearest.
func (n *Node) Keys(known ...string) error {
next:
	for k := range n.Pairs() {
		for _, name := range known {
			if k.text == name {
				continue next
			}
		}
		if near, ok := Nearest(k.text, known); ok {
			return k.Errorf("unknown key %q; did you mean %q?", k.text, near)
		}
		return k.Errorf("unknown key %q; the keys here are %s", k.text, strings.Join(known, ", "))
	}
	return nil
}

// Item is an entry of a list of names with parameters: "- batchnorm", "- solver: sgd", "- lr: {base: 0.05}".
type Item struct {
	Name  string
	At    *Node // the entry, for faults
	Value *Node // what stands behind the name; of kind Null for a bare name
}

// UnmarshalSpec reads a bare name or a map of one key.
func (i *Item) UnmarshalSpec(n *Node) error {
	switch n.Kind {
	case Scalar:
		*i = Item{n.text, n, &Node{file: n.file, Line: n.Line, Column: n.Column, parent: n.parent, key: n.key, index: n.index}}
		return nil
	case Map:
		if len(n.pairs) == 1 {
			*i = Item{n.pairs[0].Key.text, n.pairs[0].Key, n.pairs[0].Value}
			return nil
		}
		if len(n.pairs) > 1 {
			return n.pairs[1].Key.Errorf("%q stands in the same entry as %q; begin each entry with a dash of its own", n.pairs[1].Key.text, n.pairs[0].Key.text)
		}
	}
	return n.want(`a name, or "name: value"`)
}

// Decode fills *v from the node, strictly.
//
// A struct is filled by the names in its `yaml:"name"` tags (the field's name in lower case without one, "-" for none,
// ",inline" for the fields of an embedded struct); keys that are not written leave the field as it is, which makes the
// value before the call its defaults. A further tag `spec:"bare"` marks the field that a value other than a map sets
// (activation: elu), `spec:"required"` one that must be written, `spec:"nonzero"` one that may not be written as 0,
// which stands for its absence; `values:"sgd, adam"` lists the words that a field of texts takes, and another one is a
// fault that offers the nearest; `only:"kind: ema"` is for [Idle] and [Settle]. A key with nothing behind it leaves a list, map, pointer or struct as it is and is a fault
// elsewhere. Lists are replaced, maps with texts as keys are filled up. A type that implements [Unmarshaler], or
// encoding.TextUnmarshaler for a scalar, reads itself; *Node takes the node as it stands and any the natural Go value.
func Decode[T any](n *Node, v *T) error { return decode(n, reflect.ValueOf(v).Elem()) }

// DecodeInto is [Decode] for a value whose type is known only when the program runs: pointer must be a pointer, not nil.
func DecodeInto(n *Node, pointer any) error {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("spec: %T cannot be filled; hand in a pointer", pointer)
	}
	return decode(n, v.Elem())
}

var (
	nodeType     = reflect.TypeFor[*Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

func decode(n *Node, v reflect.Value) error {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return nil
	}
	if v.CanAddr() {
		switch u := v.Addr().Interface().(type) {
		case Unmarshaler:
			return n.At(u.UnmarshalSpec(n))
		case encoding.TextUnmarshaler:
			if n.Kind != Scalar {
				return n.want("a text")
			}
			if err := u.UnmarshalText([]byte(n.text)); err != nil {
				return n.Errorf("%s%w", n.prefix(), err)
			}
			return nil
		}
	}
	if v.Type() == durationType {
		d, err := n.Duration()
		return set(v, d, err)
	}
	if n.Kind == Null {
		switch v.Kind() {
		case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct, reflect.Interface:
			return nil
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := v
		if v.IsNil() {
			p = reflect.New(v.Type().Elem())
		}
		if err := decode(n, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	case reflect.Struct:
		return decodeStruct(n, v)
	case reflect.Slice:
		return decodeList(n, v)
	case reflect.Array:
		if n.Kind != List {
			return n.want(fmt.Sprintf("a list of %d", v.Len()))
		}
		if len(n.items) != v.Len() {
			return n.Errorf("%swant a list of %d, got %d; write %d", n.prefix(), v.Len(), len(n.items), v.Len())
		}
		for i, item := range n.items {
			if err := decode(item, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return decodeMap(n, v)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(n.value()))
			return nil
		}
	case reflect.String:
		s, err := n.Str()
		return set(v, s, err)
	case reflect.Bool:
		b, err := n.Bool()
		return set(v, b, err)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := n.Int()
		if err == nil && v.OverflowInt(int64(i)) {
			return n.want(fmt.Sprintf("a whole number from %d to %d", -1<<(v.Type().Bits()-1), 1<<(v.Type().Bits()-1)-1))
		}
		return set(v, i, err)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n.Kind == Scalar && !n.quoted {
			if u, err := strconv.ParseUint(n.text, 10, v.Type().Bits()); err == nil {
				return set(v, u, nil)
			}
		}
		return n.want(fmt.Sprintf("a whole number from 0 to %d", ^uint64(0)>>(64-v.Type().Bits())))
	case reflect.Float32, reflect.Float64:
		f, err := n.Float()
		if err == nil && v.Kind() == reflect.Float32 && math.Abs(f) > math.MaxFloat32 {
			return n.want("a number up to 3.4e38")
		}
		return set(v, f, err)
	}
	return n.Errorf("%s cannot be read from a file; this is a fault of the program, please report it", v.Type())
}

func set[T any](v reflect.Value, x T, err error) error {
	if err == nil {
		v.Set(reflect.ValueOf(x).Convert(v.Type()))
	}
	return err
}

func decodeList(n *Node, v reflect.Value) error {
	switch n.Kind {
	case List:
	case Map:
		if len(n.pairs) > 0 {
			return n.Errorf("%swant a list, got a map; begin each entry with a dash: \"- %s: ...\"", n.prefix(), n.pairs[0].Key.text)
		}
		return n.want("a list")
	default:
		if n.Kind != Scalar || len(n.text) > 40 {
			return n.want("a list")
		}
		return n.Errorf("%swant a list, got %s; put it in brackets: [%s]", n.prefix(), quote(n.text, n.quoted), quote(n.text, n.quoted))
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		if item.Kind == Null && v.Type().Elem() != nodeType {
			return item.Errorf("%sa dash with nothing behind it; write the entry or remove the dash", item.prefix())
		}
		if err := decode(item, list.Index(i)); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func decodeMap(n *Node, v reflect.Value) error {
	if n.Kind != Map || v.Type().Key().Kind() != reflect.String {
		return n.want("a map")
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.pairs)))
	}
	for k, value := range n.Pairs() {
		x := reflect.New(v.Type().Elem()).Elem()
		if err := decode(value, x); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(k.text).Convert(v.Type().Key()), x)
	}
	return nil
}

func decodeStruct(n *Node, v reflect.Value) error {
	all := fields(v.Type())
	if n.Kind != Map {
		for _, f := range all {
			if f.bare {
				return f.decode(n, v)
			}
		}
		return n.want("a map")
	}
	known := make([]string, len(all))
	for i, f := range all {
		known[i] = f.name
	}
	if err := n.Keys(known...); err != nil {
		return err
	}
	for _, f := range all {
		value := n.Get(f.name)
		switch {
		case value != nil:
			if err := f.decode(value, v); err != nil {
				return err
			}
		case f.required:
			return n.Errorf("%sthe key %q is missing; add it", n.prefix(), f.name)
		}
	}
	return nil
}

// field is one key of a struct.
type field struct {
	name                    string
	index                   []int
	bare, required, nonzero bool
	set                     bool // of texts, whose order says nothing
	omitEmpty               bool
	words                   []string // that a text, or each of a list of texts, must be one of; nil for any
	only                    []condition
}

// decode fills the field of a struct.
func (f field) decode(n *Node, of reflect.Value) error {
	v := of.FieldByIndex(f.index)
	if err := decode(n, v); err != nil {
		return err
	}
	switch {
	case f.nonzero && v.IsZero():
		return n.Errorf("%swant a number other than 0; leave the key out for its default", n.prefix())
	case f.words == nil:
	case v.Kind() == reflect.String:
		return n.oneOf(f.words)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		for _, item := range n.items {
			if err := item.oneOf(f.words); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneOf faults a text that is none of the words, offering the nearest.
func (n *Node) oneOf(words []string) error {
	if slices.Contains(words, n.text) {
		return nil
	}
	if near, ok := Nearest(n.text, words); ok {
		return n.Errorf("%sunknown value %q; did you mean %q?", n.prefix(), n.text, near)
	}
	return n.Errorf("%sunknown value %q; choose one of %s", n.prefix(), n.text, strings.Join(words, ", "))
}

// fields lists the keys of a struct in the order of its fields, those of inlined structs in their place. A type's tags are read once.
func fields(t reflect.Type) []field {
	if all, ok := known.Load(t); ok {
		return all.([]field)
	}
	all := tagged(t)
	known.Store(t, all)
	return all
}

var known sync.Map // of reflect.Type, []field

func tagged(t reflect.Type) []field {
	var all []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		inline := strings.Contains(options, "inline") && f.Type.Kind() == reflect.Struct
		if name == "-" || !f.IsExported() {
			continue
		}
		if inline {
			for _, inner := range fields(f.Type) {
				inner.index = append(append([]int{}, f.Index...), inner.index...)
				all = append(all, inner)
			}
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		more := f.Tag.Get("spec")
		all = append(all, field{
			name: name, index: f.Index, words: words(f.Tag.Get("values")), omitEmpty: strings.Contains(options, "omitempty"),
			bare: strings.Contains(more, "bare"), required: strings.Contains(more, "required"), nonzero: strings.Contains(more, "nonzero"),
			set: more == "set", only: conditions(f.Tag.Get("only")),
		})
	}
	return all
}

// words splits the tag values, nil if there is none.
func words(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ", ")
}

// value is the node as natural Go values: nil, bool, int, float64, string, []any, map[string]any.
func (n *Node) value() any {
	switch n.Kind {
	case Scalar:
		if b, err := n.Bool(); err == nil {
			return b
		}
		if i, err := n.Int(); err == nil {
			return i
		}
		if f, ok := n.number(); ok {
			return f
		}
		return n.text
	case List:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case Map:
		m := make(map[string]any, len(n.pairs))
		for k, v := range n.Pairs() {
			m[k.text] = v.value()
		}
		return m
	}
	return nil
}
