package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// BlockMask draws the mask of DropBlock: rate, step → m[N,H,W,C], 0 in squares of B = min(Size, H, W) pixels of a channel, elsewhere the
// elements of m over those that are not 0: Ghiasi, Lin, Le, NIPS 2018, arXiv:1810.12890, algorithm 1, channels by themselves. A square
// lies wholly on the map, and begins at each place there with probability
//
//	γ = rate·H·W / (B²·(H-B+1)·(W-B+1))
//
// At step t = ⌊step⌋ the j-th place, in the row-major order of [N,H-B+1,W-B+1,C], has the bits r, word j%4 of
// [tensor.Philox4x32]({j/4, t, 0, 0}, Key), and a square begins there where [tensor.UnitFloat32](r) < γ. It has no gradient.
type BlockMask struct {
	Key   [2]uint32 // of a [tensor.Stream]
	Shape tensor.Shape
	Size  int // pixels of a square's side, at least 1
	First int // places before this batch, as it is a part of a larger one: j counts from there
}

func (BlockMask) Kind() string { return "block-mask" }

func (o BlockMask) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"rate", 0}, want{"step", 0}); err != nil {
		return nil, err
	}
	if err := shaped(o, o.Shape, 4); err != nil {
		return nil, err
	}
	if o.Size < 1 {
		return nil, fmt.Errorf("%s: squares of %d pixels; give 1 or more", o.Kind(), o.Size)
	}
	return reals(o.Shape)
}

// Places is the side of a square, and how many places down and across it can begin at.
func (o BlockMask) Places() (side, down, across int) {
	side = min(o.Size, o.Shape[1], o.Shape[2])
	return side, o.Shape[1] - side + 1, o.Shape[2] - side + 1
}

// Gamma is the probability that a square begins at a place.
func (o BlockMask) Gamma(rate float32) float32 {
	side, down, across := o.Places()
	return float32(rate * (float32(o.Shape[1]*o.Shape[2]) / float32(side*side*down*across)))
}

func (o BlockMask) detail() string { return fmt.Sprintf("of %dx%d", o.Size, o.Size) }
