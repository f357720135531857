package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/program"
)

// The gradient of a convolution by its weights sums over all pictures. Where the weights are few beside the maps, each chunk
// of pictures adds to a private sum, in the same pass that made dy, and these are added in order afterwards. Where they are
// many, tasks own parts of the weights and walk all pictures in order. Either way the order is fixed by the shapes.

const (
	wgradPixels = 192       // pixels of a block: a cache line of x and one of dy each fit the first-level cache (32 KB)
	ownBytes    = 512 << 10 // of weights that a task owns
	ownTasks    = 16        // tasks at least
)

func wgradTile(k *kernel.Set, cols int) *kernel.WgradTile {
	best, cost := 0, math.Inf(1)
	for i, t := range k.Wgrad {
		c := float64((cols+t.NR-1)/t.NR*t.NR) * (1 + 0.1*float64(i))
		if c < cost {
			best, cost = i, c
		}
	}
	return &k.Wgrad[best]
}

// correlation walks pictures in blocks of pixels, and for each block all weights: the block stays in the first-level cache.
//
// A map whose pixels are an even number of cache lines apart would use half of that cache's sets, or far fewer (512 channels:
// four lines in all); a block of it is copied to scratch where they are an odd number apart. On AMD Zen 3 this took 64
// channels on 8x8 maps from 61 to 80 % of peak; the copy costs under 1 %.
type correlation struct {
	tile         *kernel.WgradTile
	g            program.Window
	x, dy        *value
	images, rows int // of a block: several pictures, or some output rows of one

	xoff, yoff, taps []int32 // of the block's pixels, of the weights
	band, span       int     // rows and pixels of x under a block
	xpix, ypix       int     // pitches of the copies, 0 where the map is read as it lies
}

// wgradBlock is how many pictures or output rows a block holds.
func wgradBlock(dy *value, most int) (images, rows int) {
	if per := dy.h * dy.w; per <= wgradPixels {
		return min(wgradPixels/per, most), dy.h
	}
	rows = max(wgradPixels/dy.w, 1)
	blocks := (dy.h + rows - 1) / rows
	return 1, (dy.h + blocks - 1) / blocks
}

// copyPitch is the pitch of a copy of pixels of c channels, 0 if none is needed.
func copyPitch(c int) int {
	if c%32 != 0 {
		return 0
	}
	return c + 16
}

// scratch is the length of the copies for blocks of so many pictures.
func (c *correlation) scratch() int {
	return c.images * (c.band*c.span*c.xpix + c.rows*c.dy.w*c.ypix)
}

func newCorrelation(tile *kernel.WgradTile, g program.Window, x, dy *value, most int) *correlation {
	c := &correlation{tile: tile, g: g, x: x, dy: dy, xpix: copyPitch(x.c), ypix: copyPitch(dy.c)}
	c.images, c.rows = wgradBlock(dy, most)
	c.band = (c.rows-1)*g.Stride[0] + (g.Kernel[0]-1)*g.Dilation[0] + 1
	c.span = (dy.w-1)*g.Stride[1] + (g.Kernel[1]-1)*g.Dilation[1] + 1
	return c
}

// tables fills the tables, when the layouts are known.
func (c *correlation) tables(cin int) {
	xpix, xrow, ximg := c.x.pix, c.x.row, c.x.img
	if c.xpix > 0 {
		xpix, xrow, ximg = c.xpix, c.span*c.xpix, c.band*c.span*c.xpix
	}
	ypix, yrow, yimg := c.dy.pix, c.dy.row, c.dy.img
	if c.ypix > 0 {
		ypix, yrow, yimg = c.ypix, c.dy.w*c.ypix, c.rows*c.dy.w*c.ypix
	}
	for i := range c.images {
		for h := range c.rows {
			for v := range c.dy.w {
				c.xoff = append(c.xoff, int32(i*ximg+h*c.g.Stride[0]*xrow+v*c.g.Stride[1]*xpix))
				c.yoff = append(c.yoff, int32(i*yimg+h*yrow+v*ypix))
			}
		}
	}
	for h := range c.g.Kernel[0] {
		for v := range c.g.Kernel[1] {
			for ci := range cin {
				c.taps = append(c.taps, int32(h*c.g.Dilation[0]*xrow+v*c.g.Dilation[1]*xpix+ci))
			}
		}
	}
}

// add adds the gradients of pictures n0 to n1 to the weights r0 to r1 of groups g0 to g1; dw is weight r0.
func (c *correlation) add(w *worker, k *kernel.Set, n0, n1, r0, r1, g0, g1, cin, cout int, dw []float32) {
	a := &w.wgrad
	a.Rows, a.LD = c.taps[r0:r1], c.dy.c
	for n := n0; n < n1; n += c.images {
		m := min(c.images, n1-n)
		for h := 0; h < c.dy.h; h += c.rows {
			rows := min(c.rows, c.dy.h-h)
			x, dy := c.block(w, k, n, m, h, rows)
			pixels := m * rows * c.dy.w
			a.XOff, a.YOff = c.xoff[:pixels], c.yoff[:pixels]
			for g := g0; g < g1; g++ {
				a.X = x[g*cin:]
				for j := 0; j < cout; j += c.tile.NR {
					a.Cols = min(c.tile.NR, cout-j)
					a.DY, a.DW = dy[g*cout+j:], dw[g*cout+j:]
					c.tile.Run(a)
				}
			}
		}
	}
}

