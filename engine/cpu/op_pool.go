package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// windows is the bounds of a pooling of x to y, clipped to x.
func windows(g program.Window, x, y *value, countPad bool) *kernel.Pool {
	count := 0
	if countPad {
		count = g.Kernel[0] * g.Kernel[1]
	}
	return kernel.NewPool(x.c, kernel.NewAxis(y.h, x.h, g.Kernel[0], g.Stride[0], g.Pad[0]), kernel.NewAxis(y.w, x.w, g.Kernel[1], g.Stride[1], g.Pad[2]), count)
}

// perImage gives a step a body that runs picture by picture.
func (s *step) perImage(f func(w *worker, n int)) {
	s.image = func(w *worker, n0, n1 int) {
		for n := n0; n < n1; n++ {
			f(w, n)
		}
	}
}

func bindMaxPool(b *planner, u unit) error {
	op := u.Op.(program.MaxPool)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "max pool "+windowName(op.Window), y).reading(x)
	s.build = func() {
		p := windows(op.Window, x, y, false)
		s.perImage(func(w *worker, n int) { b.k.MaxPool(p, w.feature(y, n, 1), w.feature(x, n, 1)) })
	}
	return nil
}

func bindMaxPoolGrad(b *planner, u unit) error {
	op := u.Op.(program.MaxPoolGrad)
	x, y, dy, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, "max pool "+windowName(op.Window)+" grad", dx).reading(x, y, dy)
	s.build = func() {
		p := windows(op.Window, x, y, false)
		s.perImage(func(w *worker, n int) {
			b.k.MaxPoolGrad(p, w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(y, n, 1), w.feature(dy, n, 1))
		})
	}
	return nil
}

func bindAvgPool(b *planner, u unit) error {
	op := u.Op.(program.AvgPool)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "avg pool "+windowName(op.Window), y).reading(x)
	s.build = func() {
		p := windows(op.Window, x, y, op.CountPad)
		s.perImage(func(w *worker, n int) { b.k.AvgPool(p, w.feature(y, n, 1), w.feature(x, n, 1)) })
	}
	return nil
}

func bindAvgPoolGrad(b *planner, u unit) error {
	op := u.Op.(program.AvgPoolGrad)
	dy, dx := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "avg pool "+windowName(op.Window)+" grad", dx).reading(dy)
	s.build = func() {
		p := windows(op.Window, dx, dy, op.CountPad)
		s.perImage(func(w *worker, n int) { b.k.AvgPoolGrad(p, w.feature(dx, n, 1), w.feature(dy, n, 1)) })
	}
	return nil
}

func bindStochasticPool(b *planner, u unit) error {
	op := u.Op.(program.StochasticPool)
	x, at, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.local(u.Node, "stochastic pool "+windowName(op.Window), y).reading(x).knowing(at)
	s.build = func() {
		p := windows(op.Window, x, y, false)
		s.perImage(func(w *worker, n int) {
			b.k.StochasticPool(p, w.feature(y, n, 1), w.feature(x, n, 1), uint64(op.First)+uint64(n)*uint64(y.elems()), uint32(w.f.scalar(at)), op.Key)
		})
	}
	return nil
}

func bindStochasticPoolInference(b *planner, u unit) error {
	op := u.Op.(program.StochasticPoolInference)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "stochastic pool "+windowName(op.Window)+" inference", y).reading(x)
	s.build = func() {
		p := windows(op.Window, x, y, false)
		s.perImage(func(w *worker, n int) { b.k.StochasticPoolInference(p, w.feature(y, n, 1), w.feature(x, n, 1)) })
	}
	return nil
}

func bindGlobalAvgPool(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "global avg pool", y).reading(x)
	s.build = func() {
		k := 1 / float32(x.h*x.w)
		s.perImage(func(w *worker, n int) {
			d := w.image(y, n)
			clear(d)
			b.k.ColSums(x.block(1), w.feature(x, n, 1), d)
			blk, m := kernel.Flat(d)
			b.k.Scale(blk, m, m, k)
		})
	}
	return nil
}

func bindSpreadHW(b *planner, u unit) error {
	op := u.Op.(program.SpreadHW)
	y, x := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "spread", x).reading(y)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.Spread(x.block(1), w.feature(x, n, 1), w.image(y, n)[y.first:], op.Scale)
		})
	}
	return nil
}
