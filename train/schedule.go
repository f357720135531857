package train

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/tensor"
)

// size is what a program of a step is compiled for.
type size struct {
	batch, h, w int
	thawed      bool
}

// step is the program of one, and what feeds it.
type step struct {
	engine.Executable
	features *features // nil: images do
}

// geometry is how pictures reach the network in a stage.
func (r *run) stageGeometry(stage int) data.Geometry {
	s := r.schedule.Stage(stage)
	if s.Size > 0 || s.Part > 0 {
		return r.Set.Geometry(s.Side(r.geometry.H), r.Learning.Pad())
	}
	return r.geometry
}

// sized is the network at the size of a stage.
func (r *run) sized(stage int) (*compile.Family, error) {
	g := r.stageGeometry(stage)
	f, err := r.family.Sized(g.H, g.W)
	if err != nil {
		return nil, fmt.Errorf("stage %d: %w", stage+1, err)
	}
	return f, nil
}

// fits finds out before the first step whether the network can be built for every stage.
func (r *run) fits() error {
	for i := range r.schedule.Stages() {
		if _, err := r.sized(i); err != nil {
			return err
		}
	}
	if _, err := r.family.Sized(r.preprocess.Input()); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	for _, by := range r.Observers {
		if by.Average.Kind != "" && !by.Average.Observes() {
			return fmt.Errorf("average: %s is a training of its own, no observer of another; write it into the settings", by.Average)
		}
		if by.Views == "" {
			continue
		}
		if _, err := r.family.Sized(r.by(by.Views).Preprocess.Input()); err != nil {
			return fmt.Errorf("views: %w", err)
		}
	}
	sides := r.Learning.Multiscale.Sides()
	if len(sides) > 0 && r.schedule.Stages() > 1 {
		return fmt.Errorf("multiscale: sizes are drawn, and the training has %d stages; keep one of the two", r.schedule.Stages())
	}
	for _, side := range sides {
		if _, err := r.family.Sized(side, side); err != nil {
			return fmt.Errorf("multiscale: %w", err)
		}
	}
	return nil
}

// thaws reports whether nothing is frozen any more in the step behind so many.
func (r *run) thaws(done int) bool { return r.thaw >= 0 && done >= r.thaw }

// load makes the stage of the step behind so many the present one: its loader, from which nothing is read yet, and its program,
// compiled unless an earlier stage had one of that size.
func (r *run) load(ctx context.Context, done int) error {
	r.stop()
	stage, _, _ := r.schedule.At(done)
	s, g := r.schedule.Stage(stage), r.stageGeometry(stage)
	r.stage, r.thawed = stage, r.thaws(done)
	var err error
	if sides := r.Learning.Multiscale.Sides(); len(sides) > 0 {
		g = r.Set.Geometry(sides[0], r.Learning.Pad())
		r.training, err = r.alternate(ctx, s.Batch, sides)
	} else {
		r.training, err = r.loader(ctx, s.Batch, g)
	}
	if err != nil {
		return err
	}
	before := r.step
	if r.step, err = r.program(s.Batch, g.H, g.W); err != nil { // a program gives the State what the solver remembers
		return err
	}
	if before != nil && before != r.step {
		before.features.forget()
	}
	if r.begins(stage) && r.Learning.Sizes.Restat && stage > 0 && r.stageGeometry(stage-1) != g {
		return r.restat(ctx, stage)
	}
	return nil
}

// loader makes batches of the training images at a size.
func (r *run) loader(ctx context.Context, batch int, g data.Geometry) (*data.Loader, error) {
	config := r.config
	config.Batch, config.Geometry, config.Preprocess = batch, g, r.preprocess
	config.Preprocess.H, config.Preprocess.W = g.H, g.W
	_, last, _ := r.schedule.At(r.schedule.Steps() - 1)
	config.Epochs = last + 1
	if !r.thawed {
		config.Turns = r.Learning.Pretrain.Cache
	}
	return r.Set.Loader(ctx, r.Cut.Train, config)
}

// alternate makes batches at sizes that are drawn anew every few steps. What a step draws depends on its number alone.
func (r *run) alternate(ctx context.Context, batch int, sides []int) (*data.Loader, error) {
	var loaders []*data.Loader
	for _, side := range sides {
		l, err := r.loader(ctx, batch, r.Set.Geometry(side, r.Learning.Pad()))
		if err != nil {
			return nil, err
		}
		loaders = append(loaders, l)
	}
	draws, steps, every := tensor.NewStream(r.Seeds.Augment, "multiscale"), loaders[0].Steps(), r.Learning.Multiscale.Every
	return data.Alternate(loaders, func(epoch, step int) int {
		return draws.At(0, uint64((epoch*steps+step)/every)).IntN(len(loaders))
	}), nil
}

// program is the step for a batch of images of a size, compiled when it is first asked for.
func (r *run) program(batch, h, w int) (*step, error) {
	at := size{batch, h, w, r.thawed}
	if s := r.programs[at]; s != nil {
		return s, nil
	}
	f, err := r.family.Sized(h, w)
	if err == nil && r.thawed {
		f, err = f.Thawed(r.thaw)
	}
	if err != nil {
		return nil, err
	}
	s, err := r.stepOf(f, batch)
	if err == nil {
		r.programs[at] = s
	}
	return s, err
}

// stepOf compiles the step of a family: behind its front where what that makes of the images can be kept.
func (r *run) stepOf(f *compile.Family, batch int) (s *step, err error) {
	s = &step{}
	if front := r.front(f); front != nil {
		if s.features, err = keep(r.Engine, front, f, r.training, r.trained, max(1, r.Learning.Pretrain.Cache), batch); err != nil {
			return nil, err
		}
		if s.features != nil {
			f = front.Behind()
		}
	}
	if s.Executable, err = stepOf(r.Engine, f, batch, r.Optimization.Batch.Parts()); err != nil {
		s.features.close()
		return nil, err
	}
	return s, nil
}

// begins tells whether no step of a stage is done.
func (r *run) begins(stage int) bool { return r.done == r.schedule.End(stage-1) }

// restatBatches are how many batches running statistics are estimated from where the size of the images changes, at most: as with few
// images PyTorch's update_bn does, an equal mean over them.
const restatBatches = 50

// restat estimates the running statistics anew, from the first batches of a stage, so that what evaluation finds is not what
// images of another size have left. It depends on the weights and the images alone, so a training that goes on here does the same.
func (r *run) restat(ctx context.Context, stage int) error {
	f, err := r.sized(stage)
	if err != nil || !f.Restated() {
		return err
	}
	_, epoch, _ := r.schedule.At(r.done)
	return r.remeasure(ctx, f, r.training, epoch, min(restatBatches, r.training.Steps()))
}

// stop ends the filling of batches ahead.
func (r *run) stop() {
	if r.feed != nil {
		r.feed.Stop()
		r.feed = nil
	}
}

// close gives back what a run holds beside its State.
func (r *run) close() {
	r.stop()
	for _, exe := range r.programs {
		exe.Close()
		exe.features.close()
	}
	if r.plateau.eval != nil {
		r.plateau.eval.Close()
	}
	for _, a := range r.averages {
		a.exe.Close()
	}
}
