package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of activation.go in package kernel.
const (
	expMax, expMin = 88.37, -87.33
	log2e          = 1.44269504088896341
	ln2Hi, ln2Lo   = 0.693359375, -2.12194440e-4
)

var expTerms = []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

const bias, signBit, absBits = 127, 0x80000000, 0x7fffffff

func activationWords() []uint32 {
	words := []uint32{bias, signBit, absBits}
	for _, x := range append([]float64{expMax, expMin, log2e, ln2Hi, ln2Lo, 1, 2, -2}, expTerms...) {
		words = append(words, math.Float32bits(float32(x)))
	}
	return words
}

// expParts leaves e^r − 1 in x and 2^n in s, eˣ = 2^n·e^r.
func (m *isa) expParts(x, s, n, q reg.VecPhysical) {
	f := m.consts.float
	VMOVUPS(f(expMin), q)
	VMAXPS(x, q, x) // a NaN stays
	VMOVUPS(f(expMax), q)
	VMINPS(x, q, x)
	VMULPS(f(log2e), x, n)
	VCVTPS2DQ(n, s)
	VCVTDQ2PS(s, n)
	VFNMADD231PS(f(ln2Hi), n, x)
	VFNMADD231PS(f(ln2Lo), n, x)
	VMOVUPS(f(expTerms[0]), q)
	for _, c := range expTerms[1:] {
		VFMADD213PS(f(c), x, q)
	}
	VMULPS(x, x, n)
	VFMADD231PS(n, q, x)
	VPADDD(m.consts.bits(bias), s, s)
	VPSLLD(Imm(23), s, s)
}

// activations writes what activation.go of package kernel says. Maps: y, x, or dx, y, dy. Scalars: alpha, and elu's factor of
// the positive side.
func activations(m *isa) {
	f := m.consts.float
	type kernel = func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical)
	forward := func(name, doc string, unroll int, body kernel) {
		m.elements(name, doc, 2, unroll, func(p *elementPass) (func(int), func()) {
			r := p.some(5)
			alpha, k := p.scalar(0), p.scalar(1)
			p.zero(r[4])
			return func(u int) {
				p.load(1, u, r[0])
				body(p, r[0], r[1], r[2], r[3], r[4], alpha, k)
				p.store(r[0], 0, u, r[1])
			}, nil
		})
	}
	forward("relu", "is Set.Activation of ReLU", 4, func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical) {
		VMAXPS(x, zero, x)
	})
	forward("leaky", "is Set.Activation of Leaky", 4, func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical) {
		VMULPS(alpha, x, t)
		VMOVAPS(x, s)
		p.blend(s, zero, x, t)
		VMOVAPS(t, x)
	})
	forward("elu", "is Set.Activation of ELU and SELU", 2, func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical) {
		e := p.v(p.next) // one more
		VMOVAPS(x, e)
		p.expParts(x, s, t, q)
		VSUBPS(f(1), s, t)
		VFMADD231PS(s, x, t) // 2^n·(e^r−1) + (2^n−1)
		VMULPS(alpha, t, x)
		VMULPS(k, e, t)
		p.blend(e, zero, t, x)
	})
	forward("tanh", "is Set.Activation of Tanh", 2, func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical) {
		sign := p.v(p.next)
		p.and(p.consts.bits(signBit), x, sign)
		p.and(p.consts.bits(absBits), x, x)
		VMULPS(f(-2), x, x)
		p.expParts(x, s, t, q)
		VSUBPS(f(1), s, t)
		VFMADD231PS(s, x, t) // e = exp(−2|x|)−1
		VADDPS(f(2), t, q)
		VSUBPS(t, zero, t)
		VDIVPS(q, t, x)
		p.or(sign, x, x)
	})
	forward("sigmoid", "is Set.Activation of Sigmoid", 2, func(p *elementPass, x, t, s, q, zero, alpha, k reg.VecPhysical) {
		VSUBPS(x, zero, x)
		p.expParts(x, s, t, q)
		VFMADD213PS(s, s, x)
		VADDPS(f(1), x, x)
		VMOVUPS(f(1), t)
		VDIVPS(x, t, x)
	})

	// The gradients leave dx in g.
	backward := func(name, doc string, body func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical)) {
		m.elements(name, doc, 3, 4, func(p *elementPass) (func(int), func()) {
			r := p.some(4)
			alpha, k := p.scalar(0), p.scalar(1)
			p.zero(r[3])
			return func(u int) {
				p.load(1, u, r[1])
				p.load(2, u, r[0])
				body(p, r[0], r[1], r[2], r[3], alpha, k)
				p.store(r[0], 0, u, r[1])
			}, nil
		})
	}
	backward("reluGrad", "is Set.ActivationGrad of ReLU", func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical) {
		p.keepPositive(g, y, zero)
	})
	backward("leakyGrad", "is Set.ActivationGrad of Leaky", func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical) {
		VMULPS(alpha, g, t)
		p.blend(y, zero, g, t)
		VMOVAPS(t, g)
	})
	backward("eluGrad", "is Set.ActivationGrad of ELU and SELU", func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical) {
		VADDPS(alpha, y, t)
		p.blend(y, zero, k, t)
		VMULPS(t, g, g)
	})
	backward("tanhGrad", "is Set.ActivationGrad of Tanh", func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical) {
		VMOVUPS(f(1), t)
		VFNMADD231PS(y, y, t)
		VMULPS(t, g, g)
	})
	backward("sigmoidGrad", "is Set.ActivationGrad of Sigmoid", func(p *elementPass, g, y, t, zero, alpha, k reg.VecPhysical) {
		VMOVAPS(y, t)
		VFNMADD231PS(y, y, t)
		VMULPS(t, g, g)
	})
}
