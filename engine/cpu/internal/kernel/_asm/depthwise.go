package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.depthwiseFrame; a test compares them.
const (
	depthX, depthY, depthW, depthBias                = 0, 8, 16, 24
	depthRows, depthPixels, depthC                   = 32, 40, 48
	depthXRow, depthXPix, depthYRow, depthYPix       = 56, 64, 72, 80
	depthKH, depthKW, depthKRow, depthKPix, depthTap = 88, 96, 104, 112, 120
	depthAhead, depthHigh, depthAdd, depthAct        = 128, 136, 140, 141
)

// depthwise is one form of the depthwise kernels. It goes over blocks of channels, for each over rows of outputs (or of dy), for
// each over tiles of pixels whose sums are in registers. A block is a cache line where there are registers for it.
type depthwise struct {
	*isa
	kh     int // rows of the window, whose weights stay in registers; 0: any number, its weights loaded for each tile
	kw     int // taps in a row of it
	stride int // of pixels, in taps; 0: any pitch, and any number of taps in a row
	rows   int // rows of outputs in a tile, at most
	wide   int // vectors in a block of channels, at most
	group  int // channels of x that an output sees: 1, or 4 or 8 (grouped.go)

	cb, x, y, n reg.GPVirtual // bytes to the block of channels; first pixel of the tile, pixels left
	w           reg.GPVirtual // the block's first weight
	nv          int           // vectors in this block
	k           *tail
	next        int // label numbers
}

func (d *depthwise) args() reg.Register { return Load(Param("a"), GP64()) }

// label is a new name.
func (d *depthwise) label(name string) string {
	d.next++
	return fmt.Sprintf("%s_%d", name, d.next)
}

// walk moves a pointer over elements that lie a pitch apart.
type walk struct {
	at, pitch, pitch3 reg.GPVirtual
}

func newWalk(from, pitch reg.Register) *walk {
	w := &walk{GP64().(reg.GPVirtual), GP64().(reg.GPVirtual), GP64().(reg.GPVirtual)}
	MOVQ(from, w.at)
	MOVQ(pitch, w.pitch)
	LEAQ(Mem{Base: w.pitch, Index: w.pitch, Scale: 2}, w.pitch3)
	return w
}

// mem is the address of element i; i ascends.
func (w *walk) mem(i int) Mem {
	if i > 0 && i%4 == 0 {
		LEAQ(Mem{Base: w.at, Index: w.pitch, Scale: 4}, w.at)
	}
	switch i % 4 {
	case 0:
		return Mem{Base: w.at}
	case 3:
		return Mem{Base: w.at, Index: w.pitch3, Scale: 1}
	}
	return Mem{Base: w.at, Index: w.pitch, Scale: uint8(i % 4)}
}

// back sets the pointer to another first element.
func (w *walk) back(to reg.Register) { MOVQ(to, w.at) }

// forward writes the kernel of that form.
func (d *depthwise) forward(name string) {
	d.function(name, fmt.Sprintf("%s%s is Set.Depthwise%s; a is a *depthwiseFrame.", name, d.suffix, d.form()), "func(a *byte)")
	d.blocks(func(rows int) {
		for n := d.most(); n > 0; n /= 2 {
			d.tiles(n, func() { d.tile(rows, n) })
		}
	})
}

// most is how many outputs of a row a tile has.
func (d *depthwise) most() int {
	if d.group > 1 && !d.avx512 {
		return 4
	}
	return 8 / d.nv
}

// form says for which arguments it is.
func (d *depthwise) form() string {
	switch {
	case d.group > 1 && d.stride > 0:
		return fmt.Sprintf(" for groups of %d channels and windows of any height, %d wide, at stride %d in a row", d.group, d.kw, d.stride)
	case d.group > 1:
		return fmt.Sprintf(" for groups of %d channels", d.group)
	case d.stride == 0:
		return ""
	case d.kh > 0:
		return fmt.Sprintf(" for windows of %dx%d and stride %d", d.kh, d.kw, d.stride)
	}
	return fmt.Sprintf(" for windows of any height, %d wide, at stride %d in a row", d.kw, d.stride)
}

