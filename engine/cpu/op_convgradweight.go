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
	wgradBytes = 24 << 10  // of x and dy that a block of pixels covers
	ownBytes   = 128 << 10 // of weights that a task owns
	ownTasks   = 16        // tasks at least
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

// correlation is the tables of a weight gradient: xoff and yoff of the pixels of some pictures, rows of the window.
type correlation struct {
	tile             *kernel.WgradTile
	xoff, yoff, rows []int32
	per              int // pixels a picture
	images           int // pictures in the tables
	block            int // pixels a call
}

func newCorrelation(tile *kernel.WgradTile, g program.Window, x, dy *value, cin, images int) *correlation {
	c := &correlation{tile: tile, per: dy.h * dy.w, images: images}
	for i := range images {
		for h := range dy.h {
			for v := range dy.w {
				c.xoff = append(c.xoff, int32(i*x.img+x.first+(h*g.Stride[0]-g.Pad[0])*x.row+(v*g.Stride[1]-g.Pad[2])*x.pix))
				c.yoff = append(c.yoff, int32(i*dy.img+dy.first+h*dy.row+v*dy.pix))
			}
		}
	}
	for h := range g.Kernel[0] {
		for v := range g.Kernel[1] {
			for ci := range cin {
				c.rows = append(c.rows, int32(h*g.Dilation[0]*x.row+v*g.Dilation[1]*x.pix+ci))
			}
		}
	}
	c.block = max(wgradBytes/(4*(x.c*g.Stride[0]*g.Stride[1]+dy.c)), 32)
	return c
}

// add adds the gradients of m pictures to rows r0 to r1 of dw: ld apart, cols wide.
func (c *correlation) add(w *worker, x, dy, dw []float32, m, r0, r1, ld, cols int) {
	a := &w.wgrad
	a.X, a.Rows, a.LD = x, c.rows[r0:r1], ld
	for p := 0; p < m*c.per; p += c.block {
		e := min(p+c.block, m*c.per)
		a.XOff, a.YOff = c.xoff[p:e], c.yoff[p:e]
		for j := 0; j < cols; j += c.tile.NR {
			a.Cols = min(c.tile.NR, cols-j)
			a.DY, a.DW = dy[j:], dw[j:]
			c.tile.Run(a)
		}
	}
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
		s.build = func() {
			images := min(max(tablePixels/(dy.h*dy.w), 1), s.ph.group)
			if depthwise {
				images = 1
			}
			c := newCorrelation(tile, op.Window, x, dy, cin, images)
			s.image = func(w *worker, n0, n1 int) {
				sum := w.images(parts, w.chunk, w.chunk+1)
				clear(sum)
				for n := n0; n < n1; n += images {
					m := min(images, n1-n)
					if depthwise {
						w.wgrad = kernel.WgradArgs{X: w.image(x, n), DY: w.image(dy, n), DW: sum, XOff: c.xoff, YOff: c.yoff, Rows: c.rows, LD: dy.c, Cols: dy.c}
						b.k.DepthwiseGrad(&w.wgrad)
						continue
					}
					for g := range op.Groups {
						c.add(w, w.images(x, n, n+m)[g*cin:], w.images(dy, n, n+m)[g*cout:], sum[g*cout:], m, 0, k, dy.c, cout)
					}
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
	s.build = func() {
		images := min(max(tablePixels/(dy.h*dy.w), 1), x.n)
		c := newCorrelation(tile, op.Window, x, dy, cin, images)
		s.task = func(w *worker, t int) {
			g, r0 := t/tasks, t%tasks*rows
			r1 := min(r0+rows, k)
			d := w.f.whole(dw)[g*cout:]
			for r := r0; r < r1; r++ {
				clear(d[r*dy.c:][:cout])
			}
			for n := 0; n < x.n; n += images {
				m := min(images, x.n-n)
				c.add(w, w.images(x, n, n+m)[g*cin:], w.images(dy, n, n+m)[g*cout:], d[r0*dy.c:], m, r0, r1, dy.c, cout)
			}
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
