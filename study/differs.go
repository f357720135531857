package study

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/diff"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// The realised-difference guard: what an arm is, layer by layer and setting by setting, is compared with what the baseline is,
// and not with what the file asks for. A published study once trained a whole table with ELU in place of ReLU unnoticed.

// guard tells how an arm differs from the baseline, and refuses one that does not, or in more than its variant may change.
func guard(v Variant, base PlannedArm, a *PlannedArm) error {
	c, err := diff.Networks(base.Built.Graph, a.Built.Graph)
	if err != nil {
		return err
	}
	a.Differs = c.Lines
	for _, count := range []struct {
		what    string
		was, is int64
	}{{"parameters", base.Params, a.Params}, {"multiply-adds", base.MACs, a.MACs}} {
		if count.was != count.is {
			a.Differs = append(a.Differs, nn.Became(count.what, count.was, count.is))
		}
	}
	data := experiment.DifferencesOf("data", a.Experiment.Data.Keys(), base.Experiment.Data.Keys())
	built := a.Built.Differences(base.Built)
	idle := false // a policy of the learning rate that differs in what never acts
	for _, d := range slices.Concat(data, built) {
		switch rate := strings.HasPrefix(d.Path, "lr."); {
		case ofNetwork(d.Path): // told above
		case rate && sameRates(base, *a):
			idle = true
		default:
			a.Differs = append(a.Differs, d.String())
		}
	}
	switch {
	case len(a.Differs) == 0 && idle:
		return fmt.Errorf("lr: the rate of every step is the baseline's; drop it, or change something that acts")
	case len(a.Differs) == 0:
		return fmt.Errorf("nothing differs from the baseline; drop it, or change something")
	}
	if base.Steps != a.Steps {
		a.Differs = append(a.Differs, fmt.Sprintf("steps of a training %s -> %s", say.Thousands(base.Steps), say.Thousands(a.Steps)))
	}
	a.SharedStart = sharedStart(base, *a)
	return within(v, slices.Concat(data, built))
}

// within refuses a difference that nothing in the variant declares to touch.
func within(v Variant, differences []experiment.Difference) error {
	var entries []approach.Entry
	for _, name := range append(slices.Clone(v.Without), names(v.With)...) {
		entry, err := approach.Lookup(name)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	for _, d := range differences {
		if ofNetwork(d.Path) && v.Net != "" || (strings.HasPrefix(d.Path, "data.") || d.Path == "input") && v.Data != nil {
			continue
		}
		if !slices.ContainsFunc(entries, func(e approach.Entry) bool { return e.MayChange(d.Path) }) {
			what := cmp.Or(map[string]string{"net": "the architecture", "overlay": "what lies over the network", "input": "the images that the network takes"}[d.Path], d.Path)
			return fmt.Errorf("%s changed, though nothing in the variant touches it; this is a fault of an approach, please report it", what)
		}
	}
	return nil
}

// ofNetwork tells the paths of a network from those of settings.
func ofNetwork(path string) bool { return path == "net" || path == "overlay" || path == "input" }

// sameRates reports that two arms train by the same learning rate at every step.
func sameRates(a, b PlannedArm) bool {
	x, y := a.Built.Optimization.LR, b.Built.Optimization.LR
	if a.Steps != b.Steps || x.Depth != y.Depth || !slices.Equal(x.Layers, y.Layers) {
		return false
	}
	for step := range a.Steps {
		if x.At(step, a.schedule) != y.At(step, b.schedule) {
			return false
		}
	}
	return true
}

// fingerprint is equal for arms that train alike, but for the learning rate, which is compared step by step, its factors by layer and depth not.
func (a PlannedArm) fingerprint() (string, error) {
	o := a.Built.Optimization
	layers, depth := o.LR.Layers, o.LR.Depth
	o.LR = experiment.DefaultOptimization().LR
	o.LR.Layers, o.LR.Depth = layers, depth
	data, err := spec.Encode(a.Experiment.Data)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s%s%s", a.Built.Graph.Canonical(), experiment.Canonical(o, a.Built.Learning), data.Canonical()), nil
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
	if base.Built.Optimization.Init != a.Built.Optimization.Init || base.Built.Learning.Pretrain.From != a.Built.Learning.Pretrain.From {
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
