package module_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// A residual network of two stages.
func Example() {
	b := nn.NewBuilder("small-resnet", nn.Size{}, 10)
	x := module.ConvBNReLU(b, b.Image(32, 32, 3), 16, 3, 1)
	x = module.Stage(b.Scope("stage1"), x, module.Basic, 2, 16, 1, module.OptionB)
	x = module.Stage(b.Scope("stage2"), x, module.Basic, 2, 32, 2, module.OptionB)
	b.Logits(module.PoolHead(b, x, nn.Avg))
	g, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := g.Cost()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Params, "parameters,", c.MACs, "multiply-adds")
	// Output: 43226 parameters, 18268480 multiply-adds
}
