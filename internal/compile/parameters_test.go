package compile_test

import (
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
)

// layered has three convolutions with norms, the second behind the first's frozen or trained, and a biased classifier.
func layered(t *testing.T) *nn.Graph {
	t.Helper()
	return built(nn.Size{H: 7, W: 6, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		x = b.ReLU(b.Norm(b.As("first").Conv(x, 5, 3, 1)))
		x = b.ReLU(b.Norm(b.As("second").Conv(x, 6, 3, 1)))
		x = b.ReLU(b.Norm(b.As("third").Conv(x, 6, 3, 1)))
		b.Logits(b.As("output").Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
}

// machine is a network with its State begun and its programs on an engine.
type machine struct {
	*testing.T
	f    *compile.Family
	feed engine.Feed
}

func machineOf(t *testing.T, g *nn.Graph, o experiment.Optimization) *machine {
	f := family(t, g, o, experiment.Init{Kind: "he", Gain: 1}, 3)
	for _, name := range f.Kept() { // running statistics that say something
		if f.State.Get(name).Shape.Rank() == 1 {
			for i := range f.State.Get(name).Data {
				f.State.Get(name).Data[i] += 0.25 + float32(i%3)/8
			}
		}
	}
	return &machine{t, f, engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}}
}

// run runs a program on the images of a batch.
func (m *machine) run(e engine.Executable, batch, step int, from, n int) {
	m.Helper()
	size := m.f.Graph.InputSize().Elems()
	labels := make([]int32, batch)
	for i := range labels {
		labels[i] = int32((3*i + step) % m.f.Graph.Classes)
	}
	m.feed.Real[compile.Images] = images(m.f.Graph, batch, step)[from*size : (from+n)*size]
	m.feed.Index[task.Labels] = labels[from : from+n]
	m.f.Scalars(m.feed.Scalars, []float32{0.1, 0.08, 0.05}[step], step)
	if err := e.Run(m.feed); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) values() map[string][]float32 {
	all := map[string][]float32{}
	for _, name := range m.f.State.Names() {
		all[name] = slices.Clone(m.f.State.Get(name).Data)
	}
	return all
}

func mustGlob(t *testing.T, text string) nn.Glob {
	t.Helper()
	var g nn.Glob
	if err := g.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return g
}

// Gradients come from a family that has no table, the two rates and the momentum are worked out here.
func TestTwoRatesAreWhatTwoRatesByHandGive(t *testing.T) {
	o := sgd(false, 0.02, "bias", "norm")
	plain := machineOf(t, layered(t), o)
	o.LR.Layers = experiment.Factors{{Layers: "**", By: 0.3}, {Layers: mustGlob(t, "s*"), By: 0.1}, {Layers: "output", By: 2}}
	m := machineOf(t, layered(t), o)
	step := plan(t, ref.New(), m.f, m.f.Step, 5)
	gradients := plan(t, ref.New(), plain.f, plain.f.Gradients, 5)
	velocity := map[string][]float64{}
	for i, lr := range []float32{0.1, 0.08, 0.05} {
		m.run(step, 5, i, 0, 5)
		plain.feed.Scalars[compile.GradientKept] = 0
		plain.run(gradients, 5, i, 0, 5)
		for name, g := range plain.values() {
			name, is := strings.CutSuffix(name, "@gradient")
			if !is {
				continue
			}
			factor, decay := 0.3, 0.0
			switch {
			case strings.HasPrefix(name, "second"):
				factor = 0.1
			case strings.HasPrefix(name, "output"):
				factor = 2
			}
			if strings.HasSuffix(name, "/weight") {
				decay = 0.02
			}
			p := plain.f.State.Get(name).Data
			if velocity[name] == nil {
				velocity[name] = make([]float64, len(p))
			}
			for j, v := range velocity[name] {
				v = 0.9*v + float64(g[j]) + decay*float64(p[j])
				velocity[name][j] = v
				p[j] = float32(float64(p[j]) - float64(lr)*factor*v)
			}
		}
		if err := plain.f.State.Changed(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range m.f.Kept() {
		want := plain.f.State.Get(name).Data
		for j, v := range m.f.State.Get(name).Data {
			near(t, name, float64(v), float64(want[j]), 1)
		}
	}
}

func TestAFrozenLayerStaysAndLearningGoesThroughIt(t *testing.T) {
	yes, no := true, false
	o := sgd(true, 0.02)
	o.Parameters = []experiment.ParameterSetting{{Layers: "**", Frozen: &yes}, {Layers: "first", Frozen: &no}, {Layers: "output", Frozen: &no}, {Layers: "third", Frozen: &yes}}
	fast, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	var ends []map[string][]float32
	for _, e := range []engine.Engine{ref.New(), fast} {
		m := machineOf(t, layered(t), o)
		before := m.values()
		step := plan(t, e, m.f, m.f.Step, 5)
		for i := range 3 {
			m.run(step, 5, i, 0, 5)
		}
		after := m.values()
		for name, was := range before {
			frozen := strings.HasPrefix(name, "second") || strings.HasPrefix(name, "third")
			if stays := reflect.DeepEqual(was, after[name]); stays != frozen {
				t.Errorf("%s stays: %v, frozen: %v", name, stays, frozen)
			}
			if after[name+"@velocity"] != nil && frozen {
				t.Errorf("%s has a velocity", name)
			}
		}
		ends = append(ends, after)
	}
	for name, want := range ends[0] {
		for i, v := range ends[1][name] {
			if math.Abs(float64(v-want[i])) > 1e-4*max(1, math.Abs(float64(want[i]))) {
				t.Fatalf("%s[%d]: %g, ref has %g", name, i, v, want[i])
			}
		}
	}
}

// The step of a network behind a frozen front asks for no gradient of it.
func TestNoGradientIsMadeForAFrozenFront(t *testing.T) {
	yes := true
	o := sgd(false, 0)
	count := func(o experiment.Optimization) int {
		f := family(t, layered(t), o, experiment.Init{Kind: "he", Gain: 1}, 1)
		p, err := f.Step(2)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, node := range p.Nodes {
			if strings.HasPrefix(node.Op.Kind(), "conv-grad") {
				n++
			}
		}
		return n
	}
	all := count(o)
	o.Parameters = []experiment.ParameterSetting{{Layers: "first", Frozen: &yes}, {Layers: "second", Frozen: &yes}}
	if got := count(o); all != 5 || got != 1 {
		t.Errorf("%d gradients of convolutions with two of three frozen, %d with none; want 1 and 5", got, all)
	}
}

func TestALaterRowWinsKeyByKey(t *testing.T) {
	half, decay := float32(0.5), float32(0.25)
	o := sgd(false, 0.02, "bias", "norm")
	o.LR.Layers = experiment.Factors{{Layers: "first", By: 0.1}}
	o.Parameters = []experiment.ParameterSetting{{Layers: "first", LR: &half}, {Layers: "first", Decay: &decay}}
	f := family(t, layered(t), o, experiment.Init{Kind: "he", Gain: 1}, 1)
	p, err := f.Step(2)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, n := range p.Nodes {
		if _, ok := n.Op.(program.SGD); ok {
			got[n.In[0].Name] = n.In[3].Name + " " + n.In[5].Name
		}
	}
	for name, want := range map[string]string{
		"first/weight": "lr·0.5 l2=0.25", "first/norm/gamma": "lr·0.5 l2=0.25", "second/weight": "lr l2=0.02", "second/norm/gamma": "lr l2=0", "output/bias": "lr l2=0",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q (of %v)", name, got[name], want, slices.Sorted(maps.Keys(got)))
		}
	}
	scalars := map[string]float32{}
	f.Scalars(scalars, 0.1, 0)
	if scalars["lr"] != 0.1 || scalars["lr·0.5"] != 0.05 {
		t.Errorf("rates %v", scalars)
	}
	if n := testing.AllocsPerRun(10, func() { f.Scalars(scalars, 0.1, 7) }); n != 0 {
		t.Errorf("%g allocations for the scalars of a step", n)
	}
}

func TestRatesByDepthCountStagesFromTheHead(t *testing.T) {
	g := built(nn.Size{H: 9, W: 8, C: 3}, 5, func(b *nn.Builder, x *nn.Node) {
		x = module.ConvBNReLU(b, x, 6, 3, 1)
		x = module.Stage(b.Scope("stage1"), x, module.Basic, 2, 6, 1, module.OptionA)
		b.Logits(b.As("output").Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
	o := sgd(false, 0)
	o.LR.Depth, o.LR.Layers = 0.5, experiment.Factors{{Layers: mustGlob(t, "stage1/block2/**"), By: 0.1}, {Layers: mustGlob(t, "stage1/**/norm/beta"), By: 64}}
	p, err := family(t, g, o, experiment.Init{Kind: "he", Gain: 1}, 1).Step(2)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, n := range p.Nodes {
		if _, ok := n.Op.(program.SGD); ok {
			got[n.In[0].Name] = n.In[3].Name
		}
	}
	for name, want := range map[string]string{"output/bias": "lr", "stage1/block1/conv1/weight": "lr·0.5", "stage1/block2/conv1/weight": "lr·0.1", "conv1/norm/beta": "lr·0.25", "stage1/block2/conv1/norm/beta": "lr·64", "stage1/block2/conv1/norm/gamma": "lr·0.1"} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q (of %v)", name, got[name], want, got)
		}
	}
}

func TestATableThatCannotBeIsRefused(t *testing.T) {
	yes, zero, below := true, float32(0), float32(-1)
	for want, rows := range map[string][]experiment.ParameterSetting{
		`has no parameters in a layer "fourth"; name layers as assay net show prints them`: {{Layers: "fourth", Frozen: &yes}},
		"all parameters are frozen; leave some to be trained":                              {{Layers: "**", Frozen: &yes}},
		"first/weight: a factor of 0 on the rate":                                          {{Layers: "first", LR: &zero}},
		"first/weight: a factor of 1 on the rate, a decay of -1":                           {{Layers: "first", Decay: &below}},
	} {
		o := sgd(false, 0)
		o.Parameters = rows
		if _, err := compile.New(layered(t), task.Classify{}, o, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", rows, err, want)
		}
	}
	marked := built(nn.Size{H: 3, W: 3, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.As("a@b").Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
	if _, err := compile.New(marked, task.Classify{}, sgd(false, 0), 1); err == nil || err.Error() != "a@b/weight: a name with an @ is of what a solver remembers; name the layer without one" {
		t.Errorf("got %v", err)
	}
	o := sgd(false, 0)
	o.Solver.Kind = "newton"
	if _, err := compile.New(layered(t), task.Classify{}, o, 1); err == nil || !strings.HasPrefix(err.Error(), `solver: no rule "newton"; choose sgd, adam, `) {
		t.Errorf("got %v", err)
	}
}

func TestTheWordsOfASettingAreTheSolversThereAre(t *testing.T) {
	f, _ := reflect.TypeFor[experiment.Solver]().FieldByName("Kind")
	for _, kind := range strings.Split(f.Tag.Get("values"), ", ") {
		o := sgd(false, 0)
		o.Solver.Kind = kind
		if _, err := compile.New(layered(t), task.Classify{}, o, 1); err != nil {
			t.Error(err)
		}
	}
	o := sgd(false, 0)
	o.Solver.Kind = ""
	if _, err := compile.New(layered(t), task.Classify{}, o, 1); err == nil || !strings.HasSuffix(err.Error(), "choose "+f.Tag.Get("values")) {
		t.Errorf("the list of rules and the words of the setting differ: %v", err)
	}
}

func TestAStepIsItsTwoHalves(t *testing.T) {
	fast, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	o := sgd(true, 0.02, "bias")
	whole, halves := machineOf(t, layered(t), o), machineOf(t, layered(t), o)
	step := plan(t, fast, whole.f, whole.f.Step, 6)
	gradients := plan(t, fast, halves.f, halves.f.Gradients, 6)
	update := plan(t, fast, halves.f, func(int) (*program.Program, error) { return halves.f.Update() }, 0)
	for i := range 3 {
		whole.run(step, 6, i, 0, 6)
		halves.feed.Scalars[compile.GradientKept] = 0
		halves.run(gradients, 6, i, 0, 6)
		halves.run(update, 6, i, 0, 6)
	}
	got := halves.values()
	for name, want := range whole.values() {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s differs", name)
		}
	}
}

// Without a norm over the batch the mean of the gradients of parts is the gradient of the whole.
func TestGradientsOfPartsAddUpToThoseOfTheWhole(t *testing.T) {
	net := goldenNets["windows"]
	whole, parts := machineOf(t, net.build(t), net.optimization), machineOf(t, net.build(t), net.optimization)
	step := plan(t, ref.New(), whole.f, whole.f.Step, 6)
	gradients := plan(t, ref.New(), parts.f, parts.f.Gradients, 2)
	update := plan(t, ref.New(), parts.f, func(int) (*program.Program, error) { return parts.f.Update() }, 0)
	for i := range 3 {
		whole.run(step, 6, i, 0, 6)
		for part := range 3 {
			parts.feed.Scalars[compile.GradientKept] = float32(part) / float32(part+1)
			parts.run(gradients, 6, i, 2*part, 2)
		}
		parts.run(update, 6, i, 0, 2)
	}
	for _, name := range whole.f.Kept() {
		want := whole.f.State.Get(name).Data
		for j, v := range parts.f.State.Get(name).Data {
			near(t, name, float64(v), float64(want[j]), 1)
		}
	}
}

// With norms of a part of the batch that is so of networks with batch norm, too, running statistics included.
func TestPartsOfABatchAreTheWholeWithGhosts(t *testing.T) {
	g := layered(t)
	for _, name := range []string{"first", "second", "third"} {
		norm := nn.NewBatchNorm()
		norm.Ghost = 2
		g.Overlay().Set(nn.Out(g.Node(name)), norm)
	}
	o := sgd(true, 0.02, "bias")
	whole, parts := machineOf(t, g, o), machineOf(t, layered(t), o)
	step := plan(t, ref.New(), whole.f, whole.f.Step, 6)
	gradients := plan(t, ref.New(), parts.f, parts.f.Gradients, 2)
	update := plan(t, ref.New(), parts.f, func(int) (*program.Program, error) { return parts.f.Update() }, 0)
	for i := range 3 {
		whole.run(step, 6, i, 0, 6)
		for part := range 3 {
			parts.feed.Scalars[compile.GradientKept] = float32(part) / float32(part+1)
			parts.run(gradients, 6, i, 2*part, 2)
		}
		parts.run(update, 6, i, 0, 2)
	}
	for _, name := range whole.f.Kept() {
		want := whole.f.State.Get(name).Data
		for j, v := range parts.f.State.Get(name).Data {
			near(t, name, float64(v), float64(want[j]), 1)
		}
	}
}

func TestOneStateServesTwoSizes(t *testing.T) {
	o := sgd(false, 0.01)
	m := machineOf(t, layered(t), o)
	large, err := m.f.Sized(11, 9)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := m.f.Sized(7, 6); err != nil || same != m.f {
		t.Errorf("at its own size a family is itself: %v", err)
	}
	own := plan(t, ref.New(), m.f, m.f.Step, 4)
	big := &machine{t, large, m.feed}
	other := plan(t, ref.New(), large, large.Step, 3)
	names := slices.Clone(m.f.State.Names())
	before := m.values()
	m.run(own, 4, 0, 0, 4)
	between := m.values()
	big.run(other, 3, 1, 0, 3)
	after := m.values()
	for _, name := range names {
		if slices.Equal(before[name], between[name]) || slices.Equal(between[name], after[name]) {
			t.Errorf("%s does not move at both sizes", name)
		}
	}
	flat := built(nn.Size{H: 6, W: 6, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.As("output").Linear(b.Layer(nn.Flatten{}, b.Conv(x, 5, 3, 1)), nn.Classes))
	})(t)
	f := family(t, flat, o, experiment.Init{Kind: "he", Gain: 1}, 1)
	if _, err := f.Sized(4, 4); err == nil || err.Error() != "images of 4x4: output/weight is [80 4], and [180 4] at 6x6; a head that reads positions fits one size, write \"head: {kind: conv-avg, pool: keep}\"" {
		t.Errorf("got %v", err)
	}
}

// Blocks of docs/adding-a-solver.md name the file that they quote.
func TestThePageOnAddingASolverQuotesTheCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/adding-a-solver.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```go ")[1:]
	if len(blocks) == 0 {
		t.Fatal("the page quotes nothing")
	}
	for _, block := range blocks {
		path, code, _ := strings.Cut(block, "\n")
		code, _, _ = strings.Cut(code, "```")
		file, err := os.ReadFile("../../" + path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(file), code) {
			t.Errorf("%s does not hold\n%s", path, code)
		}
	}
}
