package kernel

import (
	"math"

	"github.com/assaylab/assay/internal/elementary"
)

// Region is how the map of a detector is read, pixels [A·(5+K)] of H rows of W cells, and what its loss weighs. All is worked out in
// float64, in one order, so that every level has the same bits; the exponentials are few beside the network's products.
type Region struct {
	H, W, K                        int // K classes
	Anchors                        [][2]float32
	Object, NoObject, Coord, Class float64
	Threshold                      float64
	Rescore                        bool
	Warm                           int32
	WarmWeight                     float64
	Derivative                     bool
	Whole                          float64
	Background                     bool
	tree                           []node // by class
}

// node is a class among others: its siblings, from first to before last, are those that its probability is shared out among.
type node struct{ parent, first, last int32 }

// Grow gives the classes their parents, -1 or none at all of roots; siblings lie one after the other behind their parent.
func (r *Region) Grow(parents []int32) {
	r.tree = make([]node, r.K)
	for k := range r.tree {
		n := node{-1, 0, int32(r.K)}
		if parents != nil {
			n = node{parents[k], int32(k), int32(k) + 1}
			for n.first > 0 && parents[n.first-1] == n.parent {
				n.first--
			}
			for int(n.last) < r.K && parents[n.last] == n.parent {
				n.last++
			}
		}
		r.tree[k] = n
	}
}

// Truths are the boxes of one image, four numbers each, and their classes, of which one below 0 ends the list; Seen is how many images
// were seen before. Of a first box whose width is below 0 the class is that of the whole image.
type Truths struct {
	Boxes   []float32
	Classes []int32
	Seen    int32
}

// rect is centre, width and height.
type rect struct{ x, y, w, h float64 }

func (a rect) iou(b rect) float64 {
	w := overlap(a.x, float64(a.w/2), b.x, float64(b.w/2))
	h := overlap(a.y, float64(a.h/2), b.y, float64(b.h/2))
	if !(w > 0 && h > 0) {
		return 0
	}
	both := float64(w * h)
	return both / (float64(a.w*a.h) + float64(b.w*b.h) - both)
}

// overlap is the length that two intervals share, by their middles and half lengths; below 0 where they lie apart.
func overlap(x, half, y, other float64) float64 { return min(x+half, y+other) - max(x-half, y-other) }

// truth is one of the boxes; false of one without width or height, which counts nothing.
func (t Truths) truth(i int) (rect, bool) {
	b := t.Boxes[4*i:][:4]
	return rect{float64(b[0]), float64(b[1]), float64(b[2]), float64(b[3])}, b[2] > 0 && b[3] > 0
}

// count is how many boxes are listed.
func (t Truths) count() int {
	for i, class := range t.Classes {
		if class < 0 {
			return i
		}
	}
	return len(t.Classes)
}

// whole is the class of the image where it has one in place of boxes, else below 0.
func (r *Region) whole(t Truths) int {
	if r.Whole > 0 && len(t.Classes) > 0 && t.Boxes[2] < 0 {
		return int(t.Classes[0])
	}
	return -1
}

// Boxes writes for each anchor and cell its box in shares of the image, objectness and the probabilities of the classes: [A,H,W,5+K].
func (r *Region) Boxes(y []float32, x Map) {
	for a := range r.Anchors {
		for j := range r.H {
			for i := range r.W {
				t := r.at(x, a, j, i)
				b := r.predicted(t, a, j, i)
				y[0], y[1], y[2], y[3] = float32(b.x), float32(b.y), float32(b.w), float32(b.h)
				y[4] = float32(logistic(t[4]))
				for k := 0; k < r.K; {
					n, above := r.tree[k], 1.0
					if n.parent >= 0 {
						above = float64(y[5+n.parent])
					}
					z := logSumExp(t[5+n.first : 5+n.last])
					for ; k < int(n.last); k++ {
						y[5+k] = float32(above * elementary.Exp(float64(t[5+k])-z))
					}
				}
				y = y[5+r.K:]
			}
		}
	}
}

// Loss is the sum of the squares of all deltas.
func (r *Region) Loss(x Map, of Truths) float32 {
	of.Classes = of.Classes[:of.count()]
	sum, taken := 0.0, r.taken(x, of)
	for j := range r.H {
		for i := range r.W {
			for a := range r.Anchors {
				t := r.at(x, a, j, i)
				d, class, weight := r.deltas(t, a, j, i, of, taken)
				for _, v := range d {
					sum += float64(v * v)
				}
				for class >= 0 {
					n := r.tree[class]
					z := logSumExp(t[5+n.first : 5+n.last])
					for k := int(n.first); k < int(n.last); k++ {
						delta := float64(weight * (one(k == class) - elementary.Exp(float64(t[5+k])-z)))
						sum += float64(delta * delta)
					}
					class = int(n.parent)
				}
			}
		}
	}
	return float32(sum)
}

// Grad is dx = -dloss·δ, where asked for times the derivative of the logistic.
func (r *Region) Grad(dx, x Map, of Truths, dloss float32) {
	of.Classes = of.Classes[:of.count()]
	taken := r.taken(x, of)
	for j := range r.H {
		for i := range r.W {
			for a := range r.Anchors {
				t, to := r.at(x, a, j, i), r.at(dx, a, j, i)
				d, class, weight := r.deltas(t, a, j, i, of, taken)
				for k, v := range d {
					if r.Derivative && (k < 2 || k == 4) {
						s := logistic(t[k])
						v *= float64(s * (1 - s))
					}
					to[k] = float32(-float64(dloss) * v)
				}
				clear(to[5:])
				for class >= 0 {
					n := r.tree[class]
					z := logSumExp(t[5+n.first : 5+n.last])
					for k := int(n.first); k < int(n.last); k++ {
						to[5+k] = float32(-float64(dloss) * weight * (one(k == class) - elementary.Exp(float64(t[5+k])-z)))
					}
					class = int(n.parent)
				}
			}
		}
	}
}

