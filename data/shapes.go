package data

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/annotation"
	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/tensor"
)

// Shapes are pictures with boxes that the program makes: one to six plain figures on a textured ground, among strokes that are none. What tells a
// class is its outline alone: colours, sizes and angles are drawn whatever the class is. So a detector can be tried in minutes, and
// what it has learned is known. Pictures to train on come from the seed, those of the test from another stream under it.

// The defaults of Spec.Images, Spec.Size and Spec.Seed; of Spec.Thumbnail it is the size.
const (
	shapeImages = 2000
	shapeSize   = 128
	shapeSeed   = 1
)

// shapesVersion names what pictures are made of a seed: a cache of another version is made anew. A test holds their sum.
const shapesVersion = 1

// figure is a class of the set.
type figure struct {
	name, parent string
	outline      func(r *tensor.Rand) [][]point // rings about the origin, filled where an odd number of them lies around
}

// point is a place in a figure's own units: it is scaled to its size later.
type point struct{ x, y float64 }

// figures are the classes, in the order of their tree.
var figures = []figure{
	{"disc", "round", func(*tensor.Rand) [][]point { return [][]point{circle(1)} }},
	{"ring", "round", func(r *tensor.Rand) [][]point { return [][]point{circle(1), circle(between(0.45, 0.6, r))} }},
	{"crescent", "round", func(r *tensor.Rand) [][]point { return [][]point{crescent(between(0.7, 0.95, r))} }},
	{"triangle", "angular", func(*tensor.Rand) [][]point { return [][]point{regular(3)} }},
	{"square", "angular", func(*tensor.Rand) [][]point { return [][]point{regular(4)} }},
	{"bar", "angular", func(r *tensor.Rand) [][]point { return [][]point{rectangle(1, between(0.25, 0.4, r))} }},
	{"star", "pointed", func(*tensor.Rand) [][]point { return [][]point{star(5, 0.42)} }},
	{"cross", "pointed", func(r *tensor.Rand) [][]point { return [][]point{cross(between(0.28, 0.36, r))} }},
}

// ShapesTree is the tree of the set's classes: child and parent; roots have none.
func ShapesTree() (tree [][2]string) {
	for _, f := range figures {
		tree = append(tree, [2]string{f.name, f.parent})
	}
	return tree
}

func shapeClasses() (names []string) {
	for _, f := range figures {
		names = append(names, f.name)
	}
	return names
}

// turn is a point at an angle in turns of the circle, and a distance.
func turn(turns, radius float64) point {
	angle := float64(2 * math.Pi * turns)
	return point{float64(radius * elementary.Cos(angle)), float64(radius * elementary.Cos(angle-math.Pi/2))}
}

func polygon(n int, at func(i int) point) (ring []point) {
	for i := range n {
		ring = append(ring, at(i))
	}
	return ring
}

func circle(radius float64) []point {
	return polygon(48, func(i int) point { return turn(float64(i)/48, radius) })
}

func regular(n int) []point {
	return polygon(n, func(i int) point { return turn(float64(i)/float64(n), 1) })
}

func rectangle(w, h float64) []point { return []point{{-w, -h}, {w, -h}, {w, h}, {-w, h}} }

func star(n int, inner float64) []point {
	return polygon(2*n, func(i int) point {
		if i%2 == 1 {
			return turn(float64(i)/float64(2*n), inner)
		}
		return turn(float64(i)/float64(2*n), 1)
	})
}

func cross(a float64) []point {
	return []point{{-a, -1}, {a, -1}, {a, -a}, {1, -a}, {1, a}, {a, a}, {a, 1}, {-a, 1}, {-a, a}, {-1, a}, {-1, -a}, {-a, -a}}
}

// crescent is a disc without another one of its size that is moved to the right.
func crescent(by float64) []point {
	// The circles cross at x = by/2: at the angle whose cosine that is.
	at := 0.0
	for step := 0.125; step > 1e-6; step /= 2 { // in turns, by halving: the cosine falls up to a half
		if turn(at+step, 1).x > by/2 {
			at += step
		}
	}
	const n = 32
	ring := polygon(n+1, func(i int) point { return turn(at+float64(float64(1-2*at)*float64(i)/n), 1) })
	inner := polygon(n-1, func(i int) point {
		p := turn(0.5+(0.5-at)-float64(float64(1-2*at)*float64(i+1)/n), 1) // of the other circle, from below up
		return point{p.x + by, p.y}
	})
	return append(ring, inner...)
}

func between(low, high float64, r *tensor.Rand) float64 {
	return low + float64(r.Float64()*(high-low))
}

