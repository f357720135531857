package compile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// solved is the network of make_solvers.py: a first convolution, a depthwise one, matrices wider and taller than high, a classifier.
func solved(t *testing.T) *nn.Graph {
	t.Helper()
	return built(nn.Size{H: 8, W: 7, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		for _, c := range []struct {
			name string
			conv nn.Conv
		}{
			{"first", nn.Conv{Out: 8, Kernel: nn.Square(3), Padding: nn.Pad(1)}},
			{"deep", nn.Conv{Out: 8, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 8}},
			{"wide", nn.Conv{Out: 20, Kernel: nn.Square(1)}},
			{"narrow", nn.Conv{Out: 6, Kernel: nn.Square(3), Padding: nn.Pad(1)}},
		} {
			x = b.Act(b.Norm(b.As("%s", c.name).ConvOf(x, c.conv)), nn.Tanh)
		}
		x = b.Act(b.As("hidden").Linear(b.GlobalAvgPool(x), 12), nn.Tanh)
		b.Logits(b.As("output").Linear(x, nn.Classes))
	})(t)
}

// solvings are the cases of make_solvers.py: a rate, and how the settings differ from the defaults with momentum 0.9.
var solvings = map[string]struct {
	lr  float32
	set func(o *experiment.Optimization)
}{
	"sgd decoupled": {0.1, func(o *experiment.Optimization) { o.Solver.Nesterov, o.Decay.Strength = true, given(0.05) }},
	"adam":          {0.01, solve("adam", 0.02)},
	"adamw":         {0.01, solve("adamw", 0)},
	"adamw, decay given": {0.01, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Decay = "adamw", experiment.Shrink{Strength: given(0.5), Except: []string{"depthwise"}}
	}},
	"nadam":   {0.01, solve("nadam", 0.02)},
	"radam":   {0.01, solve("radam", 0.02)},
	"rmsprop": {0.001, solve("rmsprop", 0.02)},
	"rmsprop without momentum": {0.001, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Solver.Momentum, o.L2 = "rmsprop", 0, experiment.Decay{Strength: 0.02}
	}},
	"adagrad":  {0.05, solve("adagrad", 0.02)},
	"adadelta": {1, func(o *experiment.Optimization) { solve("adadelta", 0.02)(o); o.Solver.Eps = 1e-6 }},
	"lars": {1, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Solver.Trust, o.L2 = "lars", 0.02, experiment.Decay{Strength: 0.02} // which spares biases and norms by itself
	}},
	"lamb": {0.02, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Decay = "lamb", experiment.Shrink{Strength: given(0.05)}
	}},
	"lion": {0.002, func(o *experiment.Optimization) { o.Solver.Kind, o.Decay.Strength = "lion", given(0.5) }},
	"muon": {0.02, func(o *experiment.Optimization) { o.Solver.Kind, o.Solver.Nesterov = "muon", true }},
	"muon, match-rms": {0.02, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Solver.Scale, o.Solver.Rest = "muon", "match-rms", "sgd"
		o.Decay.Strength = given(0.5)
	}},
	"label smoothing": {0.1, func(o *experiment.Optimization) { o.LabelSmoothing.Amount = 0.2 }},
	"binary":          {0.5, func(o *experiment.Optimization) { o.Loss.Kind, o.LabelSmoothing.Amount = "bce", 0.2 }},
	"focal":           {0.1, func(o *experiment.Optimization) { o.Loss = experiment.Loss{Kind: "focal", Gamma: 1.5} }},
	"l1":              {0.1, func(o *experiment.Optimization) { o.L1.Strength = 0.01 }},
	"clip by norm":    {0.1, func(o *experiment.Optimization) { o.L2.Strength, o.Clip.Norm = 0.02, 0.5 }},
	"clip by value":   {0.1, func(o *experiment.Optimization) { o.L2.Strength, o.Clip.Value = 0.02, 0.02 }},
	"clip by channel": {0.1, func(o *experiment.Optimization) { o.L2.Strength, o.Clip.Adaptive = 0.02, 0.02 }},
	"sam":             {0.1, func(o *experiment.Optimization) { o.Solver.Kind, o.L2.Strength = "sam", 0.02 }},
	"sam, adaptive over adamw": {0.01, func(o *experiment.Optimization) {
		o.Solver.Kind, o.Solver.Base, o.Solver.Adaptive, o.Solver.Radius = "sam", "adamw", true, 0.5
	}},
}

func given(v float32) *float32 { return &v }

func solve(kind string, l2 float32) func(o *experiment.Optimization) {
	return func(o *experiment.Optimization) { o.Solver.Kind, o.L2.Strength = kind, l2 }
}

// TestTenStepsAreThoseOfPyTorch compares on both engines: ref shows that the rule is right, cpu that its float32 is near.
func TestTenStepsAreThoseOfPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/solvers.json")
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
	if len(file.Cases) != len(solvings) {
		t.Errorf("%d cases, PyTorch has %d", len(solvings), len(file.Cases))
	}
	for name, c := range solvings {
		o := experiment.DefaultOptimization()
		o.LR.Layers = experiment.Factors{{Layers: "wide", By: 0.3}, {Layers: "output", By: 2}}
		c.set(&o)
		for _, e := range []engine.Engine{ref.New(), fast} {
			t.Run(name+"/"+e.ID().Name, func(t *testing.T) { tenSteps(t, e, o, c.lr, file.Cases[name]) })
		}
	}
}