// tiles writes the loop over tiles of n pixels, while there are so many left.
func (d *depthwise) tiles(n int, tile func()) {
	again, end := d.label("tile"), d.label("tiles_end")
	SUBQ(Imm(uint64(n)), d.n)
	JLT(LabelRef(end))
	Label(again)
	tile()
	a := d.args()
	step := field(a, depthXPix)
	LEAQ(Mem{Base: d.x, Index: step, Scale: uint8(n)}, d.x)
	MOVQ(Mem{Base: a, Disp: depthYPix}, step)
	LEAQ(Mem{Base: d.y, Index: step, Scale: uint8(n)}, d.y)
	SUBQ(Imm(uint64(n)), d.n)
	JGE(LabelRef(again))
	Label(end)
	ADDQ(Imm(uint64(n)), d.n)
}

// blocks writes the loops over blocks of channels and rows and returns from the kernel.
func (d *depthwise) blocks(row func(rows int)) {
	xr, yr, left, channels := AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8)
	mask := d.newTail(1)
	t := field(d.args(), depthC)
	MOVQ(t, channels)
	ANDQ(Imm(uint64(d.lanes-1)), t)
	mask.set(t, 1, d.v(0))
	d.cb = GP64().(reg.GPVirtual)
	XORQ(d.cb, d.cb)
	code := func(nv int, k *tail) {
		d.nv, d.k = nv, k
		a, t := d.args(), GP64()
		for _, m := range []struct {
			from int
			to   Mem
		}{{depthX, xr}, {depthY, yr}} {
			MOVQ(Mem{Base: a, Disp: m.from}, t)
			ADDQ(d.cb, t)
			MOVQ(t, m.to)
		}
		MOVQ(Mem{Base: a, Disp: depthRows}, t)
		MOVQ(t, left)
		d.weights()
		for i := range d.kh * d.kw { // all of the window, kept
			d.k.load(d.isa, Mem{Base: d.w}, 0, d.v(i))
			ADDQ(Mem{Base: d.args(), Disp: depthTap}, d.w)
		}
		for rows := d.rows; rows > 0; rows-- {
			again, end := d.label("rows"), d.label("rows_end")
			CMPQ(left, Imm(uint64(rows)))
			JLT(LabelRef(end))
			Label(again)
			d.x, d.y, d.n = GP64().(reg.GPVirtual), GP64().(reg.GPVirtual), field(d.args(), depthPixels)
			MOVQ(xr, d.x)
			MOVQ(yr, d.y)
			row(rows)
			a := d.args()
			for _, m := range []struct {
				pitch int
				at    Mem
			}{{depthXRow, xr}, {depthYRow, yr}} {
				t := field(a, m.pitch)
				for range rows {
					ADDQ(t, m.at)
				}
			}
			SUBQ(Imm(uint64(rows)), left)
			CMPQ(left, Imm(uint64(rows)))
			JGE(LabelRef(again))
			Label(end)
		}
	}
	for nv := d.wide; nv > 0; nv-- {
		again, end := d.label("block"), d.label("block_end")
		Label(again)
		CMPQ(channels, Imm(uint64(nv*d.lanes)))
		JLT(LabelRef(end))
		code(nv, nil)
		ADDQ(Imm(uint64(nv*d.bytes())), d.cb)
		SUBQ(Imm(uint64(nv*d.lanes)), channels)
		JMP(LabelRef(again))
		Label(end)
	}
	CMPQ(channels, Imm(0))
	JEQ(LabelRef("done"))
	code(1, mask)
	Label("done")
	VZEROUPPER()
	RET()
}

// outputs calls f with the place in y of each output of a tile.
func (d *depthwise) outputs(rows, n int, f func(r, p int, at Mem)) {
	a := d.args()
	for r := range rows {
		y := GP64()
		MOVQ(d.y, y)
		for range r {
			ADDQ(Mem{Base: a, Disp: depthYRow}, y)
		}
		w := newWalk(y, field(a, depthYPix))
		for p := range n {
			f(r, p, w.mem(p))
		}
	}
}

// vector is vector v of the block.
func (d *depthwise) vector(from Mem, v int) Mem { return from.Offset(v * d.bytes()) }

func (d *depthwise) load(from Mem, v int, to reg.VecPhysical) {
	d.k.load(d.isa, d.vector(from, v), 0, to)
}

