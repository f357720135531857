package cpu

import "github.com/assaylab/assay/internal/program"

const updatePiece = 32 << 10 // parameters a task updates

func bindSGD(b *planner, u unit) error {
	op := u.Op.(program.SGD)
	p, g, v := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	lr, momentum, l2 := b.val(u.In[3]), b.val(u.In[4]), b.val(u.In[5])
	size := p.size()
	s := b.bag(u.Node, "sgd", (size+updatePiece-1)/updatePiece, p, v).knowing(p, g, v, lr, momentum, l2)
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*updatePiece, min(t*updatePiece+updatePiece, size)
			f := w.f
			b.k.SGD(f.whole(p)[from:to], f.whole(v)[from:to], f.whole(g)[from:to], f.scalar(lr), f.scalar(momentum), f.scalar(l2), op.Nesterov)
		}
	}
	return nil
}

func bindBlend(b *planner, u unit) error {
	op := u.Op.(program.Blend)
	r, x, keep := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	size := r.size()
	s := b.bag(u.Node, "blend", (size+updatePiece-1)/updatePiece, r).knowing(r, x, keep)
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*updatePiece, min(t*updatePiece+updatePiece, size)
			k := w.f.scalar(keep)
			for all := w.f.whole(x); len(all) > 0; all = all[size:] { // one after the other
				b.k.Blend(w.f.whole(r)[from:to], all[from:to], k, (1-k)*op.Scale)
			}
		}
	}
	return nil
}
