package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// norms writes what norm.go of package kernel says. Maps and vectors come in the order of its arguments, those that are not
// there left out.
func norms(m *isa) {
	m.pass("moments", "is Set.Moments", 1, func(p *channelPass) (func(int), func()) {
		pivot, sum, sq, d := p.coefficients(0), p.sums(), p.sums(), p.get()
		return func(u int) {
				for v := range p.nv {
					p.load(0, v, d)
					VSUBPS(pivot[v], d, d)
					VADDPS(d, sum[u][v], sum[u][v])
					VFMADD231PS(d, d, sq[u][v])
				}
			}, func() {
				p.addSums(sum, 1, d)
				p.addSums(sq, 2, d)
			}
	})
	m.pass("colSums", "is Set.ColSums", 1, func(p *channelPass) (func(int), func()) {
		sum, x := p.sums(), p.get()
		return func(u int) {
			for v := range p.nv {
				p.load(0, v, x)
				VADDPS(x, sum[u][v], sum[u][v])
			}
		}, func() { p.addSums(sum, 0, x) }
	})

	for _, f := range []struct {
		name, doc string
		res, relu bool
	}{
		{"affine", "is Set.Affine without residual or ReLU", false, false},
		{"affineReLU", "is Set.Affine with a ReLU", false, true},
		{"affineRes", "is Set.Affine with a residual", true, false},
		{"affineResReLU", "is Set.Affine with a residual and a ReLU", true, true},
	} {
		maps := 2
		if f.res {
			maps = 3
		}
		m.pass(f.name, f.doc, maps, func(p *channelPass) (func(int), func()) {
			shift, scale := p.coefficients(1), p.coefficients(0)
			t, x, zero := p.get(), p.get(), p.get()
			p.zero(zero)
			ahead := field(p.a, sweepAhead)
			return func(int) {
				for v := 0; v < p.nv && p.k == nil; v += 64 / p.bytes() {
					PREFETCHT1(Mem{Base: p.maps[0], Index: ahead, Scale: 1, Disp: v * p.bytes()})
					PREFETCHT1(Mem{Base: p.maps[1], Index: ahead, Scale: 1, Disp: v * p.bytes()})
				}
				for v := range p.nv {
					VMOVAPS(shift[v], t)
					p.load(1, v, x)
					VFMADD231PS(x, scale[v], t)
					if f.res {
						p.load(2, v, x)
						VADDPS(x, t, t)
					}
					if f.relu {
						VMAXPS(t, zero, t)
					}
					p.store(t, 0, v, x)
				}
			}, nil
		})
	}
	m.pass("bias", "is Set.Affine with a shift alone", 2, func(p *channelPass) (func(int), func()) {
		shift, x, scratch := p.coefficients(0), p.get(), p.get()
		return func(int) {
			for v := range p.nv {
				p.load(1, v, x)
				VADDPS(x, shift[v], x)
				p.store(x, 0, v, scratch)
			}
		}, nil
	})

	// gradient loads dy', masked by y.
	gradient := func(p *channelPass, dy, y, v int, relu bool, g, t, zero reg.VecPhysical) {
		p.load(dy, v, g)
		if relu {
			p.load(y, v, t)
			p.keepPositive(g, t, zero)
		}
	}
	for _, f := range []struct {
		name, doc string
		relu      bool
	}{{"normGradSums", "is Set.NormGradSums without a ReLU", false}, {"normGradSumsReLU", "is Set.NormGradSums behind a ReLU", true}} {
		maps := 2
		if f.relu {
			maps = 3
		}
		m.pass(f.name, f.doc, maps, func(p *channelPass) (func(int), func()) {
			mean, sum, dot := p.coefficients(0), p.sums(), p.sums()
			g, t, zero := p.get(), p.get(), p.get()
			p.zero(zero)
			return func(u int) {
					for v := range p.nv {
						gradient(p, 0, 2, v, f.relu, g, t, zero)
						VADDPS(g, sum[u][v], sum[u][v])
						p.load(1, v, t)
						VSUBPS(mean[v], t, t)
						VFMADD231PS(t, g, dot[u][v])
					}
				}, func() {
					p.addSums(sum, 1, g)
					p.addSums(dot, 2, g)
				}
		})
	}
	for _, f := range []struct {
		name, doc string
		relu, res bool
	}{
		{"normGrad", "is Set.NormGrad without a ReLU or residual", false, false},
		{"normGradReLU", "is Set.NormGrad behind a ReLU", true, false},
		{"normGradReLURes", "is Set.NormGrad behind a ReLU and with the gradient of a residual", true, true},
	} {
		maps := 3
		if f.relu {
			maps++
		}
		if f.res {
			maps++
		}
		m.pass(f.name, f.doc, maps, func(p *channelPass) (func(int), func()) {
			mean, kdy, kx, k0 := p.coefficients(0), p.coefficients(1), p.coefficients(2), p.coefficients(3)
			g, t, d, zero := p.get(), p.get(), p.get(), p.get()
			p.zero(zero)
			return func(int) {
				for v := range p.nv {
					gradient(p, 1, 3, v, f.relu, g, t, zero)
					if f.res {
						p.store(g, 4, v, t)
					}
					p.load(2, v, t)
					VSUBPS(mean[v], t, t)
					VMOVAPS(k0[v], d)
					VFMADD231PS(t, kx[v], d)
					VFMADD231PS(g, kdy[v], d)
					p.store(d, 0, v, t)
				}
			}, nil
		})
	}

	m.pass("prelu", "is Set.PReLU", 2, func(p *channelPass) (func(int), func()) {
		k, x, y, c, zero := p.coefficients(0), p.get(), p.get(), p.get(), p.get()
		p.zero(zero)
		return func(int) {
			for v := range p.nv {
				p.load(1, v, x)
				VMULPS(k[v], x, y)
				VMOVAPS(x, c)
				p.blend(c, zero, x, y)
				p.store(y, 0, v, c)
			}
		}, nil
	})
	m.pass("preluGrad", "is Set.PReLUGrad", 3, func(p *channelPass) (func(int), func()) {
		k, da, x, g, d, zero := p.coefficients(0), p.sums(), p.get(), p.get(), p.get(), p.get()
		p.zero(zero)
		return func(u int) {
			for v := range p.nv {
				p.load(1, v, x)
				p.load(2, v, g)
				VMINPS(x, zero, d)
				VFMADD231PS(d, g, da[u][v])
				VMULPS(k[v], g, d)
				p.blend(x, zero, g, d)
				p.store(d, 0, v, x)
			}
		}, func() { p.addSums(da, 1, g) }
	})
	m.pass("gate", "is Set.Gate", 2, func(p *channelPass) (func(int), func()) {
		g, x, scratch := p.coefficients(0), p.get(), p.get()
		return func(int) {
			for v := range p.nv {
				p.load(1, v, x)
				VMULPS(g[v], x, x)
				p.store(x, 0, v, scratch)
			}
		}, nil
	})
	m.pass("colDots", "is Set.ColDots", 2, func(p *channelPass) (func(int), func()) {
		dot, x, y := p.sums(), p.get(), p.get()
		return func(u int) {
			for v := range p.nv {
				p.load(0, v, x)
				p.load(1, v, y)
				VFMADD231PS(x, y, dot[u][v])
			}
		}, func() { p.addSums(dot, 0, x) }
	})
	m.pass("permute", "is Set.Permute", 2, func(p *channelPass) (func(int), func()) {
		from, mask, got := p.coefficients(0), p.get(), p.get() // whole numbers
		first := GP64()
		MOVQ(p.cb, first)
		SHRQ(U8(2), first)
		VMOVD(first.As32(), mask.AsX())
		VPBROADCASTD(mask.AsX(), mask)
		for _, r := range from {
			VPSUBD(mask, r, r) // the pixel's address begins at this block
		}
		return func(int) {
			for v := range p.nv {
				p.gather(Mem{Base: p.maps[1], Index: from[v], Scale: 4}, got, mask)
				p.store(got, 0, v, mask)
			}
		}, nil
	})
	m.pass("spread", "is Set.Spread", 1, func(p *channelPass) (func(int), func()) {
		y, k := p.coefficients(0), p.get()
		VBROADCASTSS(Mem{Base: p.a, Disp: sweepScalar}, k)
		for _, r := range y {
			VMULPS(k, r, r)
		}
		return func(int) {
			for v := range p.nv {
				p.store(y[v], 0, v, k)
			}
		}, nil
	})
}
