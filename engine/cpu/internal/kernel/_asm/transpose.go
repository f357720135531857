package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose writes the inner loop of Set.PackTranspose, for both levels: the eights of a wider vector would not fill a panel.
func transpose(m *isa) {
	m.function("transpose8", "transpose8AVX2 is dst[o·nr+i] = src[i·ld+o] for i < 8, o < 8·n.", "func(dst, src *float32, ld, nr, n int)")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	ld, nr, n := Load(Param("ld"), GP64()), Load(Param("nr"), GP64()), Load(Param("n"), GP64())
	SHLQ(Imm(2), ld)
	SHLQ(Imm(2), nr)
	ld3, half := GP64(), GP64()
	LEAQ(Mem{Base: ld, Index: ld, Scale: 2}, ld3)
	LEAQ(Mem{Base: src, Index: ld, Scale: 4}, half)

	var r, t [8]reg.VecPhysical
	for i := range r {
		r[i], t[i] = m.v(i), m.v(8+i)
	}
	Label("block")
	for i, base := range []reg.Register{src, half} {
		VMOVUPS(Mem{Base: base}, r[4*i])
		VMOVUPS(Mem{Base: base, Index: ld, Scale: 1}, r[4*i+1])
		VMOVUPS(Mem{Base: base, Index: ld, Scale: 2}, r[4*i+2])
		VMOVUPS(Mem{Base: base, Index: ld3, Scale: 1}, r[4*i+3])
	}
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), t[i+2], t[i], r[i])
		VSHUFPS(Imm(0xee), t[i+2], t[i], r[i+1])
		VSHUFPS(Imm(0x44), t[i+3], t[i+1], r[i+2])
		VSHUFPS(Imm(0xee), t[i+3], t[i+1], r[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), r[i+4], r[i], t[i])
		VPERM2F128(Imm(0x31), r[i+4], r[i], t[i+4])
	}
	for _, v := range t {
		VMOVUPS(v, Mem{Base: dst})
		ADDQ(nr, dst)
	}
	ADDQ(Imm(32), src)
	ADDQ(Imm(32), half)
	SUBQ(Imm(1), n)
	JNE(LabelRef("block"))
	VZEROUPPER()
	RET()
}
