package data

import (
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
)

// Frame is a row's picture as an evaluation judges it: its own size, its objects, and where the window lies on it. Sizes and
// areas are judged in the picture's own pixels, whatever the network saw of it.
type Frame struct {
	H, W    int          // of the upright picture
	Objects []box.Object // in its pixels, classes of the set
	X, Y    float64      // of the window's upper left corner, in pixels of the picture
	SX, SY  float64      // width and height of the window, likewise; SX is below 0 where the window is mirrored
}

// frameOf is that of a picture of h by w pixels that is kept as keptH by keptW, and seen through a window of what is kept.
func frameOf(h, w, keptH, keptW int, win augment.Window) Frame {
	y, x := float64(h)/float64(keptH), float64(w)/float64(keptW)
	f := Frame{H: h, W: w, X: float64(float64(win.X) * x), Y: float64(float64(win.Y) * y), SX: float64(float64(win.W) * x), SY: float64(float64(win.H) * y)}
	if win.Flip {
		f.X, f.SX = f.X+f.SX, -f.SX
	}
	return f
}

// Back takes a box from shares of the window to pixels of the picture, cut off at its edges.
func (f Frame) Back(b box.Box) box.Box {
	x0, x1 := f.X+float64(b.X0*f.SX), f.X+float64(b.X1*f.SX)
	y0, y1 := f.Y+float64(b.Y0*f.SY), f.Y+float64(b.Y1*f.SY)
	return box.Box{X0: min(x0, x1), Y0: min(y0, y1), X1: max(x0, x1), Y1: max(y0, y1)}.Intersect(box.Box{X1: float64(f.W), Y1: float64(f.H)})
}

// Frame is where the centred window lies on an upright picture h pixels high and w wide, whose objects nobody knows: what a prediction's
// boxes come back by.
func (p Preprocess) Frame(h, w int) Frame {
	_, keptH, keptW := p.Geometry().size().Of(h, w)
	return frameOf(h, w, keptH, keptW, augment.Centre(keptH, keptW, p.H, p.W))
}
