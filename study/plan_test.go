package study

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// fashion stands for a set of 28x28 grey pictures, 900 to train on; none of it is opened.
func fashion(e experiment.Experiment) (Images, error) {
	return Images{Images: approach.Images{Size: nn.Size{H: 28, W: 28, C: 1}, Classes: 10}, Train: 900, Val: int(1000 * e.Data.Val)}, nil
}

func read(text string) (*Study, error) {
	n, err := spec.Parse("s.yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	return Decode(n)
}

const baseText = `base:
  data: fashion-mini
  net: mini
  optimization: [{batch: 90}, {l2: 5e-4}, {lr: {base: 0.1, policy: step}}]
  learning: [{epochs: 2}, {augment: [flip]}]
`

func TestAPlanTellsWhatReallyDiffers(t *testing.T) {
	s, err := read(baseText + `variants:
  - {name: elu, with: [{activation: elu}]}
  - {name: bn, with: [batchnorm]}
  - {name: crop, with: [{augment: [flip, {crop: {pad: 2}}]}]}
  - {name: rarely, with: [{augment: [{flip: 0.1}]}]}
  - {name: plain, without: [augment, l2]}
  - {name: spared, with: [{l2: {except: [depthwise, bias]}}]}
  - {name: often, with: [{lr: {every: 0.5}}, {batch: 30}]}
  - {name: layers, with: [{lr: {layers: {conv1: 0.5, "conv*": 0.1}}}]}
  - {name: turned, with: [{lr: {layers: {"conv*": 0.1, conv1: 0.5}}}]}
  - {name: deep, with: [{lr: {depth: 0.8}}]}
  - {name: deeper, with: [{lr: {depth: 0.6}}, {decay: 0}]}
  - {name: short, with: [{epochs: {steps: 5}}]}
  - {name: split, data: {name: fashion-mini, val: 0.2}}
  - {name: other, net: lenet5}
`)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(fashion)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"baseline": {},
		"elu":      {"5 of 5 relu became elu"},
		"bn":       {"5 of 5 convolutions got batchnorm in place of bias", "parameters 21,578 -> 21,690 (+0.5 %)"},
		"crop":     {"augment: flip, crop padded by 2 in place of flip"},
		"rarely":   {"augment: flip with probability 0.1 in place of flip"},
		"plain":    {"l2: 0 in place of 0.0005", "augment: none in place of flip"},
		"spared":   {"l2.except: bias, depthwise in place of bias, norm"},
		"often":    {"lr.every: 0.5 in place of unset", "batch: 30 in place of 90", "steps of a training 20 -> 60"},
		"layers":   {"lr.layers: conv1 times 0.5, conv* times 0.1 in place of none"},
		"turned":   {"lr.layers: conv* times 0.1, conv1 times 0.5 in place of none"},
		"deep":     {"lr.depth: 0.8 in place of 1"},
		"deeper":   {"lr.depth: 0.6 in place of 1", "decay: 0 in place of unset"},
		"short":    {"epochs.steps: 5 in place of unset", "steps of a training 20 -> 5"},
		"split":    {"data.val: 0.2 in place of 0.1"},
	} {
		if a, ok := p.Arm(name); !ok || !slices.Equal(a.Differs, want) {
			t.Errorf("%s: %q, want %q", name, a.Differs, want)
		}
	}
	if a, _ := p.Arm("other"); a.Net() != "lenet5" || a.SharedStart != 0 {
		t.Errorf("other: net %s, %g of it starts equal", a.Net(), a.SharedStart)
	}
	if a, _ := p.Arm("bn"); a.SharedStart < 0.98 || a.SharedStart >= 1 {
		t.Errorf("bn: %g of it starts equal", a.SharedStart)
	}
	if n := p.Trials(); n != 45 || p.Arms[0].Name != BaselineName {
		t.Errorf("%d trials, beginning with %+v", n, p.Arms[0].Arm)
	}
	arm := p.Arms[0]
	if want := 3 * arm.MACs * 20 * 90; arm.Steps != 20 || arm.TrainMACs != want {
		t.Errorf("the baseline takes %d steps, %d multiply-adds, want 20, %d", arm.Steps, arm.TrainMACs, want)
	}
}

func (a PlannedArm) Net() string { return a.Built.Graph.Name }

