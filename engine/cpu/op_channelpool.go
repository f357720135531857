package cpu

import "github.com/assaylab/assay/internal/program"

func bindChannelMean(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "channel mean", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.RowSums(x.block(1), w.feature(y, n, 1), w.feature(x, n, 1), 1/float32(x.c))
		})
	}
	return nil
}

func bindChannelMax(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "channel max", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) { b.k.RowMax(x.block(1), w.feature(y, n, 1), w.feature(x, n, 1)) })
	}
	return nil
}

func bindChannelMaxGrad(b *planner, u unit) error {
	x, y, dy, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, "channel max grad", dx).reading(x, y, dy)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.RowMaxGrad(x.block(1), w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(y, n, 1), w.feature(dy, n, 1))
		})
	}
	return nil
}

func bindSpreadChannels(b *planner, u unit) error {
	op := u.Op.(program.SpreadChannels)
	y, x := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "spread channels", x).reading(y)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.SpreadRows(x.block(1), w.feature(x, n, 1), w.feature(y, n, 1), op.Scale)
		})
	}
	return nil
}
