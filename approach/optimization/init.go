package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Init chooses how the first weights are drawn: he (arXiv:1502.01852), xavier (Glorot, Bengio, AISTATS 2010) or lsuv
// (arXiv:1511.06422). The gain is a setting, never inferred from the activation.
type Init experiment.Init

// Tune sets the rule.
func (i Init) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(i.Gain > 0 && i.Gain < 1e3) {
		return refuse("gain", "gain %g; give a factor on the standard deviation, above 0", i.Gain)
	}
	o.Init = experiment.Init(i)
	text := i.Kind + " initialisation"
	if i.Gain != 1 {
		text += fmt.Sprintf(", gain %g", i.Gain)
	}
	return nn.Changes{Setting: text}, nil
}
