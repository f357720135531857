package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// A residual network of He, Zhang, Ren, Sun, CVPR 2016, section 4.2, written out in ops: the engine's own laws and
// benchmarks need a real training step without the rooms above.
type residualNet struct {
	batch, size, width, blocks int // blocks a stage, three stages
}

var resnet20 = residualNet{128, 32, 16, 3}

// writer of layers: values, and the parameters to be trained.
type netWriter struct {
	*program.Builder
	state  *program.State
	params []*program.Value
	train  bool
}

func (w *netWriter) param(name string, fan int, shape ...int) *program.Value {
	if w.state.Get(name) == nil {
		t, err := w.state.Add(name, shape)
		if err != nil {
			panic(err)
		}
		r := tensor.NewStream(1, name).At(0, 0)
		for i := range t.Data {
			t.Data[i] = float32(r.Normal() * math.Sqrt(2/float64(fan)))
			if fan == 0 {
				t.Data[i] = float32(1 + 0.1*r.Normal())
			}
		}
		w.state.Add("momentum/"+name, shape)
	}
	v := w.Held(name, shape)
	w.params = append(w.params, v)
	return v
}

func (w *netWriter) conv(x *program.Value, name string, cout, kernel, stride int) *program.Value {
	w.At(name)
	cin := x.Shape()[3]
	k := w.param(name+".w", kernel*kernel*cin, kernel, kernel, cin, cout)
	return w.Emit(program.Conv{Window: program.Square(kernel, stride, kernel/2), Groups: 1}, x, k)
}

func (w *netWriter) norm(x *program.Value, name string) *program.Value {
	w.At(name)
	c := x.Shape()[len(x.Shape())-1]
	g, b := w.param(name+".gamma", 0, c), w.param(name+".beta", 0, c)
	for _, s := range []string{".mean", ".var"} {
		if w.state.Get(name+s) == nil {
			w.state.Add(name+s, tensor.Of(c))
		}
	}
	mean, variance := w.Held(name+".mean", tensor.Of(c)), w.Held(name+".var", tensor.Of(c))
	if !w.train {
		return w.Emit(program.BatchNormInference{Eps: 1e-5, Affine: true}, x, mean, variance, g, b)
	}
	out := w.EmitAll(program.BatchNorm{Eps: 1e-5, Affine: true}, x, g, b)
	keep := w.Scalar("keep")
	w.EmitAll(program.Blend{Scale: 1}, mean, out[1], keep)
	w.EmitAll(program.Blend{Scale: 1}, variance, out[2], keep)
	return out[0]
}

func (w *netWriter) relu(x *program.Value) *program.Value {
	return w.Emit(program.Activation{Func: program.ReLU}, x)
}

// program writes the training step, or evaluation.
func (n residualNet) program(t testing.TB, s *program.State, train bool) *program.Program {
	w := &netWriter{Builder: program.NewBuilder("step"), state: s, train: train}
	x := w.Input("x", program.Real, tensor.Of(n.batch, n.size, n.size, 3))
	labels := w.Input("labels", program.Index, tensor.Of(n.batch))
	x = w.relu(w.norm(w.conv(x, "conv1", n.width, 3, 1), "conv1/norm"))
	for stage := range 3 {
		for block := range n.blocks {
			at := fmt.Sprintf("stage%d/%d", stage, block)
			c, stride := n.width<<stage, 1
			if stage > 0 && block == 0 {
				stride = 2
			}
			y := w.relu(w.norm(w.conv(x, at+"/a", c, 3, stride), at+"/a/norm"))
			y = w.norm(w.conv(y, at+"/b", c, 3, 1), at+"/b/norm")
			if stride > 1 { // option A
				x = w.Emit(program.Subsample{Stride: 2}, x)
				x = w.Emit(program.PadChannels{Before: c / 4, After: c / 4}, x)
			}
			x = w.relu(w.Emit(program.Add{}, y, x))
		}
	}
	w.At("head")
	f := w.Emit(program.GlobalAvgPool{}, x)
	logits := w.Emit(program.BiasAdd{}, w.Emit(program.MatMul{}, f, w.param("fc.w", 4*n.width, 4*n.width, 10)), w.param("fc.b", 10, 10))
	loss := w.Emit(program.Mean{}, w.Emit(program.CrossEntropy{}, logits, labels))
	w.Output("loss", loss)
	w.Output("logits", logits)
	if train {
		grads := w.Gradients(loss, w.params)
		for i, p := range w.params {
			w.At(p.Name)
			w.EmitAll(program.SGD{}, p, grads[i], w.Held("momentum/"+p.Name, p.Shape()), w.Scalar("lr"), w.Scalar("momentum"), w.Scalar("l2"))
		}
	}
	p, err := w.Build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (n residualNet) feed() engine.Feed {
	x := make([]float32, n.batch*n.size*n.size*3)
	r := tensor.NewStream(7, "x").At(0, 0)
	for i := range x {
		x[i] = float32(r.Normal())
	}
	labels := make([]int32, n.batch)
	for i := range labels {
		labels[i] = int32(r.IntN(10))
	}
	return engine.Feed{Real: map[string][]float32{"x": x}, Index: map[string][]int32{"labels": labels},
		Scalars: map[string]float32{"lr": 0.02, "momentum": 0.9, "l2": 5e-4, "keep": 0.9}}
}

// trained runs some steps and returns the state and the last logits.
func (n residualNet) trained(t testing.TB, e engine.Engine, steps int) (*program.State, []float32) {
	t.Helper()
	s := program.NewState()
	x, err := e.Compile(n.program(t, s, true), s)
	if err != nil {
		t.Fatal(err)
	}
	feed := n.feed()
	for range steps {
		if err := x.Run(feed); err != nil {
			t.Fatal(err)
		}
	}
	return s, append([]float32(nil), x.Output("logits")...)
}

func newEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// far is the largest difference, relative to the largest element.
func far(a, b []float32) float64 {
	var d, most float64
	for i := range a {
		if a[i] != a[i] || b[i] != b[i] {
			return math.Inf(1)
		}
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
		most = max(most, math.Abs(float64(b[i])))
	}
	return d / max(most, 1e-30)
}

var smallNet = residualNet{5, 8, 8, 1}

func TestTrainingStepsAgreeWithRefWhateverIsFused(t *testing.T) {
	want, logits := smallNet.trained(t, ref.New(), 2)
	for _, level := range Levels() {
		for _, o := range []Options{{}, {NoFusion: true}, {Poison: true}, {Poison: true, NoFusion: true}} {
			o.Level, o.Threads = level, 2
			t.Run(fmt.Sprintf("%s/fused=%v,poison=%v", level, !o.NoFusion, o.Poison), func(t *testing.T) {
				got, l := smallNet.trained(t, newEngine(t, o), 2)
				if d := far(l, logits); d > 1e-4 {
					t.Errorf("logits differ by %.2g of the largest", d)
				}
				for _, name := range want.Names() {
					if d := far(got.Get(name).Data, want.Get(name).Data); d > 2e-4 {
						t.Errorf("%s differs by %.2g of its largest element", name, d)
					}
				}
			})
		}
	}
}
