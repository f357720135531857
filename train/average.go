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

// Averaged is what a mean of the weights came to at the end of a training.
type Averaged struct {
	Average experiment.Average
	Score   task.Score // on the validation images
	Model   *model.Model
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
	all := slices.Clone(r.Observers)
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

// observers names the averages that a checkpoint holds beside what decides the training.
func (r *run) observers() []string {
	var names []string
	for _, a := range r.Observers {
		names = append(names, a.String())
	}
	return names
}

// averaged evaluates what the means came to. own is that of an average which is the training's own, whose result is the training's; nil
// where there is none. Of observers it leaves out those with a figure that is not finite.
func (r *run) averaged(ctx context.Context) (seen []Averaged, own *Averaged, err error) {
	for _, a := range r.averages {
		if a.state == nil {
			continue
		}
		done, err := r.meanOf(ctx, a)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case !a.Observes():
			own = done
		case sound(done.Score):
			seen = append(seen, *done)
		}
	}
	return seen, own, nil
}

// meanOf evaluates one mean on all validation images.
func (r *run) meanOf(ctx context.Context, a *average) (*Averaged, error) {
	f, err := r.family.Averaged(a.String(), a.state)
	if err != nil {
		return nil, err
	}
	if a.Kind == "swa" {
		if err := r.restate(ctx, f); err != nil {
			return nil, err
		}
	}
	eval, err := r.evaluation(f)
	if err != nil {
		return nil, err
	}
	defer eval.Close()
	done := &Averaged{Average: a.Average}
	if done.Score, err = r.score(ctx, &judge{Executable: eval}, r.validation); err != nil {
		return nil, err
	}
	done.Model, err = r.modelOf(f, done.Score)
	return done, err
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
