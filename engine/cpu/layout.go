package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// The physical layout of values. A program's value is logical; here it becomes images of rows of pixels of channels, NHWC,
// with a halo of zeros as wide as the most that a convolution (or its gradient) reads beyond the map. So padding costs a
// kernel nothing, and a tap is one offset wherever it falls.
//
//	image:   . . . . . . .    top rows of halo
//	         . . x x x x x    left pixels of halo, then a row; the gap to the next row serves as this one's right halo too
//	         . . x x x x x
//	         . . . . . . .    bottom, and the last row's right halo
//
// A value without a halo is dense. What has no channels of its own is an image an element or a row: [N,C] is N images of one
// pixel, [N] N images of one number, a scalar one image.

// lane is how many channels fill a cache line. Convolutions copy maps so many channels at a time.
const lane = 16

// home says in which memory a value lies.
type home uint8

const (
	arena home = iota // the engine's arena: from the phase that writes it to the last that reads it
	chunk             // a worker's own memory, image by image of the chunk under way: values that no other phase reads
	host              // an array of the State or of the caller: dense, never placed here
	fixed             // the executable's own memory: what follows from the State alone, made anew when that has changed
)

// value is where a value of the program, or a buffer of the plan, lies.
type value struct {
	id         int
	name       string
	shape      tensor.Shape
	n, h, w, c int
	halo       [4]int // top, bottom, left, right: pixels of zeros
	gap        int    // elements between a pixel and the next that are nobody's

	// Pitches in elements: of pixels, rows and images; first is where the map begins in its image, behind the halo.
	pix, row, img, first int

	home home
	at   int    // in its memory; with host: which array of the frame
	root *value // whose bytes these are, itself if its own; see base

	slice    bool // some channels of root's, from offset on
	offset   int
	held     bool // a tensor of the State
	perChunk bool // one image a chunk of the phase that writes it, not one a picture: private sums
	keep     bool // read by the caller after the run
	taken    bool // its bytes are another value's by decree: no view of it

	// Of a base, for all that share its bytes.
	mixed      bool    // under several shapes
	sliced     bool    // some have some of the channels
	uses       []*step // who reads or writes it
	start, end int     // first and last position of those
	phases     [2]int  // first and last phase
}

// base is the value whose bytes v has.
func (v *value) base() *value {
	for v.root != v {
		v = v.root
	}
	return v
}

// newValue describes an array of the given shape, dense.
func newValue(name string, s tensor.Shape) *value {
	v := &value{name: name, shape: s, n: 1, h: 1, w: 1, c: 1}
	switch s.Rank() {
	case 0:
	case 1:
		v.n = s[0]
	case 2:
		v.n, v.c = s[0], s[1]
	case 3:
		v.n, v.w, v.c = s[0], s[1], s[2]
	default: // [N,H,W,C]; more extents count as rows
		r := s.Rank()
		v.n, v.h, v.w, v.c = s[0], tensor.Shape(s[1:r-2]).Elems(), s[r-2], s[r-1]
	}
	v.root = v
	v.pitch()
	return v
}

// pitch sets the pitches from extents and halo. Images with a halo begin at multiples of 64 bytes.
func (v *value) pitch() {
	v.pix = v.c + v.gap
	v.row = (v.w + max(v.halo[2], v.halo[3])) * v.pix
	v.first = v.halo[0]*v.row + v.halo[2]*v.pix
	v.img = (v.halo[0]+v.h+v.halo[1])*v.row + v.halo[2]*v.pix
	if !v.dense() {
		v.img = (v.img + 15) &^ 15
	}
}

func (v *value) haloed() bool { return v.halo != [4]int{} }

// dense reports whether the elements lie without anything between them.
func (v *value) dense() bool { return !v.haloed() && v.gap == 0 }

// elems is the number of elements of one image without halo.
func (v *value) elems() int { return v.h * v.w * v.c }

// size is the number of elements that the value occupies, halos included.
func (v *value) size() int { return v.n * v.img }

// need widens the halo to at least the given one.
func (v *value) need(halo [4]int) {
	for i, p := range halo {
		v.halo[i] = max(v.halo[i], p)
	}
	v.pitch()
}

// spread moves the pixels of a map that convolutions read apart by one cache line where their distance is a multiple of 1 KB: such
// pixels share few sets of the first-level cache (at 4 KB eight lines in all), and a tile of twelve reads as many at once.
func (v *value) spread() {
	if v.c%256 == 0 && v.h*v.w > 1 && v.home != host {
		v.gap = lane
		v.pitch()
	}
}

