package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Penalty asks of weights or answers more than the loss does: weights that are orthogonal (arXiv:1810.09102), of bounded norm
// (Srivastava et al. 2014, §5.1), answers that are not too sure (arXiv:1701.06548), or scales of norms that are few
// (arXiv:1708.06519).
type Penalty experiment.Penalty

// Tune sets the penalty.
func (p Penalty) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	switch {
	case !(p.Strength >= 0 && p.Strength < 1e6):
		return refuse("strength", "strength %g; give a number above 0, or 0 for the kind's own", p.Strength)
	case !(p.Limit > 0 && p.Limit < 1e6):
		return refuse("limit", "limit %g; give a norm above 0, such as 3", p.Limit)
	}
	var text string
	switch p.Kind {
	case "max-norm":
		text = fmt.Sprintf("weights of an output channel bounded to a norm of %g", p.Limit)
	case "none":
		text = "no penalty"
	default:
		p.Strength = experiment.Penalty(p).Lambda()
		text = fmt.Sprintf("%s penalty of strength %g", p.Kind, p.Strength)
	}
	o.Penalty = experiment.Penalty(p)
	return nn.Changes{Setting: text}, nil
}
