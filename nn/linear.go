package nn

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Linear is a fully connected layer: y = x·w over the input flattened in the order H, W, C. Its bias lies in the overlay.
type Linear struct {
	Out    int    `yaml:"out"`    // output units, or Classes
	Weight string `yaml:"weight"` // parameter name shared with another layer; default the node's own
}

// Kind is "linear".
func (Linear) Kind() string { return "linear" }

// String is "linear".
func (Linear) String() string { return "linear" }

// Infer gives 1x1xOut.
func (l Linear) Infer(in []Size, classes int) (Size, error) {
	if _, err := single(in); err != nil {
		return Size{}, err
	}
	out := resolve(l.Out, classes)
	if out < 1 {
		return Size{}, fmt.Errorf("%d output units; give out: 1 or more", l.Out)
	}
	return Size{1, 1, out}, nil
}

// Params is the weight [In,Out].
func (l Linear) Params(in []Size, out Size) []Param {
	n := in[0].Elems()
	return []Param{{Name: named(l.Weight, "weight"), Shape: tensor.Of(n, out.C), Role: RoleWeight, FanIn: n, FanOut: out.C}}
}

// shared is the name of a weight shared with another layer.
func (l Linear) shared() string { return l.Weight }

// MACs is one a weight.
func (l Linear) MACs(in []Size, out Size) int64 { return int64(in[0].Elems()) * int64(out.C) }
