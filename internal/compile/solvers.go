package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// solvers lists the rules by the word that a file has for them. Adding one: docs/adding-a-solver.md.
var solvers = []struct {
	kind string
	rule func(experiment.Solver) Rule
}{
	{"sgd", sgd},
}

// Rule is a solver: what it remembers of each parameter, what changes from step to step, and the ops of one parameter's step.
type Rule struct {
	Slots   []string // names of what it remembers, each a tensor of the parameter's shape, from 0: "velocity"
	Scalars []Scalar
	Emit    func(u *Update) // writes the step of one parameter, which is trained
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

	family *Family
	param  nn.Param
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
	return u.family.moving(u.Builder, u.family.rule.Scalars[i], u.family.settings[u.param.Name].rate)
}

// Constant is a number that settings fix. kind names it, and with its value is unique in a program.
func (u *Update) Constant(kind string, v float32) *program.Value {
	return u.family.constant(u.Builder, kind, v)
}

// L2 is the parameter's strength of decay, λ, by which the gradient of λ/2·Σw² gains λ·w.
func (u *Update) L2() *program.Value { return u.Constant("l2", u.family.settings[u.param.Name].decay) }

// ruleOf is the rule that settings name.
func ruleOf(s experiment.Solver) (Rule, error) {
	var kinds []string
	for _, solver := range solvers {
		if solver.kind == s.Kind {
			return solver.rule(s), nil
		}
		kinds = append(kinds, solver.kind)
	}
	return Rule{}, fmt.Errorf("solver: no rule %q; choose %s", s.Kind, strings.Join(kinds, ", "))
}

// rate is the learning rate itself, which every rule so far has.
var rate = Scalar{Rate, func(_ int, lr float32) float32 { return lr }}

// sgd is stochastic gradient descent with momentum: [program.SGD].
func sgd(s experiment.Solver) Rule {
	return Rule{Slots: []string{"velocity"}, Scalars: []Scalar{rate}, Emit: func(u *Update) {
		lr, momentum := u.Scalar(Rate), u.Constant("momentum", s.Momentum)
		u.EmitAll(program.SGD{Nesterov: s.Nesterov}, u.Parameter, u.Gradient, u.Slot("velocity"), lr, momentum, u.L2())
	}}
}
