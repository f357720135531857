package ref

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/program"
)

// region: Σ δ² of each image.
func region(op program.Region, x, boxes, classes, seen, loss array) error {
	return deltas(op, x, boxes, classes, seen, func(i int, delta, _ float64) {
		loss.v[i/(len(x.v)/x.Shape[0])] += delta * delta
	})
}

// regionGrad: -dloss·δ, where asked for times the derivative of the logistic.
func regionGrad(op program.RegionGrad, x, boxes, classes, seen, dloss, dx array) error {
	return deltas(program.Region(op), x, boxes, classes, seen, func(i int, delta, slope float64) {
		dx.v[i] = -dloss.v[i/(len(x.v)/x.Shape[0])] * delta * slope
	})
}

// rect is centre, width and height, in shares of the image.
type rect struct{ x, y, w, h float64 }

func (r rect) iou(o rect) float64 {
	w := math.Min(r.x+r.w/2, o.x+o.w/2) - math.Max(r.x-r.w/2, o.x-o.w/2)
	h := math.Min(r.y+r.h/2, o.y+o.h/2) - math.Max(r.y-r.h/2, o.y-o.h/2)
	if !(w > 0 && h > 0) {
		return 0
	}
	return w * h / (r.w*r.h + o.w*o.h - w*h)
}

// deltas calls f with the place of every value, its delta and, where asked for, the derivative of the logistic in front of it, else 1.
func deltas(op program.Region, x, boxes, classes, seen array, f func(i int, delta, slope float64)) error {
	height, width, m := x.Shape[1], x.Shape[2], boxes.Shape[1]
	values := x.channels() / len(op.Anchors)
	delta := make([]float64, len(x.v))
	for n := range x.Shape[0] {
		if class := int(classes.i[n*m]); op.Whole > 0 && boxes.v[n*m*4+2] < 0 && class >= 0 {
			if class >= values-5 {
				return fmt.Errorf("region: an image of class %d where there are %d", class, values-5)
			}
			whole(op, x, n, class, delta)
			continue
		}
		var truths []rect
		var of []int
		for t := range m {
			class := int(classes.i[n*m+t])
			if class < 0 {
				break
			}
			if class >= values-5 {
				return fmt.Errorf("region: a box of class %d where there are %d", class, values-5)
			}
			if b := boxes.v[(n*m+t)*4:]; b[2] > 0 && b[3] > 0 {
				truths, of = append(truths, rect{b[0], b[1], b[2], b[3]}), append(of, class)
			}
		}
		for j := range height {
			for i := range width {
				for a, anchor := range op.Anchors {
					at := x.at(n, j, i, a*values)
					box, v, d := predicted(x, anchor, n, j, i, at), x.v[at:], delta[at:]
					d[4] = float64(op.NoObject) * (0 - logistic(v[4]))
					for _, truth := range truths {
						if box.iou(truth) > float64(op.Threshold) {
							d[4] = 0
						}
					}
					if seen.i[n] < op.Warm {
						for k, to := range []float64{0.5 - logistic(v[0]), 0.5 - logistic(v[1]), 0 - v[2], 0 - v[3]} {
							d[k] = float64(op.WarmWeight) * to
						}
					}
				}
			}
		}
		for t, truth := range truths {
			i, j := cell(truth.x, width), cell(truth.y, height)
			best, most := 0, 0.0
			for a, anchor := range op.Anchors {
				shape := rect{0, 0, float64(anchor[0]) / float64(width), float64(anchor[1]) / float64(height)}
				if iou := shape.iou(rect{0, 0, truth.w, truth.h}); iou > most {
					best, most = a, iou
				}
			}
			anchor, at := op.Anchors[best], x.at(n, j, i, best*values)
			v, d := x.v[at:], delta[at:]
			scale := float64(op.Coord) * (2 - truth.w*truth.h)
			d[0] = scale * (truth.x*float64(width) - float64(i) - logistic(v[0]))
			d[1] = scale * (truth.y*float64(height) - float64(j) - logistic(v[1]))
			d[2] = scale * (math.Log(truth.w*float64(width)/float64(anchor[0])) - v[2])
			d[3] = scale * (math.Log(truth.h*float64(height)/float64(anchor[1])) - v[3])
			target := 1.0
			if op.Rescore {
				target = predicted(x, anchor, n, j, i, at).iou(truth)
			}
			d[4] = float64(op.Object) * (target - logistic(v[4]))
			clear(d[5:values])
			classDeltas(op.Tree, v[5:values], of[t], float64(op.Class), d[5:])
		}
	}
	for i, d := range delta {
		slope := 1.0
		if k := i % x.channels() % values; op.Derivative && (k < 2 || k == 4) {
			slope = logistic(x.v[i]) * (1 - logistic(x.v[i]))
		}
		f(i, d, slope)
	}
	return nil
}

