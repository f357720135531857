package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Batch normalisation is two passes with a meeting between: the moments of each picture are taken as soon as the layer before
// has written it, combined in order in float64 (Chan, Golub, LeVeque, 1979), and the second pass normalises. Backward the
// same: sums, then the gradient. Groups of pictures with moments of their own meet by themselves.

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
	groups := max(op.Groups, 1)
	per := x.n / groups
	scale, shift := b.temp("scale", groups*c), b.temp("shift", groups*c)
	t := b.bag(u.Node, "combine moments", 1, mean, variance, scale, shift).knowing(parts, gamma, beta)
	t.build = func() {
		sum, square := make([]float64, c), make([]float64, c)
		t.task = func(w *worker, _ int) {
			for g := range groups {
				p, m := w.f.whole(parts)[g*per*3*c:], float64(x.h*x.w)
				clear(sum)
				clear(square)
				for n := range per {
					d := p[n*3*c:][:3*c]
					for i := range c {
						sum[i] += float64(d[i]) + float64(d[c+i])/m
					}
				}
				for n := range per {
					d := p[n*3*c:][:3*c]
					for i := range c {
						off := float64(d[c+i])
						from := float64(d[i]) + off/m - sum[i]/float64(per)
						square[i] += float64(d[2*c+i]) - off*off/m + float64(m*from*from)
					}
				}
				for i := range c {
					mu, v := sum[i]/float64(per), max(square[i]/(m*float64(per)), 0)
					w.f.whole(mean)[g*c+i], w.f.whole(variance)[g*c+i] = float32(mu), float32(v)
					k, s := w.f.affine(gamma, beta, i, mu, v, op.Eps)
					w.f.whole(scale)[g*c+i], w.f.whole(shift)[g*c+i] = k, s
				}
			}
		}
	}
	b.normalise(u, "normalise", y, x, scale, shift, per)
	if _, ok := b.again[u.out.ID]; ok {
		b.again[u.out.ID] = func(after *value) *value {
			y := b.place(newValue(u.out.Name, u.out.Type.Shape))
			b.normalise(u, "normalise again", y, x, scale, shift, per).after = after
			return y
		}
	}
	return nil
}

// affine is scale = gamma/√(var+eps) and shift = beta − mean·scale of channel i.
func (f *frame) affine(gamma, beta *value, i int, mean, variance float64, eps float32) (scale, shift float32) {
	k, s := 1/math.Sqrt(variance+float64(eps)), 0.0
	if gamma != nil {
		k *= float64(f.whole(gamma)[i])
		s = float64(f.whole(beta)[i])
	}
	return float32(k), float32(s - float64(mean*k))
}

// normalise adds the second pass, with what was fused to it. So many pictures share a row of scale and shift.
func (b *planner) normalise(u unit, what string, y, x, scale, shift *value, per int) *step {
	in := []*value{x}
	if u.res != nil {
		in = append(in, b.val(u.res))
		what += " + add"
	}
	if u.relu {
		what += " + relu"
	}
	if per < x.n {
		s := b.local(u.Node, what, y).reading(in...).knowing(scale, shift)
		s.inPlace = in
		s.build = func() {
			s.perImage(func(w *worker, n int) {
				var res kernel.Map
				if len(in) > 1 {
					res = w.feature(in[1], n, 1)
				}
				at := n / per * x.c
				b.k.Affine(y.block(1), u.relu, w.feature(y, n, 1), w.feature(x, n, 1), res, w.f.whole(scale)[at:][:x.c], w.f.whole(shift)[at:][:x.c])
			})
		}
		return s
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
	x := b.val(u.In[0])
	b.normalise(u, "normalise", b.val(u.out), x, scale, shift, x.n)
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
				w.f.whole(scale)[i], w.f.whole(shift)[i] = w.f.affine(gamma, beta, i, m, float64(w.f.whole(variance)[i]), op.Eps)
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
	c, groups := x.c, max(op.Groups, 1)
	per := x.n / groups
	parts := b.temp("sums", x.n, 2*c)
	s := b.local(u.Node, what+" sums", parts).reading(x, dy, mask).knowing(mean)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			d := w.image(parts, n)
			clear(d)
			b.k.NormGradSums(x.block(1), w.feature(dy, n, 1), w.feature(x, n, 1), w.feature(mask, n, 1), w.f.whole(mean)[n/per*c:][:c], d[:c], d[c:])
		})
	}
	kdy, kx, k0 := b.temp("kdy", groups*c), b.temp("kx", groups*c), b.temp("k0", groups*c)
	outs := []*value{kdy, kx, k0}
	if op.Affine {
		outs = append(outs, b.val(u.Out[1]), b.val(u.Out[2]))
	}
	t := b.bag(u.Node, "combine sums", 1, outs...).knowing(parts, variance, gamma)
	t.build = func() {
		sum, dot, dgamma, dbeta := make([]float64, c), make([]float64, c), make([]float64, c), make([]float64, c)
		t.task = func(w *worker, _ int) {
			clear(dgamma)
			clear(dbeta)
			m := float64(per * x.h * x.w)
			for q := range groups {
				clear(sum)
				clear(dot)
				p := w.f.whole(parts)[q*per*2*c:]
				for n := range per {
					d := p[n*2*c:][:2*c]
					for i := range c {
						sum[i] += float64(d[i])
						dot[i] += float64(d[c+i])
					}
				}
				for i := range c {
					at := q*c + i
					s, g := 1/math.Sqrt(float64(w.f.whole(variance)[at])+float64(op.Eps)), 1.0
					if op.Affine {
						g = float64(w.f.whole(gamma)[i])
						dgamma[i] += float64(dot[i] * s)
						dbeta[i] += sum[i]
					}
					w.f.whole(kdy)[at] = float32(g * s)
					w.f.whole(kx)[at] = float32(-g * s * s * s * dot[i] / m)
					w.f.whole(k0)[at] = float32(-g * s * sum[i] / m)
				}
			}
			if op.Affine {
				for i := range c {
					w.f.whole(outs[3])[i], w.f.whole(outs[4])[i] = float32(dgamma[i]), float32(dbeta[i])
				}
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
		if groups > 1 {
			together = 1
		}
		r.image = func(w *worker, n0, n1 int) {
			for n := n0; n < n1; n += together {
				m := min(together, n1-n)
				b.k.NormGrad(x.block(m), w.feature(dx, n, m), w.feature(dres, n, m), w.feature(dy, n, m), w.feature(x, n, m), w.feature(mask, n, m),
					w.f.whole(mean)[n/per*c:][:c], w.f.whole(kdy)[n/per*c:][:c], w.f.whole(kx)[n/per*c:][:c], w.f.whole(k0)[n/per*c:][:c])
			}
		}
	}
	return nil
}
