package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

func bindAdd(b *planner, u unit) error {
	b.sweep(u, "add", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Add(blk, y, in[0], in[1])
	}, b.val(u.out), b.val(u.In[0]), b.val(u.In[1]))
	return nil
}

func bindMul(b *planner, u unit) error {
	b.sweep(u, "mul", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Mul(blk, y, in[0], in[1])
	}, b.val(u.out), b.val(u.In[0]), b.val(u.In[1]))
	return nil
}

func bindScale(b *planner, u unit) error {
	op := u.Op.(program.Scale)
	b.sweep(u, "scale", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Scale(blk, y, in[0], op.By)
	}, b.val(u.out), b.val(u.In[0]))
	return nil
}

// bindExpand fills with a constant, or a multiple of a scalar.
func bindExpand(b *planner, u unit) error {
	op := u.Op.(program.Expand)
	var by *value
	if len(u.In) > 0 {
		by = b.val(u.In[0])
	}
	b.sweep(u, "expand", func(w *worker, blk kernel.Block, y kernel.Map, _ []kernel.Map) {
		k := op.Scale
		if by != nil {
			k *= w.f.scalar(by)
		}
		b.k.Fill(blk, y, k)
	}, b.val(u.out)).knowing(by)
	return nil
}

// bindMean sums rows in float64, in order.
func bindMean(b *planner, u unit) error {
	x, mean := b.val(u.In[0]), b.val(u.out)
	s := b.bag(u.Node, "mean", 1, mean).knowing(x)
	s.build = func() {
		s.task = func(w *worker, _ int) { w.f.whole(mean)[0] = float32(w.f.mean(x)) }
	}
	return nil
}

// bindVariance takes two passes: the mean, then the squares about it, in float64.
func bindVariance(b *planner, u unit) error {
	x, variance := b.val(u.In[0]), b.val(u.out)
	s := b.bag(u.Node, "variance", 1, variance).knowing(x)
	s.build = func() {
		s.task = func(w *worker, _ int) {
			m, sum := w.f.mean(x), 0.0
			for i := range x.n * x.elems() / x.run() {
				for _, v := range w.f.runOf(x, i) {
					sum += float64((float64(v) - m) * (float64(v) - m))
				}
			}
			w.f.whole(variance)[0] = float32(sum / float64(x.n*x.elems()))
		}
	}
	return nil
}

func (f *frame) mean(x *value) float64 {
	sum := 0.0
	for i := range x.n * x.elems() / x.run() {
		for _, v := range f.runOf(x, i) {
			sum += float64(v)
		}
	}
	return sum / float64(x.n*x.elems())
}

// runOf is run i of a value, runs counted through all images.
func (f *frame) runOf(v *value, i int) []float32 {
	n, run := v.elems()/v.run(), v.run()
	return f.whole(v)[v.runAt(i/n, i%n):][:run]
}

// bindDropout draws the mask anew wherever it is needed: the backward pass reads no mask from memory. That of whole channels is
// drawn into scratch, that of whole images a number an image.
func bindDropout(b *planner, u unit) error {
	op := u.Op.(program.Dropout)
	x, rate, step, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	s := b.local(u.Node, "dropout", y).reading(x).knowing(rate, step)
	s.inPlace = []*value{x}
	if op.Of == program.Channels {
		s.scratch = y.c
	}
	s.build = func() {
		block, elems := y.block(1), uint64(y.elems())
		s.image = func(w *worker, n0, n1 int) {
			for n := n0; n < n1; n++ {
				y, x, rate, step := w.feature(y, n, 1), w.feature(x, n, 1), w.f.scalar(rate), uint32(w.f.scalar(step))
				switch op.Of {
				case program.Channels:
					masks := w.bench[:s.scratch]
					for c := range masks {
						masks[c] = 1
					}
					all, m := kernel.Flat(masks)
					b.k.Dropout(all, m, m, uint64(op.First)+uint64(n)*uint64(len(masks)), rate, step, op.Key)
					b.k.Gate(block, y, x, masks)
				case program.Images:
					mask := float32(0)
					if op.Keeps(op.First+n, rate, step) {
						mask = 1 / (1 - rate)
					}
					b.k.Scale(block, y, x, mask)
				default:
					b.k.Dropout(block, y, x, uint64(op.First)+uint64(n)*elems, rate, step, op.Key)
				}
			}
		}
	}
	return nil
}
