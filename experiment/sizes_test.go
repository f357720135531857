package experiment_test

import (
	"math"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

func sizes(t *testing.T, text string) experiment.Learning {
	t.Helper()
	l := experiment.DefaultLearning()
	n, err := spec.Parse("sizes", []byte(text))
	if err == nil {
		err = spec.Decode(n, &l.Sizes)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A high resolution classifier of arXiv:1612.08242: 160 epochs at half the side, 10 at the side, the rate a hundredth, each falling by
// the fourth power.
func TestThePresetIsThePapersSchedule(t *testing.T) {
	l, o := sizes(t, "yolo9000"), experiment.DefaultOptimization()
	l.Epochs.Count, o.Batch.Size, o.LR.Base = 170, 10, 0.1
	s, err := experiment.NewSchedule(o, l, 40)
	if err != nil {
		t.Fatal(err)
	}
	if s.Stages() != 2 || s.End(0) != 640 || s.Steps() != 680 || s.Stage(0).Side(448) != 224 || s.Stage(1).Side(448) != 448 {
		t.Errorf("stages %+v, %+v end behind %d, %d", s.Stage(0), s.Stage(1), s.End(0), s.End(1))
	}
	for step, want := range map[int]float64{0: 0.1, 320: 0.1 / 16, 639: 0.1 * math.Pow(1./640, 4), 640: 1e-3, 660: 1e-3 / 16} {
		if got := float64(o.LR.At(step, s)); math.Abs(got-want) > 1e-6*want {
			t.Errorf("step %d: rate %g, want %g", step, got, want)
		}
	}
}

func TestSharesBecomeWholePassesThatSumToTheTraining(t *testing.T) {
	for _, c := range []struct {
		epochs int
		text   string
		want   []int
	}{
		{10, "[{share: 0.3}, {share: 0.3}, {share: 0.4}]", []int{3, 3, 4}},
		{5, "[{share: 0.3}, {share: 0.3}, {share: 0.4}]", []int{2, 1, 2}},
		{9, "yolo9000", []int{8, 1}},
		{170, "yolo9000", []int{160, 10}},
	} {
		l := sizes(t, c.text)
		l.Epochs.Count = c.epochs
		stages, err := l.Stages()
		if err != nil || len(stages) != len(c.want) {
			t.Fatalf("%s: %v, %v", c.text, stages, err)
		}
		for i, s := range stages {
			if s.Epochs != c.want[i] {
				t.Errorf("%d epochs as %s: stage %d has %d, want %d", c.epochs, c.text, i+1, s.Epochs, c.want[i])
			}
		}
	}
}

func TestStagesComeBackFromTheirText(t *testing.T) {
	for text, want := range map[string]string{
		"yolo9000": "sizes:\n  stages: \"yolo9000\"\n",
		"{stages: [{size: 24, share: 0.5, lr: 1, batch: 8}, {share: 0.5}], restat: false}": "",
	} {
		l := sizes(t, text)
		canonical := experiment.Canonical(experiment.DefaultOptimization(), l)
		if want != "" && string(canonical) != want {
			t.Errorf("%s: %s", text, canonical)
		}
		_, back, err := experiment.DecodeSettings(canonical)
		if err != nil || len(experiment.Differences(experiment.DefaultOptimization(), l, experiment.DefaultOptimization(), back)) > 0 {
			t.Errorf("%s comes back as %+v (%v)", text, back.Sizes, err)
		}
	}
}
