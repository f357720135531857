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
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// What make_goldens.py and make_norms.py write of a network: three steps of SGD by PyTorch in float64, then an evaluation.
type golden struct {
	Losses   []float64
	LogProbs []float64 `json:"log_probs"`
	Tensors  map[string]struct {
		Shape      tensor.Shape
		Mean, Norm float64
		Stride     int
		Some       []float64
	}
}

// goldenNet is a network of theirs, written in layers.
type goldenNet struct {
	build        func(t *testing.T) *nn.Graph
	batch        int
	optimization experiment.Optimization
	confidence   float32
}

var goldenNets = map[string]goldenNet{
	"lenet5": {func(t *testing.T) *nn.Graph {
		g, err := zoo.New("lenet5")
		if err != nil {
			t.Fatal(err)
		}
		return g
	}, 3, sgd(false, 0), 0},
	"residual": {built(nn.Size{H: 9, W: 8, C: 3}, 5, func(b *nn.Builder, x *nn.Node) {
		x = module.ConvBNReLU(b, x, 6, 3, 1)
		x = module.Stage(b.Scope("stage1"), x, module.Basic, 1, 6, 1, module.OptionA)
		x = module.Stage(b.Scope("stage2"), x, module.Basic, 1, 10, 2, module.OptionA)
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	}), 4, sgd(true, 0.01, "bias", "norm"), 0},
	"grouped": {built(nn.Size{H: 19, W: 17, C: 4}, 4, func(b *nn.Builder, x *nn.Node) {
		x = b.ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1), Groups: 2})
		x = b.Layer(nn.Activation{Func: nn.Leaky, Alpha: 0.1}, x)
		x = b.Dropout(b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x), 0)
		deep := b.Act(b.As("depth").ConvOf(x, nn.Conv{Out: 16, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 8}), nn.ELU)
		wide := b.Act(b.As("wide").ConvOf(x, nn.Conv{Out: 4, Kernel: nn.Square(3), Padding: nn.Pad(2), Dilation: nn.Square(2)}), nn.Sigmoid)
		x = b.Concat(deep, wide)
		x = b.Layer(nn.Pool{Type: nn.Avg, Kernel: nn.Square(2), Padding: nn.Pad(1), Ceil: true}, x)
		x = b.Layer(nn.Pool{Type: nn.MaxAvg, Kernel: nn.Square(2), Stride: nn.Square(1)}, x)
		b.Logits(b.As("output").Linear(b.Act(b.As("fc").Linear(b.Layer(nn.Flatten{}, x), 12), nn.SELU), nn.Classes))
	}), 5, sgd(false, 0.02, "depthwise"), 0},
	"functions": {built(nn.Size{H: 6, W: 5, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.ReLU(b.Conv(x, 5, 3, 1))
		b.Over(nn.Out(x), nn.LRN{Size: 3, Alpha: 0.5, Beta: 0.75, K: 1}, x)
		var branches []*nn.Node
		for _, fn := range []nn.Func{nn.ReLU6, nn.VeryLeaky, nn.CELU, nn.Softplus, nn.Softsign, nn.HardSigmoid, nn.ScaledTanh, nn.Arcsinh, nn.Swish, nn.HardSwish, nn.GELU, nn.Mish} {
			branches = append(branches, b.Act(b.As("%s", fn).Conv(x, 2, 1, 1), fn))
		}
		b.Logits(b.As("output").Linear(b.GlobalAvgPool(b.Concat(branches...)), nn.Classes))
	}), 4, sgd(false, 0.01), 0},
	"recurrent": {built(nn.Size{H: 7, W: 6, C: 2}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Layer(nn.Recurrent{Cell: nn.LSTM, Units: 3, Scan: nn.Columns, Patch: nn.HW{2, 1}, Bidirectional: true}, x)
		x = b.Layer(nn.Recurrent{Cell: nn.GRU, Units: 4, Scan: nn.Rows, Bidirectional: true}, x)
		rows := b.Layer(nn.Recurrent{Cell: nn.GRU, Units: 2, Scan: nn.Rows, Bidirectional: true, Last: true}, x)
		columns := b.Layer(nn.Recurrent{Cell: nn.LSTM, Units: 2, Scan: nn.Columns, Last: true}, x)
		all := b.Layer(nn.Recurrent{Cell: nn.LSTM, Units: 5, Scan: nn.Positions, Bidirectional: true, Last: true}, b.Layer(nn.Recurrent{Cell: nn.GRU, Units: 3, Scan: nn.Positions}, x))
		x = b.Concat(b.Layer(nn.Flatten{}, rows), b.Layer(nn.Flatten{}, columns), all)
		b.Logits(b.Linear(x, nn.Classes))
	}), 4, sgd(false, 0.01, "bias"), 0},
	"gates": {built(nn.Size{H: 9, W: 8, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
		x = module.SqueezeExcite(b, module.ConvReLU(b, x, 8, 3, 1), 3, s, nn.Sigmoid)
		x = module.ECA(b, module.ConvReLU(b, x, 8, 3, 1))
		s.Norm = nn.NewBatchNorm()
		x = module.CBAM(b, module.ConvReLU(b, x, 8, 3, 1), 3, s)
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	}), 3, sgd(true, 0.01, "bias", "norm"), 0},
	"attention": {built(nn.Size{H: 9, W: 10, C: 3}, 4, func(b *nn.Builder, x *nn.Node) {
		x = b.Act(b.Conv(x, 8, 3, 1), nn.GELU)
		b.Over(nn.Out(x), nn.LayerNorm{Eps: 1e-6}, x)
		x = module.NonLocal(b, b.Layer(nn.Scale{By: 0.25}, x), 4)
		x = module.SelfAttention(b, x, 2)
		x = b.Layer(nn.LayerScale{}, x)
		b.Logits(b.Linear(module.AttentionPool(b, x, 2), nn.Classes))
	}), 3, sgd(false, 0.01, "bias"), 0},
	"pooled": {built(nn.Size{H: 7, W: 6, C: 2}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.ReLU(b.Conv(x, 6, 3, 1))
		three := b.Layer(nn.Flatten{}, b.Layer(nn.BinPool{Bins: nn.Square(3)}, x))
		one := b.Layer(nn.Flatten{}, b.Layer(nn.BinPool{Type: nn.Avg, Bins: nn.Square(1)}, x))
		x = b.Concat(three, one, b.Layer(nn.GeM{}, x), b.Layer(nn.GeM{P: 2.5, Fixed: true}, x))
		b.Logits(b.As("output").Linear(x, nn.Classes))
	}), 4, sgd(false, 0.02), 0},
	"channels": {built(nn.Size{H: 6, W: 5, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Layer(nn.Activation{Func: nn.Maxout, Pieces: 3}, b.Conv(x, 12, 3, 1))
		x = b.Act(b.Conv(x, 4, 3, 1), nn.CReLU)
		x = b.Layer(nn.Activation{Func: nn.Maxout, Groups: 2}, b.ConvOf(x, nn.Conv{Out: 12, Groups: 2}))
		x = b.Layer(nn.Activation{Func: nn.CReLU, Groups: 3}, b.ConvOf(x, nn.Conv{Out: 6, Groups: 3}))
		x = b.Layer(nn.Activation{Func: nn.APL, Pieces: 3}, b.Conv(x, 5, 3, 1))
		x = b.Act(b.Conv(x, 6, 1, 1), nn.FReLU)
		x = b.Act(b.As("fc").Linear(b.Layer(nn.Scale{By: 0.25}, x), 8), nn.Maxout)
		b.Logits(b.As("output").Linear(x, nn.Classes))
	}), 4, sgd(false, 0.01), 0},
	"windows": {built(nn.Size{H: 13, W: 11, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.ReLU(b.Conv(x, 6, 3, 1))
		var branches []*nn.Node
		for _, p := range []nn.Pool{
			{Type: nn.Mixed, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)},
			{Type: nn.Mixed, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1), Mix: 0.25},
			{Type: nn.Gated, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)},
			{Type: nn.Lp, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)},
			{Type: nn.Lp, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1), Power: 3, CountPad: true},
			{Type: nn.Blur, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)},
			{Type: nn.Blur, Kernel: nn.Square(2), Stride: nn.Square(2), Ceil: true},
		} {
			branches = append(branches, b.Layer(p, x))
		}
		x = b.ReLU(b.Conv(b.Concat(branches...), 5, 3, 1))
		b.Logits(b.As("output").Linear(b.GlobalAvgPool(x), nn.Classes))
	}), 4, sgd(false, 0.01), 0},
	"prelu": {built(nn.Size{H: 7, W: 6, C: 2}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Norm(b.Act(b.Conv(x, 6, 3, 1), nn.PReLU))
		for i := 2; i <= 3; i++ {
			x = b.ConvOf(x, nn.Conv{Out: 6, Kernel: nn.Square(3), Padding: nn.Pad(1), Weight: "shared"})
			x = b.Norm(b.Act(x, nn.PReLU))
			if i == 2 {
				b.AuxLogits("aux", b.As("aux").Linear(b.Layer(nn.GlobalPool{Type: nn.Max}, x), nn.Classes), 0.3)
			}
		}
		x = b.Layer(nn.Scale{By: 0.5}, x)
		b.Logits(b.As("output").Linear(b.Layer(nn.GlobalPool{Type: nn.MaxAvg}, x), nn.Classes))
	}), 6, sgd(true, 0.05, "bias"), 0},
	"ghosts": {built(nn.Size{H: 6, W: 5, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		for i, ghost := range []int{2, 3} {
			x = b.Conv(x, 6-i, 3, 1+i)
			norm := nn.NewBatchNorm()
			norm.Ghost = ghost
			x = b.ReLU(b.Over(nn.Out(x), norm, x))
		}
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	}), 6, penalised(sgd(false, 0.01, "bias", "norm"), experiment.Penalty{Kind: "gamma-l1", Strength: 0.01}), 0},
	"shifts": {built(nn.Size{H: 6, W: 5, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		norm := nn.BatchNorm{Momentum: 0.6, Eps: 1e-3, Shift: true}
		x = b.MaxPool(b.Bias(b.Conv(x, 6, 3, 1), false), 2, 2)
		x = b.Act(b.Over(nn.Out(x), norm, x), nn.GELU)
		x = b.Conv(x, 5, 3, 1)
		x = b.ReLU(b.Over(nn.Out(x), norm, x))
		b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	}), 4, sgd(true, 0.01, "norm"), 0},
	"groups": {built(nn.Size{H: 6, W: 5, C: 3}, 3, func(b *nn.Builder, x *nn.Node) {
		x = b.Conv(x, 6, 3, 1)
		x = b.ReLU(b.Over(nn.Out(x), nn.GroupNorm{Groups: 2, Eps: 1e-5}, x))
		x = b.Bias(b.Conv(x, 8, 3, 1), false)
		b.Over(nn.Out(x), nn.NewWeightStandard(), x)
		x = b.ReLU(b.Over(nn.Out(x), nn.GroupNorm{Groups: 4, Eps: 1e-5}, x))
		x = b.Conv(x, 5, 3, 2)
		b.Over(nn.Out(x), nn.WeightNorm{}, x)
		x = b.ReLU(b.Over(nn.Out(x), nn.GroupNorm{Eps: 1e-5}, x))
		x = b.Linear(b.Layer(nn.Flatten{}, x), 4)
		x = b.Act(b.Over(nn.Out(x), nn.WeightNorm{}, x), nn.Tanh)
		b.Logits(b.Linear(x, nn.Classes))
	}), 4, penalised(sgd(true, 0.01, "bias", "norm"), experiment.Penalty{Kind: "orthogonal", Strength: 0.01}), 0},
	"bounded":   {built(nn.Size{H: 6, W: 5, C: 3}, 3, depthwise), 4, penalised(sgd(false, 0), experiment.Penalty{Kind: "max-norm", Limit: 1.2}), 0},
	"confident": {built(nn.Size{H: 6, W: 5, C: 3}, 3, depthwise), 4, sgd(false, 0), 0.1},
}

