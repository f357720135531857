package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowPass is a kernel that goes over the channels of a pixel, as often as it must, before the next pixel.
type rowPass struct {
	*isa
	registers
	mask, k *tail // k is nil in the code for whole vectors
	a       reg.Register
	idx     reg.Register // the channel
	maps    []reg.GPVirtual
	vecs    []reg.GPVirtual
	loops   int
}

// rowChains is how many vectors are under way at once, each with a sum of its own.
const rowChains = 2

func (p *rowPass) at(base reg.Register, u int) Mem {
	return Mem{Base: base, Index: p.idx, Scale: 4, Disp: u * p.bytes()}
}

// load reads vector u of a round of a map, zeros where the channels end.
func (p *rowPass) load(i, u int, to reg.VecPhysical) { p.k.load(p.isa, p.at(p.maps[i], u), 0, to) }

func (p *rowPass) store(from reg.VecPhysical, i, u int, scratch reg.VecPhysical) {
	p.k.store(p.isa, from, 0, p.at(p.maps[i], u), scratch)
}

// coefficient reads the same vector of coefficients by channel.
func (p *rowPass) coefficient(i, u int, to reg.VecPhysical) {
	p.k.load(p.isa, p.at(p.vecs[i], u), 0, to)
}

// add adds to the same vector of sums by channel.
func (p *rowPass) add(from reg.VecPhysical, i, u int, t reg.VecPhysical) {
	p.coefficient(i, u, t)
	VADDPS(t, from, from)
	p.k.store(p.isa, from, 0, p.at(p.vecs[i], u), t)
}

// one reads the number that a narrow map has for the pixel into every lane.
func (p *rowPass) one(i int, to reg.VecPhysical) { VBROADCASTSS(Mem{Base: p.maps[i]}, to) }

func (p *rowPass) storeOne(from reg.VecPhysical, i int) {
	VMOVSS(from.AsX(), Mem{Base: p.maps[i]})
}

func (p *rowPass) scalar(i int) reg.VecPhysical {
	r := p.get()
	VBROADCASTSS(Mem{Base: p.a, Disp: sweepScalar + 4*i}, r)
	return r
}

// ends puts into the lanes where the channels end what other holds, if there are any.
func (p *rowPass) ends(x, other, scratch reg.VecPhysical) {
	switch {
	case p.k == nil:
	case p.avx512:
		VBLENDMPS(x, other, opmasks[0], x)
	default:
		VMOVUPS(p.k.slot, scratch)
		VBLENDVPS(scratch, x, other, x)
	}
}

// over writes a loop over the channels of the pixel; vector is the code for vector u of a round.
func (p *rowPass) over(vector func(u int)) { p.by(rowChains, vector) }

// by is over with so many vectors a round.
func (p *rowPass) by(most int, vector func(u int)) {
	p.loops++
	label := fmt.Sprintf("loop%d", p.loops)
	XORQ(p.idx, p.idx)
	n := field(p.a, sweepC)
	for unroll := most; unroll > 0; unroll /= 2 {
		l := fmt.Sprintf("%s_by%d", label, unroll)
		SUBQ(Imm(uint64(unroll*p.lanes)), n)
		JLT(LabelRef(l + "_end"))
		Label(l)
		for u := range unroll {
			vector(u)
		}
		ADDQ(Imm(uint64(unroll*p.lanes)), p.idx)
		SUBQ(Imm(uint64(unroll*p.lanes)), n)
		JGE(LabelRef(l))
		Label(l + "_end")
		ADDQ(Imm(uint64(unroll*p.lanes)), n)
	}
	JEQ(LabelRef(label + "_done")) // by the flags of the last addition
	p.k = p.mask
	vector(0)
	p.k = nil
	Label(label + "_done")
}

// sums makes registers of zeros, one a chain.
func (p *rowPass) sums() []reg.VecPhysical { return p.some(rowChains) }

func (p *rowPass) clear(rs ...reg.VecPhysical) {
	for _, r := range rs {
		p.zero(r)
	}
}

// total joins the chains and then the lanes by op, and leaves the result in every lane of the first.
func (p *rowPass) total(op func(a Op, b, to reg.VecPhysical), s []reg.VecPhysical, t reg.VecPhysical) reg.VecPhysical {
	x := s[0]
	for _, r := range s[1:] {
		op(r, x, x)
	}
	if p.avx512 {
		for _, order := range []uint64{0x4e, 0xb1} {
			VSHUFF32X4(Imm(order), x, x, t)
			op(t, x, x)
		}
	} else {
		VPERM2F128(Imm(1), x, x, t)
		op(t, x, x)
	}
	for _, order := range []uint64{0x4e, 0xb1} {
		VSHUFPS(Imm(order), x, x, t)
		op(t, x, x)
	}
	return x
}

func plus(a Op, b, to reg.VecPhysical)  { VADDPS(a, b, to) }
func above(a Op, b, to reg.VecPhysical) { VMAXPS(a, b, to) }

