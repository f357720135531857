package cpu

import "github.com/assaylab/assay/program"

// Products of matrices. Tasks own blocks of rows by panels of columns. A panel of b is packed by the task that uses it, into
// scratch that stays in the second-level cache: weights of a linear layer are read from memory once, and packing ahead would
// read and write them once more. The product aᵀ·b, a weight gradient, is in op_convgradweight.go.

const (
	matRows  = 512 // rows a task covers, at most
	matTasks = 32  // tasks at least, where the shape has as many
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
	per := max(panels*blocks/(4*matTasks), 1) // panels a task
	columns := (panels + per - 1) / per
	s := b.bag(u.Node, what, blocks*columns, c).knowing(a, m, bias)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, macs
	s.build = func() {
		g := gather{taps: []int32{0}, run: k, k: k, bench: k * nr}
		for r := range rows {
			g.xoff = append(g.xoff, int32(r*k))
			g.yoff = append(g.yoff, int32(r*c.c))
		}
		g.fit(tile, nr, k)
		s.scratch = g.scratch()
		turned := []int32{0}
		s.task = func(w *worker, t int) {
			r0, j0 := t%blocks*rows, t/blocks*per*nr
			n := min(rows, c.n-r0)
			from, panel := w.f.whole(m), w.bench[:k*nr]
			for j := j0; j < min(j0+per*nr, c.c); j += nr {
				cols := min(nr, c.c-j)
				if op.TransB {
					b.k.PackTranspose(panel, from[j*k:], turned, cols, k, k, nr)
				} else {
					for r := range k {
						d := panel[r*nr:][:nr]
						clear(d[copy(d, from[r*c.c+j:][:cols]):])
					}
				}
				w.product(tile, &g, n, w.f.whole(a)[r0*k:], w.f.whole(c)[r0*c.c+j:], panel, w.f.bias(bias, j), cols, false, u.relu)
			}
		}
	}
	return nil
}
