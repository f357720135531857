package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// The gradient of a convolution by its weights sums over all pictures. Where the weights are few beside the maps, each chunk
// of pictures adds to a private sum, in the same pass that made dy, and these are added in order afterwards. Where they are
// many, tasks own parts of the weights and walk all pictures in order. Either way the order is fixed by the shapes. The product
// aᵀ·b of matrices is the same with pictures of one pixel.

// ownTasks is how many tasks own a part of the weights at least, where these are enough.
const ownTasks = 16

// up rounds n up to a multiple of m.
func up(n, m int) int { return (n + m - 1) / m * m }

// correlation walks pictures in blocks of pixels, and for each block its weights: the block stays in the first-level cache.
//
// A tile reads a few channels of every pixel. Pixels of many channels lie far apart, in few sets of the cache and each in a
// page of its own, so a block of such a map is copied to scratch first, some channels of all its pixels together. Tried on AMD
// Zen 3, share of peak: 64 channels at 8x8 as it lies 57 %, copied to an odd number of cache lines a pixel 70 %, so 76 %; 256 to
// 1024 channels at 14x14 29, 39 and 50 %.
type correlation struct {
	k      *kernel.Set
	tile   *kernel.WgradTile
	g      program.Window
	x, dy  *value
	groups int // that one walk covers: all, or one
	cin    int // channels of x a group that one walk covers
	cout   int // channels of dy a group that one walk covers

	images, rows     int     // of a block: several pictures, or some output rows of one
	xoff, yoff, taps []int32 // of the block's pixels; of the weights, [groups][kh][kw][cin]
	band, span       int     // rows and pixels of x under a block
	xcopy, ycopy     bool
}

func (b *planner) newCorrelation(tile *kernel.WgradTile, g program.Window, x, dy *value, groups, cin, cout int) *correlation {
	c := &correlation{k: b.k, tile: tile, g: g, x: x, dy: dy, groups: groups, cin: cin, cout: cout}
	c.images, c.rows = 1, dy.h
	if per := dy.h * dy.w; per <= b.t.wgradPixels {
		c.images = min(b.t.wgradPixels/per, x.n)
	} else {
		blocks := (dy.h + max(b.t.wgradPixels/dy.w, 1) - 1) / max(b.t.wgradPixels/dy.w, 1)
		c.rows = (dy.h + blocks - 1) / blocks
	}
	c.band = (c.rows-1)*g.Stride[0] + (g.Kernel[0]-1)*g.Dilation[0] + 1
	c.span = (dy.w-1)*g.Stride[1] + (g.Kernel[1]-1)*g.Dilation[1] + 1
	c.xcopy = x.c > lane
	c.ycopy = dy.c > tile.NR && (groups == 1 || cout%tile.NR == 0)
	return c
}

// scratch is the length of the copies.
func (c *correlation) scratch() int {
	n := 0
	if c.xcopy {
		n += c.images * c.band * c.span * up(c.groups*c.cin, lane)
	}
	if c.ycopy {
		n += c.images * c.rows * c.dy.w * up(c.groups*c.cout, c.tile.NR)
	}
	return n
}

// tables fills the tables, when the layouts are known.
func (c *correlation) tables() {
	xpix, xrow, ximg, xlane := c.x.pix, c.x.row, c.x.img, lane
	if c.xcopy {
		xpix, xrow, ximg, xlane = lane, c.span*lane, c.band*c.span*lane, c.images*c.band*c.span*lane
	}
	ypix, yrow, yimg := c.dy.pix, c.dy.row, c.dy.img
	if c.ycopy {
		ypix, yrow, yimg = c.tile.NR, c.dy.w*c.tile.NR, c.rows*c.dy.w*c.tile.NR
	}
	for i := range c.images {
		for h := range c.rows {
			for v := range c.dy.w {
				c.xoff = append(c.xoff, int32(i*ximg+h*c.g.Stride[0]*xrow+v*c.g.Stride[1]*xpix))
				c.yoff = append(c.yoff, int32(i*yimg+h*yrow+v*ypix))
			}
		}
	}
	for g := range c.groups {
		for h := range c.g.Kernel[0] {
			for v := range c.g.Kernel[1] {
				for ci := g * c.cin; ci < (g+1)*c.cin; ci++ {
					c.taps = append(c.taps, int32(h*c.g.Dilation[0]*xrow+v*c.g.Dilation[1]*xpix+ci/lane*xlane+ci%lane))
				}
			}
		}
	}
}

// part is what of the weights a walk computes: cin channels of x from xc on and cout of dy from yc on, in each of its groups.
type part struct{ xc, cin, yc, cout int }

