package nn_test

import (
	"fmt"

	"github.com/assaylab/assay/nn"
)

func Example() {
	b := nn.NewBuilder("tiny", nn.Size{}, 10)
	x := b.Image(28, 28, 1)
	x = b.MaxPool(b.ReLU(b.Conv(x, 8, 3, 1)), 2, 2)
	b.Logits(b.Linear(b.GlobalAvgPool(x), nn.Classes))
	g, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}

	changes := nn.Changes{Verb: "replaced", What: "relu"}
	for n, act := range nn.Each[nn.Activation](g) {
		if act.Func == nn.ReLU {
			changes.Count(g.Replace(n, nn.Activation{Func: nn.ELU}))
		}
	}
	fmt.Println(changes)

	for u := range g.Overlay().ConvUnits() {
		g.Overlay().SetNorm(u.Site(nn.Before), nn.NewBatchNorm())
	}
	t, err := g.Table()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range t.Layers {
		fmt.Printf("%-11s  %-26s  %v\n", r.Name, r.Detail, r.Output)
	}
	fmt.Println(t.Params, "parameters,", t.MACs, "multiply-adds")
	// Output:
	// replaced 1 of 1 relu
	// input        input                       [28 28 1]
	// conv1        conv 3x3 pad 1 + batchnorm  [28 28 8]
	// conv1/act    elu                         [28 28 8]
	// pool1        max pool 2x2/2              [14 14 8]
	// global-pool  global avg pool             [1 1 8]
	// linear1      linear + bias               [1 1 10]
	// 178 parameters, 56528 multiply-adds
}
