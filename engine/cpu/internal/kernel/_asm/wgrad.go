package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.WgradArgs; a test compares them.
const (
	wgradX, wgradDY, wgradDW, wgradXOff, wgradYOff, wgradRows = 0, 24, 48, 72, 96, 120
	wgradLD, wgradCols                                        = 144, 152
)

func wgrad(m *isa, rows, nv int) {
	name := fmt.Sprintf("wgrad%dx%d", rows, nv*m.lanes)
	m.function(name, fmt.Sprintf("%s%s is WgradTile.Run for %d rows by %d columns; a is a *WgradArgs.", name, m.suffix, rows, nv*m.lanes), "func(a *byte)")
	weightGradient(m, rows, nv, true)
}

// depthwiseGrad takes a row for a tap, and vectors of x where wgrad broadcasts an element.
func depthwiseGrad(m *isa) {
	m.function("depthwiseGrad", "depthwiseGrad"+m.suffix+" is Set.DepthwiseGrad for a block of at most two vectors of channels; a is a *WgradArgs.", "func(a *byte)")
	weightGradient(m, 5, 2, false)
}

// weightGradient keeps rows by nv vectors of dw in registers over all pixels. A last tile with fewer rows repeats its last
// row: it starts from dw, so what is stored twice has the same bits.
func weightGradient(m *isa, rows, nv int, broadcast bool) {
	acc := func(i, v int) reg.VecPhysical { return m.v(i*nv + v) }
	spare := func(i int) reg.VecPhysical { return m.v(rows*nv + i) }
	nspare := min(m.regs-(rows+1)*nv, 4)
	row, last, pixels := AllocLocal(8), AllocLocal(8), AllocLocal(8)
	mask := m.newTail(nv)
	args := func() reg.Register { return Load(Param("a"), GP64()) }

	a := args()
	n := field(a, wgradRows+8)
	SUBQ(Imm(1), n)
	JLT(LabelRef("done"))
	MOVQ(n, last)
	np := field(a, wgradXOff+8)
	TESTQ(np, np)
	JLE(LabelRef("done"))
	MOVQ(np, pixels)
	mask.set(field(a, wgradCols), nv, m.v(0))
	MOVQ(U32(0), row)

	// clamped gives the index of row i of the tile.
	clamped := func(i int) reg.Register {
		q := GP64()
		MOVQ(row, q)
		if i > 0 {
			ADDQ(Imm(uint64(i)), q)
			CMPQ(q, last)
			CMOVQGT(last, q)
		}
		return q
	}
	// dw calls f with the address of each vector of the tile.
	dw := func(f func(i, v int, at Mem)) {
		a := args()
		for i := range rows {
			q := clamped(i)
			IMULQ(Mem{Base: a, Disp: wgradLD}, q)
			SHLQ(U8(2), q)
			ADDQ(Mem{Base: a, Disp: wgradDW}, q)
			for v := range nv {
				f(i, v, Mem{Base: q, Disp: v * m.bytes()})
			}
		}
	}
	code := func(label string, k *tail) {
		Label("tile" + label)
		dw(func(i, v int, at Mem) { k.load(m, at, v, acc(i, v)) })
		a := args()
		x := make([]reg.GPVirtual, rows)
		for i := range rows {
			x[i] = field(a, wgradRows)
			MOVLQSX(Mem{Base: x[i], Index: clamped(i), Scale: 4}, x[i])
			SHLQ(U8(2), x[i])
			ADDQ(Mem{Base: a, Disp: wgradX}, x[i])
		}
		dy, xoff, yoff := field(a, wgradDY), field(a, wgradXOff), field(a, wgradYOff)
		p, xo, yo := GP64(), GP64(), GP64()
		XORQ(p, p)
		Label("pixel" + label)
		MOVLQSX(Mem{Base: yoff, Index: p, Scale: 4}, yo)
		MOVLQSX(Mem{Base: xoff, Index: p, Scale: 4}, xo)
		for v := range nv {
			k.load(m, Mem{Base: dy, Index: yo, Scale: 4, Disp: v * m.bytes()}, v, spare(v))
		}
		for i := range rows {
			if broadcast {
				b := spare(nv + i%nspare)
				VBROADCASTSS(Mem{Base: x[i], Index: xo, Scale: 4}, b)
				for v := range nv {
					VFMADD231PS(b, spare(v), acc(i, v))
				}
				continue
			}
			for v := range nv {
				from := Mem{Base: x[i], Index: xo, Scale: 4, Disp: v * m.bytes()}
				if k == nil {
					VFMADD231PS(from, spare(v), acc(i, v))
					continue
				}
				b := spare(nv + (i*nv+v)%nspare)
				k.load(m, from, v, b)
				VFMADD231PS(b, spare(v), acc(i, v))
			}
		}
		ADDQ(Imm(1), p)
		CMPQ(p, pixels)
		JLT(LabelRef("pixel" + label))
		dw(func(i, v int, at Mem) { k.store(m, acc(i, v), v, at, spare(0)) })
		MOVQ(row, p)
		ADDQ(Imm(uint64(rows)), p)
		MOVQ(p, row)
		CMPQ(p, last)
		JLE(LabelRef("tile" + label))
		JMP(LabelRef("done"))
	}
	CMPQ(Mem{Base: args(), Disp: wgradCols}, Imm(uint64(nv*m.lanes)))
	JLT(LabelRef("tile_tail"))
	code("", nil)
	code("_tail", mask)
	Label("done")
	VZEROUPPER()
	RET()
}