// add adds the gradients of pictures n0 to n1 to dw, whose rows are the taps and whose columns are ld apart.
func (c *correlation) add(w *worker, n0, n1 int, p part, dw []float32, ld int) {
	a := &w.wgrad
	a.LD = ld
	window := c.g.Kernel[0] * c.g.Kernel[1]
	for n := n0; n < n1; n += c.images {
		m := min(c.images, n1-n)
		for h := 0; h < c.dy.h; h += c.rows {
			rows := min(c.rows, c.dy.h-h)
			x, dy := c.block(w, n, m, h, rows, p)
			pixels := m * rows * c.dy.w
			a.X, a.XOff, a.YOff = x, c.xoff[:pixels], c.yoff[:pixels]
			for g := range c.groups {
				taps := c.taps[g*window*c.cin:][:window*c.cin]
				for j := 0; j < p.cout; j += c.tile.NR {
					a.Cols = min(c.tile.NR, p.cout-j)
					at := g*c.cout + j
					if a.DY = dy[at:]; c.ycopy {
						a.DY = dy[at*c.images*c.rows*c.dy.w:]
					}
					if p.cin == c.cin {
						a.Rows, a.DW = taps, dw[at:]
						c.tile.Run(a)
						continue
					}
					for t := range window {
						a.Rows, a.DW = taps[t*c.cin:][:p.cin], dw[t*c.cin*ld+at:]
						c.tile.Run(a)
					}
				}
			}
		}
	}
}

// block is x and dy of a block, copied where that pays.
func (c *correlation) block(w *worker, n, m, h, rows int, p part) (x, dy []float32) {
	at := c.x.first + (h*c.g.Stride[0]-c.g.Pad[0])*c.x.row - c.g.Pad[2]*c.x.pix
	x, dy = w.images(c.x, n, n+m)[at+p.xc:], w.images(c.dy, n, n+m)[c.dy.first+h*c.dy.row+p.yc:]
	spare := w.bench
	if c.xcopy {
		band := c.band - (c.rows-rows)*c.g.Stride[0]
		spare = c.copy(spare, x, c.x, c.groups*p.cin, m, band, c.band, c.span, lane)
		x = w.bench
	}
	if c.ycopy {
		c.copy(spare, dy, c.dy, c.groups*p.cout, m, rows, c.rows, c.dy.w, c.tile.NR)
		dy = spare
	}
	return x, dy
}

// copy copies rows of m pictures, some channels of all pixels together, and returns what is left of the scratch; most is the
// rows of a full block. Scaling by one is the copy that every level has in vectors.
func (c *correlation) copy(to, from []float32, v *value, channels, m, rows, most, pixels, together int) []float32 {
	for ch := 0; ch < channels; ch += together {
		blk := kernel.Block{Rows: rows, Pixels: pixels, C: min(together, channels-ch)}
		if most*pixels == 1 { // matrices: a picture is a row
			blk.Rows = m
			c.k.Scale(blk, kernel.Map{Data: to, Row: together, Pix: together}, kernel.Map{Data: from[ch:], Row: v.img, Pix: v.pix}, 1)
		} else {
			for i := range m {
				c.k.Scale(blk, kernel.Map{Data: to[i*most*pixels*together:], Row: pixels * together, Pix: together},
					kernel.Map{Data: from[i*v.img+ch:], Row: v.row, Pix: v.pix}, 1)
			}
		}
		to = to[c.images*most*pixels*together:]
	}
	return to
}

func bindConvGradWeight(b *planner, u unit) error {
	op := u.Op.(program.ConvGradWeight)
	x, dy := b.val(u.In[0]), b.val(u.In[1])
	what := "conv " + windowName(op.Window) + " grad weight"
	if isOneChannel(op.Groups, dy.c) {
		x = b.padded(u.Node, x, windowHalo(op.Window, x.h, x.w, dy.h, dy.w))
		b.oneChannelGradWeight(u.Node, what, op.Window, x, dy, b.val(u.out))
		return nil
	}
	if b.minimal(op.Window, op.Groups, x, dy, true) {
		b.filterGrad(u.Node, what, op.Window, op.Groups, x, dy, b.val(u.out))
		return nil
	}
	x = b.padded(u.Node, x, windowHalo(op.Window, x.h, x.w, dy.h, dy.w))
	if isDepthwise(op.Groups, x.c, dy.c) {
		return b.depthwiseGradWeight(u.Node, what, op.Window, x.c/op.Groups, x, dy, b.val(u.out))
	}
	if m := multiplier(op.Groups, x.c, dy.c); m > 0 {
		b.multipliedGradWeight(u.Node, what, op.Window, m, x, dy, b.val(u.out))
		return nil
	}
	b.correlate(u.Node, what, op.Window, op.Groups, x, dy, b.val(u.out))
	return nil
}

