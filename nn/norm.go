package nn

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// BatchNorm normalises each channel over batch, height and width: y = γ(x-μ)/sqrt(σ²+ε) + β, with the batch's statistics in
// training and running ones in evaluation (the variance unbiased there, as PyTorch). Ioffe, Szegedy, arXiv:1502.03167.
// Momentum and Eps of 0 are those values; [NewBatchNorm] has the defaults.
type BatchNorm struct {
	Momentum float32 `yaml:"momentum"` // share of the old running value kept, 0 to 1; default 0.9
	Eps      float32 `yaml:"eps"`      // added to the variance; default 1e-5
	Affine   bool    `yaml:"affine"`   // learn γ and β; default true
	Shift    bool    `yaml:"shift"`    // learn β while γ stays 1, in place of affine
	Bias     bool    `yaml:"bias"`     // leave a bias in front, though it has no effect: published networks with both
	Ghost    int     `yaml:"ghost"`    // images that share statistics in training, which divide a batch: Hoffer et al., arXiv:1705.08741; 0: the whole batch
}

// NewBatchNorm returns PyTorch's defaults: momentum 0.9 (0.1 in its words), ε 1e-5, affine.
func NewBatchNorm() BatchNorm { return BatchNorm{Momentum: 0.9, Eps: 1e-5, Affine: true} }

// Kind is "batchnorm".
func (BatchNorm) Kind() string { return "batchnorm" }

// Slot is SlotNorm.
func (BatchNorm) Slot() Slot { return SlotNorm }

// TakesBias is true unless Bias is set: the mean that is subtracted holds the bias.
func (l BatchNorm) TakesBias() bool { return !l.Bias }

// String prints "batchnorm", with what is not the default.
func (l BatchNorm) String() string {
	s := "batchnorm"
	if !l.Affine {
		s += " without affine"
	}
	if l.Shift {
		s = "batchnorm without scale"
	}
	if d := NewBatchNorm(); l.Momentum != d.Momentum {
		s += fmt.Sprintf(" momentum %g", l.Momentum)
	}
	if d := NewBatchNorm(); l.Eps != d.Eps {
		s += fmt.Sprintf(" eps %g", l.Eps)
	}
	if l.Ghost > 0 {
		s += fmt.Sprintf(" of %d images", l.Ghost)
	}
	return s
}

// Check looks at the ranges.
func (l BatchNorm) Check(Size) error {
	if !(l.Momentum >= 0 && l.Momentum <= 1) {
		return fmt.Errorf("batchnorm momentum %g; give the share of the old value kept, 0 to 1", l.Momentum)
	}
	if !(l.Eps > 0 && l.Eps < 1) {
		return fmt.Errorf("batchnorm eps %g; give a small number above 0, such as 1e-5", l.Eps)
	}
	if l.Affine && l.Shift {
		return fmt.Errorf("batchnorm affine and shift; write affine: false beside shift, which learns that alone, or drop shift")
	}
	if l.Ghost < 0 || l.Ghost > maxExtent {
		return fmt.Errorf("batchnorm ghost %d; give the images that share statistics, which divide the batch, or 0 for the whole batch", l.Ghost)
	}
	return nil
}

// Params is γ and β, each [C], if affine, and β alone with Shift.
func (l BatchNorm) Params(x Size) []Param {
	gamma := Param{Name: "norm/gamma", Shape: tensor.Of(x.C), Role: RoleGamma}
	beta := Param{Name: "norm/beta", Shape: tensor.Of(x.C), Role: RoleBeta}
	switch {
	case l.Affine:
		return []Param{gamma, beta}
	case l.Shift:
		return []Param{beta}
	}
	return nil
}

// Buffers is the running mean (from 0) and variance (from 1), each [C].
func (l BatchNorm) Buffers(x Size) []Param {
	return []Param{
		{Name: "norm/mean", Shape: tensor.Of(x.C), Role: RoleMean},
		{Name: "norm/var", Shape: tensor.Of(x.C), Role: RoleVar},
	}
}