func depthwise(b *nn.Builder, x *nn.Node) {
	x = b.ReLU(b.Conv(x, 6, 3, 1))
	x = b.ReLU(b.ConvOf(x, nn.Conv{Out: 6, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 6}))
	b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
}

func penalised(o experiment.Optimization, p experiment.Penalty) experiment.Optimization {
	o.Penalty = p
	return o
}

func built(input nn.Size, classes int, write func(b *nn.Builder, x *nn.Node)) func(t *testing.T) *nn.Graph {
	return func(t *testing.T) *nn.Graph {
		b := nn.NewBuilder("net", nn.Size{}, classes)
		write(b, b.Image(input.H, input.W, input.C))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

func sgd(nesterov bool, l2 float32, except ...string) experiment.Optimization {
	o := experiment.DefaultOptimization()
	o.Solver.Nesterov, o.L2 = nesterov, experiment.Decay{Strength: l2, Except: except}
	return o
}

// value is the numbers that both sides begin with: n in [-1,1), a function of the name alone.
func value(name string, n int) []float64 {
	seed := 0
	for _, c := range []byte(name) {
		seed += int(c)
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = float64((i*i*31+i*1103+seed*7717)%1009)/1009*2 - 1
	}
	return v
}

// start fills the State as make_goldens.py does.
func start(t *testing.T, g *nn.Graph, s *program.State) {
	params, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		data := s.Get(p.Name).Data
		for i, v := range value(p.Name, len(data)) {
			switch p.Role {
			case nn.RoleWeight, nn.RoleInput, nn.RoleRecurrent:
				v *= math.Sqrt(6 / float64(len(data)/p.Shape[p.Shape.Rank()-1]))
			case nn.RoleSlope:
				v = 0.25 + 0.1*v
			case nn.RoleGamma, nn.RoleLength:
				v = 1 + 0.2*v
			case nn.RoleExponent:
				v = 3 + v
			default:
				v *= 0.2
			}
			data[i] = float32(v)
		}
	}
	buffers, err := g.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range buffers {
		for i := range s.Get(p.Name).Data {
			s.Get(p.Name).Data[i] = map[nn.Role]float32{nn.RoleMean: 0, nn.RoleVar: 1}[p.Role]
		}
	}
}

func images(g *nn.Graph, batch, step int) []float32 {
	x := make([]float32, batch*g.InputSize().Elems())
	for i, v := range value(fmt.Sprintf("images/%d", step), len(x)) {
		x[i] = float32(2 * v)
	}
	return x
}

func TestThreeStepsGiveWhatPyTorchGives(t *testing.T) {
	var file struct{ Nets map[string]golden }
	for _, path := range []string{"testdata/golden/networks.json", "testdata/golden/norms.json"} {
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fast, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer fast.Close()
	for name, net := range goldenNets {
		for _, e := range []engine.Engine{ref.New(), fast} {
			t.Run(name+"/"+e.ID().Name, func(t *testing.T) { net.check(t, e, file.Nets[name]) })
		}
	}
}

func (net goldenNet) check(t *testing.T, e engine.Engine, want golden) {
	g := net.build(t)
	f, err := compile.New(g, task.Classify{Confidence: net.confidence}, net.optimization, 1)
	if err != nil {
		t.Fatal(err)
	}
	start(t, g, f.State)
	step := plan(t, e, f, f.Step, net.batch)
	feed := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	for i, lr := range []float32{0.1, 0.08, 0.05} {
		labels := make([]int32, net.batch)
		for n := range labels {
			labels[n] = int32((3*n + i) % g.Classes)
		}
		feed.Real[compile.Images], feed.Index[task.Labels] = images(g, net.batch, i), labels
		f.Scalars(feed.Scalars, lr, i)
		if err := step.Run(feed); err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("loss of step %d", i), float64(step.Output(compile.Loss)[0]), want.Losses[i], 1)
	}
	eval := plan(t, e, f, f.Evaluation, net.batch)
	feed.Real[compile.Images] = images(g, net.batch, 0)
	if err := eval.Run(feed); err != nil {
		t.Fatal(err)
	}
	for i, v := range eval.Output(task.LogProbs) {
		near(t, fmt.Sprintf("log-probability %d", i), float64(v), want.LogProbs[i], 1)
	}
	kept := f.Kept()
	if len(kept) != len(want.Tensors) {
		t.Errorf("got %d tensors %v, PyTorch has %d", len(kept), kept, len(want.Tensors))
	}
	for _, name := range kept {
		got, w := f.State.Get(name), want.Tensors[name]
		if !got.Shape.Equal(w.Shape) {
			t.Errorf("%s: shape %v, want %v", name, got.Shape, w.Shape)
			continue
		}
		var sum, squares float64
		for _, v := range got.Data {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		scale := w.Norm / math.Sqrt(float64(len(got.Data))) // of one element
		near(t, name+": mean", sum/float64(len(got.Data)), w.Mean, scale)
		near(t, name+": norm", math.Sqrt(squares), w.Norm, 0)
		for i, v := range w.Some {
			near(t, fmt.Sprintf("%s: element %d", name, i*w.Stride), float64(got.Data[i*w.Stride]), v, scale)
		}
	}
}

// near fails where got is further from want than float32 explains: three steps of sums of some hundred terms.
func near(t *testing.T, what string, got, want, scale float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= 2e-5*max(math.Abs(want), scale)) {
		t.Errorf("%s: got %.8g, want %.8g (%.1e apart)", what, got, want, d)
	}
}

// plan compiles one program of a family.
func plan(t testing.TB, e engine.Engine, f *compile.Family, build func(int) (*program.Program, error), batch int) engine.Executable {
	t.Helper()
	p, err := build(batch)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Compile(p, f.State)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
