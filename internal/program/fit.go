package program

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// What every Infer asks of its inputs, worded once.

// want says what an input must be: its name in the formula and its rank, or anyRank.
type want struct {
	name string
	rank int
}

const anyRank = -1

// fit checks number, element type (all real) and rank of an op's inputs.
func fit(op Op, in []*Value, wants ...want) error {
	if len(in) != len(wants) {
		names := make([]string, len(wants))
		for i, w := range wants {
			names[i] = w.name
		}
		return fmt.Errorf("%s: takes %s; got %d inputs", op.Kind(), strings.Join(names, ", "), len(in))
	}
	for i, w := range wants {
		if in[i].Type.DType != Real {
			return fmt.Errorf("%s: %s must be real numbers, not class indices", op.Kind(), w.name)
		}
		if w.rank != anyRank && in[i].Shape().Rank() != w.rank {
			return fmt.Errorf("%s: %s must have %d axes, got %v", op.Kind(), w.name, w.rank, in[i].Shape())
		}
	}
	return nil
}

// same checks that two inputs have one shape.
func same(op Op, a, b *Value, names string) error {
	if !a.Shape().Equal(b.Shape()) {
		return fmt.Errorf("%s: %s must have one shape, got %v and %v", op.Kind(), names, a.Shape(), b.Shape())
	}
	return nil
}

// shaped checks a shape given as a hyper-parameter: rank axes, or anyRank, each of at least 1.
func shaped(op Op, s tensor.Shape, rank int) error {
	if rank != anyRank && s.Rank() != rank {
		return fmt.Errorf("%s: shape %v must have %d axes", op.Kind(), s, rank)
	}
	for _, d := range s {
		if d < 1 {
			return fmt.Errorf("%s: shape %v has an extent below 1", op.Kind(), s)
		}
	}
	return nil
}

// perChannel checks that x has a last axis and that the vectors have an element for each of its indices.
func perChannel(op Op, x *Value, vectors ...*Value) error {
	s := x.Shape()
	if s.Rank() < 1 {
		return fmt.Errorf("%s: a scalar has no channels", op.Kind())
	}
	for _, v := range vectors {
		if !v.Shape().Equal(tensor.Of(channels(x))) {
			return fmt.Errorf("%s: a vector of %v does not fit the %d channels of %v", op.Kind(), v.Shape(), channels(x), s)
		}
	}
	return nil
}

// channels is the extent of the last axis.
func channels(v *Value) int { return v.Shape()[v.Shape().Rank()-1] }

// withChannels is the shape of v with another last axis.
func withChannels(v *Value, c int) tensor.Shape {
	s := v.Shape().Clone()
	s[len(s)-1] = c
	return s
}

// reals is the result of an Infer with real outputs of these shapes.
func reals(shapes ...tensor.Shape) ([]Type, error) {
	types := make([]Type, len(shapes))
	for i, s := range shapes {
		types[i] = Type{s, Real}
	}
	return types, nil
}
