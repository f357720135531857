package experiment_test

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

func decode(file, text string) (experiment.Experiment, error) {
	n, err := spec.Parse(file, []byte(text))
	if err != nil {
		return experiment.Experiment{}, err
	}
	return experiment.Decode(n)
}

func TestAnExperimentIsTheFileKeyForKey(t *testing.T) {
	e, err := decode("e.yaml", `
data: {name: fashion-mini, val: 0.2}
net: mini
architecture: [{activation: elu}, {head: avg}]
optimization:
  - batchnorm
  - lr: {base: 0.1}
learning:
  - epochs: 3
seed: 9
`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range [][]experiment.Choice{e.Architecture, e.Optimization, e.Learning} {
		for _, c := range l {
			names = append(names, c.Name)
		}
	}
	if got := strings.Join(names, " "); got != "activation head batchnorm lr epochs" {
		t.Errorf("choices %s", got)
	}
	if e.Data.Name != "fashion-mini" || e.Data.Val != 0.2 || e.Data.Test != 0.1 || e.Net != "mini" || e.Seed != 9 {
		t.Errorf("read %+v", e)
	}
	if e, err := decode("e.yaml", "data: fashion-mini\nnet: mini\n"); err != nil || e.Seed != 1 || e.Data.Spec.Val != 0.1 || e.Data.String() != "fashion-mini" {
		t.Errorf("the least that can be written: %+v (%v)", e, err)
	}
}

func TestWhatIsWrittenReadsBackAsTheSameExperiment(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{
		"data: fashion-mini\nnet: mini\n",
		"data: {folder: photos, val: 0.2, test: 0, skip: ['*.tmp', old/**]}\nnet: resnet20\nseed: 18446744073709551615\n",
		"data: {folder: photos, parts: redraw, val: {folds: 3}}\nnet: mini\n",
		"data: {folder: photos, val: 0.1, test: 0.1}\nnet: mini\n",
		"data: {folder: photos}\nnet: nets/own.yaml\narchitecture: [{separable: {order: inverted, where: conv3/**}}]\noptimization: [batchnorm, {l2: {strength: 5e-4, except: []}}]\nlearning: [{augment: [flip, {crop: {size: 24, pad: 2}}]}, {subset: 0.5}]\n",
	} {
		e, err := decode(filepath.Join(dir, "e.yaml"), text)
		if err != nil {
			t.Fatal(err)
		}
		n, err := experiment.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := filepath.Join(t.TempDir(), "winner.yaml")
		if err := os.WriteFile(elsewhere, n.YAML(), 0o644); err != nil {
			t.Fatal(err)
		}
		back, err := experiment.Read(elsewhere)
		if err != nil {
			t.Fatalf("%v in\n%s", err, n.YAML())
		}
		if !reflect.DeepEqual(e.Data, back.Data) || e.Net != back.Net || e.Seed != back.Seed {
			t.Errorf("%+v came back as %+v", e, back)
		}
		for i, l := range [][]experiment.Choice{e.Architecture, e.Optimization, e.Learning} {
			b := [][]experiment.Choice{back.Architecture, back.Optimization, back.Learning}[i]
			if len(l) != len(b) {
				t.Fatalf("%d choices came back as %d", len(l), len(b))
			}
			for j := range l {
				if l[j].Name != b[j].Name || !spec.Equal(l[j].Value, b[j].Value) {
					t.Errorf("%s came back as %s", l[j].Name, b[j].Name)
				}
			}
		}
	}
}

func TestRelativePathsAreTakenFromTheFilesFolder(t *testing.T) {
	e, err := decode("studies/e.yaml", "data: {folder: photos}\nnet: own.yaml\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join("studies", "photos"); e.Data.Folder != want || e.Net != filepath.Join("studies", "own.yaml") {
		t.Errorf("data %s, net %s", e.Data.Folder, e.Net)
	}
	n, err := experiment.Encode(experiment.Experiment{Data: experiment.Data{Spec: data.Folder("photos")}, Net: "own.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(n.Get("data").Text()) && !filepath.IsAbs(n.Get("data").Get("folder").Text()) || !filepath.IsAbs(n.Get("net").Text()) {
		t.Errorf("written with relative paths:\n%s", n.YAML())
	}
}

func TestNoFileTellsWhereItsWriterKeepsThings(t *testing.T) {
	home := filepath.Join(t.TempDir(), "ann")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, c := range []struct{ what, dir, folder, want string }{
		{"beside the file", "work", "work/photos", "photos"},
		{"the file's own folder", "work", "work", "."},
		{"above the file", "work/store/study", "work/photos", "../../photos"},
		{"in the home of both", "ann/store", "ann/pictures/cats", "../pictures/cats"},
		{"in a home that the file is not in", "work", "ann/pictures/cats", "cats"},
		{"outside of the home that the file is in", "ann/store", "data/cats", "../../data/cats"},
	} {
		at := func(path string) string { return filepath.Join(filepath.Dir(home), filepath.FromSlash(path)) }
		e := experiment.Experiment{Data: experiment.Data{Spec: data.Folder(at(c.folder))}, Net: at(c.folder + "/own.yaml")}
		n, err := experiment.EncodeIn(at(c.dir), e)
		if err != nil {
			t.Fatal(err)
		}
		got := n.Get("data").Text()
		if f := n.Get("data").Get("folder"); f != nil {
			got = f.Text()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
		if text := string(n.YAML()); strings.Contains(text, filepath.Dir(home)) {
			t.Errorf("%s: an absolute path in\n%s", c.what, text)
		}
	}
}

func TestFilesOfWeightsAreNamedAsOtherFilesAre(t *testing.T) {
	e, err := decode("studies/e.yaml", "data: {folder: photos}\nnet: mini\nlearning: [{pretrain: a.pth}, {pretrain: {from: b/c.pth, key: ema}}, {epochs: 3}]\n")
	if err != nil {
		t.Fatal(err)
	}
	n, err := experiment.EncodeIn("elsewhere", e)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.Get("learning").Flow(), `[{pretrain: "../studies/a.pth"}, {pretrain: {from: "../studies/b/c.pth", key: ema}}, {epochs: 3}]`; strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(want, `"`, "") {
		t.Errorf("got %s, want %s", got, want)
	}
	if n, err = experiment.Encode(e); err != nil {
		t.Fatal(err)
	}
	back, err := experiment.Decode(n)
	if err != nil || !filepath.IsAbs(back.Learning[0].Value.Text()) || !filepath.IsAbs(back.Learning[1].Value.Get("from").Text()) {
		t.Errorf("%v\n%s", err, n.YAML())
	}
}

func TestAFileThatIsNoExperimentSaysSo(t *testing.T) {
	for text, want := range map[string]string{
		"net: mini\n":                         `e.yaml:1:1: no data; write "data: fashion-mini" or "data: {folder: DIR}"`,
		"data: fashion-mini\n":                "e.yaml:1:1: no net; write the name of one (assay net list)",
		"data: {val: 0.1}\nnet: mini\n":       "e.yaml:1:7: data: neither a name nor a folder; write a built-in set's name (assay data list) or {folder: DIR}",
		"data: {name: a, folder: b}\nnet: m":  "e.yaml:1:7: data: both a name and a folder; keep one",
		"data: {folder: b, val: 1}\nnet: m":   "e.yaml:1:24: val: 1 is no share; give one from 0 to below 1",
		"data: {folder: b, test: -1}\nnet: m": "e.yaml:1:25: test: -1 is no share; give one from 0 to below 1",
		"data: a\nnet: m\ntask: segment\n":    `e.yaml:3:7: no task "segment"; there is classify, detect`,
		"data: a\nnet: m\ntask: clasify\n":    `e.yaml:3:7: no task "clasify"; did you mean "classify"?`,
		"data: a\nnett: mini\n":               `e.yaml:2:1: unknown key "nett"; did you mean "net"?`,
		"data: a\nnet: m\nlearning: flip\n":   "e.yaml:3:11: learning: want a list, got flip; put it in brackets: [flip]",
		"data: a\nnet: m\nseed: -1\n":         "e.yaml:3:7: seed: want a whole number from 0 to 18446744073709551615, got \"-1\"",
	} {
		if _, err := decode("e.yaml", text); err == nil || err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", text, err, want)
		}
	}
	if _, err := experiment.Read(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that is not there, and no error")
	}
}

func TestTheRateFollowsItsPolicy(t *testing.T) {
	s := scheduled(t, 10, 100)
	for _, c := range []struct {
		lr   experiment.LR
		step int
		want float64
	}{
		{experiment.LR{Base: 0.5, Policy: "fixed"}, 99, 0.5},
		{experiment.LR{Base: 0.5, Policy: "linear"}, 0, 0.5},
		{experiment.LR{Base: 0.5, Policy: "linear"}, 50, 0.25},
		{experiment.LR{Base: 0.5, Policy: "linear"}, 99, 0.005},              // the last step moves, too
		{experiment.LR{Base: 0.5, Policy: "linear", Final: 0.2}, 50, 0.3},    // .5·(.2 + .8·.5)
		{experiment.LR{Base: 0.5, Policy: "linear", Warmup: 2}, 0, 0.025},    // 1 of 20 steps
		{experiment.LR{Base: 0.5, Policy: "linear", Warmup: 2}, 19, 0.5},     // 20 of 20
		{experiment.LR{Base: 0.5, Policy: "linear", Warmup: 2}, 60, 0.25},    // half of the 80 steps that are left
		{experiment.LR{Base: 0.5, Policy: "cosine"}, 50, 0.25},               // (1 + cos π/2)/2
		{experiment.LR{Base: 1, Policy: "cosine", Final: 0.1}, 25, 0.868198}, // .1 + .9·(1 + cos π/4)/2
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1}, 33, 1},          // a third of the run is 34 steps
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1}, 34, 0.1},
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1}, 99, 0.01},
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.5, Every: 1.5}, 30, 0.25},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5, Drops: []float64{3, 8}}, 29, 1},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5, Drops: []float64{3, 8}}, 30, 0.5},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5, Drops: []float64{3, 8}}, 99, 0.25},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5}, 49, 1},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5}, 50, 0.5},
		{experiment.LR{Base: 1, Policy: "multistep", Gamma: 0.5}, 75, 0.25},
		{experiment.LR{Base: 1, Policy: "exp", Gamma: 0.1}, 50, 0.316228},                      // √.1
		{experiment.LR{Base: 1, Policy: "exp", Gamma: 0.25, Every: 2}, 35, 0.0883883},          // .25^1.75
		{experiment.LR{Base: 1, Policy: "inv", Gamma: 0.5, Power: 0.75}, 80, 0.299070},         // 5^-.75
		{experiment.LR{Base: 1, Policy: "poly", Power: 4}, 50, 0.0625},                         // .5^4
		{experiment.LR{Base: 1, Policy: "poly", Power: 3, Final: 0.2, Warmup: 2}, 60, 0.3},     // .2 + .8/8
		{experiment.LR{Base: 1, Policy: "sqrt"}, 75, 0.5},                                      // √.25
		{experiment.LR{Base: 1, Policy: "square"}, 75, 0.0625},                                 // .25²
		{experiment.LR{Base: 1, Policy: "sigmoid", Gamma: 2}, 50, 0.5},                         // half way
		{experiment.LR{Base: 1, Policy: "sigmoid", Gamma: 2, Every: 8}, 70, 0.880797},          // 1/(1 + e^-2)
		{experiment.LR{Base: 1, Policy: "restarts", Period: 2, Mult: 1}, 10, 0.5},              // half of the first cycle
		{experiment.LR{Base: 1, Policy: "restarts", Period: 2, Mult: 1}, 20, 1},                // the second begins
		{experiment.LR{Base: 1, Policy: "restarts", Period: 2, Mult: 2, Final: 0.1}, 40, 0.55}, // half of the second: 20 to 60
		{experiment.LR{Base: 1, Policy: "restarts", Mult: 1, Warmup: 1}, 70, 1},                // 90 steps behind it: the third cycle begins
		{experiment.LR{Base: 1, Policy: "triangular", Period: 4}, 20, 1},                       // the top of the first
		{experiment.LR{Base: 1, Policy: "triangular", Period: 4}, 40, 0.04},                    // the bottom
		{experiment.LR{Base: 1, Policy: "triangular", Period: 4, Start: 0.2}, 70, 0.6},         // half way down the second
		{experiment.LR{Base: 1, Policy: "triangular"}, 25, 0.52},                               // one cycle: half way up
		{experiment.LR{Base: 1, Policy: "onecycle"}, 0, 0.04},                                  // 1/25
		{experiment.LR{Base: 1, Policy: "onecycle"}, 15, 0.52},                                 // half of the rise of 30 steps
		{experiment.LR{Base: 1, Policy: "onecycle"}, 30, 1},                                    //
		{experiment.LR{Base: 1, Policy: "onecycle", Final: 0.2, Warmup: 4}, 70, 0.6},           // half of the fall
		{experiment.LR{Base: 1, Policy: "trapezoid", Warmup: 1}, 9, 1},                         //
		{experiment.LR{Base: 1, Policy: "trapezoid"}, 80, 1},                                   // the fall begins
		{experiment.LR{Base: 1, Policy: "trapezoid", Final: 0.2}, 90, 0.6},                     // half of it
		{experiment.LR{Base: 1, Policy: "trapezoid", Every: 5}, 75, 0.5},                       //
		{experiment.LR{Base: 1, Policy: "fixed", Warmup: 2, Start: 0.1}, 9, 0.55},              // .1 + .9·10/20
		{experiment.LR{Base: 1, Policy: "linear", Scale: "batch"}, 50, 0.5 / 256},              // of a batch of one
	} {
		if got := float64(c.lr.At(c.step, s)); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%+v at step %d: %g, want %g", c.lr, c.step, got, c.want)
		}
	}
}

