package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Depthwise convolution with a multiplier: channel c of x makes channels c·m to c·m+m-1 of y. It is m depthwise convolutions of the
// same x, whose outputs lie one behind the other in a pixel (dealt: k·C+c for c·m+k) and are put in order by a permutation of each
// pixel; the gradients deal dy out first.
//
// Share of the peak, one thread of an AMD Zen 4, 32 pictures of 32x32x64 to 128, 3x3, forward, by input and by weights: 27, 26 and 26 % (AVX2 22, 21
// and 17 %) for 5, 3 and 5 % as a product a group. The maps come and go at 9 GB/s, near what stores into far memory reach.

// multiplier is how many channels each channel makes, where that goes by depthwise kernels; else 0. With few channels lanes stay empty,
// with many outputs a channel a product fills them.
func multiplier(groups, cin, cout int) int {
	if m := cout / groups; groups == cin && groups >= 8 && m > 1 && m <= 8 {
		return m
	}
	return 0
}

// deal lists the channels of y in the order in which they are dealt out, and where each of them then lies.
func deal(c, m int) (out, back []int32) {
	out, back = make([]int32, c*m), make([]int32, c*m)
	for i := range c {
		for k := range m {
			out[k*c+i], back[i*m+k] = int32(i*m+k), int32(k*c+i)
		}
	}
	return out, back
}

// dealtBytes is how much of dealt outputs is made before it is put in order: it stays in the second-level cache.
const dealtBytes = 64 << 10

// dealWeights lays the weights [taps][C·m] out as [m][taps][C]; of the taps listed alone.
func dealWeights(to, w []float32, taps []int, c, m int) {
	for k := range m {
		for _, t := range taps {
			for i := range c {
				to[i] = w[t*c*m+i*m+k]
			}
			to = to[c:]
		}
	}
}

// multiplied adds the step of a convolution of x to y, with what was fused to it. x has its halo; scale, of a norm, may be nil.
func (b *planner) multiplied(u unit, what string, g program.Window, m int, x, w, scale, bias, y *value) error {
	c, taps := x.c, g.Kernel[0]*g.Kernel[1]
	if scale != nil {
		w = b.panels(u.Node, w, scale, taps, pictures(y, 1))
	}
	packed := b.temp("packed", (taps+1)*y.c)
	p := b.bag(u.Node, "pack", 1, packed).knowing(w, bias)
	p.build = func() {
		all := allOf(taps)
		p.task = func(wk *worker, _ int) {
			d := wk.f.whole(packed)
			dealWeights(d, wk.f.whole(w), all, c, m)
			if bias != nil {
				dealWeights(d[taps*y.c:], wk.f.whole(bias), all[:1], c, m)
			}
		}
	}
	s := b.local(u.Node, "multiplied depthwise "+what, y).reading(x).knowing(packed)
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	x.spread()
	s.kernel, s.macs = b.k.Name, int64(y.n)*int64(y.elems())*int64(taps)
	rows := min(max(dealtBytes/(4*y.w*y.c), 1), y.h)
	s.scratch = rows * y.w * y.c
	out, back := deal(c, m)
	s.build = func() {
		s.perImage(func(wk *worker, n int) {
			weights := wk.f.whole(packed)
			for r := 0; r < y.h; r += rows {
				blk := kernel.Block{Rows: min(rows, y.h-r), Pixels: y.w, C: y.c}
				dealt := kernel.Map{Data: wk.bench[:s.scratch], Row: y.w * y.c, Pix: y.c}
				to := kernel.Map{Data: wk.image(y, n)[y.first+r*y.row:], Row: y.row, Pix: y.pix}
				if u.over != nil {
					b.k.Permute(blk, dealt, to, out)
				}
				for k := range m {
					a := &wk.depth
					*a = depthwiseArgs(g, 1, x, y)
					a.Block = kernel.Block{Rows: blk.Rows, Pixels: y.w, C: c}
					a.X.Data = wk.image(x, n)[x.first+(r*g.Stride[0]-g.Pad[0])*x.row-g.Pad[2]*x.pix:]
					a.Y = kernel.Map{Data: dealt.Data[k*c:], Row: dealt.Row, Pix: dealt.Pix}
					a.W = weights[k*taps*c:]
					if bias != nil {
						a.Bias = weights[taps*y.c+k*c:]
					}
					a.Add = u.over != nil
					if u.relu {
						a.Act = kernel.ReLU
					}
					b.k.Depthwise(a)
				}
				b.k.Permute(blk, to, dealt, back)
			}
		})
	}
	return nil
}

