package cpu

import "math"

// shaped adds tasks of updatePiece elements that make a value from others of its shape, all dense, and scalars.
func (b *planner) shaped(u unit, what string, f func(f *frame, from, to int, y []float32, in []*value)) error {
	y := b.val(u.out)
	var in []*value
	for _, v := range u.In {
		in = append(in, b.val(v))
	}
	size := y.size()
	s := b.bag(u.Node, what, (size+updatePiece-1)/updatePiece, y).knowing(in...)
	s.build = func() {
		s.task = func(w *worker, t int) {
			from, to := t*updatePiece, min(t*updatePiece+updatePiece, size)
			f(w.f, from, to, w.f.part(y, from, to), in)
		}
	}
	return nil
}

func bindLasso(b *planner, u unit) error {
	return b.shaped(u, "lasso", func(f *frame, from, to int, y []float32, in []*value) {
		g, p, l1 := f.part(in[0], from, to), f.part(in[1], from, to), f.scalar(in[2])
		for i, w := range p {
			switch {
			case w > 0:
				y[i] = g[i] + l1
			case w < 0:
				y[i] = g[i] - l1
			default:
				y[i] = g[i] + float32(l1*w)
			}
		}
	})
}

func bindClamp(b *planner, u unit) error {
	return b.shaped(u, "clamp", func(f *frame, from, to int, y []float32, in []*value) {
		most := f.scalar(in[1])
		for i, v := range f.part(in[0], from, to) {
			y[i] = min(max(v, -most), most)
		}
	})
}

// clipColumns is how many channels a task clips.
const clipColumns = 32

// bindClipChannels cuts by channels: norms in float64, row by row, then the product. A vector is one channel.
func bindClipChannels(b *planner, u unit) error {
	g, p, share, y := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.out)
	channels := 1
	if len(g.shape) > 1 {
		channels = g.c
	}
	s := b.bag(u.Node, "clip channels", (channels+clipColumns-1)/clipColumns, y).knowing(g, p, share)
	s.build = func() {
		s.task = func(w *worker, t int) {
			g, p, y, share := w.f.whole(g), w.f.whole(p), w.f.whole(y), float64(w.f.scalar(share))
			c0, c1 := t*clipColumns, min(t*clipColumns+clipColumns, channels)
			var pp, gg [clipColumns]float64
			for row := 0; row < len(g); row += channels {
				for c := c0; c < c1; c++ {
					pp[c-c0] += float64(float64(p[row+c]) * float64(p[row+c]))
					gg[c-c0] += float64(float64(g[row+c]) * float64(g[row+c]))
				}
			}
			for c := range c1 - c0 {
				pp[c] = min(1, share*max(math.Sqrt(pp[c]), 1e-3)/max(math.Sqrt(gg[c]), 1e-6))
			}
			for row := 0; row < len(g); row += channels {
				for c := c0; c < c1; c++ {
					y[row+c] = float32(pp[c-c0] * float64(g[row+c]))
				}
			}
		}
	}
	return nil
}