// scheduled is a training of one stage, of so many steps in all.
func scheduled(t testing.TB, perEpoch, total int) experiment.Schedule {
	t.Helper()
	s, err := experiment.NewSchedule(experiment.DefaultOptimization(), experiment.DefaultLearning(), perEpoch, experiment.Stage{Steps: total, Batch: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStepsCountsAndWindows(t *testing.T) {
	for s, want := range map[experiment.Subset]int{{Fraction: 1}: 10, {Fraction: 0.25}: 3, {Fraction: 1, Images: 4}: 4, {Fraction: 1, Images: 99}: 10} {
		if got := s.Of(10); got != want {
			t.Errorf("%+v of 10 is %d, want %d", s, got, want)
		}
	}
	l := experiment.DefaultLearning()
	if l.Window() != 0 {
		t.Error("without a crop there is no window")
	}
	l.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Flip{}), experiment.NewOperation(augment.Crop{Size: 24})}
	if l.Window() != 24 {
		t.Errorf("the window is %d", l.Window())
	}
}

func TestAPolicyThatNeverActsIsRefused(t *testing.T) {
	for _, c := range []struct {
		lr              experiment.LR
		perEpoch, total int
		want            string
	}{
		{experiment.LR{Warmup: 5}, 10, 60, ""},
		{experiment.LR{Warmup: 5.99}, 10, 60, "$.warmup: lr: a warm-up of 5.99 epochs in a training of 6 never ends; give at most 5"}, // rounded it is all 60 steps
		{experiment.LR{Warmup: 300}, 10, 60, "$.warmup: lr: a warm-up of 300 epochs in a training of 6 never ends; give at most 5"},
		{experiment.LR{Warmup: 1}, 10, 5, "$.warmup: lr: a warm-up of 1 epoch in a training of 0.5 never ends; give less than 0.5"},
		{experiment.LR{Policy: "step"}, 10, 60, ""},
		{experiment.LR{Policy: "step", Every: 5}, 10, 60, ""},
		{experiment.LR{Policy: "step", Every: 6}, 10, 60, "$.every: lr: a drop every 6 epochs in a training of 6 never comes; give at most 5, or policy: fixed"},
		{experiment.LR{Policy: "linear", Every: 6}, 10, 60, ""},
		{experiment.LR{Policy: "multistep", Drops: []float64{3, 5}}, 10, 60, ""},
		{experiment.LR{Policy: "multistep", Drops: []float64{3, 6}}, 10, 60, "$.at[1]: lr: a drop after 6 epochs in a training of 6 never comes; give at most 5"},
	} {
		got := ""
		if err := c.lr.Fits(scheduled(t, c.perEpoch, c.total)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.lr, got, c.want)
		}
	}
}

