package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is what a level's registers can do. Vector registers are assigned by hand (v), the general ones by avo.
type isa struct {
	suffix string
	lanes  int // float32 in a vector
	regs   int
	avx512 bool
	masks  Mem // AVX2: 16 words of ones, then 16 of zeros
	consts *constants
	order  Mem // of Philox's counters, random.go
}

func (m *isa) bytes() int { return 4 * m.lanes }

func (m *isa) v(i int) reg.VecPhysical {
	y := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
		reg.Y16, reg.Y17, reg.Y18, reg.Y19, reg.Y20, reg.Y21, reg.Y22, reg.Y23, reg.Y24, reg.Y25, reg.Y26, reg.Y27, reg.Y28, reg.Y29, reg.Y30, reg.Y31}
	if m.avx512 {
		return y[i].AsZ().(reg.VecPhysical)
	}
	return y[:m.regs][i]
}

// function opens TEXT name+suffix with one argument, the address of a struct whose fields are read at fixed offsets.
func (m *isa) function(name, doc, signature string) {
	TEXT(name+m.suffix, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

func (m *isa) zero(r reg.VecPhysical) {
	if m.avx512 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// tail is the mask of the last columns, fewer than a full block of nv vectors: in opmask registers, or on the stack. A nil
// tail means that all columns are there, firstAlone that those of the first vector are and no other (AVX2's masked stores take
// a dozen cycles, and 8 or 24 channels are common).
type tail struct {
	m    *isa
	slot Mem // AVX2
}

var firstAlone = &tail{}

var opmasks = []reg.Register{reg.K1, reg.K2, reg.K3}

// newTail reserves the place of a tail of nv vectors.
func (m *isa) newTail(nv int) *tail {
	t := &tail{m: m}
	if !m.avx512 {
		t.slot = AllocLocal(nv * m.bytes())
	}
	return t
}

// set makes the mask of the given count of columns, 0 to nv·lanes. It uses the vector register scratch.
func (t *tail) set(cols reg.Register, nv int, scratch reg.VecPhysical) {
	if t.m.avx512 {
		ones := GP64()
		MOVQ(I32(-1), ones)
		BZHIQ(cols, ones, ones)
		for v := range nv {
			if v > 0 {
				SHRQ(U8(16), ones)
			}
			KMOVW(ones.As32(), opmasks[v])
		}
		return
	}
	p, back := GP64(), GP64()
	LEAQ(t.m.masks.Offset(64), p)
	MOVQ(cols, back)
	SHLQ(U8(2), back)
	SUBQ(back, p)
	for v := range nv {
		VMOVUPS(Mem{Base: p, Disp: v * 32}, scratch)
		VMOVUPS(scratch, t.slot.Offset(v*32))
	}
}

// load reads vector v of a block, zeros where the tail ends.
func (t *tail) load(m *isa, from Mem, v int, to reg.VecPhysical) {
	switch {
	case t == firstAlone && v > 0:
		m.zero(to)
	case t == nil || t == firstAlone:
		VMOVUPS(from, to)
	case m.avx512:
		VMOVUPS_Z(from, opmasks[v], to)
	default:
		VMOVUPS(t.slot.Offset(v*32), to)
		VMASKMOVPS(from, to, to)
	}
}

// store writes vector v of a block, nothing beyond the tail; scratch holds AVX2's mask.
func (t *tail) store(m *isa, from reg.VecPhysical, v int, to Mem, scratch reg.VecPhysical) {
	switch {
	case t == firstAlone && v > 0:
	case t == nil || t == firstAlone:
		VMOVUPS(from, to)
	case m.avx512:
		VMOVUPS(from, opmasks[v], to)
	default:
		VMOVUPS(t.slot.Offset(v*32), scratch)
		VMASKMOVPS(from, scratch, to)
	}
}

// loadHalf reads the second vector of a block of one and a half into half 0 or 1 of a register, half 0 first; scratch is used by the other.
func (t *tail) loadHalf(from Mem, to reg.VecPhysical, half int, scratch reg.VecPhysical) {
	switch {
	case t == firstAlone && half == 0:
		VXORPS(to, to, to)
	case t == firstAlone:
	case t == nil && half == 0:
		VMOVUPS(from, to.AsX())
	case t == nil:
		VINSERTF128(Imm(1), from, to, to)
	case half == 0:
		VMOVUPS(t.slot.Offset(32), to.AsX())
		VMASKMOVPS(from, to.AsX(), to.AsX())
	default:
		t.loadHalf(from, scratch, 0, scratch)
		VINSERTF128(Imm(1), scratch.AsX(), to, to)
	}
}

// storeHalf writes half 0 or 1 of a register.
func (t *tail) storeHalf(from reg.VecPhysical, half int, to Mem, mask, scratch reg.VecPhysical) {
	if t == firstAlone {
		return
	}
	if t == nil && half == 1 {
		VEXTRACTF128(Imm(1), from, to)
		return
	}
	if half == 1 {
		VEXTRACTF128(Imm(1), from, scratch.AsX())
		from = scratch
	}
	if t == nil {
		VMOVUPS(from.AsX(), to)
		return
	}
	VMOVUPS(t.slot.Offset(32), mask.AsX())
	VMASKMOVPS(from.AsX(), mask.AsX(), to)
}

// keepPositive is g = y > 0 ? g : 0; it destroys y.
func (m *isa) keepPositive(g, y, zero reg.VecPhysical) {
	if m.avx512 {
		VCMPPS(Imm(1), y, zero, reg.K4) // 0 < y
		VMOVAPS_Z(g, reg.K4, g)
		return
	}
	VCMPPS(Imm(1), y, zero, y)
	VANDPS(y, g, g)
}

// blend is to = cond > 0 ? a : to; it destroys cond.
func (m *isa) blend(cond, zero, a, to reg.VecPhysical) {
	if m.avx512 {
		VCMPPS(Imm(1), cond, zero, reg.K4)
		VBLENDMPS(a, to, reg.K4, to)
		return
	}
	VCMPPS(Imm(1), cond, zero, cond)
	VBLENDVPS(cond, a, to, to)
}

func (m *isa) and(a Op, b, to reg.VecPhysical) {
	if m.avx512 {
		VPANDD(a, b, to)
		return
	}
	VANDPS(a, b, to)
}

func (m *isa) or(a Op, b, to reg.VecPhysical) {
	if m.avx512 {
		VPORD(a, b, to)
		return
	}
	VORPS(a, b, to)
}

func (m *isa) xor(a Op, b, to reg.VecPhysical) {
	if m.avx512 {
		VPXORD(a, b, to)
		return
	}
	VXORPS(a, b, to)
}

// maskTable is what AVX2's tails are cut from.
func maskTable() Mem {
	t := GLOBL("tailmask", RODATA|NOPTR)
	for i := range 32 {
		v := uint32(0)
		if i < 16 {
			v = math.MaxUint32
		}
		DATA(4*i, U32(v))
	}
	return t
}

// constants are words repeated over a vector, to be read as memory operands.
type constants struct{ made map[uint32]Mem }

// declare makes the words; avo cannot do so within a function.
func declare(words ...uint32) *constants {
	c := &constants{made: map[uint32]Mem{}}
	for _, w := range words {
		if _, twice := c.made[w]; twice {
			continue
		}
		c.made[w] = GLOBL(fmt.Sprintf("word%08x", w), RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(w))
		}
	}
	return c
}

func (c *constants) bits(w uint32) Mem {
	at, ok := c.made[w]
	if !ok {
		panic(fmt.Sprintf("constant %#x is not declared", w))
	}
	return at
}

func (c *constants) float(x float64) Mem { return c.bits(math.Float32bits(float32(x))) }

// field reads a word of the argument struct.
func field(a reg.Register, offset int) reg.GPVirtual {
	r := GP64()
	MOVQ(Mem{Base: a, Disp: offset}, r)
	return r
}
