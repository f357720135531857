package cpu

import (
	"math"

	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
)

// Group normalisation needs one picture alone: its moments are taken by channel, as batch norm's are, combined by group in float64, and
// the picture is normalised while it is near. Backward the moments are taken anew.

// bindGroupNorm adds to the norm what was fused to it.
func bindGroupNorm(b *planner, u unit) error {
	op := u.Op.(program.GroupNorm)
	x, y, gamma, beta := b.val(u.In[0]), b.val(u.out), b.val(u.In[1]), b.val(u.In[2])
	in, what := []*value{x}, "group norm"
	if u.res != nil {
		in = append(in, b.val(u.res))
		what += " + add"
	}
	if u.relu {
		what += " + relu"
	}
	s := b.local(u.Node, what, y).reading(in...).knowing(gamma, beta)
	s.inPlace = in
	c := x.c
	s.scratch = 5 * c
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			m, bench := w.feature(x, n, 1), w.bench[:5*c]
			b.groupMoments(x, m, bench, op.Groups)
			scale, shift := bench[3*c:4*c], bench[4*c:]
			of := c / op.Groups
			for i := range c {
				mean, variance := float64(bench[i/of]), float64(bench[c+i/of])
				scale[i], shift[i] = w.f.affine(gamma, beta, i, mean, variance, op.Eps)
			}
			var res kernel.Map
			if len(in) > 1 {
				res = w.feature(in[1], n, 1)
			}
			b.k.Affine(y.block(1), u.relu, w.feature(y, n, 1), m, res, scale, shift)
		})
	}
	return nil
}

// groupMoments leaves mean and variance of each group of channels of one picture at the beginning of bench and c elements behind it;
// it takes 3·c.
func (b *planner) groupMoments(x *value, m kernel.Map, bench []float32, groups int) {
	c, of := x.c, x.c/groups
	d := bench[:3*c]
	copy(d[:c], m.Data)
	clear(d[c:])
	b.k.Moments(x.block(1), m, d[:c], d[c:2*c], d[2*c:])
	pixels := float64(x.h * x.w)
	for g := range groups {
		mean, square := 0.0, 0.0
		for i := g * of; i < g*of+of; i++ {
			mean += float64(d[i]) + float64(d[c+i])/pixels
		}
		mean /= float64(of)
		for i := g * of; i < g*of+of; i++ {
			off := float64(d[c+i])
			from := float64(d[i]) + off/pixels - mean
			square += float64(d[2*c+i]) - off*off/pixels + float64(pixels*from*from)
		}
		d[g], d[c+g] = float32(mean), float32(max(square/(pixels*float64(of)), 0)) // of channels that are done with
	}
}

func bindGroupNormGrad(b *planner, u unit) error {
	op := u.Op.(program.GroupNormGrad)
	x, gamma, dy := b.val(u.In[0]), b.val(u.In[1]), b.val(u.In[2])
	dx, dgamma, dbeta := b.val(u.Out[0]), b.val(u.Out[1]), b.val(u.Out[2])
	scales, shifts := b.temp("sums of scales", x.n, x.c), b.temp("sums of shifts", x.n, x.c)
	s := b.local(u.Node, "group norm grad", dx).reading(x, dy).knowing(gamma)
	s.writes = append(s.writes, scales, shifts)
	s.inPlace = []*value{dy}
	c := x.c
	s.scratch = 6 * c
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			m, bench := w.feature(x, n, 1), w.bench[:6*c]
			b.groupMoments(x, m, bench, op.Groups)
			variance, mean, kdy, kx, k0 := bench[c:2*c], bench[2*c:3*c], bench[3*c:4*c], bench[4*c:5*c], bench[5*c:]
			of, size := c/op.Groups, float64(x.h*x.w*(c/op.Groups))
			for i := range c {
				mean[i] = bench[i/of]
			}
			dot, sum := w.image(scales, n), w.image(shifts, n)
			clear(dot)
			clear(sum)
			b.k.NormGradSums(x.block(1), w.feature(dy, n, 1), m, kernel.Map{}, mean, sum, dot)
			for g := range op.Groups {
				k, all, along := 1/math.Sqrt(float64(variance[g])+float64(op.Eps)), 0.0, 0.0
				for i := g * of; i < g*of+of; i++ {
					by := float64(w.f.whole(gamma)[i])
					all += float64(by * float64(sum[i]))
					along += float64(by * float64(dot[i]))
				}
				for i := g * of; i < g*of+of; i++ {
					kdy[i] = float32(k * float64(w.f.whole(gamma)[i]))
					kx[i] = float32(-k * k * k * along / size)
					k0[i] = float32(-k * all / size)
					dot[i] = float32(k * float64(dot[i]))
				}
			}
			b.k.NormGrad(x.block(1), w.feature(dx, n, 1), kernel.Map{}, w.feature(dy, n, 1), m, kernel.Map{}, mean, kdy, kx, k0)
		})
	}
	b.totals(u, dgamma, scales)
	b.totals(u, dbeta, shifts)
	return nil
}