// rows writes a row kernel over the given count of maps and vectors of channels. body is called once for the code before and
// returns the code for a pixel.
func (m *isa) rows(name, doc string, maps, vecs int, body func(p *rowPass) (pixel func())) {
	m.function(name, name+m.suffix+" "+doc+"; a is a *sweep.", "func(a *byte)")
	mask := m.newTail(1)
	a := Load(Param("a"), GP64())
	over := field(a, sweepC)
	ANDQ(I8(-m.lanes), over)
	NEGQ(over)
	ADDQ(Mem{Base: a, Disp: sweepC}, over)
	mask.set(over, 1, m.v(0))
	p := &rowPass{isa: m, registers: registers{m: m}, mask: mask, a: a, idx: GP64()}
	for i := range maps {
		p.maps = append(p.maps, field(a, sweepData+8*i))
	}
	for i := range vecs {
		p.vecs = append(p.vecs, field(a, sweepVec+8*i))
	}
	pixel := body(p)
	rows := field(a, sweepRows)
	Label("row")
	pixels := field(a, sweepPixels)
	Label("pixel")
	pixel()
	for i, r := range p.maps {
		ADDQ(Mem{Base: a, Disp: sweepStep + 8*i}, r)
	}
	SUBQ(Imm(1), pixels)
	JNE(LabelRef("pixel"))
	for i, r := range p.maps {
		ADDQ(Mem{Base: a, Disp: sweepSkip + 8*i}, r)
	}
	SUBQ(Imm(1), rows)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// positions writes what rows.go of package kernel says. Maps and vectors come in the order of its arguments.
func positions(m *isa) {
	m.rows("rowSums", "is Set.RowSums", 2, 0, func(p *rowPass) func() {
		k, s, x := p.scalar(0), p.sums(), p.get()
		return func() {
			p.clear(s...)
			p.over(func(u int) {
				p.load(1, u, x)
				VADDPS(x, s[u], s[u])
			})
			sum := p.total(plus, s, x)
			VMULPS(k, sum, sum)
			p.storeOne(sum, 0)
		}
	})
	m.rows("rowDots", "is Set.RowDots", 3, 0, func(p *rowPass) func() {
		s, x, y := p.sums(), p.get(), p.get()
		return func() {
			p.clear(s...)
			p.over(func(u int) {
				p.load(1, u, x)
				p.load(2, u, y)
				VFMADD231PS(x, y, s[u])
			})
			p.storeOne(p.total(plus, s, x), 0)
		}
	})
	m.rows("rowMax", "is Set.RowMax", 2, 0, func(p *rowPass) func() {
		s, x, first, t := p.sums(), p.get(), p.get(), p.get()
		return func() { p.storeOne(p.maximum(1, s, x, first, t), 0) }
	})
	m.rows("rowMaxGrad", "is Set.RowMaxGrad over a dx of zeros", 4, 0, func(p *rowPass) func() {
		x, y, bits, pixel := p.get(), p.get(), GP32(), 0
		return func() {
			pixel++
			found, next := fmt.Sprintf("found%d", pixel), fmt.Sprintf("next%d", pixel)
			p.one(2, y)
			p.by(1, func(int) {
				p.load(1, 0, x)
				if p.avx512 {
					VCMPPS(Imm(0), x, y, reg.K4)
					if p.k != nil {
						KANDW(opmasks[0], reg.K4, reg.K4)
					}
					KMOVW(reg.K4, bits)
				} else {
					VCMPPS(Imm(0), x, y, x)
					if p.k != nil {
						VANDPS(p.k.slot, x, x)
					}
					VMOVMSKPS(x, bits)
				}
				TESTL(bits, bits)
				JNE(LabelRef(found))
			})
			JMP(LabelRef(next))
			Label(found)
			BSFL(bits, bits)
			ADDQ(bits.As64(), p.idx)
			p.one(3, x)
			VMOVSS(x.AsX(), p.at(p.maps[0], 0))
			Label(next)
		}
	})
	m.rows("spreadRows", "is Set.SpreadRows", 2, 0, func(p *rowPass) func() {
		k, y, t := p.scalar(0), p.get(), p.get()
		return func() {
			p.one(1, y)
			VMULPS(k, y, y)
			p.over(func(u int) { p.store(y, 0, u, t) })
		}
	})
	m.rows("gateRows", "is Set.GateRows", 3, 0, func(p *rowPass) func() {
		g, x, t := p.get(), p.get(), p.get()
		return func() {
			p.one(2, g)
			p.over(func(u int) {
				p.load(1, u, x)
				VMULPS(g, x, x)
				p.store(x, 0, u, t)
			})
		}
	})
	m.rows("softmax", "is Set.Softmax", 2, 0, func(p *rowPass) func() {
		s, x, most, a, b, c, zero := p.sums(), p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		p.zero(zero)
		return func() {
			VMOVAPS(p.maximum(1, s, x, most, a), most)
			p.clear(s...)
			p.over(func(u int) {
				p.load(1, u, x)
				VSUBPS(most, x, x)
				p.exp(x, a, b, c)
				p.ends(x, zero, a)
				VADDPS(x, s[u], s[u])
				p.store(x, 0, u, a)
			})
			sum := p.total(plus, s, x)
			VMOVUPS(p.consts.float(1), a)
			VDIVPS(sum, a, most)
			p.over(func(u int) {
				p.load(0, u, x)
				VMULPS(most, x, x)
				p.store(x, 0, u, a)
			})
		}
	})
	m.rows("softmaxGrad", "is Set.SoftmaxGrad", 3, 0, func(p *rowPass) func() {
		s, y, dy, t := p.sums(), p.get(), p.get(), p.get()
		return func() {
			p.clear(s...)
			p.over(func(u int) {
				p.load(1, u, y)
				p.load(2, u, dy)
				VFMADD231PS(y, dy, s[u])
			})
			dot := p.total(plus, s, t)
			p.over(func(u int) {
				p.load(1, u, y)
				p.load(2, u, dy)
				VSUBPS(dot, dy, dy)
				VMULPS(dy, y, y)
				p.store(y, 0, u, t)
			})
		}
	})
	m.rows("layerNorm", "is Set.LayerNorm; scalars 1/C, eps", 2, 2, func(p *rowPass) func() {
		st := p.standard()
		x, g, t := p.get(), p.get(), p.get()
		return func() {
			st.find(p, 1, x, t)
			p.over(func(u int) {
				p.load(1, u, x)
				VSUBPS(st.mean, x, x)
				VMULPS(st.k, x, x)
				p.coefficient(0, u, g)
				p.coefficient(1, u, t)
				VFMADD213PS(t, g, x)
				p.store(x, 0, u, t)
			})
		}
	})
	m.rows("layerNormGrad", "is Set.LayerNormGrad; scalars 1/C, eps", 3, 3, func(p *rowPass) func() {
		st := p.standard()
		d, x, g, h, t := p.sums(), p.get(), p.get(), p.get(), p.get()
		hat := func(u int) {
			p.load(1, u, h)
			VSUBPS(st.mean, h, h)
			VMULPS(st.k, h, h)
		}
		return func() {
			st.find(p, 1, x, t)
			p.clear(st.s...)
			p.clear(d...)
			p.over(func(u int) {
				hat(u)
				p.load(2, u, x)
				p.coefficient(0, u, g)
				VMULPS(x, g, g)
				VADDPS(g, st.s[u], st.s[u])
				VFMADD231PS(g, h, d[u])
				VMULPS(x, h, h)
				p.add(h, 1, u, t)
				p.add(x, 2, u, t)
			})
			sum, dot := p.total(plus, st.s, t), p.total(plus, d, t)
			VMULPS(st.n, sum, sum)
			VMULPS(st.n, dot, dot)
			p.over(func(u int) {
				hat(u)
				p.load(2, u, x)
				p.coefficient(0, u, g)
				VMULPS(x, g, g)
				VSUBPS(sum, g, g)
				VFNMADD231PS(h, dot, g)
				VMULPS(st.k, g, g)
				p.store(g, 0, u, t)
			})
		}
	})
}

// maximum leaves the largest of the pixel's channels of a map in every lane of its result.
func (p *rowPass) maximum(i int, s []reg.VecPhysical, x, first, t reg.VecPhysical) reg.VecPhysical {
	p.one(i, first)
	for _, r := range s {
		VMOVAPS(first, r)
	}
	p.over(func(u int) {
		p.load(i, u, x)
		p.ends(x, first, t)
		VMAXPS(s[u], x, s[u]) // x > s ? x : s
	})
	return p.total(above, s, t)
}

// standard is the moments of a pixel's channels.
type standard struct {
	n, eps  reg.VecPhysical // 1/C
	mean, k reg.VecPhysical // μ, 1/√(σ²+eps)
	zero    reg.VecPhysical
	s       []reg.VecPhysical
}

func (p *rowPass) standard() standard {
	st := standard{n: p.scalar(0), eps: p.scalar(1), mean: p.get(), k: p.get(), zero: p.get(), s: p.sums()}
	p.zero(st.zero)
	return st
}

// find finds those of a map.
func (st standard) find(p *rowPass, i int, x, t reg.VecPhysical) {
	p.clear(st.s...)
	p.over(func(u int) {
		p.load(i, u, x)
		VADDPS(x, st.s[u], st.s[u])
	})
	VMULPS(st.n, p.total(plus, st.s, t), st.mean)
	p.clear(st.s...)
	p.over(func(u int) {
		p.load(i, u, x)
		VSUBPS(st.mean, x, x)
		p.ends(x, st.zero, t)
		VFMADD231PS(x, x, st.s[u])
	})
	v := p.total(plus, st.s, t)
	VFMADD213PS(st.eps, st.n, v)
	VSQRTPS(v, v)
	VMOVUPS(p.consts.float(1), t)
	VDIVPS(v, t, st.k)
}
