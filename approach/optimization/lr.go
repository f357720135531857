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
	steep := l.Policy == "inv" || l.Policy == "sigmoid" // where gamma is no factor
	switch {
	case !(l.Base > 0 && l.Base < 1e6):
		return refuse("base", "base %g; give a rate above 0", l.Base)
	case !(l.Gamma > 0 && (l.Gamma <= 1 || steep && l.Gamma < 1e3)):
		return refuse("gamma", "gamma %g; give the factor at each drop, above 0 and at most 1", l.Gamma)
	case l.Every < 0:
		return refuse("every", "every %g; give epochs between drops, or 0 for a third of the run", l.Every)
	case !(l.Power > 0 && l.Power <= 100):
		return refuse("power", "power %g; give an exponent above 0 and at most 100", l.Power)
	case l.Period < 0:
		return refuse("period", "period %g; give epochs of a cycle, or 0 for a part of the run", l.Period)
	case !(l.Mult >= 1 && l.Mult <= 100):
		return refuse("mult", "mult %g; give how many times longer each cycle is, 1 to 100", l.Mult)
	case l.Warmup < 0:
		return refuse("warmup", "warmup %g; give epochs, from 0", l.Warmup)
	case !(l.Start >= 0 && l.Start < 1):
		return refuse("start", "start %g; give the share of the base that the rise begins from, from 0 to below 1", l.Start)
	case !(l.Final >= 0 && l.Final <= 1):
		return refuse("final", "final %g; give the share of the base that is left at the end, 0 to 1", l.Final)
	case !(l.Depth > 0 && l.Depth <= 1):
		return refuse("depth", "depth %g; give the factor a stage, above 0 and at most 1", l.Depth)
	}
	for i, at := range l.Drops {
		if !(at > 0) || i > 0 && at <= l.Drops[i-1] {
			return refuse(fmt.Sprintf("at[%d]", i), "at %g; give epochs above 0, each later than the one before", at)
		}
	}
	for _, f := range l.Layers {
		if !(f.By > 0 && f.By < 1e6) {
			return refuse(fmt.Sprintf("layers[%q]", string(f.Layers)), "layers: a factor of %g; give one above 0", f.By)
		}
	}
	o.LR = experiment.LR(l)
	text := fmt.Sprintf("learning rate %g, %s", l.Base, l.Policy)
	switch l.Policy {
	case "step", "exp":
		text += fmt.Sprintf(" by %g", l.Gamma)
	case "multistep":
		text += fmt.Sprintf(" by %g", l.Gamma)
		if len(l.Drops) > 0 {
			text += fmt.Sprintf(" after epochs %v", l.Drops)
		}
	case "plateau":
		text += fmt.Sprintf(": times %g where the loss on images held out of training stands still", l.Gamma)
	case "poly":
		text += fmt.Sprintf(" of power %g", l.Power)
	}
	if l.Warmup > 0 {
		text += ", warm-up " + experiment.Counted(l.Warmup)
	}
	if l.Scale == "batch" {
		text += " for 256 images, in proportion to the batch"
	}
	if l.Depth != 1 {
		text += fmt.Sprintf(", times %g a stage from the head", l.Depth)
	}
	for _, f := range l.Layers {
		text += ", " + f.String()
	}
	return nn.Changes{Setting: text}, nil
}