func TestAPlanRefusesWithLineAndColumn(t *testing.T) {
	for text, want := range map[string]string{
		"  - {name: a, with: [{batch: 90}]}":                                                                                       `s.yaml:7:5: variant "a": nothing differs from the baseline; drop it, or change something`,
		"  - {name: a, with: [{l2: {except: [norm, bias]}}]}":                                                                      `s.yaml:7:5: variant "a": nothing differs from the baseline`,
		"  - {name: a, with: [{batch: 20}]}\n  - {name: b, with: [{batch: 20}]}":                                                   `s.yaml:8:5: variant "b": the same as "a" in all that counts; drop one`,
		"  - {name: a, with: [residual]}\n  - {name: b, with: [{residual: {preact: true}}]}":                                       `s.yaml:8:5: variant "b": the same as "a" in all that counts; drop one`, // mini has no norms to move
		"  - {name: a, with: [{batch: 901}]}":                                                                                      `s.yaml:7:23: batch: 901 images a step, but there are 900 to train on`,
		"  - {name: a, data: {name: fashion-mini, val: 0}}":                                                                        `s.yaml:7:5: variant "a": data: no validation images to judge by`,
		"  - {name: a, net: resnet21}":                                                                                             `s.yaml:7:5: variant "a": no network "resnet21"; did you mean resnet20?`,
		"  - {name: a, with: [{activation: {from: leaky, to: elu}}]}":                                                              `s.yaml:7:23: activation: mini has no leaky`,
		"  - {name: a, with: [batchnrm]}":                                                                                          `s.yaml:7:22: no approach "batchnrm"; did you mean "batchnorm"?`,
		"  - {name: a, with: [{lr: {warmup: 300}}]}":                                                                               `s.yaml:7:36: lr: a warm-up of 300 epochs in a training of 2 never ends; give at most 1`,
		"  - {name: a, with: [{lr: {every: 500}}]}":                                                                                `s.yaml:7:35: lr: a drop every 500 epochs in a training of 2 never comes; give at most 1, or policy: fixed`,
		"  - {name: a, with: [{epochs: 1}, {lr: {warmup: 1}}]}":                                                                    `s.yaml:7:49: lr: a warm-up of 1 epoch in a training of 1 never ends; give less than 1`,
		"  - {name: a, with: [{lr: {every: 0.66667}}]}":                                                                            `s.yaml:7:5: variant "a": lr: the rate of every step is the baseline's; drop it, or change something that acts`,
		"  - {name: a, with: [{lr: {policy: fixed}}]}\n  - {name: b, with: [{lr: {policy: linear, final: 1}}]}":                    `s.yaml:8:5: variant "b": the same as "a" in all that counts; drop one`,
		"  - {name: a, with: [{lr: {layers: {conv1: 0.5}}}]}\n  - {name: b, with: [{lr: {every: 0.66667, layers: {conv1: 0.5}}}]}": `s.yaml:8:5: variant "b": the same as "a" in all that counts; drop one`,
		"  - {name: a, with: [{lr: {layers: {cnv1: 0.5}}}]}":                                                                       `s.yaml:7:43: lr: layers: mini has no layer "cnv1" with parameters; did you mean "conv1"?`,
		"  - {name: a, with: [{lr: -1}]}":                                                                                          `s.yaml:7:`,
		"  - {name: a, without: [augmnt]}":                                                                                         `s.yaml:7:25: the base has no "augmnt"; did you mean "augment"?`,
		"  - {name: a, without: [dropout]}":                                                                                        `s.yaml:7:25: the base has no "dropout"; it has batch, l2, lr, epochs, augment`,
	} {
		s, err := read(baseText + "variants:\n" + text + "\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := s.Plan(fashion); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAStudyFileIsReadOrRefusedWithLineAndColumn(t *testing.T) {
	variant := "variants: [{name: a, with: [batchnorm]}]\n"
	two := "variants: [{name: a, with: [batchnorm]}, {name: b, with: [dropout]}]\n"
	many := func(n int) string {
		text := "variants:\n"
		for i := range n - 1 {
			text += fmt.Sprintf("  - {name: v%d, with: [dropout]}\n", i)
		}
		return text + "  - {name: last, with: [dropout]}\n"
	}
	for text, want := range map[string]string{
		baseText + "variants: []\n":                                                         "s.yaml:6:11: no variants",
		baseText + variant + "repeats: 0\n":                                                 "s.yaml:7:10: 0 repeats; give 1 or more",
		baseText + variant + "repeats: many\n":                                              "s.yaml:7:10: ",
		baseText + variant + "repeats: {min: 1, max: 4}\n":                                  "s.yaml:7:16: min: a look after 1 repeats sees no noise",
		baseText + variant + "repeats: {min: 4, max: 4}\n":                                  "s.yaml:7:24: max: 4 is not above min, 4",
		baseText + variant + "repeats: {min: 4}\n":                                          "s.yaml:7:10: ",
		baseText + variant + "repeats: {min: 3, max: 4000}\n":                               "s.yaml:7:10: 4000 repeats",
		baseText + variant + "repeat: 3\n":                                                  `s.yaml:7:1: unknown key "repeat"; did you mean "repeats"?`,
		baseText + variant + "design: lader\n":                                              `s.yaml:7:9: design: unknown value "lader"`,
		baseText + variant + "design: ladder\n":                                             `s.yaml:7:9: design ladder of one variant; write two or more`,
		baseText + variant + "design: {kind: fractional, resolution: VI}\n":                 `s.yaml:7:40: resolution: unknown value "VI"`,
		baseText + two + "design: {kind: loo, resolution: IV}\n":                            `s.yaml:7:9: design loo has no resolution`,
		baseText + many(9) + "design: factorial\n":                                          `s.yaml:16:9: design factorial of 9 variants is 512 combinations; at most 256 are run`,
		baseText + many(24) + "design: {kind: fractional, resolution: plackett-burman}\n":   `s.yaml:31:9: design fractional plackett-burman of 24 variants takes more than 256`,
		baseText + many(20) + "design: {kind: fractional, resolution: V}\n":                 `s.yaml:27:9: design fractional V of 20 variants takes more than 256`,
		baseText + variant + "budget: -1h\n":                                                "s.yaml:7:9: a budget of -1h",
		baseText + variant + "meaningful: 101\n":                                            "s.yaml:7:13: 101 points",
		baseText + "variants: [{name: a, with: [batchnorm]}, {name: a, with: [dropout]}]\n": `s.yaml:6:49: two variants named "a"`,
		baseText + "variants: [{name: baseline, with: [dropout]}]\n":                        `s.yaml:6:19: "baseline" is the name of the base itself`,
		baseText + "variants: [{name: a}]\n":                                                `s.yaml:6:12: variant "a" changes nothing`,
		baseText + "variants: [{with: [dropout]}]\n":                                        "s.yaml:6:12: ",
		variant:                                  "s.yaml:1:1: ",
		"data: fashion-mini\nnet: mini\n":        "s.yaml:1:1: this is an experiment, not a study",
		"base: nowhere.yaml\n" + variant:         "s.yaml:1:7: ",
		"base: {data: fashion-mini}\n" + variant: "s.yaml:1:7: no net",
		strings.Replace(baseText, "learning:", "learning: [batchnorm]\n  architecture:", 1) + variant: "s.yaml:",
	} {
		s, err := read(text)
		if err == nil && strings.Contains(text, "[batchnorm]\n  architecture") {
			_, err = s.Plan(fashion)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	s, err := read(baseText + variant)
	if err != nil {
		t.Fatal(err)
	}
	if s.Repeats != 3 || s.Seed != 1 || s.Design.Kind != OFAT || s.Question != "Which choices pay on fashion-mini?" {
		t.Errorf("defaults are %+v", s)
	}
	if s, err = read(baseText + "design: data-size\n"); err != nil || s.Question != "What would more images of fashion-mini bring?" {
		t.Errorf("%v, %v", s, err)
	}
}

// TestTheGuardCatchesWhatNoApproachOfTheVariantMayChange builds an honest arm and changes it behind its variant's back.
func TestTheGuardCatchesWhatNoApproachOfTheVariantMayChange(t *testing.T) {
	for name, c := range map[string]struct {
		with   string
		tamper func(*approach.Built) error
		want   string
	}{
		"a rate":                            {"batchnorm", func(b *approach.Built) error { b.Optimization.LR.Base = 1; return nil }, "lr.base changed, though nothing in the variant touches it"},
		"epochs":                            {"{activation: elu}", func(b *approach.Built) error { b.Learning.Epochs.Count = 9; return nil }, "epochs.count changed"},
		"the network":                       {"batchnorm", swapActivation, "the architecture changed"},
		"dropout":                           {"{l2: 1e-3}", layDropout, "what lies over the network changed"},
		"nothing else":                      {"{activation: elu}", func(*approach.Built) error { return nil }, ""},
		"norms of an architecture approach": {"{activation: elu}", layDropout, ""}, // it may bring those of what it makes
	} {
		s, err := read(baseText + "variants: [{name: a, with: [" + c.with + "]}]\n")
		if err != nil {
			t.Fatal(err)
		}
		v := s.Variants[0]
		e, err := s.arm(v)
		if err != nil {
			t.Fatal(err)
		}
		b, err := plan(BaselineName, s.Base, fashion)
		if err != nil {
			t.Fatal(err)
		}
		a, err := plan("a", e, fashion)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.tamper(a.Built); err != nil {
			t.Fatal(err)
		}
		a.Signature = a.Built.Graph.Signature()
		err = guard(v, b, &a)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func swapActivation(b *approach.Built) error {
	for n := range nn.Each[nn.Activation](b.Graph) {
		b.Graph.Replace(n, nn.Activation{Func: nn.Tanh})
		return nil
	}
	return nil
}

func layDropout(b *approach.Built) error {
	b.Graph.Overlay().Set(nn.In(b.Graph.Main().Node, 0), nn.Dropout{Rate: 0.5})
	return nil
}

func TestAnArmIsTheBasesListsEditedAndLeavesThemAlone(t *testing.T) {
	s, err := read(baseText + "variants: [{name: a, with: [{batch: 9}, dropout], without: [l2]}]\n")
	if err != nil {
		t.Fatal(err)
	}
	before := names(s.Base.Optimization)
	e, err := s.Experiment("a")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(e.Optimization); !reflect.DeepEqual(got, []string{"batch", "lr", "batch", "dropout"}) {
		t.Errorf("the variant's list is %v", got)
	}
	if got := names(s.Base.Optimization); !reflect.DeepEqual(got, before) {
		t.Errorf("the base's list became %v", got)
	}
	if _, err := s.Experiment("b"); err == nil || !strings.Contains(err.Error(), `no arm "b"`) {
		t.Errorf("got %v", err)
	}
}

func TestVariantsThatDoNotGoTogetherAreNamedAsPairs(t *testing.T) {
	for text, want := range map[string]string{
		"variants: [{name: a, with: [{activation: elu}]}, {name: b, with: [{activation: prelu}]}]\ndesign: all\n":                    `s.yaml:6:50: variant "b": it cannot be combined with "a" (both take away or write activation); leave one of the two out`,
		"variants: [{name: a, without: [l2]}, {name: b, without: [l2], with: [batchnorm]}]\ndesign: pairs\n":                         `s.yaml:6:38: variant "b": it cannot be combined with "a" (both take away or write l2)`,
		"variants: [{name: a, net: lenet5}, {name: b, net: resnet20}]\ndesign: factorial\n":                                          `s.yaml:6:36: variant "b": it cannot be combined with "a" (both name a network)`,
		"variants: [{name: a, net: resnet20}, {name: b, with: [{activation: elu}]}, {name: c, with: [strided-conv]}]\ndesign: all\n": `s.yaml:6:76: variant "c": it cannot be combined with "a" (strided-conv: resnet20 has no poolings`,
	} {
		s, err := read(baseText + text)
		if err == nil {
			_, err = s.Plan(fashion)
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestAPlanHasTheArmsOfItsDesign(t *testing.T) {
	s, err := read(baseText + "variants: [{name: a, with: [batchnorm]}, {name: b, with: [{activation: elu}]}, {name: c, without: [l2]}]\ndesign: {kind: fractional, resolution: III}\nrepeats: 2\n")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(fashion)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range p.Arms {
		names = append(names, a.Name)
	}
	if want := []string{"baseline", "a + c", "b + c", "a + b"}; !slices.Equal(names, want) || p.Trials() != 8 {
		t.Errorf("arms %q, %d trials; want %q, 8", names, p.Trials(), want)
	}
	if a, _ := p.Arm("a + b"); !slices.Equal(a.Of, []string{"a", "b"}) || len(a.Differs) < 2 {
		t.Errorf("a + b: of %v, differs in %q", a.Of, a.Differs)
	}
	e, err := s.Experiment("a + c")
	if err != nil || len(e.Optimization) != len(s.Base.Optimization) {
		t.Errorf("a + c trains %v (%v)", e.Optimization, err)
	}
}
