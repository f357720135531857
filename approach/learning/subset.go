package learning

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Subset trains on a part of the training images, balanced by class; a smaller part lies within a larger one.
type Subset experiment.Subset

// UnmarshalSpec reads one of fraction and images, which takes the other's place.
func (s *Subset) UnmarshalSpec(n *spec.Node) error {
	type plain Subset
	if err := spec.Decode(n, (*plain)(s)); err != nil {
		return err
	}
	written, err := either(n, "fraction", "images")
	if written == "fraction" {
		s.Images = 0
	}
	return err
}

// Teach sets the share or the number.
func (s Subset) Teach(l *experiment.Learning) (nn.Changes, error) {
	switch {
	case s.Images < 0:
		return refuse("images", "images %d; give 1 or more", s.Images)
	case s.Images == 0 && !(s.Fraction > 0 && s.Fraction <= 1):
		return refuse("fraction", "fraction %g; give a share of the training images, above 0 and at most 1", s.Fraction)
	}
	l.Subset = experiment.Subset(s)
	if s.Images > 0 {
		return nn.Changes{Setting: fmt.Sprintf("%d training images", s.Images)}, nil
	}
	return nn.Changes{Setting: fmt.Sprintf("%g of the training images", s.Fraction)}, nil
}
