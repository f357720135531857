package cpu

import (
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Recurrent sweeps. The input products of all steps were one convolution before; what is left of a step is the product of the
// states of several sequences with the recurrent weight, on the tiles of convolutions, and a kernel that does the rest
// (kernel/recurrent.go). Pictures go through all steps in blocks, so that products and states stay in the second-level cache.
// No sum crosses sequences, so neither threads nor blocks can be seen in the bits.
//
// Share of the peak, one thread of a Zen 4, 32 steps of 64 sequences, forward and gradient: LSTM of 64 units 59 and 75 %, of 256
// units 78 and 81 %, GRU 62 and 74 %, 80 and 81 %; AVX2 49 and 65 %, 68 and 72 %, 51 and 69 %, 72 and 74 %. At 64 units the
// exponentials of the gates are a third of the time; at 256 the recurrent weight (1 MB of an LSTM) passes through the
// second-level cache anew for every chunk and step. Lost: chunks of 12 sequences, 11 of them once all were alike (55 and 67 %).

// recurrence is the walk of a sweep and its product of k states (or gradients of gates) into cols.
type recurrence struct {
	program.Scan
	tile        tiles
	k, cols     int
	seqs, steps int // of a picture
	group       int // pictures that fill tiles
	images      int // of a block
	dense       bool
	units       int
	xoff, yoff  []int32
	in, out     int // pitches of the product's operands in scratch; the first begins it
	to          int // where the second begins,
	carry, zero int // what a gradient passes on to the step before, and a row of zeros
}

func (b *planner) newRecurrence(s program.Scan, of *value, units, depth, cols int) *recurrence {
	r := &recurrence{Scan: s, tile: b.tilesFor(cols), k: depth, cols: cols, units: units, seqs: of.h, steps: of.w}
	if s.Columns {
		r.seqs, r.steps = of.w, of.h
	}
	r.group = b.t.fill(r.seqs, r.tile.at(0).MR)
	r.images = min(max(b.t.sweepBytes/(4*cols*r.seqs*r.group), 1)*r.group, of.n)
	r.in, r.out = up(depth, 16)+16, up(cols, 16)+16 // rows 1 KB apart would share few sets of the first-level cache
	rows := r.images * r.seqs
	r.to = rows * r.in
	r.carry = r.to + rows*r.out
	r.zero = r.carry + rows*units
	for i := range rows {
		r.xoff, r.yoff = append(r.xoff, int32(i*r.in)), append(r.yoff, int32(i*r.out))
	}
	return r
}

// fill is how many pictures of so many sequences waste little of tiles of so many pixels: the fewest with sweepRows, and at most a
// tenth of the pixels repeated, or else the best of a few. Tiles of four pixels and its multiples have lower ones for what is left.
func (t *table) fill(seqs, pixels int) int {
	if pixels%4 == 0 {
		pixels = 4
	}
	least := (t.sweepRows + seqs - 1) / seqs
	best, waste := least, 1.0
	for g := least; g < least+pixels && waste > 0.1; g++ {
		if w := 1 - float64(g*seqs)/float64(up(g*seqs, pixels)); w < waste {
			best, waste = g, w
		}
	}
	return best
}

// step adds a step of the engine that does the sweep.
func (r *recurrence) step(b *planner, u unit, what string, first *value, more ...*value) *step {
	s := b.local(u.Node, what, first)
	s.writes = append(s.writes, more...)
	s.minGroup = r.group
	s.scratch = r.zero + r.units
	s.kernel = b.k.Name + " " + r.tile.name()
	s.macs = program.MACs(u.Node)
	return s
}

// merge finds whether the sequences of several pictures are as far apart as those of one, in every map.
func (r *recurrence) merge(maps ...*value) {
	r.dense = true
	for _, v := range maps {
		r.dense = r.dense && (r.seqs == 1 || v.img == r.seqs*r.pitch(v))
	}
}

// pitch is the distance from a sequence to the next.
func (r *recurrence) pitch(v *value) int {
	switch {
	case r.seqs == 1:
		return v.img
	case r.Columns:
		return v.pix
	}
	return v.row
}

// position is where step t of a sequence is.
func (r *recurrence) position(t int) int {
	if r.Reverse {
		return r.steps - 1 - t
	}
	return t
}

// place is pictures of a block that a kernel does at once, all or one.
type place struct {
	*recurrence
	w          *worker
	n, m       int // pictures n to n+m
	row, count int // their sequences in scratch
}

// of is what a value holds of step t.
func (p place) of(v *value, t int) kernel.Map {
	along := v.pix
	if p.Columns {
		along = v.row
	}
	return kernel.Map{Data: p.w.images(v, p.n, p.n+p.m)[v.first+p.position(t)*along:], Row: p.pitch(v)}
}

// before is what a state was before step t.
func (p place) before(v *value, t int) kernel.Map {
	if t == 0 {
		return kernel.Map{Data: p.w.bench[p.zero:][:p.units]}
	}
	return p.of(v, t-1)
}

// scratch is rows of scratch.
func (p place) scratch(from, pitch int) kernel.Map {
	return kernel.Map{Data: p.w.bench[from+p.row*pitch:], Row: pitch}
}

// places cuts pictures n to m into what kernels do at once and calls f for each.
func (r *recurrence) places(w *worker, n, m int, f func(p place)) {
	if r.dense {
		f(place{r, w, n, m - n, 0, (m - n) * r.seqs})
		return
	}
	for i := n; i < m; i++ {
		f(place{r, w, i, 1, (i - n) * r.seqs, r.seqs})
	}
}

// copyIn brings what a step left in a map near, for the product.
func (r *recurrence) copyIn(b *planner, w *worker, n, m int, v *value, t int) {
	r.places(w, n, m, func(p place) {
		b.k.Copy(kernel.Block{Rows: p.count, Pixels: 1, C: p.k}, p.scratch(0, p.in), p.of(v, t))
	})
}

// product multiplies rows of what was copied by the packed weight; the sums start from bias, from themselves or from 0.
func (r *recurrence) product(w *worker, rows int, packed, bias []float32, add bool) {
	a := &w.conv
	a.X, a.XOff, a.YOff, a.Taps, a.Run = w.bench, r.xoff[:rows], r.yoff[:rows], start, r.k
	a.Add, a.ReLU, a.Far = add, false, false
	for j := 0; j < r.cols; {
		tile := r.tile.at(j)
		a.Cols = min(tile.NR, r.cols-j)
		a.W, a.Y, a.Bias = packed[j*r.k:], w.bench[r.to+j:], nil
		if bias != nil {
			a.Bias = bias[j:][:a.Cols]
		}
		tile.Run(a)
		j += tile.NR
	}
}

// bindForward binds a sweep: c is nil where the cell has no other state than h.
func (b *planner) bindForward(u unit, scan program.Scan, cell func(*kernel.Cell), h, gates, c *value) {
	x, weight, bias := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	r := b.newRecurrence(scan, h, h.c, h.c, x.c)
	packed := b.temp("packed", r.tile.panelLen(r.k))
	p := b.bag(u.Node, "pack", 1, packed).knowing(weight)
	p.build = func() {
		p.task = func(w *worker, _ int) { r.tile.pack(b.k, w.f.whole(packed), w.f.whole(weight), r.k, r.cols) }
	}
	s := r.step(b, u, u.Op.Kind()+" "+direction(scan), gates, h).reading(x).knowing(packed, bias)
	s.shape, s.inPlace = h.shape, []*value{x}
	state, all := h, []*value{x, h, gates}
	if c != nil {
		s.writes, all = append(s.writes, c), append(all, c)
		state = c
	}
	s.build = func() {
		r.merge(all...)
		s.image = func(w *worker, n0, n1 int) {
			clear(w.bench[r.zero:][:r.units])
			for n := n0; n < n1; n += r.images {
				m := min(n+r.images, n1)
				rows := (m - n) * r.seqs
				for t := range r.steps {
					if t == 0 {
						for i := range rows {
							copy(w.bench[r.to+i*r.out:], w.f.whole(bias))
						}
					} else {
						r.copyIn(b, w, n, m, h, t-1)
						r.product(w, rows, w.f.whole(packed), w.f.whole(bias), false)
					}
					r.places(w, n, m, func(p place) {
						a := &w.cell
						a.Rows, a.Units = p.count, r.units
						a.X, a.P, a.Before = p.of(x, t), p.scratch(r.to, r.out), p.before(state, t)
						a.G, a.H = p.of(gates, t), p.of(h, t)
						if c != nil {
							a.C = p.of(c, t)
						}
						cell(a)
					})
				}
			}
		}
	}
}

// bindBackward binds the gradient of a sweep: dp is dx itself where c is a state, else what differs from it.
func (b *planner) bindBackward(u unit, scan program.Scan, cell func(*kernel.Cell), dx, dp, c *value) {
	gates, state, weight, dh := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.In[3])
	r := b.newRecurrence(scan, dh, dh.c, dx.c, dh.c)
	packed := b.temp("packed", r.tile.panelLen(r.k))
	p := b.bag(u.Node, "pack", 1, packed).knowing(weight)
	p.build = func() {
		p.task = func(w *worker, _ int) {
			r.tile.packTranspose(b.k, w.f.whole(packed), w.f.whole(weight), start, r.k, r.k)
		}
	}
	s := r.step(b, u, u.Op.Kind()+" "+direction(scan), dx).reading(gates, state, dh).knowing(packed)
	s.inPlace = []*value{gates}
	all := []*value{gates, state, dh, dx, dp}
	if dp != dx {
		s.writes = append(s.writes, dp)
	}
	s.build = func() {
		r.merge(all...)
		s.image = func(w *worker, n0, n1 int) {
			clear(w.bench[r.zero:][:r.units])
			for n := n0; n < n1; n += r.images {
				m := min(n+r.images, n1)
				rows := (m - n) * r.seqs
				clear(w.bench[r.to:][:rows*r.out])
				clear(w.bench[r.carry:][:rows*r.units])
				for t := r.steps - 1; t >= 0; t-- {
					if t < r.steps-1 {
						r.copyIn(b, w, n, m, dp, t+1)
						r.product(w, rows, w.f.whole(packed), nil, c == nil)
					}
					r.places(w, n, m, func(p place) {
						a := &w.cell
						a.Rows, a.Units = p.count, r.units
						a.G, a.Before, a.DY = p.of(gates, t), p.before(state, t), p.of(dh, t)
						a.DH, a.DX, a.DP = p.scratch(r.to, r.out), p.of(dx, t), p.of(dp, t)
						if c != nil {
							a.C, a.DC = p.of(c, t), p.scratch(r.carry, r.units)
						}
						cell(a)
					})
				}
			}
		}
	}
}

