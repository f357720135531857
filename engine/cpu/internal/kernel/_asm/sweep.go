package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.sweep, the arguments of everything that passes over maps once; a test compares them.
const (
	sweepRows, sweepPixels, sweepC   = 0, 8, 16
	sweepData, sweepStep, sweepSkip  = 24, 64, 104 // a word for each map
	sweepVec, sweepScalar, sweepMaps = 144, 184, 5
	sweepAhead                       = 200
)

// registers hands out vector registers.
type registers struct {
	m    *isa
	next int
}

func (r *registers) get() reg.VecPhysical {
	r.next++
	return r.m.v(r.next - 1)
}

func (r *registers) some(n int) []reg.VecPhysical {
	var s []reg.VecPhysical
	for range n {
		s = append(s, r.get())
	}
	return s
}

// channelPass is a kernel with coefficients or sums a channel: two or four vectors of channels at a time go over all pixels, so
// that those stay in registers.
type channelPass struct {
	*isa
	registers
	k    *tail // nil in the code for whole blocks
	nv   int   // vectors in a block of channels
	a    reg.Register
	cb   reg.Register // bytes to the block of channels
	maps []reg.GPVirtual
}

// sumChains is how many pixels are under way at once, each with sums of its own.
const sumChains = 2

// at is vector v of the current pixel of a map.
func (p *channelPass) at(i, v int) Mem { return Mem{Base: p.maps[i], Disp: v * p.bytes()} }

func (p *channelPass) load(i, v int, to reg.VecPhysical) { p.k.load(p.isa, p.at(i, v), v, to) }

func (p *channelPass) store(from reg.VecPhysical, i, v int, scratch reg.VecPhysical) {
	p.k.store(p.isa, from, v, p.at(i, v), scratch)
}

// coefficients loads the block's part of a vector of channels.
func (p *channelPass) coefficients(i int) []reg.VecPhysical {
	to := p.some(p.nv)
	at := field(p.a, sweepVec+8*i)
	for v, r := range to {
		p.k.load(p.isa, Mem{Base: at, Index: p.cb, Scale: 1, Disp: v * p.bytes()}, v, r)
	}
	return to
}

// gather loads a vector whose elements lie apart, none of those beyond the tail; scratch holds AVX2's mask.
func (p *channelPass) gather(from Mem, to, scratch reg.VecPhysical) {
	if p.avx512 {
		if p.k == nil {
			KXNORW(reg.K4, reg.K4, reg.K4)
		} else {
			KMOVW(opmasks[0], reg.K4)
		}
		VGATHERDPS(from, reg.K4, to)
		return
	}
	if p.k == nil {
		VPCMPEQD(scratch, scratch, scratch)
	} else {
		VMOVUPS(p.k.slot, scratch)
	}
	VGATHERDPS(scratch, from, to)
}

// sums makes registers of zeros, by chain and vector.
func (p *channelPass) sums() [sumChains][]reg.VecPhysical {
	var s [sumChains][]reg.VecPhysical
	for u := range s {
		s[u] = p.some(p.nv)
		for _, r := range s[u] {
			p.zero(r)
		}
	}
	return s
}

// addSums adds sums to the block's part of a vector of channels.
func (p *channelPass) addSums(s [sumChains][]reg.VecPhysical, i int, scratch reg.VecPhysical) {
	at := field(p.a, sweepVec+8*i)
	for v := range p.nv {
		for u := 1; u < sumChains; u++ {
			VADDPS(s[u][v], s[0][v], s[0][v])
		}
		to := Mem{Base: at, Index: p.cb, Scale: 1, Disp: v * p.bytes()}
		p.k.load(p.isa, to, v, s[1][v])
		VADDPS(s[1][v], s[0][v], s[0][v])
		p.k.store(p.isa, s[0][v], v, to, scratch)
	}
}

// pass writes a channel kernel over the given count of maps. body is called for code before the pixels and returns the code
// for a pixel of chain u and that after all of them (may be nil).
func (m *isa) pass(name, doc string, maps int, body func(p *channelPass) (pixel func(u int), after func())) {
	m.function(name, name+m.suffix+" "+doc+"; a is a *sweep.", "func(a *byte)")
	mask := m.newTail(1)
	a := Load(Param("a"), GP64())
	left, cb := field(a, sweepC), GP64()
	XORQ(cb, cb)
	most := m.regs / 8 // vectors in a block: as many as the coefficients and sums of every pass have registers for
	code := func(id string, nv int, k *tail) {
		p := &channelPass{isa: m, registers: registers{m: m}, k: k, nv: nv, a: a, cb: cb}
		pixel, after := body(p)
		for i := range maps {
			p.maps = append(p.maps, field(a, sweepData+8*i))
			ADDQ(cb, p.maps[i])
		}
		rows := field(a, sweepRows)
		advance := func(by int) {
			for i, r := range p.maps {
				ADDQ(Mem{Base: a, Disp: by + 8*i}, r)
			}
		}
		Label("row" + id)
		n := field(a, sweepPixels)
		SUBQ(Imm(sumChains), n)
		JLT(LabelRef("odd" + id))
		Label("pixel" + id)
		for u := range sumChains {
			pixel(u)
			advance(sweepStep)
		}
		SUBQ(Imm(sumChains), n)
		JGE(LabelRef("pixel" + id))
		Label("odd" + id)
		ADDQ(Imm(sumChains), n)
		JEQ(LabelRef("next" + id))
		pixel(0)
		advance(sweepStep)
		Label("next" + id)
		advance(sweepSkip)
		SUBQ(Imm(1), rows)
		JNE(LabelRef("row" + id))
		if after != nil {
			after()
		}
	}
	m.channelBlocks(most, left, cb, mask, code)
}

