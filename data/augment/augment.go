// Package augment changes pictures: the resizing every picture passes once, and the random windows, crops and flips of
// training. It imports tensor for its random numbers and nothing else of Assay. Start at [Image] and [Op]; [Fit] is the
// one place where a decoded picture gets its size.
package augment

import "github.com/assaylab/assay/tensor"

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

// Op is one operation on the window. It draws from r alone.
type Op interface {
	// Apply changes the window of a picture h pixels high and w wide.
	Apply(win *Window, h, w int, r *tensor.Rand)
}

// List is operations in the order a person wrote them. Each has random numbers of its own, by its place in the list, so that
// what one draws never shifts what another draws by chance.
type List []Op

// Apply changes the window of a picture, h pixels high and w wide, as training sees the sample in an epoch: the operation at
// place k draws from the address (epoch, sample + k·2^32) of the stream. Epochs are below 2^32, samples below 2^31. Room is
// overwritten; a caller who keeps it saves an allocation a picture.
func (l List) Apply(win *Window, h, w int, draws tensor.Stream, epoch, sample int, room *tensor.Rand) {
	for k, op := range l {
		*room = *draws.At(uint64(epoch), uint64(sample)|uint64(k)<<32)
		op.Apply(win, h, w, room)
	}
}

// floorHalf is n/2 rounded down, for negative n too (a window larger than its picture).
func floorHalf(n int) int { return n >> 1 }
