package augment

import (
	"image"
	"math"
	"slices"
	"sync"

	"github.com/assaylab/assay/internal/pixel"
)

// longest bounds how long a picture may be for its height (or high for its width): what goes beyond is cut off at both
// ends, so that one strip of 20,000 x 20 pixels cannot fill the memory once its small side is enlarged.
const longest = 4

// Box is a part of a picture in its pixels; its edges may lie between two.
type Box struct{ Y0, X0, Y1, X1 float64 }

// Cover says which part of a picture h pixels high and w wide is used, and the size H x W that it gets, to just cover height x
// width with its aspect kept. Height 0 keeps the picture's own size; of what is more than four times as long as high (or high
// as long) both ends are cut off else.
func Cover(h, w, height, width int) (part Box, H, W int) {
	part = Box{0, 0, float64(h), float64(w)}
	if height <= 0 || width <= 0 || h <= 0 || w <= 0 {
		return part, h, w
	}
	if h > longest*w {
		cut := h - longest*w
		part.Y0, part.Y1 = float64(cut/2), float64(h-(cut-cut/2))
		h -= cut
	} else if w > longest*h {
		cut := w - longest*h
		part.X0, part.X1 = float64(cut/2), float64(w-(cut-cut/2))
		w -= cut
	}
	if int64(height)*int64(w) >= int64(width)*int64(h) { // the height decides
		return part, height, max(width, roundDiv(w*height, h))
	}
	return part, max(height, roundDiv(h*width, w)), width
}

// roundDiv is a/b for positive numbers, rounded to the nearest, halves up.
func roundDiv(a, b int) int { return (2*a + b) / (2 * b) }

// Fit is how a picture comes to a size.
type Fit string

// Ways to come to a size. The zero Fit just covers it, its aspect kept.
const (
	Letterbox Fit = "letterbox" // lies in it whole, its aspect kept
	Stretch   Fit = "stretch"   // is made exactly as large
)

// Size is what a picture is resized to, and how it comes to it. The zero Size is the picture's own.
type Size struct {
	H, W   int
	Fit    Fit
	Filter Filter // by which it is resized; of one that covers, it rounds too
}

// Turned is the size of a picture that lies on its side.
func (s Size) Turned() Size { return Size{s.W, s.H, s.Fit, s.Filter} }

// Of says which part of a picture h pixels high and w wide is used, and the size H x W that it gets.
func (s Size) Of(h, w int) (part Box, H, W int) {
	part = Box{0, 0, float64(h), float64(w)}
	switch {
	case s.Fit == "":
		return s.Filter.Cover(h, w, s.H, s.W)
	case s.H <= 0 || s.W <= 0 || h <= 0 || w <= 0:
		return part, h, w
	case s.Fit == Stretch:
		return part, s.H, s.W
	case int64(s.H)*int64(w) >= int64(s.W)*int64(h): // the width decides
		return part, max(1, roundDiv(h*s.W, w)), s.W
	}
	return part, s.H, max(1, roundDiv(w*s.H, h))
}

// Picture is the image for image/draw, image/png and their like.
func (m Image) Picture() image.Image {
	if m.C == 1 {
		return &image.Gray{Pix: m.Pix, Stride: m.W, Rect: image.Rect(0, 0, m.W, m.H)}
	}
	p := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.H * m.W {
		p.Pix[4*i], p.Pix[4*i+1], p.Pix[4*i+2], p.Pix[4*i+3] = m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2], 255
	}
	return p
}

// Resize makes the part of a picture h pixels high and w wide by Catmull and Rom's cubic ("A class of local interpolating
// splines", 1974: Keys's with a = -1/2), as wide as the reduction so that nothing aliases, first along the rows, then along the
// columns, each rounded to 8 bits. It is the arithmetic of Pillow's BICUBIC: weights are rounded to 22 bits behind the point
// and sums are of whole numbers. The weights are made of float64 without a fused multiply-add, so that the bits are the
// same on every processor. Grey stays grey. h and w are at least 1, and the part lies in the picture.
func Resize(src Image, part Box, h, w int) Image { return Own.Resize(src, part, h, w) }

