package cpu

func bindAPL(b *planner, u unit) error {
	x, a, h, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, "apl", y).reading(x).knowing(a, h)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.APL(x.block(1), w.feature(y, n, 1), w.feature(x, n, 1), w.f.whole(a), w.f.whole(h))
		})
	}
	return nil
}

// bindAPLGrad sums the gradients of the hinges picture by picture, then those.
func bindAPLGrad(b *planner, u unit) error {
	x, a, h, dy := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.In[3])
	dx := b.val(u.Out[0])
	da, dh := b.temp("sums", x.n, a.n*a.c), b.temp("sums", x.n, a.n*a.c)
	s := b.local(u.Node, "apl grad", dx).reading(x, dy).knowing(a, h)
	s.writes = append(s.writes, da, dh)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			da, dh := w.image(da, n), w.image(dh, n)
			clear(da)
			clear(dh)
			b.k.APLGrad(x.block(1), w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(dy, n, 1), w.f.whole(a), w.f.whole(h), da, dh)
		})
	}
	b.totals(u, b.val(u.Out[1]), da)
	b.totals(u, b.val(u.Out[2]), dh)
	return nil
}
