package program_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// A convolution with its gradient by the weight: the builder writes forward, backward follows by the ops' own rules.
func Example() {
	b := program.NewBuilder("step")
	x := b.Input("images", program.Real, tensor.Of(8, 32, 32, 3))
	w := b.Held("conv1/weight", tensor.Of(3, 3, 3, 16))
	b.At("conv1")
	y := b.Emit(program.Conv{Window: program.Square(3, 2, 1), Groups: 1}, x, w)
	y = b.Emit(program.Activation{Func: program.ReLU}, y)
	loss := b.Emit(program.Mean{}, y)
	b.Output("loss", loss)
	b.Output("gradient", b.Gradients(loss, []*program.Value{w})[0])

	p, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(p)
	// Output:
	// step: 7 nodes, 9 values
	// %0 = input                                  [8 32 32 3]   images
	// %1 = held                                   [3 3 3 16]    conv1/weight
	// %2 = conv 3x3/2 pad 1 (%0, %1)              [8 16 16 16]  conv1
	// %3 = activation relu (%2)                   [8 16 16 16]  conv1
	// %4 = mean(%3)                               []            conv1
	// %5 = expand ·1 ()                           []            conv1
	// %6 = expand ·3.0517578e-05 (%5)             [8 16 16 16]  conv1
	// %7 = activation-grad relu (%3, %6)          [8 16 16 16]  conv1
	// %8 = conv-grad-weight 3x3/2 pad 1 (%0, %7)  [3 3 3 16]    conv1
	// output %4                                   []            loss
	// output %8                                   [3 3 3 16]    gradient
}
