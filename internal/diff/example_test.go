package diff_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/diff"
	"github.com/assaylab/assay/nn"
)

// What makes one network another, as a person would say it.
func ExampleNetworks() {
	build := func(act nn.Func) *nn.Graph {
		b := nn.NewBuilder("small", nn.Size{}, 10)
		x := b.Image(32, 32, 3)
		for _, width := range []int{16, 32} {
			x = b.MaxPool(b.Act(b.Conv(x, width, 3, 1), act), 2, 2)
		}
		b.Logits(b.Linear(x, nn.Classes))
		g, err := b.Build()
		if err != nil {
			panic(err)
		}
		return g
	}
	c, err := diff.Networks(build(nn.ReLU), build(nn.ELU))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Lines[0])
	fmt.Println(c.Before.Params == c.After.Params)
	// Output:
	// 2 of 2 relu became elu
	// true
}
