package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Solver chooses the rule that turns gradients into steps. sgd is PyTorch's form: v = momentum·v + g, w -= lr·v, with nesterov
// w -= lr·(g + momentum·v): Sutskever, Martens, Dahl, Hinton, ICML 2013.
type Solver experiment.Solver

// Tune sets the rule.
func (s Solver) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	if !(s.Momentum >= 0 && s.Momentum < 1) {
		return refuse("momentum", "momentum %g; give the share of the old step kept, from 0 to below 1", s.Momentum)
	}
	if s.Nesterov && s.Momentum == 0 {
		return refuse("nesterov", "nesterov looks ahead by the momentum, which is 0; set momentum")
	}
	o.Solver = experiment.Solver(s)
	text := fmt.Sprintf("%s, momentum %g", s.Kind, s.Momentum)
	if s.Nesterov {
		text += ", nesterov"
	}
	return nn.Changes{Setting: text}, nil
}
