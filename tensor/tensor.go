// Package tensor holds what every room shares: shapes, host arrays of float32 and counter-based random numbers.
// It imports internal/elementary alone. Start at [Shape]; random numbers are at [Stream].
package tensor

import "fmt"

// Shape is the extents of an array, outermost first: [N,H,W,C] for feature maps, [KH,KW,Cin/groups,Cout] for
// convolution weights, [In,Out] for linear weights, [C] for a value a channel, [] for a scalar.
type Shape []int

// Of returns the shape with the given extents.
func Of(dims ...int) Shape { return Shape(dims) }

// Rank is the number of extents.
func (s Shape) Rank() int { return len(s) }

// Elems is the number of elements, 1 for a scalar.
func (s Shape) Elems() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether both shapes have the same extents.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Clone returns a copy that shares nothing with s.
func (s Shape) Clone() Shape { return append(Shape(nil), s...) }

// String prints the extents as [128 32 32 16].
func (s Shape) String() string { return fmt.Sprint([]int(s)) }

// Tensor is a dense row-major host array. Data has Shape.Elems() elements.
type Tensor struct {
	Shape Shape
	Data  []float32
}

// New returns a zeroed tensor.
func New(dims ...int) *Tensor {
	s := Of(dims...)
	return &Tensor{Shape: s, Data: make([]float32, s.Elems())}
}

// Clone returns a copy that shares nothing with t.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{Shape: t.Shape.Clone(), Data: append([]float32(nil), t.Data...)}
}