// at is the values of anchor a at cell (j, i).
func (r *Region) at(m Map, a, j, i int) []float32 {
	return m.Data[j*m.Row+i*m.Pix+a*(5+r.K):][:5+r.K]
}

// predicted is the box that values t of anchor a say at cell (j, i).
func (r *Region) predicted(t []float32, a, j, i int) rect {
	w, h := float64(r.W), float64(r.H)
	return rect{
		(float64(i) + logistic(t[0])) / w, (float64(j) + logistic(t[1])) / h,
		float64(float64(r.Anchors[a][0])*elementary.Exp(float64(t[2]))) / w, float64(float64(r.Anchors[a][1])*elementary.Exp(float64(t[3]))) / h,
	}
}

// taken is the box, by its number in the order of Boxes, that answers for the class of a whole image: that with the most probable object of the
// class. An image with boxes has none, -1.
func (r *Region) taken(x Map, of Truths) int {
	class := r.whole(of)
	if class < 0 || class >= r.K {
		return -1
	}
	best, most := 0, -1.0
	for a := range r.Anchors {
		for j := range r.H {
			for i := range r.W {
				t := r.at(x, a, j, i)
				p := logistic(t[4])
				for k := class; k >= 0; k = int(r.tree[k].parent) {
					n := r.tree[k]
					p *= elementary.Exp(float64(t[5+k]) - logSumExp(t[5+n.first:5+n.last]))
				}
				if p != p { // for the loss to tell
					return (a*r.H+j)*r.W + i
				}
				if p > most {
					best, most = (a*r.H+j)*r.W+i, p
				}
			}
		}
	}
	return best
}

// drawnUp is the objectness that the box of a whole image is drawn up to.
const drawnUp = 0.3

// deltas are those of place, size and objectness of a box, and the class that its logits are drawn to, with a weight; the class is below 0
// where they are not. A class that there is not makes them no number. Taken is the box that answers for the class of a whole image.
func (r *Region) deltas(t []float32, a, j, i int, of Truths, taken int) (d [5]float64, class int, weight float64) {
	box, class := r.predicted(t, a, j, i), -1
	if whole := r.whole(of); whole >= 0 {
		object := logistic(t[4])
		switch {
		case whole >= r.K:
			d[4] = math.NaN()
		case taken == (a*r.H+j)*r.W+i:
			if class, weight = whole, float64(r.Whole*r.Class); !(object >= drawnUp) {
				d[4] = float64(float64(r.Whole*r.Object) * (drawnUp - object))
			}
		case r.Background:
			d[4] = float64(float64(r.Whole*r.NoObject) * (0 - object))
		}
		return d, class, weight
	}
	s := [5]float64{logistic(t[0]), logistic(t[1]), float64(t[2]), float64(t[3]), logistic(t[4])}
	d[4] = float64(r.NoObject * (0 - s[4]))
	last := -1
	for n := range of.Classes {
		truth, ok := of.truth(n)
		if !ok {
			continue
		}
		if box.iou(truth) > r.Threshold {
			d[4] = 0
		}
		if cell(truth.x, r.W) == i && cell(truth.y, r.H) == j && r.nearest(truth) == a {
			last = n
		}
	}
	if last < 0 {
		if of.Seen < r.Warm {
			d[0], d[1] = float64(r.WarmWeight*(0.5-s[0])), float64(r.WarmWeight*(0.5-s[1]))
			d[2], d[3] = float64(r.WarmWeight*(0-s[2])), float64(r.WarmWeight*(0-s[3]))
		}
		return d, class, 0
	}
	truth, _ := of.truth(last)
	w, h := float64(r.W), float64(r.H)
	scale := float64(r.Coord * (2 - float64(truth.w*truth.h)))
	d[0] = float64(scale * (float64(truth.x*w) - float64(i) - s[0]))
	d[1] = float64(scale * (float64(truth.y*h) - float64(j) - s[1]))
	d[2] = float64(scale * (elementary.Log(float64(truth.w*w)/float64(r.Anchors[a][0])) - s[2]))
	d[3] = float64(scale * (elementary.Log(float64(truth.h*h)/float64(r.Anchors[a][1])) - s[3]))
	target := 1.0
	if r.Rescore {
		target = box.iou(truth)
	}
	d[4] = float64(r.Object * (target - s[4]))
	if class = int(of.Classes[last]); class >= r.K {
		d[4], class = math.NaN(), -1
	}
	return d, class, r.Class
}

// nearest is the first anchor with the largest IoU with the truth, both at one place.
func (r *Region) nearest(truth rect) int {
	best, most := 0, 0.0
	for a, anchor := range r.Anchors {
		shape := rect{0, 0, float64(anchor[0]) / float64(r.W), float64(anchor[1]) / float64(r.H)}
		if iou := shape.iou(rect{0, 0, truth.w, truth.h}); iou > most {
			best, most = a, iou
		}
	}
	return best
}

// cell is where along an axis of so many cells a share of it lies: an edge belongs to the last cell, and nothing lies beyond.
func cell(share float64, cells int) int {
	at := float64(share * float64(cells))
	if !(at > 0) {
		return 0
	}
	return int(min(at, float64(cells-1)))
}

func logistic(x float32) float64 { return 1 / (1 + elementary.Exp(-float64(x))) }

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
