package train_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
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

// beside has a training see pictures of stripes and discs beside its own; discs are discs in both.
func beside(t testing.TB, j *train.Job) {
	t.Helper()
	other := draw(t, 12)
	j.Learning.Augment.Ops = j.Learning.Augment.Ops[:1] // mirrored and not mixed
	j.Learning.Mixed.Ratio, j.Learning.Mixed.Weight = 0.5, 2
	j.Mix(other, 1, 1)
	names, parents, err := j.Learning.Classes(j.Set.Classes, other.Classes)
	if err != nil {
		t.Fatal(err)
	}
	j.Graph.Classes = len(names)
	j.Graph.Plant(nn.TreeOf(parents))
}

func TestADetectorTrainsOnPicturesOfOneClassBesideItsOwn(t *testing.T) {
	j := detection(t, 24)
	beside(t, &j)
	want := run(t, j)
	if n := len(want.Model.About.Classes); n != 8+2 { // a disc is one of the eight
		t.Errorf("classes %v", want.Model.About.Classes)
	}
	if other := draw(t, 12); want.Model.Seen.Trained.Among(other, j.BesideItems) != len(j.BesideItems) || want.Model.Seen.Trained.Among(other, other.Cut(1, 1).Val) != 0 {
		t.Error("the model does not say which pictures beside it has seen")
	}
	j.Engine, j.Loaders = threads(t, 3), 16
	same(t, run(t, j), want)

	plain := detection(t, 24)
	plain.Learning.Augment.Ops = j.Learning.Augment.Ops
	if r := run(t, plain); r.Step >= want.Step || r.Epochs != want.Epochs {
		t.Errorf("%d steps of %g epochs with, %d steps of %g epochs without", want.Step, want.Epochs, r.Step, r.Epochs)
	}

	j = detection(t, 24)
	beside(t, &j)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	ctx, stop := context.WithCancel(context.Background())
	j.OnStep = func(p train.Progress) {
		if p.Step == 4 {
			stop()
		}
	}
	if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Fatalf("got %+v, %v", r, err)
	}
	j.OnStep = nil
	if r := run(t, j); r.Resumed != 4 {
		t.Errorf("went on from step %d", r.Resumed)
	} else {
		same(t, r, want)
	}
	j.BesideItems = j.BesideItems[1:]
	if a, b := train.BesideDigest(j.Beside, j.BesideItems), train.BesideDigest(j.Beside, nil); a == b || a == "" || train.BesideDigest(nil, nil) != "" {
		t.Errorf("digests %q and %q", a, b)
	}
}

func TestADetectorLearnsATreeOfItsClasses(t *testing.T) {
	j := detection(t, 24)
	j.Learning.Labels.Parent, j.Learning.Labels.Tree.Rows = 0.5, data.ShapesTree()
	j.Learning.Tree.Of.Rows = data.ShapesTree()
	names, parents, err := j.Learning.Classes(j.Set.Classes, nil)
	if err != nil {
		t.Fatal(err)
	}
	j.Graph.Classes = len(names)
	j.Graph.Plant(nn.TreeOf(parents))
	r := run(t, j)
	if last := len(r.Curve) - 1; len(r.Model.About.Classes) != 11 || r.Curve[last].TrainLoss >= r.Curve[0].TrainLoss {
		t.Errorf("classes %v, curve %+v", r.Model.About.Classes, r.Curve)
	}
	purpose, err := r.Model.Task()
	if err != nil || len(purpose.(task.Detect).Tree) != 11 {
		t.Errorf("the model's task is %+v (%v)", purpose, err)
	}
	file := filepath.Join(t.TempDir(), "m.safetensors")
	if err := r.Model.Save(file); err != nil {
		t.Fatal(err)
	}
	back, err := model.Load(file)
	if err != nil || back.Graph.Tree() != j.Graph.Tree() {
		t.Errorf("read back with the tree %q, %v", back.Graph.Tree(), err)
	}
}

// What else learning and optimization have, a detector has.
func TestADetectorHasWhatClassifiersHave(t *testing.T) {
	for name, change := range map[string]func(*train.Job){
		"sizes": func(j *train.Job) {
			j.Learning.Sizes.Stages = []experiment.Stage{{Size: 32, Epochs: 1, LR: 1}, {Size: 64, Epochs: 1, LR: 0.1}}
		},
		"multiscale": func(j *train.Job) { j.Learning.Multiscale.Sizes = []int{32, 64}; j.Learning.Multiscale.Every = 1 },
		"average": func(j *train.Job) {
			j.Observers = []experiment.Observer{{Average: experiment.Average{Kind: "ema", Decay: 0.9, Warm: true}}}
		},
		"freeze": func(j *train.Job) {
			j.Optimization.Parameters = experiment.Pretrain{Freeze: []nn.Glob{"conv1"}, Norm: experiment.NormKeep}.Frozen()
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := detection(t, 16)
			change(&j)
			r := run(t, j)
			if r.Diverged || r.Score.Detected == nil {
				t.Fatalf("%+v", r)
			}
			if name == "average" && (len(r.Observed) != 1 || r.Observed[0].Score.Detected == nil || r.Observed[0].Model.Digest == r.Model.Digest) {
				t.Errorf("observed %+v", r.Observed)
			}
			plain := run(t, detection(t, 16))
			if plain.Model.Digest == r.Model.Digest != (name == "average") {
				t.Errorf("the same weights as without: %v", plain.Model.Digest == r.Model.Digest)
			}
		})
	}
}

func TestAStepOfAMixedTrainingAllocatesNothing(t *testing.T) {
	j := detection(t, 260)
	beside(t, &j)
	j.Engine = threads(t, 2)
	step := steady(t, j)
	for range 5 {
		step()
	}
	if n := testing.AllocsPerRun(40, step); n > 0.2 { // the order of a pass over the few pictures beside is made anew now and then
		t.Errorf("%g allocations a step, of loader and engine together", n)
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
