package experiment

import (
	"fmt"
	"math"

	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/spec"
)

// Optimization is what can be added to any network without changing its architecture: the settings that optimization
// approaches write. Norms, dropout and biases are laid over the graph instead (nn.Overlay).
type Optimization struct {
	Solver Solver `yaml:"solver"`
	LR     LR     `yaml:"lr"`
	Batch  Batch  `yaml:"batch"`
	L2     Decay  `yaml:"l2"`
	Init   Init   `yaml:"init"`

	Parameters []ParameterSetting `yaml:"parameters"` // in order; a later row wins
}

// Solver is the rule that turns gradients into steps.
type Solver struct {
	Kind     string  `yaml:"kind" spec:"bare" values:"sgd" help:"the rule"`
	Momentum float32 `yaml:"momentum" help:"share of the old step kept, in [0,1)"`
	Nesterov bool    `yaml:"nesterov" help:"look ahead by the momentum before the gradient counts"`
}

// LR is the learning rate as a function of the step: base·factor(policy), after a linear warm-up.
type LR struct {
	Base   float32 `yaml:"base" spec:"bare" help:"the highest rate, above 0"`
	Policy string  `yaml:"policy" values:"fixed, step, linear, cosine" help:"how the rate falls over the run"`
	Gamma  float32 `yaml:"gamma" help:"step: factor at each drop"`
	Every  float64 `yaml:"every" help:"step: epochs between drops; 0: a third of the run"`
	Warmup float64 `yaml:"warmup" help:"epochs of linear rise from base/warm-up steps to base"`
	Final  float32 `yaml:"final" help:"linear, cosine: share of base that is left at the end, in [0,1]"`
	Layers Factors `yaml:"layers" help:"factors on the rate by layer path, in order, a later one wins: {\"stage1/**\": 0.1}"`
}

// Batch is how many images a step sees.
type Batch struct {
	Size int `yaml:"size" spec:"bare" help:"images in a step, at least 1"`
}

// Decay is a penalty on the size of weights; its strength is λ in λ/2·Σw², so that the gradient gains λ·w.
type Decay struct {
	Strength float32  `yaml:"strength" spec:"bare" help:"λ, at least 0"`
	Except   []string `yaml:"except" spec:"set" values:"bias, norm, depthwise" help:"parameters it leaves alone"`
}

// Init is how the first weights are drawn. Biases start at 0, norm scales at 1.
type Init struct {
	Kind string  `yaml:"kind" spec:"bare" values:"he, xavier, lsuv" help:"the rule"`
	Gain float32 `yaml:"gain" help:"factor on the standard deviation, above 0"`
}

// DefaultOptimization is what an experiment has that says nothing: the advice of the systematic evaluation (Mishkin,
// Sergievskiy, Matas 2016, arXiv:1606.02228) where it has some.
func DefaultOptimization() Optimization {
	return Optimization{
		Solver: Solver{Kind: "sgd", Momentum: 0.9},
		LR:     LR{Base: 0.05, Policy: "linear", Gamma: 0.1},
		Batch:  Batch{Size: 128},
		L2:     Decay{Except: []string{"bias", "norm"}},
		Init:   Init{Kind: "he", Gain: 1},
	}
}

// Fits reports a part of the policy that a training never comes to: a warm-up that does not end, a drop behind the last step.
func (l LR) Fits(s Schedule) error {
	total := s.Steps()
	epochs := s.Epochs(total)
	most := fmt.Sprintf("give at most %g", math.Ceil(epochs)-1)
	if epochs <= 1 {
		most = fmt.Sprintf("give less than %.3g", epochs)
	}
	if s.After(l.Warmup) >= total && l.Warmup > 0 {
		return &spec.Fault{Path: "$.warmup", Msg: fmt.Sprintf("lr: a warm-up of %s in a training of %.3g never ends; %s", counted(l.Warmup), epochs, most)}
	}
	if l.Policy == "step" && s.After(l.Every) >= total && l.Every > 0 {
		return &spec.Fault{Path: "$.every", Msg: fmt.Sprintf("lr: a drop every %s in a training of %.3g never comes; %s, or policy: fixed", counted(l.Every), epochs, most)}
	}
	return nil
}

func counted(epochs float64) string {
	if epochs == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%g epochs", epochs)
}

// At is the rate of a step of a training, from 0: that of the policy over the whole of it, times the factor of the step's
// stage. linear reaches Final·Base after the last step, not at it, so that every step moves. Of layers it knows nothing.
func (l LR) At(step int, s Schedule) float32 {
	rate := l.policy(step, s)
	if f := s.factor(step); f != 1 {
		rate *= f
	}
	return rate
}

func (l LR) policy(step int, s Schedule) float32 {
	warm, total := s.After(l.Warmup), s.Steps()
	if step < warm {
		return l.Base * float32(step+1) / float32(warm)
	}
	t := 1.0
	if total > warm {
		t = float64(step-warm) / float64(total-warm)
	}
	final := float64(l.Final)
	switch l.Policy {
	case "linear":
		return l.Base * float32(final+float64((1-final)*(1-t)))
	case "cosine": // Loshchilov, Hutter, "SGDR", ICLR 2017, arXiv:1608.03983, without restarts
		return l.Base * float32(final+float64((1-final)*(1+elementary.Cos(math.Pi*t))/2))
	case "step":
		drops := step / max((total+2)/3, 1)
		if l.Every > 0 {
			drops = s.intervals(l.Every, step)
		}
		return l.Base * float32(elementary.Pow(float64(l.Gamma), float64(drops)))
	}
	return l.Base
}
