package data

import "github.com/assaylab/assay/data/augment"

// Views are how often, and where, evaluation and prediction look at a picture; what they find is averaged. Training knows none.
type Views string

// Ways to look at a picture. The zero Views is Centre.
const (
	Centre Views = "centre" // the window in the middle
	Flip   Views = "flip"   // that and its mirror image
	Five   Views = "five"   // that and the four corners: Krizhevsky, Sutskever, Hinton, NIPS 2012, §4.1
	Ten    Views = "ten"    // those five and their mirror images
	Dense  Views = "dense"  // the whole picture as it is kept, of which a network that reads no positions averages all places: Sermanet et al., arXiv:1312.6229
)

// AllViews lists them.
func AllViews() []Views { return []Views{Centre, Flip, Five, Ten, Dense} }

// Count is how many there are of each picture.
func (v Views) Count() int {
	switch v {
	case Flip:
		return 2
	case Five:
		return 5
	case Ten:
		return 10
	}
	return 1
}

// window is the k-th view of a picture h pixels high and w wide: a window height x width.
func (p Preprocess) window(k, h, w, height, width int) augment.Window {
	win := p.Filter.Centre(h, w, height, width)
	switch p.Views {
	case Flip:
		win.Flip = k == 1
	case Ten:
		win.Flip = k >= 5
		k %= 5
		fallthrough
	case Five:
		if k > 0 {
			win.Y, win.X = (k-1)/2*(h-height), (k-1)%2*(w-width)
		}
	}
	return win
}

// Input is the height and width of what an evaluation's program takes: the window, or all that is kept of a picture.
func (p Preprocess) Input() (h, w int) {
	if p.Views == Dense {
		return max(p.H, p.Resize[0]), max(p.W, p.Resize[1])
	}
	return p.H, p.W
}
