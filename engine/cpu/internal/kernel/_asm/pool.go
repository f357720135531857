package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.windows, one row of output pixels and the windows under it; a test compares them.
const (
	windowsRows, windowsPixels, windowsC                             = 0, 8, 16
	windowsIn, windowsOut, windowsInRow, windowsInPix, windowsOutPix = 24, 40, 56, 72, 88 // a word each for x and dx, y and dy
	windowsW0, windowsW1, windowsWN, windowsHN                       = 104, 112, 120, 128
	inX, inDX, outY, outDY                                           = 0, 1, 0, 1
)

// windowPass is a pooling kernel: four vectors of channels at a time, window by window.
type windowPass struct {
	*isa
	registers
	k       *tail
	nv      int
	a       reg.Register
	pixel   reg.Register     // index of the output pixel
	in, out [2]reg.GPVirtual // the tap in x and dx; the pixel in y and dy
}

func (p *windowPass) load(at reg.GPVirtual, v int, to reg.VecPhysical) {
	p.k.load(p.isa, Mem{Base: at, Disp: v * p.bytes()}, v, to)
}

func (p *windowPass) store(from reg.VecPhysical, at reg.GPVirtual, v int, scratch reg.VecPhysical) {
	p.k.store(p.isa, from, v, Mem{Base: at, Disp: v * p.bytes()}, scratch)
}

// reciprocal leaves 1/(HN·WN) of the pixel in every lane.
func (p *windowPass) reciprocal(to reg.VecPhysical, scratch reg.VecPhysical) {
	n := field(p.a, windowsWN)
	MOVLQSX(Mem{Base: n, Index: p.pixel, Scale: 4}, n)
	IMULQ(Mem{Base: p.a, Disp: windowsHN}, n)
	VXORPS(scratch.AsX(), scratch.AsX(), scratch.AsX())
	VCVTSI2SSQ(n, scratch.AsX(), scratch.AsX())
	VMOVSS(p.consts.float(1), to.AsX())
	VDIVSS(scratch.AsX(), to.AsX(), to.AsX())
	VBROADCASTSS(to.AsX(), to)
}

