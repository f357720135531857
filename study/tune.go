package study

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// A choice may want another learning rate than the baseline's, and look worse at the baseline's than it is. With `tune` every arm, the
// baseline too, tries the same number of values of a setting in each repeat, in short trainings on a slice of that repeat's
// training images, and then trains once more at the value that did best. Values are chosen anew in each repeat, on images that
// the repeat does not validate on: so how well a choice of values turns out varies from repeat to repeat, and is part of the noise that
// the effects at each arm's own values are judged by. One choice for all repeats would not show in that noise, and two equal arms that
// chose differently by chance would be told apart (the table "tuned" of internal/simulate).

// Tune is a setting that each arm tries values of.
type Tune struct {
	Key    string // lr, l2, l1 or decay
	Values int    // tried by each arm in each repeat: an odd number, the arm's own in the middle
}

const (
	// tuneStep is the factor between neighbouring values.
	tuneStep = 2
	// TuneLength is the share of a training's passes that a rung takes, at least one of them.
	TuneLength = 1.0 / 3
	// TuneSlice is the share of a repeat's training images that its rungs are compared on.
	TuneSlice = 0.2
	// mostTuned bounds the values of an arm.
	mostTuned = 15
)

// tunable are the settings that may be tuned: numbers above 0 that are tried on a logarithmic grid.
var tunable = map[string]func(*experiment.Optimization) *float32{
	"lr":    func(o *experiment.Optimization) *float32 { return &o.LR.Base },
	"l2":    func(o *experiment.Optimization) *float32 { return &o.L2.Strength },
	"l1":    func(o *experiment.Optimization) *float32 { return &o.L1.Strength },
	"decay": func(o *experiment.Optimization) *float32 { return o.Decay.Strength },
}

// UnmarshalSpec reads {lr: 5}.
func (t *Tune) UnmarshalSpec(n *spec.Node) error {
	if n.Kind != spec.Map {
		return n.Errorf("tune: want a setting and how many values of it each arm tries, as in {lr: 5}")
	}
	for key, value := range n.Pairs() {
		known := []string{"lr", "l2", "l1", "decay"}
		switch {
		case t.Key != "":
			return key.Errorf("tune: %s beside %s; one setting is tuned in a study", key.Text(), t.Key)
		case !slices.Contains(known, key.Text()):
			if near, ok := spec.Nearest(key.Text(), known); ok {
				return key.Errorf("tune: %q cannot be tuned; did you mean %q?", key.Text(), near)
			}
			return key.Errorf("tune: %q cannot be tuned; %s can", key.Text(), strings.Join(known, ", "))
		}
		k, err := value.Int()
		if err != nil {
			return err
		}
		if k < 3 || k > mostTuned || k%2 == 0 {
			return value.Errorf("tune: %d values; give an odd number from 3 to %d, so that an arm's own is in the middle", k, mostTuned)
		}
		t.Key, t.Values = key.Text(), k
	}
	if t.Key == "" {
		return n.Errorf("tune: nothing; write {lr: 5}, or leave it out")
	}
	return nil
}

// MarshalSpec writes what UnmarshalSpec reads.
func (t Tune) MarshalSpec() (*spec.Node, error) {
	v, err := spec.Encode(t.Values)
	if err != nil {
		return nil, err
	}
	n := spec.NewMap()
	n.Set(t.Key, v)
	return n, nil
}

// Grid is the values that an arm tries: its own times powers of 2, the middle one its own. It is an error if the arm has no such setting.
func (t Tune) Grid(a PlannedArm) ([]float32, error) {
	at := tunable[t.Key](&a.Built.Optimization)
	if at == nil || !(*at > 0) {
		return nil, fmt.Errorf("tune: arm %q has no %s to tune; give it one, or tune another setting", a.Name, t.Key)
	}
	var grid []float32
	for i := range t.Values {
		grid = append(grid, *at*float32(math.Pow(tuneStep, float64(i-t.Values/2))))
	}
	return grid, nil
}

// At is the arm at another value of the setting.
func (t Tune) At(a PlannedArm, value float32) PlannedArm {
	built := *a.Built
	if s := built.Optimization.Decay.Strength; s != nil {
		built.Optimization.Decay.Strength = new(*s)
	}
	*tunable[t.Key](&built.Optimization) = value
	a.Built = &built
	return a
}

