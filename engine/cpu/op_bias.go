package cpu

import "github.com/assaylab/assay/engine/cpu/internal/kernel"

func bindBiasAdd(b *planner, u unit) error {
	x, bias, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.sweep(u, "bias", func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Affine(blk, false, y, in[0], kernel.Map{}, nil, w.f.whole(bias))
	}, y, x)
	s.knowing(bias)
	return nil
}

// bindSumChannels sums each picture in float32, and those in order in float64.
func bindSumChannels(b *planner, u unit) error {
	x, sum := b.val(u.In[0]), b.val(u.out)
	parts := b.temp("sums", x.n, x.c)
	s := b.local(u.Node, "sums of channels", parts).reading(x)
	s.build = func() {
		s.image = func(w *worker, n0, n1 int) {
			for n := n0; n < n1; n++ {
				d := w.image(parts, n)
				clear(d)
				b.k.ColSums(x.block(1), w.feature(x, n, 1), d)
			}
		}
	}
	b.totals(u, sum, parts)
	return nil
}

// totals adds the rows of parts [N,C] in order, in float64.
func (b *planner) totals(u unit, sum, parts *value) {
	const piece = 256 // channels a task
	s := b.bag(u.Node, "sum of parts", (parts.c+piece-1)/piece, sum).knowing(parts)
	s.build = func() {
		acc := make([]float64, parts.c)
		s.task = func(w *worker, t int) {
			from, to := t*piece, min(t*piece+piece, parts.c)
			acc := acc[from:to]
			clear(acc)
			p := w.f.whole(parts)
			for n := range parts.n {
				for i, v := range p[n*parts.c+from : n*parts.c+to] {
					acc[i] += float64(v)
				}
			}
			for i, v := range acc {
				w.f.whole(sum)[from+i] = float32(v)
			}
		}
	}
}
