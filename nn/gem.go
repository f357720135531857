package nn

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// GeM is the generalised mean over all positions of what is positive in each channel, [H,W,C] to [1,1,C]:
// (Σ max(x,0)^p / (H·W))^(1/p). Radenović, Tolias, Chum, arXiv:1711.02512, §3.2, in the form of one p for all channels.
type GeM struct {
	P     float32 `yaml:"p"`     // the exponent, or where it begins if it is learned; default 3
	Fixed bool    `yaml:"fixed"` // do not learn it
}

// Kind is "gem".
func (GeM) Kind() string { return "gem" }

// Normal sets the exponent to 3.
func (l GeM) Normal() Layer {
	if l.P == 0 {
		l.P = 3
	}
	return l
}

// String prints "gem pool", or "gem pool 2 fixed".
func (l GeM) String() string {
	s := "gem pool"
	if l.P != 3 {
		s += fmt.Sprintf(" %g", l.P)
	}
	if l.Fixed {
		s += " fixed"
	}
	return s
}

// Infer gives 1x1xC.
func (l GeM) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err == nil && !(l.P > 0 && l.P <= 100) {
		err = fmt.Errorf("exponent %g of a gem pool; give one above 0, at most 100", l.P)
	}
	return Size{1, 1, x.C}, err
}

// Params is the exponent, unless it is fixed.
func (l GeM) Params([]Size, Size) []Param {
	if l.Fixed {
		return nil
	}
	return []Param{{Name: "exponent", Shape: tensor.Of(1), Role: RoleExponent}}
}

// MACs is 0: only products of weights and maps are counted.
func (GeM) MACs([]Size, Size) int64 { return 0 }

// signed leaves out where a learned exponent begins, which is a value and not structure.
func (l GeM) signed() Layer {
	if !l.Fixed {
		l.P = 0
	}
	return l
}
