package cpu

import "github.com/assaylab/assay/engine/cpu/internal/kernel"

// byPosition reports whether a gate has a number a position and not one a channel.
func byPosition(g, x *value) bool { return g.c == 1 && g.h*g.w == x.h*x.w && x.elems() > 1 }

func bindGate(b *planner, u unit) error {
	x, g, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	if byPosition(g, x) {
		b.sweep(u, "gate positions", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
			b.k.GateRows(blk, y, in[0], in[1])
		}, y, x, g)
		return nil
	}
	s := b.local(u.Node, "gate channels", y).reading(x, g)
	s.inPlace = []*value{x}
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.Gate(y.block(1), w.feature(y, n, 1), w.feature(x, n, 1), w.image(g, n)[g.first:])
		})
	}
	return nil
}

func bindGateGrad(b *planner, u unit) error {
	x, dy, dg := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	if byPosition(dg, x) {
		s := b.local(u.Node, "gate positions grad", dg).reading(x, dy)
		s.build = func() {
			s.perImage(func(w *worker, n int) {
				b.k.RowDots(x.block(1), w.feature(dg, n, 1), w.feature(x, n, 1), w.feature(dy, n, 1))
			})
		}
		return nil
	}
	s := b.local(u.Node, "gate channels grad", dg).reading(x, dy)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			d := w.image(dg, n)[dg.first:][:dg.c]
			clear(d)
			b.k.ColDots(x.block(1), w.feature(x, n, 1), w.feature(dy, n, 1), d)
		})
	}
	return nil
}