func allOf(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// dealt copies image n of dy, its halo with it, to scratch with the channels dealt out.
func dealt(b *planner, wk *worker, dy *value, n int, out []int32, scratch []float32) []float32 {
	first := dy.first % dy.pix // of some channels of another map
	blk := kernel.Block{Rows: 1, Pixels: (dy.img-first-dy.c)/dy.pix + 1, C: dy.c}
	b.k.Permute(blk, kernel.Map{Data: scratch[first:], Pix: dy.pix}, kernel.Map{Data: wk.image(dy, n)[first:], Pix: dy.pix}, out)
	return scratch
}

// multipliedGradInput adds the steps of the gradient by the input: for each of the m channels that one made a forward convolution of dy,
// phase by phase as without a multiplier, all added up. dy has its halo.
func (b *planner) multipliedGradInput(u unit, what string, g program.Window, m int, dy, w, dx *value) {
	type phase struct {
		h, w    along
		taps    []int
		weights int // where they begin among the packed
	}
	var ps []phase
	c, size := dx.c, 0
	for _, h := range phases(dx.h, g.Pad[0], g.Kernel[0], g.Stride[0], g.Dilation[0]) {
		for _, w := range phases(dx.w, g.Pad[2], g.Kernel[1], g.Stride[1], g.Dilation[1]) {
			p := phase{h, w, tapsOf(g, h, w), size}
			if len(p.taps) > 0 || u.over == nil {
				ps = append(ps, p)
			}
			size += len(p.taps) * dy.c
		}
	}
	packed := b.temp("packed", max(size, 1))
	p := b.bag(u.Node, "pack", len(ps), packed).knowing(w)
	p.build = func() {
		p.task = func(wk *worker, t int) {
			dealWeights(wk.f.whole(packed)[ps[t].weights:], wk.f.whole(w), ps[t].taps, c, m)
		}
	}
	s := b.local(u.Node, "multiplied depthwise "+what, dx).reading(dy).knowing(packed)
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(g.Kernel[0]*g.Kernel[1])
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	out, _ := deal(c, m)
	s.build = func() {
		s.scratch = dy.img
		s.perImage(func(wk *worker, n int) {
			from, to := dealt(b, wk, dy, n, out, wk.bench[:dy.img]), wk.image(dx, n)
			for i := range ps {
				p := &ps[i]
				for k := range m {
					a := &wk.depth
					*a = kernel.DepthwiseArgs{
						Block: kernel.Block{Rows: p.h.count, Pixels: p.w.count, C: c},
						X:     kernel.Map{Data: from[dy.first+p.h.from*dy.row+p.w.from*dy.pix+k*c:], Row: dy.row, Pix: dy.pix},
						Y:     kernel.Map{Data: to[dx.first+p.h.first*dx.row+p.w.first*dx.pix:], Row: g.Stride[0] * dx.row, Pix: g.Stride[1] * dx.pix},
						W:     wk.f.whole(packed)[p.weights+k*len(p.taps)*c:],
						KH:    len(p.h.taps), KW: len(p.w.taps), KRow: p.h.step * dy.row, KPix: p.w.step * dy.pix,
						Add: u.over != nil || k > 0,
					}
					b.k.Depthwise(a)
				}
			}
		})
	}
}

// multipliedGradWeight adds the steps of the gradient by the weights: chunks of pictures add to private sums. x has its halo.
func (b *planner) multipliedGradWeight(n *program.Node, what string, g program.Window, m int, x, dy, dw *value) {
	c, taps := x.c, g.Kernel[0]*g.Kernel[1]
	size := taps * dy.c
	copies := x.n * (x.img + dy.img) / size // no more memory than the maps
	parts := b.temp("private sums", 1, 1, 1, size)
	parts.perChunk = true
	s := b.local(n, "multiplied depthwise "+what, parts)
	s.n, s.shape = x.n, dw.shape
	s.reading(x, dy)
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(taps)
	s.minGroup = (x.n + max(copies, 1) - 1) / max(copies, 1)
	out, _ := deal(c, m)
	s.build = func() {
		s.scratch = size + dy.img
		s.image = func(wk *worker, n0, n1 int) {
			sum := wk.bench[:size]
			clear(sum)
			for n := n0; n < n1; n++ {
				from := dealt(b, wk, dy, n, out, wk.bench[size:][:dy.img])
				for k := range m {
					a := &wk.depth
					*a = depthwiseArgs(g, 1, x, dy)
					a.C = c
					a.X.Data, a.Y.Data = wk.image(x, n)[x.first-g.Pad[0]*x.row-g.Pad[2]*x.pix:], from[dy.first+k*c:]
					a.W = sum[k*taps*c:]
					b.k.DepthwiseGrad(a)
				}
			}
			d := wk.images(parts, wk.chunk, wk.chunk+1)
			for k := range m {
				for t := range taps {
					for i, v := range sum[(k*taps+t)*c:][:c] {
						d[t*dy.c+i*m+k] = v
					}
				}
			}
		}
	}
	b.sumParts(n, dw, parts)
}
