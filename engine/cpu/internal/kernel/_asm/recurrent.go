package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.Cell; a test compares them.
const (
	cellRows, cellUnits                              = 0, 8
	cellX, cellP, cellG, cellBefore, cellC, cellH    = 16, 56, 96, 136, 176, 216
	cellDY, cellDH, cellDC, cellDX, cellDP, rowPitch = 256, 296, 336, 376, 416, 24
)

// cellPass is a step of a recurrent sweep: a vector of units of one sequence at a time.
type cellPass struct {
	*isa
	registers
	k       *tail
	maps    map[int]reg.GPVirtual // by the map's offset
	ub, ub3 reg.GPVirtual         // bytes from a gate to the next, and to the third after it

	s, t, q, u, zero reg.VecPhysical // temporaries
}

func (p *cellPass) at(m, gate int) Mem {
	switch gate {
	case 0:
		return Mem{Base: p.maps[m]}
	case 3:
		return Mem{Base: p.maps[m], Index: p.ub3, Scale: 1}
	}
	return Mem{Base: p.maps[m], Index: p.ub, Scale: uint8(gate)}
}

func (p *cellPass) load(m, gate int, to reg.VecPhysical) { p.k.load(p.isa, p.at(m, gate), 0, to) }

// store uses the temporary t.
func (p *cellPass) store(from reg.VecPhysical, m, gate int) {
	p.k.store(p.isa, from, 0, p.at(m, gate), p.t)
}

// sum loads a gate of X and P and adds them.
func (p *cellPass) sum(gate int, to reg.VecPhysical) {
	p.load(cellX, gate, to)
	p.load(cellP, gate, p.t)
	VADDPS(p.t, to, to)
}

// sigmoid leaves 1/(1+e⁻ˣ) in x, as the activation.
func (p *cellPass) sigmoid(x reg.VecPhysical) {
	VSUBPS(x, p.zero, x)
	p.exp(x, p.s, p.t, p.q)
	VADDPS(p.consts.float(1), x, x)
	VMOVUPS(p.consts.float(1), p.t)
	VDIVPS(x, p.t, x)
}

// tanh leaves tanh(x) in x, as the activation.
func (p *cellPass) tanh(x reg.VecPhysical) {
	f, bits := p.consts.float, p.consts.bits
	p.and(bits(signBit), x, p.u)
	p.and(bits(absBits), x, x)
	VMULPS(f(-2), x, x)
	p.expm1(x, p.s, p.t, p.q)
	VADDPS(f(2), p.t, p.q)
	VSUBPS(p.t, p.zero, p.t)
	VDIVPS(p.q, p.t, x)
	p.or(p.u, x, x)
}

// slope leaves y − y² in to, the derivative of a sigmoid.
func (p *cellPass) slope(y, to reg.VecPhysical) {
	VMOVAPS(y, to)
	VFNMADD231PS(y, y, to)
}

// flat leaves 1 − y² in to, the derivative of a tanh.
func (p *cellPass) flat(y, to reg.VecPhysical) {
	VMOVUPS(p.consts.float(1), to)
	VFNMADD231PS(y, y, to)
}

