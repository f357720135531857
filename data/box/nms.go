package box

import (
	"cmp"
	"math"
	"slices"
)

// Detection is what a detector says: a box, the class of what it is drawn around, and how sure it is.
type Detection struct {
	Box
	Class int32
	Score float64 // 0 to 1, the larger the surer
}

// Suppression is greedy non-maximum suppression, class by class: of the detections, from the surest on, one is kept unless it overlaps
// a kept one of its class by more than a threshold. It is exact, of equals the first in the list is the surer one, and one that is used
// again allocates nothing. Not for several goroutines at once.
type Suppression struct {
	order []ranked   // the surest first
	next  []int32    // by place in order: the next of its class, -1 behind the last
	ends  [][2]int32 // by class: the first and the last place in order, -1 where it has none
	out   []int
	cells cells
}

// ranked is a detection in an order of them.
type ranked struct {
	score float64
	index int32
	kept  bool
}

// Keep gives the places in the list of the detections that are kept, the surest first. iou is the largest overlap that two kept ones of
// a class may have, 0 to 1; classes are 0 or more. A score that is no number is not kept; an empty box overlaps nothing, and is. The
// answer is good until the next call.
func (s *Suppression) Keep(found []Detection, iou float64) []int {
	s.order, s.next, s.ends, s.out = s.order[:0], s.next[:0], s.ends[:0], s.out[:0]
	for i, d := range found {
		if !math.IsNaN(d.Score) {
			s.order = append(s.order, ranked{score: d.Score, index: int32(i)})
		}
	}
	slices.SortFunc(s.order, func(a, b ranked) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return cmp.Compare(a.index, b.index)
	})
	for at, r := range s.order {
		class := int(found[r.index].Class)
		for class >= len(s.ends) {
			s.ends = append(s.ends, [2]int32{-1, -1})
		}
		if last := s.ends[class][1]; last >= 0 {
			s.next[last] = int32(at)
		} else {
			s.ends[class][0] = int32(at)
		}
		s.ends[class][1] = int32(at)
		s.next = append(s.next, -1)
	}
	for _, ends := range s.ends {
		s.one(found, ends[0], iou)
	}
	for _, r := range s.order {
		if r.kept {
			s.out = append(s.out, int(r.index))
		}
	}
	return s.out
}

// one suppresses the detections of one class, from a place in the order on.
func (s *Suppression) one(found []Detection, first int32, iou float64) {
	c := &s.cells
	c.begin()
	for at := first; at >= 0; at = s.next[at] {
		c.expect(found[s.order[at].index].Box)
	}
	c.divide()
	for at := first; at >= 0; at = s.next[at] {
		r := &s.order[at]
		b := found[r.index].Box
		if b.Empty() {
			r.kept = true
		} else if !c.overlaps(b, iou) {
			r.kept = true
			c.put(b)
		}
	}
}

// cells hold boxes by where their upper left corners lie, in a grid over the boxes of a class. Who overlaps a box of width w by more than
// t shares more than t of w with it and is at most w/t wide, so that its left edge is at most (1-t)·w/t to the left of the other's and
// (1-t)·w to the right; likewise its other edges. Edges are compared in whole steps of the grid's extent, all four of a box at once
// as parts of one word, before its IoU is worked out. Tried and lost: an order by the left edge, as boxes of a whole row share theirs; comparing
// edges one by one, which takes three times as long, since nobody foretells which of them decides.
type cells struct {
	side       int
	x, y       span    // of edges
	perX, perY float64 // steps a pixel
	expected   int
	first      []int32 // by cell: one of boxes, -1: none
	boxes      []Box
	edges      []uint64 // by box
	next       []int32  // by box: another of its cell
}

// steps are how many an extent has: 15 bits, above which each part of a word has one to borrow from.
const (
	steps  = 1 << 15
	borrow = 1<<15 | 1<<31 | 1<<47 | 1<<63
)

// span is from the least to the most of what it was told.
type span struct{ least, most float64 }

func (s *span) tell(v float64) {
	if v < s.least {
		s.least = v
	}
	if v > s.most {
		s.most = v
	}
}

