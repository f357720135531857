package cpu

import (
	"slices"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Convolutions of 3x3 by minimal filtering (kernel/winograd.go): squares of 2x2 outputs are transformed, multiplied in 16 products
// of matrices, one a place in the square, and transformed back. The gradient by the input is the same with the weights turned
// over; that by the weights has products of the transformed x and dy, and the transform of the weights undone at the end. Its sums
// are computed lying, channels of dy for rows, where these are few or odd: by the weights of densenet40-12, 12 channels in lanes
// for 16, batch 32, one thread of a Zen 4: AVX2 213 ms, so 156; AVX-512 133 and 120.
//
// Between the transforms lie 16 values a square and channel. A block of squares is as many as keep those within reach, and
// enough that the transformed weights, 16/9 of the weights, are worth fetching.

// minimalTasks is how many tasks a bag of blocks has, where the shape has as many.
const minimalTasks = 16

// minimal reports whether a convolution of x to y, or its gradient by the weights, goes by minimal filtering: whether the multiplications that
// it saves are more than what the transforms cost, and squares that hang over the edge.
func (b *planner) minimal(g program.Window, groups int, x, y *value, grad bool) bool {
	if slices.Max(g.Pad[:]) > 2 || g.Kernel != [2]int{3, 3} || g.Stride != [2]int{1, 1} || g.Dilation != [2]int{1, 1} || b.t.winogradExtra == 0 ||
		min(y.h, y.w) < 2 || y.n*((y.h+1)/2)*((y.w+1)/2) < b.t.fewestInAll {
		return false
	}
	direct, minimal := b.costs(y.h, y.w, x.c/groups, y.c/groups, grad)
	return minimal < direct
}

// squares is a map of outputs cut into squares of two by two.
type squares struct {
	v      *value
	h, w   int // squares in a picture
	images int // pictures of a block, or
	rows   int // rows of squares of one
	count  int // squares of a block, at most
}

// squaresOf cuts the outputs y of a convolution into blocks for so many channels on both sides.
func (t *table) squaresOf(y *value, channels int) squares {
	s := squares{v: y, h: (y.h + 1) / 2, w: (y.w + 1) / 2, images: 1}
	s.count = min(max(t.squaresBytes/(64*channels), t.fewestSquares), t.mostSquares)
	if per := s.h * s.w; per <= s.count {
		s.images = min(s.count/per, y.n)
		s.rows = s.h
	} else {
		blocks := (s.h + max(s.count/s.w, 1) - 1) / max(s.count/s.w, 1)
		s.rows = (s.h + blocks - 1) / blocks
	}
	s.count = s.images * s.rows * s.w
	return s
}

// at is where the square that output (0, 0) begins lies in v, moved by rows and columns, for all squares of a block.
func (s squares) at(v *value, rows, cols int) (off []int32) {
	for i := range s.images {
		for h := range s.h {
			for w := range s.w {
				off = append(off, int32(i*v.img+v.first+(2*h+rows)*v.row+(2*w+cols)*v.pix))
			}
		}
	}
	return off
}

// edges is which squares hang over.
func (s squares) edges() (edge []uint8) {
	for range s.images {
		for h := range s.h {
			for w := range s.w {
				e := uint8(0)
				if 2*w+1 >= s.v.w {
					e |= 1
				}
				if 2*h+1 >= s.v.h {
					e |= 2
				}
				edge = append(edge, e)
			}
		}
	}
	return edge
}

// each calls f for every block of pictures n0 to n1, rows r0 to r1 of outputs and groups g0 to g1: pictures n to n+m, squares from
// to to of the tables.
func (s squares) each(n0, n1, r0, r1, g0, g1 int, f func(n, m, from, to, g int)) {
	r0, r1 = r0/2, (r1+1)/2
	for g := g0; g < g1; g++ {
		for n := n0; n < n1; n += s.images {
			m := min(s.images, n1-n)
			if s.images > 1 {
				f(n, m, 0, m*s.h*s.w, g)
				continue
			}
			for r := r0; r < r1; r += s.rows {
				f(n, 1, r*s.w, min(r+s.rows, r1)*s.w, g)
			}
		}
	}
}

// reach is the halo of a map whose squares of four by four begin pad rows and columns before the outputs'.
func (s squares) reach(x *value, top, left int) [4]int {
	return [4]int{top, max(2*s.h+1-top-(x.h-1), 0), left, max(2*s.w+1-left-(x.w-1), 0)}
}

// steps is offsets 0, by, 2·by ...
func steps(n, by int) []int32 {
	off := make([]int32, n)
	for i := range off {
		off[i] = int32(i * by)
	}
	return off
}

// apart is a pitch for so many elements, channels or a plane's, that is no multiple of 1 KB: a transform goes through 16 planes at once, and
// were these 4 KB apart they would fall in one set of the first-level cache. On AMD Zen 4 transforms then take 2.5 times as long with AVX-512 and
// four times with AVX2.
func apart(n int) int {
	if p := up(n, 16); p%256 != 0 {
		return p
	}
	return n + 16
}

// minimalCut shares out the squares of y.
func (t *table) minimalCut(y *value, sq squares, groups, cin, nr int) cut {
	c := pictures(y, groups)
	if y.n < minChunks && 9*y.elems()*cin >= t.fewMACs {
		c.share(t, 2, c.c, nr, groups*16*cin*c.c, y.h*y.w*groups*cin, func(rows, columns int) int {
			squares := rows / 2 * sq.w
			transforms := squares * int(float64(t.winogradIn*float64(cin))+float64(t.winogradOut*float64(columns)))
			return 16 * (up(squares, 4)*columns*cin + transforms + t.fetchMACs*(columns+squares)*cin + t.taskMACs)
		})
		return c
	}
	if 64*cin*y.c <= t.minimalHeavy {
		return c
	}
	c.bag, c.across = true, true
	c.images = min(max(t.mostSquares/(sq.h*sq.w), 1), y.n)
	c.blocks = (y.n + c.images - 1) / c.images
	for c.blocks*c.panels*groups < minimalTasks && c.columns > 2*nr {
		c.columns = up((c.columns+1)/2, nr)
		c.panels = (c.c + c.columns - 1) / c.columns
	}
	return c
}

// filter is a convolution by minimal filtering: x, padded by top and left, to y.
type filter struct {
	what       string
	n          *program.Node
	groups     int
	x, y       *value
	top, left  int
	weights    *value // as the program has them
	turned     bool   // over and transposed: the gradient by the input
	bias, norm *value // norm scales the outputs
	over       *value
	relu       bool
}

// filter adds the steps of one.
func (b *planner) filter(f filter) {
	cin, cout := f.x.c/f.groups, f.y.c/f.groups
	sq := b.t.squaresOf(f.y, cin+cout)
	x := b.padded(f.n, f.x, sq.reach(f.x, f.top, f.left))
	ts := b.tilesFor(cout)
	plane := apart(ts.panelLen(cin))
	packed := b.packFilter(f, ts, plane)
	c := b.t.minimalCut(f.y, sq, f.groups, cin, ts.at(0).NR)
	s := b.cut(f.n, f.what, f.y, c).reading(x, f.over).knowing(packed, f.bias)
	s.kernel, s.macs = b.k.Name+" F(2x2,3x3) "+ts.name(), 9*int64(f.y.n)*int64(f.y.elems())*int64(cin)
	s.over = f.over
	s.build = func() {
		sq.images = min(sq.images, c.group(s))
		in, out := apart(cin), apart(c.columns)
		vPlane, mPlane := apart(sq.count*in), apart(sq.count*out)
		s.scratch = 16 * (vPlane + mPlane)
		xoff, yoff, edge := sq.at(x, -f.top, -f.left), sq.at(f.y, 0, 0), sq.edges()
		g := &gather{taps: []int32{0}, run: cin, k: cin, xoff: steps(sq.count, in), yoff: steps(sq.count, out)}
		voff, moff := g.xoff, g.yoff
		g.fit(b.t, &ts, c.columns, in)
		c.run(s, func(w *worker, p piece) {
			v, m := w.bench[:16*vPlane], w.bench[16*vPlane:]
			t := &w.transform
			sq.each(p.n0, p.n1, p.r0, p.r1, p.g0, p.g1, func(n, count, from, to, gr int) {
				k := to - from
				*t = kernel.Transform{X: w.images(x, n, n+count)[gr*cin:], XOff: xoff[from:to], XRow: x.row, XCol: x.pix,
					Y: v, YOff: voff[:k], YRow: 4 * vPlane, YCol: vPlane, C: cin}
				b.k.WinogradIn(t)
				for i := range 16 {
					w.product(&ts, g, 0, k, p.c0, p.c1, v[i*vPlane:], m[i*mPlane:], w.f.whole(packed)[(gr*16+i)*plane:], nil, false, false)
				}
				*t = kernel.Transform{X: m, XOff: moff[:k], XRow: 4 * mPlane, XCol: mPlane,
					Y: w.images(f.y, n, n+count)[gr*cout+p.c0:], YOff: yoff[from:to], YRow: f.y.row, YCol: f.y.pix, C: p.c1 - p.c0,
					Add: f.over != nil, ReLU: f.relu, Edge: edge[from:to]}
				if f.bias != nil {
					t.Bias = w.f.whole(f.bias)[gr*cout:][p.c0:p.c1]
				}
				b.k.WinogradOut(t)
			})
		})
	}
}

// packFilter adds the step that transforms weights into 16 planes of panels, a panel a task.
func (b *planner) packFilter(f filter, ts tiles, plane int) *value {
	cin, cout := f.x.c/f.groups, f.y.c/f.groups
	packed := b.temp("packed", f.groups*16*plane)
	nr := ts.at(0).NR
	panels := (cout + nr - 1) / nr
	s := b.bag(f.n, "pack", f.groups*panels, packed).knowing(f.weights, f.norm)
	s.build = func() {
		var taps []int32
		if f.turned { // weights [3][3][cout][groups·cin], the last first
			s.scratch = 9 * cin * nr
			for k := 8; k >= 0; k-- {
				taps = append(taps, int32(k*cout*f.x.c))
			}
		}
		rows := map[int][]int32{}
		for _, by := range []int{f.y.c, nr, ts.last.NR} {
			rows[by] = steps(cin, by)
		}
		s.task = func(w *worker, p int) {
			g, p := p/panels, p%panels
			j, nr := p*nr, ts.at(p*nr).NR
			cols := min(nr, cout-j)
			to, t := w.f.whole(packed)[g*16*plane+j*cin:], &w.transform
			*t = kernel.Transform{Y: to, YOff: rows[nr], YRow: 4 * plane, YCol: plane, C: cols}
			if f.turned {
				b.k.PackTranspose(w.bench, w.f.whole(f.weights)[j*f.x.c+g*cin:], taps, cols, cin, f.x.c, nr)
				t.X, t.XOff, t.XRow, t.XCol = w.bench, rows[nr], 3*cin*nr, cin*nr
			} else {
				t.X, t.XOff, t.XRow, t.XCol = w.f.whole(f.weights)[g*cout+j:], rows[f.y.c], 3*cin*f.y.c, cin*f.y.c
			}
			if cols < nr {
				for i := range 16 {
					clear(to[i*plane:][:cin*nr])
				}
			}
			b.k.WinogradWeight(t)
			if f.norm == nil {
				return
			}
			by := w.f.whole(f.norm)[g*cout+j:][:cols]
			for i := range 16 {
				for r := range cin {
					d := to[i*plane+r*nr:][:cols]
					for k, v := range by {
						d[k] *= v
					}
				}
			}
		}
	}
	return packed
}

// filterGrad is the gradient by the weights of a convolution by minimal filtering.
type filterGrad struct {
	x, dy      *value
	top, left  int
	sq         squares
	tile       *kernel.WgradTile
	lying      bool // rows of the sums are channels of dy, columns those of x
	xs, ys     int  // channels of x and of dy that one walk covers
	in, out    int  // their pitches
	xoff, yoff []int32
	voff, eoff []int32
	rows       []int32
}

// filterGrad adds the steps of one.
func (b *planner) filterGrad(n *program.Node, what string, g program.Window, groups int, x, dy, dw *value) {
	cin, cout := x.c/groups, dy.c/groups
	f := filterGrad{x: x, dy: dy, top: g.Pad[0], left: g.Pad[2], xs: cin, ys: cout}
	f.tile, f.lying, _ = b.wgradLying(cin, cout)
	sq := b.t.squaresOf(dy, cin+cout)
	f.x = b.padded(n, x, sq.reach(x, f.top, f.left))
	f.dy = b.padded(n, dy, [4]int{0, 2*sq.h - dy.h, 0, 2*sq.w - dy.w})
	size := cin * dy.c
	plane := apart(size)
	group, ld := cout, dy.c // from a group to the next and from a row of sums to the next
	if f.lying {
		group, ld = cout*cin, cin
	}
	sums := b.temp("transformed", 16*plane)
	macs := 9 * int64(dy.n) * int64(dy.elems()) * int64(cin)
	name := b.k.Name + " F(2x2,3x3) " + f.tile.Name
	if copies := x.n * (x.img + dy.img) / (16 * size); copies >= min(x.n, 8) { // private sums, as in correlate
		parts := b.temp("private sums", 1, 1, 1, 16*plane)
		parts.perChunk = true
		s := b.local(n, what, parts).reading(f.x, f.dy)
		s.n, s.shape, s.kernel, s.macs = x.n, dw.shape, name, macs
		s.minGroup = (x.n + copies - 1) / copies
		s.build = func() {
			f.sq = b.t.squaresOf(dy, cin+cout)
			f.sq.images = min(f.sq.images, s.ph.group)
			f.tables()
			s.scratch = f.scratch()
			s.image = func(w *worker, n0, n1 int) {
				sum := w.images(parts, w.chunk, w.chunk+1)
				clear(sum)
				for g := range groups {
					f.add(b.k, w, n0, n1, g*cin, g*cout, cin, cout, sum[g*group:], ld, plane)
				}
			}
		}
		b.sumParts(n, sums, parts)
	} else {
		for f.xs*f.ys > b.t.minimalPart && max(f.xs, f.ys) > 64 {
			if f.ys >= f.xs {
				f.ys = up(f.ys/2, f.tile.NR)
			} else {
				f.xs = up(f.xs/2, 16)
			}
		}
		down, across := (cin+f.xs-1)/f.xs, (cout+f.ys-1)/f.ys
		s := b.bag(n, what, down*across*groups, sums).knowing(f.x, f.dy)
		s.shape, s.kernel, s.macs = dw.shape, name, macs
		s.build = func() {
			f.sq = b.t.squaresOf(dy, f.xs+f.ys)
			f.tables()
			part := 16 * f.xs * f.ys
			s.scratch = f.scratch() + part
			s.task = func(w *worker, t int) {
				i, j, g := t%down*f.xs, t/down%across*f.ys, t/down/across
				xs, ys := min(f.xs, cin-i), min(f.ys, cout-j)
				sum := w.bench[f.scratch():][:part]
				clear(sum)
				at, rows, cols, most := g*group+i*ld+j, xs, ys, f.ys
				if f.lying {
					at, rows, cols, most = g*group+j*ld+i, ys, xs, f.xs
				}
				f.add(b.k, w, 0, x.n, g*cin+i, g*cout+j, xs, ys, sum, most, f.xs*f.ys)
				d := w.f.whole(sums)[at:]
				for k := range 16 {
					for r := range rows {
						copy(d[k*plane+r*ld:][:cols], sum[k*f.xs*f.ys+r*most:])
					}
				}
			}
		}
	}
	const piece = 16 // rows of weights of a task
	s := b.bag(n, "transform back", (cin+piece-1)/piece, dw).knowing(sums)
	s.build = func() {
		if f.lying { // and turn over
			off, to := steps(dy.c, cin), steps(dy.c, piece)
			s.scratch = 9 * dy.c * piece
			s.task = func(w *worker, t int) {
				from, c := t*piece, min(piece, cin-t*piece)
				w.transform = kernel.Transform{X: w.f.whole(sums)[from:], XOff: off, XRow: 4 * plane, XCol: plane,
					Y: w.bench, YOff: to, YRow: 3 * dy.c * piece, YCol: dy.c * piece, C: c}
				b.k.WinogradWeightGrad(&w.transform)
				for k := range 9 {
					b.k.PackTranspose(w.f.whole(dw)[k*size+from*dy.c:], w.bench[k*dy.c*piece:], start, dy.c, c, piece, dy.c)
				}
			}
			return
		}
		off := steps(piece, dy.c)
		s.task = func(w *worker, t int) {
			from := t * piece * dy.c
			o := off[:min(piece, cin-t*piece)]
			w.transform = kernel.Transform{X: w.f.whole(sums)[from:], XOff: o, XRow: 4 * plane, XCol: plane,
				Y: w.f.whole(dw)[from:], YOff: o, YRow: 3 * size, YCol: size, C: dy.c}
			b.k.WinogradWeightGrad(&w.transform)
		}
	}
}

// tables fills the tables, when the layouts are known.
func (f *filterGrad) tables() {
	f.in, f.out = apart(f.xs), apart(f.ys)
	f.xoff, f.yoff = f.sq.at(f.x, -f.top, -f.left), f.sq.at(f.dy, 0, 0)
	f.voff, f.eoff = steps(f.sq.count, f.in), steps(f.sq.count, f.out)
	f.rows = steps(max(f.xs, f.ys), 1)
}

// scratch is the length of the transformed squares.
func (f *filterGrad) scratch() int { return 16 * (apart(f.sq.count*f.in) + apart(f.sq.count*f.out)) }

// add adds the gradients of pictures n0 to n1, xs channels of x from i on by ys of dy from j on, to 16 planes of sums, rows ld apart.
func (f *filterGrad) add(k *kernel.Set, w *worker, n0, n1, i, j, xs, ys int, sum []float32, ld, plane int) {
	vPlane, ePlane := apart(f.sq.count*f.in), apart(f.sq.count*f.out)
	v, e := w.bench[:16*vPlane], w.bench[16*vPlane:]
	t, a := &w.transform, &w.wgrad
	f.sq.each(n0, n1, 0, f.dy.h, 0, 1, func(n, count, from, to, _ int) {
		m := to - from
		*t = kernel.Transform{X: w.images(f.x, n, n+count)[i:], XOff: f.xoff[from:to], XRow: f.x.row, XCol: f.x.pix,
			Y: v, YOff: f.voff[:m], YRow: 4 * vPlane, YCol: vPlane, C: xs}
		k.WinogradIn(t)
		*t = kernel.Transform{X: w.images(f.dy, n, n+count)[j:], XOff: f.yoff[from:to], XRow: f.dy.row, XCol: f.dy.pix,
			Y: e, YOff: f.eoff[:m], YRow: 4 * ePlane, YCol: ePlane, C: ys}
		k.WinogradOutGrad(t)
		down, across, downPlane, acrossPlane, rows, cols := v, e, vPlane, ePlane, xs, ys
		a.LD, a.XOff, a.YOff = ld, f.voff[:m], f.eoff[:m]
		if f.lying {
			down, across, downPlane, acrossPlane, rows, cols = e, v, ePlane, vPlane, ys, xs
			a.XOff, a.YOff = a.YOff, a.XOff
		}
		a.Rows = f.rows[:rows]
		for p := range 16 {
			a.X = down[p*downPlane:]
			for c := 0; c < cols; c += f.tile.NR {
				a.Cols, a.DY, a.DW = min(f.tile.NR, cols-c), across[p*acrossPlane+c:], sum[p*plane+c:]
				f.tile.Run(a)
			}
		}
	})
}
