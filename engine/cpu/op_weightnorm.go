package cpu

import "math"

// columns adds a step over a weight's output channels, so many at a time, as [bindClipChannels] goes: what is summed over rows is in
// float64, row by row. It has none of its own: f is handed the first channel of a task and the one behind its last.
func (b *planner) columns(u unit, what string, channels int, f func(fr *frame, c0, c1 int), outs, in []*value) {
	s := b.bag(u.Node, what, (channels+clipColumns-1)/clipColumns, outs...).knowing(in...)
	s.build = func() {
		s.task = func(w *worker, t int) { f(w.f, t*clipColumns, min(t*clipColumns+clipColumns, channels)) }
	}
}

// dots adds to sum Σ x·y of the channels from c0 on.
func dots(sum []float64, x, y []float32, channels, c0 int) {
	for row := c0; row < len(x); row += channels {
		for c := range sum {
			sum[c] += float64(float64(x[row+c]) * float64(y[row+c]))
		}
	}
}

func bindWeightNorm(b *planner, u unit) error {
	v, g, w := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	b.columns(u, "weight norm", v.c, func(f *frame, c0, c1 int) {
		from, to := f.whole(v), f.whole(w)
		var room [clipColumns]float64
		by := room[:c1-c0]
		dots(by, from, from, v.c, c0)
		for c := range by {
			if by[c] > 0 {
				by[c] = float64(f.whole(g)[c0+c]) / math.Sqrt(by[c])
			}
		}
		for row := c0; row < len(from); row += v.c {
			for c, k := range by {
				to[row+c] = float32(k * float64(from[row+c]))
			}
		}
	}, []*value{w}, []*value{v, g})
	return nil
}

func bindWeightNormGrad(b *planner, u unit) error {
	v, g, dw, dv, dg := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.Out[0]), b.val(u.Out[1])
	b.columns(u, "weight norm grad", v.c, func(f *frame, c0, c1 int) {
		x, d, to := f.whole(v), f.whole(dw), f.whole(dv)
		var room [2][clipColumns]float64
		by, along := room[0][:c1-c0], room[1][:c1-c0]
		dots(by, x, x, v.c, c0)
		dots(along, d, x, v.c, c0)
		for c, square := range by {
			f.whole(dg)[c0+c] = 0
			if square > 0 {
				f.whole(dg)[c0+c] = float32(along[c] / math.Sqrt(square))
				by[c], along[c] = float64(f.whole(g)[c0+c])/math.Sqrt(square), along[c]/square
			}
		}
		for row := c0; row < len(x); row += v.c {
			for c, k := range by {
				to[row+c] = float32(k * (float64(d[row+c]) - float64(along[c]*float64(x[row+c]))))
			}
		}
	}, []*value{dv, dg}, []*value{v, g, dw})
	return nil
}

func bindMaxNorm(b *planner, u unit) error {
	p, limit := b.val(u.In[0]), b.val(u.In[1])
	b.columns(u, "max norm", p.c, func(f *frame, c0, c1 int) {
		x, most := f.whole(p), float64(f.scalar(limit))
		var room [clipColumns]float64
		by := room[:c1-c0]
		dots(by, x, x, p.c, c0)
		for c := range by {
			by[c] = most / max(math.Sqrt(by[c]), most)
		}
		for row := c0; row < len(x); row += p.c {
			for c, k := range by {
				if k < 1 {
					x[row+c] = float32(k * float64(x[row+c]))
				}
			}
		}
	}, []*value{p}, []*value{p, limit})
	return nil
}
