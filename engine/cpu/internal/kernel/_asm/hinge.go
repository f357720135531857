package main

import . "github.com/mmcloughlin/avo/build"

// hinges writes what hinge.go of package kernel says, one hinge at a time.
func hinges(m *isa) {
	m.pass("hinge", "adds a·max(h−x, 0) to y, a part of Set.APL", 2, func(p *channelPass) (func(int), func()) {
		a, h, x, y, zero := p.coefficients(0), p.coefficients(1), p.get(), p.get(), p.get()
		p.zero(zero)
		return func(int) {
			for v := range p.nv {
				p.load(1, v, x)
				VSUBPS(x, h[v], x)
				VMAXPS(x, zero, x)
				p.load(0, v, y)
				VFMADD231PS(x, a[v], y)
				p.store(y, 0, v, x)
			}
		}, nil
	})
	m.pass("hingeGrad", "is the part of one hinge of Set.APLGrad", 3, func(p *channelPass) (func(int), func()) {
		a, h, da, dh := p.coefficients(0), p.coefficients(1), p.sums(), p.sums()
		x, g, d, zero := p.get(), p.get(), p.get(), p.get()
		return func(u int) {
				p.zero(zero)
				for v := range p.nv {
					p.load(1, v, x)
					p.load(2, v, g)
					VSUBPS(x, h[v], x)
					VMAXPS(x, zero, d)
					VFMADD231PS(d, g, da[u][v])
					p.keepPositive(g, x, zero)
					VFMADD231PS(g, a[v], dh[u][v])
					p.load(0, v, d)
					VFNMADD231PS(g, a[v], d)
					p.store(d, 0, v, x)
				}
			}, func() {
				p.addSums(da, 2, x)
				p.addSums(dh, 3, x)
			}
	})
	m.elements("crelu", "is Set.CReLU", 3, 4, func(p *elementPass) (func(int), func()) {
		x, y, zero := p.get(), p.get(), p.get()
		p.zero(zero)
		return func(u int) {
			p.load(2, u, x)
			VMAXPS(x, zero, y)
			VSUBPS(x, zero, x)
			VMAXPS(x, zero, x)
			scratch := p.v(p.next)
			p.store(y, 0, u, scratch)
			p.store(x, 1, u, scratch)
		}, nil
	})
	m.elements("creluGrad", "is Set.CReLUGrad", 5, 2, func(p *elementPass) (func(int), func()) {
		y, g, d, zero := p.get(), p.get(), p.get(), p.get()
		p.zero(zero)
		return func(u int) {
			p.load(1, u, y)
			p.load(3, u, g)
			p.keepPositive(g, y, zero)
			p.load(2, u, y)
			p.load(4, u, d)
			p.keepPositive(d, y, zero)
			VSUBPS(d, g, g)
			p.store(g, 0, u, y)
		}, nil
	})
}
