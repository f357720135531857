package optimization

import (
	"fmt"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Solver chooses the rule that turns gradients into steps. sgd is PyTorch's form: v = momentum·v + g, w -= lr·v, with nesterov
// w -= lr·(g + momentum·v): Sutskever, Martens, Dahl, Hinton, ICML 2013. The others: internal/program/op_adaptive.go and op_trust.go,
// and internal/compile/adaptive.go, muon.go and sam.go.
type Solver experiment.Solver

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
	if s.Nesterov && s.Momentum == 0 {
		return refuse("nesterov", "nesterov looks ahead by the momentum, which is 0; set momentum")
	}
	o.Solver = experiment.Solver(s)
	return nn.Changes{Setting: s.text()}, nil
}

// text is the setting as a person reads it: "sgd, momentum 0.9, nesterov".
func (s Solver) text() string {
	text := s.Kind
	switch s.Kind {
	case "muon":
		text += ", the rest by " + s.Rest
	case "sam":
		text += fmt.Sprintf(" of radius %g, over %s", s.Radius, s.Base)
	}
	d := experiment.DefaultOptimization().Solver
	say := func(key, format string, args ...any) {
		if spec.Decides(s, key) {
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
