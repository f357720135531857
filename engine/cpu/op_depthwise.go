package cpu

import (
	"fmt"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Depthwise convolution, that of groups of 4 or 8 channels, and their gradients: rows of outputs by vectors of channels
// (kernel/depthwise.go), a picture at a time.

// isDepthwise reports whether each channel sees itself alone, or one group of four or eight channels itself.
func isDepthwise(groups, cin, cout int) bool {
	return groups > 1 && cin == cout && (groups == cin || 4*groups == cin || 8*groups == cin)
}

// groupName is "depthwise", or "4-wide" of groups of so many channels.
func groupName(per int) string {
	if per == 1 {
		return "depthwise "
	}
	return fmt.Sprintf("%d-wide ", per)
}

// depthwise adds the step of a convolution of x to y in groups of per channels, with what was fused to it. x has its halo; scale,
// of a norm, may be nil.
func (b *planner) depthwise(u unit, what string, g program.Window, per int, x, w, scale, bias, y *value) error {
	k := g.Kernel[0] * g.Kernel[1] * per
	c := b.t.cutMap(x, y, k, 4*lane)
	parts := c
	if per > 1 { // grouped parts them finer
		parts = pictures(y, 1)
	}
	if scale != nil || parts.panels > 1 {
		w = b.panels(u.Node, w, scale, k, parts)
	}
	w = b.grouped(u.Node, w, g.Kernel[0]*g.Kernel[1], per, x.c)
	s := b.cut(u.Node, groupName(per)+what, y, c).reading(x).knowing(w, bias)
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	x.spread()
	s.kernel, s.macs = b.k.Name, int64(y.n)*int64(y.elems())*int64(k)
	s.build = func() {
		c.run(s, func(wk *worker, p piece) {
			for n := p.n0; n < p.n1; n++ {
				a := &wk.depth
				*a = depthwiseArgs(g, per, x, y)
				a.Rows, a.C = p.r1-p.r0, p.c1-p.c0
				a.X.Data = wk.image(x, n)[x.first+(p.r0*g.Stride[0]-g.Pad[0])*x.row-g.Pad[2]*x.pix+p.c0:]
				a.Y.Data = wk.image(y, n)[y.first+p.r0*y.row+p.c0:]
				a.W = wk.f.whole(w)[p.c0*k:]
				if bias != nil {
					a.Bias = wk.f.whole(bias)[p.c0:p.c1]
				}
				a.Add = u.over != nil
				switch {
				case u.relu:
					a.Act = kernel.ReLU
				case u.relu6:
					a.Act = kernel.ReLU6
				}
				b.k.Depthwise(a)
			}
		})
	}
	return nil
}

// panels adds the step that gives the channels of each panel weights of their own, k a channel, and multiplies them by scale if
// there is one.
func (b *planner) panels(n *program.Node, w, scale *value, k int, c cut) *value {
	packed := b.temp("packed", c.c*k)
	p := b.bag(n, "pack", 1, packed).knowing(w, scale)
	p.build = func() {
		p.task = func(wk *worker, _ int) {
			d, from := wk.f.whole(packed), wk.f.whole(w)
			for c0 := 0; c0 < c.c; c0 += c.columns {
				c1 := min(c0+c.columns, c.c)
				for i := range k {
					row := d[c0*k+i*(c1-c0):][:c1-c0]
					copy(row, from[i*c.c+c0:])
					if scale != nil {
						for j, v := range wk.f.whole(scale)[c0:c1] {
							row[j] *= v
						}
					}
				}
			}
		}
	}
	return packed
}

// depthwiseArgs is the geometry of a convolution of x to y.
func depthwiseArgs(g program.Window, per int, x, y *value) kernel.DepthwiseArgs {
	return kernel.DepthwiseArgs{
		Block: y.block(1),
		X:     kernel.Map{Row: g.Stride[0] * x.row, Pix: g.Stride[1] * x.pix},
		Y:     kernel.Map{Row: y.row, Pix: y.pix},
		KH:    g.Kernel[0], KW: g.Kernel[1], KRow: g.Dilation[0] * x.row, KPix: g.Dilation[1] * x.pix, Group: per,
	}
}

// along is one axis of a phase of the gradient by the input (see meet): the inputs first, first+stride ..., each the sum of taps
// whose outputs lie evenly spaced.
type along struct {
	first, count int   // inputs
	taps         []int // kernel positions, outputs ascending
	from, step   int   // output of the first input's first tap; from a tap's output to the next's
}

// phases are those of an axis, but for ones without inputs.
func phases(inputs, pad, kernel, stride, dilation int) (ps []along) {
	for a := range min(stride, inputs) {
		p := along{first: a, count: (inputs - a + stride - 1) / stride}
		var at []int
		p.taps, at = meet(a, pad, kernel, stride, dilation)
		if len(at) > 0 {
			p.from = at[0]
		}
		if len(at) > 1 {
			p.step = at[1] - at[0]
		}
		ps = append(ps, p)
	}
	return ps
}

// depthwiseGradInput adds the steps of the gradient by the input: a forward convolution of dy for each phase, with the weights
// that it meets. dy has its halo.
func (b *planner) depthwiseGradInput(u unit, what string, g program.Window, per int, dy, w, dx *value) error {
	type phase struct {
		h, w    along
		taps    []int
		weights int // where they begin among the packed
	}
	var ps []phase
	size := 0
	for _, h := range phases(dx.h, g.Pad[0], g.Kernel[0], g.Stride[0], g.Dilation[0]) {
		for _, w := range phases(dx.w, g.Pad[2], g.Kernel[1], g.Stride[1], g.Dilation[1]) {
			n := len(h.taps) * len(w.taps)
			if n > 0 || u.over == nil {
				ps = append(ps, phase{h, w, tapsOf(g, h, w), size})
			}
			size += groupedLen(n, per, dx.c)
		}
	}
	packed := b.temp("packed", max(size, 1))
	p := b.bag(u.Node, "pack", len(ps), packed).knowing(w)
	p.build = func() {
		p.task = func(wk *worker, t int) {
			p := &ps[t]
			d, from := wk.f.whole(packed)[p.weights:], wk.f.whole(w)
			if per > 1 {
				groupWeights(d, from, p.taps, per, dx.c, true)
				return
			}
			for i, tap := range p.taps {
				copy(d[i*dx.c:][:dx.c], from[tap*dx.c:])
			}
		}
	}
	dy.spread()
	s := b.local(u.Node, groupName(per)+what, dx).reading(dy).knowing(packed)
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(g.Kernel[0]*g.Kernel[1]*per)
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	s.build = func() {
		s.perImage(func(wk *worker, n int) {
			from, to := wk.image(dy, n), wk.image(dx, n)
			a := &wk.depth
			for i := range ps {
				p := &ps[i]
				*a = kernel.DepthwiseArgs{
					Block: kernel.Block{Rows: p.h.count, Pixels: p.w.count, C: dx.c},
					X:     kernel.Map{Data: from[dy.first+p.h.from*dy.row+p.w.from*dy.pix:], Row: dy.row, Pix: dy.pix},
					Y:     kernel.Map{Data: to[dx.first+p.h.first*dx.row+p.w.first*dx.pix:], Row: g.Stride[0] * dx.row, Pix: g.Stride[1] * dx.pix},
					W:     wk.f.whole(packed)[p.weights:],
					KH:    len(p.h.taps), KW: len(p.w.taps), KRow: p.h.step * dy.row, KPix: p.w.step * dy.pix, Group: per,
					Add: u.over != nil,
				}
				b.k.Depthwise(a)
			}
		})
	}
	return nil
}

// tapsOf lists the taps of a phase by their place in the window.
func tapsOf(g program.Window, h, w along) []int {
	var taps []int
	for _, i := range h.taps {
		for _, j := range w.taps {
			taps = append(taps, i*g.Kernel[1]+j)
		}
	}
	return taps
}

// depthwiseGradWeight adds the steps of the gradient by the weights: chunks of pictures add to private sums. x has its halo.
func (b *planner) depthwiseGradWeight(n *program.Node, what string, g program.Window, per int, x, dy, dw *value) error {
	taps := g.Kernel[0] * g.Kernel[1]
	size := groupedLen(taps, per, x.c)
	copies := x.n * (x.img + dy.img) / size // no more memory than the maps
	parts := b.temp("private sums", 1, 1, 1, size)
	parts.perChunk = true
	s := b.local(n, groupName(per)+what, parts).reading(x, dy)
	s.n, s.shape = x.n, dw.shape
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(g.Kernel[0]*g.Kernel[1]*per)
	s.minGroup = (x.n + max(copies, 1) - 1) / max(copies, 1)
	s.build = func() {
		s.image = func(wk *worker, n0, n1 int) {
			sum := wk.images(parts, wk.chunk, wk.chunk+1)
			clear(sum)
			for n := n0; n < n1; n++ {
				a := &wk.depth
				*a = depthwiseArgs(g, per, x, dy)
				a.X.Data, a.Y.Data = wk.image(x, n)[x.first-g.Pad[0]*x.row-g.Pad[2]*x.pix:], wk.image(dy, n)[dy.first:]
				a.W = sum
				b.k.DepthwiseGrad(a)
			}
		}
	}
	if per == 1 {
		b.sumParts(n, dw, parts)
		return nil
	}
	sums := b.temp("sums", 1, 1, 1, size)
	b.sumParts(n, sums, parts)
	b.ungrouped(n, dw, sums, taps, per, x.c)
	return nil
}
