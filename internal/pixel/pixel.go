// Package pixel holds the inner loops of reading pictures: the inverse transform of JPEG, colours, resizing, sums. All arithmetic is on whole
// numbers, and every level gives the same bits. It imports nothing of Assay. Start at [Best].
//
// The generic Go code is the contract. AVX2's is generated: go generate, from _asm, a module of its own; the build tag purego leaves it
// out. No function allocates but to make room that is kept for the next call.
package pixel

//go:generate go run -C _asm . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg pixel

// Level is the instructions that are used.
type Level int

// The levels, slowest first.
const (
	Generic Level = iota
	AVX2
)

func (l Level) String() string { return [...]string{"generic", "avx2"}[l] }

// Levels lists those that this processor runs, slowest first.
func Levels() []Level {
	if Best() == Generic {
		return []Level{Generic}
	}
	return []Level{Generic, AVX2}
}