func TestValIsAShareOrFolds(t *testing.T) {
	for _, c := range []struct {
		val  string
		want data.Spec
		err  string
	}{
		{"0.3", data.Spec{Folder: "photos", Val: 0.3, Test: 0.1, Asked: []string{"val"}}, ""},
		{"{share: 0.3}", data.Spec{Folder: "photos", Val: 0.3, Test: 0.1, Asked: []string{"val"}}, ""},
		{"{folds: 5}", data.Spec{Folder: "photos", Folds: 5, Test: 0.1, Asked: []string{"val"}}, ""},
		{"{folds: 1}", data.Spec{}, "e.yaml:1:37: folds: 1; give 2 or more"},
		{"{folds: 2.5}", data.Spec{}, `e.yaml:1:37: folds: want a whole number, got "2.5"`},
		{"{folds: 3, share: 0.2}", data.Spec{}, "e.yaml:1:29: val: both a share and folds; keep one"},
		{"{fold: 3}", data.Spec{}, `e.yaml:1:30: unknown key "fold"; did you mean "folds"?`},
		{"1.5", data.Spec{}, "e.yaml:1:29: val: 1.5 is no share; give one from 0 to below 1"},
		{"0.2, parts: pool", data.Spec{}, `e.yaml:1:41: parts: unknown value "pool"; choose one of redraw`},
	} {
		e, err := decode("e.yaml", "data: {folder: photos, val: "+c.val+"}\nnet: mini\n")
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("val: %s: got %v, want %s", c.val, err, c.err)
			}
		} else if err != nil || !reflect.DeepEqual(e.Data.Spec, c.want) {
			t.Errorf("val: %s: got %+v (%v), want %+v", c.val, e.Data.Spec, err, c.want)
		}
	}
}

func TestDataDifferByTheKeysOfAFile(t *testing.T) {
	is, was := experiment.Data{Spec: data.Spec{Folder: "photos", Folds: 5, Parts: data.Redraw}}, experiment.Data{Spec: data.Spec{Folder: "photos", Val: 0.1}}
	var got []string
	for _, d := range experiment.DifferencesOf("data", is.Keys(), was.Keys()) {
		got = append(got, d.String())
	}
	if want := []string{"data.parts: redraw in place of none", "data.val: 0 in place of 0.1", "data.val.folds: 5 in place of 0"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
