package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Average takes a mean of the weights along the way: of all steps, exponentially (Polyak, Juditsky, SIAM J. Control Optim. 30, 1992), of
// the ends of the last epochs (Izmailov et al., arXiv:1803.05407), or slow weights that the training is set back to (Zhang et al.,
// arXiv:1907.08610).
type Average experiment.Average

// Tune sets the average.
func (a Average) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	switch {
	case !(a.Decay > 0 && a.Decay < 1):
		return refuse("decay", "decay %g; give the share of the old mean kept at a step, above 0 and below 1", a.Decay)
	case !(a.From >= 0 && a.From < 1):
		return refuse("from", "from %g; give the share of the run after which epochs count, from 0 to below 1", a.From)
	case !(a.LR >= 0 && a.LR < 1e6):
		return refuse("lr", "lr %g; give the rate of the last part, above 0, or 0 for the policy's", a.LR)
	case a.Every < 1 || a.Every > 1<<20:
		return refuse("every", "every %d; give steps between two of the slow weights, at least 1", a.Every)
	case !(a.Power >= 0 && a.Power <= 100):
		return refuse("power", "power %g; give the power of the run's share by which slow weights are kept, 0 to 100", a.Power)
	case !(a.Alpha > 0 && a.Alpha <= 1):
		return refuse("alpha", "alpha %g; give the share of the way to the fast weights, above 0 and at most 1", a.Alpha)
	}
	text := ""
	switch a.Kind {
	case "ema":
		if text = fmt.Sprintf("judged by the exponential mean of all steps' weights, decay %g", a.Decay); a.Warm {
			text += ", warmed up"
		}
	case "swa":
		if text = fmt.Sprintf("judged by the mean of the weights at the ends of epochs behind %g of the run", a.From); a.LR > 0 {
			text += fmt.Sprintf(", learning rate %g from there on", a.LR)
		}
	case "lookahead":
		if text = fmt.Sprintf("every %d steps %g of the way from slow to fast weights", a.Every, a.Alpha); a.Power > 0 {
			text += fmt.Sprintf(", all of it at first: what is kept grows as t^%g", a.Power)
		}
	}
	o.Average = experiment.Average(a)
	return nn.Changes{Setting: text}, nil
}
