package optimization

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Solver chooses the rule that turns gradients into steps. sgd is PyTorch's form: v = momentum·v + g, w -= lr·v, with nesterov
// w -= lr·(g + momentum·v): Sutskever, Martens, Dahl, Hinton, ICML 2013. The others: internal/program/op_adaptive.go and op_trust.go,
// and internal/compile/adaptive.go, muon.go and sam.go.
type Solver experiment.Solver

// takes lists what each kind takes besides its word; what it does not take is left at its default, so that it decides nothing.
var takes = map[string]string{
	"sgd": "momentum nesterov", "adam": "beta1 beta2 eps", "adamw": "beta1 beta2 eps", "nadam": "beta1 beta2 eps", "radam": "beta1 beta2 eps",
	"rmsprop": "momentum eps eps_inside rho", "adagrad": "eps", "adadelta": "eps rho", "lars": "momentum nesterov eps trust", "lamb": "beta1 beta2 eps",
	"lion": "beta1 beta2", "muon": "momentum nesterov rest scale", "sam": "base radius adaptive",
}

// taken is what a kind takes, that which is within it included.
func (s Solver) taken() []string {
	keys := strings.Fields(takes[s.Kind])
	switch {
	case s.Kind == "muon" && s.Rest != "muon":
		s.Kind = s.Rest
	case s.Kind == "sam" && s.Base != "sam":
		s.Kind = s.Base
	default:
		return keys
	}
	return append(keys, s.taken()...)
}

// Tune sets the rule.
func (s Solver) Tune(o *experiment.Optimization, _ *nn.Overlay) (nn.Changes, error) {
	for _, r := range []struct {
		key   string
		value float32
		fits  bool
		want  string
	}{
		{"momentum", s.Momentum, s.Momentum >= 0 && s.Momentum < 1, "the share of the old step kept, from 0 to below 1"},
		{"beta1", s.Beta1, s.Beta1 >= 0 && s.Beta1 < 1, "the share of the old mean kept, from 0 to below 1"},
		{"beta2", s.Beta2, s.Beta2 >= 0 && s.Beta2 < 1, "the share of the old mean square kept, above 0 and below 1, or 0 for the default"},
		{"eps", s.Eps, s.Eps > 0 && s.Eps < 1e3, "a small number above 0, such as 1e-8"},
		{"rho", s.Rho, s.Rho >= 0 && s.Rho < 1, "the share of the old mean square kept, from 0 to below 1"},
		{"trust", s.Trust, s.Trust > 0 && s.Trust < 1e3, "a number above 0, such as 0.001"},
		{"radius", s.Radius, s.Radius > 0 && s.Radius < 1e3, "a distance above 0, such as 0.05"},
	} {
		if !r.fits {
			return refuse(r.key, "%s %g; give %s", r.key, r.value, r.want)
		}
	}
	taken := s.taken()
	d := Solver(experiment.DefaultOptimization().Solver)
	for key, reset := range map[string]func(){
		"momentum": func() { s.Momentum = d.Momentum }, "nesterov": func() { s.Nesterov = d.Nesterov }, "beta1": func() { s.Beta1 = d.Beta1 },
		"beta2": func() { s.Beta2 = d.Beta2 }, "eps": func() { s.Eps = d.Eps }, "eps_inside": func() { s.EpsInside = d.EpsInside }, "rho": func() { s.Rho = d.Rho },
		"trust": func() { s.Trust = d.Trust }, "rest": func() { s.Rest = d.Rest }, "scale": func() { s.Scale = d.Scale }, "base": func() { s.Base = d.Base },
		"radius": func() { s.Radius = d.Radius }, "adaptive": func() { s.Adaptive = d.Adaptive },
	} {
		if !slices.Contains(taken, key) {
			reset()
		}
	}
	if s.Nesterov && s.Momentum == 0 {
		return refuse("nesterov", "nesterov looks ahead by the momentum, which is 0; set momentum")
	}
	o.Solver = experiment.Solver(s)
	return nn.Changes{Setting: s.text(taken)}, nil
}

// text is the setting as a person reads it: "sgd, momentum 0.9, nesterov".
func (s Solver) text(taken []string) string {
	text := s.Kind
	switch s.Kind {
	case "muon":
		text += ", the rest by " + s.Rest
	case "sam":
		text += fmt.Sprintf(" of radius %g, over %s", s.Radius, s.Base)
	}
	d := experiment.DefaultOptimization().Solver
	say := func(key, format string, args ...any) {
		if slices.Contains(taken, key) {
			text += ", " + fmt.Sprintf(format, args...)
		}
	}
	say("momentum", "momentum %g", s.Momentum)
	if s.Nesterov {
		text += ", nesterov"
	}
	if s.Beta1 != d.Beta1 {
		say("beta1", "beta1 %g", s.Beta1)
	}
	if s.Beta2 != d.Beta2 {
		say("beta2", "beta2 %g", s.Beta2)
	}
	say("rho", "rho %g", s.Rho)
	say("trust", "trust %g", s.Trust)
	if s.Eps != d.Eps {
		say("eps", "eps %g", s.Eps)
	}
	if s.EpsInside {
		text += ", eps inside"
	}
	if s.Scale != d.Scale {
		text += ", scale " + s.Scale
	}
	if s.Adaptive {
		text += ", adaptive"
	}
	return text
}