// correlate adds the steps of a weight gradient.
func (b *planner) correlate(n *program.Node, what string, g program.Window, groups int, x, dy, dw *value) {
	cin, cout := x.c/groups, dy.c/groups
	window := g.Kernel[0] * g.Kernel[1]
	size := window * cin * dy.c
	copies := x.n * (x.img + dy.img) / size // private sums are no more memory than the maps
	if copies < min(x.n, 8) {
		b.correlateParts(n, what, g, groups, x, dy, dw)
		return
	}
	tile := b.wgradTile(cin, cout)
	parts := b.temp("private sums", 1, 1, 1, size)
	parts.perChunk = true
	s := b.local(n, what, parts)
	s.n, s.shape = x.n, dw.shape
	s.kernel, s.macs = b.k.Name+" "+tile.Name, int64(dy.n)*int64(dy.elems())*int64(window*cin)
	s.reading(x, dy)
	s.minGroup = (x.n + max(copies, 1) - 1) / max(copies, 1)
	c := b.newCorrelation(tile, g, x, dy, groups, cin, cout)
	s.scratch = c.scratch()
	all := part{0, cin, 0, cout}
	s.build = func() {
		c.images = min(c.images, s.ph.group)
		c.tables()
		s.image = func(w *worker, n0, n1 int) {
			sum := w.images(parts, w.chunk, w.chunk+1)
			clear(sum)
			c.add(w, n0, n1, all, sum, c.dy.c)
		}
	}
	b.sumParts(n, dw, parts)
}

// correlateParts gives each task some channels of x by some of dy, of one group. Its sums lie together while the pictures pass: in
// their place rows are a channel of x apart, at 512 channels of dy in few sets of the first-level cache.
func (b *planner) correlateParts(n *program.Node, what string, g program.Window, groups int, x, dy, dw *value) {
	cin, cout := x.c/groups, dy.c/groups
	window := g.Kernel[0] * g.Kernel[1]
	tile := b.wgradTile(cin, cout)
	xs, ys := b.t.ownPart(window, cin, cout, groups, tile.NR)
	down, across := (cin+xs-1)/xs, (cout+ys-1)/ys
	s := b.bag(n, what, down*across*groups, dw).knowing(x, dy)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, int64(dy.n)*int64(dy.elems())*int64(window*cin)
	c := b.newCorrelation(tile, g, x, dy, 1, xs, ys)
	s.scratch = c.scratch() + window*xs*ys
	s.build = func() {
		c.tables()
		s.task = func(w *worker, t int) {
			i, j, gr := t%down*xs, t/down%across*ys, t/down/across
			p := part{gr*cin + i, min(xs, cin-i), gr*cout + j, min(ys, cout-j)}
			sum := w.bench[c.scratch():][:window*xs*ys]
			clear(sum)
			c.add(w, 0, x.n, p, sum, ys)
			d := w.f.whole(dw)[i*dy.c+p.yc:]
			for k := range window {
				for r := range p.cin {
					copy(d[(k*cin+r)*dy.c:][:p.cout], sum[(k*xs+r)*ys:])
				}
			}
		}
	}
}

// ownPart is how many channels of x and of dy a task owns: whole lanes and whole tiles (48 is three lanes, eight tiles of six
// and six of eight), about as many of one as of the other.
func (t *table) ownPart(window, cin, cout, groups, nr int) (xs, ys int) {
	xs, ys = cin, cout
	for 4*window*xs*ys > t.ownBytes || (cin+xs-1)/xs*((cout+ys-1)/ys)*groups < ownTasks {
		switch {
		case ys > 4*nr && (ys > xs || xs <= 48):
			ys = up(ys/2, nr)
		case xs > 48:
			xs = up(xs/2, 48)
		default:
			return xs, ys
		}
	}
	return xs, ys
}

// sumParts adds the private sums of the chunks in their order.
func (b *planner) sumParts(n *program.Node, sum, parts *value) {
	const piece = 4096
	size := parts.img
	s := b.bag(n, "sum of parts", (size+piece-1)/piece, sum).knowing(parts)
	s.build = func() {
		s.task = func(w *worker, t int) {
			from := t * piece
			d := w.f.whole(sum)[from:min(from+piece, size)]
			p := w.f.whole(parts)
			copy(d, p[from:])
			blk, y := kernel.Flat(d)
			for i := 1; i < parts.n; i++ {
				_, x := kernel.Flat(p[i*size+from:][:len(d)])
				b.k.Add(blk, y, y, x)
			}
		}
	}
}
