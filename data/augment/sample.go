package augment

import (
	"math"

	"github.com/assaylab/assay/internal/pixel"
	"github.com/assaylab/assay/tensor"
)

// Sample is one picture on its way to the network: what operations say is to be done with it. Nothing is done before [Sample.Render],
// so that however many operations move a picture its pixels are resampled once, and not at all where it is only cut and mirrored.
// A sample is used again for the next picture: it keeps its room.
//
// The geometry is a canvas, on which the picture lies as a [Warp] says and from which the [Window] is cut; changes of the bytes
// follow, colours most of them, and last regions are covered.
type Sample struct {
	Window         // on the canvas, whose origin is the upper left corner of the picture before it is moved
	h, w    int    // of the stored picture
	warp    Warp   // from the canvas to the picture
	warped  bool   // the warp is more than a move by whole pixels
	fill    Fill   // of what lies beyond the picture
	noise   uint64 // names the noise of that fill
	stages  []stage
	regions []Region
	boxes   []Box // in the stored picture

	rand  tensor.Rand
	pix   []byte   // [H,W,C] of what is seen, where it is not a part of the picture as it is
	span  []Span   // of each row, likewise
	spare []byte   // room of a stage that looks at neighbours, and of a row of noise
	sums  []uint32 // room of a stage that adds pictures up
	chain *Sample  // makes those pictures
}

// Span is the columns of a row, from X0 to before X1, in which a picture lies.
type Span struct{ X0, X1 int }

// Region is a rectangle of what the network sees, in its pixels: rows from Y, columns from X. It is covered by its Ink.
type Region struct {
	Y, X, H, W int
	Ink        Ink
	noise      uint64 // names the noise of that ink
}

// Reset makes the sample that evaluation sees of a picture h pixels high and w wide: the window height x width in its centre.
func (s *Sample) Reset(h, w, height, width int) {
	s.Window, s.h, s.w = Centre(h, w, height, width), h, w
	s.warp, s.warped, s.fill = Warp{A: 1, E: 1}, false, Fill{}
	s.stages, s.regions, s.boxes = s.stages[:0], s.regions[:0], nil
}

// Hold says which boxes lie in the stored picture, in its pixels, for operations that heed them ([Crop]). Reset forgets them.
func (s *Sample) Hold(boxes []Box) { s.boxes = boxes }

// Warp is an affine map of the plane: x' = A·x + B·y + C, y' = D·x + E·y + F. In pixels, where the first pixel covers 0 to 1.
type Warp struct{ A, B, C, D, E, F float64 }

// after is the map that does first, and then m.
func (m Warp) after(first Warp) Warp {
	return Warp{
		A: float64(m.A*first.A) + float64(m.B*first.D), B: float64(m.A*first.B) + float64(m.B*first.E),
		C: float64(m.A*first.C) + float64(m.B*first.F) + m.C,
		D: float64(m.D*first.A) + float64(m.E*first.D), E: float64(m.D*first.B) + float64(m.E*first.E),
		F: float64(m.D*first.C) + float64(m.E*first.F) + m.F,
	}
}

// at is where the map takes a point.
func (m Warp) at(y, x float64) (float64, float64) {
	return float64(m.D*x) + float64(m.E*y) + m.F, float64(m.A*x) + float64(m.B*y) + m.C
}

// inverse is the map back; that of a map that is flat has no finite numbers.
func (m Warp) inverse() Warp {
	det := float64(m.A*m.E) - float64(m.B*m.D)
	b := Warp{A: m.E / det, B: -m.B / det, D: -m.D / det, E: m.A / det}
	b.C = -(float64(b.A*m.C) + float64(b.B*m.F))
	b.F = -(float64(b.D*m.C) + float64(b.E*m.F))
	return b
}

// Move moves what is seen: m takes each point of it, counted from the centre of the window, to the point that was seen there before. So
// a map that halves coordinates makes things twice as large.
func (s *Sample) Move(m Warp) {
	if s.Flip { // the mirror stays the last thing done
		m.B, m.C, m.D = -m.B, -m.C, -m.D
	}
	cx, cy := float64(2*s.X+s.W)/2, float64(2*s.Y+s.H)/2
	m = Warp{1, 0, cx, 0, 1, cy}.after(m).after(Warp{1, 0, -cx, 0, 1, -cy})
	s.warp, s.warped = s.warp.after(m), true
}

