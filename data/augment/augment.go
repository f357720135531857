// Package augment changes pictures: the resizing every picture passes once, and what training does to them at random. It
// imports tensor for its random numbers, internal/elementary for its functions and nothing else of Assay. Start at [Image],
// [Catalog] and [Sample]; [Size.Of] is the one place that says to which size a decoded picture comes.
package augment

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Image is a picture in memory: H rows of W pixels of C bytes, red, green, blue (C = 3) or grey alone (C = 1).
type Image struct {
	H, W, C int
	Pix     []byte // [H,W,C], row by row
}

// Window is the part of a stored picture that a network sees: H rows from Y and W columns from X, mirrored left to right
// where Flip is set. It may reach beyond the picture; what lies there has the mean colour, which is zero after normalising.
type Window struct {
	Y, X, H, W int
	Flip       bool
}

// Centre is the window in the middle of a picture h pixels high and w wide: what evaluation looks at.
func Centre(h, w, height, width int) Window {
	return Window{Y: floorHalf(h - height), X: floorHalf(w - width), H: height, W: width}
}

// Version names what the operations make of their numbers, and which numbers they draw. It is raised with either, and part
// of a trial's identity.
const Version = 1

// Op is one operation: a struct whose fields are its parameters, with the tags that [Catalog] tells of.
type Op interface {
	// Apply says to the sample what is to be done with it. It draws from r alone.
	Apply(s *Sample, r *tensor.Rand)
	// String is the operation as a person reads it: "crop 32 padded by 4". Operations that differ read differently.
	String() string
}

// Chance is an operation that is applied to a share P of the samples, in [0,1].
type Chance struct {
	P  float64
	Op Op
}

// Apply draws one number, and where it falls below P applies the operation, which draws the next.
func (c Chance) Apply(s *Sample, r *tensor.Rand) {
	if float64(r.Float32()) < c.P {
		c.Op.Apply(s, r)
	}
}

// String is "flip with probability 0.25".
func (c Chance) String() string { return fmt.Sprintf("%v with probability %g", c.Op, c.P) }

// List is operations in the order a person wrote them. Each has random numbers of its own, by its place in the list, so that
// what one draws never shifts what another draws by chance.
type List []Op

// Apply has the sample changed as training sees it in an epoch: the operation at place k draws from the address
// (epoch, sample + k·2^32) of the stream. Epochs are below 2^32, samples below 2^31. A flip that alternates draws in every epoch what it
// drew in epoch 0, and in odd ones does the contrary.
func (l List) Apply(s *Sample, draws tensor.Stream, epoch, sample int) {
	for k, op := range l {
		flip, alternates := alternating(op)
		at := uint64(epoch)
		if alternates {
			at &^= 1<<32 - 1
		}
		s.rand = *draws.At(at, uint64(sample)|uint64(k)<<32)
		op.Apply(s, &s.rand)
		if alternates && epoch&1 == 1 {
			flip.Apply(s, &s.rand)
		}
	}
}

// Check says whether every operation leaves something to be seen of a picture h pixels high and w wide through a window of its size.
func (l List) Check(h, w int) error {
	for _, op := range l {
		if c, ok := op.(Chance); ok {
			op = c.Op
		}
		if f, ok := op.(interface{ Fits(h, w int) error }); ok {
			if err := f.Fits(h, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// floorHalf is n/2 rounded down, for negative n too (a window larger than its picture).
func floorHalf(n int) int { return n >> 1 }

// between is a number drawn from low to high, each as likely.
func between(low, high float64, r *tensor.Rand) float64 {
	return low + float64(float64(r.Float32())*(high-low))
}
