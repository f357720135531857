package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// bindRegion makes the loss of each image by itself.
func bindRegion(b *planner, u unit) error {
	op := u.Op.(program.Region)
	x, boxes, loss := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	r, truths := region(op, x), b.truths(u)
	s := b.local(u.Node, "region", loss).reading(x, boxes)
	s.build = func() {
		s.image = func(w *worker, n, m int) {
			for ; n < m; n++ {
				w.image(loss, n)[0] = r.Loss(w.feature(x, n, 1), truths(w, n))
			}
		}
	}
	return nil
}

func bindRegionGrad(b *planner, u unit) error {
	op := program.Region(u.Op.(program.RegionGrad))
	x, boxes, dloss, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[4]), b.val(u.out)
	r, truths := region(op, x), b.truths(u)
	s := b.local(u.Node, "region grad", dx).reading(x, boxes).knowing(dloss)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			r.Grad(w.feature(dx, n, 1), w.feature(x, n, 1), truths(w, n), w.f.whole(dloss)[n])
		})
	}
	return nil
}

func bindRegionBoxes(b *planner, u unit) error {
	op := u.Op.(program.RegionBoxes)
	x, y := b.val(u.In[0]), b.val(u.out)
	r := region(program.Region{Anchors: op.Anchors, Tree: op.Tree}, x)
	s := b.local(u.Node, "region boxes", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) { r.Boxes(w.image(y, n), w.feature(x, n, 1)) })
	}
	return nil
}

// region is the op for maps as x.
func region(op program.Region, x *value) *kernel.Region {
	r := &kernel.Region{
		H: x.h, W: x.w, K: x.c/len(op.Anchors) - 5, Anchors: op.Anchors,
		Object: float64(op.Object), NoObject: float64(op.NoObject), Coord: float64(op.Coord), Class: float64(op.Class),
		Threshold: float64(op.Threshold), Rescore: op.Rescore, Warm: op.Warm, WarmWeight: float64(op.WarmWeight), Derivative: op.Derivative,
		Whole: float64(op.Whole), Background: op.Background,
	}
	r.Grow(op.Tree)
	return r
}

// truths gives those of an image: inputs 1 to 3 of the op.
func (b *planner) truths(u unit) func(w *worker, n int) kernel.Truths {
	boxes, classes, seen := b.val(u.In[1]), b.val(u.In[2]), b.val(u.In[3])
	m := boxes.w
	return func(w *worker, n int) kernel.Truths {
		return kernel.Truths{Boxes: w.image(boxes, n), Classes: w.f.index[classes.at][n*m:][:m], Seen: w.f.index[seen.at][n]}
	}
}
