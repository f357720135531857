package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fine is how many bits of a place weigh neighbours; places, how many stand behind the point.
const (
	fine   = 11
	places = 32
)

// bilinear writes pixel.Level.Bilinear of three channels, two pixels at a time, one in each half of the registers.
func bilinear() {
	TEXT("bilinearAVX2", NOSPLIT, "func(dst, src *byte, stride int, x, y, dx, dy int64, pairs int)")
	Pragma("noescape")
	Doc("bilinearAVX2 makes two pixels of three channels for each of pairs. It reads two bytes beyond the four pixels of each.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, pairs := Load(Param("stride"), GP64()), Load(Param("pairs"), GP64())
	px, py := Load(Param("x"), GP64()), Load(Param("y"), GP64())
	dx, dy := Load(Param("dx"), GP64()), Load(Param("dy"), GP64())
	below := GP64()
	LEAQ(Mem{Base: src, Index: stride, Scale: 1}, below)
	upper, lower, wx, wy, t := y[0], y[1], y[2], y[3], y[4]
	inUpper, inLower, whole, round, spread, gather := y[9], y[10], y[11], y[12], y[13], y[14]
	VMOVDQU(shuffle(0, none, 3, none, 1, none, 4, none, 2, none, 5, none, none, none, none, none), inUpper)
	VMOVDQU(shuffle(8, none, 11, none, 9, none, 12, none, 10, none, 13, none, none, none, none, none), inLower)
	VMOVDQU(longs(1<<fine), whole)
	VMOVDQU(longs(1<<(2*fine-1)), round)
	VMOVDQU(longs(0, 0, 0, 0, 1, 1, 1, 1), spread)
	VMOVDQU(constant([]byte{0, 4, 8, none, none, none, none, none, none, none, none, none, none, none, none, none,
		none, none, none, 0, 4, 8, none, none, none, none, none, none, none, none, none, none}), gather)
	Label("pair")
	var fx, fy [2]reg.GPVirtual
	for i := range 2 {
		at, col := GP64(), GP64()
		MOVQ(py, at)
		SARQ(U8(places), at)
		IMULQ(stride, at)
		MOVQ(px, col)
		SARQ(U8(places), col)
		LEAQ(Mem{Base: col, Index: col, Scale: 2}, col)
		ADDQ(col, at)
		VMOVQ(Mem{Base: src, Index: at, Scale: 1}, x[5+i])
		VPINSRQ(U8(1), Mem{Base: below, Index: at, Scale: 1}, x[5+i], x[5+i])
		fx[i], fy[i] = GP64(), GP64()
		MOVQ(px, fx[i])
		SHRQ(U8(places-fine), fx[i])
		ANDQ(I32(1<<fine-1), fx[i])
		MOVQ(py, fy[i])
		SHRQ(U8(places-fine), fy[i])
		ANDQ(I32(1<<fine-1), fy[i])
		ADDQ(dx, px)
		ADDQ(dy, py)
	}
	for i, f := range [][2]reg.GPVirtual{fx, fy} {
		SHLQ(U8(32), f[1])
		ORQ(f[1], f[0])
		VMOVQ(f[0], x[2+i])
		VPERMD(y[2+i], spread, y[2+i])
	}
	VPSLLD(U8(16), wx, t)
	VPSUBD(wx, whole, wx)
	VPOR(t, wx, wx) // what is left of the whole, and fx
	VINSERTI128(U8(1), x[6], y[5], y[5])
	VPSHUFB(inUpper, y[5], upper)
	VPSHUFB(inLower, y[5], lower)
	VPMADDWD(wx, upper, upper)
	VPMADDWD(wx, lower, lower)
	VPSUBD(upper, lower, lower)
	VPMULLD(wy, lower, lower)
	VPSLLD(U8(fine), upper, upper)
	VPADDD(round, upper, upper)
	VPADDD(lower, upper, upper)
	VPSRLD(U8(2*fine), upper, upper)
	VPSHUFB(gather, upper, upper)
	VEXTRACTI128(U8(1), upper, lower.AsX())
	VPOR(lower.AsX(), upper.AsX(), upper.AsX())
	VMOVD(upper.AsX(), Mem{Base: dst})
	VPEXTRW(U8(2), upper.AsX(), Mem{Base: dst, Disp: 4})
	ADDQ(U8(6), dst)
	DECQ(pairs)
	JNZ(LabelRef("pair"))
	VZEROUPPER()
	RET()
}
