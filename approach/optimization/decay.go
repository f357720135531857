package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Decay takes from every weight at every step the rate times λ of itself, beside the gradient: Loshchilov, Hutter, ICLR 2019,
// arXiv:1711.05101.
type Decay experiment.Shrink

// Tune sets the strength and what is spared.
func (d Decay) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	text := "decoupled weight decay as the solver has it"
	if d.Strength != nil {
		if !(*d.Strength >= 0 && *d.Strength < 1e3) {
			return refuse("strength", "strength %g; give λ, from 0", *d.Strength)
		}
		text = fmt.Sprintf("decoupled weight decay %g", *d.Strength)
	}
	o.Decay = experiment.Shrink(d)
	return nn.Changes{Setting: text + butFor(d.Except)}, nil
}
