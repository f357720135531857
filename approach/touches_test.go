package approach_test

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
)

// Every approach, in all the forms that the walk knows, changes only what its line of the catalogue declares, and in one of them
// on one of three networks something.
func TestAnApproachChangesOnlyWhatItDeclares(t *testing.T) {
	for _, e := range approach.Catalog() {
		changed := map[string]bool{}
		nets, purpose := []string{"mini", "resnet20", "caffenet128"}, ""
		if e.Name == "tree" || e.Name == "mixed" { // which are of detectors
			nets, purpose = []string{"yolov2-tiny"}, "detect"
		}
		for _, net := range nets {
			plain := lists(t, net, "", "", "")
			plain.Task = purpose
			was := build(t, plain)
			for _, text := range walked[e.Name] {
				x := plain
				switch c := []experiment.Choice{chosen(text)}; e.Kind {
				case approach.Architecture:
					x.Architecture = c
				case approach.Optimization:
					x.Optimization = c
				case approach.Learning:
					x.Learning = c
				}
				is, err := approach.Build(x, approach.Images{})
				if err != nil {
					continue // the walk reads the reasons
				}
				for _, d := range is.Differences(was) {
					changed[d.Path] = true
					if !e.MayChange(d.Path) {
						t.Errorf("%s on %s changes %s, and declares %q", text, net, d.Path, e.Touches)
					}
				}
			}
		}
		if len(changed) == 0 {
			t.Errorf("%s changes nothing that Differences sees", e.Name)
		}
	}
}

func TestBuiltExperimentsDifferByPath(t *testing.T) {
	was := build(t, lists(t, "mini", "", "batch: 64", ""))
	for _, c := range []struct{ architecture, optimization, learning, want string }{
		{"", "batch: 64", "", "[]"},
		{"activation: elu", "batch: 64", "", "[net]"},
		{"residual", "batch: 64, batchnorm", "", "[net]"}, // what lies over a rewritten network is of it
		{"", "batch: 64, batchnorm", "", "[overlay]"},
		{"", "batch: 32, lr: {policy: cosine}", "augment: [{crop: 24}]", "[input lr.policy batch.size augment.ops]"},
	} {
		var paths []string
		for _, d := range build(t, lists(t, "mini", c.architecture, c.optimization, c.learning)).Differences(was) {
			paths = append(paths, d.Path)
		}
		if got := fmt.Sprint(paths); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestWhatAnEntryTouchesCoversPathsBelowIt(t *testing.T) {
	e := approach.Entry{Touches: "sizes, batch, lr.base"}
	for path, want := range map[string]bool{"sizes": true, "sizes.list": true, "batch.size": true, "lr.base": true, "lr.policy": false, "lr": false, "batchnorm.place": false, "overlay": false, "net": false} {
		if e.MayChange(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	if net := (approach.Entry{Touches: "net"}); !net.MayChange("overlay") || net.MayChange("input") {
		t.Error("a rewrite brings norms of what it makes, and no other images")
	}
}