func direction(s program.Scan) string {
	name := map[program.Scan]string{{}: "rows", {Columns: true}: "columns", {Reverse: true}: "rows reverse", {Columns: true, Reverse: true}: "columns reverse"}
	return name[s]
}

func bindLSTM(b *planner, u unit) error {
	b.bindForward(u, u.Op.(program.LSTM).Scan, b.k.LSTM, b.val(u.Out[0]), b.val(u.Out[1]), b.val(u.Out[2]))
	return nil
}

func bindGRU(b *planner, u unit) error {
	b.bindForward(u, u.Op.(program.GRU).Scan, b.k.GRU, b.val(u.Out[0]), b.val(u.Out[1]), nil)
	return nil
}

func bindLSTMGrad(b *planner, u unit) error {
	dx := b.val(u.Out[0])
	b.bindBackward(u, u.Op.(program.LSTMGrad).Scan, b.k.LSTMGrad, dx, dx, b.val(u.In[1]))
	return nil
}

func bindGRUGrad(b *planner, u unit) error {
	b.bindBackward(u, u.Op.(program.GRUGrad).Scan, b.k.GRUGrad, b.val(u.Out[0]), b.val(u.Out[1]), nil)
	return nil
}

// bindSweepGradWeight is the weight gradient of a 1x1 convolution of h moved by a step: its halo is the state before the first.
func bindSweepGradWeight(b *planner, u unit) error {
	op := u.Op.(program.SweepGradWeight)
	g := program.Square(1, 1, 0)
	side := 2
	if op.Columns {
		side = 0
	}
	g.Pad[side], g.Pad[side+1] = 1, -1
	if op.Reverse {
		g.Pad[side], g.Pad[side+1] = -1, 1
	}
	halo := g.Pad
	for i := range halo {
		halo[i] = max(halo[i], 0)
	}
	h := b.padded(u.Node, b.val(u.In[0]), halo)
	b.correlate(u.Node, "sweep grad weight", g, 1, h, b.val(u.In[1]), b.val(u.Out[0]))
	return nil
}
