package compile_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

func family(t *testing.T, g *nn.Graph, o experiment.Optimization, rule experiment.Init, seed uint64) *compile.Family {
	t.Helper()
	f, err := compile.New(g, task.Classify{}, o, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Initialize(rule, seed); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEveryNetworkOfTheZooHasAllPrograms(t *testing.T) {
	for _, n := range zoo.List() {
		t.Run(n.Name, func(t *testing.T) {
			var options []zoo.Option
			if n.Published.Params > 50e6 { // smaller images leave the hidden layers of VGG and its like fewer weights to hold
				options = append(options, zoo.Input(96, 96, 3))
			}
			if testing.Short() && n.Published.Params > 20e6 {
				t.Skip("its state takes long to lay out")
			}
			g, err := zoo.New(n.Name, options...)
			if err != nil {
				t.Fatal(err)
			}
			f, err := compile.New(g, task.For(g, nil), experiment.DefaultOptimization(), 1)
			if err != nil {
				t.Fatal(err)
			}
			for what, build := range map[string]func(int) (*program.Program, error){"step": f.Step, "evaluation": f.Evaluation, "statistics": f.Statistics} {
				p, err := build(2)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				for _, v := range p.Inputs(program.Held) {
					if s := f.State.Get(v.Name); s == nil || !s.Shape.Equal(v.Shape()) {
						t.Errorf("%s: %s is not in the state as %v", what, v.Name, v.Shape())
					}
				}
				if cost, err := g.Cost(); what == "evaluation" && (err != nil || multiplyAdds(p) != 2*(cost.MACs+scaled(t, g))) {
					t.Errorf("evaluation of two images: %d multiply-adds, the graph counts %d for one (%v)", multiplyAdds(p), cost.MACs, err)
				}
			}
		})
	}
}

// scaled is the multiply-adds of layer scales, which a program runs as depthwise convolutions of one pixel and a graph, as its
// custom is with factors, does not count.
func scaled(t *testing.T, g *nn.Graph) (sum int64) {
	t.Helper()
	sizes, err := g.Sizes()
	if err != nil {
		t.Fatal(err)
	}
	for n := range nn.Each[nn.LayerScale](g) {
		sum += int64(sizes[n].Elems())
	}
	return sum
}

func multiplyAdds(p *program.Program) (sum int64) {
	for _, n := range p.Nodes {
		sum += program.MACs(n)
	}
	return sum
}

// everything is a network with each kind of layer and of elided layer at least once, at outputs and in front of readers.
func everything(t *testing.T) *nn.Graph {
	kinds := map[string]bool{}
	g := built(nn.Size{H: 8, W: 8, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		y := b.Dropout(b.Norm(b.Act(b.Conv(x, 4, 3, 2), nn.PReLU)), 0.5)
		y = b.Add(y, b.Layer(nn.Shortcut{Stride: 2, Out: 4}, x))
		b.Over(nn.In(y, 0), nn.Dropout{Rate: 0.2, Of: nn.Channel}, y)
		b.Over(nn.In(y, 1), nn.Dropout{Rate: 0.2, Of: nn.Depth}, y)
		y = b.PreAct(y, nn.NewBatchNorm(), nn.Activation{Func: nn.ReLU})
		y = b.Act(y, nn.RReLU)
		z := b.As("grouped").Conv(y, 4, 1, 1)
		b.Over(nn.Out(z), nn.WeightNorm{}, z)
		b.Over(nn.Out(z), nn.NewGroupNorm(), z)
		b.Over(nn.Out(z), nn.Dropout{Rate: 0.1, Of: nn.Block, Ramp: true}, z)
		z = b.As("standard").Conv(z, 4, 1, 1)
		b.Over(nn.Out(z), nn.NewWeightStandard(), z)
		b.Over(nn.Out(z), nn.Dropout{Rate: 0.1, Gaussian: true}, z)
		b.Over(nn.In(z, 0), nn.Dropout{Rate: 0.1, Of: nn.Weights}, z)
		y = b.As("joined").Add(y, z)
		y = b.Over(nn.Out(y), nn.NewLRN(), y)
		y = b.Layer(nn.LayerScale{Init: 0.5}, y)
		b.Over(nn.Out(y), nn.NewLayerNorm(), y)
		pooled := b.Layer(nn.Stack{}, b.GlobalAvgPool(y), b.As("largest").Layer(nn.GlobalPool{Type: nn.Max}, y))
		gate := b.Layer(nn.ChannelConv{Kernel: 3}, b.GlobalAvgPool(pooled))
		y = b.As("channels").Layer(nn.Gate{}, y, b.Act(gate, nn.Sigmoid))
		y = b.As("positions").Layer(nn.Gate{}, y, b.Act(b.Layer(nn.ChannelPool{Type: nn.MaxAvg}, y), nn.Sigmoid))
		y = b.Layer(nn.Attention{Heads: 2, Range: 2}, y, b.Conv(y, 4, 1, 1), y)
		b.AuxLogits("pooled", b.As("other").Linear(b.Layer(nn.AttentionPool{}, y, b.As("scores").ConvOf(y, nn.Conv{Out: 2, Zero: true})), nn.Classes), 0.5)
		y = b.Concat(b.MaxPool(y, 2, 2), b.Layer(nn.Scale{By: 2}, b.AvgPool(y, 2, 2)))
		y = b.Layer(nn.Split{Part: 2}, b.Layer(nn.Shuffle{Groups: 2}, y))
		boxes := b.Layer(nn.Reorg{Type: nn.Plain, Stride: 1}, b.Layer(nn.Reorg{}, y))
		b.AuxLogits("boxes", b.Layer(nn.Region{Anchors: "1x2 2x1"}, b.As("boxes").Conv(boxes, nn.PerBox(2), 1, 1)), 0.1)
		y = b.Layer(nn.Recurrent{Units: 3, Bidirectional: true}, y)
		b.AuxLogits("gem", b.Linear(b.Layer(nn.GeM{}, b.Layer(nn.BinPool{Bins: nn.Square(2)}, y)), nn.Classes), 0.1)
		b.AuxLogits("aux", b.Linear(b.GlobalAvgPool(y), nn.Classes), 0.5)
		b.Logits(b.Linear(b.Layer(nn.Flatten{}, y), nn.Classes))
	})(t)
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		kinds[s.Node.Layer.Kind()] = true
		for _, over := range append(s.OverIn, s.OverOut) {
			for _, a := range over {
				kinds[a.Layer.Kind()] = true
			}
		}
	}
	for _, l := range nn.Layers() {
		if !kinds[l.Zero.Kind()] {
			t.Errorf("the network lacks a layer of kind %s; add one", l.Zero.Kind())
		}
	}
	for _, l := range nn.Elideds() {
		if !kinds[l.Default.Kind()] {
			t.Errorf("the network lacks an elided layer of kind %s; add one", l.Default.Kind())
		}
	}
	return g
}

func TestEveryKindOfLayerIsLowered(t *testing.T) {
	f := family(t, everything(t), experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	for _, build := range []func(int) (*program.Program, error){f.Step, f.Evaluation, f.Statistics} {
		if _, err := build(3); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryActivationIsLowered(t *testing.T) {
	for _, fn := range nn.Funcs() {
		g := built(nn.Size{H: 2, W: 2, C: 4}, 3, func(b *nn.Builder, x *nn.Node) { b.Logits(b.Linear(b.Act(x, fn), nn.Classes)) })(t)
		if _, err := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1).Step(2); err != nil {
			t.Errorf("%s: %v", fn, err)
		}
	}
}

func TestEveryPoolingIsLowered(t *testing.T) {
	for _, kind := range nn.PoolKinds() {
		g := built(nn.Size{H: 7, W: 6, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
			for i, p := range []nn.Pool{
				{Type: kind, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)}, {Type: kind, Kernel: nn.HW{2, 3}, Stride: nn.HW{2, 1}, Ceil: true}, {Type: kind, Kernel: nn.Square(1)},
			} {
				b.AuxLogits(fmt.Sprint("aux", i), b.Linear(b.Layer(p, b.Conv(x, 4, 1, 1)), nn.Classes), 1)
			}
			b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
		})(t)
		f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
		for _, build := range []func(int) (*program.Program, error){f.Step, f.Evaluation, f.Statistics} {
			if _, err := build(2); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}

// Stochastic poolings draw in training; evaluation and statistics weigh by the probabilities: Zeiler, Fergus, arXiv:1301.3557.
func TestStochasticPoolingIsRandomInTrainingAlone(t *testing.T) {
	g := built(nn.Size{H: 4, W: 4, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		for range 2 {
			x = b.Layer(nn.Pool{Type: nn.Stochastic, Kernel: nn.Square(2)}, b.ReLU(b.Conv(x, 3, 1, 1)))
		}
		b.Logits(b.Linear(x, nn.Classes))
	})(t)
	f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	for i, build := range []func(int) (*program.Program, error){f.Step, f.Evaluation, f.Statistics} {
		p, err := build(2)
		if err != nil {
			t.Fatal(err)
		}
		keys, means := map[[2]uint32]bool{}, 0
		for _, n := range p.Nodes {
			switch op := n.Op.(type) {
			case program.StochasticPool:
				keys[op.Key] = true
			case program.StochasticPoolInference:
				means++
			}
		}
		if want := [3][2]int{{2, 0}, {0, 2}, {0, 2}}[i]; len(keys) != want[0] || means != want[1] && i < 2 {
			t.Errorf("program %d has %d streams and %d means, want %v", i, len(keys), means, want)
		}
	}
}

// A mixed pooling begins half maximum, half mean, a gated one does too, an APL with its authors' numbers, an FReLU as a ReLU.
func TestPoolingsAndHingesBeginWhereTheirPapersDo(t *testing.T) {
	g := built(nn.Size{H: 8, W: 8, C: 16}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Act(b.Layer(nn.Activation{Func: nn.APL, Pieces: 5}, b.Layer(nn.Pool{Type: nn.Mixed, Kernel: nn.Square(2)}, x)), nn.FReLU)
		b.Logits(b.Linear(b.Layer(nn.Pool{Type: nn.Gated, Kernel: nn.Square(2)}, x), nn.Classes))
	})(t)
	f := family(t, g, sgd(false, 0.1), experiment.Init{Kind: "he", Gain: 1}, 1)
	far := func(name string) (least, most float32) {
		d := f.State.Get(name).Data
		return slices.Min(d), slices.Max(d)
	}
	for name, want := range map[string]float32{"pool1/mix": 0.5, "pool2/gate": 0, "pool1/act/act/bias": 0} {
		if least, most := far(name); least != want || most != want {
			t.Errorf("%s begins at %g to %g, want %g", name, least, most, want)
		}
	}
	for name, within := range map[string][2]float32{"pool1/act/hinge-slope": {-0.2, 0.2}, "pool1/act/hinge": {-2, 2}} {
		if least, most := far(name); least < within[0] || most > within[1] || least > within[0]/3 || most < within[1]/3 {
			t.Errorf("%s begins at %g to %g, want most of %v", name, least, most, within)
		}
	}
	p, err := f.Step(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.Nodes {
		if _, ok := n.Op.(program.SGD); ok {
			decayed := n.In[5].Name != "l2=0"
			spared := n.Name == "pool1/mix" || n.Name == "pool2/gate"
			if decayed == spared {
				t.Errorf("weight decay of %s comes from %s", n.Name, n.In[5].Name)
			}
		}
	}
}

// In training the slopes are drawn, in evaluation and statistics they are 1/5.5: Xu et al., arXiv:1505.00853.
func TestRReLUIsRandomInTrainingAlone(t *testing.T) {
	g := built(nn.Size{H: 2, W: 2, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.Linear(b.GlobalAvgPool(b.Act(b.Act(b.Conv(x, 3, 1, 1), nn.RReLU), nn.RReLU)), nn.Classes))
	})(t)
	f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	for i, build := range []func(int) (*program.Program, error){f.Step, f.Evaluation, f.Statistics} {
		p, err := build(2)
		if err != nil {
			t.Fatal(err)
		}
		keys, leaky := map[[2]uint32]bool{}, 0
		for _, n := range p.Nodes {
			switch op := n.Op.(type) {
			case program.RReLU:
				keys[op.Key] = true
			case program.Activation:
				if op != (program.Activation{Func: program.Leaky, Alpha: 1 / 5.5}) {
					t.Errorf("%s is %+v", n.Name, op)
				}
				leaky++
			}
		}
		if want := [3][2]int{{2, 0}, {0, 2}, {0, 2}}[i]; len(keys) != want[0] || leaky != want[1] {
			t.Errorf("program %d has %d streams of slopes and %d fixed slopes, want %v", i, len(keys), leaky, want)
		}
	}
}

func TestEvaluationKnowsNoDropoutNoAuxiliaryHeadAndNoLabels(t *testing.T) {
	f := family(t, everything(t), experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	p, err := f.Evaluation(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.Nodes {
		if k := n.Op.Kind(); k == "dropout" || k == "rrelu" || k == "batch-norm" && n.Name != "standard" || k == "blend" || k == "sgd" {
			t.Errorf("evaluation has %s of %s", k, n.Name)
		}
	}
	for _, v := range p.Inputs(program.Held) {
		if strings.HasPrefix(v.Name, "linear1/") || strings.Contains(v.Name, "@") {
			t.Errorf("evaluation reads %s", v.Name)
		}
	}
	if len(p.Inputs(program.Scalar)) > 0 || slices.ContainsFunc(p.Inputs(program.Input), func(v *program.Value) bool { return v.Name == task.Labels }) {
		t.Error("evaluation asks for more than images")
	}
}

func TestAStepsScalarsAreAllGiven(t *testing.T) {
	o := sgd(true, 0.01, "bias", "norm")
	f := family(t, everything(t), o, experiment.Init{Kind: "he", Gain: 1}, 1)
	p, err := f.Step(2)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]float32{}
	f.Scalars(given, 0.25, 7)
	for _, v := range p.Inputs(program.Scalar) {
		if _, ok := given[v.Name]; !ok {
			t.Errorf("the step asks for %s, Scalars gives %v", v.Name, given)
		}
	}
	if given[compile.Rate] != 0.25 || given[compile.Clock] != 7 {
		t.Errorf("rate and step are %v", given)
	}
}

func TestInitialValuesFollowTheirRule(t *testing.T) {
	g := built(nn.Size{H: 4, W: 4, C: 32}, 10, func(b *nn.Builder, x *nn.Node) {
		x = b.Norm(b.Act(b.Conv(x, 64, 3, 1), nn.PReLU))
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
	const fanIn, fanOut = 3 * 3 * 32, 3 * 3 * 64
	for _, c := range []struct {
		rule      experiment.Init
		sd, bound float64
	}{
		{experiment.Init{Kind: "he", Gain: 1}, math.Sqrt(2. / fanIn), 6 * math.Sqrt(2./fanIn)},
		{experiment.Init{Kind: "he", Gain: 0.5}, 0.5 * math.Sqrt(2./fanIn), 3 * math.Sqrt(2./fanIn)},
		{experiment.Init{Kind: "xavier", Gain: 1}, math.Sqrt(2. / (fanIn + fanOut)), math.Sqrt(6. / (fanIn + fanOut))},
	} {
		f := family(t, g, experiment.DefaultOptimization(), c.rule, 5)
		var sum, squares, far float64
		w := f.State.Get("conv1/weight").Data
		for _, v := range w {
			sum += float64(v)
			squares += float64(v) * float64(v)
			far = max(far, math.Abs(float64(v)))
		}
		n := float64(len(w))
		if sd := math.Sqrt(squares / n); math.Abs(sd/c.sd-1) > 4/math.Sqrt(2*n) || math.Abs(sum/n) > 4*c.sd/math.Sqrt(n) || far > c.bound {
			t.Errorf("%+v: mean %.2g, standard deviation %.5g, furthest %.3g; want 0, %.5g, at most %.3g", c.rule, sum/n, sd, far, c.sd, c.bound)
		}
		for name, want := range map[string]float32{"conv1/act/slope": 0.25, "conv1/act/norm/gamma": 1, "conv1/act/norm/beta": 0, "conv1/act/norm/mean": 0, "conv1/act/norm/var": 1, "linear1/bias": 0} {
			if s := f.State.Get(name); s == nil || slices.ContainsFunc(s.Data, func(v float32) bool { return v != want }) {
				t.Errorf("%s does not start at %g", name, want)
			}
		}
	}
}

func TestLSUVStartsFromOrthonormalColumns(t *testing.T) {
	g := built(nn.Size{H: 4, W: 4, C: 5}, 7, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.As("wide").Linear(b.GlobalAvgPool(b.As("tall").Conv(x, 8, 3, 1)), nn.Classes)) // 45 x 8, then 8 x 7
	})(t)
	f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "lsuv", Gain: 2}, 1)
	for _, name := range []string{"tall/weight", "wide/weight"} {
		w := f.State.Get(name)
		cols := w.Shape[w.Shape.Rank()-1]
		for a := range cols {
			for b := range cols {
				dot := 0.0
				for row := 0; row < len(w.Data); row += cols {
					dot += float64(w.Data[row+a]) * float64(w.Data[row+b])
				}
				if want := map[bool]float64{true: 4, false: 0}[a == b]; math.Abs(dot-want) > 1e-5 {
					t.Errorf("%s: columns %d and %d have the product %g, want %g", name, a, b, dot, want)
				}
			}
		}
	}
}

func TestRecurrentLayersStartOrthonormalAndRemembering(t *testing.T) {
	g := built(nn.Size{H: 4, W: 4, C: 5}, 7, func(b *nn.Builder, x *nn.Node) {
		x = b.As("lstm").Layer(nn.Recurrent{Cell: nn.LSTM, Units: 6, Bidirectional: true}, x)
		x = b.As("gru").Layer(nn.Recurrent{Cell: nn.GRU, Units: 6}, x)
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	})(t)
	for _, rule := range []string{"he", "xavier", "lsuv"} {
		f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: rule, Gain: 2}, 1)
		weights := map[string]float64{"lstm/recurrent": 1, "lstm/reverse/recurrent": 1, "gru/recurrent": 1}
		if rule == "lsuv" {
			weights["gru/weight"] = 4 // the rule's, with its gain
		}
		for name, square := range weights {
			w := f.State.Get(name)
			for gate := 0; gate < w.Shape[w.Shape.Rank()-1]; gate += 6 {
				for a := range 6 {
					for b := range 6 {
						dot := 0.0
						for row := 0; row < len(w.Data); row += w.Shape[w.Shape.Rank()-1] {
							dot += float64(w.Data[row+gate+a]) * float64(w.Data[row+gate+b])
						}
						if want := map[bool]float64{true: square, false: 0}[a == b]; math.Abs(dot-want) > 1e-5 {
							t.Errorf("%s: %s: columns %d and %d of a gate have the product %g, want %g", rule, name, a, b, dot, want)
						}
					}
				}
			}
		}
		for _, name := range []string{"lstm/bias", "lstm/reverse/bias", "lstm/recurrent-bias", "gru/bias"} {
			for i, v := range f.State.Get(name).Data {
				want := float32(0)
				if strings.HasPrefix(name, "lstm") && strings.HasSuffix(name, "/bias") && i/6 == 1 {
					want = 1 // the forget gate
				}
				if v != want {
					t.Errorf("%s: element %d of %s is %g, want %g", rule, i, name, v, want)
				}
			}
		}
	}
}

