package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
)

// Observed is what a training came to by an observer.
type Observed struct {
	By       experiment.Observer
	Diverged bool         // a figure of Score is not finite
	Score    task.Score   // on the validation images
	Model    *model.Model // of the mean, with the views; nil where it diverged
}

// average is a mean of the weights, or slow weights, that a training keeps as it goes.
type average struct {
	experiment.Average
	state *program.State // shows what is averaged, and holds the means; nil: they are in the training's own, which they decide
	exe   engine.Executable
	feed  engine.Feed
}

// watch begins the averages of a run at its first weights.
func (r *run) watch() error {
	all := r.means()
	if r.Optimization.Average.Kind != "" {
		all = append(all, r.Optimization.Average)
	}
	for _, a := range all {
		p, state, err := r.averaging(a)
		if err != nil {
			return err
		}
		w := &average{Average: a, state: state, feed: engine.Feed{Scalars: map[string]float32{}}}
		if state == nil {
			state = r.family.State
		}
		if w.exe, err = r.Engine.Compile(p, state); err != nil {
			return err
		}
		r.averages = append(r.averages, w)
		r.family.Scalars(w.feed.Scalars, 0, 0)
		if err := w.move(0); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) averaging(a experiment.Average) (*program.Program, *program.State, error) {
	if a.Kind == "lookahead" {
		p, err := r.family.Lookahead()
		return p, nil, err
	}
	return r.family.Averaging(a.String())
}

// move goes to the weights as they are by 1 - kept of the way. It allocates nothing.
func (a *average) move(kept float32) error {
	a.feed.Scalars[compile.Kept] = kept
	return a.exe.Run(a.feed)
}

// average moves the means that are due after a step.
func (r *run) average() error {
	for _, a := range r.averages {
		if kept, due := a.Due(r.done, r.schedule); due {
			if err := a.move(kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole is the State with all means, as a checkpoint keeps it.
func (r *run) whole() *program.State {
	whole := program.NewState()
	for _, s := range r.states() {
		for _, name := range s.Names() {
			whole.Share(name, s)
		}
	}
	return whole
}

func (r *run) states() []*program.State {
	states := []*program.State{r.family.State}
	for _, a := range r.averages {
		if a.state != nil {
			states = append(states, a.state)
		}
	}
	return states
}

// means are the averages that observers ask for, each once.
func (r *run) means() (all []experiment.Average) {
	for _, o := range r.Observers {
		if o.Mean() != "" && !slices.Contains(all, o.Average) {
			all = append(all, o.Average)
		}
	}
	return all
}

// observers names the averages that a checkpoint holds beside what decides the training.
func (r *run) observers() []string {
	var names []string
	for _, a := range r.means() {
		names = append(names, a.String())
	}
	return names
}

// ends are the networks that a training ends in, by the mean that each has the weights of; by the zero Average the training's own, of the last
// weights or of an average that is its own.
func (r *run) ends(ctx context.Context) (map[experiment.Average]*compile.Family, error) {
	ends := map[experiment.Average]*compile.Family{{}: r.family}
	for _, a := range r.averages {
		if a.state == nil {
			continue
		}
		f, err := r.family.Averaged(a.String(), a.state)
		if err != nil {
			return nil, err
		}
		if a.Kind == "swa" {
			if err := r.restate(ctx, f); err != nil {
				return nil, err
			}
		}
		if a.Observes() {
			ends[a.Average] = f
		} else {
			ends[experiment.Average{}] = f
		}
	}
	return ends, nil
}

// observe evaluates a network on all validation images as an observer has it.
func (r *run) observe(ctx context.Context, f *compile.Family, by experiment.Observer) (Observed, error) {
	seen, config, l := Observed{By: by}, r.looking, r.validation
	if by.Views != "" {
		config = r.by(by.Views)
		if l != nil {
			var err error
			if l, err = r.Set.Loader(ctx, r.Cut.Val, config); ctx.Err() != nil {
				return seen, r.interrupted()
			} else if err != nil {
				return seen, err
			}
		}
	}
	eval, err := r.evaluation(f, config.Preprocess)
	if err != nil {
		return seen, err
	}
	defer eval.Close()
	if seen.Score, err = r.score(ctx, &judge{Executable: eval}, l); err != nil {
		return seen, err
	}
	if seen.Diverged = !sound(seen.Score); !seen.Diverged {
		seen.Model, err = r.modelOf(f, config.Preprocess, seen.Score)
	}
	return seen, err
}

// restate measures the running statistics of a network anew: the plain mean over the batches of one more pass over the training images, as
// the last stage has them and the training sees them, dropout included.
func (r *run) restate(ctx context.Context, f *compile.Family) error {
	if !f.Restated() {
		return nil
	}
	last := r.schedule.Stages() - 1
	if err := r.load(ctx, last); err != nil { // one that was resumed at its end has entered none
		return err
	}
	g, batch := r.stageGeometry(last), r.schedule.Stage(last).Batch
	sized, err := f.Sized(g.H, g.W)
	if err != nil {
		return err
	}
	_, epoch, step := r.schedule.At(r.done)
	if step > 0 {
		epoch++
	}
	training := r.training
	if len(r.Learning.Multiscale.Sides()) > 0 { // the size that it is measured at
		if training, err = r.loader(ctx, batch, g); err != nil {
			return err
		}
	}
	return r.remeasure(ctx, sized, training, epoch, training.Steps())
}

// remeasure sets the running statistics of a network to their mean over the first so many batches of an epoch.
func (r *run) remeasure(ctx context.Context, f *compile.Family, training *data.Loader, epoch, steps int) error {
	parts := r.Optimization.Batch.Parts()
	exe, err := compiled(r.Engine, f, f.Restatistics, training.Batch()/parts)
	if err != nil {
		return err
	}
	defer exe.Close()
	feed := training.Start(epoch, 0, r.Loaders)
	defer feed.Stop()
	in := engine.Feed{Real: map[string][]float32{}, Scalars: map[string]float32{}}
	for i := range steps {
		if ctx.Err() != nil {
			return r.interrupted()
		}
		b, err := feed.Next()
		if err != nil {
			return fmt.Errorf("batch statistics: %w", err)
		}
		f.Scalars(in.Scalars, 0, r.done+i)
		for k := range parts {
			n, x := i*parts+k, b.X.Data
			in.Scalars[compile.Kept] = float32(float64(n) / float64(n+1))
			in.Real[compile.Images] = x[k*len(x)/parts : (k+1)*len(x)/parts]
			if err := exe.Run(in); err != nil {
				return err
			}
		}
	}
	return nil
}
