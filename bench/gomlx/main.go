// Command gomlx trains ResNet-20 by GoMLX on its Go backend, a peer of Assay's generic Go. It is a module of its own, so that
// nobody who builds Assay builds GoMLX. It prints one JSON object, as bench/peers.py does.
//
//	cd bench/gomlx && go run . -batch 128 -steps 2 -threads 2
//
// A training step is forward, cross-entropy, backward and plain SGD. It does a little less than Assay's: GoMLX (v0.26.0) has SGD
// without momentum, and its batch norm passes no gradient through mean and variance. The figure is
// the fastest of the steps behind one that compiles and warms up.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/layers/batchnorm"
	"github.com/gomlx/gomlx/pkg/ml/train"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

func main() {
	batch := flag.Int("batch", 128, "images a step")
	steps := flag.Int("steps", 2, "that are timed")
	threads := flag.Int("threads", 2, "workers")
	flag.Parse()
	out := os.Stdout
	os.Stdout = os.Stderr // the backend says on it what it was told
	if err := run(out, *batch, *steps, *threads); err != nil {
		fmt.Fprintln(os.Stderr, "gomlx:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, batch, steps, threads int) error {
	runtime.GOMAXPROCS(threads)
	inner, err := simplego.New(fmt.Sprintf("parallelism=%d", threads))
	if err != nil {
		return err
	}
	ctx := context.New()
	solver := optimizers.StochasticGradientDescent().WithDecay(false).WithLearningRate(1e-6).Done()
	trainer := train.NewTrainer(backend{inner}, ctx, resnet20, losses.SparseCategoricalCrossEntropyLogits, solver, nil, nil)
	r := rand.New(rand.NewPCG(1, 2))
	x, labels := make([]float32, batch*32*32*3), make([]int32, batch)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	for i := range labels {
		labels[i] = int32(r.IntN(10))
	}
	var fastest time.Duration
	for i := range steps + 1 {
		feed := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, batch, 32, 32, 3)}
		want := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(labels, batch, 1)}
		start := time.Now()
		m, err := trainer.TrainStep(nil, feed, want)
		if err != nil {
			return err
		}
		took := time.Since(start)
		loss, ok := m[0].Value().(float32)
		if !ok || loss != loss {
			return fmt.Errorf("step %d: the loss is %v", i, m[0].Value())
		}
		fmt.Fprintf(os.Stderr, "gomlx: step %d of %d: %.1f s, loss %.3f\n", i, steps, took.Seconds(), loss)
		if i == 1 || i > 1 && took < fastest {
			fastest = took
		}
	}
	params := 0
	for v := range ctx.IterVariables() {
		if v.Trainable {
			params += v.Shape().Size()
		}
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"version": version(), "params": params, "images_per_s": float64(batch) / fastest.Seconds(),
	})
}

// resnet20 is the network of bench/peers.py, NHWC: He, Zhang, Ren, Sun, arXiv:1512.03385, §4.2, shortcuts of option A.
func resnet20(ctx *context.Context, _ any, inputs []*graph.Node) []*graph.Node {
	x := unit(ctx.In("conv1"), inputs[0], 16, 1)
	x = activations.Relu(x)
	for stage, width := range []int{16, 32, 64} {
		for block := range 3 {
			scope, stride := ctx.Inf("conv%d_%d", stage+2, block+1), 1
			if stage > 0 && block == 0 {
				stride = 2
			}
			y := activations.Relu(unit(scope.In("a"), x, width, stride))
			y = unit(scope.In("b"), y, width, 1)
			x = activations.Relu(graph.Add(y, shortcut(x, width, stride)))
		}
	}
	return []*graph.Node{layers.Dense(ctx.In("fc"), graph.ReduceMean(x, 1, 2), true, 10)}
}

// unit is a 3x3 convolution and a batch norm.
func unit(ctx *context.Context, x *graph.Node, width, stride int) *graph.Node {
	w := ctx.VariableWithShape("weights", shapes.Make(dtypes.Float32, 3, 3, x.Shape().Dim(-1), width))
	x = graph.Convolve(x, w.ValueGraph(x.Graph())).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Strides(stride).Done()
	return batchnorm.New(ctx, x, -1).UseBackendInference(false).Done()
}

// shortcut keeps the first pixel of every stride x stride, by a mask and a sum whose gradients the backend has, and appends
// channels of zeros.
func shortcut(x *graph.Node, width, stride int) *graph.Node {
	d := x.Shape().Dimensions
	n, h, w, c := d[0], d[1]/stride, d[2]/stride, d[3]
	if stride == 2 {
		x = graph.Reshape(x, n, h, 2, w, 2, c)
		first := graph.Const(x.Graph(), [][][][][][]float32{{{{{{1}, {0}}}, {{{0}, {0}}}}}})
		x = graph.ReduceSum(graph.Mul(x, first), 2, 4)
	}
	if c < width {
		x = graph.Concatenate([]*graph.Node{x, graph.Zeros(x.Graph(), shapes.Make(dtypes.Float32, n, h, w, width-c))}, -1)
	}
	return x
}

// backend is GoMLX's Go backend with what the gradient of a convolution needs and the backend (v0.26.0) lacks: Reverse, here of
// slices of the weights put together again, too small to show in the time; and the strides and dilations of 1 that GoMLX leaves out.
type backend struct{ backends.Backend }

func (b backend) Builder(name string) backends.Builder { return builder{b.Backend.Builder(name)} }

type builder struct{ backends.Builder }

func (b builder) Reverse(x backends.Op, axes ...int) (backends.Op, error) {
	for _, axis := range axes {
		shape, err := b.OpShape(x)
		if err != nil {
			return nil, err
		}
		starts, limits, ones := make([]int, shape.Rank()), slices.Clone(shape.Dimensions), slices.Repeat([]int{1}, shape.Rank())
		var rows []backends.Op
		for i := shape.Dimensions[axis] - 1; i >= 0; i-- {
			starts[axis], limits[axis] = i, i+1
			row, err := b.Slice(x, starts, limits, ones)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		if x, err = b.Concatenate(axis, rows...); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (b builder) ConvGeneral(x, w backends.Op, axes backends.ConvolveAxesConfig, strides []int, paddings [][2]int, spread, dilations []int,
	groups, batchGroups int) (backends.Op, error) {
	for _, s := range []*[]int{&strides, &spread, &dilations} {
		if len(*s) == 0 {
			*s = []int{1, 1}
		}
	}
	return b.Builder.ConvGeneral(x, w, axes, strides, paddings, spread, dilations, groups, batchGroups)
}

// version is GoMLX's, from this module's build.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/gomlx/gomlx" {
				return d.Version
			}
		}
	}
	return "unknown"
}
