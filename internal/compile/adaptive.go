package compile

import (
	"math"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/program"
)

// The rules that keep averages of gradients and of their squares. Step t counts from 1, as in the papers.

// moments are the averages that Adam and its kin keep.
var moments = []string{"mean", "square"}

// beta2 is the setting, or its default for the kind.
func beta2(s experiment.Solver) float32 {
	switch {
	case s.Beta2 != 0:
		return s.Beta2
	case s.Kind == "lion":
		return 0.99
	}
	return 0.999
}

// left is 1-β^t, the weight that an average of t steps from 0 has.
func left(beta float32, step int) float64 {
	return 1 - elementary.Pow(float64(beta), float64(step+1))
}

// root is 1/√(1-β2^t), which corrects the root of the mean square.
func root(s experiment.Solver) Scalar {
	b2 := beta2(s)
	return Scalar{"root", func(step int, _ float32) float32 { return float32(1 / math.Sqrt(left(b2, step))) }}
}

// kin is a rule of [program.Adam]: what it steps by of the mean, of the gradient itself, and what divides these.
func kin(s experiment.Solver, step, direct, root, eps Scalar) Rule {
	return Rule{Slots: moments, Scalars: []Scalar{step, direct, root, eps}, Emit: func(u *Update) {
		u.EmitAll(program.Adam{}, u.Parameter, u.Gradient, u.Slot("mean"), u.Slot("square"), u.Scalar(step.Name), u.Scalar(direct.Name), u.Scalar(root.Name), u.Scalar(eps.Name),
			u.Constant("beta1", s.Beta1), u.Constant("beta2", beta2(s)), u.L2(), u.Decay())
	}}
}

// still is a scalar that no step changes.
func still(name string, v float32) Scalar {
	return Scalar{name, func(int, float32) float32 { return v }}
}

// adam is Kingma, Ba, ICLR 2015, arXiv:1412.6980, algorithm 1, and adamw, where it decays: Loshchilov, Hutter, arXiv:1711.05101.
func adam(s experiment.Solver) Rule {
	step := Scalar{"lr corrected", func(step int, lr float32) float32 { return float32(float64(lr) / left(s.Beta1, step)) }}
	return kin(s, step, still("direct", 0), root(s), still("eps", s.Eps))
}

// nadam is Adam with Nesterov's momentum: Dozat, ICLR workshop 2016, algorithm 2, with the schedule of its momentum (ψ of 0.004) as
// in PyTorch.
func nadam(s experiment.Solver) Rule {
	m := &momenta{beta1: float64(s.Beta1)}
	step := Scalar{"lr ahead", func(step int, lr float32) float32 {
		product, next := m.until(step), m.at(step+1)
		return float32(float64(lr) * next / (1 - float64(product*next)))
	}}
	direct := Scalar{"lr direct", func(step int, lr float32) float32 {
		return float32(float64(lr) * (1 - float64(m.at(step))) / (1 - float64(m.until(step))))
	}}
	return kin(s, step, direct, root(s), still("eps", s.Eps))
}

// momenta are NAdam's μ of each step and their product, which is kept from one step to the next.
type momenta struct {
	beta1   float64
	steps   int     // in product
	product float64 // of μ of those
}

func (m *momenta) at(step int) float64 {
	return m.beta1 * (1 - float64(0.5*elementary.Pow(0.96, float64(step+1)*0.004)))
}

// until is the product of μ up to a step.
func (m *momenta) until(step int) float64 {
	if m.steps == 0 || m.steps > step+1 {
		m.steps, m.product = 0, 1
	}
	for ; m.steps <= step; m.steps++ {
		m.product = float64(m.product * m.at(m.steps))
	}
	return m.product
}

// radam is Adam that divides by the root of the mean square only once that is known well enough: Liu et al., ICLR 2020,
// arXiv:1908.03265, algorithm 2.
func radam(s experiment.Solver) Rule {
	b2 := float64(beta2(s))
	most := 2/(1-b2) - 1
	length := func(step int) float64 { // of the average, ρ of the paper
		t := float64(step + 1)
		return most - 2*t*(1-left(float32(b2), step))/left(float32(b2), step)
	}
	step := Scalar{"lr rectified", func(step int, lr float32) float32 {
		v := float64(lr) / left(s.Beta1, step)
		if r := length(step); r > 5 {
			v *= math.Sqrt(left(float32(b2), step) * (r - 4) * (r - 2) * most / ((most - 4) * (most - 2) * r))
		}
		return float32(v)
	}}
	known := func(name string, then, else_ float32) Scalar {
		return Scalar{name, func(step int, _ float32) float32 {
			if length(step) > 5 {
				return then
			}
			return else_
		}}
	}
	return kin(s, step, still("direct", 0), known("rooted", 1, 0), known("divided", s.Eps, 1))
}

