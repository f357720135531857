package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// TestAPartDrawsWhatTheWholeBatchDoes compares what is drawn at random for six images at once, and for three times two of them.
func TestAPartDrawsWhatTheWholeBatchDoes(t *testing.T) {
	const images, part, h, w, c = 6, 2, 4, 6, 5
	window := program.Window{Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}
	dropout := func(of program.Whole) func(x tensor.Shape, part int) program.Op {
		return func(x tensor.Shape, part int) program.Op {
			op := program.Dropout{Key: [2]uint32{3, 4}, Of: of}
			op.First = part * op.Index(x.Elems(), x)
			return op
		}
	}
	x := make([]float32, images*h*w*c)
	for i := range x {
		x[i] = float32(i%17) - 6.5
	}
	for name, op := range map[string]func(x tensor.Shape, part int) program.Op{
		"dropout of elements": dropout(program.Elements), "dropout of channels": dropout(program.Channels), "dropout of images": dropout(program.Images),
		"rrelu": func(x tensor.Shape, part int) program.Op {
			return program.RReLU{Key: [2]uint32{3, 4}, First: part * x.Elems()}
		},
		"stochastic-pool": func(x tensor.Shape, part int) program.Op {
			return program.StochasticPool{Window: window, Key: [2]uint32{3, 4}, First: part * x.Elems() / 4}
		},
	} {
		draw := func(e engine.Engine, n, part int) []float32 {
			b := program.NewBuilder(name)
			in := b.Input("x", program.Real, tensor.Of(n, h, w, c))
			args := []*program.Value{in}
			o := op(in.Shape(), part)
			if _, is := o.(program.Dropout); is {
				args = append(args, b.Scalar("rate"))
			}
			b.Output("y", b.Emit(o, append(args, b.Scalar("step"))...))
			p, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			exe, err := e.Compile(p, program.NewState())
			if err != nil {
				t.Fatal(err)
			}
			defer exe.Close()
			if err := exe.Run(engine.Feed{Real: map[string][]float32{"x": x[part*n*h*w*c:][:n*h*w*c]}, Scalars: map[string]float32{"rate": 0.4, "step": 7}}); err != nil {
				t.Fatal(err)
			}
			return slices.Clone(exe.Output("y"))
		}
		engines := []engine.Engine{ref.New()}
		for _, level := range Levels() {
			engines = append(engines, newEngine(t, Options{Level: level, Threads: 2}))
		}
		for _, e := range engines {
			whole, parts := draw(e, images, 0), []float32{}
			for k := range images / part {
				parts = append(parts, draw(e, part, k)...)
			}
			if !slices.Equal(whole, parts) {
				t.Errorf("%s, %s: in parts it draws otherwise", name, fmt.Sprint(e.ID()))
			}
		}
	}
}
