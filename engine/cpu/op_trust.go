package cpu

import (
	"math"

	"github.com/assaylab/assay/internal/program"
)

// Two steps each: the pieces of a tensor leave sums of squares, then each piece adds these up in one order and moves.

func bindLARS(b *planner, u unit) error {
	op := u.Op.(program.LARS)
	p, g := b.val(u.In[0]), b.val(u.In[1])
	sums := b.squares(u, "lars norms", p, nil, func(f *frame, from, to int) (float64, float64) {
		return b.k.SquareSum(f.part(p, from, to)), b.k.SquareSum(f.part(g, from, to))
	})
	err := b.pieces(u, "lars", 3, func(f *frame, from, to int, in, s []*value) {
		l2, ratio := f.scalar(s[2]), float32(1)
		if w, n := f.norms(sums); w > 0 && n > 0 {
			ratio = float32(float64(f.scalar(s[3])) * w / (n + float64(float64(l2)*w) + float64(f.scalar(s[4]))))
		}
		b.k.LARS(f.part(p, from, to), f.part(in[2], from, to), f.part(g, from, to), f.scalar(s[0]), f.scalar(s[1]), l2, ratio, op.Nesterov)
	})
	b.steps[len(b.steps)-1].knowing(sums)
	return err
}

func bindLAMB(b *planner, u unit) error {
	p, g, m, v := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.In[3])
	var s []*value
	for _, in := range u.In[4:] {
		s = append(s, b.val(in))
	}
	order := []*value{s[1], s[0], s[2], s[3], s[4], s[5], s[6], s[7]} // first in place of Adam's step; the rate, in that of direct, is not read there
	sums := b.squares(u, "lamb moments", p, []*value{m, v}, func(f *frame, from, to int) (float64, float64) {
		return b.k.LAMBMoments(f.part(p, from, to), f.part(m, from, to), f.part(v, from, to), f.part(g, from, to), f.adam(order))
	})
	size := p.size()
	move := b.bag(u.Node, "lamb", (size+updatePiece-1)/updatePiece, p).knowing(p, m, v, sums).knowing(s...)
	move.build = func() {
		move.task = func(w *worker, t int) {
			f, from, to := w.f, t*updatePiece, min(t*updatePiece+updatePiece, size)
			rate := f.scalar(s[0])
			if n, d := f.norms(sums); n > 0 && d > 0 {
				rate = float32(float64(rate) * n / d)
			}
			b.k.LAMBStep(f.part(p, from, to), f.part(m, from, to), f.part(v, from, to), rate, f.adam(order))
		}
	}
	return nil
}

// squares adds a step that leaves two sums of each piece of p, and may change what else it is given.
func (b *planner) squares(u unit, what string, p *value, changed []*value, f func(f *frame, from, to int) (float64, float64)) *value {
	size := p.size()
	tasks := (size + updatePiece - 1) / updatePiece
	sums := b.temp("squares", 2*tasks)
	s := b.bag(u.Node, what, tasks, append([]*value{sums}, changed...)...)
	for _, in := range u.In {
		s.knowing(b.val(in))
	}
	s.build = func() {
		s.task = func(w *worker, t int) {
			x, y := f(w.f, t*updatePiece, min(t*updatePiece+updatePiece, size))
			pair := w.f.whole(sums)[2*t:][:2]
			pair[0], pair[1] = float32(x), float32(y)
		}
	}
	return sums
}

// norms are the roots of both sums.
func (f *frame) norms(sums *value) (x, y float64) {
	all := f.whole(sums)
	for i := 0; i < len(all); i += 2 {
		x += float64(all[i])
		y += float64(all[i+1])
	}
	return math.Sqrt(x), math.Sqrt(y)
}