func TestVariantsStartEqualWhereNamesAndShapesAgree(t *testing.T) {
	net := func(width int, f nn.Func) *nn.Graph {
		return built(nn.Size{H: 8, W: 8, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
			x = b.Act(b.As("first").Conv(x, 8, 3, 1), f)
			x = b.Act(b.As("second").Conv(x, width, 3, 1), f)
			b.Logits(b.As("last").Linear(b.GlobalAvgPool(x), nn.Classes))
		})(t)
	}
	he := experiment.Init{Kind: "he", Gain: 1}
	start := func(g *nn.Graph, seed uint64) *compile.Family {
		return family(t, g, experiment.DefaultOptimization(), he, seed)
	}
	base, elu, wide, other := start(net(8, nn.ReLU), 1), start(net(8, nn.PReLU), 1), start(net(12, nn.ReLU), 1), start(net(8, nn.ReLU), 2)
	same := func(a, b *compile.Family, name string) bool {
		return slices.Equal(a.State.Get(name).Data, b.State.Get(name).Data)
	}
	for _, name := range []string{"first/weight", "second/weight", "last/weight"} {
		if !same(base, elu, name) {
			t.Errorf("%s differs under another activation", name)
		}
		if same(base, other, name) {
			t.Errorf("%s is the same under another seed", name)
		}
	}
	if !same(base, wide, "first/weight") {
		t.Error("first/weight differs where the layer after it is wider")
	}
	if slices.Equal(base.State.Get("first/weight").Data[:8], base.State.Get("second/weight").Data[:8]) {
		t.Error("two layers begin with the same numbers")
	}
}

