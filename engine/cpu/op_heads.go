package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

func bindSplitHeads(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	b.heads(u, "split heads", y, x, x, y)
	return nil
}

func bindMergeHeads(b *planner, u unit) error {
	y, x := b.val(u.In[0]), b.val(u.out)
	b.heads(u, "merge heads", x, y, x, y)
	return nil
}

// heads copies from in to out, one of which is a map and the other the shares of its channels. Scaling by one is the copy that
// every level has in vectors.
func (b *planner) heads(u unit, what string, out, in, x, y *value) {
	s := b.local(u.Node, what, out).reading(in)
	s.build = func() {
		blk := kernel.Block{Rows: x.h, Pixels: x.w, C: y.c}
		s.perImage(func(w *worker, n int) {
			for g := range y.h {
				share := kernel.Map{Data: w.matrix(y, n, g), Row: x.w * y.c, Pix: y.c}
				part := channels(w.feature(x, n, 1), g*y.c)
				if out == y {
					b.k.Scale(blk, share, part, 1)
				} else {
					b.k.Scale(blk, part, share, 1)
				}
			}
		})
	}
}

// bindRelativeBias writes the table out for every pair of positions once, and adds that to the scores of each image.
func bindRelativeBias(b *planner, u unit) error {
	op := u.Op.(program.RelativeBias)
	scores, table, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	all := b.temp("bias", 1, y.h, y.w, y.c)
	t := b.bag(u.Node, "bias by offset", y.h, all).knowing(table)
	t.build = func() {
		t.task = func(w *worker, g int) {
			eachOffset(op, g, w.f.whole(all), w.f.whole(table), func(to, from []float32, lo, hi, skip int) {
				for i := range lo {
					to[i] = from[0]
				}
				copy(to[lo:hi], from[skip:])
				for i := hi; i < len(to); i++ {
					to[i] = from[len(from)-1]
				}
			})
		}
	}
	s := b.local(u.Node, "relative bias", y).reading(scores).knowing(all)
	s.inPlace = []*value{scores}
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.Add(y.block(1), w.feature(y, n, 1), w.feature(scores, n, 1), w.feature(all, 0, 1))
		})
	}
	return nil
}

// bindRelativeBiasGrad sums the scores' gradients of all images, then those that had one entry of the table.
func bindRelativeBiasGrad(b *planner, u unit) error {
	op := program.RelativeBias(u.Op.(program.RelativeBiasGrad))
	ds, dtable := b.val(u.In[0]), b.val(u.out)
	size := ds.elems()
	parts, sum := b.temp("private sums", 1, 1, 1, size), b.temp("sum", 1, 1, 1, size)
	parts.perChunk = true
	s := b.local(u.Node, "relative bias grad", parts)
	s.n, s.shape = ds.n, dtable.shape
	s.reading(ds)
	s.build = func() {
		s.image = func(w *worker, n0, n1 int) {
			d := w.images(parts, w.chunk, w.chunk+1)
			clear(d)
			to := kernel.Map{Data: d, Row: ds.w * ds.c, Pix: ds.c}
			for n := n0; n < n1; n++ {
				b.k.Add(ds.block(1), to, to, w.feature(ds, n, 1))
			}
		}
	}
	b.sumParts(u.Node, sum, parts)
	t := b.bag(u.Node, "sums by offset", ds.h, dtable).knowing(sum)
	t.build = func() {
		side := 2*op.Range + 1
		t.task = func(w *worker, g int) {
			clear(w.f.whole(dtable)[g*side*side:][:side*side])
			eachOffset(op, g, w.f.whole(sum), w.f.whole(dtable), func(from, to []float32, lo, hi, skip int) {
				for _, v := range from[:lo] {
					to[0] += v
				}
				for i, v := range from[lo:hi] {
					to[skip+i] += v
				}
				for _, v := range from[hi:] {
					to[len(to)-1] += v
				}
			})
		}
	}
	return nil
}

// eachOffset calls f for the scores of each query of head g and each row of keys, with the row of the table that they have: keys
// from lo to hi have its entries from skip on, those before the first of all and those behind the last.
func eachOffset(op program.RelativeBias, g int, scores, table []float32, f func(scores, table []float32, lo, hi, skip int)) {
	side, positions := 2*op.Range+1, op.H*op.W
	for p := range positions {
		h, w := p/op.W, p%op.W
		lo, hi := max(0, w-op.Range), min(op.W, w+op.Range+1)
		for k := range op.H {
			row := min(max(k-h, -op.Range), op.Range) + op.Range
			f(scores[(g*positions+p)*positions+k*op.W:][:op.W], table[(g*side+row)*side:][:side], lo, hi, lo-w+op.Range)
		}
	}
}
