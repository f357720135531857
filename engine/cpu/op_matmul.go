package cpu

import (
	"github.com/assaylab/assay/program"
)

// Products of matrices. Tasks own blocks of rows by panels of columns. A panel of b is packed by the task that uses it, into
// scratch that stays in the second-level cache: weights of a linear layer are read from memory once, and packing ahead would
// read and write them once more. The product aᵀ·b, a weight gradient, needs no packing: sums over rows in registers.

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
		b.matMulOuter(u, a, m, c, macs)
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
	s.kernel, s.macs, s.scratch = b.k.Name+" "+tile.Name, macs, k*nr
	s.build = func() {
		g := gather{taps: []int32{0}, run: k, k: k}
		for r := range rows {
			g.xoff = append(g.xoff, int32(r*k))
			g.yoff = append(g.yoff, int32(r*c.c))
		}
		g.fit(tile, nr, k)
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
				w.product(tile, &g, n, w.f.whole(a)[r0*k:], w.f.whole(c)[r0*c.c+j:], panel, w.f.bias(bias), j, cols, false, u.relu)
			}
		}
	}
	return nil
}

// matMulOuter is c = aᵀ·m, the sum over the rows of both: a weight gradient whose pixels are the rows. Tasks own blocks of c.
func (b *planner) matMulOuter(u unit, a, m, c *value, macs int64) {
	tile := wgradTile(b.k, c.c)
	rows, cols := outerBlock(c.n, tile.MR, outerRows), outerBlock(c.c, tile.NR, outerCols)
	down, across := (c.n+rows-1)/rows, (c.c+cols-1)/cols
	s := b.bag(u.Node, "matmul", down*across, c).knowing(a, m)
	s.kernel, s.macs = b.k.Name+" "+tile.Name, macs
	part := min(wgradPixels, a.n)
	apix, mpix := rows, cols // pitches of the copies: an odd number of cache lines, see correlation
	if p := copyPitch((rows + 31) &^ 31); p > 0 {
		apix = p
	}
	if p := copyPitch((cols + 31) &^ 31); p > 0 {
		mpix = p
	}
	s.scratch = part * (apix + mpix)
	s.build = func() {
		var aoff, moff, taps []int32
		for p := range part {
			aoff, moff = append(aoff, int32(p*apix)), append(moff, int32(p*mpix))
		}
		for i := range rows {
			taps = append(taps, int32(i))
		}
		s.task = func(w *worker, t int) {
			r0, j0 := t%down*rows, t/down*cols
			r, cs := min(rows, c.n-r0), min(cols, c.c-j0)
			d := w.f.whole(c)[r0*c.c+j0:]
			for i := range r {
				clear(d[i*c.c:][:cs])
			}
			x, y := w.bench[:part*apix], w.bench[part*apix:]
			g := &w.wgrad
			g.X, g.Rows, g.LD = x, taps[:r], c.c
			for p := 0; p < a.n; p += part {
				n := min(part, a.n-p)
				for i := range n {
					copy(x[i*apix:], w.f.whole(a)[(p+i)*a.c+r0:][:r])
					copy(y[i*mpix:], w.f.whole(m)[(p+i)*m.c+j0:][:cs])
				}
				g.XOff, g.YOff = aoff[:n], moff[:n]
				for j := 0; j < cs; j += tile.NR {
					g.Cols = min(tile.NR, cs-j)
					g.DY, g.DW = y[j:], d[j:]
					tile.Run(g)
				}
			}
		}
	}
}

const outerRows, outerCols = 384, 256 // of the block of aᵀ·m that a task owns, at most

// outerBlock cuts an extent evenly, at most most, in whole tiles, four blocks at least where it is long enough.
func outerBlock(extent, tile, most int) int {
	blocks := max((extent+most-1)/most, min(4, extent/(8*tile)), 1)
	return ((extent+blocks-1)/blocks + tile - 1) / tile * tile
}
