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

// Op is one operation on the window, in the order a person wrote them. It draws from r alone, and always the same count of
// numbers for the same picture, so that an operation before it never shifts what it draws by chance.
type Op interface {
	// Apply changes the window of a picture h pixels high and w wide.
	Apply(win *Window, h, w int, r *tensor.Rand)
}

// floorHalf is n/2 rounded down, for negative n too (a window larger than its picture).
func floorHalf(n int) int { return n >> 1 }
