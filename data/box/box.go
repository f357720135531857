// Package box holds rectangles of pictures and what is asked of them by numbers alone: how much two overlap, what lies in a
// window. It imports nothing of Assay but tensor. Start at [Box].
package box

// Box is a rectangle, half-open: it covers X0 <= x < X1, Y0 <= y < Y1. In pixels of the upright picture, whose upper left corner is
// 0, 0, or in shares of what a network sees, 0 to 1, where that is said. So the width of Pascal VOC's xmin 3, xmax 3, which is
// one pixel, is X1 - X0 = 3 - 2.
type Box struct{ X0, Y0, X1, Y1 float64 }

// Object is what a box is drawn around.
type Object struct {
	Box
	Class     int32 // index in the set's classes
	Difficult bool  // Pascal VOC's mark: it is neither asked for nor counted against who finds it
	Crowd     bool  // COCO's mark: a box around many; likewise, and several detections may lie in it

	Mask float64 // area of the object's own outline, where it is known and less than its box's; 0: it is not
}

// Extent is the area of the object: of its outline where that is known, else of its box.
func (o Object) Extent() float64 {
	if o.Mask > 0 {
		return o.Mask
	}
	return o.Area()
}

// Around is the box with a centre, a width and a height.
func Around(x, y, w, h float64) Box {
	return Box{x - float64(w/2), y - float64(h/2), x + float64(w/2), y + float64(h/2)}
}

// W is the width, below 0 where the corners are the wrong way around.
func (b Box) W() float64 { return b.X1 - b.X0 }

// H is the height, likewise.
func (b Box) H() float64 { return b.Y1 - b.Y0 }

// Empty tells whether the box covers nothing; one with a corner that is no number does not.
func (b Box) Empty() bool { return !(b.W() > 0 && b.H() > 0) }

// Area is the area, 0 of an empty box.
func (b Box) Area() float64 {
	if b.Empty() {
		return 0
	}
	return float64(b.W() * b.H())
}

// Intersect is what both cover.
func (b Box) Intersect(o Box) Box {
	return Box{max(b.X0, o.X0), max(b.Y0, o.Y0), min(b.X1, o.X1), min(b.Y1, o.Y1)}
}

// IoU is the area of what both cover by the area of what one of them covers, 0 to 1: the Jaccard index. Of two empty boxes it is 0.
func (b Box) IoU(o Box) float64 {
	both := b.Intersect(o).Area()
	if both == 0 {
		return 0
	}
	return both / (b.Area() + o.Area() - both)
}
