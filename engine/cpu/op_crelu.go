package cpu

func bindCReLU(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "crelu", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) { b.k.CReLU(x.block(1), w.feature(y, n, 1), w.feature(x, n, 1)) })
	}
	return nil
}

func bindCReLUGrad(b *planner, u unit) error {
	y, dy, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.local(u.Node, "crelu grad", dx).reading(y, dy)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.CReLUGrad(dx.block(1), w.feature(dx, n, 1), w.feature(y, n, 1), w.feature(dy, n, 1))
		})
	}
	return nil
}
