package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// LR sets the learning rate and how it falls over the run.
type LR experiment.LR

// Tune sets the rate.
func (l LR) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	switch {
	case !(l.Base > 0 && l.Base < 1e6):
		return refuse("base", "base %g; give a rate above 0", l.Base)
	case !(l.Gamma > 0 && l.Gamma <= 1):
		return refuse("gamma", "gamma %g; give the factor at each drop, above 0 and at most 1", l.Gamma)
	case l.Every < 0:
		return refuse("every", "every %g; give epochs between drops, or 0 for a third of the run", l.Every)
	case l.Warmup < 0:
		return refuse("warmup", "warmup %g; give epochs, from 0", l.Warmup)
	case !(l.Final >= 0 && l.Final <= 1):
		return refuse("final", "final %g; give the share of the base that is left at the end, 0 to 1", l.Final)
	}
	for _, f := range l.Layers {
		if !(f.By > 0 && f.By < 1e6) {
			return refuse(fmt.Sprintf("layers[%q]", string(f.Layers)), "layers: a factor of %g; give one above 0", f.By)
		}
	}
	o.LR = experiment.LR(l)
	text := fmt.Sprintf("learning rate %g, %s", l.Base, l.Policy)
	if l.Policy == "step" {
		text += fmt.Sprintf(" by %g", l.Gamma)
	}
	if l.Warmup > 0 {
		text += fmt.Sprintf(", warm-up %g epochs", l.Warmup)
	}
	for _, f := range l.Layers {
		text += ", " + f.String()
	}
	return nn.Changes{Setting: text}, nil
}