// cell writes a kernel over the maps at the given offsets of Cell. body returns the code for a vector of units.
func (m *isa) cell(name, doc string, maps []int, body func(p *cellPass) func()) {
	m.function(name, name+m.suffix+" is Set."+doc+"; a is a *Cell.", "func(a *byte)")
	mask := m.newTail(1)
	p := &cellPass{isa: m, registers: registers{m: m}, maps: map[int]reg.GPVirtual{}, ub: GP64(), ub3: GP64()}
	p.s, p.t, p.q, p.u, p.zero = p.get(), p.get(), p.get(), p.get(), p.get()
	args := func() reg.Register { return Load(Param("a"), GP64()) }
	a := args()
	left := field(a, cellUnits)
	ANDQ(I8(int8(m.lanes-1)), left)
	mask.set(left, 1, m.v(0))
	p.zeroed()
	MOVQ(Mem{Base: a, Disp: cellUnits}, p.ub)
	SHLQ(U8(2), p.ub)
	LEAQ(Mem{Base: p.ub, Index: p.ub, Scale: 2}, p.ub3)
	for _, o := range maps {
		p.maps[o] = field(a, o)
	}
	rows := field(a, cellRows)
	vector := body(p)
	n := GP64()
	Label("row")
	MOVQ(Mem{Base: args(), Disp: cellUnits}, n)
	SUBQ(Imm(uint64(m.lanes)), n)
	JLT(LabelRef("rest"))
	Label("vector")
	vector()
	for _, o := range maps {
		ADDQ(Imm(uint64(m.bytes())), p.maps[o])
	}
	SUBQ(Imm(uint64(m.lanes)), n)
	JGE(LabelRef("vector"))
	Label("rest")
	ADDQ(Imm(uint64(m.lanes)), n)
	JEQ(LabelRef("next"))
	p.k = mask
	vector()
	p.k = nil
	Label("next")
	SHLQ(U8(2), n)
	SUBQ(p.ub, n) // how far back the row began
	for _, o := range maps {
		pitch := GP64()
		MOVQ(Mem{Base: args(), Disp: o + rowPitch}, pitch)
		LEAQ(Mem{Base: n, Index: pitch, Scale: 4}, pitch)
		ADDQ(pitch, p.maps[o])
	}
	SUBQ(Imm(1), rows)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func (p *cellPass) zeroed() { p.isa.zero(p.zero) }

// cells writes what recurrent.go of package kernel says.
func cells(m *isa) {
	m.cell("lstm", "LSTM", []int{cellX, cellP, cellG, cellBefore, cellC, cellH}, func(p *cellPass) func() {
		x, c, f := p.get(), p.get(), p.get()
		return func() {
			p.sum(0, x)
			p.sigmoid(x)
			p.store(x, cellG, 0)
			p.sum(2, c)
			p.tanh(c)
			p.store(c, cellG, 2)
			VMULPS(x, c, c)
			p.sum(1, f)
			p.sigmoid(f)
			p.store(f, cellG, 1)
			p.load(cellBefore, 0, x)
			VFMADD231PS(x, f, c)
			p.store(c, cellC, 0)
			p.sum(3, x)
			p.sigmoid(x)
			p.store(x, cellG, 3)
			p.tanh(c)
			VMULPS(c, x, x)
			p.store(x, cellH, 0)
		}
	})
	m.cell("lstmGrad", "LSTMGrad", []int{cellG, cellBefore, cellC, cellDY, cellDH, cellDC, cellDX}, func(p *cellPass) func() {
		dh, dc, tc, o, i, g := p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func() {
			p.load(cellC, 0, tc)
			p.tanh(tc)
			p.load(cellDY, 0, dh)
			p.load(cellDH, 0, p.t)
			VADDPS(p.t, dh, dh)
			p.load(cellG, 3, o)
			p.slope(o, p.s)
			VMULPS(dh, p.s, p.s)
			VMULPS(tc, p.s, p.s)
			p.store(p.s, cellDX, 3)
			p.flat(tc, p.s)
			VMULPS(dh, o, o)
			p.load(cellDC, 0, dc)
			VFMADD231PS(p.s, o, dc)
			p.load(cellG, 0, i)
			p.load(cellG, 2, g)
			p.slope(i, p.s)
			VMULPS(dc, p.s, p.s)
			VMULPS(g, p.s, p.s)
			p.store(p.s, cellDX, 0)
			p.flat(g, p.s)
			VMULPS(dc, p.s, p.s)
			VMULPS(i, p.s, p.s)
			p.store(p.s, cellDX, 2)
			p.load(cellG, 1, i)
			p.load(cellBefore, 0, g)
			p.slope(i, p.s)
			VMULPS(dc, p.s, p.s)
			VMULPS(g, p.s, p.s)
			p.store(p.s, cellDX, 1)
			VMULPS(i, dc, dc)
			p.store(dc, cellDC, 0)
		}
	})
	m.cell("gru", "GRU", []int{cellX, cellP, cellG, cellBefore, cellH}, func(p *cellPass) func() {
		x, pn, n := p.get(), p.get(), p.get()
		return func() {
			p.sum(0, x)
			p.sigmoid(x)
			p.store(x, cellG, 0)
			p.load(cellP, 2, pn)
			p.store(pn, cellG, 3)
			p.load(cellX, 2, n)
			VFMADD231PS(pn, x, n)
			p.tanh(n)
			p.store(n, cellG, 2)
			p.sum(1, x)
			p.sigmoid(x)
			p.store(x, cellG, 1)
			p.load(cellBefore, 0, pn)
			VSUBPS(n, pn, pn)
			VFMADD231PS(x, pn, n)
			p.store(n, cellH, 0)
		}
	})
	m.cell("gruGrad", "GRUGrad", []int{cellG, cellBefore, cellDY, cellDH, cellDX, cellDP}, func(p *cellPass) func() {
		dh, dn, r, z, n := p.get(), p.get(), p.get(), p.get(), p.get()
		return func() {
			p.load(cellDY, 0, dh)
			p.load(cellDH, 0, p.t)
			VADDPS(p.t, dh, dh)
			p.load(cellG, 1, z)
			p.load(cellG, 2, n)
			VMOVAPS(dh, p.s)
			VFNMADD231PS(z, dh, p.s)
			p.flat(n, dn)
			VMULPS(p.s, dn, dn)
			p.store(dn, cellDX, 2)
			p.load(cellG, 0, r)
			VMULPS(dn, r, p.s)
			p.store(p.s, cellDP, 2)
			p.slope(r, p.s)
			p.load(cellG, 3, r)
			VMULPS(dn, p.s, p.s)
			VMULPS(r, p.s, p.s)
			p.store(p.s, cellDX, 0)
			p.store(p.s, cellDP, 0)
			p.load(cellBefore, 0, r)
			VSUBPS(n, r, r)
			p.slope(z, p.s)
			VMULPS(dh, p.s, p.s)
			VMULPS(r, p.s, p.s)
			p.store(p.s, cellDX, 1)
			p.store(p.s, cellDP, 1)
			VMULPS(z, dh, dh)
			p.store(dh, cellDH, 0)
		}
	})
}
