package approach

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
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
	if _, err := b.whole(); err != nil {
		return &spec.Fault{Path: "$.kind", Msg: fmt.Sprintf("dense: %v", err)}
	}
	return nil
}

// whole is the network at the size to which pictures are kept for its window.
func (b *Built) whole() (*nn.Graph, error) {
	own, framing := b.Graph.InputSize(), b.Learning.Framing(b.Graph.Name)
	return b.Graph.Sized(framing.Kept(own.H), framing.Kept(own.W))
}

// Work is the multiply-adds of a training on so many images by a schedule, and what keeping saved of them: of every image one pass forward
// and two as much backward, each stage at its size; of sizes that are drawn the mean. What is frozen up to a layer, and fixed, goes forward
// alone, once for each draw of an image where what it makes of them is kept, as it is wherever there is room.
func (b *Built) Work(s experiment.Schedule, images int) (macs, saved int64, err error) {
	thaw := b.Learning.Pretrain.Thaws(s)
	drawn, err := b.drawnMACs()
	if err != nil {
		return 0, 0, err
	}
	turns, kept := b.Learning.Kept()
	for i := range s.Stages() {
		stage := s.Stage(i)
		g, cost, err := b.sized(stage)
		if err != nil {
			return 0, 0, err
		}
		front := int64(0)
		if slices.ContainsFunc(b.Optimization.Parameters, func(p experiment.ParameterSetting) bool { return p.Frozen != nil && *p.Frozen }) {
			if front, err = compile.FrontMACs(g, b.Optimization); err != nil {
				return 0, 0, err
			}
		}
		if drawn > 0 {
			front, cost.MACs = int64(float64(front)/float64(cost.MACs)*float64(drawn)), drawn
		}
		begin, end := s.End(i-1), s.End(i)
		until := end // frozen until then
		if thaw >= 0 {
			until = min(max(thaw, begin), end)
		}
		frozen, free := int64(until-begin)*int64(stage.Batch), int64(end-until)*int64(stage.Batch)
		macs += 3*cost.MACs*free + (3*(cost.MACs-front)+front)*frozen
		if once := int64(images) * int64(turns); kept && once < frozen {
			saved += front * (frozen - once)
		}
	}
	return macs - saved, saved, nil
}

// Stretch is how many times as long a training takes as its steps at the window and of batch's size would, by multiply-adds: less than 1 where
// stages or drawn sizes are smaller, 1 where there are none.
func (b *Built) Stretch(s experiment.Schedule) (float64, error) {
	window, err := b.Graph.Cost()
	if err != nil {
		return 0, err
	}
	drawn, err := b.drawnMACs()
	if err != nil {
		return 0, err
	}
	macs := int64(0)
	for i := range s.Stages() {
		stage := s.Stage(i)
		_, cost, err := b.sized(stage)
		if err != nil {
			return 0, err
		}
		if drawn > 0 {
			cost.MACs = drawn
		}
		macs += cost.MACs * int64(s.End(i)-s.End(i-1)) * int64(stage.Batch)
	}
	return float64(macs) / float64(window.MACs*int64(s.Steps())*int64(b.Optimization.Batch.Size)), nil
}

// sized is the network at the size of a stage, and what one image costs there.
func (b *Built) sized(stage experiment.Stage) (*nn.Graph, nn.Cost, error) {
	g := b.Graph
	if stage.Size > 0 || stage.Part > 0 {
		var err error
		side := stage.Side(g.InputSize().H)
		if g, err = g.Sized(side, side); err != nil {
			return nil, nn.Cost{}, err
		}
	}
	cost, err := g.Cost()
	return g, cost, err
}

// Looks is the multiply-adds of evaluating a picture by all its views, dense ones on as much of it as is kept.
func (b *Built) Looks() (int64, error) {
	g, views := b.Graph, b.Learning.Views.Of()
	if views == data.Dense {
		var err error
		if g, err = b.whole(); err != nil {
			return 0, err
		}
	}
	cost, err := g.Cost()
	return cost.MACs * int64(views.Count()), err
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
