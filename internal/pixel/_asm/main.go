// Command asm writes the assembly of package pixel: go generate in the folder above. It is a module of its own so that users of
// Assay do not depend on avo.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")
	coefficients()
	transform()
	colours("yCbCrAVX2", 1)
	colours("yCbCrHalfAVX2", 2)
	rows()
	columns()
	sums()
	bilinear()
	Generate()
}
