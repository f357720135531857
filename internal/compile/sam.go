package compile

import (
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
)

// sam hands another rule the gradient at the worst place nearby: Foret, Kleiner, Mobahi, Neyshabur, ICLR 2021, arXiv:2010.01412,
// algorithm 1; adaptive: Kwon, Kim, Park, Choi, ICML 2021, arXiv:2102.11600.
func sam(s experiment.Solver) Rule {
	base, _ := holds(s)
	r, _ := ruleOf(base) // which has looked at it
	r.Ascent = &Ascent{Radius: s.Radius, Adaptive: s.Adaptive}
	return r
}

// ascend gives the parameters w + radius·g/‖g‖, or adaptively w + radius·w²·g/‖w·g‖, from their gradients.
func (a *Ascent) ascend(f *Family, b *program.Builder, params, grads []*program.Value) map[string]*program.Value {
	b.At("ascent")
	steps, scaled := grads, grads
	if a.Adaptive {
		steps, scaled = nil, nil
		for i, g := range grads {
			wg := b.Emit(program.Mul{}, params[i], g)
			scaled = append(scaled, wg)
			steps = append(steps, b.Emit(program.Mul{}, params[i], wg))
		}
	}
	by := b.Emit(program.Quotient{Eps: 1e-12}, f.constant(b, "radius", a.Radius), b.Emit(program.Norm{}, scaled...))
	at := map[string]*program.Value{}
	for i, p := range params {
		at[p.Name] = b.Emit(program.Combine{}, p, steps[i], f.constant(b, "one", 1), by)
	}
	return at
}
