package engine_test

import (
	"fmt"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// An engine compiles a program over a State once and runs it often; what a run changes in the State, the next one sees.
func Example() {
	b := program.NewBuilder("average")
	x := b.Input("x", program.Real, tensor.Of(2))
	b.EmitAll(program.Blend{Scale: 1}, b.Held("running", tensor.Of(2)), x, b.Scalar("keep"))
	p, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	s := program.NewState()
	running, err := s.Add("running", tensor.Of(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := ref.New().Compile(p, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if err := e.Run(engine.Feed{Real: map[string][]float32{"x": {4, 8}}, Scalars: map[string]float32{"keep": 0.5}}); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(running.Data)
	}
	// Output:
	// [2 4]
	// [3 6]
}
