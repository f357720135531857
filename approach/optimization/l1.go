package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// L1 adds λ·Σ|w| to the loss, as λ·sign(w) in the gradient: Tibshirani, J. R. Statist. Soc. B 58, 1996; Caffe's regularization_type.
type L1 experiment.Decay

// Tune sets the strength and what is spared.
func (l L1) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(l.Strength >= 0 && l.Strength < 1e3) {
		return refuse("strength", "strength %g; give λ, from 0", l.Strength)
	}
	o.L1 = experiment.Decay(l)
	return nn.Changes{Setting: fmt.Sprintf("weight decay (L1) %g", l.Strength) + butFor(l.Except)}, nil
}
