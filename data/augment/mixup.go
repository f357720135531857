package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// MixUp blends each picture of a batch with another, and the labels likewise: Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond
// Empirical Risk Minimization", ICLR 2018, arXiv:1710.09412. The share λ of a batch is drawn from Beta(Alpha, Alpha).
type MixUp struct {
	Alpha float64 `yaml:"alpha" spec:"bare" is:"a number" range:"0.001 to 1000" help:"both parameters of the Beta distribution that the share is drawn from: small ones mostly leave a picture nearly alone, 1 draws every share alike"`
}

// Apply leaves a picture by itself as it is.
func (MixUp) Apply(*Sample, *tensor.Rand) {}

// Mix draws the share.
func (o MixUp) Mix(_, _ int, r *tensor.Rand) Mixture {
	return Mixture{Share: float32(beta(o.Alpha, r))}
}

// String is "mixup 0.2".
func (o MixUp) String() string { return fmt.Sprintf("mixup %g", o.Alpha) }
