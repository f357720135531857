package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// What rules of several ops are made of, and what acts on all gradients together.

// Combine is a sum with weights: x, a or x, y, a, b → a·x + b·y, x and y of one shape, a and b scalars.
type Combine struct{}

// Norm is the Euclidean norm of all elements of its inputs together, a scalar.
type Norm struct{}

// Quotient is a / (n + Eps), of two scalars, and at most Most, if that is above 0.
type Quotient struct{ Eps, Most float32 }

// Shift moves a tensor: p, x of one shape, by a scalar; p = p - by·x; changes p, which is Held. x may be p.
type Shift struct{}

func (Combine) Kind() string  { return "combine" }
func (Norm) Kind() string     { return "norm" }
func (Quotient) Kind() string { return "quotient" }
func (Shift) Kind() string    { return "shift" }

func (o Combine) Infer(in []*Value) ([]Type, error) {
	wants := []want{{"x", anyRank}, {"a", 0}}
	if len(in) > 2 {
		wants = []want{{"x", anyRank}, {"y", anyRank}, {"a", 0}, {"b", 0}}
	}
	if err := fit(o, in, wants...); err != nil {
		return nil, err
	}
	if len(in) > 2 {
		if err := same(o, in[0], in[1], "x and y"); err != nil {
			return nil, err
		}
	}
	return reals(in[0].Shape())
}

func (o Norm) Infer(in []*Value) ([]Type, error) {
	wants := make([]want, max(len(in), 1))
	for i := range wants {
		wants[i] = want{fmt.Sprintf("x%d", i+1), anyRank}
	}
	if err := fit(o, in, wants...); err != nil {
		return nil, err
	}
	return reals(tensor.Of())
}

func (o Quotient) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"a", 0}, want{"n", 0}); err != nil {
		return nil, err
	}
	return reals(tensor.Of())
}

func (o Shift) Infer(in []*Value) ([]Type, error) {
	return nil, updates(o, in, []string{"p", "x"}, "by")
}

// gradient: dx = a·dy, dy likewise; none by the weights, which are settings or taken as such.
func (Combine) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	d := make([]*Value, len(n.In))
	for i := range len(n.In) / 2 {
		d[i] = b.Emit(Combine{}, dy[0], n.In[len(n.In)/2+i])
	}
	return d
}

// Writes gives p.
func (Shift) Writes() []int { return []int{0} }

func (o Quotient) detail() string {
	if o.Most > 0 {
		return fmt.Sprintf("eps %g, at most %g", o.Eps, o.Most)
	}
	return fmt.Sprintf("eps %g", o.Eps)
}
