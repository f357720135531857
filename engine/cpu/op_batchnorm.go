package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Batch normalisation is two passes with a meeting between: the moments of each picture are taken as soon as the layer before
// has written it, combined in order in float64 (Chan, Golub, LeVeque, 1979), and the second pass normalises. Backward the
// same: sums, then the gradient.

func bindBatchNorm(b *planner, u unit) error {
	op := u.Op.(program.BatchNorm)
	x, y := b.val(u.In[0]), b.val(u.out)
	mean, variance := b.val(u.Out[1]), b.val(u.Out[2])
	var gamma, beta *value
	if op.Affine {
		gamma, beta = b.val(u.In[1]), b.val(u.In[2])
	}
	c := x.c
	parts := b.temp("moments", x.n, 3*c) // pivot, sum and squares about it
	s := b.local(u.Node, "moments", parts).reading(x)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			d, m := w.image(parts, n), w.feature(x, n, 1)
			copy(d[:c], m.Data)
			clear(d[c:])
			b.k.Moments(x.block(1), m, d[:c], d[c:2*c], d[2*c:])
		})
	}
	scale, shift := b.temp("scale", c), b.temp("shift", c)
	t := b.bag(u.Node, "combine moments", 1, mean, variance, scale, shift).knowing(parts, gamma, beta)
	t.build = func() {
		sum, square := make([]float64, c), make([]float64, c)
		t.task = func(w *worker, _ int) {
			p, m := w.f.whole(parts), float64(x.h*x.w)
			clear(sum)
			clear(square)
			for n := range x.n {
				d := p[n*3*c:][:3*c]
				for i := range c {
					sum[i] += float64(d[i]) + float64(d[c+i])/m
				}
			}
			for n := range x.n {
				d := p[n*3*c:][:3*c]
				for i := range c {
					off := float64(d[c+i])
					from := float64(d[i]) + off/m - sum[i]/float64(x.n)
					square[i] += float64(d[2*c+i]) - off*off/m + float64(m*from*from)
				}
			}
			for i := range c {
				mu, v := sum[i]/float64(x.n), max(square[i]/(m*float64(x.n)), 0)
				w.f.whole(mean)[i], w.f.whole(variance)[i] = float32(mu), float32(v)
				w.f.affine(gamma, beta, scale, shift, i, mu, v, op.Eps)
			}
		}
	}
	b.normalise(u, "normalise", y, x, scale, shift)
	if _, ok := b.again[u.out.ID]; ok {
		b.again[u.out.ID] = func(after *value) *value {
			y := b.place(newValue(u.out.Name, u.out.Type.Shape))
			b.normalise(u, "normalise again", y, x, scale, shift).after = after
			return y
		}
	}
	return nil
}

// affine writes scale = gamma/√(var+eps) and shift = beta − mean·scale of channel i.
func (f *frame) affine(gamma, beta, scale, shift *value, i int, mean, variance float64, eps float32) {
	k, s := 1/math.Sqrt(variance+float64(eps)), 0.0
	if gamma != nil {
		k *= float64(f.whole(gamma)[i])
		s = float64(f.whole(beta)[i])
	}
	f.whole(scale)[i], f.whole(shift)[i] = float32(k), float32(s-float64(mean*k))
}

// normalise adds the second pass, with what was fused to it.
func (b *planner) normalise(u unit, what string, y, x, scale, shift *value) *step {
	in := []*value{x}
	if u.res != nil {
		in = append(in, b.val(u.res))
		what += " + add"
	}
	if u.relu {
		what += " + relu"
	}
	return b.sweep(u, what, func(w *worker, blk kernel.Block, y kernel.Map, in []kernel.Map) {
		var res kernel.Map
		if len(in) > 1 {
			res = in[1]
		}
		b.k.Affine(blk, u.relu, y, in[0], res, w.f.whole(scale), w.f.whole(shift))
	}, y, in...).knowing(scale, shift)
}

func bindBatchNormInference(b *planner, u unit) error {
	scale, shift := b.folded(u.Node, nil)
	b.normalise(u, "normalise", b.val(u.out), b.val(u.In[0]), scale, shift)
	return nil
}