// Rung is the arm at a value of the setting, in a short training of its own on so many images: a third of the passes, with a schedule
// that is as much shorter.
func (t Tune) Rung(a PlannedArm, value float32, images int) (PlannedArm, error) {
	r := t.At(a, value)
	r.Name, r.Baseline, r.Of, r.Differs = fmt.Sprintf("%s, %s %g", a.Name, t.Key, value), false, nil, []string{}
	o, epochs := &r.Built.Optimization, &r.Built.Learning.Epochs
	ratio := TuneLength
	if epochs.Steps > 0 {
		epochs.Steps = max(1, int(TuneLength*float64(epochs.Steps)+0.5))
	} else {
		short := max(1, int(TuneLength*float64(epochs.Count)+0.5))
		ratio = float64(short) / float64(epochs.Count)
		epochs.Count = short
	}
	for _, of := range []*float64{&o.LR.Warmup, &o.LR.Every, &o.LR.Period} {
		*of *= ratio
	}
	o.LR.Drops = slices.Clone(o.LR.Drops)
	for i := range o.LR.Drops {
		o.LR.Drops[i] *= ratio
	}
	schedule, err := experiment.NewSchedule(*o, r.Built.Learning, experiment.TrainedOn(*o, r.Built.Learning, images))
	if err == nil {
		err = o.LR.Fits(schedule)
	}
	if err != nil {
		return r, fmt.Errorf("tune: arm %q in a third of its passes: %w", a.Name, err)
	}
	r.schedule, r.Steps = schedule, schedule.Steps()
	r.TrainImages = experiment.TrainedOn(*o, r.Built.Learning, images)
	return r, r.works()
}

// TuneSeeds are those of a repeat's rungs: the repeat's split, and all else of their own, the same for every arm and value.
func (s *Study) TuneSeeds(repeat int) Seeds {
	seeds := SeedsOf(tensor.NewStream(s.Seed, "tune").At(0, 0).Uint64(), repeat)
	seeds.Split = s.Seeds(repeat).Split
	return seeds
}

// Rungs is what an arm's values came to.
type Rungs struct {
	Arm    string       `json:"arm"`
	Values []float64    `json:"values"`  // rising, the arm's own in the middle
	Slice  [][]*float64 `json:"slice"`   // by value and repeat: the primary metric on the slice; null where the training diverged or is missing
	Picked []int        `json:"picked"`  // by repeat: place of the best value; the arm's own where all diverged; -1: not known yet
	AtEdge bool         `json:"at_edge"` // in most repeats the best value was the first or the last: a better one may lie beyond
}

// Tuning is what `tune` adds to a study: which values each arm chose, and a second family of effects, each arm at its own values less the
// baseline at its own.
type Tuning struct {
	Key   string  `json:"key"`
	Rungs []Rungs `json:"rungs"`         // by arm, the baseline first
	Own   *Result `json:"own,omitempty"` // the study at each arm's own values; nil before these trainings
}

// Pick chooses among the outcomes of an arm's values in a repeat: the best, of equals the nearest to the middle, and where all diverged the
// middle itself.
func Pick(m task.Metric, outcomes []*float64) int {
	middle := len(outcomes) / 2
	best := -1
	away := func(i int) int { return max(i-middle, middle-i) }
	for i, x := range outcomes {
		switch {
		case x == nil:
		case best < 0, float64(m.Better)*(*x-*outcomes[best]) > 0, *x == *outcomes[best] && away(i) < away(best):
			best = i
		}
	}
	if best < 0 {
		return middle
	}
	return best
}

// edge tells whether an arm's best value was at the grid's edge in most repeats.
func (r *Rungs) edge() {
	at, known := 0, 0
	for _, p := range r.Picked {
		if p >= 0 {
			known++
		}
		if p == 0 || p == len(r.Values)-1 {
			at++
		}
	}
	r.AtEdge = known > 0 && 2*at > known
}

// Tell fills in what follows from the outcomes of the rungs.
func (t *Tuning) Tell(m task.Metric, known func(arm, repeat int) bool) {
	for i := range t.Rungs {
		r := &t.Rungs[i]
		if len(r.Slice) == 0 {
			continue
		}
		r.Picked = nil
		for repeat := range r.Slice[0] {
			var of []*float64
			for v := range r.Values {
				of = append(of, r.Slice[v][repeat])
			}
			pick := -1
			if known(i, repeat+1) {
				pick = Pick(m, of)
			}
			r.Picked = append(r.Picked, pick)
		}
		r.edge()
	}
}

// Tuned is how many trainings `tune` adds in all, and how many steps these are, of each arm at most: rungs, and one at its own value.
func (p *Plan) Tuned() (rungs, own int) {
	if p.Study.Tune.Key == "" {
		return 0, 0
	}
	return len(p.Arms) * p.Study.Tune.Values * p.Study.Repeats, len(p.Arms) * p.Study.Repeats
}

// tunes refuses to tune what an arm lacks.
func (p *Plan) tunes() error {
	if p.Study.Tune.Key == "" {
		return nil
	}
	for _, a := range p.Arms {
		grid, err := p.Study.Tune.Grid(a)
		if err == nil {
			_, err = p.Study.Tune.Rung(a, grid[0], int((1-TuneSlice)*float64(a.Images.Train)))
		}
		if err != nil {
			if p.Study.At == nil {
				return err
			}
			return p.Study.At.Get("tune").At(err)
		}
	}
	return nil
}
