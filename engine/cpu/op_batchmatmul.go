package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Products of matrices pair by pair: an image holds a matrix a head, as a row of pixels. A worker does its images' heads one
// after the other, so that products, softmax and the next products follow one another in a chunk.

func bindBatchMatMul(b *planner, u unit) error {
	op := u.Op.(program.BatchMatMul)
	x, m, c := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	if op.TransA {
		b.batchCorrelate(u, x, m, c)
		return nil
	}
	k, ts := x.c, b.tilesFor(c.c)
	s := b.local(u.Node, "batch matmul", c).reading(x, m)
	s.kernel, s.macs = b.k.Name+" "+ts.name(), program.MACs(u.Node)
	s.build = func() {
		g := gather{taps: []int32{0}, run: k, k: k}
		for r := range c.w {
			g.xoff = append(g.xoff, int32(r*x.pix))
			g.yoff = append(g.yoff, int32(r*c.pix))
		}
		g.pack = ts.packRows(b.k, m.pix)
		if op.TransB {
			g.pack = ts.packColumns(b.k, m.pix)
		}
		g.fit(b.t, &ts, c.c, k)
		g.panels = min(g.panels, up(c.c, ts.at(0).NR))
		g.bench = g.panels * g.cut * g.run
		s.scratch = g.bench
		s.perImage(func(w *worker, n int) {
			for h := range c.h {
				w.product(&ts, &g, 0, c.w, 0, c.c, w.matrix(x, n, h), w.matrix(c, n, h), w.matrix(m, n, h), nil, false, false)
			}
		})
	}
	return nil
}

// matrix is that of head h of image n.
func (w *worker) matrix(v *value, n, h int) []float32 {
	return w.image(v, n)[v.first+h*v.row:]
}

// batchCorrelate adds the step of products aᵀ·b, each a sum over the rows of both. Vectors run over the columns of the wider: a
// product that is tall is computed lying, in scratch, and turned over.
func (b *planner) batchCorrelate(u unit, x, m, c *value) {
	s := b.local(u.Node, "batch matmul aᵀ", c).reading(x, m)
	s.macs = program.MACs(u.Node)
	s.build = func() {
		down, across, lying := x, m, c.c < c.w && c.pix == c.c
		if lying {
			down, across = m, x
			s.scratch = down.c * across.c
		}
		tile := b.wgradTile(down.c, across.c)
		s.kernel = b.k.Name + " " + tile.Name
		var xoff, yoff, rows []int32
		for p := range x.w {
			xoff, yoff = append(xoff, int32(p*down.pix)), append(yoff, int32(p*across.pix))
		}
		for r := range down.c {
			rows = append(rows, int32(r))
		}
		s.perImage(func(w *worker, n int) {
			for h := range c.h {
				d, ld := w.matrix(c, n, h), c.pix
				if lying {
					d, ld = w.bench, across.c
				}
				for r := range down.c {
					clear(d[r*ld:][:across.c])
				}
				if x.home == arena { // read once in order, it comes from memory three times as fast as column by column (196 positions, 4 heads)
					b.k.AllFinite(w.matrix(x, n, h)[:(x.w-1)*x.pix+x.c])
				}
				for p := 0; p < x.w; p += b.t.wgradPixels {
					e := min(p+b.t.wgradPixels, x.w)
					for j := 0; j < across.c; j += tile.NR {
						w.wgrad = kernel.WgradArgs{X: w.matrix(down, n, h), DY: w.matrix(across, n, h)[j:], DW: d[j:], XOff: xoff[p:e], YOff: yoff[p:e],
							Rows: rows, LD: ld, Cols: min(tile.NR, across.c-j)}
						tile.Run(&w.wgrad)
					}
				}
				if lying {
					b.k.PackTranspose(w.matrix(c, n, h), d, start, c.c, c.w, ld, c.c)
				}
			}
		})
	}
}
