package study

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
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
}

// Images is what the data of an arm gives: what the network must fit, and how many images each repeat trains and validates on.
type Images struct {
	approach.Images
	Train, Val int
}

// Plan builds every arm and compares it with the baseline: the realised-difference guard. images opens an arm's data. An arm in
// which nothing differs from the baseline is refused, as is one that differs in more than its approaches may change.
func (s *Study) Plan(images func(experiment.Experiment) (Images, error)) (*Plan, error) {
	p := &Plan{Study: s}
	variants := append([]Variant{{Name: BaselineName}}, s.Variants...)
	for i, v := range variants {
		e := s.Base
		var err error
		if i > 0 {
			if e, err = s.arm(v); err != nil {
				return nil, err
			}
		}
		a, err := plan(v.Name, e, images)
		if err != nil {
			if i > 0 && !placed(err) {
				err = v.At.At(fmt.Errorf("variant %q: %w", v.Name, err))
			}
			return nil, err
		}
		a.Baseline = i == 0
		if i > 0 {
			base := p.Arms[0]
			if a.Differs, err = differences(base, a); err != nil {
				return nil, v.At.At(fmt.Errorf("variant %q: %w", v.Name, err))
			}
			if len(a.Differs) == 0 {
				return nil, v.At.Errorf("variant %q: nothing differs from the baseline; drop it, or change something", v.Name)
			}
			if err := within(v, base, a); err != nil {
				return nil, v.At.At(fmt.Errorf("variant %q: %w", v.Name, err))
			}
			a.SharedStart = sharedStart(base, a)
		}
		p.Arms = append(p.Arms, a)
	}
	p.Entries = OneFactorAtATime(p.Plain(), s.Seed, s.Repeats)
	return p, nil
}

// placed reports whether an error already names its line of the file.
func placed(err error) bool {
	return strings.Contains(strings.SplitN(err.Error(), ": ", 2)[0], ".yaml:")
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
	batch := a.Built.Optimization.Batch.Size
	if batch > train {
		err := fmt.Errorf("batch: %d images a step, but there are %d to train on; write a smaller batch", batch, train)
		for _, c := range slices.Backward(e.Optimization) {
			if c.Name == "batch" {
				return a, c.At.At(err)
			}
		}
		return a, err
	}
	a.Steps = a.Built.Learning.Epochs.TotalSteps(train / batch)
	a.TrainMACs = 3 * cost.MACs * int64(a.Steps) * int64(batch)
	return a, nil
}

// differences tells, line by line, what differs between two arms: network, what lies over it, settings, data.
func differences(base, a PlannedArm) ([]string, error) {
	lines, err := nn.Diff(base.Built.Graph, a.Built.Graph)
	if err != nil {
		return nil, err
	}
	if base.Experiment.Data.String() != a.Experiment.Data.String() {
		lines = append(lines, fmt.Sprintf("data: %s in place of %s", a.Experiment.Data, base.Experiment.Data))
	}
	lines = append(lines, settings(reflect.ValueOf(base.Built.Optimization), reflect.ValueOf(a.Built.Optimization))...)
	lines = append(lines, settings(reflect.ValueOf(base.Built.Learning), reflect.ValueOf(a.Built.Learning))...)
	if lines == nil {
		lines = []string{}
	}
	return lines, nil
}

// settings compares two structs of settings field by field.
func settings(a, b reflect.Value) []string {
	var lines []string
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		section := strings.ToLower(a.Type().Field(i).Name)
		for j := range x.NumField() {
			key, _, _ := strings.Cut(x.Type().Field(j).Tag.Get("yaml"), ",")
			u, v := x.Field(j).Interface(), y.Field(j).Interface()
			if !reflect.DeepEqual(u, v) && fmt.Sprint(u) != fmt.Sprint(v) {
				lines = append(lines, fmt.Sprintf("%s %s: %s in place of %s", section, key, word(v), word(u)))
			}
		}
	}
	return lines
}

// word prints a setting, an empty list as "none".
func word(v any) string {
	s := strings.Trim(fmt.Sprint(v), "[]")
	if s == "" {
		return "none"
	}
	return s
}

// within refuses an arm in which something changed that none of the variant's approaches may change.
func within(v Variant, base, a PlannedArm) error {
	may := map[approach.Kind]bool{approach.Architecture: v.Net != "" || v.Data != nil}
	for _, name := range append(slices.Clone(v.Without), names(v.With)...) {
		entry, err := approach.Lookup(name)
		if err != nil {
			return err
		}
		may[entry.Kind] = true
	}
	switch {
	case !may[approach.Architecture] && base.Signature != a.Signature:
		return fmt.Errorf("the architecture changed though no approach of architecture is in the variant; report this as a fault of the approach")
	case !may[approach.Optimization] && len(settings(reflect.ValueOf(base.Built.Optimization), reflect.ValueOf(a.Built.Optimization))) > 0:
		return fmt.Errorf("optimization settings changed though no approach of optimization is in the variant; report this as a fault of the approach")
	case !may[approach.Learning] && len(settings(reflect.ValueOf(base.Built.Learning), reflect.ValueOf(a.Built.Learning))) > 0:
		return fmt.Errorf("learning settings changed though no approach of learning is in the variant; report this as a fault of the approach")
	}
	return nil
}

func names(choices []experiment.Choice) []string {
	var ns []string
	for _, c := range choices {
		ns = append(ns, c.Name)
	}
	return ns
}

// sharedStart is the share of a's parameters that start equal to the baseline's: same name, same shape, same rule.
func sharedStart(base, a PlannedArm) float64 {
	if base.Built.Optimization.Init != a.Built.Optimization.Init {
		return 0
	}
	theirs, err := base.Built.Graph.Params()
	if err != nil {
		return 0
	}
	shapes := map[string]string{}
	for _, p := range theirs {
		shapes[p.Name] = p.Shape.String()
	}
	ours, err := a.Built.Graph.Params()
	if err != nil {
		return 0
	}
	var same, all float64
	for _, p := range ours {
		n := float64(p.Shape.Elems())
		all += n
		if shapes[p.Name] == p.Shape.String() {
			same += n
		}
	}
	return same / max(all, 1)
}
