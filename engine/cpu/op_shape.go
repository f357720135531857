package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// copyStep adds a step that gives in's content to out; none at all where both can be the same bytes.
func (b *planner) copyStep(n *program.Node, what string, out, in *value) {
	if in.n != out.n { // pictures change places: all at once
		s := b.bag(n, what, 1, out).knowing(in)
		s.build = func() {
			s.task = func(w *worker, _ int) { w.f.recast(out, in) }
		}
		return
	}
	s := b.local(n, what, out).reading(in)
	s.view = true
	s.build = func() {
		same := in.h == out.h && in.w == out.w && in.c == out.c
		s.perImage(func(w *worker, n int) {
			if same {
				b.k.Copy(out.block(1), w.feature(out, n, 1), w.feature(in, n, 1))
				return
			}
			recast(w.image(out, n), out, w.image(in, n), in)
		})
	}
}

// recast copies one image to one of as many elements under other extents.
func recast(dst []float32, out *value, src []float32, in *value) {
	var to, from []float32 // what is left of a run of each
	o, i := 0, 0
	for left := out.elems(); left > 0; {
		if len(to) == 0 {
			to, o = dst[out.runAt(0, o):][:out.run()], o+1
		}
		if len(from) == 0 {
			from, i = src[in.runAt(0, i):][:in.run()], i+1
		}
		n := copy(to, from)
		to, from, left = to[n:], from[n:], left-n
	}
}

// recast copies a whole value to one with another number of images.
func (f *frame) recast(out, in *value) {
	if out.haloed() {
		clear(f.whole(out))
	}
	to, r := f.runOf(out, 0), 0
	for q := range in.n * in.elems() / in.run() {
		for from := f.runOf(in, q); len(from) > 0; {
			if len(to) == 0 {
				r++
				to = f.runOf(out, r)
			}
			n := copy(to, from)
			to, from = to[n:], from[n:]
		}
	}
}

func bindReshape(b *planner, u unit) error {
	b.copyStep(u.Node, "reshape", b.val(u.out), b.val(u.In[0]))
	return nil
}

// channels is the map of v from channel c on.
func channels(m kernel.Map, c int) kernel.Map {
	m.Data = m.Data[c:]
	return m
}

func bindConcat(b *planner, u unit) error {
	y := b.val(u.out)
	var in []*value
	for _, v := range u.In {
		in = append(in, b.val(v))
	}
	s := b.local(u.Node, "concat", y).reading(in...)
	there := make([]bool, len(in)) // made in its place
	s.slices = func() {
		c := 0
		for i, x := range in {
			there[i] = b.slice(x, y, c)
			c += x.c
		}
	}
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			c := 0
			for i, x := range in {
				if !there[i] {
					b.k.Copy(x.block(1), channels(w.feature(y, n, 1), c), w.feature(x, n, 1))
				}
				c += x.c
			}
		})
	}
	return nil
}

func bindSliceChannels(b *planner, u unit) error {
	op := u.Op.(program.SliceChannels)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "slice channels", y).reading(x)
	there := false
	s.slices = func() { there = b.slice(y, x, op.From) }
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			if there {
				return
			}
			b.k.Copy(y.block(1), w.feature(y, n, 1), channels(w.feature(x, n, 1), op.From))
		})
	}
	return nil
}

func bindPadChannels(b *planner, u unit) error {
	op := u.Op.(program.PadChannels)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "pad channels", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			m := w.feature(y, n, 1)
			b.k.Fill(y.block(1), m, 0)
			b.k.Copy(x.block(1), channels(m, op.Before), w.feature(x, n, 1))
		})
	}
	return nil
}

func bindShuffleChannels(b *planner, u unit) error {
	op := u.Op.(program.ShuffleChannels)
	x := b.val(u.In[0])
	from := make([]int32, x.c)
	for i := range from {
		from[i] = int32(i%op.Groups*(x.c/op.Groups) + i/op.Groups)
	}
	s := b.sweep(u, "shuffle channels", func(_ *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		b.k.Permute(blk, y, in[0], from)
	}, b.val(u.out), x)
	s.inPlace = nil
	return nil
}

// every is the map of every s-th row and pixel.
func every(m kernel.Map, s int) kernel.Map {
	m.Row *= s
	m.Pix *= s
	return m
}

func bindSubsample(b *planner, u unit) error {
	op := u.Op.(program.Subsample)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "subsample", y).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.Copy(y.block(1), w.feature(y, n, 1), every(w.feature(x, n, 1), op.Stride))
		})
	}
	return nil
}

func bindSubsampleGrad(b *planner, u unit) error {
	op := u.Op.(program.SubsampleGrad)
	dy, dx := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "subsample grad", dx).reading(dy)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			m := w.feature(dx, n, 1)
			b.k.Fill(dx.block(1), m, 0)
			b.k.Copy(dy.block(1), every(m, op.Stride), w.feature(dy, n, 1))
		})
	}
	return nil
}

// bindTranspose gathers each image by a table of where its elements lie in the other one.
func bindTranspose(b *planner, u unit) error {
	op := u.Op.(program.Transpose)
	x, y := b.val(u.In[0]), b.val(u.out)
	s := b.local(u.Node, "transpose", y).reading(x)
	s.build = func() {
		from := x.order(op.Axes)
		s.perImage(func(w *worker, n int) {
			dst, src, run := w.image(y, n), w.image(x, n), y.run()
			for i := range y.elems() / run {
				to := dst[y.runAt(0, i):][:run]
				for j, at := range from[i*run:][:run] {
					to[j] = src[at]
				}
			}
		})
	}
	return nil
}

// order lists where in an image of v the elements lie, in the order that they have with the axes in another one; axis 0 is of images.
func (v *value) order(axes []int) []int32 {
	steps := make([]int, len(axes)) // elements between neighbours along an axis
	for k, elems := len(axes)-1, 1; k > 0; k-- {
		steps[k], elems = elems, elems*v.shape[k]
	}
	list := []int{0} // elements of a dense image
	for _, axis := range axes[1:] {
		longer := make([]int, 0, len(list)*v.shape[axis])
		for _, e := range list {
			for i := range v.shape[axis] {
				longer = append(longer, e+i*steps[axis])
			}
		}
		list = longer
	}
	from, run := make([]int32, len(list)), v.run()
	for i, e := range list {
		from[i] = int32(v.runAt(0, e/run) + e%run)
	}
	return from
}
