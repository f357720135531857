package experiment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
)

func TestStagesAreCountedInStepsAndPasses(t *testing.T) {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Batch.Size = 10
	// 100 images: 2 passes of 20 steps of 5, 7 steps of 10 (a pass has 10), 1 pass of 4 steps of 25.
	s, err := experiment.NewSchedule(o, l, 100, experiment.Stage{Epochs: 2, Batch: 5}, experiment.Stage{Steps: 7, LR: 0.5}, experiment.Stage{Epochs: 1, Batch: 25})
	if err != nil {
		t.Fatal(err)
	}
	if s.Stages() != 3 || s.Steps() != 51 || s.End(0) != 40 || s.End(1) != 47 || s.End(-1) != 0 {
		t.Errorf("%d stages, %d steps, ends %d, %d", s.Stages(), s.Steps(), s.End(0), s.End(1))
	}
	for _, c := range []struct {
		done               int
		stage, epoch, step int
		epochs             float64
		ends               bool
	}{
		{0, 0, 0, 0, 0, false}, {19, 0, 0, 19, 0.95, false}, {20, 0, 1, 0, 1, true}, {40, 1, 2, 0, 2, true}, {43, 1, 2, 3, 2.3, false},
		{47, 2, 3, 0, 2.7, true}, {48, 2, 3, 1, 2.95, false}, {51, 2, 4, 0, 3.7, true},
	} {
		stage, epoch, step := s.At(c.done)
		if stage != c.stage || epoch != c.epoch || step != c.step || math.Abs(s.Epochs(c.done)-c.epochs) > 1e-12 || s.EpochEnds(c.done) != c.ends {
			t.Errorf("after %d steps: stage %d, pass %d, step %d, %g passes, ends %v; want %+v", c.done, stage, epoch, step, s.Epochs(c.done), s.EpochEnds(c.done), c)
		}
	}
	for epochs, want := range map[float64]int{0: 0, 1.5: 30, 2: 40, 2.3: 43, 2.7: 47, 3.2: 49, 4.7: 55} {
		if got := s.After(epochs); got != want {
			t.Errorf("%g passes are %d steps, want %d", epochs, got, want)
		}
	}
}

func TestAStagesFactorComesOnTopOfAPolicyOfTheWhole(t *testing.T) {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Batch.Size = 10
	s, err := experiment.NewSchedule(o, l, 100, experiment.Stage{Epochs: 2, Batch: 5}, experiment.Stage{Epochs: 6, LR: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		lr   experiment.LR
		step int
		want float64
	}{
		{experiment.LR{Base: 1, Policy: "linear"}, 50, 0.5 * 0.5},                     // the middle of 100 steps
		{experiment.LR{Base: 1, Policy: "fixed", Warmup: 3}, 39, 40. / 50},            // 3 passes are 40 and 10 steps
		{experiment.LR{Base: 1, Policy: "fixed", Warmup: 3}, 49, 0.5},                 //
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1, Every: 1}, 39, 0.1},       // a drop behind each pass
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1, Every: 4}, 59, 0.5},       // 3.9 passes
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1, Every: 4}, 60, 0.5 * 0.1}, // 4
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1}, 33, 1},                   // a third of the steps is 34
		{experiment.LR{Base: 1, Policy: "step", Gamma: 0.1}, 34, 0.1},
	} {
		if got := float64(c.lr.At(c.step, s)); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%+v at step %d: %g, want %g", c.lr, c.step, got, c.want)
		}
	}
}

// Of any stages: every step has one place, places follow each other, passes only grow, and a pass is whole between its ends.
func TestRandomStagesLeaveNoStepOutAndTakeNoneTwice(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		var stages []experiment.Stage
		for range 1 + r.IntN(4) {
			st := experiment.Stage{Epochs: 1 + r.IntN(3), Batch: 1 + r.IntN(20)}
			if r.IntN(2) == 0 {
				st.Epochs, st.Steps = 0, 1+r.IntN(40)
			}
			stages = append(stages, st)
		}
		images := 20 + r.IntN(30)
		s, err := experiment.NewSchedule(experiment.DefaultOptimization(), experiment.DefaultLearning(), images, stages...)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for done := range s.Steps() {
			stage, epoch, step := s.At(done)
			if place := fmt.Sprint(epoch, step); seen[place] {
				t.Fatalf("seed %d: %+v: pass and step %s twice", seed, stages, place)
			} else {
				seen[place] = true
			}
			if step >= images/stages[stage].Batch || step > 0 && !seen[fmt.Sprint(epoch, step-1)] || step == 0 && done > 0 && !s.EpochEnds(done) {
				t.Fatalf("seed %d: %+v: step %d lies at %d, %d, %d", seed, stages, done, stage, epoch, step)
			}
			if !(s.Epochs(done+1) > s.Epochs(done)) {
				t.Fatalf("seed %d: passes do not grow behind step %d", seed, done)
			}
			if back := s.After(s.Epochs(done)); back != done {
				t.Fatalf("seed %d: %+v: %g passes are %d steps, want %d", seed, stages, s.Epochs(done), back, done)
			}
		}
	}
}

func TestFactorsByLayerKeepTheirOrder(t *testing.T) {
	for _, text := range []string{"lr:\n  layers: {\"stage1/**\": 0.1, conv1: 2}\n", "lr:\n  layers: [{\"stage1/**\": 0.1}, {conv1: 2}]\n"} {
		o, l, err := experiment.DecodeSettings([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.LR.Layers); got != "[stage1/** times 0.1 conv1 times 2]" {
			t.Errorf("%q: %s", text, got)
		}
		const want = "lr:\n  layers: [{\"stage1/**\": 0.1}, {conv1: 2}]\n"
		if got := string(experiment.Canonical(o, l)); got != want && got != strings.ReplaceAll(want, "conv1", `"conv1"`) {
			t.Errorf("written as %s", got)
		}
		turned := o
		turned.LR.Layers = experiment.Factors{o.LR.Layers[1], o.LR.Layers[0]}
		if ds := experiment.Differences(turned, l, o, l); len(ds) != 1 || ds[0].String() != "lr.layers: conv1 times 2, stage1/** times 0.1 in place of stage1/** times 0.1, conv1 times 2" {
			t.Errorf("in another order: %v", ds)
		}
	}
	for text, want := range map[string]string{
		"lr: {layers: 0.1}":            `settings:1:14: layers: want factors by layer path`,
		"lr: {layers: {conv1: many}}":  `settings:1:22: conv1: want a number, got "many"`,
		"lr: {layers: {\"conv[\": 1}}": `settings:1:15: `,
		"lr: {layers: [conv1]}":        `settings:1:15: layers: want factors by layer path`,
		"lr: {layers: {a: 1, a: 2}}":   `settings:1:21: `,
	} {
		if _, _, err := experiment.DecodeSettings([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
