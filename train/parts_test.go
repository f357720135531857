package train_test

import (
	"math"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// unnormed is the network of job without its norm; all that chance enters.
func unnormed(t *testing.T) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("tiny", nn.Size{}, len(classes))
	x := b.MaxPool(b.ReLU(b.Conv(b.Image(12, 12, 3), 6, 3, 1)), 2, 2)
	x = b.Layer(nn.Pool{Type: nn.Stochastic, Kernel: nn.Square(2)}, b.Act(b.Conv(x, 7, 3, 1), nn.RReLU))
	x = b.Dropout(b.Act(b.Conv(x, 8, 3, 1), nn.PReLU), 0.3)
	b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A batch in parts gives the large batch's training but for rounding: its order, its masks, slopes and windows, its gradients. Were one of
// them another, weights would be some hundredths apart, not millionths.
func TestABatchInPartsIsTheLargeBatch(t *testing.T) {
	s := draw(t, 13)
	start := func(parts int) train.Job {
		j := job(t, s)
		j.Graph = unnormed(t)
		j.Optimization.Batch = experiment.Batch{Size: 6, Accumulate: parts}
		j.Optimization.LR.Base, j.Optimization.Clip.Norm = 0.01, 0.5
		return j
	}
	want := run(t, start(1))
	for _, parts := range []int{2, 3, 6} {
		got := run(t, start(parts))
		for i := range want.Curve {
			if d := math.Abs(got.Curve[i].TrainLoss - want.Curve[i].TrainLoss); d > 1e-5 {
				t.Errorf("%d parts: the loss of epoch %d is %g, not %g", parts, i+1, got.Curve[i].TrainLoss, want.Curve[i].TrainLoss)
			}
		}
		for _, name := range want.Model.State.Names() {
			a, b := got.Model.State.Get(name).Data, want.Model.State.Get(name).Data
			for i := range b {
				if d := math.Abs(float64(a[i] - b[i])); d > 2e-5 {
					t.Fatalf("%d parts: %s differs by %g", parts, name, d)
				}
			}
		}
	}
}

// With a batch norm the parts are normalised by themselves, so that a part more or less is another training; it goes on where it stopped.
func TestABatchInPartsGoesOnWhereItStopped(t *testing.T) {
	s := draw(t, 13)
	start := func(n int) train.Job {
		j := job(t, s)
		j.Optimization.Batch, j.Engine, j.Loaders = experiment.Batch{Size: 6, Accumulate: 3}, threads(t, n), n
		j.Optimization.Solver.Kind, j.Optimization.Init.Kind = "sam", "lsuv"
		j.Observers = []experiment.Observer{{Average: experiment.Average{Kind: "swa"}}}
		return j
	}
	want := run(t, start(1))
	j := start(2)
	j.Checkpoint = t.TempDir() + "/c"
	interrupted(t, j)
	got := run(t, j)
	same(t, got, want)
	if got.Resumed != 3 || got.Observed[0].Model.Digest != want.Observed[0].Model.Digest {
		t.Errorf("went on from step %d", got.Resumed)
	}
	plain := start(1)
	plain.Optimization.Batch.Accumulate = 1
	if run(t, plain).Model.Digest == want.Model.Digest {
		t.Error("the parts of a batch norm are those of the whole")
	}
}

func TestAStepInPartsAllocatesNothing(t *testing.T) {
	j := job(t, draw(t, 160))
	j.Engine, j.Optimization.Batch = threads(t, 2), experiment.Batch{Size: 6, Accumulate: 2}
	step := steady(t, j)
	for range 5 {
		step()
	}
	if n := testing.AllocsPerRun(40, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}