func TestStatisticsAreTheVarianceOfLayersWithTheirBias(t *testing.T) {
	g := built(nn.Size{H: 3, W: 3, C: 2}, 2, func(b *nn.Builder, x *nn.Node) {
		b.Logits(b.As("last").Linear(b.Norm(b.As("conv").Layer(nn.Conv{Out: 2}, x)), nn.Classes))
	})(t)
	f := family(t, g, experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	copy(f.State.Get("conv/weight").Data, []float32{3, 0, 0, 3}) // each channel three times itself
	x := plan(t, ref.New(), f, f.Statistics, 4)
	feed := engine.Feed{Real: map[string][]float32{compile.Images: images(g, 4, 0)}}
	if err := x.Run(feed); err != nil {
		t.Fatal(err)
	}
	want := 9 * variance(feed.Real[compile.Images])
	if got := float64(x.Output(compile.VarianceOf(g.Node("conv")))[0]); math.Abs(got/want-1) > 1e-5 {
		t.Errorf("variance behind the convolution %g, want %g", got, want)
	}
	if names := f.Scaled(); len(names) != 2 || names[0].Name != "conv" || names[1].Name != "last" {
		t.Errorf("scaled layers are %v", names)
	}
	if s := f.State.Get("conv/norm/mean").Data; s[0] != 0 {
		t.Error("statistics moved the running mean")
	}
}

func variance(x []float32) float64 {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(x))
	return squares/n - (sum/n)*(sum/n)
}

func TestAnUnknownRuleIsAnErrorThatListsThem(t *testing.T) {
	f := family(t, everything(t), experiment.DefaultOptimization(), experiment.Init{Kind: "he", Gain: 1}, 1)
	if err := f.Initialize(experiment.Init{Kind: "zeros"}, 1); err == nil || !strings.Contains(err.Error(), "lsuv") {
		t.Errorf("got %v", err)
	}
}
