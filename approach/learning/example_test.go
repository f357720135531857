package learning_test

import (
	"fmt"

	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
)

func ExampleAugment() {
	l := experiment.DefaultLearning()
	changes, err := learning.Augment{Ops: []experiment.Operation{
		experiment.NewOperation(augment.Flip{}),
		experiment.NewOperation(augment.Crop{Size: 32, Pad: 4}),
	}}.Teach(&l)
	fmt.Println(changes, err)
	fmt.Println("the network sees", l.Window(), "pixels")
	_, err = learning.Augment{Ops: []experiment.Operation{experiment.NewOperation(augment.Crop{Pad: -1})}}.Teach(&l)
	fmt.Println(err)
	// Output:
	// flip, crop 32 padded by 4 <nil>
	// the network sees 32 pixels
	// $.pad: crop: pad -1; give pixels, 0 to 1024
}
