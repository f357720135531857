package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

func bindCombine(b *planner, u unit) error {
	terms := len(u.In) / 2
	var xs, ks []*value
	for i := range terms {
		xs, ks = append(xs, b.val(u.In[i])), append(ks, b.val(u.In[terms+i]))
	}
	b.sweep(u, "combine", func(w *worker, blk kernel.Block, z kernel.Map, in []kernel.Map) {
		b.k.Scale(blk, z, in[0], w.f.scalar(ks[0]))
		if terms > 1 {
			b.k.Axpy(blk, z, in[1], w.f.scalar(ks[1]))
		}
	}, b.val(u.out), xs...).knowing(ks...).inPlace = xs[:1]
	return nil
}

// bindNorm sums squares by pieces of each input, then adds the pieces up in order.
func bindNorm(b *planner, u unit) error {
	type piece struct {
		of          *value
		part, parts int
	}
	var pieces []piece
	var xs []*value
	for _, in := range u.In {
		x := b.val(in)
		xs = append(xs, x)
		parts := (in.Shape().Elems() + updatePiece - 1) / updatePiece
		for i := range parts {
			pieces = append(pieces, piece{x, i, parts})
		}
	}
	sums, norm := b.temp("squares", len(pieces)), b.val(u.out)
	s := b.bag(u.Node, "squares", len(pieces), sums).knowing(xs...)
	s.build = func() {
		s.task = func(w *worker, t int) {
			p, sum := pieces[t], 0.0
			if p.of.dense() {
				sum = b.k.SquareSum(w.f.part(p.of, p.part*updatePiece, min(p.part*updatePiece+updatePiece, p.of.size())))
			} else {
				runs := p.of.n * p.of.elems() / p.of.run()
				for i := p.part * runs / p.parts; i < (p.part+1)*runs/p.parts; i++ {
					sum += b.k.SquareSum(w.f.runOf(p.of, i))
				}
			}
			w.f.whole(sums)[t] = float32(sum)
		}
	}
	r := b.bag(u.Node, "norm", 1, norm).knowing(sums)
	r.build = func() {
		r.task = func(w *worker, _ int) {
			total := 0.0
			for _, v := range w.f.whole(sums) {
				total += float64(v)
			}
			w.f.whole(norm)[0] = float32(math.Sqrt(total))
		}
	}
	return nil
}

func bindQuotient(b *planner, u unit) error {
	op := u.Op.(program.Quotient)
	a, n, q := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.bag(u.Node, "quotient", 1, q).knowing(a, n)
	s.build = func() {
		s.task = func(w *worker, _ int) {
			v := w.f.scalar(a) / (w.f.scalar(n) + op.Eps)
			if op.Most > 0 {
				v = min(v, op.Most)
			}
			w.f.whole(q)[0] = v
		}
	}
	return nil
}

func bindShift(b *planner, u unit) error {
	return b.pieces(u, "shift", 2, func(f *frame, from, to int, in, s []*value) {
		blk, p := kernel.Flat(f.part(in[0], from, to))
		_, x := kernel.Flat(f.part(in[1], from, to))
		b.k.Axpy(blk, p, x, -f.scalar(s[0]))
	})
}
