package compile_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// first is a network of one convolution and a classifier.
func first(size nn.Size, conv nn.Conv) func(t *testing.T) *nn.Graph {
	return built(size, 3, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.Linear(b.GlobalAvgPool(b.Bias(b.ConvOf(x, conv), true)), nn.Classes))
	})
}

func whitened() experiment.Optimization {
	o := experiment.DefaultOptimization()
	o.Init.Kind = "whiten"
	return o
}

func TestWhiteningGivesWhatPyTorchsEigenvectorsGive(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/whiten.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Images  [4]int
		Kernel  [2]int
		Out     int
		Weights [][]float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		size := nn.Size{H: c.Images[1], W: c.Images[2], C: c.Images[3]}
		x := make([]float32, c.Images[0]*size.Elems())
		for i := range x {
			row, of := size.W*size.C, size.Elems()
			v := float64((7*(i/of)+3*(i/row%size.H)+2*(i/size.C%size.W))%23)/23 + 0.1*float64(i%size.C)
			x[i] = float32(v + 0.5*(float64((i*i*31+i*1103)%1009)/1009-0.5))
		}
		f := family(t, first(size, nn.Conv{Out: c.Out, Kernel: nn.HW(c.Kernel)})(t), whitened(), whitened().Init, 1)
		drawn := slices.Clone(f.State.Get("conv1/weight").Data)
		w, err := f.Whitening()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(x) > 0; x = x[size.Elems():] { // in batches of one
			w.Add(x[:size.Elems()], size)
		}
		if err := w.Set(); err != nil {
			t.Fatal(err)
		}
		got := f.State.Get("conv1/weight").Data
		for o := range c.Out {
			for i := range len(got) / c.Out {
				want := float64(drawn[i*c.Out+o]) // what outputs are more stays
				if o < len(c.Weights) {
					want = c.Weights[o][i]
				}
				if v := float64(got[i*c.Out+o]); math.Abs(v-want) > 1e-5*max(1, math.Abs(want)) {
					t.Fatalf("%v to %d: weight %d of output %d is %g, PyTorch gives %g", c.Kernel, c.Out, i, o, v, want)
				}
			}
		}
	}
}

func TestWhiteningIsNotTrainedAndItsBiasIs(t *testing.T) {
	g := first(nn.Size{H: 6, W: 6, C: 3}, nn.Conv{Out: 4, Kernel: nn.Square(2)})(t)
	f := family(t, g, whitened(), whitened().Init, 1)
	p, err := f.Step(2)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.String(); strings.Contains(s, "conv1/weight@velocity") || !strings.Contains(s, "conv1/bias@velocity") {
		t.Errorf("the step remembers\n%s", s)
	}
}

// What is not the first convolution begins as under the rule of the rest.
func TestWhiteningLeavesTheRestToItsRule(t *testing.T) {
	g, err := zoo.New("mini")
	if err != nil {
		t.Fatal(err)
	}
	begun := func(rule experiment.Init) *program.State {
		return family(t, g, experiment.DefaultOptimization(), rule, 1).State
	}
	for _, rest := range []string{"he", "dirac", "orthogonal"} {
		whole, apart := begun(experiment.Init{Kind: rest, Gain: 0.5}), begun(experiment.Init{Kind: "whiten", Rest: rest, Gain: 0.5})
		for _, name := range whole.Names() {
			if !slices.Equal(whole.Get(name).Data, apart.Get(name).Data) {
				t.Errorf("%s: %s differs", rest, name)
			}
		}
	}
}

func TestInitialisationsThatDoNotFitAreRefused(t *testing.T) {
	for _, c := range []struct {
		kind string
		net  func(t *testing.T) *nn.Graph
		want string
	}{
		{"whiten", built(nn.Size{H: 4, W: 4, C: 1}, 3, func(b *nn.Builder, x *nn.Node) { b.Logits(b.Linear(x, nn.Classes)) }),
			"init: whiten sets the first convolution, and net has none; choose another rule"},
		{"whiten", first(nn.Size{H: 4, W: 4, C: 4}, nn.Conv{Out: 4, Kernel: nn.Square(2), Groups: 2}),
			"init: whiten sets a first convolution that reads the images as they are, without groups or norms of its weights, and conv1 of net is another; choose another rule"},
		{"zero-gamma", first(nn.Size{H: 4, W: 4, C: 4}, nn.Conv{Out: 4}),
			"init: zero-gamma is of residual branches that end in a norm with scales, and net has none; choose another rule"},
	} {
		o := experiment.DefaultOptimization()
		o.Init.Kind = c.kind
		if _, err := compile.New(c.net(t), task.Classify{}, o, 1); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v\nwant %s", c.kind, err, c.want)
		}
	}
}