// channelBlocks writes the loop over blocks of channels around code, which gets a suffix for its labels, the vectors in a block
// and the tail: most vectors at a time, then half as many, to one, then what is left; and returns from the kernel.
func (m *isa) channelBlocks(most int, left, cb reg.Register, mask *tail, code func(id string, nv int, k *tail)) {
	for nv := most; nv > 0; nv /= 2 {
		id := fmt.Sprintf("_of%d", nv)
		Label("block" + id)
		CMPQ(left, Imm(uint64(nv*m.lanes)))
		JLT(LabelRef("end" + id))
		code(id, nv, nil)
		ADDQ(I32(nv*m.bytes()), cb)
		SUBQ(Imm(uint64(nv*m.lanes)), left)
		JMP(LabelRef("block" + id))
		Label("end" + id)
	}
	TESTQ(left, left)
	JEQ(LabelRef("done"))
	mask.set(left, 1, m.v(0))
	code("_tail", 1, mask)
	Label("done")
	VZEROUPPER()
	RET()
}

// elementPass is a kernel to which channels mean nothing: rows of contiguous elements (the sweep's pixels).
type elementPass struct {
	*isa
	registers
	k    *tail
	a    reg.Register
	idx  reg.Register
	maps []reg.GPVirtual
}

// at is the vector u of a round.
func (p *elementPass) at(i, u int) Mem {
	return Mem{Base: p.maps[i], Index: p.idx, Scale: 4, Disp: u * p.bytes()}
}

func (p *elementPass) load(i, u int, to reg.VecPhysical) { p.k.load(p.isa, p.at(i, u), 0, to) }

func (p *elementPass) store(from reg.VecPhysical, i, u int, scratch reg.VecPhysical) {
	p.k.store(p.isa, from, 0, p.at(i, u), scratch)
}

// scalar broadcasts a number of the arguments.
func (p *elementPass) scalar(i int) reg.VecPhysical {
	r := p.get()
	VBROADCASTSS(Mem{Base: p.a, Disp: sweepScalar + 4*i}, r)
	return r
}

// elements writes an element kernel. body is called once for the code before and returns the code for vector u of a round of
// unroll vectors, and that after all (may be nil).
func (m *isa) elements(name, doc string, maps, unroll int, body func(p *elementPass) (vector func(u int), after func())) {
	m.function(name, name+m.suffix+" "+doc+"; a is a *sweep of rows of contiguous elements, its Pixels.", "func(a *byte)")
	mask := m.newTail(1)
	a := Load(Param("a"), GP64())
	over := field(a, sweepPixels)
	ANDQ(I8(-m.lanes), over)
	NEGQ(over)
	ADDQ(Mem{Base: a, Disp: sweepPixels}, over)
	mask.set(over, 1, m.v(0))
	p := &elementPass{isa: m, registers: registers{m: m}, a: a, idx: GP64()}
	vector, after := body(p)
	for i := range maps {
		p.maps = append(p.maps, field(a, sweepData+8*i))
	}
	rows := field(a, sweepRows)
	Label("row")
	XORQ(p.idx, p.idx)
	n := field(a, sweepPixels)
	round := func(label string, vectors int) {
		SUBQ(Imm(uint64(vectors*m.lanes)), n)
		JLT(LabelRef(label + "_end"))
		Label(label)
		for u := range vectors {
			vector(u)
		}
		ADDQ(Imm(uint64(vectors*m.lanes)), p.idx)
		SUBQ(Imm(uint64(vectors*m.lanes)), n)
		JGE(LabelRef(label))
		Label(label + "_end")
		ADDQ(Imm(uint64(vectors*m.lanes)), n)
	}
	if unroll > 1 {
		round("rounds", unroll)
	}
	round("vectors", 1)
	JEQ(LabelRef("next")) // by the flags of the last addition
	p.k = mask
	vector(0)
	p.k = nil
	Label("next")
	for i, r := range p.maps {
		ADDQ(Mem{Base: a, Disp: sweepSkip + 8*i}, r)
	}
	SUBQ(Imm(1), rows)
	JNE(LabelRef("row"))
	if after != nil {
		after()
	}
	VZEROUPPER()
	RET()
}
