package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/elementary"
)

// lay works out which images decide what is trained, on which of them no step is taken and on which some are, and what lies over these: wrong
// labels on purpose, then a part of the images, then what plateau holds out, then what cleaning takes away or changes, then what makes up for rare
// classes.
func (j *Job) lay(ctx context.Context) (seen, held, trained []int, over data.Overlay, err error) {
	l := j.Learning
	seen, over = j.Cut.Train, j.Overlay
	switch c := l.Labels.Confusion; {
	case c.File != "" && c.Rates == nil:
		return nil, nil, nil, over, fmt.Errorf("confusion: nobody has read %s; hand its shares over in Learning", c.File)
	case c.Rates != nil:
		over.Labels, err = j.Set.Confused(seen, c.Rates, j.Seeds.Split)
	case l.Labels.Noise > 0:
		over.Labels = j.Set.Mislabelled(seen, l.Labels.Noise, j.Seeds.Split)
	}
	if err != nil {
		return nil, nil, nil, over, err
	}
	if n := l.Subset.Of(len(seen)); n < len(seen) {
		seen = j.Set.Subset(seen, n, j.Seeds.Split)
	}
	held = j.heldOut(seen)
	trained = slices.DeleteFunc(slices.Clone(seen), func(i int) bool { return slices.Contains(held, i) })
	if len(trained) < len(j.Cut.Train) {
		over = over.Within(j.Set, trained)
	}
	if l.Labels.Clean != "" {
		if over, err = j.clean(ctx, trained, over); err != nil {
			return nil, nil, nil, over, err
		}
	}
	if l.Labels.Parent > 0 {
		over.Coarse = j.Set.Coarsened(trained, l.Labels.Parent, l.Labels.Tree.Parents(), j.Seeds.Split)
	}
	if l.Balance.By != "" {
		over, err = balanced(j.Set, trained, over, l.Balance)
	}
	return seen, held, trained, over, err
}

// errDiverged is the error of a training whose networks of folds diverged.
var errDiverged = errors.New("a network that was to find wrong labels diverged")

// clean leaves out or relabels what confident learning takes for wrong among the trained images.
func (j *Job) clean(ctx context.Context, trained []int, over data.Overlay) (data.Overlay, error) {
	l := j.Learning.Labels
	probs, err := j.OutOfFold(ctx, trained, over)
	if err != nil {
		return over, err
	}
	given := make([]int32, len(trained))
	for k, i := range trained {
		given[k] = over.Label(j.Set, i)
	}
	found, err := data.NewConfident(given, probs, len(j.Set.Classes))
	if err != nil {
		return over, err
	}
	suspects := found.Suspects(l.Rule)
	if l.Clean == experiment.CleanRelabel {
		labels := make([]int32, len(j.Set.Items))
		for i := range labels {
			labels[i] = over.Label(j.Set, i)
		}
		for _, k := range suspects {
			labels[trained[k]] = found.Suggested(k)
		}
		over.Labels = labels
		return over, nil
	}
	over = over.Within(j.Set, trained)
	for _, k := range suspects {
		over.Draws[trained[k]] = 0
	}
	return over, nil
}

// balanced weighs images by their class. Weights are scaled so that their mean over the images seen in an epoch is 1.
func balanced(s *data.Set, trained []int, over data.Overlay, b experiment.Balance) (data.Overlay, error) {
	images, all := make([]float64, len(s.Classes)), 0.0
	draws := func(i int) float64 {
		if over.Draws != nil {
			return float64(over.Draws[i])
		}
		return 1
	}
	for _, i := range trained {
		images[over.Label(s, i)] += draws(i)
		all += draws(i)
	}
	weight, sum := make([]float64, len(s.Classes)), 0.0
	for class := range b.Weights {
		if _, err := s.Class(class); err != nil {
			return over, fmt.Errorf("balance: weights: %w", err)
		}
	}
	for k, class := range s.Classes {
		weight[k] = 1
		if w, ok := b.Weights[class]; ok {
			weight[k] = w
		} else if b.Weights == nil && images[k] > 0 {
			weight[k] = elementary.Pow(all/images[k], b.Power)
		}
		sum += float64(images[k] * weight[k])
	}
	list := make([]float32, len(s.Items))
	for _, i := range trained {
		w := weight[over.Label(s, i)] / (sum / all)
		if b.By == experiment.BalanceSampling {
			if w *= draws(i) * (1 + 1.0/(1<<20)); w > 1024 { // so much more that rounding loses no image of the epoch
				return over, fmt.Errorf("balance: an image of class %s would be seen %.0f times in an epoch; give a smaller power, or by: loss", s.Classes[over.Label(s, i)], w)
			}
		}
		list[i] = float32(w)
	}
	if b.By == experiment.BalanceSampling {
		over.Draws = list
	} else {
		over.Counts = list
	}
	return over, nil
}
