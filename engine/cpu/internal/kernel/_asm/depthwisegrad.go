package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gradient writes the kernel of the gradient by the weights: a block of channels at a time passes over all pixels, with the sums
// of a window in registers, or of one row of it, or of one tap.
func (d *depthwise) gradient(name string) {
	d.function(name, fmt.Sprintf("%s%s is Set.DepthwiseGrad%s; a is a *depthwiseFrame.", name, d.suffix, d.form()), "func(a *byte)")
	channels := AllocLocal(8)
	mask := d.newTail(1)
	a, t := d.args(), GP64()
	MOVQ(Mem{Base: a, Disp: depthC}, t)
	MOVQ(t, channels)
	ANDQ(Imm(uint64(d.lanes-1)), t)
	mask.set(t, 1, d.v(0))
	d.cb = GP64().(reg.GPVirtual)
	XORQ(d.cb, d.cb)
	Label("block")
	CMPQ(channels, Imm(uint64(d.lanes)))
	JLT(LabelRef("tail"))
	d.k = nil
	d.windows()
	ADDQ(Imm(uint64(d.bytes())), d.cb)
	SUBQ(Imm(uint64(d.lanes)), channels)
	JMP(LabelRef("block"))
	Label("tail")
	CMPQ(channels, Imm(0))
	JEQ(LabelRef("done"))
	d.k = mask
	d.windows()
	Label("done")
	VZEROUPPER()
	RET()
}

// windows writes the loop over the parts of the window that do not fit into registers together.
func (d *depthwise) windows() {
	a := d.args()
	d.weights()
	if d.kh > 0 {
		x := field(a, depthX)
		ADDQ(d.cb, x)
		d.overPixels(x)
		return
	}
	row, rows := AllocLocal(8), AllocLocal(8)
	again, end := d.label("kernel_row"), d.label("kernel_end")
	x := field(a, depthX)
	ADDQ(d.cb, x)
	MOVQ(x, row)
	MOVQ(Mem{Base: a, Disp: depthKH}, x)
	TESTQ(x, x)
	JEQ(LabelRef(end))
	MOVQ(x, rows)
	Label(again)
	if d.stride > 0 {
		x = GP64().(reg.GPVirtual)
		MOVQ(row, x)
		d.overPixels(x)
	} else {
		tap, across, next := AllocLocal(8), AllocLocal(8), d.label("tap")
		x = GP64().(reg.GPVirtual)
		MOVQ(row, x)
		MOVQ(x, tap)
		n := field(d.args(), depthKW)
		MOVQ(n, across)
		Label(next)
		x = GP64().(reg.GPVirtual)
		MOVQ(tap, x)
		d.overPixels(x)
		n = field(d.args(), depthKPix)
		ADDQ(n, tap)
		SUBQ(Imm(1), across)
		JNE(LabelRef(next))
	}
	n := field(d.args(), depthKRow)
	ADDQ(n, row)
	SUBQ(Imm(1), rows)
	JNE(LabelRef(again))
	Label(end)
}

