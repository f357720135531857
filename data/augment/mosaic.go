package augment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/tensor"
)

// Mosaic puts four pictures into one, each with its boxes: Bochkovskiy, Wang, Liao, "YOLOv4: Optimal Speed and Accuracy of Object
// Detection", arXiv:2004.10934, §3.4. A point is drawn in the middle half of the window, and its four quarters show the picture and three others of
// the epoch, each as it is augmented by itself, made as small as still covers its quarter and cut at a place that is drawn. So things are seen
// at a quarter to three quarters of their size, where the paper cuts pictures at theirs.
type Mosaic struct {
	Off float64 `yaml:"off" is:"a share of the training" range:"0 to 1" help:"at its end without mosaics, so that a network ends on pictures as they are"`
}

// Apply leaves a picture by itself as it is.
func (Mosaic) Apply(*Sample, *tensor.Rand) {}

// String is "mosaic, but in the last 0.1".
func (o Mosaic) String() string {
	if o.Off == 0 {
		return "mosaic"
	}
	return fmt.Sprintf("mosaic, but in the last %g", o.Off)
}

// Tiles is how many pictures a mosaic shows.
const Tiles = 4

// Tiling is a drawn mosaic: the window's quarters, from left to right and from the top down.
type Tiling struct {
	Tile  [Tiles]Region // where each lies in the window
	Other [Tiles]int    // what it shows, by a number from 0 to below those that it was drawn from; -1: the picture itself
	at    [Tiles][2]float64
}

// Mosaic draws the mosaic of a sample of an epoch for a window h high and w wide, of n others; false where it is shown by itself. Done is the
// share of the training that is behind it. The operation's own numbers are those that [List.Apply] leaves it. r is room for the generator.
func (l List) Mosaic(h, w, n int, draws tensor.Stream, epoch, sample int, done float64, r *tensor.Rand) (t Tiling, ok bool) {
	o, p, k := l.mosaic()
	if k < 0 || done >= 1-o.Off || h < 8 || w < 8 {
		return t, false
	}
	*r = *draws.At(uint64(epoch), uint64(sample)|uint64(k)<<32)
	if p < 1 && float64(r.Float32()) >= p {
		return t, false
	}
	y, x := h/4+r.IntN(h/2+1), w/4+r.IntN(w/2+1)
	t.Tile = [Tiles]Region{{Y: 0, X: 0, H: y, W: x}, {Y: 0, X: x, H: y, W: w - x}, {Y: y, X: 0, H: h - y, W: x}, {Y: y, X: x, H: h - y, W: w - x}}
	own := r.IntN(Tiles)
	for i := range t.Tile {
		t.Other[i] = r.IntN(n)
		t.at[i] = [2]float64{float64(r.Float32()), float64(r.Float32())}
	}
	t.Other[own] = -1
	return t, true
}

// mosaic is the operation of the list, its share of the pictures and its place; -1: there is none.
func (l List) mosaic() (Mosaic, float64, int) {
	for k, op := range l {
		p := 1.0
		if c, ok := op.(Chance); ok {
			op, p = c.Op, c.P
		}
		if o, ok := op.(Mosaic); ok {
			return o, p, k
		}
	}
	return Mosaic{}, 0, -1
}

// Mosaics tells whether the list has a mosaic.
func (l List) Mosaics() bool {
	_, _, k := l.mosaic()
	return k >= 0
}

// Pictures is how many pictures a row of a batch shows at most.
func (l List) Pictures() int {
	n := 1
	if l.Mosaics() {
		n *= Tiles
	}
	if l.Mixes() {
		n *= 2
	}
	return n
}

// Lay makes what a sample shows as small as still covers a tile, which becomes its window.
func (t *Tiling) Lay(i int, s *Sample) {
	tile, h, w := t.Tile[i], s.H, s.W
	f := max(float64(tile.H)/float64(h), float64(tile.W)/float64(w))
	start := func(length, part int, at float64) int { // of the part, in the window as it lies on the canvas
		size := float64(f * float64(length))
		return int(math.Floor(float64(float64(length)/2) - float64(size/2) + float64(at*(size-float64(part))) + 0.5))
	}
	y, x := start(h, tile.H, t.at[i][0]), start(w, tile.W, t.at[i][1])
	s.scale(f)
	seen := x // where it begins in what is seen
	if s.Flip {
		seen = w - x - tile.W
	}
	kept := s.regions[:0]
	for _, r := range s.regions { // what covers parts of the picture moves with them
		place := func(v, length, from int) int {
			return int(math.Floor(float64(f*(float64(v)-float64(float64(length)/2))) + float64(float64(length)/2) - float64(from) + 0.5))
		}
		y0, y1 := max(0, place(r.Y, h, y)), min(tile.H, place(r.Y+r.H, h, y))
		x0, x1 := max(0, place(r.X, w, seen)), min(tile.W, place(r.X+r.W, w, seen))
		if y0 < y1 && x0 < x1 {
			r.Y, r.X, r.H, r.W = y0, x0, y1-y0, x1-x0
			kept = append(kept, r)
		}
	}
	s.regions = kept
	s.Y, s.X, s.H, s.W = s.Y+y, s.X+x, tile.H, tile.W
}
