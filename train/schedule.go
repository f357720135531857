package train

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
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
	if side := r.schedule.Stage(stage).Size; side > 0 {
		return r.Set.Geometry(side, r.Learning.Pad())
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
	config := r.config
	config.Batch, config.Geometry, config.Preprocess = s.Batch, g, r.preprocess
	config.Preprocess.H, config.Preprocess.W = g.H, g.W
	if !r.thaws(done) {
		config.Turns = r.Learning.Pretrain.Cache
	}
	var err error
	if r.training, err = r.Set.Loader(ctx, r.Cut.Train, config); err != nil {
		return err
	}
	at := size{s.Batch, g.H, g.W, r.thaws(done)}
	if r.programs[at] == nil {
		f, err := r.sized(stage)
		if err == nil && at.thawed {
			f, err = f.Thawed(r.thaw)
		}
		if err != nil {
			return err
		}
		if r.programs[at], err = r.stepOf(f, s.Batch, config.Turns); err != nil {
			delete(r.programs, at)
			return err
		}
	}
	if r.step != nil && r.step != r.programs[at] {
		r.step.features.forget()
	}
	r.stage, r.thawed, r.step = stage, at.thawed, r.programs[at]
	return nil
}

// stepOf compiles the step of a family: behind its front where what that makes of the images can be kept.
func (r *run) stepOf(f *compile.Family, batch, turns int) (s *step, err error) {
	s = &step{}
	if front := r.front(f); front != nil {
		if s.features, err = keep(r.Engine, front, f, r.training, r.trained, max(1, turns), batch); err != nil {
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
