package cpu_test

import (
	"fmt"
	"log"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// A convolution, its bias and a relu are one step; a program is compiled once and run often.
func Example() {
	b := program.NewBuilder("blur")
	x := b.Input("x", program.Real, tensor.Of(1, 3, 3, 1))
	w := b.Held("w", tensor.Of(3, 3, 1, 1))
	bias := b.Held("bias", tensor.Of(1))
	y := b.Emit(program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, x, w)
	y = b.Emit(program.Activation{Func: program.ReLU}, b.Emit(program.BiasAdd{}, y, bias))
	b.Output("y", y)
	p, err := b.Build()
	if err != nil {
		log.Fatal(err)
	}

	state := program.NewState()
	weight, _ := state.Add("w", tensor.Of(3, 3, 1, 1))
	for i := range weight.Data {
		weight.Data[i] = 1
	}
	offset, _ := state.Add("bias", tensor.Of(1))
	offset.Data[0] = -20

	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	run, err := e.Compile(p, state)
	if err != nil {
		log.Fatal(err)
	}
	if err := run.Run(engine.Feed{Real: map[string][]float32{"x": {1, 2, 3, 4, 5, 6, 7, 8, 9}}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(run.Output("y"))
	for _, s := range run.Plan().Steps {
		if s.MACs > 0 {
			fmt.Println(s.What, s.Output, s.MACs, "multiply-adds")
		}
	}
	// Output:
	// [0 1 0 7 25 13 4 19 8]
	// one-channel conv 3x3 + bias + relu [1 3 3 1] 81 multiply-adds
}