func (c *cells) begin() {
	none := span{math.Inf(1), math.Inf(-1)}
	c.x, c.y, c.expected, c.boxes, c.edges, c.next = none, none, 0, c.boxes[:0], c.edges[:0], c.next[:0]
}

// expect tells of a box that may be put.
func (c *cells) expect(b Box) {
	if !b.Empty() {
		c.x.tell(b.X0)
		c.x.tell(b.X1)
		c.y.tell(b.Y0)
		c.y.tell(b.Y1)
		c.expected++
	}
}

// divide makes the grid, of about as many cells as boxes are expected, and no more than 64 by 64.
func (c *cells) divide() {
	c.side = min(64, max(1, int(math.Sqrt(float64(c.expected)))))
	c.perX, c.perY = steps/(c.x.most-c.x.least), steps/(c.y.most-c.y.least)
	c.first = slices.Grow(c.first[:0], c.side*c.side)[:c.side*c.side]
	for i := range c.first {
		c.first[i] = -1
	}
}

// step is the step of a coordinate; it never falls as v grows.
func step(v, least, per float64) uint64 {
	v = (v - least) * per
	if !(v > 0) { // nor a number
		return 0
	}
	return uint64(min(v, steps-1))
}

// word is the steps of the edges X0, Y0, X1, Y1, from the lowest part on.
func (c *cells) word(b Box) uint64 {
	return step(b.X0, c.x.least, c.perX) | step(b.Y0, c.y.least, c.perY)<<16 | step(b.X1, c.x.least, c.perX)<<32 | step(b.Y1, c.y.least, c.perY)<<48
}

// cell is the column and the row of a word.
func (c *cells) cell(word uint64) (column, row int) {
	return int(word%steps) * c.side / steps, int((word>>16)%steps) * c.side / steps
}

func (c *cells) put(b Box) {
	word := c.word(b)
	column, row := c.cell(word)
	i := row*c.side + column
	c.boxes, c.edges, c.next = append(c.boxes, b), append(c.edges, word), append(c.next, c.first[i])
	c.first[i] = int32(len(c.boxes) - 1)
}

// overlaps tells whether a box that was put overlaps b by more than iou.
func (c *cells) overlaps(b Box, iou float64) bool {
	least, most := b.reach(iou)
	low, high := c.word(least), c.word(most)
	left, top := c.cell(low)
	right, bottom := c.cell(high)
	// A part borrows where an edge lies below low or above high.
	between := func(word uint64) bool { return ((word|borrow)-low)&((high|borrow)-word)&borrow == borrow }
	if (right-left+1)*(bottom-top+1) > len(c.boxes)/4 { // looking at all takes less
		for i, word := range c.edges {
			if between(word) && c.boxes[i].IoU(b) > iou {
				return true
			}
		}
		return false
	}
	for row := top; row <= bottom; row++ {
		for _, i := range c.first[row*c.side+left : row*c.side+right+1] {
			for ; i >= 0; i = c.next[i] {
				if between(c.edges[i]) && c.boxes[i].IoU(b) > iou {
					return true
				}
			}
		}
	}
	return false
}

// reach is where the edges lie, at least and at most, of any box that overlaps b by more than iou.
func (b Box) reach(iou float64) (least, most Box) {
	if !(iou > 0) { // they meet
		inf := math.Inf(1)
		return Box{-inf, -inf, b.X0, b.Y0}, Box{b.X1, b.Y1, inf, inf}
	}
	const rounding = 1e-9
	in, out := 1-iou+rounding, (1-iou)/iou+rounding
	w, h := b.W(), b.H()
	sx, sy := rounding*(math.Abs(b.X0)+w), rounding*(math.Abs(b.Y0)+h)
	return Box{b.X0 - out*w - sx, b.Y0 - out*h - sy, b.X1 - in*w - sx, b.Y1 - in*h - sy},
		Box{b.X0 + in*w + sx, b.Y0 + in*h + sy, b.X1 + out*w + sx, b.Y1 + out*h + sy}
}
