package study

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
)

// Plan is a study with every arm built, before its first trial.
type Plan struct {
	Study *Study
	Arms  []PlannedArm // the baseline first
}

// PlannedArm is an arm with what it is made of.
type PlannedArm struct {
	Arm
	Experiment experiment.Experiment
	Built      *approach.Built
	Images     Images
	Steps      int    // of one training
	Careful    string // of its average, in a sentence: a run too short for it; "": nothing

	Pass  int64 // multiply-adds of one image once through the network
	Saved int64 // multiply-adds that a training does not take, as it keeps what a frozen front makes of images: TrainMACs leaves them out

	Stretch float64 // of its time, by stages and drawn sizes of other sizes than the window: approach.Built.Stretch

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
	arms, err := s.Arms()
	if err != nil {
		return nil, err
	}
	same := map[string][]PlannedArm{} // by fingerprint
	home := map[string]PlannedArm{"": base}
	for _, v := range arms[1:] {
		against, here := home[v.Backbone]
		if !here { // the first on a backbone is its baseline
			against = base
		}
		a, err := s.planArm(v, against, images)
		if err != nil {
			return nil, s.blame(v, base, images, err)
		}
		if a.Backbone = v.Backbone; !here {
			a.Baseline, a.Differs = true, []string{"backbone " + v.Backbone}
			home[v.Backbone] = a
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
	if err := p.keeps(); err != nil {
		return p, err
	}
	return p, p.tunes()
}

// keeps refuses to keep the models of an arm that there is not.
func (p *Plan) keeps() error {
	var names []string
	for _, a := range p.Arms {
		names = append(names, a.Name)
	}
	for i, name := range p.Study.Keep {
		fault := &spec.Fault{Path: fmt.Sprintf("$.keep[%d]", i)}
		switch {
		case slices.Contains(p.Study.Keep[:i], name):
			fault.Msg = fmt.Sprintf("keep: %q is there twice; drop one", name)
		case !slices.Contains(names, name):
			mend := "it has " + say.Listed(names)
			if near, ok := spec.Nearest(name, names); ok {
				mend = fmt.Sprintf("did you mean %q?", near)
			}
			fault.Msg = fmt.Sprintf("keep: the study has no arm %q; %s", name, mend)
		default:
			continue
		}
		if p.Study.At == nil {
			return fault
		}
		return p.Study.At.Place(fault)
	}
	return nil
}

// planArm builds an arm and compares it with the baseline.
func (s *Study) planArm(v Combination, base PlannedArm, images func(experiment.Experiment) (Images, error)) (PlannedArm, error) {
	e, err := s.arm(v.Variant)
	if err != nil {
		return PlannedArm{}, err
	}
	a, err := plan(v.Name, e, images)
	if err == nil {
		a.Of = v.Of
		a, v.Variant, err = s.matched(v.Variant, base, a, images)
	}
	if err == nil {
		err = guard(v.Variant, base, &a)
	}
	return a, err
}

// blame gives the error of an arm its place. Of several variants together it names the two that do not go together, and what the
// design would be without one of them.
func (s *Study) blame(v Combination, base PlannedArm, images func(experiment.Experiment) (Images, error), err error) error {
	if len(v.Of) < 2 {
		return v.Place(err)
	}
	at := func(name string) int {
		return slices.IndexFunc(s.Variants, func(w Variant) bool { return w.Name == name })
	}
	for _, name := range v.Of { // one that fails by itself is to blame by itself
		alone := Combination{Variant: s.Variants[at(name)], Of: []string{name}}
		if _, err := s.planArm(alone, base, images); err != nil {
			return alone.Place(err)
		}
	}
	for j, b := range v.Of {
		for _, a := range v.Of[:j] {
			two, err := s.together(a+" + "+b, []int{at(a), at(b)})
			if err == nil {
				_, err = s.planArm(Combination{Variant: two, Of: []string{a, b}}, base, images)
			}
			if err != nil {
				why := err.Error()
				if f, ok := errors.AsType[*spec.Fault](err); ok {
					why = f.Msg
				}
				fewer := len(s.Design.arms(len(s.Variants) - 1))
				return s.Variants[at(b)].Place(fmt.Errorf("it cannot be combined with %q (%s); leave one of the two out (design %s then has %d arms), or write design: ofat", a, why, s.Design, fewer))
			}
		}
	}
	return v.Place(err)
}

// Trials is how many trials the plan has; with `tune` at most.
func (p *Plan) Trials() int {
	rungs, own := p.Tuned()
	return len(p.Arms)*p.Study.Repeats + rungs + own
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
	a.Params, a.Pass, a.Signature = cost.Params, cost.MACs, a.Built.Graph.Signature()
	if a.MACs, err = a.Built.Looks(); err != nil {
		return a, approach.Locate(e.Learning, "views", fmt.Errorf("views: %w", err))
	}
	train := experiment.TrainedOn(a.Built.Optimization, a.Built.Learning, a.Images.Train)
	a.TrainImages = train
	if a.schedule, err = experiment.NewSchedule(a.Built.Optimization, a.Built.Learning, a.Built.Learning.Mixed.Images(train)); err != nil {
		return a, approach.Locate(e.Optimization, "batch", err)
	}
	if a.Images.Val == 0 {
		return a, fmt.Errorf("data: no validation images to judge by; give val a share above 0")
	}
	a.Steps = a.schedule.Steps()
	a.Careful = a.Built.Optimization.Average.Careful(a.schedule)
	_, _, by := experiment.Apart(a.Built.Optimization, a.Built.Learning)
	a.Average, a.Views = by.Mean(), string(by.Views)
	if err := a.Built.Optimization.LR.Fits(a.schedule); err != nil {
		return a, approach.Locate(e.Optimization, "lr", err)
	}
	if err := a.Built.Learning.Pretrain.Fits(a.schedule); err != nil {
		return a, approach.Locate(e.Learning, "pretrain", fmt.Errorf("pretrain: %w", err))
	}
	return a, a.works()
}

// works counts what a training takes.
func (a *PlannedArm) works() (err error) {
	a.TrainMACs, a.Saved, err = a.Built.Work(a.schedule, a.TrainImages)
	if err == nil {
		a.Stretch, err = a.Built.Stretch(a.schedule)
	}
	times := int64(a.Built.Learning.Trainings())
	a.TrainMACs, a.Saved = a.TrainMACs*times, a.Saved*times
	return err
}
