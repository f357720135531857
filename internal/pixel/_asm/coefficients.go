package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lookUp is how many bits the tables are looked up by.
const lookUp = 10

var unzig = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// coefficients writes pixel.Level.Coefficients.
func coefficients() {
	TEXT("coefficientsAVX2", NOSPLIT, "func(b *int32, data *byte, limit, pos int, acc uint64, n uint, whole *uint32, codes *uint16, zig int) (posAfter int, accAfter uint64, nAfter uint, zigAfter int)")
	Pragma("noescape")
	Doc("coefficientsAVX2 is Level.Coefficients; limit is the last place of which eight bytes can be read.")
	b, data, limit := Load(Param("b"), GP64()), Load(Param("data"), GP64()), Load(Param("limit"), GP64())
	pos, acc, n := Load(Param("pos"), GP64()), Load(Param("acc"), GP64()), Load(Param("n"), GP64())
	whole, codes, zig := Load(Param("whole"), GP64()), Load(Param("codes"), GP64()), Load(Param("zig"), GP64())
	order := GP64()
	LEAQ(constant(unzig[:]), order)
	DECQ(zig) // from here on the last place, not the next
	at, e, t, place := GP64(), GP64(), GP64(), GP64()
	consume := func(by reg.GPVirtual) { // of which the low 6 bits count; by is used up
		SHLXQ(by, acc, acc)
		MOVBLZX(by.As8(), by.As32())
		SUBQ(by, n)
	}
	store := func(v reg.GPVirtual) {
		MOVBLZX(Mem{Base: order, Index: zig, Scale: 1}, place.As32())
		MOVL(v.As32(), Mem{Base: b, Index: place, Scale: 4})
	}
	hit := func() { // what stands in e is consumed and stored
		MOVQ(e, t)
		consume(t)
		SARL(U8(16), e.As32())
		store(e)
	}

	Label("fill")
	CMPQ(pos, limit)
	JGT(LabelRef("behind"))
	MOVQ(Mem{Base: data, Index: pos, Scale: 1}, t)
	BSWAPQ(t)
	SHRXQ(n, t, t)
	ORQ(t, acc)
	Label("behind")
	MOVQ(n, t)
	XORQ(U8(63), t)
	SHRQ(U8(3), t)
	ADDQ(t, pos)
	ORQ(U8(56), n)

	for range 3 { // a code and its bits are 31 bits at most, and those that the table has whole are lookUp: any third comes out of one filling
		MOVQ(acc, at)
		SHRQ(U8(64-lookUp), at)
		MOVL(Mem{Base: whole, Index: at, Scale: 4}, e.As32())
		TESTL(e.As32(), e.As32())
		JZ(LabelRef("code"))
		MOVL(e.As32(), t.As32())
		SHRL(U8(8), t.As32())
		MOVBLZX(t.As8(), t.As32())
		LEAQ(Mem{Base: zig, Index: t, Scale: 1, Disp: 1}, zig)
		CMPQ(zig, U8(63))
		JGE(LabelRef("last"))
		hit()
	}
	JMP(LabelRef("fill"))

	Label("code") // without all of its bits
	MOVWLZX(Mem{Base: codes, Index: at, Scale: 2}, e.As32())
	MOVL(e.As32(), t.As32())
	SHRL(U8(8), t.As32())
	ANDL(U8(15), t.As32())
	JZ(LabelRef("stuck")) // no code, or one of its own
	size := at
	MOVL(t.As32(), size.As32())
	MOVL(e.As32(), t.As32())
	SHRL(U8(12), t.As32())
	LEAQ(Mem{Base: zig, Index: t, Scale: 1, Disp: 1}, zig)
	consume(e)
	CMPQ(zig, U8(63))
	JGT(LabelRef("end"))
	MOVQ(size, t)
	NEGQ(t)
	SHRXQ(t, acc, t) // the bits
	MOVQ(acc, e)
	NOTQ(e)
	SARQ(U8(63), e) // ones for a negative number
	MOVQ(I32(-1), place)
	SHLXQ(size, place, place)
	INCQ(place)
	ANDQ(e, place)
	ADDL(place.As32(), t.As32())
	store(t)
	consume(size)
	CMPQ(zig, U8(63))
	JLT(LabelRef("fill"))
	JMP(LabelRef("end"))

	Label("last")
	JGT(LabelRef("over"))
	hit()
	JMP(LabelRef("end"))
	Label("over") // the block's end, or too many zeros: the bits behind this code are not read
	MOVWLZX(Mem{Base: codes, Index: at, Scale: 2}, e.As32())
	consume(e)
	Label("end")
	MOVQ(U64(63), zig)
	Label("stuck")
	INCQ(zig)
	for i, v := range []reg.Register{pos, acc, n, zig} {
		Store(v, ReturnIndex(i))
	}
	RET()
}
