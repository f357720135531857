package train_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

// coloured is a set of the classes of draw, n pictures each of coarse noise whose colour leans to the class's, none near another.
func coloured(t testing.TB, n int) *data.Set {
	t.Helper()
	dir := t.TempDir()
	for c, name := range classes {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			r := tensor.NewStream(uint64(c), "coloured").At(0, uint64(i))
			m := image.NewRGBA(image.Rect(0, 0, 12, 12))
			for y := range 4 {
				for x := range 4 {
					v := [3]float64{r.Float64() * 160, r.Float64() * 160, r.Float64() * 160}
					v[c] += 60
					ink := color.RGBA{uint8(v[0]), uint8(v[1]), uint8(v[2]), 255}
					for k := range 9 {
						m.Set(3*x+k%3, 3*y+k/3, ink)
					}
				}
			}
			f, err := os.Create(filepath.Join(dir, name, fmt.Sprintf("%02d.png", i)))
			if err == nil {
				err = errors.Join(png.Encode(f, m), f.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := data.Open(context.Background(), data.Spec{Folder: dir, Val: 0.25}, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// cleaning is a job whose labels are made wrong and then cleaned.
func cleaning(t testing.TB, s *data.Set) train.Job {
	j := job(t, s)
	j.Learning.Labels = experiment.Labels{Noise: 0.2, Clean: experiment.CleanDrop, Folds: 3, Rule: data.PredictedNeqGiven}
	return j
}

func TestACleanedTrainingGoesOnInTheSameBits(t *testing.T) {
	s := coloured(t, 13)
	want := run(t, cleaning(t, s))
	dir := t.TempDir()
	j := cleaning(t, s)
	j.Engine, j.Loaders, j.Every = threads(t, 2), 2, 1
	j.Checkpoint = filepath.Join(dir, "clean.checkpoint")
	begun, steps := 0, 0
	for _, at := range []int{2, 5, 9, 14} { // in the first fold, the second, the last, the training itself
		ctx, cancel := context.WithCancel(context.Background())
		begun = steps
		j.OnStep = func(train.Progress) {
			if steps++; steps-begun == at {
				cancel()
			}
		}
		if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) || strings.Contains(err.Error(), "nothing is kept") {
			t.Fatalf("stopped after %d steps: %v, %v", at, r, err)
		}
	}
	j.OnStep = nil
	same(t, run(t, j), want)
	for _, file := range train.Beside(j.Checkpoint) {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is left behind", filepath.Base(file))
		}
	}
}

func TestCleaningLooksAtTrainingImagesAlone(t *testing.T) {
	s := coloured(t, 13)
	j := cleaning(t, s)
	j.Learning.Labels.Noise = 0
	probs, err := j.OutOfFold(t.Context(), j.Cut.Train, data.Overlay{})
	if err != nil {
		t.Fatal(err)
	}
	if len(probs) != len(j.Cut.Train)*len(classes) {
		t.Fatalf("%d probabilities of %d images", len(probs), len(j.Cut.Train))
	}
	j.Cut.Val = j.Cut.Val[:3] // another validation part: the networks of the folds are what they were
	again, err := j.OutOfFold(t.Context(), j.Cut.Train, data.Overlay{})
	if err != nil || !slices.Equal(again, probs) {
		t.Errorf("the folds' networks depend on validation images: %v", err)
	}
}

func TestBalanceInTheLossIsWeightsOfMeanOne(t *testing.T) {
	s := coloured(t, 13)
	few := job(t, s) // one class has a third of its images
	few.Cut.Train = slices.DeleteFunc(slices.Clone(few.Cut.Train), func(i int) bool { return s.Items[i].Label == 1 && i%3 > 0 })
	plain := run(t, few)
	even := few
	even.Learning.Balance.Weights, even.Learning.Balance.By = map[string]float64{"disc": 1}, experiment.BalanceLoss
	same(t, run(t, even), plain) // all weigh 1: the same bits
	for name, change := range map[string]func(*experiment.Balance){
		"loss":     func(b *experiment.Balance) { b.By = experiment.BalanceLoss },
		"sampling": func(b *experiment.Balance) { b.By = experiment.BalanceSampling },
		"weights":  func(b *experiment.Balance) { b.By, b.Weights = experiment.BalanceLoss, map[string]float64{"disc": 3} },
	} {
		j := few
		change(&j.Learning.Balance)
		if r := run(t, j); r.Model.Digest == plain.Model.Digest || r.Step != plain.Step {
			t.Errorf("%s: step %d, want %d, and other weights", name, r.Step, plain.Step)
		}
	}
	few.Learning.Balance = experiment.Balance{By: experiment.BalanceLoss, Power: 1, Weights: map[string]float64{"dics": 2}}
	if _, err := train.Run(t.Context(), few); err == nil || !strings.Contains(err.Error(), `has no class "dics"; did you mean "disc"?`) {
		t.Errorf("a class that is not there: %v", err)
	}
}

func TestConfusionWantsToBeReadAndClassesOfTheSet(t *testing.T) {
	s := coloured(t, 13)
	for want, c := range map[string]experiment.Confusion{
		"nobody has read a.csv":                {File: "a.csv"},
		`has no class "cat"; give its classes`: {Rates: map[string]map[string]float64{"disc": {"cat": 0.5}}},
	} {
		j := job(t, s)
		j.Learning.Labels.Confusion = c
		if _, err := train.Run(t.Context(), j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", c, err, want)
		}
	}
	j := job(t, s)
	j.Learning.Labels = experiment.Labels{Clean: experiment.CleanRelabel, Folds: 50, Rule: data.PruneByClass}
	if _, err := train.Run(t.Context(), j); err == nil || !strings.Contains(err.Error(), "folds: 50 folds of 30 images; give at most 10") {
		t.Errorf("too many folds: %v", err)
	}
}
