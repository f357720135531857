package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/program"
)

// Products of matrices. Tasks own blocks of rows by panels of columns. Panels of b are packed by the task that uses them, as it
// comes to them, into scratch that stays in the second-level cache: weights of a linear layer are read from memory once, and
// packing ahead would read and write them once more. The product aᵀ·b, a weight gradient, is in op_convgradweight.go.

const (
	matRows   = 512 // rows a task covers, at most
	matPanels = 8   // panels a task covers, at most
	matTasks  = 16  // tasks at least, where the shape has as many
)

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
	tile := convTile(b.k, c.c)
	nr := tile.NR
	panels := (c.c + nr - 1) / nr
	rows := min(matRows, c.n)
	for rows > 4*tile.MR && panels*((c.n+rows-1)/rows) < matTasks {
		rows = (rows/2 + tile.MR - 1) / tile.MR * tile.MR
	}
	blocks := (c.n + rows - 1) / rows
	per := min(max(panels*blocks/matTasks, 1), matPanels)
	columns := (panels + per - 1) / per
	s := b.bag(u.Node, what, blocks*columns, c).knowing(a, m, bias)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, macs
	s.build = func() {
		g := gather{taps: []int32{0}, run: k, k: k}
		for r := range rows {
			g.xoff = append(g.xoff, int32(r*k))
			g.yoff = append(g.yoff, int32(r*c.c))
		}
		g.fit(tile, per*nr, k)
		g.panels = min(g.panels, per*nr)
		g.bench = g.panels * g.cut * g.run
		s.scratch = g.bench
		g.pack = b.packRows(c.c, nr)
		if op.TransB {
			g.pack = func(to, from []float32, row, rows, col, cols int) {
				b.k.PackTranspose(to, from[col*k+row:], start, cols, rows, k, nr)
			}
		}
		s.task = func(w *worker, t int) {
			r0, j0 := t%blocks*rows, t/blocks*per*nr
			n, cols, from := min(rows, c.n-r0), min(per*nr, c.c-j0), w.f.whole(m)[j0:]
			if op.TransB {
				from = w.f.whole(m)[j0*k:]
			}
			w.product(tile, &g, 0, n, w.f.whole(a)[r0*k:], w.f.whole(c)[r0*c.c+j0:], from, w.f.bias(bias, j0), cols, false, u.relu)
		}
	}
	return nil
}

// packRows packs panels of a matrix whose rows are ld apart. Scaling by one is the copy that every level has in vectors.
func (b *planner) packRows(ld, nr int) packer {
	return func(to, from []float32, row, rows, col, cols int) {
		from = from[row*ld+col:]
		if full := cols / nr; full > 0 {
			b.k.Scale(kernel.Block{Rows: rows, Pixels: full, C: nr}, kernel.Map{Data: to, Row: nr, Pix: rows * nr}, kernel.Map{Data: from, Row: ld, Pix: nr}, 1)
		}
		if rest := cols % nr; rest > 0 {
			to = to[(cols-rest)*rows:]
			for r := range rows {
				d := to[r*nr:][:nr]
				clear(d[copy(d, from[r*ld+cols-rest:][:rest]):])
			}
		}
	}
}
