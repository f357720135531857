package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// coefficients broadcasts the first numbers of the first vector of the arguments.
func (p *elementPass) coefficients(n int) []reg.VecPhysical {
	at := field(p.a, sweepVec)
	to := p.some(n)
	for i, r := range to {
		VBROADCASTSS(Mem{Base: at, Disp: 4 * i}, r)
	}
	return to
}

// toward is to = keep·to + by·d, or keep·to + (by·d)·d, rounded as Go rounds it: no multiply-add. t is destroyed.
func toward(to, keep, by, d, t reg.VecPhysical, squared bool) {
	VMULPS(keep, to, to)
	VMULPS(by, d, t)
	if squared {
		VMULPS(d, t, t)
	}
	VADDPS(t, to, to)
}

// decayed is d = d + l2·w.
func decayed(d, l2, w, t reg.VecPhysical) {
	VMULPS(l2, w, t)
	VADDPS(t, d, d)
}

// lambU is a = step·a / (root·√s + eps) + decay·w. s and t are destroyed.
func lambU(w, a, s, step, root, eps, decay, t reg.VecPhysical) {
	VSQRTPS(s, s)
	VMULPS(root, s, s)
	VADDPS(eps, s, s)
	VMULPS(step, a, a)
	VDIVPS(s, a, a)
	VMULPS(decay, w, t)
	VADDPS(t, a, a)
}

// less is w = w − by·x.
func less(w, by, x, t reg.VecPhysical) {
	VMULPS(by, x, t)
	VSUBPS(t, w, w)
}

