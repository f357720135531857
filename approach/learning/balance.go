package learning

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Balance makes up for classes that have fewer images than others: in the loss, or by seeing their images more often. Its power is
// that of Mahajan et al., ECCV 2018, arXiv:1805.00932, §2.3 (the root of the inverse share), 1 is plain inverse shares.
type Balance experiment.Balance

// UnmarshalSpec reads one of power and weights, which takes the other's place.
func (b *Balance) UnmarshalSpec(n *spec.Node) error {
	type plain Balance
	if err := spec.Decode(n, (*plain)(b)); err != nil {
		return err
	}
	if power, weights := n.Get("power"), n.Get("weights"); power != nil && weights != nil {
		return weights.Errorf("weights: power says it already; keep one")
	} else if power != nil {
		b.Weights = nil
	}
	return nil
}

// Teach sets how classes are balanced.
func (b Balance) Teach(l *experiment.Learning) (nn.Changes, error) {
	if !(b.Power > 0 && b.Power <= 2) {
		return refuse("power", "power %g; give 1 for the inverse share, 0.5 for its root, above 0 and at most 2", b.Power)
	}
	var classes []string
	for class, w := range b.Weights {
		if !(w > 0) || math.IsInf(w, 0) {
			return refuse(fmt.Sprintf("weights[%q]", class), "weights: %s has %g; give a factor above 0, or leave the class out of the data by skip", class, w)
		}
		classes = append(classes, class)
	}
	l.Balance = experiment.Balance(b)
	how := map[string]string{experiment.BalanceLoss: "in the loss", experiment.BalanceSampling: "by how often they are seen"}[b.By]
	if classes != nil {
		slices.Sort(classes)
		text := "classes weighed " + how + ":"
		for i, class := range classes {
			if i == 5 {
				text += fmt.Sprintf(" and %d more", len(classes)-i)
				break
			}
			text += fmt.Sprintf(" %s %g", class, b.Weights[class])
		}
		return nn.Changes{Setting: text}, nil
	}
	return nn.Changes{Setting: fmt.Sprintf("classes balanced %s, by their inverse share to the power of %g", how, b.Power)}, nil
}
