package experiment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// Schedule is a training as stages, one after the other over one State: the only place where passes over the images become steps,
// and steps passes. Steps are numbered from 0 through all stages, and so are passes; a stage begins with a pass of its own. The
// policy of the learning rate runs over the whole of it, unless a stage has a fall of its own, and a stage's factor comes on top. The zero Schedule has no steps.
type Schedule struct{ spans []span }

// span is a stage with its place.
type span struct {
	Stage
	perEpoch   int     // steps of a pass
	first, end int     // steps
	epoch      int     // number of its first pass
	before     float64 // passes done before it
}

// NewSchedule lays out the stages of a training on so many images; without stages it is the one that the settings say. A
// stage of no length, or whose batch is larger than the images are many, is an error.
func NewSchedule(o Optimization, l Learning, images int, stages ...Stage) (Schedule, error) {
	var s Schedule
	if len(stages) == 0 {
		var err error
		if stages, err = l.Stages(); err != nil {
			return s, err
		}
	}
	var at span
	for i, stage := range stages {
		fault := func(format string, args ...any) error {
			if len(stages) == 1 {
				return fmt.Errorf(format, args...)
			}
			return fmt.Errorf("stage %d: %w", i+1, fmt.Errorf(format, args...))
		}
		if stage.Batch == 0 {
			stage.Batch = o.Batch.Size
		}
		if stage.LR == 0 {
			stage.LR = 1
		}
		switch {
		case stage.Batch < 1:
			return s, fault("batch: %d images; give at least 1", stage.Batch)
		case stage.Batch > images:
			return s, fault("batch: %d images a step, but there are %d to train on; write a smaller batch", stage.Batch, images)
		case stage.Batch%o.Batch.Parts() != 0:
			return s, fault("batch: %d images do not fall into %d equal parts; give an accumulate that divides them", stage.Batch, o.Batch.Parts())
		case stage.Epochs < 0 || stage.Steps < 0 || (stage.Epochs == 0) == (stage.Steps == 0):
			return s, fault("%d epochs, %d steps; give one of the two, at least 1", stage.Epochs, stage.Steps)
		case stage.Size < 0:
			return s, fault("size %d; give pixels of a side, or 0 for the network's own", stage.Size)
		case !(stage.LR > 0) || math.IsInf(float64(stage.LR), 0):
			return s, fault("a factor of %g on the learning rate; give one above 0", stage.LR)
		}
		at.Stage, at.first, at.perEpoch = stage, at.end, images/stage.Batch
		at.end += stage.Steps + stage.Epochs*at.perEpoch
		s.spans = append(s.spans, at)
		at.before += at.epochs(at.end)
		at.epoch += (at.end - at.first + at.perEpoch - 1) / at.perEpoch
	}
	return s, nil
}

// epochs is the passes of a span that are done after so many steps of the training.
func (s *span) epochs(done int) float64 { return float64(done-s.first) / float64(s.perEpoch) }

// Stages is the number of stages.
func (s Schedule) Stages() int { return len(s.spans) }

// Steps is the length of the training.
func (s Schedule) Steps() int { return s.End(len(s.spans) - 1) }

// Stage is one of the stages, its batch and its factor filled in.
func (s Schedule) Stage(i int) Stage { return s.spans[i].Stage }

// End is the number of steps that are done when a stage ends; 0 for the one before the first.
func (s Schedule) End(stage int) int {
	if stage < 0 {
		return 0
	}
	return s.spans[stage].end
}

// At is the stage that takes place after so many steps, the last one when all are done, and where in the images its next step is: the
// number of the pass and of the step in it.
func (s Schedule) At(done int) (stage, epoch, step int) {
	for stage < len(s.spans)-1 && done >= s.spans[stage].end {
		stage++
	}
	p := &s.spans[stage]
	within := done - p.first
	return stage, p.epoch + within/p.perEpoch, within % p.perEpoch
}

// Epochs is the passes that so many steps are; a pass that a stage breaks off counts by the share that was done.
func (s Schedule) Epochs(done int) float64 {
	if len(s.spans) == 0 {
		return 0
	}
	stage, _, _ := s.At(done)
	p := &s.spans[stage]
	return p.before + p.epochs(done)
}

// EpochEnds reports whether a pass or a stage ends with the last of so many steps.
func (s Schedule) EpochEnds(done int) bool {
	if done == 0 {
		return false
	}
	stage, _, _ := s.At(done - 1)
	p := &s.spans[stage]
	return (done-p.first)%p.perEpoch == 0 || done == p.end
}

// After is the number of steps after which so many passes are done, to the nearest; beyond the end the last stage is thought to
// go on.
func (s Schedule) After(epochs float64) int {
	for i := range s.spans {
		p := &s.spans[i]
		if within := epochs - p.before; i == len(s.spans)-1 || within <= p.epochs(p.end) {
			return p.first + int(math.Round(within*float64(p.perEpoch)))
		}
	}
	return 0
}

// intervals is how many intervals of so many passes have gone by after so many steps. An interval is whole steps of the stage it
// lies in, at least one.
func (s Schedule) intervals(every float64, done int) int {
	n := 0.0
	for i := range s.spans {
		p := &s.spans[i]
		if done > p.first {
			n += float64(min(done, p.end)-p.first) / max(1, math.Round(every*float64(p.perEpoch)))
		}
	}
	return int(n + 1e-9) // shares of two stages that make a whole may fall short of it by rounding
}

// fall is the share of the rate that is left in a step of a stage whose rate falls by itself, and false in any other.
func (s Schedule) fall(step int) (float64, bool) {
	stage, _, _ := s.At(step)
	p := &s.spans[stage]
	if p.Power == 0 {
		return 1, false
	}
	return elementary.Pow(1-float64(step-p.first)/float64(p.end-p.first), float64(p.Power)), true
}

// factor is that of a step's stage on the learning rate.
func (s Schedule) factor(step int) float32 {
	stage, _, _ := s.At(step)
	return s.spans[stage].LR
}
