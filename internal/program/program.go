// Package program holds what runs: a static list of operations over values of known shape. It knows no layer and no
// engine: package compile lowers a network to a Program, an engine executes it. It imports tensor only. Start at
// [Program], then [Builder], which writes one, and ops.go, the list of operations. Gradients are made here, by rules that
// write an op's gradient in other ops ([Builder.Gradients]).
package program

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// DType is the element type of a value.
type DType uint8

// Element types: real numbers (float32 in engine/cpu, float64 in internal/ref) and class indices.
const (
	Real DType = iota
	Index
)

// Type is what is known of a value before anything runs.
type Type struct {
	Shape tensor.Shape
	DType DType
}

// Source says where a value's content comes from.
type Source uint8

// Sources of values.
const (
	Computed Source = iota // an op makes it
	Input                  // fed on every run, by name
	Scalar                 // a runtime scalar fed on every run, by name: lr, momentum, drop rates, step ...
	Held                   // lives in the State under its name: parameters, solver slots, running statistics
)

// Value is a logical array: NHWC feature maps, HWIO weights, no offset, halo or pitch. Where its bytes lie is the
// engine's affair.
type Value struct {
	ID     int // position in Program.Values
	Name   string
	Type   Type
	Source Source
	By     *Node // the node that makes it; nil unless Computed
}

// Shape is the value's shape.
func (v *Value) Shape() tensor.Shape { return v.Type.Shape }

func (v *Value) String() string { return fmt.Sprintf("%%%d %s%v", v.ID, v.Name, v.Type.Shape) }

// Op is one operation. The concrete types are listed in ops.go; an op is a comparable struct or holds only its
// hyper-parameters, so that an engine may switch on its type.
type Op interface {
	// Kind is the op's name in listings, such as "conv-grad-weight".
	Kind() string
	// Infer gives the types of the op's outputs, or says why the inputs do not fit.
	Infer(in []*Value) ([]Type, error)
}

// Writes reports whether running the program changes the State.
func (p *Program) Writes() bool {
	return slices.ContainsFunc(p.Nodes, func(n *Node) bool { _, ok := n.Op.(Writer); return ok })
}

// Writer is an op that changes Held values in place (solver updates, running statistics). Its Infer gives no output.
type Writer interface {
	Op
	// Writes gives the indices of the inputs that it changes.
	Writes() []int
}

// Node is one application of an op.
type Node struct {
	ID   int // position in Program.Nodes
	Op   Op
	In   []*Value
	Out  []*Value
	Name string // the layer that it comes from, for listings and errors
}

// Program is a list of nodes in an order in which they can run. Everything in it is static.
type Program struct {
	Name    string // "step", "evaluation" ...
	Values  []*Value
	Nodes   []*Node
	Outputs []Output
}

// Output is a value that the caller reads after a run.
type Output struct {
	Name  string
	Value *Value
}

// Inputs lists the values with the given source, in order of creation.
func (p *Program) Inputs(s Source) []*Value {
	var vs []*Value
	for _, v := range p.Values {
		if v.Source == s {
			vs = append(vs, v)
		}
	}
	return vs
}

// Output returns the value of the output with that name, nil if there is none.
func (p *Program) Output(name string) *Value {
	for _, o := range p.Outputs {
		if o.Name == name {
			return o.Value
		}
	}
	return nil
}