func tenSteps(t *testing.T, e engine.Engine, o experiment.Optimization, lr float32, want golden) {
	const batch = 5
	g := solved(t)
	f, err := compile.New(g, task.Classify{Of: o.Loss.Kind, Gamma: o.Loss.Gamma, Smoothing: o.LabelSmoothing.Amount}, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	start(t, g, f.State)
	step := plan(t, e, f, f.Step, batch)
	feed := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	for i := range want.Losses {
		labels := make([]int32, batch)
		for n := range labels {
			labels[n] = int32((3*n + i) % g.Classes)
		}
		feed.Real[compile.Images], feed.Index[task.Labels] = images(g, batch, i), labels
		f.Scalars(feed.Scalars, float32(float64(lr)*(1-0.05*float64(i))), i)
		if err := step.Run(feed); err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("loss of step %d", i), float64(step.Output(compile.Loss)[0]), want.Losses[i], 1)
	}
	if n := testing.AllocsPerRun(5, func() { f.Scalars(feed.Scalars, lr, 11) }); n != 0 {
		t.Errorf("%g allocations for the scalars of a step", n)
	}
	for _, name := range f.Kept() {
		got, w := f.State.Get(name), want.Tensors[name]
		if !got.Shape.Equal(w.Shape) {
			t.Errorf("%s: shape %v, want %v", name, got.Shape, w.Shape)
			continue
		}
		scale := w.Norm / math.Sqrt(float64(len(got.Data))) // of one element
		near(t, name+": norm", norm(got.Data), w.Norm, 0)
		for i, v := range w.Some {
			near(t, fmt.Sprintf("%s: element %d", name, i*w.Stride), float64(got.Data[i*w.Stride]), v, scale)
		}
	}
}

func norm(x []float32) float64 {
	squares := 0.0
	for _, v := range x {
		squares += float64(v) * float64(v)
	}
	return math.Sqrt(squares)
}

// The second gradient of sam is that of a plain family whose parameters have been moved by hand, at the same step: with the same masks.
func TestTheSecondGradientHasTheMasksOfTheFirstAndMovesNoStatistics(t *testing.T) {
	build := func() *nn.Graph {
		return built(nn.Size{H: 7, W: 6, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
			x = b.Dropout(b.Act(b.Norm(b.As("first").Conv(x, 8, 3, 1)), nn.Tanh), 0.4)
			b.Logits(b.As("output").Linear(b.GlobalAvgPool(b.Act(b.As("second").Conv(x, 6, 3, 1), nn.RReLU)), nn.Classes))
		})(t)
	}
	o := sgd(false, 0.02)
	plain := machineOf(t, build(), o)
	o.Solver.Kind, o.Solver.Radius = "sam", 0.5
	climbing := machineOf(t, build(), o)
	const step = 2
	gradients := func(m *machine) map[string][]float32 {
		p := plan(t, ref.New(), m.f, m.f.Gradients, 5)
		m.feed.Scalars[compile.GradientKept] = 0
		m.run(p, 5, step, 0, 5)
		all := map[string][]float32{}
		for name, v := range m.values() {
			if of, is := strings.CutSuffix(name, "@gradient"); is {
				all[of] = v
			}
		}
		return all
	}
	got, first := gradients(climbing), gradients(plain)
	for _, name := range []string{"first/norm/mean", "first/norm/var"} {
		if !slices.Equal(plain.values()[name], climbing.values()[name]) {
			t.Errorf("%s moves otherwise than in one pass", name)
		}
	}
	total := 0.0
	for _, g := range first {
		total += norm(g) * norm(g)
	}
	for name, g := range first {
		if err := plain.f.State.Write(name, func(w []float32) {
			for i := range w {
				w[i] += float32(0.5 / math.Sqrt(total) * float64(g[i]))
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range gradients(plain) {
		scale := norm(want) / math.Sqrt(float64(len(want)))
		for i, v := range want {
			near(t, name, float64(got[name][i]), float64(v), scale)
		}
		if d := norm(first[name]); math.Abs(norm(got[name])-d) < 1e-3*d {
			t.Errorf("%s: the climb changes nothing", name)
		}
	}
}

// The cpu makes norms again in the backward pass rather than keep them, in that of sam's second gradient too.
func TestTheSecondPassOfSamTakesTheMemoryOfTheFirst(t *testing.T) {
	e, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	arena := map[string]int64{}
	for _, kind := range []string{"sgd", "sam"} {
		o := sgd(false, 0)
		o.Solver.Kind = kind
		g, err := zoo.New("resnet20")
		if err != nil {
			t.Fatal(err)
		}
		f := family(t, g, o, experiment.Init{Kind: "he", Gain: 1}, 1)
		arena[kind] = plan(t, e, f, f.Step, 8).Plan().ArenaBytes
	}
	if arena["sam"] > arena["sgd"]+arena["sgd"]/20 {
		t.Errorf("sam takes %d bytes, sgd %d", arena["sam"], arena["sgd"])
	}
}

func TestASolverCannotBeWithinItself(t *testing.T) {
	for want, s := range map[string]experiment.Solver{
		"solver: sam cannot be within sam; choose another":   {Kind: "sam", Base: "sam"},
		"solver: sam cannot be within muon; choose another":  {Kind: "muon", Rest: "sam"},
		"solver: muon cannot be within muon; choose another": {Kind: "muon", Rest: "muon"},
		`solver: no rule ""; choose sgd`:                     {Kind: "sam"},
	} {
		o := sgd(false, 0)
		o.Solver = s
		if _, err := compile.New(solved(t), task.Classify{}, o, 1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", s, err, want)
		}
	}
}
