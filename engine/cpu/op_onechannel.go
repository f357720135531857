package cpu

import (
	"math/bits"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// A convolution to one channel, as the 7x7 of two maps that gates positions (CBAM): a product of matrices would fill one column of
// sixteen. It is a depthwise convolution, whose sums by channel are then added; its gradients read dy once for each channel of x,
// spread over them. Where pixels have fewer channels than a register has lanes they are not told apart: a row of the map is one
// run of numbers, whose weights come again from pixel to pixel, and of a stride in the row what lies between is dropped.
//
// Share of the peak, one thread of an AMD Zen 4, forward, by input and by weights: 64 pictures of 32x32x2, 7x7, 29, 33 and 17 % (AVX2 25, 22
// and 10 %) for 6, 12 and 5 % as products; 8 of 56x56x64, 1x1, 10 % forward and 11 % by weights for 6 and 3 %. The gradient by an input of as
// many channels as lanes stays a product, of dy alone: 25 %, which is what memory gives.

// isOneChannel reports whether the output is one map that sees all channels.
func isOneChannel(groups, cout int) bool { return groups == 1 && cout == 1 }

// bandBytes is how much of sums by channel, or of dy spread over channels, is made before it is read: it stays in the first-level
// cache.
const bandBytes = 16 << 10

// strip is how the kernel sees rows of a wide map, of c channels: each as so many pixels of block numbers, and the rest.
type strip struct {
	g                   program.Window
	c                   int
	step                int // from an output to the next, in pixels of the wide map as it is cut
	row                 int // numbers in a row of the sums
	block, pixels, rest int
}

// stripOf cuts the rows of a map of c channels that width outputs see; flat: whatever its pixels.
func stripOf(g program.Window, c, width, stride int, flat bool) strip {
	if !flat {
		return strip{g: g, c: c, step: 1, row: width * c, block: c, pixels: width}
	}
	t := strip{g: g, c: c, step: stride, row: ((width-1)*stride + 1) * c, block: c}
	for t.block%lane != 0 {
		t.block += c
	}
	t.pixels, t.rest = t.row/t.block, t.row%t.block
	return t
}

func (t *strip) flat() bool { return t.c < lane }

func (t *strip) taps() int { return t.g.Kernel[0] * t.g.Kernel[1] }

// packed is the length of the weights as the kernel reads them: of a block, of the rest, and a bias of a block.
func (t *strip) packed() int { return t.taps()*(t.block+t.rest) + t.block }

// pack lays the weights out, one tap after the other in the order of the window, or turned.
func (t *strip) pack(to, w []float32, turned bool, scale float32) {
	taps := t.taps()
	for _, n := range [2]int{t.block, t.rest} {
		for k := range taps {
			from := w[k*t.c:]
			if turned {
				from = w[(taps-1-k)*t.c:]
			}
			for i := range n {
				to[k*n+i] = scale * from[i%t.c]
			}
		}
		to = to[taps*n:]
	}
}

// gather is the opposite for sums: it adds those of the block and of the rest by channel.
func (t *strip) gather(to, sums []float32) {
	taps := t.taps()
	for _, n := range [2]int{t.block, t.rest} {
		for k := range taps {
			for i := range n {
				to[k*t.c+i%t.c] += sums[k*n+i]
			}
		}
		sums = sums[taps*n:]
	}
}

// run calls the kernel over rows of the strip: x is the wide map from the first tap of the first output on, y what it makes or, of a
// gradient, reads; w is as packed.
func (t *strip) run(a *kernel.DepthwiseArgs, f func(*kernel.DepthwiseArgs), rows int, x, y kernel.Map, w []float32) {
	a.KH, a.KW, a.KRow, a.KPix = t.g.Kernel[0], t.g.Kernel[1], t.g.Dilation[0]*x.Row, t.g.Dilation[1]*x.Pix
	a.X, a.Y = x, y
	a.X.Row *= t.g.Stride[0]
	if a.X.Pix, a.Y.Pix = t.g.Stride[1]*x.Pix, t.c; t.flat() {
		a.X.Pix, a.Y.Pix = t.block, t.block
	}
	if t.pixels > 0 {
		a.Block, a.W = kernel.Block{Rows: rows, Pixels: t.pixels, C: t.block}, w
		f(a)
	}
	if t.rest > 0 {
		a.Block, a.W = kernel.Block{Rows: rows, Pixels: 1, C: t.rest}, w[t.taps()*t.block:]
		a.X.Data, a.Y.Data = x.Data[t.pixels*t.block:], y.Data[t.pixels*t.block:]
		if a.Bias != nil {
			a.Bias = a.Bias[:t.rest]
		}
		f(a)
	}
}

// reach is the rows of the wide map that so many outputs see, and the numbers of such a row.
func (t *strip) reach(rows int) (h, w int) {
	return (rows-1)*t.g.Stride[0] + (t.g.Kernel[0]-1)*t.g.Dilation[0] + 1, t.row + (t.g.Kernel[1]-1)*t.g.Dilation[1]*t.c
}

// wide is those rows of image n of x that outputs from row r on see, their pixels neighbours: as they lie, or copied to scratch.
func (t *strip) wide(b *planner, wk *worker, x *value, n, r, rows int, scratch []float32) kernel.Map {
	m := kernel.Map{Data: wk.image(x, n)[x.first+(r*t.g.Stride[0]-t.g.Pad[0])*x.row-t.g.Pad[2]*x.pix:], Row: x.row, Pix: x.pix}
	if !t.flat() || x.pix == t.c {
		return m
	}
	h, w := t.reach(rows)
	to := kernel.Map{Data: scratch, Row: w, Pix: t.c}
	b.k.Copy(kernel.Block{Rows: h, Pixels: w / t.c, C: t.c}, to, m)
	return to
}

// copies is the scratch that wide may need.
func (t *strip) copies(rows int) int {
	if !t.flat() {
		return 0
	}
	h, w := t.reach(rows)
	return h * w
}

// band is how many rows of so many numbers are made together.
func band(row, rows int) int { return min(max(bandBytes/(4*row), 1), rows) }

// oneChannel adds the steps of a convolution to y, of one channel. x has its halo; scale, of a norm, may be nil.
func (b *planner) oneChannel(u unit, what string, g program.Window, x, w, scale, bias, y *value) error {
	t := stripOf(g, x.c, y.w, g.Stride[1], x.c < lane)
	packed := b.temp("packed", t.packed())
	p := b.bag(u.Node, "pack", 1, packed).knowing(w, scale, bias)
	p.build = func() {
		p.task = func(wk *worker, _ int) {
			d, k := wk.f.whole(packed), float32(1)
			if scale != nil {
				k = wk.f.whole(scale)[0]
			}
			t.pack(d, wk.f.whole(w), false, k)
			start := d[len(d)-t.block:]
			clear(start)
			if bias != nil {
				for i := 0; i < t.block; i += t.c {
					start[i] = wk.f.whole(bias)[0]
				}
			}
		}
	}
	x.spread()
	s := b.local(u.Node, "one-channel "+what, y).reading(x).knowing(packed)
	s.kernel, s.macs = b.k.Name, int64(y.n)*int64(y.elems())*int64(t.taps()*t.c)
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	rows := band(t.row, y.h)
	sums := rows*t.row + t.c // what lies behind is read, and not used
	s.scratch = 3*sums + t.copies(rows)
	s.build = func() {
		s.perImage(func(wk *worker, n int) {
			for r := 0; r < y.h; r += rows {
				m := min(rows, y.h-r)
				a := &wk.depth
				*a = kernel.DepthwiseArgs{}
				weights := wk.f.whole(packed)
				if bias != nil {
					a.Bias = weights[len(weights)-t.block:]
				}
				from := kernel.Map{Data: wk.bench[:sums], Row: t.row, Pix: t.c}
				t.run(a, b.k.Depthwise, m, t.wide(b, wk, x, n, r, m, wk.bench[3*sums:]), from, weights)
				to := kernel.Map{Data: wk.image(y, n)[y.first+r*y.row:], Row: y.row, Pix: y.pix}
				blk := kernel.Block{Rows: m, Pixels: y.w, C: 1}
				switch {
				case t.flat():
					from = kernel.Map{Data: t.slide(b, wk.bench, sums), Row: t.row, Pix: t.step * t.c}
				case u.over == nil:
					b.k.RowSums(kernel.Block{Rows: m, Pixels: y.w, C: t.c}, to, from, 1)
					from = to
				default:
					sum := kernel.Map{Data: wk.bench[sums:], Row: y.w, Pix: 1}
					b.k.RowSums(kernel.Block{Rows: m, Pixels: y.w, C: t.c}, sum, from, 1)
					from = sum
				}
				switch {
				case u.over != nil:
					b.k.Add(blk, to, to, from)
				case t.flat():
					b.k.Copy(blk, to, from)
				}
				if u.relu {
					b.k.Activation(blk, kernel.ReLU, 0, to, to)
				}
			}
		})
	}
	return nil
}

// slide sums c neighbours from every number on, in the three scratches of n that begin with the numbers: of twice as many, and of one
// more, until there are c. It returns where the sums are.
func (t *strip) slide(b *planner, scratch []float32, n int) []float32 {
	x, to := scratch[:n], [2][]float32{scratch[n : 2*n], scratch[2*n : 3*n]}
	sum := x
	add := func(ahead []float32) {
		blk, z := kernel.Flat(to[0][:len(ahead)])
		_, from := kernel.Flat(sum)
		_, more := kernel.Flat(ahead)
		b.k.Add(blk, z, from, more)
		sum, to[0], to[1] = to[0], to[1], to[0]
	}
	have := 1
	for bit := bits.Len(uint(t.c)) - 2; bit >= 0; bit-- {
		add(sum[have:])
		if have *= 2; t.c>>bit&1 == 1 {
			add(x[have:])
			have++
		}
	}
	return sum
}

// spread lays dy from row r on out over the c channels, rows of it as they are and pixels step apart.
func (t *strip) spread(b *planner, wk *worker, dy *value, n, r, rows int, e []float32) kernel.Map {
	to := kernel.Map{Data: e, Row: t.row, Pix: t.step * t.c}
	if t.step > 1 {
		clear(e[:rows*t.row])
	}
	b.k.SpreadRows(kernel.Block{Rows: rows, Pixels: dy.w, C: t.c}, to, kernel.Map{Data: wk.image(dy, n)[dy.first+r*dy.row:], Row: dy.row, Pix: dy.pix}, 1)
	return to
}

// oneChannelGradWeight adds the steps of the gradient by the weights: chunks of pictures add to private sums. x has its halo.
func (b *planner) oneChannelGradWeight(n *program.Node, what string, g program.Window, x, dy, dw *value) {
	t := stripOf(g, x.c, dy.w, g.Stride[1], x.c < lane)
	x.spread()
	size := t.taps() * t.c
	parts := b.temp("private sums", 1, 1, 1, size)
	parts.perChunk = true
	s := b.local(n, "one-channel "+what, parts)
	s.n, s.shape = x.n, dw.shape
	s.reading(x, dy)
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(size)
	copies := x.n * (x.img + dy.img) / size // no more memory than the maps
	s.minGroup = (x.n + max(copies, 1) - 1) / max(copies, 1)
	rows, sums := band(t.row, dy.h), t.packed()
	s.scratch = sums + rows*t.row + t.copies(rows)
	s.build = func() {
		s.image = func(wk *worker, n0, n1 int) {
			sum, e := wk.bench[:sums], wk.bench[sums:][:rows*t.row]
			clear(sum)
			for n := n0; n < n1; n++ {
				for r := 0; r < dy.h; r += rows {
					m := min(rows, dy.h-r)
					wk.depth = kernel.DepthwiseArgs{}
					x := t.wide(b, wk, x, n, r, m, wk.bench[sums+rows*t.row:])
					t.run(&wk.depth, b.k.DepthwiseGrad, m, x, t.spread(b, wk, dy, n, r, m, e), sum)
				}
			}
			d := wk.images(parts, wk.chunk, wk.chunk+1)
			clear(d)
			t.gather(d, sum)
		}
	}
	b.sumParts(n, dw, parts)
}

// oneChannelGradInput adds the steps of the gradient by an input of fewer channels than lanes: dy, spread over them with zeros where a
// stride left inputs out and around, by the weights turned round.
func (b *planner) oneChannelGradInput(u unit, what string, g program.Window, dy, w, dx *value) {
	turned := g
	turned.Stride = [2]int{1, 1}
	t := stripOf(turned, dx.c, dx.w, 1, true)
	packed := b.temp("packed", t.packed())
	p := b.bag(u.Node, "pack", 1, packed).knowing(w)
	p.build = func() {
		p.task = func(wk *worker, _ int) { t.pack(wk.f.whole(packed), wk.f.whole(w), true, 1) }
	}
	s := b.local(u.Node, "one-channel "+what, dx).reading(dy).knowing(packed)
	s.kernel, s.macs = b.k.Name, int64(dy.n)*int64(dy.elems())*int64(t.taps()*t.c)
	if u.over != nil {
		s.over = b.val(u.over)
		s.reading(s.over)
	}
	rows := band(t.row, dx.h)
	h, across := t.reach(rows)
	s.scratch = h*across + rows*t.row
	s.build = func() {
		top, left := (g.Kernel[0]-1)*g.Dilation[0]-g.Pad[0], (g.Kernel[1]-1)*g.Dilation[1]-g.Pad[2] // of the first tap, before dx
		s.perImage(func(wk *worker, n int) {
			e := kernel.Map{Data: wk.bench[:h*across], Row: across, Pix: t.c}
			for r := 0; r < dx.h; r += rows {
				m := min(rows, dx.h-r)
				clear(e.Data)
				r0, c0 := within(r-top, g.Stride[0]), within(-left, g.Stride[1])
				blk := kernel.Block{
					Rows:   min(dy.h, within(r-top+h, g.Stride[0])) - r0,
					Pixels: min(dy.w, within(across/t.c-left, g.Stride[1])) - c0, C: t.c,
				}
				if blk.Rows > 0 && blk.Pixels > 0 {
					to := kernel.Map{Data: e.Data[(r0*g.Stride[0]-r+top)*across+(c0*g.Stride[1]+left)*t.c:], Row: g.Stride[0] * across, Pix: g.Stride[1] * t.c}
					b.k.SpreadRows(blk, to, kernel.Map{Data: wk.image(dy, n)[dy.first+r0*dy.row+c0*dy.pix:], Row: dy.row, Pix: dy.pix}, 1)
				}
				to := kernel.Map{Data: wk.image(dx, n)[dx.first+r*dx.row:], Row: dx.row, Pix: dx.pix}
				wk.depth = kernel.DepthwiseArgs{Add: u.over != nil}
				if dx.pix == t.c {
					t.run(&wk.depth, b.k.Depthwise, m, e, to, wk.f.whole(packed))
					continue
				}
				wk.depth.Add = false
				sum := kernel.Map{Data: wk.bench[h*across:], Row: t.row, Pix: t.c}
				t.run(&wk.depth, b.k.Depthwise, m, e, sum, wk.f.whole(packed))
				if blk := (kernel.Block{Rows: m, Pixels: dx.w, C: t.c}); u.over != nil {
					b.k.Add(blk, to, to, sum)
				} else {
					b.k.Copy(blk, to, sum)
				}
			}
		})
	}
}

// within is how many outputs lie before the place p among inputs, at that stride.
func within(p, stride int) int { return max((p+stride-1)/stride, 0) }
