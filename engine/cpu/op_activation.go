package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// sweep adds a step that runs f over the pictures of y and the inputs, pixel by pixel alike, in place where it can.
func (b *planner) sweep(u unit, what string, f func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map), y *value, in ...*value) *step {
	s := b.local(u.Node, what, y).reading(in...)
	s.inPlace = in
	s.build = func() {
		together := s.together(append(in, y)...)
		maps := make([][]kernel.Map, len(b.e.workers)) // made here, so that a run allocates nothing
		for i := range maps {
			maps[i] = make([]kernel.Map, len(in))
		}
		s.image = func(w *worker, n0, n1 int) {
			ms := maps[w.id]
			for n := n0; n < n1; n += together {
				m := min(together, n1-n)
				for i, v := range in {
					ms[i] = w.feature(v, n, m)
				}
				f(w, y.block(m), w.feature(y, n, m), ms)
			}
		}
	}
	return s
}

func bindActivation(b *planner, u unit) error {
	op := u.Op.(program.Activation)
	b.sweep(u, op.Func.String(), func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Activation(blk, kernel.Func(op.Func), op.Alpha, y, in[0])
	}, b.val(u.out), b.val(u.In[0]))
	return nil
}

func bindActivationGrad(b *planner, u unit) error {
	op := u.Op.(program.ActivationGrad)
	s := b.sweep(u, op.Func.String()+" grad", func(_ *worker, blk kernel.Block, dx kernel.Map, in []kernel.Map) {
		b.k.ActivationGrad(blk, kernel.Func(op.Func), op.Alpha, dx, in[0], in[1])
	}, b.val(u.out), b.val(u.In[0]), b.val(u.In[1]))
	s.inPlace = []*value{b.val(u.In[1]), b.val(u.In[0])}
	return nil
}

func bindPReLU(b *planner, u unit) error {
	a := b.val(u.In[1])
	b.sweep(u, "prelu", func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.PReLU(blk, y, in[0], w.f.whole(a))
	}, b.val(u.out), b.val(u.In[0])).knowing(a)
	return nil
}

func bindPReLUGrad(b *planner, u unit) error {
	x, a, dy := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	dx, da := b.val(u.Out[0]), b.val(u.Out[1])
	parts := b.temp("sums", x.n, x.c)
	s := b.local(u.Node, "prelu grad", dx).reading(x, dy).knowing(a)
	s.writes = append(s.writes, parts)
	s.inPlace = []*value{dy}
	s.build = func() {
		s.image = func(w *worker, n0, n1 int) {
			for n := n0; n < n1; n++ {
				d := w.image(parts, n)
				clear(d)
				b.k.PReLUGrad(x.block(1), w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(dy, n, 1), w.f.whole(a), d)
			}
		}
	}
	b.totals(u, da, parts)
	return nil
}
