package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A field that decides nothing beside some values of another says so once, by a tag: `only:"kind: ema"` is read under kind: ema alone,
// `only:"kind: not none"` under every other kind, `only:"warmup"` where warmup is not 0 and `only:"not pixels"` where pixels is. Of
// several conditions, between semicolons, one is enough; a condition on a field that itself decides nothing does not hold.

// condition is one of them.
type condition struct {
	name  string // of the other field
	not   bool
	words []string // nil: whether it is set
}

func conditions(tag string) (all []condition) {
	for text := range strings.SplitSeq(tag, ";") {
		name, values, valued := strings.Cut(strings.TrimSpace(text), ":")
		rest, not := strings.CutPrefix(strings.TrimSpace(values), "not ")
		c := condition{name: name, not: not}
		if valued {
			c.words = words(rest)
		} else if c.name, c.not = strings.CutPrefix(name, "not "); !c.not {
			c.name = name
		}
		if c.name != "" {
			all = append(all, c)
		}
	}
	return all
}

// holds tells whether a condition is met, but for whether the field it names decides anything.
func (c condition) holds(v reflect.Value) bool {
	if c.words == nil {
		return v.IsZero() == c.not
	}
	return slices.Contains(c.words, fmt.Sprint(v)) != c.not
}

// Decides tells whether the field of a struct that has this key decides anything beside the values of the others, by the tags `only`.
func Decides(of any, key string) bool {
	v := reflect.ValueOf(of)
	all := fields(v.Type())
	f := named(all, key)
	return f == nil || len(f.met(all, v)) > 0 || f.only == nil
}

// named is the field that has a key, nil for none.
func named(all []field, key string) *field {
	i := slices.IndexFunc(all, func(f field) bool { return f.name == key })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// met lists the conditions of a field that hold; open those whose own field decides something, whether they hold or not.
func (f field) met(all []field, v reflect.Value) []condition {
	return slices.DeleteFunc(f.open(all, v), func(c condition) bool { return !c.holds(v.FieldByIndex(named(all, c.name).index)) })
}

func (f field) open(all []field, v reflect.Value) (open []condition) {
	for _, c := range f.only {
		if other := named(all, c.name); other != nil && (other.only == nil || len(other.met(all, v)) > 0) {
			open = append(open, c)
		}
	}
	return open
}

// Idle faults the first key that a map writes and that decides nothing in the struct it has been read into, by the tags `only`.
func Idle(n *Node, of any) error {
	v := reflect.ValueOf(of)
	all := fields(v.Type())
	for k := range n.Pairs() {
		f := named(all, k.text)
		if f == nil || f.only == nil || len(f.met(all, v)) > 0 {
			continue
		}
		open := f.open(all, v)
		if len(open) == 0 { // then what it hangs on decides nothing either
			open = f.only[:1]
		}
		if c := open[0]; c.not && c.words != nil {
			return k.Errorf("%s%s decides nothing under %s: %s; take it out or choose another %s", n.prefix(), k.text, c.name, fmt.Sprint(v.FieldByIndex(named(all, c.name).index)), c.name)
		} else if c.not {
			return k.Errorf("%s%s decides nothing beside %s; take one of them out", n.prefix(), k.text, c.name)
		}
		var belongs, write []string
		for _, c := range open {
			if c.words == nil {
				belongs, write = append(belongs, c.name), append(write, c.name)
				continue
			}
			write = append(write, c.name+": "+c.words[0])
			for _, word := range c.words {
				if !slices.Contains(belongs, word) {
					belongs = append(belongs, word)
				}
			}
		}
		return k.Errorf("%s%s belongs to %s; take it out or write %s", n.prefix(), k.text, strings.Join(belongs, ", "), strings.Join(write, " or "))
	}
	return nil
}

// Settle sets what decides nothing in a struct to what it is in another of the same type, such as its defaults. pointer points to it.
func Settle(pointer, defaults any) {
	v, d := reflect.ValueOf(pointer).Elem(), reflect.ValueOf(defaults)
	all := fields(v.Type())
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	for _, f := range all {
		if f.only != nil && len(f.met(all, was)) == 0 {
			v.FieldByIndex(f.index).Set(d.FieldByIndex(f.index))
		}
	}
}
