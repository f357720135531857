package nn

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// LayerScale multiplies each channel by a learned number that begins small, so that a residual branch begins as next to
// nothing: Touvron et al., "Going deeper with Image Transformers", arXiv:2103.17239, §2.
type LayerScale struct {
	Init float32 `yaml:"init" role:"init"` // where the numbers begin, 1e-6 in ConvNeXt
}

// Kind is "layer-scale".
func (LayerScale) Kind() string { return "layer-scale" }

// String prints "layer scale from 1e-06".
func (l LayerScale) String() string { return fmt.Sprintf("layer scale from %g", l.Init) }

// Infer keeps the size.
func (l LayerScale) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err == nil && !(l.Init > -1e6 && l.Init < 1e6) {
		err = fmt.Errorf("layer scale from %g; give a finite number", l.Init)
	}
	return x, err
}

// Params is the factors [1,1,1,C].
func (l LayerScale) Params(_ []Size, out Size) []Param {
	return []Param{{Name: "gamma", Shape: tensor.Of(1, 1, 1, out.C), Role: RoleGamma}}
}

// MACs is none: as the factors of a norm or a gate, they are not counted.
func (LayerScale) MACs([]Size, Size) int64 { return 0 }