// Resize is the function of that name by the filter.
func (f Filter) Resize(src Image, part Box, h, w int) Image {
	if row := src.W * src.C; h != src.H || w != src.W || part != (Box{0, 0, float64(src.H), float64(src.W)}) {
		return f.ResizeRows(src, func(y0, y1 int) []byte { return src.Pix[y0*row : y1*row] }, part, h, w)
	}
	return Image{H: h, W: w, C: src.C, Pix: slices.Clone(src.Pix)}
}

// band is how many rows of a picture that is made on the way are asked for at once: few, so that they stay in the first-level cache.
const band = 8

// ResizeRows is Resize of a picture whose pixels are made on the way: rows gives those from y0 to before y1, which are looked at before
// rows is called again. Of src the size alone counts.
func (f Filter) ResizeRows(src Image, rows func(y0, y1 int) []byte, part Box, h, w int) Image {
	dst := Image{H: h, W: w, C: src.C, Pix: make([]byte, h*w*src.C)}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	along := h != src.H || part.Y0 != 0 || part.Y1 != float64(src.H)
	if w == src.W && part.X0 == 0 && part.X1 == float64(src.W) {
		s.weigh(direction{f, src.H, part.Y0, part.Y1, h}).Columns(pixels, dst.Pix, rows(0, src.H), w*src.C)
		return dst
	}
	y0, y1, row := 0, src.H, w*src.C
	if h != src.H { // the rows that the second pass looks at
		reach := float64(f.kernel().support * max(1, (part.Y1-part.Y0)/float64(h)))
		y0, y1 = max(0, int(part.Y0-reach)-1), min(src.H, int(part.Y1+reach)+2)
	}
	across, pix := s.weigh(direction{f, src.W, part.X0, part.X1, w}), dst.Pix
	if along {
		s.rows = resized(s.rows, src.H*row)
		pix = s.rows
	}
	for y := y0; y < y1; y += band {
		end := min(y+band, y1)
		across.Rows(pixels, pix[y*row:end*row], rows(y, end), src.C)
	}
	if along {
		s.weigh(direction{f, src.H, part.Y0, part.Y1, h}).Columns(pixels, dst.Pix, pix, row)
	}
	return dst
}

var pixels = pixel.Best()

// scratch is the room of one resizing, kept for the next. It keeps the weights of the last directions too, as a set's pictures mostly have
// one size: of two directions for a picture, and of two for a glance at it.
type scratch struct {
	rows  []byte
	kept  [4]taps
	next  int // of kept to be made anew
	exact []float64
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// taps are the inputs and weights of one direction.
type taps struct {
	pixel.Taps
	of direction
}

// direction is what decides them: the filter makes out outputs of the inputs from in0 to in1 of n.
type direction struct {
	by       Filter
	n        int
	in0, in1 float64
	out      int
}

// weigh is the taps of a direction.
func (s *scratch) weigh(d direction) *pixel.Taps {
	for i := range s.kept {
		if s.kept[i].of == d {
			return &s.kept[i].Taps
		}
	}
	t := &s.kept[s.next]
	s.next = (s.next + 1) % len(s.kept)
	t.of = direction{}
	by := d.by.kernel()
	scale := (d.in1 - d.in0) / float64(d.out)
	wide := max(1, scale) // of the filter
	support := float64(by.support * wide)
	size := 2*int(math.Ceil(support)) + 1
	s.exact = resized(s.exact, size)
	t.Inputs = d.n
	t.Outputs(d.out, size)
	narrow := 1 / wide
	for o := range d.out {
		centre := d.in0 + float64((float64(o)+0.5)*scale)
		first := max(0, int(centre-support+0.5))
		count := min(d.n, int(centre+support+0.5)) - first
		sum := 0.0
		for i := range count {
			s.exact[i] = by.at(float64((float64(i+first) - centre + 0.5) * narrow))
			sum += s.exact[i]
		}
		t.First[o], t.Count[o] = first, count
		for i := range count {
			t.Weights[o*size+i] = int32(math.Floor(float64(s.exact[i]/sum*(1<<pixel.Precision)) + 0.5))
		}
	}
	t.of = d
	return &t.Taps
}

// cubic is Keys's kernel with a = -1/2. Each product is rounded by itself.
func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1: // 1.5 x³ - 2.5 x² + 1
		return float64(float64(float64(float64(1.5*x)-2.5)*x)*x) + 1
	case x < 2: // -0.5 x³ + 2.5 x² - 4 x + 2
		return float64((float64((float64((x-5)*x)+8)*x) - 4) * -0.5)
	}
	return 0
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
