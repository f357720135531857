package data

import (
	"fmt"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/format"
)

// Shapes are width and height of the boxes that training may see, in shares of a square window as [Set.Fit] brings pictures to it: those of all
// images that are neither the set's test nor its own validation, but for difficult ones and crowds. In a set of one size that is seen whole they are
// shares of the picture. They come in the order of the items.
func (s *Set) Shapes() []box.Shape {
	held := make([]bool, len(s.Items))
	for _, i := range s.Cut(1, 1).Test {
		held[i] = true
	}
	for i, it := range s.Items {
		held[i] = held[i] || it.Split == format.Val || it.Split == format.Test
	}
	var shapes []box.Shape
	g := s.Geometry(0, 0)
	for i, it := range s.Items {
		if held[i] {
			continue
		}
		h, w := float64(it.H), float64(it.W)
		if long := max(h, w); s.Fit() == Letterbox && g.Resize != [2]int{} {
			h, w = long, long
		}
		for _, o := range s.Objects(i) {
			if shown(o) {
				shapes = append(shapes, box.Shape{o.W() / w, o.H() / h})
			}
		}
	}
	return shapes
}

// Fit is how pictures of the set come to the window: Spec.Fit, or letterbox where the set is boxed.
func (s *Set) Fit() Fit { return s.Geometry(0, 0).Fit }

// Anchors are k boxes that stand for the shapes of the set's, by seeded k-means on 1 - IoU ([box.Anchors]): width and height in
// shares of the window as training sees them, sorted by area. Errors name the set: one without boxes, or with fewer shapes than k.
func (s *Set) Anchors(k int, seed uint64) ([][2]float64, error) {
	if !s.Boxed {
		return nil, fmt.Errorf("%s: no boxes to find anchors of; give a folder with boxes", s.Name)
	}
	found, err := box.Anchors(s.Shapes(), k, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	anchors := make([][2]float64, k)
	for i, a := range found {
		anchors[i] = a
	}
	return anchors, nil
}
