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
		_, err = e.read(e.Default, c.Value)
		if f, ok := errors.AsType[*spec.Fault](err); ok {
			err = fmt.Errorf("%s: %s; begin with approach.Default", e.Name, f.Msg)
		}
		return c, err
	}
	return experiment.Choice{}, fmt.Errorf("%T is no approach; take one of the catalogue, such as optimization.LR", approach)
}
