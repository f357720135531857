package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// bindBlockMask draws the places of a picture's squares into scratch, as dropout draws, clears the squares, which are few, and counts
// what is left; once that is known of all pictures the mask is scaled.
func bindBlockMask(b *planner, u unit) error {
	op := u.Op.(program.BlockMask)
	rate, step, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	side, down, across := op.Places()
	raw, kept, scale := b.temp("squares", y.n, y.h, y.w, y.c), b.temp("kept", y.n, 1), b.temp("scale", 1)
	s := b.local(u.Node, "block mask", raw).knowing(rate, step)
	s.writes = append(s.writes, kept)
	c := y.c
	s.scratch = down * across * c
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			places, m, left := w.bench[:s.scratch], w.feature(raw, n, 1), raw.elems()
			for i := range places {
				places[i] = 1
			}
			all, of := kernel.Flat(places)
			b.k.Dropout(all, of, of, uint64(op.First)+uint64(n)*uint64(len(places)), op.Gamma(w.f.scalar(rate)), uint32(w.f.scalar(step)), op.Key)
			b.k.Fill(raw.block(1), m, 1)
			for i, v := range places {
				if v != 0 {
					continue
				}
				at := i/c/across*m.Row + i/c%across*m.Pix + i%c
				for h := range side {
					for x := range side {
						if p := &m.Data[at+h*m.Row+x*m.Pix]; *p != 0 {
							*p = 0
							left--
						}
					}
				}
			}
			w.image(kept, n)[0] = float32(left)
		})
	}
	t := b.bag(u.Node, "count", 1, scale).knowing(kept)
	t.build = func() {
		t.task = func(w *worker, _ int) {
			sum := 0.0
			for _, v := range w.f.whole(kept) {
				sum += float64(v)
			}
			w.f.whole(scale)[0] = 0
			if sum > 0 {
				w.f.whole(scale)[0] = float32(float64(y.n*y.elems()) / sum)
			}
		}
	}
	b.sweep(u, "scale mask", func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Scale(blk, y, in[0], w.f.scalar(scale))
	}, y, raw).knowing(scale)
	return nil
}
