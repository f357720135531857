package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// elementwise writes what elementwise.go of package kernel says, as far as Go does not do as well.
func elementwise(m *isa) {
	m.elements("add", "is Set.Add", 3, 4, func(p *elementPass) (func(int), func()) {
		x, y := p.get(), p.get()
		return func(u int) {
			p.load(1, u, x)
			p.load(2, u, y)
			VADDPS(y, x, x)
			p.store(x, 0, u, y)
		}, nil
	})
	m.elements("mul", "is Set.Mul", 3, 4, func(p *elementPass) (func(int), func()) {
		x, y := p.get(), p.get()
		return func(u int) {
			p.load(1, u, x)
			p.load(2, u, y)
			VMULPS(y, x, x)
			p.store(x, 0, u, y)
		}, nil
	})
	m.elements("scale", "is Set.Scale", 2, 4, func(p *elementPass) (func(int), func()) {
		k, x, scratch := p.scalar(0), p.get(), p.get()
		return func(u int) {
			p.load(1, u, x)
			VMULPS(k, x, x)
			p.store(x, 0, u, scratch)
		}, nil
	})
	m.elements("axpy", "is Set.Axpy", 2, 4, func(p *elementPass) (func(int), func()) {
		k, x, y := p.scalar(0), p.get(), p.get()
		return func(u int) {
			p.load(1, u, x)
			p.load(0, u, y)
			VFMADD231PS(x, k, y)
			p.store(y, 0, u, x)
		}, nil
	})
}

// updates writes what update.go of package kernel says. Scalars: lr, momentum, l2.
func updates(m *isa) {
	for _, f := range []struct {
		name, doc string
		nesterov  bool
	}{{"sgd", "is Set.SGD", false}, {"sgdNesterov", "is Set.SGD with Nesterov's momentum", true}} {
		m.elements(f.name, f.doc, 3, 2, func(p *elementPass) (func(int), func()) {
			lr, momentum, l2 := p.scalar(0), p.scalar(1), p.scalar(2)
			w, v, d, scratch := p.get(), p.get(), p.get(), p.get()
			return func(u int) {
				p.load(0, u, w)
				p.load(1, u, v)
				p.load(2, u, d)
				VFMADD231PS(l2, w, d)
				VFMADD213PS(d, momentum, v)
				p.store(v, 1, u, scratch)
				if f.nesterov {
					VFMADD231PS(momentum, v, d)
					VMOVAPS(d, v)
				}
				VFNMADD231PS(lr, v, w)
				p.store(w, 0, u, scratch)
			}, nil
		})
	}
	m.elements("notFinite", "leaves in the first vector of coefficients a lane that is not 0 where x holds an infinity or a NaN", 1, 4,
		func(p *elementPass) (func(int), func()) {
			all, x := p.get(), p.get()
			p.zero(all)
			return func(u int) {
					p.load(0, u, x)
					VSUBPS(x, x, x) // 0, or NaN
					p.or(x, all, all)
				}, func() {
					VMOVUPS(all, Mem{Base: field(p.a, sweepVec)})
				}
		})
}