// solvers writes what adaptive.go of package kernel says, every rounding of it: these kernels give the bits of the portable code.
func solvers(m *isa) {
	m.elements("adam", "is Set.Adam: step, direct, root, eps, β1, 1−β1, β2, 1−β2, l2, decay", 4, 2, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(10)
		w, a, s, d, t, scratch := p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, w)
			p.load(3, u, d)
			decayed(d, k[8], w, t)
			p.load(1, u, a)
			toward(a, k[4], k[5], d, t, false)
			p.store(a, 1, u, scratch)
			p.load(2, u, s)
			toward(s, k[6], k[7], d, t, true)
			p.store(s, 2, u, scratch)
			VSQRTPS(s, s)
			VMULPS(k[2], s, s)
			VADDPS(k[3], s, s)
			VMULPS(k[0], a, a)
			VMULPS(k[1], d, d)
			VADDPS(d, a, a)
			VDIVPS(s, a, a)
			less(w, k[9], w, t)
			VSUBPS(a, w, w)
			p.store(w, 0, u, scratch)
		}, nil
	})
	m.elements("lambMoments", "moves m and v as Set.LAMBMoments and gives u; maps p, m, v, g, u: step, root, eps, β1, 1−β1, β2, 1−β2, l2, decay", 5, 2, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(9)
		w, a, s, d, t, scratch := p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, w)
			p.load(3, u, d)
			decayed(d, k[7], w, t)
			p.load(1, u, a)
			toward(a, k[3], k[4], d, t, false)
			p.store(a, 1, u, scratch)
			p.load(2, u, s)
			toward(s, k[5], k[6], d, t, true)
			p.store(s, 2, u, scratch)
			lambU(w, a, s, k[0], k[1], k[2], k[8], t)
			p.store(a, 4, u, scratch)
		}, nil
	})
	m.elements("lambStep", "is Set.LAMBStep: step, root, eps, decay, rate", 3, 2, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(5)
		w, a, s, t, scratch := p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, w)
			p.load(1, u, a)
			p.load(2, u, s)
			lambU(w, a, s, k[0], k[1], k[2], k[3], t)
			less(w, k[4], a, t)
			p.store(w, 0, u, scratch)
		}, nil
	})
	m.elements("blend", "is Set.Blend: keep, by", 2, 4, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(2)
		to, x, t, scratch := p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, to)
			p.load(1, u, x)
			toward(to, k[0], k[1], x, t, false)
			p.store(to, 0, u, scratch)
		}, nil
	})
	if !m.avx512 { // eight sums are one chain of additions, in which wider ones take as many turns, and on Intel's processors longer ones
		m.elements("squareSum", "leaves in the first vector of coefficients the sums of Set.SquareSum over one block", 1, 2,
			func(p *elementPass) (func(int), func()) {
				sum, x := p.get(), p.get()
				p.zero(sum)
				return func(u int) {
						p.load(0, u, x)
						VMULPS(x, x, x)
						VADDPS(x, sum, sum)
					}, func() {
						VMOVUPS(sum, Mem{Base: field(p.a, sweepVec)})
					}
			})
	}
	m.elements("lion", "is Set.Lion: lr, β1, 1−β1, β2, 1−β2, l2, decay", 3, 2, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(7)
		w, a, d, step, t, q, scratch := p.get(), p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, w)
			p.load(2, u, d)
			decayed(d, k[5], w, t)
			p.load(1, u, a)
			VMOVAPS(a, step)
			toward(step, k[1], k[2], d, t, false)
			toward(a, k[3], k[4], d, t, false)
			p.store(a, 1, u, scratch)
			p.and(p.consts.bits(signBit), step, t)
			p.or(k[0], t, t) // lr with the sign, where there is one
			VMULPS(k[0], step, a)
			p.zero(q)
			const isOther = 12 // and both are numbers
			if p.avx512 {
				VCMPPS(Imm(isOther), q, step, reg.K4)
				VBLENDMPS(t, a, reg.K4, step)
			} else {
				VCMPPS(Imm(isOther), q, step, q)
				VBLENDVPS(q, t, a, step)
			}
			less(w, k[6], w, t)
			VSUBPS(step, w, w)
			p.store(w, 0, u, scratch)
		}, nil
	})
	m.elements("adaDelta", "is Set.AdaDelta: lr, ρ, 1−ρ, eps, l2", 4, 2, func(p *elementPass) (func(int), func()) {
		k := p.coefficients(5)
		w, s, moved, d, t, q, scratch := p.get(), p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, w)
			p.load(3, u, d)
			decayed(d, k[4], w, t)
			p.load(1, u, s)
			toward(s, k[1], k[2], d, t, true)
			p.store(s, 1, u, scratch)
			p.load(2, u, moved)
			VADDPS(k[3], moved, q)
			VSQRTPS(q, q)
			VADDPS(k[3], s, s)
			VSQRTPS(s, s)
			VDIVPS(s, q, q)
			VMULPS(q, d, d)
			toward(moved, k[1], k[2], d, t, true)
			p.store(moved, 2, u, scratch)
			less(w, k[0], d, t)
			p.store(w, 0, u, scratch)
		}, nil
	})
	for _, f := range []struct {
		name             string
		inside, momentum bool
	}{{"rmsprop", false, false}, {"rmspropInside", true, false}, {"rmspropMomentum", false, true}, {"rmspropInsideMomentum", true, true}} {
		maps, g := 3, 2
		if f.momentum {
			maps, g = 4, 3
		}
		m.elements(f.name, "is Set.RMSProp: lr, keep, add, eps, l2, momentum", maps, 2, func(p *elementPass) (func(int), func()) {
			k := p.coefficients(6)
			w, s, d, t, scratch := p.get(), p.get(), p.get(), p.get(), p.get()
			return func(u int) {
				p.load(0, u, w)
				p.load(g, u, d)
				decayed(d, k[4], w, t)
				p.load(1, u, s)
				toward(s, k[1], k[2], d, t, true)
				p.store(s, 1, u, scratch)
				if f.inside {
					VADDPS(k[3], s, s)
					VSQRTPS(s, s)
				} else {
					VSQRTPS(s, s)
					VADDPS(k[3], s, s)
				}
				VDIVPS(s, d, d)
				if f.momentum {
					p.load(2, u, t)
					VMULPS(k[5], t, t)
					VADDPS(t, d, d)
					p.store(d, 2, u, scratch)
				}
				less(w, k[0], d, t)
				p.store(w, 0, u, scratch)
			}, nil
		})
	}
	for _, f := range []struct {
		name     string
		nesterov bool
	}{{"lars", false}, {"larsNesterov", true}} {
		m.elements(f.name, "is Set.LARS: lr, momentum, l2, ratio", 3, 2, func(p *elementPass) (func(int), func()) {
			k := p.coefficients(4)
			w, v, d, t, scratch := p.get(), p.get(), p.get(), p.get(), p.get()
			return func(u int) {
				p.load(0, u, w)
				p.load(2, u, d)
				decayed(d, k[2], w, t)
				VMULPS(k[3], d, d)
				p.load(1, u, v)
				VMULPS(k[1], v, v)
				VADDPS(d, v, v)
				p.store(v, 1, u, scratch)
				if f.nesterov {
					VMULPS(k[1], v, v)
					VADDPS(d, v, v)
				}
				less(w, k[0], v, t)
				p.store(w, 0, u, scratch)
			}, nil
		})
	}
}