// folded makes scale and shift of a norm of known statistics, of what has a bias already or, with nil, none.
func (b *planner) folded(n *program.Node, bias *value) (scale, shift *value) {
	op := n.Op.(program.BatchNormInference)
	c, mean, variance := b.val(n.In[0]).c, b.val(n.In[1]), b.val(n.In[2])
	var gamma, beta *value
	if op.Affine {
		gamma, beta = b.val(n.In[3]), b.val(n.In[4])
	}
	scale, shift = b.temp("scale", c), b.temp("shift", c)
	s := b.bag(n, "scale and shift", 1, scale, shift).knowing(mean, variance, gamma, beta, bias)
	s.build = func() {
		s.task = func(w *worker, _ int) {
			for i := range c {
				m := float64(w.f.whole(mean)[i])
				if bias != nil {
					m -= float64(w.f.whole(bias)[i])
				}
				w.f.affine(gamma, beta, scale, shift, i, m, float64(w.f.whole(variance)[i]), op.Eps)
			}
		}
	}
	return scale, shift
}

func bindBatchNormGrad(b *planner, u unit) error {
	op := u.Op.(program.BatchNormGrad)
	x, mean, variance, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2]), b.val(u.Out[0])
	dyv, what := u.In[len(u.In)-1], "batch-norm grad"
	var mask, dres, gamma *value
	if u.mask != nil {
		mask, dyv, what = b.val(u.mask), dyv.By.In[1], "relu + batch-norm grad"
	}
	if u.masked != nil {
		dres = b.val(u.masked)
	}
	dy := b.val(dyv)
	if op.Affine {
		gamma = b.val(u.In[3])
	}
	c := x.c
	parts := b.temp("sums", x.n, 2*c)
	s := b.local(u.Node, what+" sums", parts).reading(x, dy, mask).knowing(mean)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			d := w.image(parts, n)
			clear(d)
			b.k.NormGradSums(x.block(1), w.feature(dy, n, 1), w.feature(x, n, 1), w.feature(mask, n, 1), w.f.whole(mean), d[:c], d[c:])
		})
	}
	kdy, kx, k0 := b.temp("kdy", c), b.temp("kx", c), b.temp("k0", c)
	outs := []*value{kdy, kx, k0}
	if op.Affine {
		outs = append(outs, b.val(u.Out[1]), b.val(u.Out[2]))
	}
	t := b.bag(u.Node, "combine sums", 1, outs...).knowing(parts, variance, gamma)
	t.build = func() {
		sum, dot := make([]float64, c), make([]float64, c)
		t.task = func(w *worker, _ int) {
			clear(sum)
			clear(dot)
			p := w.f.whole(parts)
			for n := range x.n {
				d := p[n*2*c:][:2*c]
				for i := range c {
					sum[i] += float64(d[i])
					dot[i] += float64(d[c+i])
				}
			}
			m := float64(x.n * x.h * x.w)
			for i := range c {
				s, g := 1/math.Sqrt(float64(w.f.whole(variance)[i])+float64(op.Eps)), 1.0
				if op.Affine {
					g = float64(w.f.whole(gamma)[i])
					w.f.whole(outs[3])[i], w.f.whole(outs[4])[i] = float32(dot[i]*s), float32(sum[i])
				}
				w.f.whole(kdy)[i] = float32(g * s)
				w.f.whole(kx)[i] = float32(-g * s * s * s * dot[i] / m)
				w.f.whole(k0)[i] = float32(-g * s * sum[i] / m)
			}
		}
	}
	r := b.local(u.Node, what, dx).reading(x, dy, mask).knowing(mean, kdy, kx, k0)
	if dres != nil { // it lives longer than dx, so it takes the place of dy
		r.writes = []*value{dres, dx}
	}
	r.inPlace = []*value{dy}
	r.build = func() {
		together := r.together(x, dy, mask, dx, dres)
		r.image = func(w *worker, n0, n1 int) {
			for n := n0; n < n1; n += together {
				m := min(together, n1-n)
				b.k.NormGrad(x.block(m), w.feature(dx, n, m), w.feature(dres, n, m), w.feature(dy, n, m), w.feature(x, n, m), w.feature(mask, n, m),
					w.f.whole(mean), w.f.whole(kdy), w.f.whole(kx), w.f.whole(k0))
			}
		}
	}
	return nil
}
