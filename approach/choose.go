package approach

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// Default is an approach with its defaults, to be changed and handed to [Choose]; the zero value of a type that no approach has.
func Default[T any]() T {
	for _, e := range Catalog() {
		if v, ok := e.Default.(T); ok {
			return v
		}
	}
	var none T
	return none
}

// Choose makes the choice that a person would write for an approach with these parameters: its name, and the parameters that are
// not at their defaults. Of settings a later choice inherits what it does not write, as in a file. Begin with [Default]: a
// field that is left at its zero is taken at its word. A parameter that no file could say is an error.
func Choose(approach any) (experiment.Choice, error) {
	for _, e := range Catalog() {
		if reflect.TypeOf(e.Default) != reflect.TypeOf(approach) {
			continue
		}
		n, err := spec.EncodeBeside(approach, e.Default)
		if err != nil {
			return experiment.Choice{}, fmt.Errorf("%s: %w", e.Name, err)
		}
		c := experiment.Choice{Name: e.Name}
		if n.Len() > 0 {
			c.Value = n
		}
		for _, p := range e.Parameters() {
			if v := n.Get(p.Name); p.Bare && n.Len() == 1 && v != nil && v.Kind != spec.Map {
				c.Value = v
			}
		}
		_, err = e.read(e.Default, c.Value)
		if f, ok := errors.AsType[*spec.Fault](err); ok {
			err = fmt.Errorf("%s: %s; begin with approach.Default", e.Name, f.Msg)
		}
		return c, err
	}
	return experiment.Choice{}, fmt.Errorf("%T is no approach; take one of the catalogue, such as optimization.LR", approach)
}

// Merged is a list of choices in which settings that stand in it several times stand once, at their first place, with what they come to
// together. Approaches that edit the network or are laid over its layers stay, each at its place, and so does a list with a fault.
func Merged(choices []experiment.Choice) []experiment.Choice {
	var merged []experiment.Choice
	last, at := map[string]any{}, map[string]int{}
	for _, c := range choices {
		entry, err := Lookup(c.Name)
		if err != nil {
			return choices
		}
		if entry.MayChange("overlay") {
			merged = append(merged, c)
			continue
		}
		i, again := at[c.Name]
		if !again {
			i, last[c.Name] = len(merged), entry.Default
			at[c.Name], merged = i, append(merged, c)
		}
		if last[c.Name], err = entry.read(last[c.Name], c.Value); err != nil {
			return choices
		}
		if !again {
			continue
		}
		if merged[i], err = Choose(entry.settled(last[c.Name])); err != nil {
			return choices
		}
	}
	return merged
}