// block is x and dy of a block, copied where that pays.
func (c *correlation) block(w *worker, k *kernel.Set, n, m, h, rows int) (x, dy []float32) {
	at := c.x.first + (h*c.g.Stride[0]-c.g.Pad[0])*c.x.row - c.g.Pad[2]*c.x.pix
	x, dy = w.images(c.x, n, n+m)[at:], w.images(c.dy, n, n+m)[c.dy.first+h*c.dy.row:]
	copies := w.bench
	if c.xpix > 0 {
		band := c.band - (c.rows-rows)*c.g.Stride[0]
		to := kernel.Map{Row: c.span * c.xpix, Pix: c.xpix}
		for i := range m {
			to.Data = copies[i*c.band*c.span*c.xpix:]
			k.Scale(kernel.Block{Rows: band, Pixels: c.span, C: c.x.c}, to, kernel.Map{Data: x[i*c.x.img:], Row: c.x.row, Pix: c.x.pix}, 1)
		}
		x, copies = copies, copies[c.images*c.band*c.span*c.xpix:]
	}
	if c.ypix > 0 {
		to := kernel.Map{Row: c.dy.w * c.ypix, Pix: c.ypix}
		for i := range m {
			to.Data = copies[i*c.rows*c.dy.w*c.ypix:]
			k.Scale(kernel.Block{Rows: rows, Pixels: c.dy.w, C: c.dy.c}, to, kernel.Map{Data: dy[i*c.dy.img:], Row: c.dy.row, Pix: c.dy.pix}, 1)
		}
		dy = copies
	}
	return x, dy
}

func bindConvGradWeight(b *planner, u unit) error {
	op := u.Op.(program.ConvGradWeight)
	dw := b.val(u.out)
	x, dy := b.val(u.In[0]), b.val(u.In[1])
	x = b.padded(u.Node, x, windowHalo(op.Window, x.h, x.w, dy.h, dy.w))
	what := "conv " + windowName(op.Window) + " grad weight"
	cin, cout := x.c/op.Groups, dy.c/op.Groups
	k := op.Kernel[0] * op.Kernel[1] * cin
	tile := wgradTile(b.k, cout)
	name := b.k.Name + " " + tile.Name
	macs := int64(dy.n) * int64(dy.elems()) * int64(k)
	depthwise := op.Groups == x.c && cout == 1
	if depthwise {
		what, name = "depthwise "+what, b.k.Name
	}

	size := k * dy.c
	copies := max(x.n*(x.img+dy.img)/size, 1) // private sums are no more memory than the maps
	if copies >= min(x.n, 8) || depthwise {
		parts := b.temp("private sums", 1, 1, 1, size)
		parts.perChunk = true
		s := b.local(u.Node, what, parts)
		s.n, s.kernel, s.macs, s.shape = x.n, name, macs, dw.shape
		s.reading(x, dy)
		s.minGroup = (x.n + copies - 1) / copies
		c := newCorrelation(tile, op.Window, x, dy, x.n)
		if depthwise {
			c.images, c.rows, c.xpix, c.ypix = 1, dy.h, 0, 0
		}
		s.scratch = c.scratch()
		s.build = func() {
			c.images = min(c.images, s.ph.group)
			c.tables(cin)
			s.image = func(w *worker, n0, n1 int) {
				sum := w.images(parts, w.chunk, w.chunk+1)
				clear(sum)
				if !depthwise {
					c.add(w, b.k, n0, n1, 0, k, 0, op.Groups, cin, cout, sum)
					return
				}
				for n := n0; n < n1; n++ {
					x, dy := c.block(w, b.k, n, 1, 0, c.rows)
					w.wgrad = kernel.WgradArgs{X: x, DY: dy, DW: sum, XOff: c.xoff, YOff: c.yoff, Rows: c.taps, LD: c.dy.c, Cols: c.dy.c}
					b.k.DepthwiseGrad(&w.wgrad)
				}
			}
		}
		b.sumParts(u.Node, dw, parts)
		return nil
	}

	rows := max(ownBytes/(4*cout)/tile.MR, 1) * tile.MR
	if (k+rows-1)/rows*op.Groups < ownTasks {
		rows = max((k*op.Groups/ownTasks+tile.MR-1)/tile.MR, 1) * tile.MR
	}
	tasks := (k + rows - 1) / rows
	s := b.bag(u.Node, what, tasks*op.Groups, dw).knowing(x, dy)
	s.kernel, s.macs = name, macs
	c := newCorrelation(tile, op.Window, x, dy, x.n)
	s.scratch = c.scratch()
	s.build = func() {
		c.tables(cin)
		s.task = func(w *worker, t int) {
			g, r0 := t/tasks, t%tasks*rows
			r1 := min(r0+rows, k)
			d := w.f.whole(dw)[r0*dy.c:]
			for r := range r1 - r0 {
				clear(d[r*dy.c+g*cout:][:cout])
			}
			c.add(w, b.k, 0, x.n, r0, r1, g, g+1, cin, cout, d)
		}
	}
	return nil
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
