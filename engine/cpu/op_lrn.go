package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// bindLRN and bindLRNGrad work out of place: an element's neighbours are read after it is written.
func bindLRN(b *planner, u unit) error {
	op := kernel.LRN(u.Op.(program.LRN))
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "lrn", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.LRN(y.block(1), w.feature(y, n, 1), w.feature(x, n, 1), op)
		})
	}
	return nil
}

func bindLRNGrad(b *planner, u unit) error {
	op := kernel.LRN(u.Op.(program.LRNGrad))
	x, dy, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.local(u.Node, "lrn grad", dx).reading(x, dy)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.LRNGrad(dx.block(1), w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(dy, n, 1), op)
		})
	}
	return nil
}
