// Command asm writes the assembly of package kernel: go generate in the folder above. Each kernel is generated for two levels by
// one function; what differs between them (registers, masks) stands in isa.go alone. It is a module of its own so that users
// of Assay do not depend on avo.
package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	ConstraintExpr("!purego")
	masks, consts := maskTable(), declare(slices.Concat(activationWords(), randomWords())...)

	y := &isa{suffix: "AVX2", lanes: 8, regs: 16, masks: masks, consts: consts, order: counterOrder("order8", 8)}
	z := &isa{suffix: "AVX512", lanes: 16, regs: 32, avx512: true, consts: consts, order: counterOrder("order16", 16)}

	conv(y, 6, 2)
	conv(y, 12, 1)
	conv(y, 6, 1)
	conv(y, 1, 2)
	for _, pixels := range []int{8, 4, 2} {
		convPaired(y, pixels)
	}
	conv(y, 1, 1)
	for _, pixels := range []int{12, 8, 4, 1} {
		conv(z, pixels, 2)
		conv(z, pixels, 1)
	}
	for _, pixels := range []int{8, 4, 1} {
		conv(z, pixels, 3)
	}
	wgrad(y, 6, 2, 1)
	wgrad(y, 8, 1, 1)
	wgrad(z, 12, 2, 4)
	wgrad(z, 8, 3, 4)
	wgrad(z, 8, 2, 1)
	wgrad(z, 8, 1, 1)
	transpose(y)
	for _, m := range []*isa{y, z} {
		depthwises(m)
		depthwiseGrads(m)
		groupeds(m)
		norms(m)
		elementwise(m)
		activations(m)
		hinges(m)
		randoms(m)
		responses(m)
		pools(m)
		cells(m)
		positions(m)
		permutes(m)
		winograd(m)
		updates(m)
		solvers(m)
		peak(m)
	}
	Generate()
}
