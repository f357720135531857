package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// solver is a rule under the word that a file has for it.
type solver struct {
	kind string
	rule func(experiment.Solver) Rule
}

// solvers lists them. Adding one: docs/adding-a-solver.md.
func solvers() []solver {
	return []solver{
		{"sgd", sgd},
		{"adam", adam},
		{"adamw", adam}, // its decay: decayOf
		{"rmsprop", rmsprop},
		{"adagrad", adagrad},
		{"adadelta", adadelta},
		{"nadam", nadam},
		{"radam", radam},
		{"lars", lars},
		{"lamb", lamb},
		{"lion", lion},
		{"muon", muon},
		{"sam", sam},
	}
}

// Rule is a solver: what it remembers of each parameter, what changes from step to step, and the ops of one parameter's step.
type Rule struct {
	Slots   []string // names of what it remembers, each a tensor of the parameter's shape, from 0: "velocity"
	Scalars []Scalar
	Emit    func(u *Update) // writes the step of one parameter, which is trained
	Ascent  *Ascent         // where the gradient is taken; nil: where the parameters are
}

// Ascent climbs before the gradient is taken: SAM.
type Ascent struct {
	Radius   float32 // Euclidean, over all parameters that are trained
	Adaptive bool    // each in proportion to its size
}

// Scalar is a number that the rule works out for each step on the host, such as the rate or a correction of Adam's.
type Scalar struct {
	Name string
	At   func(step int, lr float32) float32 // step from 0; lr with the parameter's own factor. It must not allocate
}

// Update is one parameter's step being written. What it gives is declared in the program as it is asked for.
type Update struct {
	*program.Builder
	Parameter *program.Value // in the State, to be changed
	Gradient  *program.Value // of the loss, without decay

	family  *Family
	param   nn.Param
	setting setting
}

// Slot is one of the rule's slots, to be changed.
func (u *Update) Slot(name string) *program.Value {
	if !slices.Contains(u.family.rule.Slots, name) {
		u.Fail(fmt.Errorf("%s: the solver has no slot %q; name it in its rule", u.param.Name, name))
	}
	return u.family.slot(u.Builder, u.param, name)
}

// Scalar is one of the rule's scalars, for the rate of this parameter.
func (u *Update) Scalar(name string) *program.Value {
	i := slices.IndexFunc(u.family.rule.Scalars, func(s Scalar) bool { return s.Name == name })
	if i < 0 {
		u.Fail(fmt.Errorf("%s: the solver has no scalar %q; name it in its rule", u.param.Name, name))
		return nil
	}
	return u.family.moving(u.Builder, u.family.rule.Scalars[i], u.setting.rate, u.setting.begins)
}

// Constant is a number that settings fix. kind names it, and with its value is unique in a program.
func (u *Update) Constant(kind string, v float32) *program.Value {
	return u.family.constant(u.Builder, kind, v)
}

// L2 is the parameter's strength of decay, λ, by which the gradient of λ/2·Σw² gains λ·w.
func (u *Update) L2() *program.Value { return u.Constant("l2", u.setting.decay) }

// Lambda is the strength of the parameter's decoupled decay.
func (u *Update) Lambda() float32 { return u.setting.shrink }

// Decay is the share of itself that the parameter loses in a step: the rate times λ of decoupled decay.
func (u *Update) Decay() *program.Value {
	lambda := u.Lambda()
	if lambda == 0 {
		return u.Constant("decay", 0)
	}
	return u.Rated(fmt.Sprintf("decay=%g", lambda), lambda)
}

// Shrink writes the decoupled decay as a step of its own, for ops that have none.
func (u *Update) Shrink() {
	if u.Lambda() > 0 {
		u.EmitAll(program.Shift{}, u.Parameter, u.Parameter, u.Decay())
	}
}

// Rated is the rate of this parameter times a number. name and the number go together.
func (u *Update) Rated(name string, by float32) *program.Value {
	return u.family.moving(u.Builder, Scalar{name, func(_ int, lr float32) float32 { return lr * by }}, u.setting.rate, u.setting.begins)
}

// Spared tells a parameter that LARS and LAMB neither decay nor scale: biases, norms, and what forms a function.
func (u *Update) Spared() bool { return isBias(u.param) || ofNorm(u.param) || isShape(u.param) }

// Matrix tells a parameter that Muon takes for a matrix.
func (u *Update) Matrix() bool { return u.family.isMatrix(u.param) }

// ruleOf is the rule that settings name.
func ruleOf(s experiment.Solver) (Rule, error) {
	if in, ok := holds(s); ok {
		if _, nested := holds(in); in.Kind == "sam" || s.Kind == "muon" && nested {
			return Rule{}, fmt.Errorf("solver: %s cannot be within %s; choose another", in.Kind, s.Kind)
		}
		if _, err := ruleOf(in); err != nil {
			return Rule{}, err
		}
	}
	var kinds []string
	for _, solver := range solvers() {
		if solver.kind == s.Kind {
			return solver.rule(s), nil
		}
		kinds = append(kinds, solver.kind)
	}
	return Rule{}, fmt.Errorf("solver: no rule %q; choose %s", s.Kind, strings.Join(kinds, ", "))
}

// holds is the solver that another is made of: the base of sam, what takes the rest of muon.
func holds(s experiment.Solver) (experiment.Solver, bool) {
	switch s.Kind {
	case "muon":
		s.Kind = s.Rest
	case "sam":
		s.Kind = s.Base
	default:
		return s, false
	}
	return s, true
}

// decayOf is the strength of decoupled decay where none is given: PyTorch's of adamw, whatever that is within, but of no matrix of muon's.
func decayOf(s experiment.Solver, matrix bool) float32 {
	if s.Kind == "adamw" {
		return 0.01
	}
	in, ok := holds(s)
	if !ok || s.Kind == "muon" && matrix {
		return 0
	}
	return decayOf(in, matrix)
}

// rate is the learning rate itself.
var rate = Scalar{Rate, func(_ int, lr float32) float32 { return lr }}

// sgd is stochastic gradient descent with momentum: [program.SGD].
func sgd(s experiment.Solver) Rule {
	return Rule{Slots: []string{"velocity"}, Scalars: []Scalar{rate}, Emit: func(u *Update) {
		u.Shrink()
		lr, momentum := u.Scalar(Rate), u.Constant("momentum", s.Momentum)
		u.EmitAll(program.SGD{Nesterov: s.Nesterov}, u.Parameter, u.Gradient, u.Slot("velocity"), lr, momentum, u.L2())
	}}
}
