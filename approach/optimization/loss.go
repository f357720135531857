package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Loss chooses what training makes less: softmax cross entropy, binary cross entropy of each class by itself (arXiv:2110.00476,
// §3.1), or the focal loss (arXiv:1708.02002).
type Loss experiment.Loss

// Tune sets the loss.
func (l Loss) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(l.Gamma >= 0 && l.Gamma <= 10) {
		return refuse("gamma", "gamma %g; give 0 to 10", l.Gamma)
	}
	text := l.Kind + " loss"
	if l.Kind == "focal" {
		text += fmt.Sprintf(", gamma %g", l.Gamma)
	}
	o.Loss = experiment.Loss(l)
	return nn.Changes{Setting: text}, nil
}
