package optimization

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// L2 adds λ/2·Σw² to the loss, as λ·w in the gradient: Krogh, Hertz, NIPS 1992.
type L2 experiment.Decay

// Tune sets the strength and what is spared.
func (l L2) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(l.Strength >= 0 && l.Strength < 1e3) {
		return refuse("strength", "strength %g; give λ, from 0", l.Strength)
	}
	o.L2 = experiment.Decay(l)
	return nn.Changes{Setting: fmt.Sprintf("weight decay (L2) %g", l.Strength) + butFor(l.Except)}, nil
}

// butFor is what a decay spares, as a person reads it.
func butFor(except []string) string {
	if len(except) == 0 {
		return ""
	}
	return ", but for " + strings.Join(except, ", ")
}
