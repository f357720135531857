package train

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/compile"
)

// size is what a program of a step is compiled for.
type size struct{ batch, h, w int }

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
		if r.programs[at], err = compiled(r.Engine, f, f.Step, s.Batch); err != nil {
			delete(r.programs, at)
			return err
		}
	}
	r.stage, r.step = stage, r.programs[at]
	if r.begins(stage) && r.Learning.Sizes.Restat && stage > 0 && r.stageGeometry(stage-1) != g {
		return r.restat(ctx, stage)
	}
	return nil
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
	if err != nil {
		return err
	}
	if buffers, err := f.Graph.Buffers(); err != nil || len(buffers) == 0 {
		return err
	}
	exe, err := compiled(r.Engine, f, f.Restat, r.schedule.Stage(stage).Batch)
	if err != nil {
		return err
	}
	defer exe.Close()
	_, epoch, _ := r.schedule.At(r.done)
	feed := r.training.Start(epoch, 0, r.Loaders)
	defer feed.Stop()
	in := engine.Feed{Real: map[string][]float32{}, Scalars: map[string]float32{}}
	for i := range min(restatBatches, r.training.Steps()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := feed.Next()
		if err != nil {
			return err
		}
		in.Real[compile.Images] = b.X.Data
		in.Scalars[compile.MomentsKept] = float32(i) / float32(i+1)
		if err := exe.Run(in); err != nil {
			return err
		}
	}
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
}