// rmsprop is [program.RMSProp], with momentum as in PyTorch.
func rmsprop(s experiment.Solver) Rule {
	return averaged(program.RMSProp{EpsInside: s.EpsInside, Momentum: s.Momentum > 0}, s.Rho, 1-s.Rho, s)
}

// adagrad adds squares up: Duchi, Hazan, Singer, JMLR 12, 2011.
func adagrad(s experiment.Solver) Rule { return averaged(program.RMSProp{}, 1, 1, s) }

func averaged(op program.RMSProp, keep, add float32, s experiment.Solver) Rule {
	r := Rule{Slots: []string{"square"}, Scalars: []Scalar{rate}}
	if op.Momentum {
		r.Slots = append(r.Slots, "velocity")
	}
	r.Emit = func(u *Update) {
		u.Shrink()
		in := []*program.Value{u.Parameter, u.Gradient}
		for _, slot := range r.Slots {
			in = append(in, u.Slot(slot))
		}
		in = append(in, u.Scalar(Rate), u.Constant("keep", keep), u.Constant("add", add), u.Constant("eps", s.Eps), u.L2())
		if op.Momentum {
			in = append(in, u.Constant("momentum", s.Momentum))
		}
		u.EmitAll(op, in...)
	}
	return r
}

// adadelta is [program.AdaDelta].
func adadelta(s experiment.Solver) Rule {
	return Rule{Slots: []string{"square", "moved"}, Scalars: []Scalar{rate}, Emit: func(u *Update) {
		u.Shrink()
		u.EmitAll(program.AdaDelta{}, u.Parameter, u.Gradient, u.Slot("square"), u.Slot("moved"), u.Scalar(Rate), u.Constant("rho", s.Rho), u.Constant("eps", s.Eps), u.L2())
	}}
}

// lion is [program.Lion].
func lion(s experiment.Solver) Rule {
	return Rule{Slots: []string{"mean"}, Scalars: []Scalar{rate}, Emit: func(u *Update) {
		u.EmitAll(program.Lion{}, u.Parameter, u.Gradient, u.Slot("mean"), u.Scalar(Rate), u.Constant("beta1", s.Beta1), u.Constant("beta2", beta2(s)), u.L2(), u.Decay())
	}}
}

// lars is [program.LARS]; biases and norms go by SGD, without decay.
func lars(s experiment.Solver) Rule {
	return Rule{Slots: []string{"velocity"}, Scalars: []Scalar{rate}, Emit: func(u *Update) {
		lr, momentum, v := u.Scalar(Rate), u.Constant("momentum", s.Momentum), u.Slot("velocity")
		if u.Spared() {
			u.EmitAll(program.SGD{Nesterov: s.Nesterov}, u.Parameter, u.Gradient, v, lr, momentum, u.Constant("l2", 0))
			return
		}
		u.Shrink()
		u.EmitAll(program.LARS{Nesterov: s.Nesterov}, u.Parameter, u.Gradient, v, lr, momentum, u.L2(), u.Constant("trust", s.Trust), u.Constant("eps", s.Eps))
	}}
}

// lamb is [program.LAMB], with decay within what is scaled, as published; biases and norms go by Adam, without decay.
func lamb(s experiment.Solver) Rule {
	r := adam(s)
	spared := r.Emit
	first := Scalar{"first", func(step int, _ float32) float32 { return float32(1 / left(s.Beta1, step)) }}
	r.Scalars = append(r.Scalars, rate, first)
	r.Emit = func(u *Update) {
		if u.Spared() {
			u.setting.decay, u.setting.shrink = 0, 0
			spared(u)
			return
		}
		u.EmitAll(program.LAMB{}, u.Parameter, u.Gradient, u.Slot("mean"), u.Slot("square"), u.Scalar(Rate), u.Scalar("first"), u.Scalar("root"), u.Scalar("eps"),
			u.Constant("beta1", s.Beta1), u.Constant("beta2", beta2(s)), u.L2(), u.Constant("lambda", u.Lambda()))
	}
	return r
}
