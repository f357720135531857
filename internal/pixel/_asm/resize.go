package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A weight of 32 bits is 65536·high + low, each of 16 bits and signed. So a sum of products of bytes by weights is that of the high
// parts, shifted, and of the low parts, modulo 2^32: what the sum of whole products is.
const (
	precision = 22
	half      = 1 << (precision - 1)
)

// rows writes pixel.Taps.Rows of three channels for four rows: inputs 0 and 1 of each four in one half of a register, 2 and 3 in the other.
func rows() {
	TEXT("rowsAVX2", NOSPLIT, "func(dst *byte, out int, src *byte, in int, from *int32, weights *int16, outs, fours int)")
	Pragma("noescape")
	Doc("rowsAVX2 makes four rows of pixels of three channels, out and in bytes apart; of each output the first input stands in from, and",
		"weights has 16 bytes for four inputs: the low parts of all, then the high ones. It reads four bytes beyond the last input.")
	dst, out := Load(Param("dst"), GP64()), Load(Param("out"), GP64())
	src, in := Load(Param("src"), GP64()), Load(Param("in"), GP64())
	from, w := Load(Param("from"), GP64()), Load(Param("weights"), GP64())
	outs, fours := Load(Param("outs"), GP64()), Load(Param("fours"), GP64())
	in3, out3 := GP64(), GP64()
	LEAQ(Mem{Base: in, Index: in, Scale: 2}, in3)
	LEAQ(Mem{Base: out, Index: out, Scale: 2}, out3)
	low, high := y[0:4], y[4:8]
	lowW, highW, px, t := y[8], y[9], y[10], y[11]
	pairs, lows, highs, round := y[12], y[13], y[14], y[15]
	VMOVDQU(constant([]byte{0, none, 3, none, 1, none, 4, none, 2, none, 5, none, none, none, none, none,
		6, none, 9, none, 7, none, 10, none, 8, none, 11, none, none, none, none, none}), pairs)
	VMOVDQU(constant([]byte{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7}), lows)
	VMOVDQU(constant([]byte{8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15}), highs)
	VMOVDQU(longs(half), round)
	p, n := GP64(), GP64()
	Label("out")
	MOVLQSX(Mem{Base: from}, p)
	LEAQ(Mem{Base: p, Index: p, Scale: 2}, p)
	ADDQ(src, p)
	MOVQ(fours, n)
	four := func(first bool) {
		VBROADCASTI128(Mem{Base: w}, lowW)
		VPSHUFB(highs, lowW, highW)
		VPSHUFB(lows, lowW, lowW)
		for r, at := range []Mem{{Base: p}, {Base: p, Index: in, Scale: 1}, {Base: p, Index: in, Scale: 2}, {Base: p, Index: in3, Scale: 1}} {
			VBROADCASTI128(at, px)
			VPSHUFB(pairs, px, px)
			if first {
				VPMADDWD(lowW, px, low[r])
				VPMADDWD(highW, px, high[r])
				continue
			}
			VPMADDWD(lowW, px, t)
			VPMADDWD(highW, px, px)
			VPADDD(t, low[r], low[r])
			VPADDD(px, high[r], high[r])
		}
		ADDQ(U8(12), p)
		ADDQ(U8(16), w)
		DECQ(n)
	}
	four(true)
	JZ(LabelRef("sums"))
	Label("four")
	four(false)
	JNZ(LabelRef("four"))
	Label("sums")
	for r := range 4 {
		VPSLLD(U8(16), high[r], high[r])
		VPADDD(high[r], low[r], low[r])
	}
	for r := 0; r < 4; r += 2 { // two rows in one register
		VPERM2I128(U8(0x20), low[r+1], low[r], high[r])
		VPERM2I128(U8(0x31), low[r+1], low[r], low[r])
		VPADDD(high[r], low[r], low[r])
		VPADDD(round, low[r], low[r])
		VPSRAD(U8(precision), low[r], low[r])
	}
	VPACKSSDW(low[2], low[0], low[0])
	VPACKUSWB(low[0], low[0], low[0])
	VEXTRACTI128(U8(1), low[0], high[0].AsX())
	results := [4]struct {
		of reg.VecPhysical
		at uint8
		to Mem
	}{{low[0].AsX().(reg.VecPhysical), 0, Mem{Base: dst}}, {high[0].AsX().(reg.VecPhysical), 0, Mem{Base: dst, Index: out, Scale: 1}},
		{low[0].AsX().(reg.VecPhysical), 1, Mem{Base: dst, Index: out, Scale: 2}}, {high[0].AsX().(reg.VecPhysical), 1, Mem{Base: dst, Index: out3, Scale: 1}}}
	DECQ(outs)
	JZ(LabelRef("last"))
	for _, r := range results { // a byte beyond, which the next output makes good
		VPEXTRD(U8(r.at), r.of, r.to)
	}
	ADDQ(U8(3), dst)
	ADDQ(U8(4), from)
	JMP(LabelRef("out"))
	Label("last")
	v := GP32()
	for _, r := range results {
		VPEXTRD(U8(r.at), r.of, v)
		MOVW(v.As16(), r.to)
		SHRL(U8(16), v)
		MOVB(v.As8(), r.to.Offset(2))
	}
	VZEROUPPER()
	RET()
}

