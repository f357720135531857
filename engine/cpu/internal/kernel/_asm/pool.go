package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.windows, one row of output pixels and the windows under it; a test compares them.
const (
	windowsRows, windowsPixels, windowsC                             = 0, 8, 16
	windowsIn, windowsOut, windowsInRow, windowsInPix, windowsOutPix = 24, 40, 56, 72, 88 // a word each for x and dx, y and dy
	windowsLo, windowsHi, windowsOld, windowsK, windowsFresh         = 104, 112, 120, 128, 136
	inX, inDX, outY, outDY                                           = 0, 1, 0, 1
)

// windowPass is a pooling kernel: four vectors of channels at a time, window by window.
type windowPass struct {
	*isa
	registers
	k       *tail
	nv      int
	a       reg.Register
	id      string
	cb      reg.Register     // bytes to the block of channels
	pixel   reg.Register     // index of the output pixel
	in, out [2]reg.GPVirtual // the tap in x and dx; the pixel in y and dy
}

func (p *windowPass) load(at reg.GPVirtual, v int, to reg.VecPhysical) {
	p.k.load(p.isa, Mem{Base: at, Disp: v * p.bytes()}, v, to)
}

func (p *windowPass) store(from reg.VecPhysical, at reg.GPVirtual, v int, scratch reg.VecPhysical) {
	p.k.store(p.isa, from, v, Mem{Base: at, Disp: v * p.bytes()}, scratch)
}

// factor leaves the pixel's K in every lane.
func (p *windowPass) factor(to reg.VecPhysical) {
	VBROADCASTSS(Mem{Base: field(p.a, windowsK), Index: p.pixel, Scale: 4}, to)
}

// column reads the pixel's number in a table of columns.
func (p *windowPass) column(table int) reg.GPVirtual {
	r := field(p.a, table)
	MOVLQSX(Mem{Base: r, Index: p.pixel, Scale: 4}, r)
	return r
}

// scan goes over the taps of the window, in the given inputs; first stands in front of them, at the first tap. A tap that makes
// dx adds to it, or sets it where no window has been before.
func (p *windowPass) scan(name string, ins []int, first func(), tap func(set bool)) {
	id, a := name+p.id, p.a
	var row [2]reg.GPVirtual
	for _, i := range ins {
		row[i] = p.column(windowsLo)
		IMULQ(Mem{Base: a, Disp: windowsInPix + 8*i}, row[i])
		ADDQ(Mem{Base: a, Disp: windowsIn + 8*i}, row[i])
		ADDQ(p.cb, row[i])
		p.in[i] = GP64().(reg.GPVirtual)
		MOVQ(row[i], p.in[i])
	}
	first()
	h := field(a, windowsRows)
	taps := func(label string, n reg.Register, set bool) {
		Label(label + id)
		tap(set)
		for _, i := range ins {
			ADDQ(Mem{Base: a, Disp: windowsInPix + 8*i}, p.in[i])
		}
		SUBQ(Imm(1), n)
		JGT(LabelRef(label + id))
	}
	Label("row" + id)
	w := p.column(windowsHi)
	SUBQ(p.column(windowsLo), w)
	for _, i := range ins {
		MOVQ(row[i], p.in[i])
		ADDQ(Mem{Base: a, Disp: windowsInRow + 8*i}, row[i])
	}
	if !slices.Contains(ins, inDX) {
		taps("tap", w, false)
	} else {
		CMPQ(h, Mem{Base: a, Disp: windowsFresh})
		JGT(LabelRef("add" + id))
		old := p.column(windowsOld)
		SUBQ(old, w)
		TESTQ(old, old)
		JEQ(LabelRef("set" + id))
		taps("mixed", old, false)
		TESTQ(w, w)
		JEQ(LabelRef("next" + id))
		taps("set", w, true)
		JMP(LabelRef("next" + id))
		taps("add", w, false)
		Label("next" + id)
	}
	SUBQ(Imm(1), h)
	JGT(LabelRef("row" + id))
}

// windows writes a pooling kernel that goes over the pixels of the given outputs. body returns the code of a window.
func (m *isa) windows(name, doc string, outs []int, body func(p *windowPass) (window func())) {
	m.function(name, name+m.suffix+" "+doc+" for a row of output pixels; a is a *windows.", "func(a *byte)")
	mask := m.newTail(1)
	a := Load(Param("a"), GP64())
	left, cb := field(a, windowsC), GP64()
	XORQ(cb, cb)
	code := func(id string, nv int, k *tail) {
		p := &windowPass{isa: m, registers: registers{m: m}, k: k, nv: nv, a: a, id: id, cb: cb, pixel: GP64()}
		window := body(p)
		for _, i := range outs {
			p.out[i] = field(a, windowsOut+8*i)
			ADDQ(cb, p.out[i])
		}
		XORQ(p.pixel, p.pixel)
		Label("pixel" + id)
		window()
		for _, i := range outs {
			ADDQ(Mem{Base: a, Disp: windowsOutPix + 8*i}, p.out[i])
		}
		ADDQ(Imm(1), p.pixel)
		CMPQ(p.pixel, Mem{Base: a, Disp: windowsPixels})
		JLT(LabelRef("pixel" + id))
	}
	m.channelBlocks(4, left, cb, mask, code)
}

