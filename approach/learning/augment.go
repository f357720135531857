package learning

import (
	"slices"
	"strings"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Augment sets what is done to training images at random: Krizhevsky, Sutskever, Hinton 2012, §4.1 (crops and mirroring).
type Augment experiment.Augment

// Teach sets the list of operations; an empty one takes augmentation away.
func (a Augment) Teach(l *experiment.Learning) (nn.Changes, error) {
	var names []string
	for i, op := range a.Ops {
		if err := op.Check(); err != nil {
			return nn.Changes{}, err
		}
		if slices.ContainsFunc(a.Ops[:i], func(b experiment.Operation) bool { return b.Name() == op.Name() && !beside(op.Op, b.Op) }) {
			return refuse("ops", "%s twice; write it once", op.Name())
		}
		names = append(names, op.String())
	}
	l.Augment = experiment.Augment(a)
	if len(names) == 0 {
		return nn.Changes{Setting: "no augmentation"}, nil
	}
	return nn.Changes{Setting: strings.Join(names, ", ")}, nil
}

// beside says whether two operations of one name may stand in a list: flips of the two directions.
func beside(a, b augment.Op) bool {
	f, ok := a.(augment.Flip)
	g, both := b.(augment.Flip)
	return ok && both && f.Vertical != g.Vertical
}