// tile writes the code for rows by n outputs of a block of channels.
func (d *depthwise) tile(rows, n int) {
	kept := d.kh * d.kw
	sums := rows * n * d.nv
	acc := func(r, p, v int) reg.VecPhysical { return d.v(kept + (r*n+p)*d.nv + v) }
	used := kept + sums
	add, bias, started := d.label("add"), d.label("bias"), d.label("started")
	a := d.args()
	CMPB(Mem{Base: a, Disp: depthAdd}, Imm(0))
	JNE(LabelRef(add))
	b := field(a, depthBias)
	TESTQ(b, b)
	JNE(LabelRef(bias))
	for i := range sums {
		d.zero(d.v(kept + i))
	}
	JMP(LabelRef(started))
	Label(bias)
	for v := range d.nv {
		d.load(Mem{Base: b, Index: d.cb, Scale: 1}, v, acc(0, 0, v))
	}
	for i := d.nv; i < sums; i++ {
		VMOVAPS(acc(0, 0, i%d.nv), d.v(kept+i))
	}
	JMP(LabelRef(started))
	Label(add)
	d.outputs(rows, n, func(r, p int, at Mem) {
		for v := range d.nv {
			d.load(at, v, acc(r, p, v))
		}
	})
	b = field(d.args(), depthBias)
	TESTQ(b, b)
	JEQ(LabelRef(started))
	for v := range d.nv {
		d.load(Mem{Base: b, Index: d.cb, Scale: 1}, v, d.v(used+v))
	}
	for i := range sums {
		VADDPS(d.v(used+i%d.nv), d.v(kept+i), d.v(kept+i))
	}
	Label(started)

	switch {
	case d.group > 1:
		d.sumGroups(n, used)
	case d.stride == 0:
		d.sumAny(n, acc, used)
	case d.kh > 0:
		d.sumKept(rows, n, acc, used)
	default:
		d.sumRows(n, acc, used)
	}

	store := d.label("store")
	a = d.args()
	CMPB(Mem{Base: a, Disp: depthAct}, Imm(0))
	JEQ(LabelRef(store))
	high, zero := d.v(used), d.v(used+1)
	d.zero(zero)
	VBROADCASTSS(Mem{Base: a, Disp: depthHigh}, high)
	for i := range sums {
		v := d.v(kept + i)
		VMAXPS(v, zero, v) // a NaN stays
		VMINPS(v, high, v)
	}
	Label(store)
	d.outputs(rows, n, func(r, p int, at Mem) {
		for v := range d.nv {
			d.k.store(d.isa, acc(r, p, v), 0, d.vector(at, v), d.v(used))
		}
	})
	if d.k == nil {
		for r := range rows {
			d.prefetch(d.y, depthYRow, r, depthYPix, n)
		}
	}
}

// prefetch calls for n elements of a row that is still to come, below the one that begins at from.
func (d *depthwise) prefetch(from reg.Register, row, below, pix, n int) {
	a := d.args()
	at := field(a, depthAhead)
	IMULQ(Mem{Base: a, Disp: row}, at)
	ADDQ(from, at)
	for range below {
		ADDQ(Mem{Base: a, Disp: row}, at)
	}
	w := newWalk(at, field(a, pix))
	for i := range n {
		PREFETCHT1(w.mem(i))
	}
}

// columns adds to the sums of n outputs in a row what columns of one row of x give. weights lists, for each row of sums that sees
// this row, its kernel row's weights.
func (d *depthwise) columns(n int, x *walk, spare int, sums, weights []func(i, v int) reg.VecPhysical) {
	for q := range (n-1)*d.stride + d.kw {
		at := x.mem(q)
		for v := range d.nv {
			in := d.v(spare + (q*d.nv+v)%min(d.regs-spare, 6))
			d.load(at, v, in)
			for r, sum := range sums {
				for j := range d.kw {
					if p := q - j; p >= 0 && p%d.stride == 0 && p/d.stride < n {
						VFMADD231PS(in, weights[r](j, v), sum(p/d.stride, v))
					}
				}
			}
		}
	}
}

// sumKept is the sum over a window whose weights are in registers: a row of x serves all rows of outputs that see it.
func (d *depthwise) sumKept(rows, n int, acc func(r, p, v int) reg.VecPhysical, used int) {
	a, row := d.args(), GP64()
	MOVQ(d.x, row)
	x := newWalk(row, field(a, depthKPix))
	for i := range (rows-1)*d.stride + d.kh {
		if i > 0 {
			ADDQ(Mem{Base: a, Disp: depthKRow}, row)
			x.back(row)
		}
		var sums, weights []func(i, v int) reg.VecPhysical
		for r := range rows {
			if h := i - r*d.stride; h >= 0 && h < d.kh {
				sums = append(sums, func(p, v int) reg.VecPhysical { return acc(r, p, v) })
				weights = append(weights, func(j, _ int) reg.VecPhysical { return d.v(h*d.kw + j) })
			}
		}
		d.columns(n, x, used, sums, weights)
	}
}