// classDeltas draws a class and all that it is a kind of, each among its siblings.
func classDeltas(tree program.Tree, logits []float64, class int, weight float64, d []float64) {
	for class >= 0 {
		p := conditionals(tree, logits)
		for k := range logits {
			if parentOf(tree, k) == parentOf(tree, class) {
				d[k] = weight * (0 - p[k])
			}
		}
		d[class] = weight * (1 - p[class])
		class = parentOf(tree, class)
	}
}

func parentOf(tree program.Tree, class int) int {
	if tree == nil {
		return -1
	}
	return int(tree[class])
}

// conditionals are the probabilities of classes given their parents.
func conditionals(tree program.Tree, logits []float64) []float64 {
	p := make([]float64, len(logits))
	for k := range logits {
		var siblings []float64
		at := 0
		for i, v := range logits {
			if parentOf(tree, i) == parentOf(tree, k) {
				if i == k {
					at = len(siblings)
				}
				siblings = append(siblings, v)
			}
		}
		p[k] = softmaxOf(siblings)[at]
	}
	return p
}

// probabilities are those of classes given an object: products from the root on.
func probabilities(tree program.Tree, logits []float64) []float64 {
	p := conditionals(tree, logits)
	for k := range p {
		if parent := parentOf(tree, k); parent >= 0 {
			p[k] *= p[parent]
		}
	}
	return p
}

// whole is the deltas of image n, which is of a class as a whole.
func whole(op program.Region, x array, n, class int, delta []float64) {
	values := x.channels() / len(op.Anchors)
	taken, most := 0, -1.0
	var all []int
	for a := range op.Anchors {
		for j := range x.Shape[1] {
			for i := range x.Shape[2] {
				at := x.at(n, j, i, a*values)
				all = append(all, at)
				if p := logistic(x.v[at+4]) * probabilities(op.Tree, x.v[at+5:at+values])[class]; p > most {
					taken, most = at, p
				}
			}
		}
	}
	for _, at := range all {
		object := logistic(x.v[at+4])
		switch {
		case at == taken:
			if object < 0.3 {
				delta[at+4] = float64(op.Whole) * float64(op.Object) * (0.3 - object)
			}
			classDeltas(op.Tree, x.v[at+5:at+values], class, float64(op.Whole)*float64(op.Class), delta[at+5:])
		case op.Background:
			delta[at+4] = float64(op.Whole) * float64(op.NoObject) * (0 - object)
		}
	}
}

// predicted is the box that an anchor predicts by the values from place at on.
func predicted(x array, anchor [2]float32, n, j, i, at int) rect {
	h, w, t := float64(x.Shape[1]), float64(x.Shape[2]), x.v[at:]
	return rect{
		(float64(i) + logistic(t[0])) / w, (float64(j) + logistic(t[1])) / h,
		float64(anchor[0]) * math.Exp(t[2]) / w, float64(anchor[1]) * math.Exp(t[3]) / h,
	}
}

// cell is where along an axis of so many cells a share of it lies: an edge belongs to the last cell, and nothing lies beyond.
func cell(share float64, cells int) int {
	return int(math.Min(math.Max(share*float64(cells), 0), float64(cells-1)))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softmaxOf(logits []float64) []float64 {
	most, sum, p := math.Inf(-1), 0.0, make([]float64, len(logits))
	for _, v := range logits {
		most = math.Max(most, v)
	}
	for k, v := range logits {
		p[k] = math.Exp(v - most)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// regionBoxes: centre, width and height, objectness, probabilities, anchor by anchor.
func regionBoxes(op program.RegionBoxes, x, y array) {
	values := y.channels()
	for n := range x.Shape[0] {
		for a, anchor := range op.Anchors {
			for j := range x.Shape[1] {
				for i := range x.Shape[2] {
					at, to := x.at(n, j, i, a*values), y.v[(n*y.Shape[1]+(a*x.Shape[1]+j)*x.Shape[2]+i)*values:]
					box := predicted(x, anchor, n, j, i, at)
					copy(to, []float64{box.x, box.y, box.w, box.h, logistic(x.v[at+4])})
					copy(to[5:], probabilities(op.Tree, x.v[at+5:at+values]))
				}
			}
		}
	}
}
