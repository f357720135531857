package approach

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Entry is one line of the catalogue: the approach with its defaults, and its card.
type Entry struct {
	Name    string
	Kind    Kind
	Touches string // what it may change, as paths of [Built.Differences]: "net", "lr", "augment, input"
	Default any    // a Rewriter, Tuner or Teacher: a struct whose fields are the parameters
	Card    Card
}

// Card is what a person is told of an approach before choosing it.
type Card struct {
	Summary   string   // one line
	Cost      string   // what it does to parameters, multiply-adds, time
	Couplings []string // what else changes with it
	Paper     string   // authors, title, venue or arXiv number
	Evidence  string   // what the published study found
	Caveats   string
}

// Parameter is one key of an approach.
type Parameter struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Values  string `json:"values"`
	Help    string `json:"help"`
	Only    string `json:"only,omitempty"` // under which values of others it decides anything, as "kind: ema"; "": always
	Bare    bool   `json:"-"`              // the one that a bare value sets
}

// Parameters lists the keys of an approach, from its struct: the tags yaml, values, help and spec:"bare", and those that say a range.
func (e Entry) Parameters() []Parameter { return parameters(e.Default) }

// Operation is one of the operations of augment, with parameters of its own.
type Operation struct {
	Name       string      `json:"name"`
	Summary    string      `json:"summary"`
	Parameters []Parameter `json:"parameters"`
	Paper      string      `json:"paper"`
	Caveats    string      `json:"caveats"`
}

// Operations lists what may stand in an approach's list of operations, none for those without.
func (e Entry) Operations() []Operation {
	var all []Operation
	if _, ok := e.Default.(learning.Augment); ok {
		for _, o := range augment.Catalog() {
			all = append(all, Operation{o.Name, o.Card.Summary, parameters(experiment.Operation{P: o.P, Op: o.Default}.Form()), o.Card.Paper, o.Card.Caveats})
		}
	}
	return all
}

// parameters lists the keys of a struct.
func parameters(of any) []Parameter {
	var ps []Parameter
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := Parameter{Name: name, Values: f.Tag.Get("values"), Help: f.Tag.Get("help"), Only: f.Tag.Get("only"), Bare: strings.Contains(f.Tag.Get("spec"), "bare")}
		if f.Tag.Get("is") != "" {
			p.Help = experiment.Wanted(f.Tag) + "; " + p.Help
		}
		if d := f.Tag.Get("default"); d != "" {
			p.Default = d // where the zero value stands for something that depends on the network
		} else if n, err := spec.Encode(v.Field(i).Interface()); err == nil && n.Kind != spec.Null {
			p.Default = n.Flow()
		}
		if p.Default == `""` {
			p.Default = "none"
		}
		ps = append(ps, p)
	}
	return ps
}

// MayChange reports whether what the entry touches covers a path of [Built.Differences]: "lr" covers "lr.policy", and "net" what lies
// over the network, as a rewrite brings the norms of what it makes.
func (e Entry) MayChange(path string) bool {
	return slices.ContainsFunc(strings.Split(e.Touches, ", "), func(t string) bool {
		return t == path || strings.HasPrefix(path, t+".") || t == "net" && path == "overlay"
	})
}

// read fills a copy of start from what stands behind the approach's name; nothing leaves start as it is.
func (e Entry) read(start any, n *spec.Node) (any, error) {
	if n == nil || n.Kind == spec.Null {
		n = spec.NewMap()
	}
	v := reflect.New(reflect.TypeOf(start))
	v.Elem().Set(reflect.ValueOf(start))
	if err := spec.DecodeInto(n, v.Interface()); err != nil {
		if f, ok := errors.AsType[*spec.Fault](err); ok && f.Line == 0 { // else the place says which approach it is
			err = fmt.Errorf("%s: %w", e.Name, err)
		}
		return nil, err
	}
	return v.Elem().Interface(), nil
}

// idle faults a parameter that a value writes and that decides nothing beside the others, by the tags `only` of the fields: decay where the
// average is swa.
func (e Entry) idle(read any, n *spec.Node) error {
	if n == nil {
		return nil
	}
	err := spec.Idle(n, read)
	if f, ok := errors.AsType[*spec.Fault](err); ok && f.Line == 0 {
		err = fmt.Errorf("%s: %w", e.Name, err)
	}
	return err
}

// settled is an approach with what decides nothing in it, as a choice before may have left it, at its default.
func (e Entry) settled(read any) any {
	v := reflect.New(reflect.TypeOf(read))
	v.Elem().Set(reflect.ValueOf(read))
	spec.Settle(v.Interface(), e.Default)
	return v.Elem().Interface()
}

// where is the pattern of an approach that takes one, "" for all layers.
func where(approach any) nn.Glob {
	v := reflect.ValueOf(approach)
	for i := range v.NumField() {
		if at, ok := v.Field(i).Interface().(nn.Glob); ok {
			return at
		}
	}
	return ""
}