// sumRows is the sum over a window of any height, a row of it at a time.
func (d *depthwise) sumRows(n int, acc func(r, p, v int) reg.VecPhysical, used int) {
	again, end := d.label("kernel_row"), d.label("kernel_end")
	a := d.args()
	left, row, w, tap := field(a, depthKH), GP64(), GP64(), field(a, depthTap)
	TESTQ(left, left)
	JEQ(LabelRef(end))
	MOVQ(d.x, row)
	MOVQ(d.w, w)
	x := newWalk(row, field(a, depthKPix))
	Label(again)
	for j := range d.kw {
		for v := range d.nv {
			d.load(Mem{Base: w}, v, d.v(used+j*d.nv+v))
		}
		ADDQ(tap, w)
	}
	x.back(row)
	d.columns(n, x, used+d.kw*d.nv, []func(i, v int) reg.VecPhysical{func(p, v int) reg.VecPhysical { return acc(0, p, v) }},
		[]func(i, v int) reg.VecPhysical{func(j, v int) reg.VecPhysical { return d.v(used + j*d.nv + v) }})
	ADDQ(Mem{Base: d.args(), Disp: depthKRow}, row)
	SUBQ(Imm(1), left)
	JNE(LabelRef(again))
	Label(end)
}

// sumAny is the sum over any window, a tap at a time.
func (d *depthwise) sumAny(n int, acc func(r, p, v int) reg.VecPhysical, used int) {
	again, tap, end := d.label("kernel_row"), d.label("tap"), d.label("kernel_end")
	a := d.args()
	left, across, row, at, w := field(a, depthKH), GP64(), GP64(), GP64(), GP64()
	TESTQ(left, left)
	JEQ(LabelRef(end))
	MOVQ(d.x, row)
	MOVQ(d.w, w)
	x := newWalk(row, field(a, depthXPix))
	Label(again)
	MOVQ(row, at)
	MOVQ(Mem{Base: d.args(), Disp: depthKW}, across)
	Label(tap)
	x.back(at)
	for v := range d.nv {
		d.load(Mem{Base: w}, v, d.v(used+v))
	}
	for p := range n {
		from := x.mem(p)
		for v := range d.nv {
			if d.k == nil {
				VFMADD231PS(d.vector(from, v), d.v(used+v), acc(0, p, v))
				continue
			}
			in := d.v(used + 1 + p%4)
			d.load(from, v, in)
			VFMADD231PS(in, d.v(used+v), acc(0, p, v))
		}
	}
	a = d.args()
	ADDQ(Mem{Base: a, Disp: depthTap}, w)
	ADDQ(Mem{Base: a, Disp: depthKPix}, at)
	SUBQ(Imm(1), across)
	JNE(LabelRef(tap))
	ADDQ(Mem{Base: d.args(), Disp: depthKRow}, row)
	SUBQ(Imm(1), left)
	JNE(LabelRef(again))
	Label(end)
}

// depthwises writes all forms.
func depthwises(m *isa) {
	line := 64 / m.bytes()
	(&depthwise{isa: m, kw: 1, rows: 1, wide: line}).forward("depthwise")
	(&depthwise{isa: m, kw: 2, stride: 1, rows: 1, wide: line}).forward("depthwise2by1")
	(&depthwise{isa: m, kw: 7, stride: 1, rows: 1, wide: 1}).forward("depthwise7by1")
	for stride := 1; stride <= 2; stride++ {
		(&depthwise{isa: m, kw: 3, stride: stride, rows: 1, wide: line}).forward(fmt.Sprintf("depthwise3by%d", stride))
		(&depthwise{isa: m, kw: 5, stride: stride, rows: 1, wide: 1}).forward(fmt.Sprintf("depthwise5by%d", stride))
		if m.avx512 {
			(&depthwise{isa: m, kh: 3, kw: 3, stride: stride, rows: 2, wide: 1}).forward(fmt.Sprintf("depthwise3x3by%d", stride))
		}
	}
}