// windows writes a pooling kernel that reads or writes the given inputs and outputs. body returns the code before a window's
// taps (first says where x begins), at each tap, and after.
func (m *isa) windows(name, doc string, ins, outs []int, body func(p *windowPass) (before, tap, after func())) {
	m.function(name, name+m.suffix+" "+doc+" for a row of output pixels; a is a *windows.", "func(a *byte)")
	mask := m.newTail(1)
	a := Load(Param("a"), GP64())
	left, cb := field(a, windowsC), GP64()
	XORQ(cb, cb)
	code := func(id string, nv int, k *tail) {
		p := &windowPass{isa: m, registers: registers{m: m}, k: k, nv: nv, a: a, pixel: GP64()}
		before, tap, after := body(p)
		for _, i := range outs {
			p.out[i] = field(a, windowsOut+8*i)
			ADDQ(cb, p.out[i])
		}
		XORQ(p.pixel, p.pixel)
		Label("pixel" + id)
		var row [2]reg.GPVirtual
		t := GP64()
		for _, i := range ins {
			row[i] = field(a, windowsIn+8*i)
			p.in[i] = GP64().(reg.GPVirtual)
			MOVQ(Mem{Base: a, Disp: windowsW0}, t)
			MOVLQSX(Mem{Base: t, Index: p.pixel, Scale: 4}, t)
			IMULQ(Mem{Base: a, Disp: windowsInPix + 8*i}, t)
			ADDQ(t, row[i])
			ADDQ(cb, row[i])
			MOVQ(row[i], p.in[i])
		}
		before()
		h := field(a, windowsRows)
		Label("row" + id)
		w := field(a, windowsW1)
		MOVLQSX(Mem{Base: w, Index: p.pixel, Scale: 4}, w)
		MOVQ(Mem{Base: a, Disp: windowsW0}, t)
		MOVLQSX(Mem{Base: t, Index: p.pixel, Scale: 4}, t)
		SUBQ(t, w)
		for _, i := range ins {
			MOVQ(row[i], p.in[i])
			ADDQ(Mem{Base: a, Disp: windowsInRow + 8*i}, row[i])
		}
		Label("tap" + id)
		tap()
		for _, i := range ins {
			ADDQ(Mem{Base: a, Disp: windowsInPix + 8*i}, p.in[i])
		}
		SUBQ(Imm(1), w)
		JGT(LabelRef("tap" + id))
		SUBQ(Imm(1), h)
		JGT(LabelRef("row" + id))
		after()
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
	m.windows("maxPool", "is Set.MaxPool", []int{inX}, []int{outY}, func(p *windowPass) (before, tap, after func()) {
		y, x := p.some(p.nv), p.get()
		return func() {
				for v, r := range y {
					p.load(p.in[inX], v, r)
				}
			}, func() {
				for v, r := range y {
					p.load(p.in[inX], v, x)
					VMAXPS(r, x, r) // x > y ? x : y
				}
			}, func() {
				for v, r := range y {
					p.store(r, p.out[outY], v, x)
				}
			}
	})
	m.windows("maxPoolGrad", "is Set.MaxPoolGrad", []int{inX, inDX}, []int{outY, outDY}, func(p *windowPass) (before, tap, after func()) {
		y, dy, left := p.some(p.nv), p.some(p.nv), p.some(p.nv) // left: ones where no tap had the y yet
		open := []reg.Register{reg.K2, reg.K3, reg.K5, reg.K6}  // the same as opmasks
		x, d := p.get(), p.get()
		return func() {
				for v := range p.nv {
					p.load(p.out[outY], v, y[v])
					p.load(p.out[outDY], v, dy[v])
					if p.avx512 {
						KXNORW(open[v], open[v], open[v])
					} else {
						VPCMPEQD(left[v], left[v], left[v])
					}
				}
			}, func() {
				for v := range p.nv {
					p.load(p.in[inX], v, x)
					p.load(p.in[inDX], v, d)
					if p.avx512 {
						VCMPPS(Imm(0), x, y[v], reg.K4)
						KANDW(reg.K4, open[v], reg.K4)
						KANDNW(open[v], reg.K4, open[v])
						VADDPS(dy[v], d, reg.K4, d)
					} else {
						VCMPPS(Imm(0), x, y[v], x)
						VANDPS(left[v], x, x)
						VANDNPS(left[v], x, left[v])
						VANDPS(dy[v], x, x)
						VADDPS(x, d, d)
					}
					p.store(d, p.in[inDX], v, x)
				}
			}, func() {}
	})
	m.windows("avgPool", "is Set.AvgPool", []int{inX}, []int{outY}, func(p *windowPass) (before, tap, after func()) {
		y, x, k := p.some(p.nv), p.get(), p.get()
		return func() {
				for _, r := range y {
					p.zero(r)
				}
			}, func() {
				for v, r := range y {
					p.load(p.in[inX], v, x)
					VADDPS(x, r, r)
				}
			}, func() {
				p.reciprocal(k, x)
				for v, r := range y {
					VMULPS(k, r, r)
					p.store(r, p.out[outY], v, x)
				}
			}
	})
	m.windows("avgPoolGrad", "is Set.AvgPoolGrad", []int{inDX}, []int{outDY}, func(p *windowPass) (before, tap, after func()) {
		dy, d, k := p.some(p.nv), p.get(), p.get()
		return func() {
				p.reciprocal(k, d)
				for v, r := range dy {
					p.load(p.out[outDY], v, r)
					VMULPS(k, r, r)
				}
			}, func() {
				for v, r := range dy {
					p.load(p.in[inDX], v, d)
					VADDPS(r, d, d)
					p.store(d, p.in[inDX], v, k)
				}
			}, func() {}
	})
}
