package compile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
)

// averagings are the cases of make_averages.py.
var averagings = map[string]experiment.Average{
	"ema":             {Kind: "ema", Decay: 0.8},
	"ema, warm":       {Kind: "ema", Decay: 0.4, Warm: true},
	"swa":             {Kind: "swa", From: 0.4},
	"swa with a rate": {Kind: "swa", From: 0.4, LR: 0.03},
	"lookahead":       {Kind: "lookahead", Every: 4, Alpha: 0.3},
	"with a power":    {Kind: "lookahead", Every: 4, Alpha: 0.3, Power: 3},
}

// TestAveragesOfTenStepsAreThoseOfPyTorch compares on both engines, as TestTenStepsAreThoseOfPyTorch does.
func TestAveragesOfTenStepsAreThoseOfPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/averages.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases map[string]golden }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	fast, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	if len(file.Cases) != len(averagings) {
		t.Errorf("%d cases, PyTorch has %d", len(averagings), len(file.Cases))
	}
	for name, a := range averagings {
		for _, e := range []engine.Engine{ref.New(), fast} {
			t.Run(name+"/"+e.ID().Name, func(t *testing.T) { average(t, e, a, file.Cases[name]) })
		}
	}
}

func average(t *testing.T, e engine.Engine, a experiment.Average, want golden) {
	const batch, epoch = 5, 2
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.LR, o.Batch.Size, o.Average, l.Epochs.Count = experiment.LR{Base: 0.1, Policy: "fixed"}, batch, a, 5
	schedule, err := experiment.NewSchedule(o, l, epoch*batch)
	if err != nil {
		t.Fatal(err)
	}
	g := built(nn.Size{H: 8, W: 7, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		x = b.Act(b.Norm(b.As("first").ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(3), Padding: nn.Pad(1)})), nn.Tanh)
		x = b.Act(b.Norm(b.As("deep").ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 8})), nn.Tanh)
		x = b.Act(b.As("hidden").Linear(b.GlobalAvgPool(x), 12), nn.Tanh)
		b.Logits(b.As("output").Linear(x, nn.Classes))
	})(t)
	f := family(t, g, o, experiment.Init{Kind: "he", Gain: 1}, 1)
	start(t, g, f.State)
	step := plan(t, e, f, f.Step, batch)
	var state *program.State
	p, on := (*program.Program)(nil), f.State
	if a.Kind == "lookahead" {
		p, err = f.Lookahead()
	} else {
		p, state, err = f.Averaging("mean")
		on = state
	}
	if err != nil {
		t.Fatal(err)
	}
	move, err := e.Compile(p, on)
	if err != nil {
		t.Fatal(err)
	}
	averaged := func(kept float32) {
		scalars := map[string]float32{}
		f.Scalars(scalars, 0, 0)
		scalars[compile.Kept] = kept
		if err := move.Run(engine.Feed{Scalars: scalars}); err != nil {
			t.Fatal(err)
		}
	}
	averaged(0)
	feed := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	for i := range want.Losses {
		labels := make([]int32, batch)
		for n := range labels {
			labels[n] = int32((3*n + i) % g.Classes)
		}
		feed.Real[compile.Images], feed.Index[task.Labels] = images(g, batch, i), labels
		f.Scalars(feed.Scalars, o.Rate(i, schedule, 0), i)
		if err := step.Run(feed); err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("loss of step %d", i), float64(step.Output(compile.Loss)[0]), want.Losses[i], 1)
		if kept, due := a.Due(i+1, schedule); due {
			averaged(kept)
		}
	}
	mean := f
	if state != nil {
		if mean, err = f.Averaged("mean", state); err != nil {
			t.Fatal(err)
		}
	}
	if a.Kind == "swa" {
		restate := plan(t, e, mean, mean.Restatistics, batch)
		for i := range 3 {
			feed.Real[compile.Images] = images(g, batch, 100+i)
			feed.Scalars[compile.Kept] = float32(i) / float32(i+1)
			if err := restate.Run(feed); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range f.Kept() {
		got, w := mean.State.Get(name), want.Tensors[name]
		if !got.Shape.Equal(w.Shape) {
			t.Errorf("%s: shape %v, want %v", name, got.Shape, w.Shape)
			continue
		}
		scale := w.Norm / math.Sqrt(float64(len(got.Data)))
		near(t, name+": norm", norm(got.Data), w.Norm, 0)
		for i, v := range w.Some {
			near(t, fmt.Sprintf("%s: element %d", name, i*w.Stride), float64(got.Data[i*w.Stride]), v, scale)
		}
	}
}
