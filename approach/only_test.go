package approach_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

// What is written and decides nothing is refused at its key; what a choice before has left is not, and is not kept.
func TestAParameterThatDecidesNothingIsRefused(t *testing.T) {
	for _, c := range []struct{ architecture, optimization, learning, want string }{ // "": it is taken
		{"", "average: {kind: swa, decay: 0.9}", "", `4:37: average: decay belongs to ema; take it out or write kind: ema`},
		{"", "average: {decay: 0.9, kind: swa}", "", `4:26: average: decay belongs to ema; take it out or write kind: ema`},
		{"", "average: {every: 3}", "", `4:26: average: every belongs to lookahead; take it out or write kind: lookahead`},
		{"", "average: {kind: lookahead, lr: 0.1}", "", `4:43: average: lr belongs to swa; take it out or write kind: swa`},
		{"", "average: {decay: 0.9}", "", ""},
		{"", "solver: {kind: adam, momentum: 0.9}", "", `4:37: solver: momentum belongs to sgd, rmsprop, lars, muon; take it out or write kind: sgd`},
		{"", "solver: {beta1: 0.9}", "", `4:25: solver: beta1 belongs to adam, adamw, nadam, radam, lamb, lion; take it out or write kind: adam`},
		{"", "solver: {kind: lion, eps: 1e-6}", "", `4:37: solver: eps belongs to adam, adamw, nadam, radam, rmsprop, adagrad, adadelta, lars, lamb; take it out or write kind: adam`},
		{"", "solver: {kind: muon, beta1: 0.8}", "", ""}, // of its rest, adamw
		{"", "solver: {kind: muon, rest: sgd, beta1: 0.8}", "", `4:48: solver: beta1 belongs to adam, adamw, nadam, radam, lamb, lion; take it out or write kind: adam or rest: adamw`},
		{"", "solver: {kind: sam, base: adam, beta1: 0.8}", "", ""},
		{"", "solver: {kind: sam, base: muon, rest: lion, beta1: 0.8}", "", ""},
		{"", "solver: {base: adam, kind: sgd}", "", `4:25: solver: base belongs to sam; take it out or write kind: sam`},
		{"", "lr: {gamma: 0.5}", "", `4:21: lr: gamma belongs to step, multistep, plateau, exp, inv, sigmoid; take it out or write policy: step`},
		{"", "lr: {start: 0.1}", "", `4:21: lr: start belongs to onecycle, triangular, warmup; take it out or write policy: onecycle or warmup`},
		{"", "lr: {warmup: 1, start: 0.1}", "", ""},
		{"", "lr: {policy: triangular, start: 0.1}", "", ""},
		{"", "lr: {policy: step, gamma: 0.5}, lr: {policy: cosine}, lr: {base: 0.1}", "", ""}, // inherited
		{"", "lr: {policy: step}, lr: {gamma: 0.5}", "", ""},
		{"", "lr: {policy: step}, lr: {policy: cosine, gamma: 0.5}", "", `4:57: lr: gamma belongs to step, multistep, plateau, exp, inv, sigmoid; take it out or write policy: step`},
		{"", "loss: {gamma: 1}", "", `4:23: loss: gamma belongs to focal; take it out or write kind: focal`},
		{"", "penalty: {kind: max-norm, strength: 1}", "", `4:42: penalty: strength belongs to orthogonal, confidence, gamma-l1; take it out or write kind: orthogonal`},
		{"", "init: {kind: gaussian, gain: 2}", "", `4:39: init: gain decides nothing under kind: gaussian; take it out or choose another kind`},
		{"", "init: {rest: dirac}", "", `4:23: init: rest belongs to whiten; take it out or write kind: whiten`},
		{"", "average: {kind: swa, power: 3}", "", `4:37: average: power belongs to lookahead; take it out or write kind: lookahead`},
		{"", "init: {std: 0.1}", "", `4:23: init: std belongs to gaussian; take it out or write kind: gaussian`},
		{"", "norm: {kind: layer, groups: 4}", "", `4:36: norm: groups belongs to group; take it out or write kind: group`},
		{"", "norm: {kind: weight, place: after}", "", `4:37: norm: place belongs to layer, instance, group, lrn; take it out or write kind: layer`},
		{"", "dropout: {kind: channel, size: 3}", "", `4:41: dropout: size belongs to block; take it out or write kind: block`},
		{"", "dropout: {kind: depth, place: convs}", "", `4:39: dropout: place decides nothing under kind: depth; take it out or choose another kind`},
		{"separable: {expand: 4}", "", "", `3:28: separable: expand belongs to inverted; take it out or write order: inverted`},
		{"", "", "multiscale: {sizes: [24, 28, 32], step: 4}", `5:52: multiscale: step belongs to [low, high]; take it out or give two sizes`},
		{"", "", "pretrain: {from: a.pth, norm: train}", `5:36: pretrain: norm belongs to freeze, frozen, fine-tune; take it out or write freeze or preset: frozen`},
		{"", "", "colors: hsv, augment: [{erase: {fill: noise}}]", `5:25: augment: erase paints greys or noise of red, green and blue, and the network sees hsv; leave fill at mean, or drop colors`},
		{"", "", "augment: [flip, {cutout: {fill: 0}}], colors: lab", `5:12: augment: cutout paints greys or noise of red, green and blue, and the network sees lab; leave fill at mean, or drop colors`},
		{"", "", "colors: log, augment: [{erase: {fill: noise}}]", ""},
		{"", "", "colors: hsv, augment: [erase]", ""},
		{"", "", "augment: [{translate: {pixels: 2, share: 0.1}}]", `5:46: translate: share decides nothing beside pixels; take one of them out`},
	} {
		_, err := approach.Build(lists(t, "mini", c.architecture, c.optimization, c.learning), approach.Images{})
		if c.want != "" {
			c.want = "exp.yaml:" + c.want
		}
		if got := fmt.Sprint(err); got != c.want && !(c.want == "" && err == nil) {
			t.Errorf("%s%s%s:\ngot  %s\nwant %s", c.architecture, c.optimization, c.learning, got, c.want)
		}
	}
}

