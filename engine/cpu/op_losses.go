package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

func bindBinaryCrossEntropy(b *planner, u unit) error {
	op := u.Op.(program.BinaryCrossEntropy)
	return b.lossOf(u, "binary cross-entropy", op.Smoothing, b.k.BinaryCrossEntropy)
}

func bindFocal(b *planner, u unit) error {
	op := u.Op.(program.Focal)
	return b.lossOf(u, "focal", op.Smoothing, func(loss, logits []float32, t kernel.Targets, k int) { b.k.Focal(loss, logits, t, op.Gamma, k) })
}

func bindBinaryCrossEntropyGrad(b *planner, u unit) error {
	op := u.Op.(program.BinaryCrossEntropyGrad)
	return b.lossGradOf(u, "binary cross-entropy grad", op.Smoothing, b.k.BinaryCrossEntropyGrad)
}

func bindFocalGrad(b *planner, u unit) error {
	op := u.Op.(program.FocalGrad)
	return b.lossGradOf(u, "focal grad", op.Smoothing, func(dlogits, logits, dloss []float32, t kernel.Targets, k int) {
		b.k.FocalGrad(dlogits, logits, dloss, t, op.Gamma, k)
	})
}

// lossOf adds tasks of rows that make a loss.
func (b *planner) lossOf(u unit, what string, smoothing float32, f func(loss, logits []float32, t kernel.Targets, k int)) error {
	x, labels, loss := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.bag(u.Node, what, (x.n+lossRows-1)/lossRows, loss).knowing(x)
	shares := u.In[1].Type.DType == program.Real
	if shares {
		s.knowing(labels)
	}
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*lossRows, min(t*lossRows+lossRows, x.n)
			of := kernel.Targets{Smoothing: smoothing}
			if shares {
				of.Shares = w.f.whole(labels)[from*x.c : to*x.c]
			} else {
				of.Labels = w.f.index[labels.at][from:to]
			}
			f(w.f.whole(loss)[from:to], w.f.whole(x)[from*x.c:to*x.c], of, x.c)
		}
	}
	return nil
}

// lossGradOf adds the gradient, picture by picture.
func (b *planner) lossGradOf(u unit, what string, smoothing float32, f func(dlogits, logits, dloss []float32, t kernel.Targets, k int)) error {
	x, labels, dloss, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, what, dx).reading(x).knowing(dloss)
	shares := u.In[1].Type.DType == program.Real
	if shares {
		s.reading(labels)
	}
	s.build = func() {
		s.image = func(w *worker, n, m int) {
			of := kernel.Targets{Smoothing: smoothing}
			if shares {
				of.Shares = w.images(labels, n, m)
			} else {
				of.Labels = w.f.index[labels.at][n:m]
			}
			f(w.images(dx, n, m), w.images(x, n, m), w.f.whole(dloss)[n:m], of, x.c)
		}
	}
	return nil
}

func bindEntropy(b *planner, u unit) error {
	x, h := b.val(u.In[0]), b.val(u.out)
	s := b.bag(u.Node, "entropy", (x.n+lossRows-1)/lossRows, h).knowing(x)
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*lossRows, min(t*lossRows+lossRows, x.n)
			b.k.Entropy(w.f.whole(h)[from:to], w.f.whole(x)[from*x.c:to*x.c], x.c)
		}
	}
	return nil
}

func bindEntropyGrad(b *planner, u unit) error {
	x, dh, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.local(u.Node, "entropy grad", dx).reading(x).knowing(dh)
	s.build = func() {
		s.image = func(w *worker, n, m int) {
			b.k.EntropyGrad(w.images(dx, n, m), w.images(x, n, m), w.f.whole(dh)[n:m], x.c)
		}
	}
	return nil
}
