package augment

import (
	"image"
	"math"
	"sync"
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
	dst := Image{H: h, W: w, C: src.C, Pix: make([]byte, h*w*src.C)}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	rows := src
	if w != src.W || part.X0 != 0 || part.X1 != float64(src.W) {
		s.weigh(f.kernel(), src.W, part.X0, part.X1, w)
		y0, y1 := 0, src.H
		if h != src.H { // the rows that the second pass looks at
			reach := float64(f.kernel().support * max(1, (part.Y1-part.Y0)/float64(h)))
			y0, y1 = max(0, int(part.Y0-reach)-1), min(src.H, int(part.Y1+reach)+2)
		}
		rows = Image{H: src.H, W: w, C: src.C}
		if h == src.H && part.Y0 == 0 && part.Y1 == float64(src.H) {
			rows.Pix = dst.Pix
		} else {
			if n := src.H * w * src.C; cap(s.rows) < n {
				s.rows = make([]byte, n)
			}
			rows.Pix = s.rows[:src.H*w*src.C]
		}
		for y := y0; y < y1; y++ {
			in, out := src.Pix[y*src.W*src.C:(y+1)*src.W*src.C], rows.Pix[y*w*src.C:(y+1)*w*src.C]
			if src.C == 1 {
				s.row1(out, in)
			} else {
				s.row3(out, in)
			}
		}
	}
	if h != src.H || part.Y0 != 0 || part.Y1 != float64(src.H) {
		s.weigh(f.kernel(), src.H, part.Y0, part.Y1, h)
		s.columns(dst.Pix, rows.Pix, w*src.C)
	} else if w == src.W && part.X0 == 0 && part.X1 == float64(src.W) {
		copy(dst.Pix, src.Pix)
	}
	return dst
}

// scratch is the room of one resizing, kept for the next: along one direction every output has the inputs from first on, as
// many as weights holds for it, size apart.
type scratch struct {
	first   []int
	count   []int
	weights []int32
	exact   []float64
	size    int
	rows    []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// precision is of the weights, in bits: 8 of a pixel, 2 for weights beyond 1 and below 0, and 22 make 32.
const precision = 32 - 8 - 2

// weigh sets the weights with which out pixels are made of the inputs from in0 to in1 of n.
func (s *scratch) weigh(by kernel, n int, in0, in1 float64, out int) {
	scale := (in1 - in0) / float64(out)
	wide := max(1, scale) // of the filter
	support := float64(by.support * wide)
	s.size = 2*int(math.Ceil(support)) + 1
	s.first, s.count = resized(s.first, out), resized(s.count, out)
	s.weights, s.exact = resized(s.weights, out*s.size), resized(s.exact, s.size)
	narrow := 1 / wide
	for o := range out {
		centre := in0 + float64((float64(o)+0.5)*scale)
		first := max(0, int(centre-support+0.5))
		count := min(n, int(centre+support+0.5)) - first
		sum := 0.0
		for i := range count {
			s.exact[i] = by.at(float64((float64(i+first) - centre + 0.5) * narrow))
			sum += s.exact[i]
		}
		s.first[o], s.count[o] = first, count
		for i := range count {
			s.weights[o*s.size+i] = int32(math.Floor(float64(s.exact[i]/sum*(1<<precision)) + 0.5))
		}
	}
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

// half rounds a sum of products when it is shifted back.
const half = 1 << (precision - 1)

func clip(v int32) byte {
	if v >>= precision; uint32(v) > 255 {
		return byte(^(v >> 31)) // 0 below, 255 above
	}
	return byte(v)
}

func (s *scratch) row1(out, in []byte) {
	for o := range out {
		sum := int32(half)
		weights := s.weights[o*s.size:][:s.count[o]]
		for i, v := range in[s.first[o]:][:len(weights)] {
			sum += int32(v) * weights[i]
		}
		out[o] = clip(sum)
	}
}

func (s *scratch) row3(out, in []byte) {
	for o := range len(out) / 3 {
		r, g, b := int32(half), int32(half), int32(half)
		px := in[3*s.first[o]:]
		for _, k := range s.weights[o*s.size:][:s.count[o]] {
			p := px[:3]
			r += int32(p[0]) * k
			g += int32(p[1]) * k
			b += int32(p[2]) * k
			px = px[3:]
		}
		out[3*o], out[3*o+1], out[3*o+2] = clip(r), clip(g), clip(b)
	}
}

// columns makes rows of n bytes each.
func (s *scratch) columns(out, in []byte, n int) {
	for o := range s.first {
		weights := s.weights[o*s.size:][:s.count[o]]
		row, from := out[o*n:(o+1)*n], s.first[o]*n
		x := 0
		for ; x+4 <= n; x += 4 {
			a, b, c, d := int32(half), int32(half), int32(half), int32(half)
			at := from + x
			for _, k := range weights {
				p := in[at : at+4 : at+4]
				a += int32(p[0]) * k
				b += int32(p[1]) * k
				c += int32(p[2]) * k
				d += int32(p[3]) * k
				at += n
			}
			row[x], row[x+1], row[x+2], row[x+3] = clip(a), clip(b), clip(c), clip(d)
		}
		for ; x < n; x++ {
			sum, at := int32(half), from+x
			for _, k := range weights {
				sum += int32(in[at]) * k
				at += n
			}
			row[x] = clip(sum)
		}
	}
}
