package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// LabelSmoothing spreads a share of each label evenly over all classes: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, CVPR 2016,
// arXiv:1512.00567, §7.
type LabelSmoothing experiment.LabelSmoothing

// Tune sets the share.
func (l LabelSmoothing) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(l.Amount >= 0 && l.Amount < 1) {
		return refuse("amount", "amount %g; give the share that is spread over all classes, from 0 to below 1", l.Amount)
	}
	o.LabelSmoothing = experiment.LabelSmoothing(l)
	return nn.Changes{Setting: fmt.Sprintf("labels smoothed by %g", l.Amount)}, nil
}
