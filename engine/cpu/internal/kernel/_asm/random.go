package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.draws; a test compares them.
const drawsTo, drawsRounds, drawsCounter, drawsStep, drawsKey = 0, 8, 16, 20, 24

// The multipliers and the steps of the key of Philox4x32, and what makes a number in [0,1) of 24 bits.
const (
	philoxM0, philoxM1 = 0xD2511F53, 0xCD9E8D57
	philoxW0, philoxW1 = 0x9E3779B9, 0xBB67AE85
	drawUnit           = 1. / (1 << 24)
)

// randoms writes what random_amd64.go of package kernel says.
func randoms(m *isa) {
	m.uniform()
	m.elements("drop", "is Set.Dropout by a third map of uniform numbers", 3, 4, func(p *elementPass) (func(int), func()) {
		rate, k, x, u := p.scalar(0), p.scalar(1), p.get(), p.get()
		return func(i int) {
			p.load(1, i, x)
			p.load(2, i, u)
			VMULPS(k, x, x)
			if p.avx512 {
				VCMPPS(Imm(2), u, rate, reg.K4) // rate ≤ u
				VMOVAPS_Z(x, reg.K4, x)
			} else {
				VCMPPS(Imm(2), u, rate, u)
				VANDPS(u, x, x)
			}
			p.store(x, 0, i, u)
		}, nil
	})
	m.elements("rrelu", "is Set.RReLU by a fourth map of uniform numbers", 4, 2, func(p *elementPass) (func(int), func()) {
		low, span, x, g, u, zero := p.scalar(0), p.scalar(1), p.get(), p.get(), p.get(), p.get()
		one := p.get()
		VMOVUPS(p.consts.float(1), one)
		p.zero(zero)
		return func(i int) {
			p.load(1, i, x)
			p.load(2, i, g)
			p.load(3, i, u)
			VMULPS(span, u, u)
			VADDPS(low, u, u)
			VDIVPS(u, one, u)
			VMULPS(u, g, u)
			p.blend(x, zero, g, u)
			p.store(u, 0, i, x)
		}, nil
	})
}

// philoxChains is how many vectors of counters are under way at once. The four words of a counter lie in the lower halves of
// 64-bit lanes, where the multiplication takes them; what is in the upper halves does not matter.
const philoxChains = 2

func randomWords() []uint32 {
	return []uint32{philoxM0, philoxM1, philoxW0, philoxW1, 4, 8, math.Float32bits(drawUnit)}
}

// counterOrder is what is added to the first counter in each lane: such that the words come out in order.
func counterOrder(name string, lanes int) Mem {
	t := GLOBL(name, RODATA|NOPTR)
	for i := range lanes / 2 {
		DATA(8*i, U64(i/2+i%2*lanes/4))
	}
	return t
}

// uniform writes the numbers of consecutive counters: of lanes/2 in a vector, four words each.
func (m *isa) uniform() {
	m.function("uniform", "uniform"+m.suffix+" writes rounds of 4·2 vectors of uniform numbers; a is a *draws.", "func(a *byte)")
	a := Load(Param("a"), GP64())
	to, rounds := field(a, drawsTo), field(a, drawsRounds)
	r := registers{m: m}
	counter, m0, m1, k0, k1 := r.get(), r.get(), r.get(), r.get(), r.get()
	VPBROADCASTD(Mem{Base: a, Disp: drawsCounter}, counter)
	VPADDD(m.order, counter, counter)
	VMOVUPS(m.consts.bits(philoxM0), m0)
	VMOVUPS(m.consts.bits(philoxM1), m1)
	type state struct{ a, b, c, d reg.VecPhysical }
	var s [philoxChains]state
	for i := range s {
		s[i] = state{r.get(), r.get(), r.get(), r.get()}
	}
	p, q := r.get(), r.get()
	Label("round")
	VPBROADCASTD(Mem{Base: a, Disp: drawsKey}, k0)
	VPBROADCASTD(Mem{Base: a, Disp: drawsKey + 4}, k1)
	for i := range s {
		VMOVAPS(counter, s[i].a)
		VPADDD(m.consts.bits(uint32(m.lanes/2)), counter, counter)
		VPBROADCASTD(Mem{Base: a, Disp: drawsStep}, s[i].b)
		m.zero(s[i].c)
		m.zero(s[i].d)
	}
	for round := range 10 {
		if round > 0 {
			VPADDD(m.consts.bits(philoxW0), k0, k0)
			VPADDD(m.consts.bits(philoxW1), k1, k1)
		}
		for i, was := range s {
			VPMULUDQ(m0, was.a, p)
			VPMULUDQ(m1, was.c, q)
			VPSRLQ(Imm(32), q, was.a)
			m.xor(was.b, was.a, was.a)
			m.xor(k0, was.a, was.a)
			VPSRLQ(Imm(32), p, was.c)
			m.xor(was.d, was.c, was.c)
			m.xor(k1, was.c, was.c)
			s[i] = state{was.a, q, was.c, p} // the lower half of a product is the next word
			p, q = was.b, was.d
		}
	}
	unit := m.consts.float(drawUnit)
	for i, v := range s {
		for _, x := range [2][2]reg.VecPhysical{{v.a, v.b}, {v.c, v.d}} { // two words a lane
			VPSLLQ(Imm(32), x[0], x[0])
			VPSRLQ(Imm(32), x[0], x[0])
			VPSLLQ(Imm(32), x[1], x[1])
			m.or(x[1], x[0], x[0])
			VPSRLD(Imm(8), x[0], x[0])
			VCVTDQ2PS(x[0], x[0])
			VMULPS(unit, x[0], x[0])
		}
		VPUNPCKLQDQ(v.c, v.a, v.b) // a counter's four words in each 128 bits
		VPUNPCKHQDQ(v.c, v.a, v.d)
		VMOVUPS(v.b, Mem{Base: to, Disp: 2 * i * m.bytes()})
		VMOVUPS(v.d, Mem{Base: to, Disp: (2*i + 1) * m.bytes()})
	}
	ADDQ(I32(2*philoxChains*m.bytes()), to)
	SUBQ(Imm(1), rounds)
	JGT(LabelRef("round"))
	VZEROUPPER()
	RET()
}
