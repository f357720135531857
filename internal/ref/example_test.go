package ref_test

import (
	"fmt"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// A program of two ops, run on the reference engine.
func Example() {
	b := program.NewBuilder("evaluation")
	x := b.Input("x", program.Real, tensor.Of(1, 3))
	w := b.Held("fc/weight", tensor.Of(3, 2))
	b.Output("y", b.Emit(program.Activation{Func: program.ReLU}, b.Emit(program.MatMul{}, x, w)))
	p, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	s := program.NewState()
	weight, err := s.Add("fc/weight", tensor.Of(3, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(weight.Data, []float32{1, -1, 2, -2, 3, -3})

	e, err := ref.New().Compile(p, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := e.Run(engine.Feed{Real: map[string][]float32{"x": {1, 1, 0.5}}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Output("y"))
	// Output: [4.5 0]
}
