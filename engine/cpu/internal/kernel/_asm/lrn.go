package main

import . "github.com/mmcloughlin/avo/build"

// responses writes the two element kernels that lrn_amd64.go is made of.
func responses(m *isa) {
	m.elements("addProduct", "is z += k·x·y; maps z, x, y, scalar k", 3, 4, func(p *elementPass) (func(int), func()) {
		k, z, x, y := p.scalar(0), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(0, u, z)
			p.load(1, u, x)
			p.load(2, u, y)
			VMULPS(k, x, x)
			VFMADD231PS(x, y, z)
			p.store(z, 0, u, x)
		}, nil
	})
	m.elements("powScale", "is y = x·(1+w)^b, w = k·s + k0, as x·exp(b·ln(1+w)); maps y, x, s, scalars k0, k, b", 3, 2, func(p *elementPass) (func(int), func()) {
		k0, k, b := p.scalar(0), p.scalar(1), p.scalar(2)
		x, w, r, s, t, q := p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		return func(u int) {
			p.load(1, u, x)
			p.load(2, u, w)
			VFMADD213PS(k0, k, w)
			p.log1p(w, r, s, q)
			VMULPS(b, q, w)
			p.exp(w, s, t, q)
			VMULPS(w, x, x)
			p.store(x, 0, u, t)
		}, nil
	})
	m.elements("powLog", "is Set.PowLog, x^p as exp(p·ln x); maps y, x, scalars p, k, l", 2, 2, func(p *elementPass) (func(int), func()) {
		power, k, l := p.scalar(0), p.scalar(1), p.scalar(2)
		x, z, r, s, t, q, zero := p.get(), p.get(), p.get(), p.get(), p.get(), p.get(), p.get()
		p.zero(zero)
		return func(u int) {
			p.load(1, u, x)
			VMOVAPS(x, z)
			p.log(z, r, s, q)
			VMULPS(power, q, z)
			VFMADD213PS(k, l, q) // k + l·ln x
			VMOVAPS(q, r)
			p.exp(z, s, t, q)
			VMULPS(r, z, z)
			p.keepPositive(z, x, zero)
			p.store(z, 0, u, t)
		}, nil
	})
}
