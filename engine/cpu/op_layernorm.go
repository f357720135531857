package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

func bindLayerNorm(b *planner, u unit) error {
	op := u.Op.(program.LayerNorm)
	gamma, beta := b.val(u.In[1]), b.val(u.In[2])
	b.sweep(u, "layer norm", func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.LayerNorm(blk, y, in[0], w.f.whole(gamma), w.f.whole(beta), op.Eps)
	}, b.val(u.out), b.val(u.In[0])).knowing(gamma, beta)
	return nil
}

// bindLayerNormGrad finds the moments of a position anew, while its channels are in the first-level cache. The sums of a picture
// are added in order afterwards.
func bindLayerNormGrad(b *planner, u unit) error {
	op := u.Op.(program.LayerNormGrad)
	x, gamma, dy := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	dx, dgamma, dbeta := b.val(u.Out[0]), b.val(u.Out[1]), b.val(u.Out[2])
	scales, shifts := b.temp("sums of scales", x.n, x.c), b.temp("sums of shifts", x.n, x.c)
	s := b.local(u.Node, "layer norm grad", dx).reading(x, dy).knowing(gamma)
	s.writes = append(s.writes, scales, shifts)
	s.inPlace = []*value{dy}
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			dg, db := w.image(scales, n), w.image(shifts, n)
			clear(dg)
			clear(db)
			b.k.LayerNormGrad(x.block(1), w.feature(dx, n, 1), w.feature(x, n, 1), w.feature(dy, n, 1), w.f.whole(gamma), dg, db, op.Eps)
		})
	}
	b.totals(u, dgamma, scales)
	b.totals(u, dbeta, shifts)
	return nil
}
