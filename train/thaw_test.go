package train_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// frozen is the job with all but its head frozen, thawed after so many epochs, by Adam, which counts its steps.
func frozen(t testing.TB, j train.Job, thaw float64, norm string) train.Job {
	t.Helper()
	j.Optimization.Solver.Kind, j.Optimization.LR.Base = "adam", 0.01
	j.Learning.Pretrain.Freeze, j.Learning.Pretrain.Thaw, j.Learning.Pretrain.Norm = []nn.Glob{"conv*", "conv*/**"}, thaw, norm
	j.Optimization.Parameters = j.Learning.Pretrain.Frozen()
	return j
}

// values are those of a model by name.
func values(t testing.TB, r *train.Result) map[string][]float32 {
	t.Helper()
	of := map[string][]float32{}
	for _, name := range r.Model.State.Names() {
		v, err := r.Model.State.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		of[name] = v
	}
	return of
}

func TestWhatIsFrozenStaysUntilItIsThawed(t *testing.T) {
	s := draw(t, 13)
	first := run(t, frozen(t, job(t, s), 0, experiment.NormKeep))
	norms := run(t, frozen(t, job(t, s), 0, experiment.NormTrain))
	thawed := run(t, frozen(t, job(t, s), 1, experiment.NormKeep))
	begun, kept, trained, after := beginning(t, frozen(t, job(t, s), 0, experiment.NormKeep)), values(t, first), values(t, norms), values(t, thawed)
	for name, was := range begun {
		ofFront, ofNorm := strings.HasPrefix(name, "conv"), strings.Contains(name, "/norm/")
		if stays := alike(kept[name], was); stays != ofFront {
			t.Errorf("frozen for good, %s stays: %v", name, stays)
		}
		if stays := alike(trained[name], was); stays != (ofFront && !ofNorm) {
			t.Errorf("frozen but for norms, %s stays: %v", name, stays)
		}
		if alike(after[name], was) {
			t.Errorf("thawed, %s stays", name)
		}
	}
	if thawed.Curve[0].TrainLoss != first.Curve[0].TrainLoss {
		t.Error("the epoch before the thaw is another")
	}
}

// alike allows for what a step of 1e-30 does to a bias of 0.
func alike(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return x-y < 1e-20 && y-x < 1e-20 })
}

// beginning is the weights that a job begins with: those of a training whose rate moves nothing.
func beginning(t testing.TB, j train.Job) map[string][]float32 {
	j.Optimization.LR.Base = 1e-30
	j.Optimization.Parameters = []experiment.ParameterSetting{{Layers: "conv1", Frozen: new(true)}}
	j.Learning.Pretrain = experiment.DefaultLearning().Pretrain
	j.Learning.Epochs.Count = 1
	return values(t, run(t, j))
}

func TestATrainingResumesOnBothSidesOfItsThaw(t *testing.T) {
	s := draw(t, 13)
	want := run(t, frozen(t, job(t, s), 1, experiment.NormKeep))
	for _, step := range []int{5, 6, 7} {
		t.Run(fmt.Sprintf("after-step-%d", step), func(t *testing.T) {
			j := frozen(t, job(t, s), 1, experiment.NormKeep)
			j.Checkpoint = filepath.Join(t.TempDir(), "c")
			ctx, stop := context.WithCancel(t.Context())
			j.OnStep = func(p train.Progress) {
				if p.Step == step {
					stop()
				}
			}
			if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
				t.Fatalf("got %+v, %v", r, err)
			}
			j.OnStep = nil
			same(t, run(t, j), want)
		})
	}
}

func TestAThawBehindTheEndIsRefused(t *testing.T) {
	want := "thaw: after 2 epochs, but the training has 2 epochs; give less, or leave thaw out"
	if _, err := train.Run(t.Context(), frozen(t, job(t, draw(t, 13)), 2, experiment.NormKeep)); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
