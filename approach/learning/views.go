package learning

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Views averages what the network finds in several views of each picture, in evaluation and prediction: Krizhevsky, Sutskever,
// Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, §4.1.
type Views experiment.Views

// Teach sets the views.
func (v Views) Teach(l *experiment.Learning) (nn.Changes, error) {
	l.Views = experiment.Views(v)
	switch n := l.Views.Of().Count(); {
	case n > 1:
		return nn.Changes{Setting: fmt.Sprintf("measured by %d views of each image", n)}, nil
	case v.Kind == "dense":
		return nn.Changes{Setting: "measured by the whole of each image"}, nil
	}
	return nn.Changes{Setting: "measured by the centre of each image"}, nil
}
