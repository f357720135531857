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
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

// classes of the drawn pictures: stripes across, stripes down, a disc.
var classes = []string{"across", "disc", "down"}

// draw writes n pictures of each class, 12x12 in colours of chance, and opens the folder.
func draw(t testing.TB, n int) *data.Set {
	t.Helper()
	dir := t.TempDir()
	for c, name := range classes {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			r := tensor.NewStream(uint64(c), "picture").At(0, uint64(i))
			ink, shift := color.RGBA{uint8(100 + r.Float64()*155), uint8(100 + r.Float64()*155), uint8(r.Float64() * 99), 255}, int(r.Float64()*4)
			m := image.NewRGBA(image.Rect(0, 0, 12, 12))
			for y := range 12 {
				for x := range 12 {
					dx, dy := x-4-shift, y-6
					if c == 0 && (y+shift)%4 < 2 || c == 1 && dx*dx+dy*dy < 16 || c == 2 && (x+shift)%4 < 2 {
						m.Set(x, y, ink)
					}
				}
			}
			f, err := os.Create(filepath.Join(dir, name, fmt.Sprintf("%02d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, m); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
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

func net(t testing.TB) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("tiny", nn.Size{}, len(classes))
	x := b.MaxPool(b.ReLU(b.Norm(b.Conv(b.Image(12, 12, 3), 6, 3, 1))), 2, 2)
	x = b.Layer(nn.Pool{Type: nn.Stochastic, Kernel: nn.Square(2)}, b.Act(b.Conv(x, 7, 3, 1), nn.RReLU))
	x = b.Layer(nn.Pool{Type: nn.Gated, Kernel: nn.Square(2), Stride: nn.Square(1)}, b.Act(b.Conv(x, 6, 3, 1), nn.APL))
	x = b.Dropout(b.Act(b.Conv(x, 8, 3, 1), nn.PReLU), 0.3)
	b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func threads(t testing.TB, n int) *cpu.Engine {
	t.Helper()
	e, err := cpu.New(cpu.Options{Threads: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// job has all that chance enters: dropout, random slopes and poolings, flips, crops, order, a warm-up; 2 epochs of 6 steps that
// drop a tail.
func job(t testing.TB, s *data.Set) train.Job {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.Batch.Size, o.L2.Strength, o.LR.Warmup, o.Solver.Nesterov = 5, 1e-3, 0.5, true
	l.Epochs.Count = 2
	l.Augment.Ops = []experiment.Operation{experiment.NewOperation(augment.Flip{}), experiment.NewOperation(augment.Crop{Pad: 2})}
	return train.Job{
		Graph: net(t), Optimization: o, Learning: l, Set: s, Cut: s.Cut(1, 1), Seeds: train.SeedsOf(1), Engine: threads(t, 1),
		Experiment: "net: tiny",
	}
}

func run(t testing.TB, j train.Job) *train.Result {
	t.Helper()
	r, err := train.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same compares all that must not depend on how a training was run: weights, curve, what it did to each picture.
func same(t *testing.T, got, want *train.Result) {
	t.Helper()
	if got.Model == nil || got.Model.Digest != want.Model.Digest {
		t.Error("the weights differ")
	}
	if !reflect.DeepEqual(got.Curve, want.Curve) {
		t.Errorf("curve %+v, want %+v", got.Curve, want.Curve)
	}
	if !reflect.DeepEqual(got.Score, want.Score) {
		t.Errorf("score %+v, want %+v", got.Score, want.Score)
	}
	if got.Step != want.Step || got.Epochs != want.Epochs || !reflect.DeepEqual(got.Model.About, want.Model.About) {
		t.Errorf("got step %d, %+v; want step %d, %+v", got.Step, got.Model.About, want.Step, want.Model.About)
	}
}

func TestThreadsDoNotChangeTheBits(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s))
	for _, n := range []int{2, 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			j := job(t, s)
			j.Engine, j.Loaders = threads(t, n), n
			same(t, run(t, j), want)
		})
	}
}

func TestATrainingLearns(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Learning.Epochs.Count = 12
	if r := run(t, j); r.Score.Raw("accuracy") < 0.8 || r.Score.Raw("log_loss") > 0.6 || len(r.Curve) != 12 || r.Curve[11].TrainLoss > r.Curve[0].TrainLoss {
		t.Errorf("after 12 epochs %+v", r.Score.Figures)
	}
}

// TestResumeGivesTheSameBits stops a training of 12 steps, 6 an epoch, at a step, in an evaluation or behind the last step.
func TestResumeGivesTheSameBits(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s))
	for _, step := range []int{1, 5, 6, 7, 11, 12} {
		t.Run(fmt.Sprintf("after-step-%d", step), func(t *testing.T) {
			j := job(t, s)
			j.Checkpoint = filepath.Join(t.TempDir(), "c")
			ctx, stop := context.WithCancel(context.Background())
			j.OnStep = func(p train.Progress) {
				if p.Step == step { // behind steps 6 and 12 it is the evaluation that is interrupted
					stop()
				}
			}
			if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
				t.Fatalf("got %+v, %v", r, err)
			}
			j.OnStep = nil
			r := run(t, j)
			same(t, r, want)
			if r.Resumed != step {
				t.Errorf("went on from step %d, want %d", r.Resumed, step)
			}
		})
	}
	t.Run("from-any-checkpoint-on-the-way", func(t *testing.T) {
		j := job(t, s)
		dir := t.TempDir()
		j.Checkpoint, j.Every = filepath.Join(dir, "c"), 1
		kept := map[int]string{}
		j.OnStep = func(p train.Progress) { // as if the process were killed here: what stands on the disk
			kept[p.Step] = filepath.Join(dir, fmt.Sprint(p.Step))
			b, err := os.ReadFile(j.Checkpoint)
			if err == nil {
				err = os.WriteFile(kept[p.Step], b, 0o644)
			}
			if err != nil {
				t.Error(err)
			}
		}
		same(t, run(t, j), want)
		j.OnStep = nil
		for _, step := range []int{2, 7, 12} {
			j.Checkpoint = kept[step]
			j.Engine = threads(t, 2)
			same(t, run(t, j), want)
		}
	})
}

func TestTheBeginningIsTheSameTwiceAndTellsSeedsApart(t *testing.T) {
	s := draw(t, 13)
	digest := func(seed uint64) string {
		j := job(t, s)
		j.Seeds = train.SeedsOf(seed)
		d, err := train.Begin(context.Background(), j, 10, time.Hour) // over the end of an epoch
		if err != nil {
			t.Fatal(err)
		}
		return d[10]
	}
	if a, b := digest(1), digest(1); a != b {
		t.Errorf("two beginnings of one training: %s, %s", a, b)
	}
	if digest(1) == digest(2) {
		t.Error("another seed gives the same weights")
	}
}

// What is measured stays as it was: smoothed labels are training's alone.
func TestSmoothedLabelsChangeTrainingAndNoMeasure(t *testing.T) {
	s := draw(t, 13)
	plain := job(t, s)
	plain.Learning.Epochs.Count, plain.Optimization.LR.Base = 1, 1e-20 // so that both stay where they begin
	smooth := plain
	smooth.Optimization.LabelSmoothing.Amount = 0.5
	a, b := run(t, plain), run(t, smooth)
	if a.Curve[0].TrainLoss == b.Curve[0].TrainLoss || a.Score.Raw("log_loss") != b.Score.Raw("log_loss") {
		t.Errorf("train loss %g and %g, log loss %g and %g", a.Curve[0].TrainLoss, b.Curve[0].TrainLoss, a.Score.Raw("log_loss"), b.Score.Raw("log_loss"))
	}
}

// Whatever the loss, mixed pictures change the training and no measure of what did not train, and the bits depend on no thread.
func TestMixedPicturesTrainByTheirShares(t *testing.T) {
	s := draw(t, 13)
	for _, loss := range []string{"softmax", "bce", "focal"} {
		t.Run(loss, func(t *testing.T) {
			start := func(n int, rate float32, ops ...augment.Op) train.Job {
				j := job(t, s)
				j.Optimization.Loss.Kind, j.Optimization.LabelSmoothing.Amount, j.Optimization.LR.Base = loss, 0.1, rate
				j.Learning.Epochs.Count, j.Engine, j.Loaders = 1, threads(t, n), n
				for _, op := range ops {
					j.Learning.Augment.Ops = append(j.Learning.Augment.Ops, experiment.NewOperation(op))
				}
				return j
			}
			mixing := []augment.Op{augment.MixUp{Alpha: 1}, augment.CutMix{Alpha: 1}}
			same(t, run(t, start(5, 0.05, mixing...)), run(t, start(1, 0.05, mixing...)))
			plain, mixed := run(t, start(1, 1e-20)), run(t, start(1, 1e-20, mixing...))
			if plain.Curve[0].TrainLoss == mixed.Curve[0].TrainLoss {
				t.Error("mixed pictures have the loss of plain ones")
			}
		})
	}
}

func TestEachStreamChangesTheTraining(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s)).Model.Digest
	for name, set := range map[string]func(*train.Seeds){
		"init": func(s *train.Seeds) { s.Init++ }, "order": func(s *train.Seeds) { s.Order++ },
		"augment": func(s *train.Seeds) { s.Augment++ }, "dropout": func(s *train.Seeds) { s.Dropout++ },
	} {
		j := job(t, s)
		set(&j.Seeds)
		if run(t, j).Model.Digest == want {
			t.Errorf("the seed of %s changes nothing", name)
		}
	}
}

