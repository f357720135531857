package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Groups of 4 or 8 channels: what depthwise.go and depthwisegrad.go write for them in another way. A vector of x is turned so that
// every output sees the g'th other channel of its group (c exclusive-or g), one shuffle a turn, and serves all taps of a kernel row
// that see it. The weights of sixteen channels lie one behind the other and come from memory with the multiply-add.

const groupLine = 64 // bytes of a turn's weights

// weights finds the block's first weight.
func (d *depthwise) weights() {
	a := d.args()
	d.w = field(a, depthW)
	if d.group <= 1 {
		ADDQ(d.cb, d.w)
		return
	}
	t := GP64()
	MOVQ(d.cb, t)
	ANDQ(I8(-groupLine), t)
	IMULQ(Mem{Base: a, Disp: depthTap}, t) // how many lines sixteen channels have
	ADDQ(t, d.w)
	MOVQ(d.cb, t)
	ANDQ(Imm(groupLine-1), t)
	ADDQ(t, d.w)
}

// tap is how far the gradient's next weight lies.
func (d *depthwise) tap() reg.Register {
	if d.group <= 1 {
		return field(d.args(), depthTap)
	}
	t := GP64()
	MOVQ(U32(groupLine), t)
	return t
}

// weightTail is the tail of weights: those of groups are always there for sixteen channels.
func (d *depthwise) weightTail() *tail {
	if d.group > 1 {
		return nil
	}
	return d.k
}

// together is how many pixels in a row the gradient takes together.
func (d *depthwise) together(sums int) int {
	n := 4
	for d.group > 1 && n > 1 && sums+n+4 > d.regs {
		n /= 2
	}
	return n
}

// turns calls f with the vector at from as it is and turned, using the registers from spare on.
func (d *depthwise) turns(from Mem, spare int, f func(g int, in reg.VecPhysical)) {
	x, half := d.v(spare), d.v(spare+1)
	d.k.load(d.isa, from, 0, x)
	base := x
	free := min(d.regs-spare-2, 4)
	for g := range d.group {
		low := g % 4
		order := 0
		for i := range 4 {
			order |= (i ^ low) << (2 * i)
		}
		switch {
		case g == 4 && d.avx512:
			VSHUFF32X4(Imm(0b10_11_00_01), x, x, half)
			base = half
		case g == 4:
			VPERM2F128(Imm(1), x, x, half)
			base = half
		}
		in := base
		if low > 0 {
			in = d.v(spare + 2 + g%free)
			VPERMILPS(Imm(uint64(order)), base, in)
		}
		f(g, in)
	}
}

// sumGroups is the sum over a window: of three columns in a row a column of x at a time, else a tap at a time. Odd turns have sums of their
// own: a multiply-add takes four cycles.
func (d *depthwise) sumGroups(n, used int) {
	again, tap, end := d.label("kernel_row"), d.label("tap"), d.label("kernel_end")
	for p := range n {
		d.zero(d.v(used + p))
	}
	sum := func(g, p int) reg.VecPhysical { return d.v(g%2*n + p) }
	spare := used + n
	a := d.args()
	left, row, w := field(a, depthKH), GP64(), GP64()
	TESTQ(left, left)
	JEQ(LabelRef(end))
	MOVQ(d.x, row)
	MOVQ(d.w, w)
	line := func(j, g int) Mem { return Mem{Base: w, Disp: (j*d.group + g) * groupLine} }
	if d.stride > 0 {
		x := newWalk(row, field(a, depthKPix))
		Label(again)
		x.back(row)
		for q := range (n-1)*d.stride + d.kw {
			d.turns(x.mem(q), spare, func(g int, in reg.VecPhysical) {
				for j := range d.kw {
					if p := q - j; p >= 0 && p%d.stride == 0 && p/d.stride < n {
						VFMADD231PS(line(j, g), in, sum(g, p/d.stride))
					}
				}
			})
		}
		ADDQ(U32(uint32(d.kw*d.group*groupLine)), w)
	} else {
		x, across, at := newWalk(row, field(a, depthXPix)), GP64(), GP64()
		Label(again)
		MOVQ(row, at)
		MOVQ(Mem{Base: d.args(), Disp: depthKW}, across)
		Label(tap)
		x.back(at)
		for p := range n {
			d.turns(x.mem(p), spare, func(g int, in reg.VecPhysical) { VFMADD231PS(line(0, g), in, sum(g, p)) })
		}
		ADDQ(U32(uint32(d.group*groupLine)), w)
		ADDQ(Mem{Base: d.args(), Disp: depthKPix}, at)
		SUBQ(Imm(1), across)
		JNE(LabelRef(tap))
	}
	ADDQ(Mem{Base: d.args(), Disp: depthKRow}, row)
	SUBQ(Imm(1), left)
	JNE(LabelRef(again))
	Label(end)
	for p := range n {
		VADDPS(d.v(used+p), d.v(p), d.v(p))
	}
}

// groupTile adds to the sums of weights what n pixels in a row give: the columns that they see, each turned once.
func (d *depthwise) groupTile(n, sums int) {
	a := d.args()
	y := newWalk(d.y, field(a, depthYPix))
	for p := range n {
		d.k.load(d.isa, y.mem(p), 0, d.v(sums+p))
	}
	pitch, columns, stride := depthKPix, (n-1)*d.stride+d.kw, d.stride
	if d.stride == 0 {
		pitch, columns, stride = depthXPix, n, 1
	}
	x := newWalk(d.x, field(a, pitch))
	for q := range columns {
		d.turns(x.mem(q), sums+n, func(g int, in reg.VecPhysical) {
			for j := range d.kw {
				if p := q - j; p >= 0 && p%stride == 0 && p/stride < n {
					VFMADD231PS(d.v(sums+p/stride), in, d.v(j*d.group+g))
				}
			}
		})
	}
}

// groupeds writes all forms.
func groupeds(m *isa) {
	for g := 4; g <= 8; g *= 2 {
		(&depthwise{isa: m, kw: 1, rows: 1, wide: 1, group: g}).forward(fmt.Sprintf("depthwiseOf%d", g))
		(&depthwise{isa: m, kw: 1, group: g}).gradient(fmt.Sprintf("depthwiseGradOf%d", g))
		for stride := 1; stride <= 2; stride++ {
			(&depthwise{isa: m, kw: 3, stride: stride, rows: 1, wide: 1, group: g}).forward(fmt.Sprintf("depthwiseOf%dx3by%d", g, stride))
			if 3*g+4 <= m.regs {
				(&depthwise{isa: m, kw: 3, stride: stride, group: g}).gradient(fmt.Sprintf("depthwiseGradOf%dx3by%d", g, stride))
			}
		}
	}
}
