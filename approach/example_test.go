package approach_test

import (
	"fmt"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// An experiment is built from nothing: the net, then its three lists in order.
func Example() {
	e, err := experiment.Parse(`
data: fashion-mini
net: mini
architecture:
  - activation: elu
  - separable: {relu: none, where: conv5}
optimization:
  - batchnorm
  - lr: {base: 0.1, policy: cosine}
learning:
  - epochs: 4
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := approach.Build(e, approach.Images{Size: nn.Size{H: 28, W: 28, C: 1}, Classes: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range b.Applied {
		fmt.Printf("%s: %s\n", a.Choice, a.What)
	}
	fmt.Println(b.Optimization.LR.Policy, b.Learning.Epochs.Count)
	// Output:
	// activation: elu: replaced 5 of 5 relu
	// separable: {relu: none, where: conv5}: replaced 1 of 1 convolutions larger than 1x1
	// batchnorm: normalised 6 of 6 convolutions and linear layers
	// lr: {base: 0.1, policy: cosine}: learning rate 0.1, cosine
	// epochs: 4: 4 epochs
	// cosine 4
}

func ExampleLookup() {
	e, err := approach.Lookup("bottleneck")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Kind, "-", e.Card.Summary)
	for _, p := range e.Parameters() {
		fmt.Printf("%s (%s)\n", p.Name, p.Default)
	}
	_, err = approach.Lookup("botleneck")
	fmt.Println(err)
	// Output:
	// architecture - a convolution becomes 1x1 to fewer channels, the convolution on those, 1x1 back
	// reduce (4)
	// stride_in (3x3)
	// where (all that fit)
	// no approach "botleneck"; did you mean "bottleneck"? (assay approach list)
}

// A program chooses approaches by their types, without a file.
func ExampleChoose() {
	lr := approach.Default[optimization.LR]()
	lr.Base, lr.Policy = 0.1, "cosine"
	elu := approach.Default[architecture.Activation]()
	elu.To = nn.ELU
	rate, err := approach.Choose(lr)
	if err != nil {
		fmt.Println(err)
		return
	}
	activation, err := approach.Choose(elu)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := approach.Build(experiment.Experiment{
		Net: "mini", Architecture: []experiment.Choice{activation}, Optimization: []experiment.Choice{rate},
	}, approach.Images{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range b.Applied {
		fmt.Printf("%s: %s\n", a.Choice, a.What)
	}
	_, err = approach.Choose(optimization.LR{Base: 0.1})
	fmt.Println(err)
	// Output:
	// activation: elu: replaced 5 of 5 relu
	// lr: {base: 0.1, policy: cosine}: learning rate 0.1, cosine
	// lr: policy: unknown value ""; choose one of fixed, step, multistep, exp, inv, poly, linear, sqrt, square, sigmoid, cosine, restarts, onecycle, triangular, trapezoid, plateau; begin with approach.Default
}