// pictures draws red and blue pictures, which the example trains on.
func pictures() string {
	dir, err := os.MkdirTemp("", "pictures")
	check(err)
	for name, ink := range map[string]color.RGBA{"red": {220, 30, 40, 255}, "blue": {30, 40, 220, 255}} {
		check(os.Mkdir(filepath.Join(dir, name), 0o755))
		for i := range 20 {
			m := image.NewRGBA(image.Rect(0, 0, 16, 16))
			for at := range 256 {
				if r := tensor.NewStream(uint64(i), name).At(0, uint64(at)); r.Float64() < 0.5 {
					m.Set(at%16, at/16, ink)
				}
			}
			f, err := os.Create(filepath.Join(dir, name, fmt.Sprint(i, ".png")))
			check(err)
			check(png.Encode(f, m))
			check(f.Close())
		}
	}
	return dir
}

// Every solver, what it keeps and what it does before its step included: the same bits on other threads and after an interruption.
func TestEverySolverGoesOnWhereItStopped(t *testing.T) {
	s := draw(t, 13)
	f, _ := reflect.TypeFor[experiment.Solver]().FieldByName("Kind")
	for _, kind := range strings.Split(f.Tag.Get("values"), ", ") {
		t.Run(kind, func(t *testing.T) {
			start := func(n int) train.Job {
				j := job(t, s)
				o := &j.Optimization
				o.Solver.Kind, o.Solver.Base, o.LR.Base = kind, "nadam", 0.01
				o.L1.Strength, o.Clip.Norm = 1e-4, 1
				j.Engine = threads(t, n)
				return j
			}
			want := run(t, start(1))
			j := start(2)
			j.Checkpoint = filepath.Join(t.TempDir(), "c")
			ctx, stop := context.WithCancel(context.Background())
			j.OnStep = func(p train.Progress) {
				if p.Step == 7 {
					stop()
				}
			}
			if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
				t.Fatalf("got %+v, %v", r, err)
			}
			j.OnStep, j.Engine = nil, threads(t, 2)
			same(t, run(t, j), want)
		})
	}
}
