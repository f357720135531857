package tensor_test

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// A stream is drawn from by address, so what another reader draws shifts nothing.
func ExampleStream() {
	order := tensor.NewStream(1, "order")
	fmt.Println(order.At(0, 0).Perm(5)) // epoch 0
	fmt.Println(order.At(1, 0).Perm(5)) // epoch 1
	fmt.Println(order.At(0, 0).Perm(5)) // epoch 0 again
	// Output:
	// [1 4 3 0 2]
	// [0 1 2 4 3]
	// [1 4 3 0 2]
}
