package optimization_test

import (
	"fmt"

	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func ExampleBatchNorm() {
	g, err := zoo.New("caffenet128")
	if err != nil {
		fmt.Println(err)
		return
	}
	settings := experiment.DefaultOptimization()
	before := g.Signature()
	changes, err := optimization.BatchNorm{Place: nn.After, Affine: true, Momentum: 0.9, Eps: 1e-5}.Tune(&settings, g.Overlay())
	fmt.Println(changes, err)
	fmt.Println("same architecture:", g.Signature() == before)
	// Output:
	// normalised 7 of 7 convolutions and linear layers <nil>
	// same architecture: true
}
