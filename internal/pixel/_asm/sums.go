package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sums writes pixel.Level.Sums: of each byte of 48, in three parts, which any number of channels divides.
func sums() {
	TEXT("sumsAVX2", NOSPLIT, "func(to *uint32, src *byte, blocks int)")
	Pragma("noescape")
	Doc("sumsAVX2 adds up each byte of blocks of 48 and its square: for each 16 bytes, the sums of bytes 0 to 3 and 8 to 11, of the others, and the",
		"squares of both.")
	to, src, n := Load(Param("to"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
	all, left, right, zero := y[12], y[13], y[14], y[15]
	for _, r := range append(y[:12:12], zero) {
		VPXOR(r, r, r)
	}
	Label("block")
	for part := range 3 {
		sum := y[4*part:]
		VPMOVZXBW(Mem{Base: src, Disp: 16 * part}, all)
		VPUNPCKLWD(zero, all, left)
		VPUNPCKHWD(zero, all, right)
		VPADDD(left, sum[0], sum[0])
		VPADDD(right, sum[1], sum[1])
		VPMADDWD(left, left, left)
		VPMADDWD(right, right, right)
		VPADDD(left, sum[2], sum[2])
		VPADDD(right, sum[3], sum[3])
	}
	ADDQ(U8(48), src)
	DECQ(n)
	JNZ(LabelRef("block"))
	for i, r := range y[:12] {
		VMOVDQU(r, Mem{Base: to, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}
