package box

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Shape is a box's width and height, wherever it lies.
type Shape [2]float64

// area is 0 or more.
func (s Shape) area() float64 { return float64(s[0] * s[1]) }

// IoU is the overlap of two shapes whose upper left corners lie on one another: that of two boxes with one centre.
func (s Shape) IoU(t Shape) float64 {
	both := float64(min(s[0], t[0]) * min(s[1], t[1]))
	if !(both > 0) {
		return 0
	}
	return both / (s.area() + t.area() - both)
}

// maxRounds bounds the rounds of k-means; it ends when no shape moves, mostly after some tens.
const maxRounds = 1000

// Anchors finds k shapes that stand for the given ones: k-means in which a shape belongs to the anchor with which its IoU is largest, and an anchor
// becomes the mean width and height of its shapes: Redmon, Farhadi, "YOLO9000", CVPR 2017, arXiv:1612.08242, §2 ("Dimension Clusters"), whose distance
// is 1 - IoU. The first anchors are drawn among the shapes, each the likelier the farther it is from those before (k-means++: Arthur,
// Vassilvitskii, SODA 2007); an anchor that no shape belongs to becomes the shape that is worst stood for. They come sorted by area.
//
// Of several starts, each from a stream of its own under the seed, the one with the largest mean IoU is taken; the same shapes in another order may
// give others. Shapes must have width and height above 0; there must be k different ones, k at least 1.
func Anchors(shapes []Shape, k int, seed uint64) ([]Shape, error) {
	kinds := map[Shape]bool{}
	for _, s := range shapes {
		if !(s[0] > 0 && s[1] > 0) || math.IsInf(s[0]+s[1], 0) {
			return nil, fmt.Errorf("a shape of %g x %g; give widths and heights above 0", s[0], s[1])
		}
		if len(kinds) < k {
			kinds[s] = true
		}
	}
	switch {
	case k < 1:
		return nil, fmt.Errorf("%d anchors; give at least 1", k)
	case len(kinds) < k:
		return nil, fmt.Errorf("%d anchors are more than the boxes have shapes, %d; give at most that", k, len(kinds))
	}
	const starts = 8
	stream := tensor.NewStream(seed, "anchors")
	var best []Shape
	most := -1.0
	for start := range uint64(starts) {
		anchors := cluster(shapes, k, stream.At(start, 0))
		if fit := Fit(shapes, anchors); fit > most {
			best, most = anchors, fit
		}
	}
	slices.SortFunc(best, func(a, b Shape) int {
		switch d := a.area() - b.area(); {
		case d < 0 || d == 0 && a[0] < b[0]:
			return -1
		case d > 0 || a[0] > b[0]:
			return 1
		}
		return 0
	})
	return best, nil
}

// Fit is the mean, over shapes, of the IoU with the anchor that fits best, 0 to 1: what darknet prints as it looks for anchors.
func Fit(shapes, anchors []Shape) float64 {
	sum := 0.0
	for _, s := range shapes {
		_, iou := s.Nearest(anchors)
		sum += iou
	}
	return sum / float64(max(1, len(shapes)))
}

// Nearest is the anchor with the largest IoU, the first of equals, and that IoU.
func (s Shape) Nearest(anchors []Shape) (at int, iou float64) {
	iou = -1
	for i, a := range anchors {
		if v := s.IoU(a); v > iou {
			at, iou = i, v
		}
	}
	return at, iou
}

// cluster is one run of k-means.
func cluster(shapes []Shape, k int, r *tensor.Rand) []Shape {
	anchors := []Shape{shapes[r.IntN(len(shapes))]}
	far := make([]float64, len(shapes)) // squared distance from the nearest anchor
	for len(anchors) < k {
		sum := 0.0
		for i, s := range shapes {
			_, iou := s.Nearest(anchors)
			far[i] = float64((1 - iou) * (1 - iou))
			sum += far[i]
		}
		u, next := float64(r.Float64()*sum), -1
		for i, d := range far {
			if d > 0 {
				if next = i; u < d {
					break
				}
				u -= d
			}
		}
		anchors = append(anchors, shapes[next]) // there are k different shapes
	}
	of := make([]int, len(shapes))
	for round := range maxRounds {
		moved := false
		sums, counts := make([]Shape, k), make([]int, k)
		worst, least := 0, math.Inf(1)
		for i, s := range shapes {
			at, iou := s.Nearest(anchors)
			if iou < least {
				worst, least = i, iou
			}
			moved = moved || round == 0 || of[i] != at
			of[i] = at
			sums[at][0] += s[0]
			sums[at][1] += s[1]
			counts[at]++
		}
		for a := range anchors {
			if counts[a] == 0 {
				anchors[a], moved = shapes[worst], true
				break // the next round looks for what is worst then
			}
			anchors[a] = Shape{sums[a][0] / float64(counts[a]), sums[a][1] / float64(counts[a])}
		}
		if !moved {
			break
		}
	}
	return anchors
}
