package train

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/compile"
)

// size is what a program of a step is compiled for.
type size struct{ batch, h, w int }

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

// load makes a stage the present one: its loader, from which nothing is read yet, and its program, compiled unless an earlier stage
// had one of that size.
func (r *run) load(ctx context.Context, stage int) error {
	r.stop()
	s, g := r.schedule.Stage(stage), r.stageGeometry(stage)
	config := r.config
	config.Batch, config.Geometry, config.Preprocess = s.Batch, g, r.preprocess
	config.Preprocess.H, config.Preprocess.W = g.H, g.W
	var err error
	if r.training, err = r.Set.Loader(ctx, r.Cut.Train, config); err != nil {
		return err
	}
	at := size{s.Batch, g.H, g.W}
	if r.programs[at] == nil {
		f, err := r.sized(stage)
		if err != nil {
			return err
		}
		if r.programs[at], err = stepOf(r.Engine, f, s.Batch, r.Optimization.Batch.Parts()); err != nil {
			delete(r.programs, at)
			return err
		}
	}
	r.stage, r.step = stage, r.programs[at]
	return nil
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
	}
	if r.plateau.eval != nil {
		r.plateau.eval.Close()
	}
	for _, a := range r.averages {
		a.exe.Close()
	}
}