// overPixels adds what all pixels give to some weights, whose first tap sees x, and moves on to the next weights.
func (d *depthwise) overPixels(x reg.GPVirtual) {
	kh := max(d.kh, 1)
	sums := kh * d.kw * max(d.group, 1)
	chains := 1 // a tap's sums, of every second or fourth pixel: a multiply-add takes four cycles
	switch {
	case d.group > 1:
	case d.stride == 0:
		chains = 4
	case d.kh == 0 && 2*sums+6 <= d.regs:
		chains = 2
	}
	acc := func(i, j, p int) reg.VecPhysical { return d.v(p%chains*sums + i*d.kw + j) }
	tap, w := d.tap(), GP64()
	MOVQ(d.w, w)
	for i := range sums {
		d.weightTail().load(d.isa, Mem{Base: w}, 0, d.v(i))
		ADDQ(tap, w)
	}
	for i := sums; i < chains*sums; i++ {
		d.zero(d.v(i))
	}
	rows, xr, yr := AllocLocal(8), AllocLocal(8), AllocLocal(8)
	a := d.args()
	t := field(a, depthRows)
	MOVQ(t, rows)
	MOVQ(x, xr)
	MOVQ(Mem{Base: a, Disp: depthY}, t)
	ADDQ(d.cb, t)
	MOVQ(t, yr)
	row := d.label("row")
	Label(row)
	d.x, d.y, d.n = GP64().(reg.GPVirtual), GP64().(reg.GPVirtual), field(d.args(), depthPixels)
	MOVQ(xr, d.x)
	MOVQ(yr, d.y)
	for n := d.together(sums); n > 0; n /= 2 {
		d.tiles(n, func() {
			if d.group > 1 {
				d.groupTile(n, sums)
			} else {
				d.gradientTile(kh, n, chains*sums, acc)
			}
		})
	}
	a = d.args()
	t = field(a, depthXRow)
	ADDQ(t, xr)
	MOVQ(Mem{Base: a, Disp: depthYRow}, t)
	ADDQ(t, yr)
	SUBQ(Imm(1), rows)
	JNE(LabelRef(row))
	tap = d.tap()
	for i := range sums {
		for c := 1; c < chains; c++ {
			VADDPS(d.v(c*sums+i), d.v(i), d.v(i))
		}
		d.weightTail().store(d.isa, d.v(i), 0, Mem{Base: d.w}, d.v(chains*sums))
		ADDQ(tap, d.w)
	}
}

// gradientTile adds what n pixels in a row give.
func (d *depthwise) gradientTile(kh, n, used int, acc func(i, j, p int) reg.VecPhysical) {
	a := d.args()
	y := newWalk(d.y, field(a, depthYPix))
	for p := range n {
		d.k.load(d.isa, y.mem(p), 0, d.v(used+p))
	}
	used += n
	row := GP64()
	MOVQ(d.x, row)
	if d.stride == 0 {
		x := newWalk(row, field(a, depthXPix))
		for p := range n {
			if from := x.mem(p); d.k == nil {
				VFMADD231PS(from, d.v(used-n+p), acc(0, 0, p))
			} else {
				d.k.load(d.isa, from, 0, d.v(used+p%4))
				VFMADD231PS(d.v(used+p%4), d.v(used-n+p), acc(0, 0, p))
			}
		}
		return
	}
	x := newWalk(row, field(a, depthKPix))
	for i := range kh {
		if i > 0 {
			ADDQ(Mem{Base: a, Disp: depthKRow}, row)
			x.back(row)
		}
		if i == kh-1 && d.kh > 0 && d.k == nil { // dy has just been made, x is of the pass forward
			d.prefetch(row, depthXRow, 0, depthKPix, n*d.stride)
		}
		for q := range (n-1)*d.stride + d.kw {
			v := d.v(used + q%min(d.regs-used, 6))
			d.k.load(d.isa, x.mem(q), 0, v)
			for j := range d.kw {
				if p := q - j; p >= 0 && p%d.stride == 0 && p/d.stride < n {
					VFMADD231PS(v, d.v(used-n+p/d.stride), acc(i, j, p/d.stride))
				}
			}
		}
	}
}

// depthwiseGrads writes all forms.
func depthwiseGrads(m *isa) {
	(&depthwise{isa: m, kw: 1}).gradient("depthwiseGrad")
	(&depthwise{isa: m, kw: 7, stride: 1}).gradient("depthwiseGrad7by1")
	for stride := 1; stride <= 2; stride++ {
		(&depthwise{isa: m, kh: 3, kw: 3, stride: stride}).gradient(fmt.Sprintf("depthwiseGrad3x3by%d", stride))
		(&depthwise{isa: m, kw: 5, stride: stride}).gradient(fmt.Sprintf("depthwiseGrad5by%d", stride))
	}
}
