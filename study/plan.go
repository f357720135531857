package study

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// Plan is a study with every arm built, before its first trial.
type Plan struct {
	Study   *Study
	Arms    []PlannedArm // the baseline first
	Entries []Entry      // the trials, in order
}

// PlannedArm is an arm with what it is made of.
type PlannedArm struct {
	Arm
	Experiment experiment.Experiment
	Built      *approach.Built
	Images     Images
	Steps      int // of one training

	schedule experiment.Schedule
}

// Images is what the data of an arm gives: what the network must fit, and how many images each repeat trains and validates on.
type Images struct {
	approach.Images
	Train, Val int
}

// Plan builds every arm and compares it with the baseline: the realised-difference guard. images opens an arm's data. An arm in
// which nothing differs from the baseline or from another arm is refused, as is one that differs in more than its approaches
// may change.
func (s *Study) Plan(images func(experiment.Experiment) (Images, error)) (*Plan, error) {
	base, err := plan(BaselineName, s.Base, images)
	if err != nil {
		return nil, err
	}
	base.Baseline, base.SharedStart = true, 1
	p := &Plan{Study: s, Arms: []PlannedArm{base}}
	same := map[string][]PlannedArm{} // by fingerprint
	for _, v := range s.Variants {
		e, err := s.arm(v)
		if err != nil {
			return nil, err
		}
		a, err := plan(v.Name, e, images)
		if err == nil {
			err = guard(v, base, &a)
		}
		if err != nil {
			return nil, v.Place(err)
		}
		print, err := a.fingerprint()
		if err != nil {
			return nil, v.Place(err)
		}
		for _, b := range same[print] {
			if sameRates(a, b) {
				return nil, v.Place(fmt.Errorf("the same as %q in all that counts; drop one", b.Name))
			}
		}
		same[print] = append(same[print], a)
		p.Arms = append(p.Arms, a)
	}
	p.Entries = OneFactorAtATime(p.Plain(), s.Seed, s.Repeats)
	return p, nil
}

// Place gives an error the variant's name and place in the file, unless it has a place already.
func (v Variant) Place(err error) error {
	if f, ok := errors.AsType[*spec.Fault](err); ok && f.File != "" {
		return err
	}
	err = fmt.Errorf("variant %q: %w", v.Name, err)
	if v.At == nil { // not read from a file
		return err
	}
	return v.At.At(err)
}

// Plain is the arms without what they are made of.
func (p *Plan) Plain() []Arm {
	var arms []Arm
	for _, a := range p.Arms {
		arms = append(arms, a.Arm)
	}
	return arms
}

// Arm finds an arm by name.
func (p *Plan) Arm(name string) (PlannedArm, bool) {
	i := slices.IndexFunc(p.Arms, func(a PlannedArm) bool { return a.Name == name })
	if i < 0 {
		return PlannedArm{}, false
	}
	return p.Arms[i], true
}

// plan builds one arm and counts what it takes.
func plan(name string, e experiment.Experiment, images func(experiment.Experiment) (Images, error)) (PlannedArm, error) {
	a := PlannedArm{Arm: Arm{Name: name, Differs: []string{}}, Experiment: e}
	var err error
	if a.Images, err = images(e); err != nil {
		return a, err
	}
	if a.Built, err = approach.Build(e, a.Images.Images); err != nil {
		return a, err
	}
	cost, err := a.Built.Graph.Cost()
	if err != nil {
		return a, err
	}
	a.Params, a.MACs, a.Signature = cost.Params, cost.MACs, a.Built.Graph.Signature()
	train := a.Built.Learning.Subset.Of(a.Images.Train)
	if a.schedule, err = experiment.NewSchedule(a.Built.Optimization, a.Built.Learning, train); err != nil {
		return a, approach.Locate(e.Optimization, "batch", err)
	}
	if a.Images.Val == 0 {
		return a, fmt.Errorf("data: no validation images to judge by; give val a share above 0")
	}
	a.Steps = a.schedule.Steps()
	if err := a.Built.Optimization.LR.Fits(a.schedule); err != nil {
		return a, approach.Locate(e.Optimization, "lr", err)
	}
	a.TrainMACs = 3 * cost.MACs * int64(a.Steps) * int64(a.Built.Optimization.Batch.Size)
	return a, nil
}