// What a choice leaves behind that decides nothing under a later one is at its default, so that equal trainings are equal texts; it is there
// again under a third.
func TestWhatDecidesNothingIsLeftOut(t *testing.T) {
	usual := experiment.DefaultOptimization()
	step := usual.LR
	step.Policy, step.Gamma = "step", 0.5
	for list, want := range map[string]func(*experiment.Optimization){
		"lr: {policy: step, gamma: 0.5}, lr: {policy: cosine}":                          func(o *experiment.Optimization) { o.LR.Policy = "cosine" },
		"lr: {policy: step, gamma: 0.5}, lr: {policy: cosine}, lr: {policy: step}":      func(o *experiment.Optimization) { o.LR = step },
		"init: {gain: 2}, init: {kind: gaussian, std: 0.5}":                             func(o *experiment.Optimization) { o.Init.Kind, o.Init.Std = "gaussian", 0.5 },
		"init: {kind: gaussian, std: 0.5}, init: orthogonal":                            func(o *experiment.Optimization) { o.Init.Kind = "orthogonal" },
		"penalty: {kind: orthogonal, strength: 2}, penalty: {kind: max-norm, limit: 4}": func(o *experiment.Optimization) { o.Penalty.Kind, o.Penalty.Limit = "max-norm", 4 },
		"penalty: {kind: max-norm, limit: 4}, penalty: confidence":                      func(o *experiment.Optimization) { o.Penalty.Kind, o.Penalty.Strength = "confidence", 0.1 },
		"penalty: {kind: max-norm, limit: 4}, penalty: none":                            func(*experiment.Optimization) {},
		"average: {decay: 0.9, warm: false}, average: {kind: swa, from: 0.5}":           func(o *experiment.Optimization) { o.Average.Kind, o.Average.From = "swa", 0.5 },
		"loss: {kind: focal, gamma: 1}, loss: softmax":                                  func(*experiment.Optimization) {},
		"solver: {kind: adam, beta1: 0.8, eps: 1e-6}, solver: sgd":                      func(*experiment.Optimization) {},
		"solver: {kind: muon, rest: lion, beta2: 0.9}, solver: {kind: sam, base: rmsprop}": func(o *experiment.Optimization) {
			o.Solver.Kind, o.Solver.Base = "sam", "rmsprop"
		},
	} {
		o := usual
		want(&o)
		if got := build(t, lists(t, "mini", "", list, "")).Optimization; !reflect.DeepEqual(got, o) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", list, got, o)
		}
	}
}

// Of every parameter of the catalogue that has conditions, each names a parameter and words that it takes; and under every word of the
// bare parameter the one that is written is refused where it decides nothing, and not where it does.
func TestEveryConditionIsOfTheCatalogue(t *testing.T) {
	conditions := 0
	for _, all := range everyForm() {
		type key struct{ values, def string }
		known := map[string]key{}
		for _, p := range all.parameters {
			known[p.Name] = key{p.Values, p.Default}
		}
		for _, p := range all.parameters {
			for condition := range strings.SplitSeq(p.Only, ";") {
				if condition = strings.TrimSpace(condition); condition == "" {
					continue
				}
				conditions++
				name, words, valued := strings.Cut(condition, ": ")
				name = strings.TrimPrefix(name, "not ")
				other, ok := known[name]
				if !ok || name == p.Name {
					t.Errorf("%s: %s hangs on %q, which is no other parameter", all.name, p.Name, name)
				}
				for word := range strings.SplitSeq(strings.TrimPrefix(words, "not "), ", ") {
					if valued && !strings.Contains(", "+other.values+", ", ", "+word+", ") {
						t.Errorf("%s: %s hangs on %s: %s, which takes %s", all.name, p.Name, name, word, other.values)
					}
				}
			}
			bare := all.bare()
			if p.Only == "" || p.Bare || bare.Values == "" {
				continue
			}
			for word := range strings.SplitSeq(bare.Values, ", ") {
				v := reflect.New(reflect.TypeOf(all.of))
				v.Elem().Set(reflect.ValueOf(all.of))
				n := spec.NewMap()
				n.Set(bare.Name, spec.NewText(word))
				if err := spec.DecodeInto(n, v.Interface()); err != nil {
					t.Fatalf("%s: %v", all.name, err)
				}
				n.Set(p.Name, spec.NewText("x"))
				decides, err := spec.Decides(v.Elem().Interface(), p.Name), spec.Idle(n, v.Elem().Interface())
				if decides != (err == nil) {
					t.Errorf("%s: %s under %s decides: %v; refused by %v", all.name, p.Name, word, decides, err)
				}
			}
		}
	}
	if conditions < 60 {
		t.Errorf("%d conditions", conditions)
	}
}

// form is the parameters of an approach or an augmentation.
type form struct {
	name       string
	of         any
	parameters []approach.Parameter
}

func (f form) bare() approach.Parameter {
	for _, p := range f.parameters {
		if p.Bare {
			return p
		}
	}
	return approach.Parameter{}
}

func everyForm() (all []form) {
	for _, e := range approach.Catalog() {
		all = append(all, form{e.Name, e.Default, e.Parameters()})
		for i, o := range e.Operations() {
			x := augment.Catalog()[i]
			all = append(all, form{o.Name, experiment.Operation{P: x.P, Op: x.Default}.Form(), o.Parameters})
		}
	}
	return all
}