// Shift moves what is seen down and to the right by whole pixels, which needs no resampling.
func (s *Sample) Shift(down, right int) {
	if s.Flip {
		right = -right
	}
	s.warp = s.warp.after(Warp{1, 0, float64(-right), 0, 1, float64(-down)})
}

// view is the map from what is seen to the picture.
func (s *Sample) view() Warp {
	v := Warp{1, 0, float64(s.X), 0, 1, float64(s.Y)}
	if s.Flip {
		v.A, v.C = -1, float64(s.X+s.W)
	}
	return s.warp.after(v)
}

// Seen is where a point of the stored picture lies in what the network sees, both in pixels from the upper left corner: what boxes
// and other targets that have a place follow.
func (s *Sample) Seen(y, x float64) (float64, float64) { return s.view().inverse().at(y, x) }

// SeenBox is the smallest upright box around the four corners of a box of the stored picture, as they lie in what the network sees: in its pixels, not cut
// off at its edges.
func (s *Sample) SeenBox(b Box) Box {
	m := s.view().inverse()
	y, x := m.at(b.Y0, b.X0)
	seen := Box{y, x, y, x}
	for _, corner := range [...][2]float64{{b.Y0, b.X1}, {b.Y1, b.X0}, {b.Y1, b.X1}} {
		y, x := m.at(corner[0], corner[1])
		seen.Y0, seen.X0 = min(seen.Y0, y), min(seen.X0, x)
		seen.Y1, seen.X1 = max(seen.Y1, y), max(seen.X1, x)
	}
	return seen
}

// left is the share of a box's area that is seen.
func (s *Sample) left(b Box) float64 {
	seen := s.SeenBox(b)
	h, w := min(seen.Y1, float64(s.H))-max(seen.Y0, 0), min(seen.X1, float64(s.W))-max(seen.X0, 0)
	if !(h > 0 && w > 0) {
		return 0
	}
	return float64(h*w) / float64((seen.Y1-seen.Y0)*(seen.X1-seen.X0))
}

// Cover covers a region of what the network sees, or what of it lies there. It draws one number where the ink is noise.
func (s *Sample) Cover(region Region, r *tensor.Rand) {
	if region.Ink == InkNoise {
		region.noise = r.Uint64()
	}
	y, x := max(0, region.Y), max(0, region.X)
	region.H, region.W = min(s.H, region.Y+region.H)-y, min(s.W, region.X+region.W)-x
	if region.Y, region.X = y, x; region.H > 0 && region.W > 0 {
		s.regions = append(s.regions, region)
	}
}

// Regions are what is covered, in the order in which it was said. They lie in what is seen and may overlap.
func (s *Sample) Regions() []Region { return s.regions }

// fillBy sets the fill, and draws one number where it is noise.
func (s *Sample) fillBy(f Fill, r *tensor.Rand) {
	if f != (Fill{}) {
		s.fill = f
	}
	if f == FillNoise {
		s.noise = r.Uint64()
	}
}

// Render does what the operations said, regions apart. It returns a picture and the window of it that the network sees: m
// itself where it is only cut and mirrored. What lies beyond that picture has the mean colour, and so has, where spans are
// returned (one for each of the window's rows), what lies beside them. All is the sample's until the next Render.
func (s *Sample) Render(m Image) (Image, Window, []Span) {
	win := s.Window
	win.Y, win.X = win.Y+int(s.warp.F), win.X+int(s.warp.C)
	var spans []Span
	switch {
	case s.warped || s.fill != Fill{}:
		m, spans = s.resample(m)
		win = Window{H: s.H, W: s.W}
	case len(s.stages) == 0:
		return m, win, nil
	default: // the part of the picture that is seen, for its bytes to be changed
		y0, x0 := max(0, win.Y), max(0, win.X)
		h, w := max(0, min(m.H, win.Y+s.H)-y0), max(0, min(m.W, win.X+s.W)-x0)
		s.pix = resized(s.pix, h*w*m.C)
		for y := range h {
			copy(s.pix[y*w*m.C:(y+1)*w*m.C], m.Pix[((y0+y)*m.W+x0)*m.C:])
		}
		win.Y, win.X = win.Y-y0, win.X-x0
		m = Image{H: h, W: w, C: m.C, Pix: s.pix}
	}
	if len(m.Pix) > 0 {
		for i := range s.stages {
			s.stages[i].apply(s, m, spans)
		}
	}
	return m, win, spans
}

