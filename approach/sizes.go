package approach

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// staged refuses stages whose lengths do not go with the epochs, whose last size is not the window, or that the network does not fit. It
// waits until all approaches have come.
func (b *Built) staged() error {
	stages, err := b.Learning.Stages()
	if err != nil {
		return err
	}
	if len(b.Learning.Sizes.Stages) == 0 {
		return nil
	}
	if len(b.Learning.Multiscale.Sizes) > 0 {
		return &spec.Fault{Path: "$.stages", Msg: "stages of their own size, and multiscale draws sizes; leave one of the two out"}
	}
	own, last := b.Graph.InputSize(), len(stages)-1
	if crop := b.Learning.Crop(); crop > 0 && stages[last].Size > 0 && crop != stages[last].Size {
		return &spec.Fault{Path: fmt.Sprintf("$.stages[%d].size", last), Msg: fmt.Sprintf("stage %d: size %d, and crop has %d; the last stage is what the network is built for and measured at, so leave one of them out", last+1, stages[last].Size, crop)}
	}
	for i, s := range stages {
		path := fmt.Sprintf("$.stages[%d].size", i)
		if s.Part > 0 && own.H != own.W {
			return &spec.Fault{Path: path, Msg: fmt.Sprintf("stage %d: a part of images of %dx%d, which are not square; give crop a size", i+1, own.H, own.W)}
		}
		if s.Size == 0 && s.Part == 0 {
			continue
		}
		if _, err := b.Graph.Sized(s.Side(own.H), s.Side(own.H)); err != nil {
			return &spec.Fault{Path: path, Msg: fmt.Sprintf("stage %d: %v", i+1, err)}
		}
	}
	return nil
}

// drawn sets the step between sizes that are drawn, and refuses those that the network does not fit. It waits until all approaches
// have come.
func (b *Built) drawn() error {
	m := &b.Learning.Multiscale
	if len(m.Sizes) == 2 && m.Step == 0 {
		var err error
		if m.Step, err = b.Graph.Stride(); err != nil {
			return err
		}
	}
	sides := m.Sides()
	if len(sides) == 1 {
		return &spec.Fault{Path: "$.sizes", Msg: fmt.Sprintf("no second size from %d to %d by %d; give a wider range or a smaller step", m.Sizes[0], m.Sizes[1], m.Step)}
	}
	if len(sides) > 64 {
		return &spec.Fault{Path: "$.sizes", Msg: fmt.Sprintf("%d sizes, each of which takes a program and a cache of its own; give at most 64", len(sides))}
	}
	for i, side := range sides {
		if _, err := b.Graph.Sized(side, side); err != nil {
			path := "$.sizes"
			if len(sides) == len(m.Sizes) {
				path = fmt.Sprintf("$.sizes[%d]", i)
			}
			return &spec.Fault{Path: path, Msg: err.Error()}
		}
	}
	return nil
}

// viewed refuses a look at whole pictures by a network that fits the window alone: one that is as much larger as pictures are kept.
func (b *Built) viewed() error {
	if b.Learning.Views.Of() != data.Dense {
		return nil
	}
	own := b.Graph.InputSize()
	if _, err := b.Graph.Sized(data.Kept(own.H), data.Kept(own.W)); err != nil {
		return &spec.Fault{Path: "$.kind", Msg: fmt.Sprintf("dense: %v", err)}
	}
	return nil
}

// Work is the multiply-adds of a training by a schedule: of every image one pass forward and two as much backward, each stage at its size; of
// sizes that are drawn the mean.
func (b *Built) Work(s experiment.Schedule) (int64, error) {
	own, sum := b.Graph.InputSize(), int64(0)
	drawn, err := b.drawnMACs()
	if err != nil {
		return 0, err
	}
	for i := range s.Stages() {
		stage := s.Stage(i)
		g, images := b.Graph, int64(s.End(i)-s.End(i-1))*int64(stage.Batch)
		if stage.Size > 0 || stage.Part > 0 {
			if g, err = g.Sized(stage.Side(own.H), stage.Side(own.H)); err != nil {
				return 0, err
			}
		}
		cost, err := g.Cost()
		if err != nil {
			return 0, err
		}
		if drawn > 0 {
			cost.MACs = drawn
		}
		sum += 3 * cost.MACs * images
	}
	return sum, nil
}

// drawnMACs is the mean of one image's multiply-adds over the sizes that are drawn from, 0 where there are none.
func (b *Built) drawnMACs() (int64, error) {
	sides, sum := b.Learning.Multiscale.Sides(), int64(0)
	for _, side := range sides {
		g, err := b.Graph.Sized(side, side)
		if err != nil {
			return 0, err
		}
		cost, err := g.Cost()
		if err != nil {
			return 0, err
		}
		sum += cost.MACs
	}
	return sum / int64(max(1, len(sides))), nil
}

// settled places the errors of what learning approaches set together.
func (b *Built) settled(e experiment.Experiment) error {
	for _, c := range []struct {
		name  string
		check func() error
	}{{"sizes", b.staged}, {"multiscale", b.drawn}, {"views", b.viewed}} {
		if err := c.check(); err != nil {
			if f, ok := errors.AsType[*spec.Fault](err); ok {
				f.Msg = c.name + ": " + f.Msg
			}
			return Locate(e.Learning, c.name, err)
		}
	}
	return nil
}