// columns writes one row of pixel.Taps.Columns.
func columns() {
	TEXT("columnsAVX2", NOSPLIT, "func(dst, src *byte, stride, n int, weights *int16, pairs int)")
	Pragma("noescape")
	Doc("columnsAVX2 makes n bytes of a row, a multiple of 16, of pairs of rows stride apart; weights has 8 bytes for a pair: the low",
		"parts of both, then the high ones.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, n := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	weights, pairs := Load(Param("weights"), GP64()), Load(Param("pairs"), GP64())
	left, right, highLeft, highRight := y[0], y[1], y[2], y[3]
	a, b, l, r := y[4], y[5], y[6], y[7]
	t, t2, t3, t4 := y[8], y[9], y[10], y[11]
	low, high, round := y[12], y[13], y[15]
	VMOVDQU(longs(half), round)
	p, w, k := GP64(), GP64(), GP64()
	Label("block")
	MOVQ(src, p)
	MOVQ(weights, w)
	MOVQ(pairs, k)
	pair := func(first bool) {
		VPMOVZXBW(Mem{Base: p}, a)
		VPMOVZXBW(Mem{Base: p, Index: stride, Scale: 1}, b)
		VPBROADCASTD(Mem{Base: w}, low)
		VPBROADCASTD(Mem{Base: w, Disp: 4}, high)
		VPUNPCKLWD(b, a, l)
		VPUNPCKHWD(b, a, r)
		if first {
			VPMADDWD(low, l, left)
			VPMADDWD(low, r, right)
			VPMADDWD(high, l, highLeft)
			VPMADDWD(high, r, highRight)
		} else {
			VPMADDWD(low, l, t)
			VPMADDWD(low, r, t2)
			VPMADDWD(high, l, t3)
			VPMADDWD(high, r, t4)
			VPADDD(t, left, left)
			VPADDD(t2, right, right)
			VPADDD(t3, highLeft, highLeft)
			VPADDD(t4, highRight, highRight)
		}
		LEAQ(Mem{Base: p, Index: stride, Scale: 2}, p)
		ADDQ(U8(8), w)
		DECQ(k)
	}
	pair(true)
	JZ(LabelRef("sums"))
	Label("pair")
	pair(false)
	JNZ(LabelRef("pair"))
	Label("sums")
	VPADDD(round, left, left)
	VPADDD(round, right, right)
	VPSLLD(U8(16), highLeft, highLeft)
	VPSLLD(U8(16), highRight, highRight)
	VPADDD(highLeft, left, left)
	VPADDD(highRight, right, right)
	VPSRAD(U8(precision), left, left)
	VPSRAD(U8(precision), right, right)
	VPACKSSDW(right, left, left)
	VPACKUSWB(left, left, left)
	VPERMQ(U8(0x08), left, left)
	VMOVDQU(left.AsX(), Mem{Base: dst})
	ADDQ(U8(16), src)
	ADDQ(U8(16), dst)
	SUBQ(U8(16), n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
