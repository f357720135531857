package enginetest_test

import (
	"fmt"

	"github.com/assaylab/assay/internal/enginetest"
)

// A case is a program: here a pooling with its gradient, the output weighed at random so that every element counts.
func ExampleCases() {
	for _, c := range enginetest.Cases() {
		if c.Name == "pool/max-2x2/2-width-3" {
			p, err := c.Program()
			if err != nil {
				fmt.Println(err)
				return
			}
			for _, n := range p.Nodes {
				fmt.Println(n.Op.Kind())
			}
		}
	}
	// Output:
	// max-pool
	// expand
	// reshape
	// matmul
	// reshape
	// max-pool-grad
}
