package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
)

// A generalised mean goes row by row of a picture, its powers in scratch that stays in the first-level cache.

// row is row r of a map.
func row(m kernel.Map, r int) kernel.Map {
	m.Data = m.Data[r*m.Row:]
	return m
}

// vector is the numbers by channel that a dense [N,C] has for image n.
func (w *worker) vector(v *value, n int) []float32 { return w.image(v, n)[v.first:][:v.c] }

func bindGeM(b *planner, u unit) error {
	x, p, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.local(u.Node, "generalised mean", y).reading(x).knowing(p)
	s.scratch = x.w * x.c
	s.build = func() {
		blk := kernel.Block{Rows: 1, Pixels: x.w, C: x.c}
		s.perImage(func(w *worker, n int) {
			power, sum, m := w.f.scalar(p), w.vector(y, n), w.feature(x, n, 1)
			powers := kernel.Map{Data: w.bench, Row: x.w * x.c, Pix: x.c}
			clear(sum)
			for r := range x.h {
				b.k.PowLog(blk, powers, row(m, r), power, 1, 0)
				b.k.ColSums(blk, powers, sum)
			}
			all, v := kernel.Flat(sum)
			b.k.Scale(all, v, v, 1/float32(x.h*x.w))
			b.k.PowLog(all, v, v, 1/power, 1, 0)
			if !(power > 0) { // PowLog has no answer for it
				for c := range sum {
					sum[c] = float32(math.NaN())
				}
			}
		})
	}
	return nil
}

func bindGeMGrad(b *planner, u unit) error {
	x, p, y, dy := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.In[3])
	dx, dp := b.val(u.Out[0]), b.val(u.Out[1])
	parts := b.temp("parts", x.n, 1)
	s := b.local(u.Node, "generalised mean grad", dx).reading(x, y, dy).knowing(p)
	s.writes = append(s.writes, parts)
	s.scratch = x.w*x.c + 3*x.c
	s.build = func() {
		blk := kernel.Block{Rows: 1, Pixels: x.w, C: x.c}
		s.perImage(func(w *worker, n int) {
			power, positions := w.f.scalar(p), float32(x.h*x.w)
			mx, md := w.feature(x, n, 1), w.feature(dx, n, 1)
			ratio := kernel.Map{Data: w.bench[3*x.c:], Row: x.w * x.c, Pix: x.c} // x/y
			inverse, share, logs := w.bench[:x.c], w.bench[x.c:2*x.c], w.bench[2*x.c:3*x.c]
			means, grads := w.vector(y, n), w.vector(dy, n)
			for c, v := range means {
				inverse[c], share[c], logs[c] = 0, grads[c]/positions, 0
				if v > 0 {
					inverse[c] = 1 / v
				}
			}
			for r := range x.h {
				d := row(md, r)
				b.k.Gate(blk, ratio, row(mx, r), inverse)
				b.k.PowLog(blk, d, ratio, power, 0, 1)
				b.k.ColSums(blk, d, logs)
				b.k.PowLog(blk, d, ratio, power-1, 1, 0)
				b.k.Gate(blk, d, d, share)
			}
			var sum float64
			for c, l := range logs {
				sum += float64(float64(means[c]) * float64(share[c]) * float64(l))
			}
			w.image(parts, n)[parts.first] = float32(sum / float64(power))
		})
	}
	b.totals(u, dp, parts)
	return nil
}
