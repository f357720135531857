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

func ExampleParse() {
	e, err := experiment.Parse("data: fashion-mini\nnet: mini\noptimization: [batchnorm, {lr: 0.1}]\n")
	fmt.Println(e.Data, e.Net, e.Optimization[0].Name, e.Seed, err)
	_, err = experiment.Parse("data: fashion-mini\nnett: mini\n")
	fmt.Println(err)
	// Output:
	// fashion-mini mini batchnorm 1 <nil>
	// experiment:2:1: unknown key "nett"; did you mean "net"?
}

func ExampleCanonical() {
	o, l := experiment.DefaultOptimization(), experiment.DefaultLearning()
	o.LR.Policy, o.Batch.Size = "cosine", 64
	fmt.Print(string(experiment.Canonical(o, l)))
	// Output:
	// batch:
	//   size: 64
	// lr:
	//   policy: "cosine"
}