// like takes over the halo and the gap of a value with the same bytes.
func (v *value) like(o *value) {
	v.gap = max(v.gap, o.gap)
	v.need(o.halo)
}

// within takes the layout of some channels of the value whose bytes v has.
func (v *value) within(r *value) {
	v.halo, v.gap = r.halo, r.pix-v.c
	v.pix, v.row, v.img, v.first = r.pix, r.row, r.img, r.first
	for o := v; o != r; o = o.root {
		if o.slice {
			v.first += o.offset
		}
	}
}

// run is how many elements lie without anything between them, at least: a row, or a pixel where there are gaps.
func (v *value) run() int {
	if v.gap > 0 {
		return v.c
	}
	return v.w * v.c
}

// runAt is where run i of image n begins.
func (v *value) runAt(n, i int) int {
	if v.gap > 0 {
		return n*v.img + v.first + i/v.w*v.row + i%v.w*v.pix
	}
	return n*v.img + v.first + i*v.row
}

// block is the extent of m images; of more than one only where the value is dense.
func (v *value) block(m int) kernel.Block { return kernel.Block{Rows: m * v.h, Pixels: v.w, C: v.c} }

// together is how many images of a chunk a kernel can sweep at once: all where every value is dense, else one.
func (s *step) together(vs ...*value) int {
	for _, v := range vs {
		if v != nil && !v.dense() {
			return 1
		}
	}
	return s.ph.group
}

// image is the memory of image n, from its halo on.
func (w *worker) image(v *value, n int) []float32 {
	switch v.home {
	case chunk:
		return w.own[v.at+(n-w.n0)*v.img:][:v.img]
	case host:
		return w.f.host[v.at][n*v.img:][:v.img]
	case fixed:
		return w.f.fixed[v.at+n*v.img:][:v.img]
	}
	return w.f.arena[v.at+n*v.img:][:v.img]
}

// images is the memory of images n to m.
func (w *worker) images(v *value, n, m int) []float32 {
	switch v.home {
	case chunk:
		return w.own[v.at+(n-w.n0)*v.img:][:(m-n)*v.img]
	case host:
		return w.f.host[v.at][n*v.img:][:(m-n)*v.img]
	case fixed:
		return w.f.fixed[v.at+n*v.img:][:(m-n)*v.img]
	}
	return w.f.arena[v.at+n*v.img:][:(m-n)*v.img]
}

// feature is images n to n+m as kernels take them; more than one only where the value is dense. A nil value gives no map.
func (w *worker) feature(v *value, n, m int) kernel.Map {
	if v == nil {
		return kernel.Map{}
	}
	return kernel.Map{Data: w.images(v, n, n+m)[v.first:], Row: v.row, Pix: v.pix}
}

// whole is the memory of all images of a value that is not a chunk's.
func (f *frame) whole(v *value) []float32 {
	switch v.home {
	case host:
		return f.host[v.at]
	case fixed:
		return f.fixed[v.at:][:v.size()]
	}
	return f.arena[v.at:][:v.size()]
}

// scalar is the value of a dense value of one element.
func (f *frame) scalar(v *value) float32 { return f.whole(v)[0] }

// clearHalo writes zeros around rows r0 to r1 of the map of image n: those bytes may have been another value's.
func (w *worker) clearHalo(v *value, n, r0, r1 int) {
	d := w.image(v, n)
	if r0 == 0 {
		clear(d[:v.first])
	}
	at, row := v.first+r0*v.row, v.w*v.pix
	for range min(r1, v.h-1) - r0 {
		clear(d[at+row : at+v.row])
		at += v.row
	}
	if r1 == v.h {
		clear(d[at+row:])
	}
}

// gather copies a value into a dense array.
func (f *frame) gather(dst []float32, v *value) {
	mem, run := f.arena[v.at:], v.run()
	for n := range v.n {
		for i := range v.elems() / run {
			dst = dst[copy(dst[:run], mem[v.runAt(n, i):]):]
		}
	}
}

// windowHalo is the halo that a window needs round a map of h by w: what its taps reach beyond the map, no more.
func windowHalo(g program.Window, h, w, ho, wo int) [4]int {
	bottom := (ho-1)*g.Stride[0] + (g.Kernel[0]-1)*g.Dilation[0] - g.Pad[0] - (h - 1)
	right := (wo-1)*g.Stride[1] + (g.Kernel[1]-1)*g.Dilation[1] - g.Pad[2] - (w - 1)
	return [4]int{g.Pad[0], max(bottom, 0), g.Pad[2], max(right, 0)}
}
