package approach_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/gradcheck"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// The gradient through every network that an architecture approach makes is the difference of the loss, along a direction in
// which every parameter moves: in float64, on networks whose own functions have no kinks.
func TestGradientsPassThroughEveryRewrite(t *testing.T) {
	t.Parallel()
	for _, e := range approach.Catalog() {
		if e.Kind != approach.Architecture || e.Name == "activation" { // whose functions are checked one by one as operations
			continue
		}
		checked := 0
		for i, text := range walked[e.Name] {
			if testing.Short() && i > 0 {
				break
			}
			for name, net := range map[string]func(t *testing.T) *nn.Graph{"plain": smooth, "normed": smoothBlocks} {
				g := net(t)
				if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err != nil {
					continue // the walk reads the reasons
				}
				if err := checkGradient(g); err != nil {
					t.Errorf("%s on a %s network: %v", text, name, err)
				}
				checked++
			}
		}
		if checked == 0 {
			t.Errorf("%s fits none of the networks of this test; give it one", e.Name)
		}
	}
}

// smooth is convolutions with biases and tanh, and average poolings.
func smooth(t *testing.T) *nn.Graph {
	s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.Tanh}}
	return small(t, func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = b.AvgPool(module.Convolved(s, 8, 3)(b, x), 2, 2)
		x = module.InRow(module.Convolved(s, 8, 3), module.Convolved(s, 16, 5))(b, x)
		x = b.Act(b.Linear(b.AvgPool(x, 2, 2), 5), nn.Tanh)
		return b.Linear(x, nn.Classes)
	})
}

// smoothBlocks is convolutions with norms and tanh, one with a stride, and a residual block.
func smoothBlocks(t *testing.T) *nn.Graph {
	s := nn.Style{Bias: true, Norm: nn.NewBatchNorm(), Act: nn.Activation{Func: nn.Tanh}}
	return small(t, func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = module.Convolved(s, 8, 3)(b, x)
		y := b.Norm(b.Conv(module.Convolved(s, 8, 3)(b, x), 8, 3, 1))
		x = b.Act(b.Add(y, x), nn.Tanh)
		x = b.Finish(b.Conv(x, 16, 3, 2), s)
		x = module.Convolved(s, 16, 3)(b, x)
		return module.PoolHead(b, x, nn.Avg)
	})
}

// small builds a network of 3 classes for images of 6x6x2.
func small(t *testing.T, write func(b *nn.Builder, x *nn.Node) *nn.Node) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small", nn.Size{}, 3)
	b.Logits(write(b, b.Image(6, 6, 2)))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// checkGradient compares what a step with rate 1 and no momentum takes from the parameters with the slope of the loss.
func checkGradient(g *nn.Graph) error {
	o := experiment.DefaultOptimization()
	o.Solver.Momentum, o.Init.Gain = 0, 0.7
	f, err := compile.New(g, task.Classify{}, o, 1)
	if err != nil {
		return err
	}
	if err := f.Initialize(o.Init, 5); err != nil {
		return err
	}
	const batch = 2
	p, err := f.Step(batch)
	if err != nil {
		return err
	}
	start, direction := map[string][]float64{}, map[string][]float64{}
	for _, name := range f.State.Names() {
		r := tensor.NewStream(2, name).At(0, 0)
		for _, v := range f.State.Get(name).Data {
			start[name] = append(start[name], float64(v)+0.1*r.Normal()) // so that biases and shifts are not 0
		}
	}
	params, err := g.Params()
	if err != nil {
		return err
	}
	for _, q := range params {
		r := tensor.NewStream(3, q.Name).At(0, 0)
		for range start[q.Name] {
			direction[q.Name] = append(direction[q.Name], 1e-4*r.Normal()) // so that no maximum of a pooling changes places
		}
	}
	for i, r := 0, tensor.NewStream(4, "images").At(0, 0); i < batch*g.InputSize().Elems(); i++ {
		start[compile.Images] = append(start[compile.Images], r.Normal())
	}
	labels := map[string][]int32{task.Labels: {0, 2}}
	at := func(t, rate float64) (map[string][]float64, float64, error) { // a step from start + t·direction
		real := map[string][]float64{}
		for name, v := range start {
			real[name] = slices.Clone(v)
			for i := range direction[name] {
				real[name][i] += t * direction[name][i]
			}
		}
		scalars := map[string]float32{}
		f.Scalars(scalars, float32(rate), 1)
		for name := range maps.Keys(scalars) {
			real[name] = []float64{float64(scalars[name])}
		}
		out, err := ref.Eval(p, real, labels)
		if err != nil {
			return nil, 0, err
		}
		return real, out[compile.Loss][0], nil
	}
	after, _, err := at(0, 1)
	if err != nil {
		return err
	}
	slope := 0.0
	for name, d := range direction {
		for i := range d {
			slope += d[i] * (start[name][i] - after[name][i])
		}
	}
	x := []float64{0}
	if err := gradcheck.Check(func() (float64, error) {
		_, loss, err := at(x[0], 0)
		return loss, err
	}, x, []float64{slope}); err != nil {
		return fmt.Errorf("along a direction: %w", err)
	}
	return nil
}
