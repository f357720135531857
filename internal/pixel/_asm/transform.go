package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of transform.go, with 60 bits behind the point.
const (
	cos1         = 1130768441178740757
	sin1         = 224923827593068887
	cos3         = 958619196450722178
	sin3         = 640528868967736374
	sqrt2inv     = 815238614083298888
	sqrt2invCos6 = 311978311033955632
	sqrt2invSin6 = 753182269664427492
)

func c(x uint64, bits int) int32 { return int32((x + (1 << (59 - bits))) >> (60 - bits)) }

// transform writes pixel.Level.Transform: the steps of transform.go on eight rows, then on eight columns at once.
func transform() {
	TEXT("transformAVX2", NOSPLIT, "func(dst *byte, stride int, coefficients, quant *int32)")
	Pragma("noescape")
	Doc("transformAVX2 is Level.Transform.")
	dst, stride := Load(Param("dst"), GP64()), Load(Param("stride"), GP64())
	b, q := Load(Param("coefficients"), GP64()), Load(Param("quant"), GP64())
	for i := range 8 {
		VMOVDQU(Mem{Base: b, Disp: 32 * i}, y[i])
		VPMULLD(Mem{Base: q, Disp: 32 * i}, y[i], y[i])
	}
	r := transposed([8]reg.VecPhysical(y[:8]), [8]reg.VecPhysical(y[8:]))
	free := others(r)
	r = pass(r, free, true)
	free = others(r)
	r = transposed(r, [8]reg.VecPhysical(free))
	r = pass(r, others(r), false)
	free = others(r)

	// Eight rows of eight numbers become 64 bytes.
	level, order := free[0], free[1]
	VMOVDQU(words(128), level)
	VMOVDQU(longs(0, 4, 1, 5, 2, 6, 3, 7), order)
	for i := 0; i < 8; i += 2 {
		VPACKSSDW(r[i+1], r[i], r[i])
		VPADDW(level, r[i], r[i])
	}
	for i := 0; i < 8; i += 4 {
		four := r[i]
		VPACKUSWB(r[i+2], four, four)
		VPERMD(four, order, four)
		for half := range 2 {
			if half == 1 {
				VEXTRACTI128(U8(1), four, four.AsX())
			}
			VMOVQ(four.AsX(), Mem{Base: dst})
			VPEXTRQ(U8(1), four.AsX(), Mem{Base: dst, Index: stride, Scale: 1})
			if i+2*half < 6 {
				LEAQ(Mem{Base: dst, Index: stride, Scale: 2}, dst)
			}
		}
	}
	VZEROUPPER()
	RET()
}

// others are the registers that are none of these.
func others(of [8]reg.VecPhysical) []reg.VecPhysical {
	var free []reg.VecPhysical
next:
	for _, r := range y {
		for _, o := range of {
			if r == o {
				continue next
			}
		}
		free = append(free, r)
	}
	return free
}

// transposed turns the rows of an 8x8 matrix into its columns; t is room.
func transposed(r, t [8]reg.VecPhysical) [8]reg.VecPhysical {
	for i := 0; i < 8; i += 2 { // pairs of rows: numbers 0 0 1 1, then 2 2 3 3
		VPUNPCKLDQ(r[i+1], r[i], t[i])
		VPUNPCKHDQ(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 { // fours
		VPUNPCKLQDQ(t[i+2], t[i], r[i])
		VPUNPCKHQDQ(t[i+2], t[i], r[i+1])
		VPUNPCKLQDQ(t[i+3], t[i+1], r[i+2])
		VPUNPCKHQDQ(t[i+3], t[i+1], r[i+3])
	}
	for i := range 4 {
		VPERM2I128(U8(0x20), r[i+4], r[i], t[i])
		VPERM2I128(U8(0x31), r[i+4], r[i], t[i+4])
	}
	return t
}

// pass is idctRows or idctCols of transform.go, of eight at once: r holds the vectors of coefficients 0 to 7 and comes back with those
// of positions 0 to 7.
func pass(r [8]reg.VecPhysical, free []reg.VecPhysical, first bool) [8]reg.VecPhysical {
	x0, x7, x2, x5, x1, x6, x3, x4 := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	spare := free[:]
	take := func() reg.VecPhysical { t := spare[0]; spare = spare[1:]; return t }
	give := func(t reg.VecPhysical) { spare = append(spare, t) }
	butterfly := func(a, b *reg.VecPhysical) { // a, b = a+b, a-b
		t := take()
		VPSUBD(*b, *a, t)
		VPADDD(*b, *a, *a)
		give(*b)
		*b = t
	}
	box := func(a, b *reg.VecPhysical, cos, sin int32) { // a, b = dctBox(a, b, cos, sin)
		t := take()
		VPADDD(*b, *a, t)
		VPMULLD(longs(cos), t, t)
		VPMULLD(longs(sin-cos), *b, *b)
		VPMULLD(longs(cos+sin), *a, *a)
		VPADDD(*b, t, *b) // y0
		VPSUBD(*a, t, *a) // y1
		give(t)
		*a, *b = *b, *a
	}
	left := func(n uint8, of ...reg.VecPhysical) {
		for _, v := range of {
			VPSLLD(U8(n), v, v)
		}
	}
	right := func(n uint8, of ...reg.VecPhysical) {
		for _, v := range of {
			VPSRAD(U8(n), v, v)
		}
	}
	scale := func(by int32, of ...reg.VecPhysical) {
		for _, v := range of {
			VPMULLD(longs(by), v, v)
		}
	}
	if first {
		left(17, x0, x1)
		butterfly(&x0, &x1)
		box(&x2, &x3, c(sqrt2invCos6, 18), -c(sqrt2invSin6, 18))
		butterfly(&x1, &x2)
		butterfly(&x0, &x3)
		left(7, x4, x7)
		butterfly(&x7, &x4)
		scale(c(sqrt2inv, 8), x6, x5)
		butterfly(&x7, &x5)
		butterfly(&x4, &x6)
		right(2, x4, x7, x5, x6)
	} else {
		VPADDD(longs(1<<19), x0, x0)
		butterfly(&x0, &x1)
		right(2, x0, x1)
		right(13, x2, x3)
		box(&x2, &x3, c(sqrt2invCos6, 12), -c(sqrt2invSin6, 12))
		butterfly(&x1, &x2)
		butterfly(&x0, &x3)
		butterfly(&x7, &x4)
		right(13, x5, x6)
		scale(c(sqrt2inv, 14), x5, x6)
		butterfly(&x7, &x5)
		butterfly(&x4, &x6)
		right(14, x4, x7, x5, x6)
	}
	box(&x4, &x7, c(cos3, 12), -c(sin3, 12))
	box(&x5, &x6, c(cos1, 12), -c(sin1, 12))
	butterfly(&x0, &x7)
	butterfly(&x1, &x6)
	butterfly(&x2, &x5)
	butterfly(&x3, &x4)
	out := [8]reg.VecPhysical{x0, x1, x2, x3, x4, x5, x6, x7}
	if !first {
		right(18, out[:]...)
	}
	return out
}
