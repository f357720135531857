package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// detection is a training on pictures with boxes: 2 epochs of steps of four, mirrored and mixed, a network whose cells are eight pixels wide.
func detection(t testing.TB, images int) train.Job {
	t.Helper()
	spec := data.Builtin("shapes")
	spec.Images, spec.Size, spec.Seed = images, 64, 1
	s, err := data.Open(context.Background(), spec, data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := nn.NewBuilder("small", nn.Size{}, len(s.Classes))
	x := b.MaxPool(b.ReLU(b.Norm(b.Conv(b.Image(64, 64, 3), 8, 3, 2))), 2, 2)
	fine := b.Layer(nn.Reorg{}, b.Conv(x, 4, 1, 1))
	x = b.Concat(fine, b.ReLU(b.Norm(b.Conv(x, 16, 3, 2))))
	b.Logits(b.Layer(nn.Region{Anchors: "1x1 2.5x2"}, b.Conv(x, nn.PerBox(2), 3, 1)))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Batch.Size, o.LR.Base = 4, 1e-3
	l.Epochs.Count = 2
	l.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Flip{}), experiment.NewOperation(augment.MixUp{Alpha: 1})}
	return train.Job{Task: "detect", Graph: g, Optimization: o, Learning: l, Set: s, Cut: s.Cut(1, 1), Seeds: train.SeedsOf(1), Engine: threads(t, 1)}
}

func TestADetectorTrainsToTheSameBitsWhateverHappens(t *testing.T) {
	j := detection(t, 24)
	want := run(t, j)
	if last := len(want.Curve) - 1; want.Curve[last].TrainLoss >= want.Curve[0].TrainLoss {
		t.Errorf("the loss does not fall: %+v", want.Curve)
	}
	if want.Score.Detected == nil || want.Score.Columns[0].Name != "ap50_pseudo" || want.Model.About.Task != "detect" {
		t.Errorf("scored %+v", want.Score.Figures)
	}
	j.Engine, j.Loaders = threads(t, 3), 3
	same(t, run(t, j), want)

	j = detection(t, 24)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	ctx, stop := context.WithCancel(context.Background())
	j.OnStep = func(p train.Progress) {
		if p.Step == 3 {
			stop()
		}
	}
	if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Fatalf("got %+v, %v", r, err)
	}
	j.OnStep = nil
	r := run(t, j)
	if same(t, r, want); r.Resumed != 3 {
		t.Errorf("went on from step %d", r.Resumed)
	}
}

func TestAStepOfADetectorAllocatesNothing(t *testing.T) {
	j := detection(t, 260)
	j.Engine = threads(t, 2)
	step := steady(t, j)
	for range 5 {
		step()
	}
	if n := testing.AllocsPerRun(40, step); n != 0 {
		t.Errorf("%g allocations a step, of loader and engine together", n)
	}
}

func TestTheLossOfBoxesIsWeighedAsSettingsSay(t *testing.T) {
	digest := func(edit func(*experiment.Loss)) string {
		j := detection(t, 12)
		j.Learning.Epochs.Count = 1
		edit(&j.Optimization.Loss)
		return run(t, j).Model.Digest
	}
	plain := digest(func(*experiment.Loss) {})
	if named := digest(func(l *experiment.Loss) { l.Kind = "yolo" }); named != plain {
		t.Error("naming the loss changes it")
	}
	for key, edit := range map[string]func(*experiment.Loss){
		"object": func(l *experiment.Loss) { l.Object = 2 }, "noobject": func(l *experiment.Loss) { l.NoObject = 0.5 }, "coord": func(l *experiment.Loss) { l.Coord = 5 },
		"class": func(l *experiment.Loss) { l.Class = 2 }, "threshold": func(l *experiment.Loss) { l.Threshold = 0.01 }, "warm": func(l *experiment.Loss) { l.Warm = 0 },
	} {
		if digest(edit) == plain {
			t.Errorf("%s changes nothing", key)
		}
	}
}