// scene is a picture before it is painted.
type scene struct {
	size    int
	shapes  []shape
	strokes []shape
	rand    tensor.Rand // as it stands behind what was drawn
}

// shape is a figure in its place, in 256ths of pixels.
type shape struct {
	class int
	rings [][][2]int64
	color [3]int
	box   box.Box // in pixels
}

const subpixel = 256

// place scales, turns and moves rings so that the longer side of the box around them has a length in pixels and its centre a place.
func place(rings [][]point, turns, side, x, y float64) (s shape) {
	c := turn(turns, 1)
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, ring := range rings {
		for i, p := range ring {
			p = point{float64(p.x*c.x) - float64(p.y*c.y), float64(p.x*c.y) + float64(p.y*c.x)}
			ring[i] = p
			low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	scale := side / max(high.x-low.x, high.y-low.y)
	fixed := func(v, middle, centre float64) int64 {
		return int64(math.Floor(float64((float64((v-middle)*scale)+centre)*subpixel) + 0.5))
	}
	edge := [4]int64{math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64}
	for _, ring := range rings {
		var out [][2]int64
		for _, p := range ring {
			q := [2]int64{fixed(p.x, float64((low.x+high.x)/2), x), fixed(p.y, float64((low.y+high.y)/2), y)}
			out = append(out, q)
			edge = [4]int64{min(edge[0], q[0]), min(edge[1], q[1]), max(edge[2], q[0]), max(edge[3], q[1])}
		}
		s.rings = append(s.rings, out)
	}
	s.box = box.Box{X0: float64(edge[0]) / subpixel, Y0: float64(edge[1]) / subpixel, X1: float64(edge[2]) / subpixel, Y1: float64(edge[3]) / subpixel}
	return s
}

// sceneOf draws what a picture shows: one to six figures, whose longer side is a twelfth to a third of the picture's, each of which another
// covers at most three tenths of, box by box; and two to seven strokes.
func sceneOf(stream tensor.Stream, number, size int) *scene {
	s := &scene{size: size, rand: *stream.At(uint64(number), 0)}
	r := &s.rand
	n := 1 + r.IntN(6)
	for tries := 0; len(s.shapes) < n && tries < 60; tries++ {
		class := r.IntN(len(figures))
		side := between(float64(size)/12, float64(size)/3, r)
		half := float64(side / 2)
		x, y := between(half, float64(size)-half, r), between(half, float64(size)-half, r)
		f := place(figures[class].outline(r), r.Float64(), side, x, y)
		f.class = class
		apart := !slices.ContainsFunc(s.shapes, func(o shape) bool {
			return f.box.Intersect(o.box).Area() > float64(0.3*min(f.box.Area(), o.box.Area()))
		})
		if apart {
			s.shapes = append(s.shapes, f)
		}
	}
	for range 2 + r.IntN(6) {
		s.strokes = append(s.strokes, strokeOf(float64(size), r))
	}
	return s
}

// strokeOf draws a stroke, of which none is a figure: a line, an angle, an arc or a dot.
func strokeOf(size float64, r *tensor.Rand) shape {
	var rings [][]point
	side := between(size/10, size/2.5, r)
	switch wide := between(0.03, 0.06, r); r.IntN(4) {
	case 0:
		rings = [][]point{rectangle(1, wide)}
	case 1: // two lines from one corner
		rings = [][]point{{{-1, -1}, {-1 + 2*wide, -1}, {-1 + 2*wide, 1 - 2*wide}, {1, 1 - 2*wide}, {1, 1}, {-1, 1}}}
	case 2:
		part := between(0.25, 0.5, r)
		outer := polygon(25, func(i int) point { return turn(float64(part*float64(i)/24), 1) })
		inner := polygon(25, func(i int) point { return turn(float64(part*float64(24-i)/24), 1-2*wide) })
		rings = [][]point{append(outer, inner...)}
	default:
		rings, side = [][]point{circle(1)}, between(size/50, float64(size/32), r)
	}
	return place(rings, r.Float64(), side, between(0, size, r), between(0, size, r))
}

// paint makes the picture: the ground, strokes, figures, noise.
func (s *scene) paint() augment.Image {
	r, m := s.rand, augment.Image{H: s.size, W: s.size, C: 3, Pix: make([]byte, 3*s.size*s.size)}
	ground := paintGround(m, &r)
	for _, f := range append(s.strokes, s.shapes...) {
		f.color = apartFrom(ground, &r)
		f.fill(m, &r)
	}
	spread := 3 + r.IntN(12) // of the noise, in levels
	for i := 0; i < len(m.Pix); i += 2 {
		u := r.Uint32()
		for k := i; k < min(i+2, len(m.Pix)); k++ {
			noise := int(u&0xff) + int(u>>8&0xff) - 255 // two dice
			m.Pix[k] = byte(max(0, min(255, int(m.Pix[k])+(noise*spread)>>8)))
			u >>= 16
		}
	}
	return m
}

// paintGround mixes two colours by clouds of two sizes and, often, stripes, and returns the two.
func paintGround(m augment.Image, r *tensor.Rand) (colors [2][3]int) {
	for c := range 3 {
		colors[0][c] = 40 + r.IntN(176)
		colors[1][c] = max(0, min(255, colors[0][c]+r.IntN(181)-90))
	}
	type lattice struct {
		cell int
		v    []int
		n    int
	}
	var clouds [2]lattice
	for i := range clouds {
		cell := max(2, m.W>>(2+2*i)+r.IntN(max(1, m.W>>(4+i))))
		n := m.W/cell + 2
		v := make([]int, n*n)
		for k := range v {
			v[k] = r.IntN(256)
		}
		clouds[i] = lattice{cell, v, n}
	}
	at := func(l *lattice, y, x int) int { // bilinear
		cy, cx := y/l.cell, x/l.cell
		fy, fx := y%l.cell, x%l.cell
		upper := l.v[cy*l.n+cx]*(l.cell-fx) + l.v[cy*l.n+cx+1]*fx
		lower := l.v[(cy+1)*l.n+cx]*(l.cell-fx) + l.v[(cy+1)*l.n+cx+1]*fx
		return (upper*(l.cell-fy) + lower*fy) / (l.cell * l.cell)
	}
	stripes, dy, dx := r.IntN(3)*40, r.IntN(2*subpixel)-subpixel, r.IntN(2*subpixel)-subpixel
	width := (4 + r.IntN(max(4, m.W/10))) * subpixel
	for y := range m.H {
		for x := range m.W {
			t := (2*at(&clouds[0], y, x) + at(&clouds[1], y, x)) / 3
			if phase := (y*dy + x*dx + 1<<24) % (2 * width); phase < width {
				t += stripes
			}
			t = min(t, 255)
			for c := range 3 {
				m.Pix[(y*m.W+x)*3+c] = byte((colors[0][c]*(255-t) + colors[1][c]*t) / 255)
			}
		}
	}
	return colors
}

// apartFrom draws a colour that is told from both of the ground's.
func apartFrom(ground [2][3]int, r *tensor.Rand) (color [3]int) {
	for range 40 {
		for c := range 3 {
			color[c] = r.IntN(256)
		}
		least := math.MaxInt
		for _, g := range ground {
			d := 0
			for c := range 3 {
				d += max(color[c]-g[c], g[c]-color[c])
			}
			least = min(least, d)
		}
		if least >= 150 {
			break
		}
	}
	return color
}

// samples are the places of a pixel, each way, at which a figure is asked whether it is there.
const samples = 4

// fill lays a figure over the picture, in its colour, which gets darker or brighter from one side to the other.
func (f *shape) fill(m augment.Image, r *tensor.Rand) {
	slope := r.IntN(61) - 30
	y0, y1 := max(0, int(math.Floor(f.box.Y0))), min(m.H, int(math.Ceil(f.box.Y1)))
	x0, x1 := max(0, int(math.Floor(f.box.X0))), min(m.W, int(math.Ceil(f.box.X1)))
	if y0 >= y1 || x0 >= x1 {
		return
	}
	cover := make([]int, x1-x0) // of the pixels of a row, in places
	var crossings []int64
	const step = subpixel / samples
	for y := y0; y < y1; y++ {
		clear(cover)
		for k := range int64(samples) {
			at := int64(y)*subpixel + k*step + step/2
			crossings = crossings[:0]
			for _, ring := range f.rings {
				for i, a := range ring {
					b := ring[(i+1)%len(ring)]
					if (a[1] <= at) != (b[1] <= at) {
						crossings = append(crossings, a[0]+(at-a[1])*(b[0]-a[0])/(b[1]-a[1]))
					}
				}
			}
			slices.Sort(crossings)
			for i := 0; i+1 < len(crossings); i += 2 {
				for x := x0; x < x1; x++ {
					for j := range int64(samples) {
						if p := int64(x)*subpixel + j*step + step/2; p >= crossings[i] && p < crossings[i+1] {
							cover[x-x0]++
						}
					}
				}
			}
		}
		for x, n := range cover {
			shade := slope * (x - len(cover)/2) / max(1, len(cover)/2)
			px := m.Pix[(y*m.W+x0+x)*3:][:3]
			for c := range 3 {
				want := max(0, min(255, f.color[c]+shade))
				px[c] = byte((int(px[c])*(samples*samples-n) + want*n) / (samples * samples))
			}
		}
	}
}

// thumbnail leaves so many pixels of a side of a square picture, each the mean of a square in whose place it stands: what a network can tell of
// figures by their places and colours alone.
func thumbnail(m augment.Image, left int) {
	side := m.W / left
	for top := 0; top < m.H; top += side {
		for start := 0; start < m.W; start += side {
			for c := range m.C {
				sum := 0
				for y := top; y < top+side; y++ {
					for x := start; x < start+side; x++ {
						sum += int(m.Pix[(y*m.W+x)*m.C+c])
					}
				}
				mean := byte(sum / (side * side))
				for y := top; y < top+side; y++ {
					for x := start; x < start+side; x++ {
						m.Pix[(y*m.W+x)*m.C+c] = mean
					}
				}
			}
		}
	}
}

// made is a set that the program makes.
type made struct {
	names     []string
	splits    []Split
	scene     func(i int) *scene
	thumbnail int // pixels of a side that are left; 0: all
}

// picture is the one of a name's index.
func (m *made) picture(i int) augment.Image {
	p := m.scene(i).paint()
	if m.thumbnail > 0 {
		thumbnail(p, m.thumbnail)
	}
	return p
}

// MadeKey is a key of a set that the program makes, and its value; 0: left out.
type MadeKey struct {
	Key string
	N   uint64
}

// Made are the keys that say which set the program makes.
func (s Spec) Made() []MadeKey {
	return []MadeKey{{"images", uint64(s.Images)}, {"size", uint64(s.Size)}, {"seed", s.Seed}, {"thumbnail", uint64(s.Thumbnail)}}
}

// noFiles is the tree of a set that has none.
func noFiles() (fs.FS, error) { return embed.FS{}, nil }

// makeShapes lays out the set of a spec. Of several keys that are wrong it names the one that the file has first.
func makeShapes(s Spec) (*made, error) {
	asked := func(key string) bool { return slices.Contains(s.Asked, key) }
	images, size, left, seed := s.Images, s.Size, s.Thumbnail, s.Seed
	if images == 0 && !asked("images") {
		images = shapeImages
	}
	if size == 0 && !asked("size") {
		size = shapeSize
	}
	if left == 0 && !asked("thumbnail") {
		left = size
	}
	if seed == 0 && !asked("seed") {
		seed = shapeSeed
	}
	sound := size >= 32 && size <= 1024 && size%boxedStep == 0
	for _, key := range slices.Concat(s.Asked, []string{"images", "size", "thumbnail"}) {
		switch {
		case key == "images" && (images < 8 || images > 1_000_000):
			return nil, fault(key, "images: %d; give 8 to 1000000", images)
		case key == "size" && !sound:
			return nil, fault(key, "size: %d pixels; give a multiple of %d from 32 to 1024", size, boxedStep)
		case key == "seed" && seed == 0:
			return nil, fault(key, "seed: 0; give 1 or more, or leave it out")
		case key == "thumbnail" && sound && (left < 1 || size%left != 0):
			return nil, fault(key, "thumbnail: %d pixels of %d; give a divisor of the size, such as 8", left, size)
		}
	}
	train, test := tensor.NewStream(seed, "shapes"), tensor.NewStream(seed, "shapes of the test")
	m := &made{thumbnail: s.Thumbnail, scene: func(i int) *scene {
		if i < images {
			return sceneOf(train, i, size)
		}
		return sceneOf(test, i-images, size)
	}}
	for i := range images + images/4 {
		if i < images {
			m.names, m.splits = append(m.names, fmt.Sprintf("train/%06d", i)), append(m.splits, format.Train)
		} else {
			m.names, m.splits = append(m.names, fmt.Sprintf("test/%06d", i-images)), append(m.splits, format.Test)
		}
	}
	return m, nil
}

// boxes are those of the whole set.
func (m *made) boxes() *boxes {
	b := &boxes{}
	b.layout.Classes = shapeClasses()
	b.classOf = numbered(b.layout.Classes)
	for i, name := range m.names {
		s := m.scene(i)
		said := annotation.Image{H: s.size, W: s.size}
		for k, f := range s.shapes {
			said.Objects = append(said.Objects, annotation.Object{Box: f.box, N: k + 1, Class: figures[f.class].name})
		}
		b.add(name, m.splits[i], name, said)
	}
	return b
}
