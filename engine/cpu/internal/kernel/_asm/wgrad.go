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

// wgrad keeps rows by nv vectors of dw in registers over all pixels. It takes rows in runs of the given length: one pointer a run,
// which lets a tile have more rows than there are registers for pointers. A last tile with fewer rows repeats its last run of rows:
// it starts from dw, so what is stored twice has the same bits.
func wgrad(m *isa, rows, nv, run int) {
	name := fmt.Sprintf("wgrad%dx%d", rows, nv*m.lanes)
	m.function(name, fmt.Sprintf("%s%s is WgradTile.Run for %d rows by %d columns; a is a *WgradArgs.", name, m.suffix, rows, nv*m.lanes), "func(a *byte)")
	acc := func(i, v int) reg.VecPhysical { return m.v(i*nv + v) }
	spare := func(i int) reg.VecPhysical { return m.v(rows*nv + i) }
	nspare := min(m.regs-(rows+1)*nv, 4)
	row, last, left, pixels := AllocLocal(8), AllocLocal(8), AllocLocal(8), AllocLocal(8) // left: last - row
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

	// fullOrShort writes code for a tile of all rows, and for the last one where rows are missing.
	fullOrShort := func(label string, code func(short bool)) {
		CMPQ(left, Imm(uint64(rows-1)))
		JLT(LabelRef(label + "_short"))
		code(false)
		JMP(LabelRef(label + "_end"))
		Label(label + "_short")
		code(true)
		Label(label + "_end")
	}
	// dw calls f with the address of each vector of the tile.
	dw := func(label string, f func(i, v int, at Mem)) {
		at, ld := GP64(), field(args(), wgradLD)
		SHLQ(U8(2), ld)
		MOVQ(row, at)
		IMULQ(ld, at)
		ADDQ(Mem{Base: args(), Disp: wgradDW}, at)
		fullOrShort(label, func(short bool) {
			for i := range rows {
				switch {
				case i > 0 && i%run == 0 && short: // the next run, or the same again
					step := GP64()
					XORQ(step, step)
					for range run - 1 {
						SUBQ(ld, step)
					}
					CMPQ(left, Imm(uint64(i)))
					CMOVQGE(ld, step)
					ADDQ(step, at)
				case i > 0:
					ADDQ(ld, at)
				}
				for v := range nv {
					f(i, v, Mem{Base: at, Disp: v * m.bytes()})
				}
			}
		})
	}
	code := func(label string, k *tail) {
		Label("tile" + label)
		p := GP64()
		MOVQ(last, p)
		SUBQ(row, p)
		MOVQ(p, left)
		dw("load"+label, func(i, v int, at Mem) { k.load(m, at, v, acc(i, v)) })
		a := args()
		x := make([]reg.GPVirtual, rows/run)
		for i := range x {
			x[i] = GP64().(reg.GPVirtual)
		}
		at, base := field(a, wgradRows), field(a, wgradX)
		MOVQ(row, p)
		LEAQ(Mem{Base: at, Index: p, Scale: 4}, at)
		fullOrShort("rows"+label, func(short bool) {
			for i, x := range x {
				if short {
					most := GP64()
					MOVQ(left, most)
					SUBQ(Imm(uint64(run-1)), most)
					MOVQ(U32(uint32(i*run)), x)
					CMPQ(x, most)
					CMOVQGT(most, x)
					MOVLQSX(Mem{Base: at, Index: x, Scale: 4}, x)
				} else {
					MOVLQSX(Mem{Base: at, Disp: 4 * i * run}, x)
				}
				LEAQ(Mem{Base: base, Index: x, Scale: 4}, x)
			}
		})
		dy, xoff, yoff := field(a, wgradDY), field(a, wgradXOff), field(a, wgradYOff)
		xo, yo := GP64(), GP64()
		XORQ(p, p)
		Label("pixel" + label)
		MOVLQSX(Mem{Base: yoff, Index: p, Scale: 4}, yo)
		MOVLQSX(Mem{Base: xoff, Index: p, Scale: 4}, xo)
		for v := range nv {
			k.load(m, Mem{Base: dy, Index: yo, Scale: 4, Disp: v * m.bytes()}, v, spare(v))
			if run == 1 && nv == 2 { // the next columns of a matrix that is read as it lies
				PREFETCHT0(Mem{Base: dy, Index: yo, Scale: 4, Disp: (nv + v) * m.bytes()})
			}
		}
		for i := range rows {
			if nv == 1 && m.avx512 {
				VFMADD231PS_BCST(Mem{Base: x[i/run], Index: xo, Scale: 4, Disp: 4 * (i % run)}, spare(0), acc(i, 0))
				continue
			}
			b := spare(nv + i%nspare)
			VBROADCASTSS(Mem{Base: x[i/run], Index: xo, Scale: 4, Disp: 4 * (i % run)}, b)
			for v := range nv {
				VFMADD231PS(b, spare(v), acc(i, v))
			}
		}
		ADDQ(Imm(1), p)
		CMPQ(p, pixels)
		JLT(LabelRef("pixel" + label))
		dw("store"+label, func(i, v int, at Mem) { k.store(m, acc(i, v), v, at, spare(0)) })
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
