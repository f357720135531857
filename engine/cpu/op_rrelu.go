package cpu

import "github.com/assaylab/assay/internal/program"

func bindRReLU(b *planner, u unit) error {
	x, y := b.val(u.In[0]), b.val(u.out)
	b.rrelu(u, "rrelu", y, x, x, b.val(u.In[1]), u.Op.(program.RReLU)).inPlace = []*value{x}
	return nil
}

func bindRReLUGrad(b *planner, u unit) error {
	y, dy, dx := b.val(u.In[0]), b.val(u.In[1]), b.val(u.out)
	b.rrelu(u, "rrelu grad", dx, y, dy, b.val(u.In[2]), program.RReLU(u.Op.(program.RReLUGrad))).inPlace = []*value{dy, y}
	return nil
}

// rrelu divides what, where by is not positive, by numbers drawn anew wherever they are needed, as those of dropout are.
func (b *planner) rrelu(u unit, name string, out, by, what, at *value, op program.RReLU) *step {
	s := b.local(u.Node, name, out).reading(by, what).knowing(at)
	s.build = func() {
		s.perImage(func(w *worker, n int) {
			b.k.RReLU(out.block(1), w.feature(out, n, 1), w.feature(by, n, 1), w.feature(what, n, 1), uint64(op.First)+uint64(n)*uint64(out.elems()),
				program.RReLULow, program.RReLUHigh, uint32(w.f.scalar(at)), op.Key)
		})
	}
	return s
}
