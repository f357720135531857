package approach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// advised is what rules make of an experiment on colour images of a folder: "rule: choices", or "rule followed", or "rule idle".
func advised(t *testing.T, x experiment.Experiment, side int) map[string]string {
	t.Helper()
	x.Data = experiment.Data{Spec: data.Folder("photos")}
	all, err := approach.Advise(x, approach.Images{Size: nn.Size{H: side, W: side, C: 3}, Classes: 5})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, a := range all {
		said[a.Name] = string(a.State)
		if a.Source == "" || a.Says == "" || a.Evidence == "" || a.Unless == "" || a.Why == "" {
			t.Errorf("%s says too little: %+v", a.Name, a)
		}
		if a.State == approach.Advised {
			var texts []string
			for _, c := range slices.Concat(a.With, a.Test) {
				texts = append(texts, approach.Text(c))
			}
			said[a.Name] = strings.Join(texts, ", ")
		}
	}
	return said
}

func TestEachRuleAdvisesWhatIsNotFollowed(t *testing.T) {
	if n := len(approach.Rules()); n != 10 {
		t.Fatalf("%d rules, want the ten of the paper", n)
	}
	said := advised(t, lists(t, "caffenet128", "", "lr: {policy: step}, batch: 512", ""), 64)
	for rule, want := range map[string]string{
		"activation": "activation: elu", "colorspace": "colorspace: learned", "lr policy": "lr: {policy: linear}", "pool": "pool: max+avg", "batch": "lr: {scale: batch}",
		"head": "head: conv-avg", "more images": "subset: 0.5", "clean labels": "labels: {clean: drop}", "stride": "stride: 2", "tuned network": "idle",
	} {
		if said[rule] != want {
			t.Errorf("%s: %q, want %q", rule, said[rule], want)
		}
	}
	// what is followed is not advised, whichever way it came about
	said = advised(t, lists(t, "caffenet128", "activation: elu, colorspace: learned, pool: max+avg, head: conv-avg, stride: 2", "lr: {policy: linear, scale: batch}, batch: 512", "subset: 0.5, labels: {clean: drop}"), 64)
	for rule, state := range said {
		if want := map[bool]string{true: "idle", false: "followed"}[rule == "tuned network"]; state != want {
			t.Errorf("%s: %q, want %s", rule, state, want)
		}
	}
	said = advised(t, lists(t, "resnet20", "", "batchnorm: after", ""), 32)
	for rule, want := range map[string]string{"activation": "followed", "head": "idle", "pool": "idle", "stride": "idle"} {
		if said[rule] != want {
			t.Errorf("resnet20, %s: %q, want %s", rule, said[rule], want)
		}
	}
	if said = advised(t, lists(t, "googlenet", "", "", ""), 224); said["tuned network"] != "" {
		t.Errorf("googlenet: %q", said["tuned network"])
	}
}

func TestAdviceAppliedIsFollowed(t *testing.T) {
	x := lists(t, "caffenet128", "", "lr: {policy: exp}, batch: 32", "")
	x.Data = experiment.Data{Spec: data.Folder("photos")}
	images := approach.Images{Size: nn.Size{H: 96, W: 96, C: 3}, Classes: 5}
	all, err := approach.Advise(x, images)
	if err != nil {
		t.Fatal(err)
	}
	skipped := "" // does not fit beside the others
	for _, a := range all {
		if y := approach.Apply(x, a.With); built(y, images) {
			x = y
		} else {
			skipped += a.Name
		}
	}
	again, err := approach.Advise(x, images)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range again {
		if a.State == approach.Advised && !a.Look && a.Name != skipped {
			t.Errorf("%s is advised again: %s", a.Name, a.Why)
		}
	}
}

func TestChoicesAreTheSameHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"activation: elu", "activation: {to: elu}", true}, {"activation: elu", "activation: {to: elu, from: relu}", true}, {"activation: elu", "activation: selu", false},
		{"pool: max+avg", "activation: elu", false}, {"colorspace", "colorspace: learned", true}, {"stride: 2", "stride: {to: 2x2}", true}, {"lr: {policy: linear}", "lr: {policy: linear, base: 0.01}", false},
	} {
		if got := approach.Same(chosen(c.a), chosen(c.b)); got != c.same {
			t.Errorf("%s and %s: the same is %v, want %v", c.a, c.b, got, c.same)
		}
	}
}

// built says whether an experiment can be built.
func built(x experiment.Experiment, images approach.Images) bool {
	_, err := approach.Build(x, images)
	return err == nil
}
