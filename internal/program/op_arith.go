package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Add is the sum of two arrays of one shape.
type Add struct{}

// Mul is the product of two arrays of one shape, element by element.
type Mul struct{}

// Scale multiplies every element by a constant.
type Scale struct{ By float32 }

// Mean is the mean of all elements, a scalar.
type Mean struct{}

// Expand gives every element of Shape the value Scale·s, s a scalar; without an input s is 1, which makes a constant.
type Expand struct {
	Shape tensor.Shape
	Scale float32
}

func (Add) Kind() string    { return "add" }
func (Mul) Kind() string    { return "mul" }
func (Scale) Kind() string  { return "scale" }
func (Mean) Kind() string   { return "mean" }
func (Expand) Kind() string { return "expand" }

func (o Add) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"a", anyRank}, want{"b", anyRank}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "a and b"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o Mul) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"a", anyRank}, want{"b", anyRank}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "a and b"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o Scale) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o Mean) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	return reals(tensor.Of())
}

func (o Expand) Infer(in []*Value) ([]Type, error) {
	if len(in) > 0 {
		if err := fit(o, in, want{"s", 0}); err != nil {
			return nil, err
		}
	}
	if err := shaped(o, o.Shape, anyRank); err != nil {
		return nil, err
	}
	return reals(o.Shape)
}

func (Add) gradient(_ *Builder, _ *Node, dy []*Value) []*Value { return []*Value{dy[0], dy[0]} }

func (Mul) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(Mul{}, n.In[1], dy[0]), b.Emit(Mul{}, n.In[0], dy[0])}
}

func (o Scale) gradient(b *Builder, _ *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(o, dy[0])}
}

func (Mean) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x := n.In[0].Shape()
	return []*Value{b.Emit(Expand{Shape: x, Scale: 1 / float32(x.Elems())}, dy[0])}
}

func (o Scale) detail() string  { return fmt.Sprintf("·%g", o.By) }
func (o Expand) detail() string { return fmt.Sprintf("·%g", o.Scale) }
