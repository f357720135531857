package main

import (
	"math"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The constants of activation.go in package kernel.
const (
	expMax, expMin = 88.37, -87.33
	log2e          = 1.44269504088896341
	ln2Hi, ln2Lo   = 0.693359375, -2.12194440e-4

	arcsinhMax, mishMax    = 1e18, 20
	normalP, normalDensity = 0.30, 0.3989422804014327
)

var (
	expTerms    = []float64{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}
	logTerms    = []float64{1. / 9, 1. / 7, 1. / 5, 1. / 3}
	normalTerms = []float64{0.036036456804, -0.158714202117, 0.20896551851, -0.056096652763, 0.129843782647, 0.099522965108, 0.120816906084, 0.119625164751}
)

const bias, signBit, absBits, sqrtHalf = 127, 0x80000000, 0x7fffffff, 0x3f3504f3

func activationWords() []uint32 {
	words := []uint32{bias, signBit, absBits, sqrtHalf}
	numbers := []float64{expMax, expMin, log2e, ln2Hi, ln2Lo, arcsinhMax, mishMax, normalP, normalDensity, 1, 2, -2, 3, 4, 6, 0.5, -0.5, 1. / 3, 1. / 6}
	for _, x := range slices.Concat(numbers, expTerms, logTerms, normalTerms) {
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

// polynomial leaves that of x in q, the first coefficient that of the highest power.
func (m *isa) polynomial(terms []float64, x, q reg.VecPhysical) {
	VMOVUPS(m.consts.float(terms[0]), q)
	for _, c := range terms[1:] {
		VFMADD213PS(m.consts.float(c), x, q)
	}
}

// exp leaves eˣ in x.
func (m *isa) exp(x, s, t, q reg.VecPhysical) {
	m.expParts(x, s, t, q)
	VFMADD213PS(s, s, x)
}

// expm1 leaves eˣ − 1 = 2^n·(e^r−1) + (2^n−1) in t.
func (m *isa) expm1(x, s, t, q reg.VecPhysical) {
	m.expParts(x, s, t, q)
	VSUBPS(m.consts.float(1), s, t)
	VFMADD231PS(s, x, t)
}

// log1p leaves ln(1+w) in q.
func (m *isa) log1p(w, k, s, q reg.VecPhysical) {
	f := m.consts.float
	VADDPS(f(1), w, k)
	VPSUBD(m.consts.bits(sqrtHalf), k, k)
	VPSRAD(Imm(23), k, k)
	VPADDD(m.consts.bits(bias), k, s)
	VPSLLD(Imm(23), s, s) // 2^k
	VSUBPS(f(1), s, s)
	VSUBPS(s, w, w)
	VMOVUPS(m.consts.bits(bias), s)
	VPSUBD(k, s, s)
	VPSLLD(Imm(23), s, s) // 2^−k
	VMULPS(s, w, w)
	m.logOfPart(w, k, s, q)
}

// log leaves ln(x) in q, x above 0.
func (m *isa) log(x, k, s, q reg.VecPhysical) {
	VPSUBD(m.consts.bits(sqrtHalf), x, k)
	VPSRAD(Imm(23), k, k)
	VMOVUPS(m.consts.bits(bias), s)
	VPSUBD(k, s, s)
	VPSLLD(Imm(23), s, s) // 2^−k
	VMULPS(s, x, x)
	VSUBPS(m.consts.float(1), x, x)
	m.logOfPart(x, k, s, q)
}

// logOfPart leaves ln(2^k·(1+w)) in q, k in whole numbers.
func (m *isa) logOfPart(w, k, s, q reg.VecPhysical) {
	f := m.consts.float
	VCVTDQ2PS(k, k)
	VADDPS(f(2), w, s)
	VDIVPS(s, w, w)
	VMULPS(w, w, s)
	m.polynomial(logTerms, s, q)
	VMULPS(s, q, q)
	VADDPS(w, w, w)
	VFMADD213PS(w, w, q)
	VFMADD231PS(f(ln2Lo), k, q)
	VFMADD231PS(f(ln2Hi), k, q)
}

// normal leaves Φ(v) in q and e^(−v²/2) in x. It needs v twice, in x and v.
func (m *isa) normal(v, x, s, t, q, a, zero reg.VecPhysical) {
	f := m.consts.float
	m.and(m.consts.bits(absBits), v, a)
	VMULPS(x, x, x)
	VMULPS(f(-0.5), x, x)
	m.exp(x, s, t, q)
	VMOVUPS(f(1), t)
	VMOVUPS(f(1), s)
	VFMADD231PS(f(normalP), a, t)
	VDIVPS(t, s, t)
	m.polynomial(normalTerms, t, q)
	VMULPS(t, q, q)
	VMULPS(x, q, q)
	VSUBPS(q, s, s) // 1 − Φ(−|v|)
	VMOVAPS(v, a)
	m.blend(a, zero, s, q)
}

// mishParts bounds x and leaves eˣ in e and n in t, both as activation.go has them.
func (m *isa) mishParts(x, e, s, t, q reg.VecPhysical) {
	VMOVUPS(m.consts.float(mishMax), q)
	VMINPS(x, q, x)
	VMOVAPS(x, e)
	m.exp(e, s, t, q)
	VADDPS(m.consts.float(2), e, t)
	VMULPS(e, t, t)
}

// temporaries are the registers of an activation: x its argument and result (of a gradient z and g), k the factors.
type temporaries struct {
	x, z, g, s, t, q, u, zero reg.VecPhysical
	k                         [3]reg.VecPhysical
}

func (p *elementPass) temporaries() temporaries {
	r := temporaries{x: p.get(), g: p.get(), s: p.get(), t: p.get(), q: p.get(), u: p.get(), zero: p.get()}
	r.z = r.x
	for i := range r.k {
		r.k[i] = p.scalar(i)
	}
	p.zero(r.zero)
	return r
}

// activations writes what activation.go of package kernel says. Maps: y, x, or dx, z, dy. Scalars: the function's factors.
func activations(m *isa) {
	f, bits := m.consts.float, m.consts.bits
	forward := func(name, doc string, unroll int, body func(p *elementPass, r temporaries)) {
		m.elements(name, "is Set.Activation of "+doc, 2, unroll, func(p *elementPass) (func(int), func()) {
			r := p.temporaries()
			return func(u int) {
				p.load(1, u, r.x)
				body(p, r)
				p.store(r.x, 0, u, r.t)
			}, nil
		})
	}
	forward("relu", "ReLU", 4, func(p *elementPass, r temporaries) {
		VMAXPS(r.x, r.zero, r.x)
	})
	forward("leaky", "Leaky", 4, func(p *elementPass, r temporaries) {
		VMULPS(r.k[0], r.x, r.t)
		VMOVAPS(r.x, r.s)
		p.blend(r.s, r.zero, r.x, r.t)
		VMOVAPS(r.t, r.x)
	})
	forward("elu", "ELU, SELU and CELU", 2, func(p *elementPass, r temporaries) {
		VMOVAPS(r.x, r.u)
		VMULPS(r.k[2], r.x, r.x)
		p.expm1(r.x, r.s, r.t, r.q)
		VMULPS(r.k[0], r.t, r.x)
		VMULPS(r.k[1], r.u, r.t)
		p.blend(r.u, r.zero, r.t, r.x)
	})
	forward("tanh", "Tanh and ScaledTanh", 2, func(p *elementPass, r temporaries) {
		VMULPS(r.k[1], r.x, r.x)
		p.and(bits(signBit), r.x, r.u)
		p.and(bits(absBits), r.x, r.x)
		VMULPS(f(-2), r.x, r.x)
		p.expm1(r.x, r.s, r.t, r.q)
		VADDPS(f(2), r.t, r.q)
		VSUBPS(r.t, r.zero, r.t)
		VDIVPS(r.q, r.t, r.x)
		p.or(r.u, r.x, r.x)
		VMULPS(r.k[0], r.x, r.x)
	})
	forward("sigmoid", "Sigmoid", 2, func(p *elementPass, r temporaries) {
		VSUBPS(r.x, r.zero, r.x)
		p.exp(r.x, r.s, r.t, r.q)
		VADDPS(f(1), r.x, r.x)
		VMOVUPS(f(1), r.t)
		VDIVPS(r.x, r.t, r.x)
	})
	forward("clamp", "ReLU6 and HardSigmoid", 4, func(p *elementPass, r temporaries) {
		VADDPS(r.k[0], r.x, r.x)
		VMAXPS(r.x, r.zero, r.x)
		VMOVUPS(f(6), r.t)
		VMINPS(r.x, r.t, r.x)
		VMULPS(r.k[1], r.x, r.x)
	})
	forward("softplus", "Softplus", 2, func(p *elementPass, r temporaries) {
		VMAXPS(r.x, r.zero, r.u)
		p.or(bits(signBit), r.x, r.x)
		p.exp(r.x, r.s, r.t, r.q)
		p.log1p(r.x, r.t, r.s, r.q)
		VADDPS(r.q, r.u, r.x)
	})
	forward("softsign", "Softsign", 4, func(p *elementPass, r temporaries) {
		p.and(bits(absBits), r.x, r.t)
		VADDPS(f(1), r.t, r.t)
		VDIVPS(r.t, r.x, r.x)
	})
	forward("arcsinh", "Arcsinh", 2, func(p *elementPass, r temporaries) {
		p.and(bits(signBit), r.x, r.u)
		p.and(bits(absBits), r.x, r.x)
		VMOVUPS(f(arcsinhMax), r.q)
		VMINPS(r.x, r.q, r.x)
		VMULPS(r.x, r.x, r.t)
		VADDPS(f(1), r.t, r.s)
		VSQRTPS(r.s, r.s)
		VADDPS(f(1), r.s, r.s)
		VDIVPS(r.s, r.t, r.t)
		VADDPS(r.t, r.x, r.x)
		p.log1p(r.x, r.t, r.s, r.q)
		p.or(r.u, r.q, r.x)
	})
	forward("swish", "Swish", 2, func(p *elementPass, r temporaries) {
		VMOVAPS(r.x, r.u)
		VMULPS(r.k[0], r.x, r.x)
		VSUBPS(r.x, r.zero, r.x)
		p.exp(r.x, r.s, r.t, r.q)
		VADDPS(f(1), r.x, r.x)
		VDIVPS(r.x, r.u, r.x)
	})
	forward("hardSwish", "HardSwish", 4, func(p *elementPass, r temporaries) {
		VADDPS(f(3), r.x, r.t)
		VMAXPS(r.t, r.zero, r.t)
		VMOVUPS(f(6), r.s)
		VMINPS(r.t, r.s, r.t)
		VMULPS(r.t, r.x, r.x)
		VMULPS(f(1./6), r.x, r.x)
	})
	forward("gelu", "GELU", 2, func(p *elementPass, r temporaries) {
		VMOVAPS(r.x, r.u)
		p.normal(r.u, r.x, r.s, r.t, r.q, r.g, r.zero)
		VMULPS(r.q, r.u, r.x)
	})
	forward("mish", "Mish", 2, func(p *elementPass, r temporaries) {
		VMOVAPS(r.x, r.g)
		p.mishParts(r.x, r.u, r.s, r.t, r.q)
		VADDPS(f(2), r.t, r.s)
		VDIVPS(r.s, r.t, r.t)
		VMULPS(r.t, r.g, r.x)
	})

	forward("power", "Power", 2, func(p *elementPass, r temporaries) {
		p.and(bits(absBits), r.x, r.u)
		VMOVAPS(r.u, r.x)
		p.log(r.x, r.t, r.s, r.q)
		VMULPS(r.k[0], r.q, r.x)
		p.exp(r.x, r.s, r.t, r.q)
		VMOVAPS(r.u, r.s)
		p.blend(r.s, r.zero, r.x, r.u) // 0 and NaN stay
		VMOVAPS(r.u, r.x)
	})
	forward("root", "Power with the exponent ½", 4, func(p *elementPass, r temporaries) {
		p.and(bits(absBits), r.x, r.x)
		VSQRTPS(r.x, r.x)
	})

	// The gradients multiply g by the derivative.
	backward := func(name, doc string, unroll int, body func(p *elementPass, r temporaries)) {
		m.elements(name+"Grad", "is Set.ActivationGrad of "+doc, 3, unroll, func(p *elementPass) (func(int), func()) {
			r := p.temporaries()
			return func(u int) {
				p.load(1, u, r.z)
				p.load(2, u, r.g)
				body(p, r)
				p.store(r.g, 0, u, r.t)
			}, nil
		})
	}
	backward("relu", "ReLU", 4, func(p *elementPass, r temporaries) {
		p.keepPositive(r.g, r.z, r.zero)
	})
	backward("leaky", "Leaky", 4, func(p *elementPass, r temporaries) {
		VMULPS(r.k[0], r.g, r.t)
		p.blend(r.z, r.zero, r.g, r.t)
		VMOVAPS(r.t, r.g)
	})
	backward("elu", "ELU, SELU and CELU", 4, func(p *elementPass, r temporaries) {
		VMOVAPS(r.z, r.t)
		VFMADD213PS(r.k[0], r.k[2], r.t)
		p.blend(r.z, r.zero, r.k[1], r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("tanh", "Tanh and ScaledTanh", 4, func(p *elementPass, r temporaries) {
		VMULPS(r.k[1], r.z, r.t)
		VFNMADD213PS(r.k[0], r.z, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("sigmoid", "Sigmoid", 4, func(p *elementPass, r temporaries) {
		VMOVAPS(r.z, r.t)
		VFNMADD231PS(r.z, r.z, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("clamp", "ReLU6 and HardSigmoid", 4, func(p *elementPass, r temporaries) {
		VSUBPS(r.z, r.k[0], r.t)
		p.keepPositive(r.g, r.z, r.zero)
		p.keepPositive(r.g, r.t, r.zero)
		VMULPS(r.k[1], r.g, r.g)
	})
	backward("softplus", "Softplus", 2, func(p *elementPass, r temporaries) {
		VSUBPS(r.z, r.zero, r.z)
		p.expm1(r.z, r.s, r.t, r.q)
		VSUBPS(r.t, r.zero, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("softsign", "Softsign", 4, func(p *elementPass, r temporaries) {
		p.and(bits(absBits), r.z, r.t)
		VMOVUPS(f(1), r.s)
		VSUBPS(r.t, r.s, r.t)
		VMULPS(r.t, r.t, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("arcsinh", "Arcsinh", 2, func(p *elementPass, r temporaries) {
		p.or(bits(signBit), r.z, r.z)
		p.exp(r.z, r.s, r.t, r.q)
		VMULPS(r.z, r.z, r.t)
		VADDPS(f(1), r.t, r.t)
		VADDPS(r.z, r.z, r.z)
		VDIVPS(r.t, r.z, r.z)
		VMULPS(r.z, r.g, r.g)
	})
	backward("swish", "Swish", 2, func(p *elementPass, r temporaries) {
		VMULPS(r.k[0], r.z, r.z)
		VMOVAPS(r.z, r.u)
		VSUBPS(r.z, r.zero, r.z)
		p.exp(r.z, r.s, r.t, r.q)
		VMOVUPS(f(1), r.t)
		VADDPS(r.t, r.z, r.s)
		VDIVPS(r.s, r.t, r.s)
		VMULPS(r.s, r.z, r.t)
		VFMADD213PS(f(1), r.u, r.t)
		VMULPS(r.s, r.t, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("hardSwish", "HardSwish", 4, func(p *elementPass, r temporaries) {
		VMOVUPS(f(1./3), r.t)
		VFMADD213PS(f(0.5), r.z, r.t)
		VADDPS(f(3), r.z, r.s)
		p.keepPositive(r.t, r.s, r.zero)
		VMOVUPS(f(3), r.s)
		VSUBPS(r.z, r.s, r.s)
		VMOVUPS(f(1), r.q)
		p.blend(r.s, r.zero, r.t, r.q)
		VMULPS(r.q, r.g, r.g)
	})
	backward("gelu", "GELU", 2, func(p *elementPass, r temporaries) {
		v, a := p.v(p.next), p.v(p.next+1)
		VMOVAPS(r.z, v)
		p.normal(v, r.z, r.s, r.t, r.q, a, r.zero)
		VMULPS(f(normalDensity), r.z, r.z)
		VFMADD231PS(v, r.z, r.q)
		VMULPS(r.q, r.g, r.g)
	})
	backward("mish", "Mish", 2, func(p *elementPass, r temporaries) {
		p.mishParts(r.z, r.u, r.s, r.t, r.q)
		VADDPS(f(2), r.t, r.s)
		VMOVUPS(f(1), r.q)
		VDIVPS(r.s, r.q, r.s)
		VADDPS(r.u, r.q, r.q)
		VMULPS(r.u, r.q, r.q)
		VMULPS(f(4), r.q, r.q)
		VMULPS(r.s, r.q, r.q)
		VMULPS(r.s, r.q, r.q)
		VMULPS(r.s, r.t, r.t)
		VFMADD231PS(r.z, r.q, r.t)
		VMULPS(r.t, r.g, r.g)
	})
	backward("power", "Power", 2, func(p *elementPass, r temporaries) {
		sign := p.v(p.next)
		p.and(bits(signBit), r.z, sign)
		p.and(bits(absBits), r.z, r.u)
		VMOVAPS(r.u, r.z)
		p.log(r.z, r.t, r.s, r.q)
		VMULPS(r.k[1], r.q, r.z)
		p.exp(r.z, r.s, r.t, r.q)
		VMULPS(r.k[0], r.z, r.z)
		p.or(sign, r.z, r.z)
		VMULPS(r.z, r.g, r.g)
		VMOVAPS(r.u, r.s)
		p.blend(r.s, r.zero, r.g, r.u)
		VMOVAPS(r.u, r.g)
	})
	backward("root", "Power with the exponent ½", 4, func(p *elementPass, r temporaries) {
		p.and(bits(signBit), r.z, r.s)
		p.and(bits(absBits), r.z, r.u)
		VSQRTPS(r.u, r.t)
		VMOVUPS(f(0.5), r.q)
		VDIVPS(r.t, r.q, r.t)
		p.or(r.s, r.t, r.t)
		VMULPS(r.t, r.g, r.g)
		VMOVAPS(r.u, r.s)
		p.blend(r.s, r.zero, r.g, r.u)
		VMOVAPS(r.u, r.g)
	})
}
