package train

import (
	"context"
	"math"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Plateau goes by training images that are held out of the steps, never by validation images: an arm that chose its rates by those would be
// judged by what it has seen. It looks at their centre, so that views decide nothing of a training.

// plateau is what the policy of that name knows.
type plateau struct {
	held []held
	eval engine.Executable // compiled when it is first wanted
}

// held is the loss on the images that are held out, after so many steps: the bits of a float64.
type held struct {
	Step int    `json:"step"`
	Loss uint64 `json:"loss"`
}

// heldOut are the images, of those to be trained on, that plateau goes by: every class as it has its share, by a stream of their own.
func (j *Job) heldOut(trained []int) []int {
	n := j.Optimization.LR.HeldOut(len(trained))
	if n == 0 {
		return nil
	}
	return j.Set.Subset(trained, n, tensor.NewStream(j.Seeds.Split, "plateau").At(0, 0).Uint64())
}

// hold measures the loss on the images that are held out where an epoch has ended, once.
func (r *run) hold(ctx context.Context) error {
	p := &r.plateau
	if r.aside == nil || !r.schedule.EpochEnds(r.done) || len(p.held) > 0 && p.held[len(p.held)-1].Step == r.done {
		return nil
	}
	if p.eval == nil {
		var err error
		if p.eval, err = r.evaluation(r.family, r.by(data.Centre).Preprocess); err != nil {
			return err
		}
	}
	s, err := evaluate(ctx, p.eval, nil, r.aside, r.task, r.Loaders)
	if err != nil {
		return err
	}
	p.held = append(p.held, held{r.done, math.Float64bits(followed(r.task, s))})
	return nil
}

// followed is what plateau goes by, less is better: the first figure of a task of which that is so, else its first, the other way round.
func followed(t task.Task, s task.Score) float64 {
	for _, m := range t.Metrics() {
		if m.Better < 0 {
			return s.Raw(m.Name)
		}
	}
	return -s.Raw(t.Metrics()[0].Name)
}

// drops is how often plateau has dropped the rate before a step.
func (r *run) drops(step int) int {
	if r.aside == nil {
		return 0
	}
	losses := make([]float64, 0, 64)
	for _, h := range r.plateau.held {
		if h.Step <= step {
			losses = append(losses, math.Float64frombits(h.Loss))
		}
	}
	return experiment.Drops(losses, r.Optimization.LR.Patience(r.schedule.Epochs(r.schedule.Steps())))
}
