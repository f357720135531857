package study

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/nn"
)

// The realised-difference guard: what an arm is, layer by layer and setting by setting, is compared with what the baseline is,
// and not with what the file asks for. A published study once trained a whole table with ELU in place of ReLU unnoticed.

// guard tells how an arm differs from the baseline, and refuses one that does not, or in more than its variant may change.
func guard(v Variant, base PlannedArm, a *PlannedArm) error {
	c, err := nn.Compare(base.Built.Graph, a.Built.Graph)
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
	a.Differs = append(a.Differs, differ("data", base.Experiment.Data.Spec, a.Experiment.Data.Spec)...)
	changed := map[string]bool{} // sections of the settings
	for _, settings := range [][2]any{{base.Built.Optimization, a.Built.Optimization}, {base.Built.Learning, a.Built.Learning}} {
		x, y := reflect.ValueOf(settings[0]), reflect.ValueOf(settings[1])
		for i := range x.NumField() {
			section := strings.ToLower(x.Type().Field(i).Name)
			lines := differ(section, x.Field(i).Interface(), y.Field(i).Interface())
			changed[section] = len(lines) > 0
			a.Differs = append(a.Differs, lines...)
		}
	}
	if len(a.Differs) == 0 {
		return fmt.Errorf("nothing differs from the baseline; drop it, or change something")
	}
	if base.Steps != a.Steps {
		a.Differs = append(a.Differs, fmt.Sprintf("steps of a training %s -> %s", say.Thousands(base.Steps), say.Thousands(a.Steps)))
	}
	a.SharedStart = sharedStart(base, *a)
	return within(v, base, *a, changed)
}

// within refuses an arm in which something changed that none of the variant's approaches may change: its structure without an
// approach of architecture, what lies over it without one of optimization that is no setting, or a setting without the approach
// of that name.
func within(v Variant, base, a PlannedArm, changed map[string]bool) error {
	structure := v.Net != "" // another network brings all that lies over it, too
	overlay := structure
	for _, name := range append(slices.Clone(v.Without), names(v.With)...) {
		entry, err := approach.Lookup(name)
		if err != nil {
			return err
		}
		_, setting := changed[name]
		structure = structure || entry.Kind == approach.Architecture
		overlay = overlay || structure || entry.Kind == approach.Optimization && !setting
		delete(changed, name)
	}
	fault := func(what, none string) error {
		return fmt.Errorf("%s changed, though %s is in the variant; this is a fault of an approach, please report it", what, none)
	}
	if base.Signature != a.Signature && !structure {
		return fault("the architecture", "no approach of architecture")
	}
	if !overlay && over(base.Built.Graph) != over(a.Built.Graph) {
		return fault("norms, dropout or biases", "no approach that lays any")
	}
	for _, section := range slices.Sorted(maps.Keys(changed)) {
		if changed[section] {
			return fault("the settings of "+section, "no "+section)
		}
	}
	return nil
}

// differ compares two structs field by field: "lr policy: step in place of linear". The field that a bare value sets needs no
// name: "l2: 0.001 in place of 0.0005".
func differ(section string, a, b any) []string {
	var lines []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range x.NumField() {
		f := x.Type().Field(i)
		what, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.Tag.Get("spec") == "bare" {
			what = section
		} else {
			what = section + " " + what
		}
		if was, is := word(x.Field(i), f), word(y.Field(i), f); was != is {
			lines = append(lines, fmt.Sprintf("%s: %s in place of %s", what, is, was))
		}
	}
	return lines
}

// word prints a setting: "none" for an empty list or text, "unset" for a 0 that means that another setting decides.
func word(v reflect.Value, f reflect.StructField) string {
	switch {
	case v.Kind() == reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = fmt.Sprint(v.Index(i).Interface())
		}
		if v.Type().Elem().Kind() == reflect.String { // a set
			slices.Sort(words)
		}
		if len(words) > 0 {
			return strings.Join(words, ", ")
		}
	case v.IsZero() && v.CanInt() || v.IsZero() && v.CanFloat():
		if strings.Contains(f.Tag.Get("help"), "; 0: ") {
			return "unset"
		}
		return "0"
	case fmt.Sprint(v.Interface()) != "":
		return fmt.Sprint(v.Interface())
	}
	return "none"
}

// over lists what lies over a network, a line each.
func over(g *nn.Graph) string {
	steps, err := g.Steps()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, s := range steps {
		for _, applied := range append(slices.Clone(s.OverIn), s.OverOut) {
			for _, a := range applied {
				fmt.Fprintf(&b, "%s %v\n", a.Name, a.Layer)
			}
		}
	}
	return b.String()
}

// fingerprint is equal for arms that train alike: network, settings, data. Which layer an activation belongs to says where norms
// are laid; by now they are.
func (a PlannedArm) fingerprint() string {
	g := a.Built.Graph.Clone()
	for _, n := range g.Nodes {
		n.Pre = false
	}
	return fmt.Sprintf("%s%v%v%+v", g.YAML(), a.Built.Optimization, a.Built.Learning, a.Experiment.Data.Spec)
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
