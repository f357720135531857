package experiment_test

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
)

func ExampleDecode() {
	file, err := spec.Parse("e.yaml", []byte(`
data: fashion-mini
net: mini
optimization: [batchnorm, {batch: 64}]
learning: [{epochs: 4}]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := experiment.Decode(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	e.Net = "resnet20"
	node, err := experiment.Encode(e)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(node.YAML()))
	// Output:
	// data: fashion-mini
	// net: resnet20
	// optimization: [batchnorm, {batch: 64}]
	// learning: [{epochs: 4}]
	// seed: 1
}