func pools(m *isa) {
	x, dx, y, dy := []int{inX}, []int{inDX}, []int{outY}, []int{outDY}
	m.windows("maxPool", "is Set.MaxPool", y, func(p *windowPass) func() {
		y, v1 := p.some(p.nv), p.get()
		return func() {
			p.scan("", x, func() {
				for v, r := range y {
					p.load(p.in[inX], v, r)
				}
			}, func(bool) {
				for v, r := range y {
					p.load(p.in[inX], v, v1)
					VMAXPS(r, v1, r) // x > y ? x : y
				}
			})
			for v, r := range y {
				p.store(r, p.out[outY], v, v1)
			}
		}
	})
	m.windows("maxPoolGrad", "is Set.MaxPoolGrad", []int{outY, outDY}, func(p *windowPass) func() {
		y, dy, left := p.some(p.nv), p.some(p.nv), p.some(p.nv) // left: ones where no tap had the y yet
		open := []reg.Register{reg.K2, reg.K3, reg.K5, reg.K6}  // the same as opmasks
		x, d := p.get(), p.get()
		return func() {
			p.scan("", []int{inX, inDX}, func() {
				for v := range p.nv {
					p.load(p.out[outY], v, y[v])
					p.load(p.out[outDY], v, dy[v])
					if p.avx512 {
						KXNORW(open[v], open[v], open[v])
					} else {
						VPCMPEQD(left[v], left[v], left[v])
					}
				}
			}, func(set bool) {
				for v := range p.nv {
					p.load(p.in[inX], v, x)
					if p.avx512 {
						VCMPPS(Imm(0), x, y[v], reg.K4)
						KANDW(reg.K4, open[v], reg.K4)
						KANDNW(open[v], reg.K4, open[v])
						VMOVAPS_Z(dy[v], reg.K4, x)
					} else {
						VCMPPS(Imm(0), x, y[v], x)
						VANDPS(left[v], x, x)
						VANDNPS(left[v], x, left[v])
						VANDPS(dy[v], x, x)
					}
					if !set {
						p.load(p.in[inDX], v, d)
						VADDPS(d, x, x)
					}
					p.store(x, p.in[inDX], v, d)
				}
			})
		}
	})
	m.windows("avgPool", "is Set.AvgPool", y, func(p *windowPass) func() {
		y, v1, k := p.some(p.nv), p.get(), p.get()
		return func() {
			p.scan("", x, func() {
				for _, r := range y {
					p.zero(r)
				}
			}, func(bool) {
				for v, r := range y {
					p.load(p.in[inX], v, v1)
					VADDPS(v1, r, r)
				}
			})
			p.factor(k)
			for v, r := range y {
				VMULPS(k, r, r)
				p.store(r, p.out[outY], v, v1)
			}
		}
	})
	m.windows("avgPoolGrad", "is Set.AvgPoolGrad", dy, func(p *windowPass) func() {
		dy, d, k := p.some(p.nv), p.get(), p.get()
		return func() {
			p.scan("", dx, func() {
				p.factor(k)
				for v, r := range dy {
					p.load(p.out[outDY], v, r)
					VMULPS(k, r, r)
				}
			}, func(set bool) {
				for v, r := range dy {
					if set {
						p.store(r, p.in[inDX], v, k)
						continue
					}
					p.load(p.in[inDX], v, d)
					VADDPS(r, d, d)
					p.store(d, p.in[inDX], v, k)
				}
			})
		}
	})
	m.windows("stochasticPool", "is Set.StochasticPool, uniform numbers in place of dy,", []int{outY, outDY}, func(p *windowPass) func() {
		limit, run := p.some(p.nv), p.some(p.nv) // the running sum at which an element is taken; that so far
		y, a, v1, zero := p.some(p.nv), p.get(), p.get(), p.get()
		return func() {
			p.scan("sum", x, func() {
				p.zero(zero)
				for v := range p.nv {
					p.zero(run[v])
					p.zero(y[v])
				}
			}, func(bool) {
				for v, r := range run {
					p.load(p.in[inX], v, a)
					VMAXPS(a, zero, a)
					VADDPS(a, r, r)
				}
			})
			p.scan("take", x, func() {
				for v := range p.nv {
					p.load(p.out[outDY], v, limit[v])
					VMULPS(run[v], limit[v], limit[v])
					p.zero(run[v])
				}
			}, func(bool) { // the one at which the sum passes the limit
				for v, r := range run {
					p.load(p.in[inX], v, a)
					VMAXPS(a, zero, a)
					if p.avx512 {
						VCMPPS(Imm(2), limit[v], r, reg.K4) // run ≤ limit
						VADDPS(a, r, r)
						VCMPPS(Imm(1), r, limit[v], reg.K5) // limit < run
						KANDW(reg.K4, reg.K5, reg.K4)
						VMOVAPS(a, reg.K4, y[v])
						continue
					}
					VCMPPS(Imm(2), limit[v], r, v1)
					VANDPS(v1, a, v1)
					VADDPS(a, r, r)
					VCMPPS(Imm(1), r, limit[v], a)
					VANDPS(v1, a, a)
					VORPS(a, y[v], y[v])
				}
			})
			for v, r := range y {
				p.store(r, p.out[outY], v, a)
			}
		}
	})
	m.windows("stochasticPoolInference", "is Set.StochasticPoolInference", y, func(p *windowPass) func() {
		sum, squares, a, zero := p.some(p.nv), p.some(p.nv), p.get(), p.get()
		return func() {
			p.scan("", x, func() {
				p.zero(zero)
				for v := range p.nv {
					p.zero(sum[v])
					p.zero(squares[v])
				}
			}, func(bool) {
				for v, r := range sum {
					p.load(p.in[inX], v, a)
					VMAXPS(a, zero, a)
					VADDPS(a, r, r)
					VFMADD231PS(a, a, squares[v])
				}
			})
			for v, r := range squares {
				VDIVPS(sum[v], r, r)
				p.keepPositive(r, sum[v], zero)
				p.store(r, p.out[outY], v, a)
			}
		}
	})
}
