package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Products of matrices. Tasks own blocks of rows by panels of columns. Panels of b are packed by the task that uses them, as it
// comes to them, into scratch that stays in the second-level cache: weights of a linear layer are read from memory once, and
// packing ahead would read and write them once more. The product aᵀ·b, a weight gradient, is in op_convgradweight.go.

// matTasks is how many tasks a product has at least, where the shape has as many.
const matTasks = 16

func bindMatMul(b *planner, u unit) error {
	op := u.Op.(program.MatMul)
	a, m, c := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	k := a.c
	if op.TransA {
		k = a.n
	}
	var bias *value
	what := "matmul"
	if u.bias != nil {
		bias = b.val(u.bias)
		what += " + bias"
	}
	if u.relu {
		what += " + relu"
	}
	macs := int64(c.n) * int64(c.c) * int64(k)
	if op.TransA && !op.TransB && bias == nil && !u.relu {
		b.correlate(u.Node, what, program.Square(1, 1, 0), 1, a, m, c)
		return nil
	}
	if op.TransA { // turn a over first
		stored := a
		t := b.temp("transposed", a.c, a.n)
		s := b.bag(u.Node, "transpose", 1, t).knowing(a)
		s.build = func() {
			s.task = func(w *worker, _ int) {
				d, from := w.f.whole(t), w.f.whole(stored)
				for i := range stored.n {
					for j, v := range from[i*stored.c:][:stored.c] {
						d[j*stored.n+i] = v
					}
				}
			}
		}
		a = t
	}
	ahead := m.held && !b.p.Writes() // packed once for a State
	if c.n <= b.t.streamedRows && !op.TransB && !ahead {
		b.streamed(u, what, a, m, bias, c)
		return nil
	}
	ts := b.tilesFor(c.c)
	nr, mr := ts.at(0).NR, ts.at(0).MR
	panels := (c.c + nr - 1) / nr
	rows := min(b.t.matRows, c.n)
	for rows > 4*mr && panels*((c.n+rows-1)/rows) < matTasks {
		rows = up(rows/2, mr)
	}
	blocks := (c.n + rows - 1) / rows
	per := min(max(panels*blocks/matTasks, 1), b.t.matPanels)
	columns := (panels + per - 1) / per
	packer := ts.packRows(b.k, c.c)
	if op.TransB {
		packer = ts.packColumns(b.k, k)
	}
	weights := m
	if ahead {
		weights = b.temp("packed", ts.panelLen(k))
		p := b.bag(u.Node, "pack", panels, weights).knowing(m)
		p.build = func() {
			p.task = func(w *worker, t int) {
				packer(w.f.whole(weights)[t*nr*k:], w.f.whole(m), 0, k, t*nr, min(nr, c.c-t*nr))
			}
		}
	}
	s := b.bag(u.Node, what, blocks*columns, c).knowing(a, weights, bias)
	s.kernel, s.macs = b.k.Name+" "+ts.name(), macs
	s.build = func() {
		g := gather{taps: []int32{0}, run: k, k: k, far: true}
		for r := range rows {
			g.xoff = append(g.xoff, int32(r*k))
			g.yoff = append(g.yoff, int32(r*c.c))
		}
		if !ahead {
			g.pack = packer
		}
		g.fit(b.t, &ts, per*nr, k)
		g.panels = min(g.panels, per*nr)
		if !ahead {
			g.bench = g.panels * g.cut * g.run
			s.scratch = g.bench
		}
		s.task = func(w *worker, t int) {
			r0, j0 := t%blocks*rows, t/blocks*per*nr
			w.product(&ts, &g, 0, min(rows, c.n-r0), j0, min(j0+per*nr, c.c), w.f.whole(a)[r0*k:], w.f.whole(c)[r0*c.c+j0:], w.f.whole(weights), w.f.bias(bias, 0), false, u.relu)
		}
	}
	return nil
}

// streamed is a product of few rows by a matrix that is read once, from memory, as it lies: packing would write and read it once
// more. The tile is that of weight gradients with k for pixels: it walks down some columns of the matrix, its sums in registers.
//
// On AMD Zen 4, 32 rows by 4096 by 4096, share of one core's peak: packed 46 %, so 57 %, and 73 % with the
// tile fetching the next columns ahead.
func (b *planner) streamed(u unit, what string, a, m, bias, c *value) {
	tile := b.wgradTile(1, up(c.c, 32))
	columns := min(up(max(c.c/matTasks, 1), tile.NR), b.t.streamedColumns)
	s := b.bag(u.Node, what, (c.c+columns-1)/columns, c).knowing(a, m, bias)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, int64(c.n)*int64(c.c)*int64(a.c)
	s.build = func() {
		xoff, yoff, rows := steps(b.t.streamedDepth, 1), steps(b.t.streamedDepth, c.c), steps(c.n, a.c)
		s.task = func(w *worker, t int) {
			j0 := t * columns
			j1 := min(j0+columns, c.c)
			y := w.f.whole(c)
			for r := range c.n {
				row := y[r*c.c:][j0:j1]
				clear(row[copy(row, w.f.columns(bias, j0, j1)):])
			}
			for k := 0; k < a.c; k += b.t.streamedDepth {
				n := min(b.t.streamedDepth, a.c-k)
				for j := j0; j < j1; j += tile.NR {
					w.wgrad = kernel.WgradArgs{X: w.f.whole(a)[k:], DY: w.f.whole(m)[k*c.c+j:], DW: y[j:], XOff: xoff[:n], YOff: yoff[:n], Rows: rows,
						LD: c.c, Cols: min(tile.NR, j1-j)}
					tile.Run(&w.wgrad)
				}
			}
			if u.relu {
				for r := range c.n {
					blk, row := kernel.Flat(y[r*c.c:][j0:j1])
					b.k.Activation(blk, kernel.ReLU, 0, row, row)
				}
			}
		}
	}
}

// columns is columns j0 to j1 of a bias, nil if there is none.
func (f *frame) columns(v *value, j0, j1 int) []float32 {
	if v == nil {
		return nil
	}
	return f.whole(v)[j0:j1]
}

// packRows packs panels of a matrix whose rows are ld apart.
func (t tiles) packRows(s *kernel.Set, ld int) packer {
	return func(to, from []float32, row, rows, col, cols int) {
		from = from[row*ld:]
		full := max(min(t.full-col, cols), 0)
		if nr := t.main.NR; full > 0 { // scaling by one is the copy that every level has in vectors
			s.Scale(kernel.Block{Rows: rows, Pixels: full / nr, C: nr}, kernel.Map{Data: to, Row: nr, Pix: rows * nr}, kernel.Map{Data: from[col:], Row: ld, Pix: nr}, 1)
		}
		if full < cols {
			s.Pack(to[full*rows:], from[col+full:], rows, cols-full, ld, t.last.NR)
		}
	}
}

// packColumns packs panels of the transpose of a matrix whose rows are ld apart.
func (t tiles) packColumns(s *kernel.Set, ld int) packer {
	return func(to, from []float32, row, rows, col, cols int) {
		full := max(min(t.full-col, cols), 0)
		if full > 0 {
			s.PackTranspose(to, from[col*ld+row:], start, full, rows, ld, t.main.NR)
		}
		if full < cols {
			s.PackTranspose(to[full*rows:], from[(col+full)*ld+row:], start, cols-full, rows, ld, t.last.NR)
		}
	}
}