// With the last scales at 0 a block gives its bypass, and the others begin as they do under he.
func TestZeroGammaIsOfTheLastNormOfEveryBlock(t *testing.T) {
	for net, last := range map[string]string{"resnet20": "conv2/norm/gamma", "mobilenet_v3_small": "project/norm/gamma"} {
		g, err := zoo.New(net)
		if err != nil {
			t.Fatal(err)
		}
		zeros := 0
		for name, data := range firstValues(t, g, "zero-gamma") {
			if !strings.HasSuffix(name, "gamma") {
				continue
			}
			switch {
			case data[0] == 0 && !strings.HasSuffix(name, last):
				t.Errorf("%s: %s is 0", net, name)
			case data[0] == 0:
				zeros++
			}
		}
		if want := len(g.Overlay().Branches()); zeros != want || want == 0 {
			t.Errorf("%s: %d scales are 0, of %d branches", net, zeros, want)
		}
	}
}

func firstValues(t *testing.T, g *nn.Graph, kind string) map[string][]float32 {
	t.Helper()
	o := experiment.DefaultOptimization()
	o.Init.Kind = kind
	f := family(t, g, o, o.Init, 1)
	values := map[string][]float32{}
	for _, name := range f.Kept() {
		values[name] = f.State.Get(name).Data
	}
	return values
}

func TestDrawnWeightsHaveTheDeviationOfTheirRule(t *testing.T) {
	g := first(nn.Size{H: 8, W: 8, C: 16}, nn.Conv{Out: 64, Kernel: nn.Square(3)})(t)
	for kind, want := range map[string]float64{"he": math.Sqrt(2. / (9 * 16)), "msra-fan-out": math.Sqrt(2. / (9 * 64)), "gaussian": 0.01, "orthogonal": 1 / math.Sqrt(9*16)} {
		w := firstValues(t, g, kind)["conv1/weight"]
		square := 0.0
		for _, v := range w {
			square += float64(v) * float64(v) / float64(len(w))
		}
		if got := math.Sqrt(square); math.Abs(got-want) > 0.03*want {
			t.Errorf("%s: a deviation of %g, want %g", kind, got, want)
		}
	}
}

// A layer with lengths of its own begins as the one without them.
func TestWeightNormBeginsAsTheWeightsThatAreDrawn(t *testing.T) {
	g := first(nn.Size{H: 8, W: 8, C: 3}, nn.Conv{Out: 5, Kernel: nn.Square(3)})(t)
	g.Overlay().Set(nn.Out(g.Node("conv1")), nn.WeightNorm{})
	values := firstValues(t, g, "he")
	w, length := values["conv1/weight"], values["conv1/length"]
	for c, l := range length {
		square := 0.0
		for i := c; i < len(w); i += len(length) {
			square += float64(w[i]) * float64(w[i])
		}
		if math.Abs(math.Sqrt(square)-float64(l)) > 1e-6 {
			t.Errorf("channel %d has a length of %g, its weights %g", c, l, math.Sqrt(square))
		}
	}
}

func TestAGhostThatDoesNotDivideTheBatchIsRefused(t *testing.T) {
	g := built(nn.Size{H: 4, W: 4, C: 1}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Conv(x, 4, 3, 1)
		norm := nn.NewBatchNorm()
		norm.Ghost = 4
		b.Over(nn.Out(x), norm, x)
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
	f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	want := "conv1/norm: groups of 4 images do not divide a batch of 6; give a ghost that does"
	if _, err := f.Step(6); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := f.Evaluation(6); err != nil {
		t.Errorf("an evaluation needs no groups: %v", err)
	}
}
