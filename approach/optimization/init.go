package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Init chooses how the first weights are drawn: he (arXiv:1502.01852, by fan-in; msra-fan-out by fan-out), xavier (Glorot, Bengio,
// AISTATS 2010), lsuv (arXiv:1511.06422), orthogonal (arXiv:1312.6120), gaussian; zero-gamma (arXiv:1706.02677) and dirac
// (arXiv:1706.00388) are he but for the last norms of residual branches and for the first outputs of convolutions, whiten
// (arXiv:2404.00498) is the rule rest but for the first convolution. The gain is a setting, never inferred from the activation.
type Init experiment.Init

// Tune sets the rule.
func (i Init) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(i.Gain > 0 && i.Gain < 1e3) {
		return refuse("gain", "gain %g; give a factor on the standard deviation, above 0", i.Gain)
	}
	if !(i.Std > 0 && i.Std < 1e3) {
		return refuse("std", "std %g; give a standard deviation above 0, such as 0.01", i.Std)
	}
	text := i.Kind + " initialisation"
	if i.Kind == "gaussian" {
		text += fmt.Sprintf(", standard deviation %g", i.Std)
	}
	if i.Kind == "whiten" && i.Rest != "he" {
		text += ", the rest " + i.Rest
	}
	o.Init = experiment.Init(i)
	if i.Gain != 1 {
		text += fmt.Sprintf(", gain %g", i.Gain)
	}
	return nn.Changes{Setting: text}, nil
}