// places is how many bits of a coordinate in pixels stand behind the point; fine are those of them that weigh neighbours.
const (
	places = pixel.Places
	fine   = pixel.Fine
)

func fixed(v float64) int64 { return int64(math.Floor(float64(v*(1<<places)) + 0.5)) }

// resample makes the window that is seen by bilinear interpolation: the value at a place is that of the four pixels whose centres are
// around it, by their nearness, as Pillow's Image.transform takes it. A pixel whose centre comes to lie beyond the picture
// is filled. Coordinates and weights are whole numbers, so that all processors find the same bits.
func (s *Sample) resample(m Image) (Image, []Span) {
	c := m.C
	s.pix, s.span = resized(s.pix, s.H*s.W*c), resized(s.span, s.H)
	v := s.view()
	dx, dy := fixed(v.A), fixed(v.D)
	endX, endY := int64(m.W)<<places, int64(m.H)<<places
	mean, reflect := s.fill == Fill{}, s.fill == FillReflect
	goesOn := reflect || s.fill == FillEdge
	for row := range s.H {
		startY, startX := v.at(float64(row)+0.5, 0.5)
		line := pixel.Line{X: fixed(startX) - 1<<(places-1), Y: fixed(startY) - 1<<(places-1), DX: dx, DY: dy}
		out := s.pix[row*s.W*c : (row+1)*s.W*c]
		span := Span{s.W, s.W}
		from, to := line.Among(m.W, m.H, s.W) // most pixels
		for col := 0; col < s.W; col++ {
			u, t := line.X+int64(col)*dx, line.Y+int64(col)*dy // from the centre of the first pixel
			if col == from && from < to {
				pixels.Bilinear(out[from*c:to*c], m.Pix, m.W, m.H, c, pixel.Line{X: u, Y: t, DX: dx, DY: dy})
				span.X0, col = min(span.X0, from), to-1
				continue
			}
			x, y := u+1<<(places-1), t+1<<(places-1)
			px := out[col*c : (col+1)*c]
			if inside := uint64(x) < uint64(endX) && uint64(y) < uint64(endY); !inside && !goesOn {
				for k := range px {
					px[k] = s.fill.level
				}
				if span.X0 < s.W && span.X1 == s.W {
					span.X1 = col
				}
			} else {
				if span.X0 == s.W {
					span.X0 = col
				}
				fx, fy := uint32(u>>(places-fine))&(1<<fine-1), uint32(t>>(places-fine))&(1<<fine-1)
				x0, y0 := int(u>>places), int(t>>places)
				x0, x1 := neighbour(x0, m.W, reflect)*c, neighbour(x0+1, m.W, reflect)*c
				y0, y1 := neighbour(y0, m.H, reflect)*m.W*c, neighbour(y0+1, m.H, reflect)*m.W*c
				for k := range px {
					px[k] = pixel.Mix(m.Pix[y0+x0+k], m.Pix[y0+x1+k], m.Pix[y1+x0+k], m.Pix[y1+x1+k], fx, fy)
				}
			}
		}
		s.span[row] = span
	}
	if s.fill == FillNoise {
		for row, span := range s.span {
			static(s.pix[row*s.W*c:][:span.X0*c], s.noise, row)
			static(s.pix[(row*s.W+span.X1)*c:(row+1)*s.W*c], s.noise, row+s.H)
		}
	}
	if !mean {
		return Image{H: s.H, W: s.W, C: c, Pix: s.pix}, nil
	}
	return Image{H: s.H, W: s.W, C: c, Pix: s.pix}, s.span
}

// neighbour is the pixel of n that stands for the one at i: the nearest, or the mirror image about the first and the last.
func neighbour(i, n int, reflect bool) int {
	if uint(i) < uint(n) {
		return i
	}
	if !reflect || n == 1 {
		return max(0, min(i, n-1))
	}
	period := 2 * (n - 1)
	if i %= period; i < 0 {
		i += period
	}
	return min(i, period-i)
}
