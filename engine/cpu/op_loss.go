package cpu

import "github.com/assaylab/assay/internal/program"

const lossRows = 16 // rows of logits a task covers

func bindCrossEntropy(b *planner, u unit) error {
	op := u.Op.(program.CrossEntropy)
	x, labels, loss := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	s := b.bag(u.Node, "cross-entropy", (x.n+lossRows-1)/lossRows, loss).knowing(x)
	if u.In[1].Type.DType == program.Real {
		s.knowing(labels)
		s.build = func() {
			s.task = func(w *worker, t int) {
				from, to := t*lossRows, min(t*lossRows+lossRows, x.n)
				b.k.SoftCrossEntropy(w.f.whole(loss)[from:to], w.f.whole(x)[from*x.c:to*x.c], w.f.whole(labels)[from*x.c:to*x.c], x.c, op.Smoothing)
			}
		}
		return nil
	}
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*lossRows, min(t*lossRows+lossRows, x.n)
			b.k.CrossEntropy(w.f.whole(loss)[from:to], w.f.whole(x)[from*x.c:to*x.c], w.f.index[labels.at][from:to], x.c, op.Smoothing)
		}
	}
	return nil
}

func bindCrossEntropyGrad(b *planner, u unit) error {
	op := u.Op.(program.CrossEntropyGrad)
	x, labels, dloss, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, "cross-entropy grad", dx).reading(x).knowing(dloss)
	if u.In[1].Type.DType == program.Real {
		s.reading(labels)
		s.build = func() {
			s.image = func(w *worker, n, m int) {
				b.k.SoftCrossEntropyGrad(w.images(dx, n, m), w.images(x, n, m), w.images(labels, n, m), w.f.whole(dloss)[n:m], x.c, op.Smoothing)
			}
		}
		return nil
	}
	s.build = func() {
		s.image = func(w *worker, n, m int) {
			b.k.CrossEntropyGrad(w.images(dx, n, m), w.images(x, n, m), w.f.index[labels.at][n:m], w.f.whole(dloss)[n:m], x.c, op.Smoothing)
		}
	}
	return nil
}

func bindLogSoftmax(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "log softmax", y).reading(x)
	s.inPlace = []*value{x}
	s.build = func() {
		s.image = func(w *worker, n, m int) { b.k.LogSoftmax(w.images(y, n, m), w.images(x, n, m), x.c) }
	}
	return nil
}
