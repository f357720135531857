package learning

import (
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Colors tells the network colours in another space: Mishkin, Sergievskiy, Matas, arXiv:1606.02228.
type Colors experiment.Colors

// Teach sets the space.
func (c Colors) Teach(l *experiment.Learning) (nn.Changes, error) {
	l.Colors = experiment.Colors(c)
	return nn.Changes{Setting: "images in " + c.Space}, nil
}
