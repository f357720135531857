package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Clip bounds gradients: by the norm of all together (arXiv:1211.5063), element by element, or by output channel (arXiv:2102.06171).
type Clip experiment.Clip

// Tune sets the bound.
func (c Clip) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	text, bounds := "", 0
	for _, b := range []struct {
		key   string
		bound float32
		text  string
	}{
		{"norm", c.Norm, "gradients clipped to a norm of %g"},
		{"value", c.Value, "gradients clipped to %g element by element"},
		{"adaptive", c.Adaptive, "gradients clipped to %g of the weights' norm, by output channel"},
	} {
		if !(b.bound >= 0 && b.bound < 1e6) {
			return refuse(b.key, "%s %g; give a bound above 0", b.key, b.bound)
		}
		if b.bound > 0 {
			bounds++
			text = fmt.Sprintf(b.text, b.bound)
		}
		if bounds > 1 {
			return refuse(b.key, "%s beside another bound; give one of norm, value, adaptive, and 0 for what another choice has set", b.key)
		}
	}
	if bounds == 0 {
		text = "gradients as they are"
	}
	o.Clip = experiment.Clip(c)
	return nn.Changes{Setting: text}, nil
}
