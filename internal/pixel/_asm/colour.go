package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// colours writes pixel.Level.RGB for a multiple of 16 pixels, one chroma sample for each or for two. With all factors taken modulo
// 65536, which the whole parts make good, products fit the 16 bits of pairs:
//
//	R = Y +  r + (257·Y + 26345·r)             >> 16
//	G = Y -  r + (257·Y + 18734·r - 22554·b)   >> 16
//	B = Y + 2b + (257·Y - 14942·b)             >> 16
func colours(name string, per int) {
	TEXT(name, NOSPLIT, "func(dst, luma, cb, cr *byte, pixels int)")
	Pragma("noescape")
	Doc(name + " is Level.RGB for a multiple of 16 pixels.")
	dst, luma := Load(Param("dst"), GP64()), Load(Param("luma"), GP64())
	cb, cr := Load(Param("cb"), GP64()), Load(Param("cr"), GP64())
	n := Load(Param("pixels"), GP64())

	Y, b, r := y[0], y[1], y[2]
	red, green, blue := y[3], y[4], y[5]
	lr, hr, lb, hb, t := y[6], y[7], y[8], y[9], y[10] // pairs of Y and r, of Y and b
	middle, inRed, inGreen, byBlue, inBlue := y[11], y[12], y[13], y[14], y[15]
	VMOVDQU(words(128), middle)
	VMOVDQU(words(257, 26345), inRed)
	VMOVDQU(words(257, 18734), inGreen)
	VMOVDQU(words(0, -22554), byBlue)
	VMOVDQU(words(257, -14942), inBlue)
	Label("loop")
	VPMOVZXBW(Mem{Base: luma}, Y)
	if per == 1 {
		VPMOVZXBW(Mem{Base: cb}, b)
		VPMOVZXBW(Mem{Base: cr}, r)
	} else {
		for _, c := range []struct{ from, to int }{{0, 1}, {1, 2}} {
			from := []Mem{{Base: cb}, {Base: cr}}[c.from]
			VMOVQ(from, x[c.to])
			VPUNPCKLBW(x[c.to], x[c.to], x[c.to])
			VPMOVZXBW(x[c.to], y[c.to])
		}
	}
	VPSUBW(middle, b, b)
	VPSUBW(middle, r, r)
	VPUNPCKLWD(r, Y, lr)
	VPUNPCKHWD(r, Y, hr)
	VPUNPCKLWD(b, Y, lb)
	VPUNPCKHWD(b, Y, hb)

	VPMADDWD(inRed, lr, red)
	VPMADDWD(inRed, hr, t)
	VPSRAD(U8(16), red, red)
	VPSRAD(U8(16), t, t)
	VPACKSSDW(t, red, red)

	VPMADDWD(inGreen, lr, lr)
	VPMADDWD(inGreen, hr, hr)
	VPMADDWD(byBlue, lb, green)
	VPMADDWD(byBlue, hb, t)
	VPADDD(lr, green, green)
	VPADDD(hr, t, t)
	VPSRAD(U8(16), green, green)
	VPSRAD(U8(16), t, t)
	VPACKSSDW(t, green, green)

	VPMADDWD(inBlue, lb, lb)
	VPMADDWD(inBlue, hb, hb)
	VPSRAD(U8(16), lb, lb)
	VPSRAD(U8(16), hb, hb)
	VPACKSSDW(hb, lb, blue)

	VPADDW(Y, red, red)
	VPADDW(r, red, red)
	VPADDW(Y, green, green)
	VPSUBW(r, green, green)
	VPADDW(Y, blue, blue)
	VPADDW(b, blue, blue)
	VPADDW(b, blue, blue)

	// Each half has eight pixels: eight bytes of red and eight of green in one register, of blue in another.
	VPACKUSWB(green, red, red)
	VPACKUSWB(blue, blue, blue)
	VPSHUFB(shuffle(0, 8, none, 1, 9, none, 2, 10, none, 3, 11, none, 4, 12, none, 5), red, t)
	VPSHUFB(shuffle(none, none, 0, none, none, 1, none, none, 2, none, none, 3, none, none, 4, none), blue, lb)
	VPOR(lb, t, t)
	VPSHUFB(shuffle(13, none, 6, 14, none, 7, 15, none, none, none, none, none, none, none, none, none), red, red)
	VPSHUFB(shuffle(none, 5, none, none, 6, none, none, 7, none, none, none, none, none, none, none, none), blue, blue)
	VPOR(blue, red, red)
	VMOVDQU(t.AsX(), Mem{Base: dst})
	VMOVQ(red.AsX(), Mem{Base: dst, Disp: 16})
	VEXTRACTI128(U8(1), t, Mem{Base: dst, Disp: 24})
	VEXTRACTI128(U8(1), red, red.AsX())
	VMOVQ(red.AsX(), Mem{Base: dst, Disp: 40})
	ADDQ(U8(48), dst)
	ADDQ(U8(16), luma)
	ADDQ(U8(16/per), cb)
	ADDQ(U8(16/per), cr)
	SUBQ(U8(16), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
