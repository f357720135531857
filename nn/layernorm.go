package nn

import "fmt"

// LayerNorm normalises each position over its channels: y = γ(x-μ)/sqrt(σ²+ε) + β. Ba, Kiros, Hinton, arXiv:1607.06450; over
// channels alone, as ConvNeXt has it: Liu et al., arXiv:2201.03545, §2.6. [NewLayerNorm] has the default.
type LayerNorm struct {
	Eps float32 `yaml:"eps"` // added to the variance; default 1e-5
}

// NewLayerNorm returns PyTorch's ε, 1e-5.
func NewLayerNorm() LayerNorm { return LayerNorm{Eps: 1e-5} }

// Kind is "layernorm".
func (LayerNorm) Kind() string { return "layernorm" }

// Slot is SlotNorm.
func (LayerNorm) Slot() Slot { return SlotNorm }

// String prints "layernorm", with an ε that is not the default.
func (l LayerNorm) String() string {
	if l != NewLayerNorm() {
		return fmt.Sprintf("layernorm eps %g", l.Eps)
	}
	return "layernorm"
}

// Check looks at the range.
func (l LayerNorm) Check(Size) error {
	if !(l.Eps > 0 && l.Eps < 1) {
		return fmt.Errorf("layernorm eps %g; give a small number above 0, such as 1e-5", l.Eps)
	}
	return nil
}

// Params is γ and β, each [C].
func (LayerNorm) Params(x Size) []Param { return BatchNorm{Affine: true}.Params(x) }

// Buffers is none.
func (LayerNorm) Buffers(Size) []Param { return nil }
