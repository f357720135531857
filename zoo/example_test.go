package zoo_test

import (
	"fmt"

	"github.com/assaylab/assay/zoo"
)

func ExampleNew() {
	g, err := zoo.New("resnet20", zoo.Input(64, 64, 3), zoo.Classes(5))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := g.Cost()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(g.InputSize(), c.Params, "parameters,", c.MACs, "multiply-adds")
	_, err = zoo.New("resnet2o")
	fmt.Println(err)
	// Output:
	// 64x64x3 269397 parameters, 162201920 multiply-adds
	// no network "resnet2o"; did you mean resnet20? (assay net list)
}
