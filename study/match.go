package study

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
)

// Match is what every arm is made equal to the baseline in, so that a comparison at equal passes, the default, can be one at equal length,
// time, work or size. An arm is matched before its first trial, by its number of steps or by its width, and what was solved is part of the arm.
type Match string

// What arms may be matched in.
const (
	Epochs       Match = "epochs"        // as written: nothing is solved
	Steps        Match = "steps"         // updates of the weights
	Seconds      Match = "seconds"       // of training, by steps timed on this machine
	TrainingMACs Match = "training-macs" // multiply-adds of the whole training
	Params       Match = "params"        // by width
	MACs         Match = "macs"          // of one image, by width
)

var matches = []string{string(Epochs), string(Steps), string(Seconds), string(TrainingMACs), string(Params), string(MACs)}

// UnmarshalSpec reads one of them.
func (m *Match) UnmarshalSpec(n *spec.Node) error {
	if n.Kind != spec.Scalar || !slices.Contains(matches, n.Text()) {
		if near, ok := spec.Nearest(n.Text(), matches); ok && n.Kind == spec.Scalar {
			return n.Errorf("match: nothing is called %q; did you mean %q?", n.Text(), near)
		}
		return n.Errorf("match: want one of %s", strings.Join(matches, ", "))
	}
	*m = Match(n.Text())
	return nil
}

// near is how far what is matched may be off, as a share.
const near = 0.01

// solve finds what makes an arm equal to the baseline: a choice to be added to the arm's; none where it is equal as it stands.
func (s *Study) solve(base, a PlannedArm) (*experiment.Choice, error) {
	length := func(steps float64) (*experiment.Choice, error) {
		n := int(math.Round(steps))
		if n < 1 {
			return nil, fmt.Errorf("match: %s: not one step of it is as much as the baseline's training; train longer", s.Match)
		}
		if n == a.Steps {
			return nil, nil
		}
		return choice("epochs", "steps", n)
	}
	switch s.Match {
	case Steps:
		return length(float64(base.Steps))
	case TrainingMACs:
		if a.Saved > 0 || a.Built.Learning.Pretrain.Thaw > 0 { // its steps do not all take the same
			n, err := a.lasting(base.TrainMACs)
			if err != nil {
				return nil, fmt.Errorf("match: %s: %w", s.Match, bare(err))
			}
			return length(float64(n))
		}
		step := func(p PlannedArm) float64 { return float64(p.TrainMACs) / float64(p.Steps) }
		return length(float64(base.TrainMACs) / step(a))
	case Seconds:
		if s.StepSeconds == nil {
			return nil, errors.New("match: seconds: nothing times a step here")
		}
		theirs, err := s.StepSeconds(base)
		if err != nil {
			return nil, err
		}
		own, err := s.StepSeconds(a)
		if err != nil {
			return nil, err
		}
		return length(theirs * float64(base.Steps) / own)
	case Params, MACs:
		want, is := base.Params, a.Params
		if s.Match == MACs {
			want, is = base.Pass, a.Pass
		}
		if math.Abs(float64(is)-float64(want)) <= near*float64(want) {
			return nil, nil
		}
		return choice("width", string(s.Match), fmt.Sprint(want))
	}
	return nil, nil
}

// lasting is the steps of the longest training of an arm that takes so many multiply-adds at most.
func (a PlannedArm) lasting(macs int64) (int, error) {
	takes := func(steps int) (int64, error) {
		built, of := *a.Built, a
		built.Learning.Epochs.Steps, of.Built = steps, &built
		var err error
		if of.schedule, err = experiment.NewSchedule(built.Optimization, built.Learning, a.TrainImages); err == nil {
			err = of.works()
		}
		return of.TrainMACs, err
	}
	low, high := 0, a.Steps // of these low fits
	for {
		most, err := takes(high)
		if err != nil {
			return 0, err
		}
		if most > macs || high > 1<<30 {
			break
		}
		low, high = high, 2*high
	}
	for high-low > 1 {
		middle := (low + high) / 2
		most, err := takes(middle)
		if err != nil {
			return 0, err
		}
		if most > macs {
			high = middle
		} else {
			low = middle
		}
	}
	return low, nil
}

// choice is an approach with one parameter.
func choice(name, key string, value any) (*experiment.Choice, error) {
	v, err := spec.Encode(value)
	if err != nil {
		return nil, err
	}
	n := spec.NewMap()
	n.Set(key, v)
	return &experiment.Choice{Name: name, Value: n}, nil
}

// matched builds an arm anew with what makes it equal to the baseline, and says how near that came.
func (s *Study) matched(v Variant, base, a PlannedArm, images func(experiment.Experiment) (Images, error)) (PlannedArm, Variant, error) {
	c, err := s.solve(base, a)
	if err != nil || s.Match == "" || s.Match == Epochs {
		return a, v, err
	}
	if c != nil {
		e := a.Experiment
		add(&e, *c)
		of := a.Of
		if a, err = plan(a.Name, e, images); err != nil {
			return a, v, fmt.Errorf("match: %s: %w", s.Match, bare(err))
		}
		a.Of, a.Solved = of, approach.Text(*c)
		v.With = append(slices.Clone(v.With), *c)
	}
	a.Matched, err = s.reached(base, a)
	return a, v, err
}

// bare is an error without the place of a choice that no file has.
func bare(err error) error {
	if f, ok := errors.AsType[*spec.Fault](err); ok {
		return errors.New(f.Msg)
	}
	return err
}

// reached says how near an arm came to the baseline; too far off is an error.
func (s *Study) reached(base, a PlannedArm) (string, error) {
	var want, got float64
	switch s.Match {
	case Steps:
		want, got = float64(base.Steps), float64(a.Steps)
	case TrainingMACs:
		want, got = float64(base.TrainMACs), float64(a.TrainMACs)
	case Params:
		want, got = float64(base.Params), float64(a.Params)
	case MACs:
		want, got = float64(base.Pass), float64(a.Pass)
	case Seconds:
		theirs, err := s.StepSeconds(base)
		if err != nil {
			return "", err
		}
		own, err := s.StepSeconds(a)
		if err != nil {
			return "", err
		}
		want, got = theirs*float64(base.Steps), own*float64(a.Steps)
	}
	off := got/want - 1
	if math.Abs(off) > near {
		return "", fmt.Errorf("match: %s: %.1f %% of the baseline's is the nearest that there is; train longer, or match something else", s.Match, 100*(1+off))
	}
	text := fmt.Sprintf("%s %.1f %% of the baseline's", s.Match, 100*(1+off))
	if a.Solved != "" && a.Steps != base.Steps {
		text += fmt.Sprintf(", by %s steps", say.Thousands(a.Steps))
	}
	return text, nil
}

// Resolve adds to an experiment what was solved for its arm, [Arm.Solved].
func Resolve(e *experiment.Experiment, solved string) error {
	if solved == "" {
		return nil
	}
	n, err := spec.Parse("match", []byte("- {"+solved+"}"))
	if err != nil {
		return err
	}
	var list []experiment.Choice
	if err := spec.Decode(n, &list); err != nil {
		return err
	}
	for _, c := range list {
		add(e, c)
	}
	return nil
}

// add puts what was solved into the list that it belongs to.
func add(e *experiment.Experiment, c experiment.Choice) {
	if c.Name == "width" {
		e.Architecture = append(slices.Clone(e.Architecture), c)
	} else {
		e.Learning = append(slices.Clone(e.Learning), c)
	}
}
