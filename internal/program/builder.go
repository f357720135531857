package program

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Builder writes a Program node by node. The first error stays: later calls return values of no use and [Builder.Build]
// reports it, so that lowering reads as a table and checks once.
type Builder struct {
	p     *Program
	at    string // the layer being lowered
	err   error
	named map[string]*Value
}

// NewBuilder returns a builder of an empty program.
func NewBuilder(name string) *Builder {
	return &Builder{p: &Program{Name: name}, named: map[string]*Value{}}
}

// At names the layer that the following nodes come from.
func (b *Builder) At(layer string) { b.at = layer }

// Fail records an error, unless there is one.
func (b *Builder) Fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Input declares an array fed on every run.
func (b *Builder) Input(name string, d DType, shape tensor.Shape) *Value {
	return b.outer(name, Type{shape, d}, Input)
}

// Scalar declares a runtime scalar; the same name is the same value.
func (b *Builder) Scalar(name string) *Value { return b.outer(name, Type{tensor.Of(), Real}, Scalar) }

// Held declares a tensor of the State; the same name is the same value.
func (b *Builder) Held(name string, shape tensor.Shape) *Value {
	return b.outer(name, Type{shape, Real}, Held)
}

func (b *Builder) outer(name string, t Type, s Source) *Value {
	if v, ok := b.named[name]; ok {
		if v.Source != s || v.Type.DType != t.DType || !v.Type.Shape.Equal(t.Shape) {
			b.Fail(fmt.Errorf("%s: declared twice, as %v and as %v", name, v.Type.Shape, t.Shape))
		}
		return v
	}
	for _, d := range t.Shape {
		if d < 1 {
			b.Fail(fmt.Errorf("%s: shape %v has an extent below 1", name, t.Shape))
		}
	}
	v := b.value(name, t, s, nil)
	b.named[name] = v
	return v
}

func (b *Builder) value(name string, t Type, s Source, by *Node) *Value {
	v := &Value{ID: len(b.p.Values), Name: name, Type: t, Source: s, By: by}
	b.p.Values = append(b.p.Values, v)
	return v
}

// Emit appends an op with one output and returns it. A missing (nil) input is an error that names the op.
func (b *Builder) Emit(op Op, in ...*Value) *Value {
	outs := b.EmitAll(op, in...)
	if len(outs) != 1 {
		b.Fail(fmt.Errorf("%s: %s has %d outputs where one is wanted", b.at, op.Kind(), len(outs)))
		return b.lost()
	}
	return outs[0]
}

// EmitAll appends an op and returns its outputs, none for a Writer.
func (b *Builder) EmitAll(op Op, in ...*Value) []*Value {
	if b.err != nil {
		return []*Value{b.lost()}
	}
	for i, v := range in {
		if v == nil {
			b.Fail(fmt.Errorf("%s: %s: input %d is missing", b.at, op.Kind(), i+1))
			return []*Value{b.lost()}
		}
	}
	types, err := op.Infer(in)
	if err != nil {
		b.Fail(fmt.Errorf("%s: %w", b.at, err))
		return []*Value{b.lost()}
	}
	n := &Node{ID: len(b.p.Nodes), Op: op, In: slices.Clone(in), Name: b.at}
	for _, t := range types {
		n.Out = append(n.Out, b.value(b.at, t, Computed, n))
	}
	b.p.Nodes = append(b.p.Nodes, n)
	return n.Out
}

// lost stands in for the result of an op that could not be emitted.
func (b *Builder) lost() *Value { return &Value{Name: "lost", Type: Type{Shape: tensor.Of()}} }

// Output names a value that the caller reads after a run.
func (b *Builder) Output(name string, v *Value) {
	if b.p.Output(name) != nil {
		b.Fail(fmt.Errorf("%s: two outputs of that name", name))
	}
	if v == nil {
		b.Fail(fmt.Errorf("%s: an output without a value", name))
	}
	b.p.Outputs = append(b.p.Outputs, Output{name, v})
}

// Build returns the program, without the nodes whose results nobody reads, or the first error.
func (b *Builder) Build() (*Program, error) {
	if b.err != nil {
		return nil, b.err
	}
	b.p.prune()
	return b.p, nil
}

// prune drops nodes that neither write to the State nor lead to an output, and numbers what is left anew.
func (p *Program) prune() {
	live := map[*Value]bool{}
	for _, o := range p.Outputs {
		live[o.Value] = true
	}
	var kept []*Node
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		n := p.Nodes[i]
		_, keep := n.Op.(Writer)
		for _, v := range n.Out {
			keep = keep || live[v]
		}
		if keep {
			kept = append(kept, n)
			for _, v := range n.In {
				live[v] = true
			}
		}
	}
	p.Nodes = p.Nodes[:0]
	for i := len(kept) - 1; i >= 0; i-- {
		n := kept[i]
		n.ID = len(p.Nodes)
		p.Nodes = append(p.Nodes, n)
		for _, v := range n.Out {
			live[v] = true // an unread output of a kept node still has a place
		}
	}
	values := p.Values[:0]
	for _, v := range p.Values {
		if live[v] || v.Source == Input {
			v.ID = len(values)
			values = append(values, v)
		}
	}
	p.Values = values
}
