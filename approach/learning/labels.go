package learning

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Labels changes what the training images are taken for: wrong labels on purpose (arXiv:1606.02228), or confident learning
// against those that are there: Northcutt, Jiang, Chuang, JAIR 70, 2021, arXiv:1911.00068.
type Labels experiment.Labels

// UnmarshalSpec reads one of noise and confusion, which takes the other's place.
func (s *Labels) UnmarshalSpec(n *spec.Node) error {
	type plain Labels
	if err := spec.Decode(n, (*plain)(s)); err != nil {
		return err
	}
	written, err := either(n, "noise", "confusion")
	switch {
	case err != nil:
		return err
	case written == "noise":
		s.Confusion = experiment.Confusion{}
	case written == "confusion":
		s.Noise = 0
	}
	return nil
}

// Teach sets what training images are taken for.
func (s Labels) Teach(l *experiment.Learning) (nn.Changes, error) {
	switch {
	case !(s.Noise >= 0 && s.Noise < 1):
		return refuse("noise", "noise %g; give a share of the training images, from 0 to below 1", s.Noise)
	case !(s.Parent >= 0 && s.Parent <= 1):
		return refuse("parent", "parent %g; give a share of the training images, from 0 to 1", s.Parent)
	case s.Parent > 0 && s.Tree.None():
		return refuse("tree", "no tree that says which class is the parent of which; write labels: {parent: %g, tree: FILE}", s.Parent)
	case s.Folds < 2 || s.Folds > 100:
		return refuse("folds", "folds %d; give 2 to 100", s.Folds)
	}
	l.Labels = experiment.Labels(s)
	var said []string
	switch {
	case s.Noise > 0:
		said = append(said, fmt.Sprintf("%g of them wrong", s.Noise))
	case !s.Confusion.None():
		said = append(said, "confused by "+s.Confusion.String())
	}
	if s.Parent > 0 {
		said = append(said, fmt.Sprintf("%g of them by the parent alone", s.Parent))
	}
	if s.Clean != "" {
		said = append(said, fmt.Sprintf("likely wrong ones %s, by %s over %d folds", map[string]string{experiment.CleanDrop: "left out", experiment.CleanRelabel: "given another"}[s.Clean], s.Rule, s.Folds))
	}
	if said == nil {
		return nn.Changes{Setting: "labels as they are"}, nil
	}
	return nn.Changes{Setting: "labels: " + strings.Join(said, ", ")}, nil
}
