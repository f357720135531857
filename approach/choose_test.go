package approach_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

func TestEveryApproachThatIsReadIsChosenBackAsTheSame(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, text := range walked[e.Name] {
			v, err := approach.Read(chosen(text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			c, err := approach.Choose(v)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			back, err := approach.Read(c)
			again, _ := approach.Choose(back)
			if err != nil || c.Name != e.Name || !reflect.DeepEqual(v, back) && text != "augment: []" || approach.Text(again) != approach.Text(c) {
				t.Errorf("%s came back as %s: %+v in place of %+v (%v)", text, approach.Text(c), back, v, err)
			}
		}
	}
}

func TestWhatIsNoApproachOrNoParameterIsNotChosen(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{3, "int is no approach"},
		{nil, "<nil> is no approach"},
		{experiment.LR{}, "experiment.LR is no approach"},
		{optimization.LR{Base: 0.1}, `lr: policy: unknown value ""`},
	} {
		if _, err := approach.Choose(c.value); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.value, err, c.want)
		}
	}
}

func TestSettingsThatStandSeveralTimesAreWrittenOnce(t *testing.T) {
	list := func(texts ...string) (all []experiment.Choice) {
		for _, text := range texts {
			all = append(all, chosen(text))
		}
		return all
	}
	for _, c := range []struct{ of, want []experiment.Choice }{
		{list("solver: {kind: sgd, momentum: 0.85}", "l2: 0.01", "solver: {kind: sgd, nesterov: true}"), list("solver: {momentum: 0.85, nesterov: true}", "l2: 0.01")},
		{list("solver: {kind: sgd, momentum: 0.85}", "solver: adam"), list("solver: adam")},
		{list("epochs: 12", "augment: [flip]", "epochs: 5", "augment: [{crop: {pad: 4}}]"), list("epochs: 5", "augment: [{crop: {pad: 4}}]")},
		{list("dropout: {kind: unit}", "dropout: {kind: channel}"), list("dropout: {kind: unit}", "dropout: {kind: channel}")},
		{list("activation: elu", "activation: tanh"), list("activation: elu", "activation: tanh")},
		{list("l2: 0.1", "l2: much"), list("l2: 0.1", "l2: much")},
	} {
		var got, want []string
		for _, m := range approach.Merged(c.of) {
			got = append(got, approach.Text(m))
		}
		for _, w := range c.want {
			want = append(want, approach.Text(w))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWhatIsMergedTrainsTheSame(t *testing.T) {
	e := lists(t, "resnet20", "", "{solver: {kind: sgd, momentum: 0.9}}, {lr: {base: 0.4, policy: linear, warmup: 1}}, {batch: 64}, {solver: {momentum: 0.85, nesterov: true}}, {dropout: 0.2}, {lr: {base: 1.5, start: 0.2, layers: {\"**\": 2}}}, {batch: 128}, {solver: {kind: lion}}",
		"{epochs: 12}, {augment: [flip]}, {epochs: 5}, {sizes: [{size: 20, epochs: 2}, {size: 28, epochs: 3}]}, {augment: [{crop: {pad: 4}}]}")
	images := approach.Images{Size: nn.Size{H: 28, W: 28, C: 1}, Classes: 10}
	before, err := approach.Build(e, images)
	if err != nil {
		t.Fatal(err)
	}
	n := len(e.Optimization) + len(e.Learning)
	e.Optimization, e.Learning = approach.Merged(e.Optimization), approach.Merged(e.Learning)
	after, err := approach.Build(e, images)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before.Optimization, after.Optimization) || !reflect.DeepEqual(before.Learning, after.Learning) {
		t.Errorf("before %+v %+v\nafter %+v %+v", before.Optimization, before.Learning, after.Optimization, after.Learning)
	}
	if left := len(e.Optimization) + len(e.Learning); left != n-6 {
		t.Errorf("of %d choices %d are left", n, left)
	}
}

func TestWhatIsMergedKeepsItsFiles(t *testing.T) {
	n, err := spec.Parse(filepath.Join("elsewhere", "s.yaml"), []byte("data: fashion-mini\nnet: mini\nlearning: [{pretrain: {from: w.pth}}, {pretrain: {freeze: [conv1]}}, {labels: {parent: 0.5, tree: t.csv}}, {labels: {parent: 0.2}}, {mixed: {data: {folder: p}, ratio: 1}}, {mixed: {ratio: 2}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := experiment.Decode(n)
	if err != nil {
		t.Fatal(err)
	}
	e.Learning = approach.Merged(e.Learning)
	node, err := experiment.EncodeIn("beside", e)
	if err != nil {
		t.Fatal(err)
	}
	got := string(node.YAML())
	for _, want := range []string{"from: ../elsewhere/w.pth", "tree: ../elsewhere/t.csv", "folder: ../elsewhere/p"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("got %s, want %s in it, once", got, want)
		}
	}
}

// A list laid over layers is not merged: whatever looks at the overlay panics without one.
func TestWhatIsLaidOverLayersIsNotMerged(t *testing.T) {
	for _, e := range approach.Catalog() {
		tuner, ok := e.Default.(approach.Tuner)
		if !ok {
			continue
		}
		looks := func() (looks bool) {
			defer func() { looks = recover() != nil }()
			o := experiment.DefaultOptimization()
			_, _ = tuner.Tune(&o, nil)
			return false
		}()
		twice := []experiment.Choice{{Name: e.Name}, {Name: e.Name}}
		if stays := len(approach.Merged(twice)) == 2; looks && !stays {
			t.Errorf("%s is laid over layers, and two of it are merged", e.Name)
		}
	}
}
