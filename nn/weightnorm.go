package nn

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// WeightNorm gives each output channel of a layer's weights a learned length, beside their direction: w = g·v/‖v‖. Salimans, Kingma,
// arXiv:1602.07868, eq. 2. The lengths begin as those of the weights that are drawn.
type WeightNorm struct{}

// WeightStandard lets a layer weigh by its weights less their mean and over their deviation, of each output channel:
// ŵ = (w-μ)/sqrt(σ²+ε). Qiao, Wang, Liu, Shen, Yuille, arXiv:1903.10520, eq. 7. A norm of the maps behind it sets their scale.
type WeightStandard struct {
	Eps float32 `yaml:"eps"` // added to the variance; default 1e-5
}

// NewWeightStandard returns the ε of the paper's authors, 1e-5.
func NewWeightStandard() WeightStandard { return WeightStandard{Eps: 1e-5} }

// Kind is "weightnorm".
func (WeightNorm) Kind() string { return "weightnorm" }

// Kind is "weightstandard".
func (WeightStandard) Kind() string { return "weightstandard" }

// Slot is SlotWeight.
func (WeightNorm) Slot() Slot { return SlotWeight }

// Slot is SlotWeight.
func (WeightStandard) Slot() Slot { return SlotWeight }

// String prints "weight norm".
func (WeightNorm) String() string { return "weight norm" }

// String prints "standardised weights", with an ε that is not the default.
func (l WeightStandard) String() string {
	if l != NewWeightStandard() {
		return fmt.Sprintf("standardised weights eps %g", l.Eps)
	}
	return "standardised weights"
}

// Check accepts any size.
func (WeightNorm) Check(Size) error { return nil }

// Check looks at the range.
func (l WeightStandard) Check(Size) error {
	if !(l.Eps > 0 && l.Eps < 1) {
		return fmt.Errorf("standardised weights eps %g; give a small number above 0, such as 1e-5", l.Eps)
	}
	return nil
}

// Params is the lengths [C].
func (WeightNorm) Params(x Size) []Param {
	return []Param{{Name: "length", Shape: tensor.Of(x.C), Role: RoleLength}}
}

// Params is none.
func (WeightStandard) Params(Size) []Param { return nil }

// Buffers is none.
func (WeightNorm) Buffers(Size) []Param { return nil }

// Buffers is none.
func (WeightStandard) Buffers(Size) []Param { return nil }
