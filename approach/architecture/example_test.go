package architecture_test

import (
	"fmt"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func ExampleResidual() {
	g, err := zoo.New("vgg11")
	if err != nil {
		fmt.Println(err)
		return
	}
	changes, err := architecture.Residual{Over: 2, Shortcut: "B", Scale: 1}.Rewrite(g)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(changes)
	for n := range nn.Each[nn.Add](g) {
		fmt.Println(n, "adds", n.In)
	}
	// Output:
	// bypassed 3 of 5 runs of 2 convolutions
	// conv3_2/add adds [conv3_2 conv3_2/shortcut]
	// conv4_2/add adds [conv4_2 conv4_2/shortcut]
	// conv5_2/add adds [conv5_2 pool4]
}
