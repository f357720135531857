package nn

import "github.com/assaylab/assay/tensor"

// Bias adds a learned value a channel to what a convolution or linear layer gives.
type Bias struct{}

// Kind is "bias".
func (Bias) Kind() string { return "bias" }

// Slot is SlotBias.
func (Bias) Slot() Slot { return SlotBias }

// String is "bias".
func (Bias) String() string { return "bias" }

// Check accepts any size.
func (Bias) Check(Size) error { return nil }

// Params is the bias [C].
func (Bias) Params(x Size) []Param {
	return []Param{{Name: "bias", Shape: tensor.Of(x.C), Role: RoleBias}}
}

// Buffers is none.
func (Bias) Buffers(Size) []Param { return nil }
