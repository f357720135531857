package nn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/tensor"
)

// Func is the name of a non-linearity.
type Func string

// The non-linearities. More of catalog.md's list are a constant, a line in Funcs and an op.
const (
	Identity Func = "identity" // x
	ReLU     Func = "relu"     // max(0,x): Nair, Hinton 2010
	Leaky    Func = "leaky"    // max(x,αx), α .01: Maas et al. 2013
	PReLU    Func = "prelu"    // max(0,x)+a·min(0,x), a learned a channel, from α .25: arXiv:1502.01852
	ELU      Func = "elu"      // x>0: x, else α(e^x-1), α 1: arXiv:1511.07289
	SELU     Func = "selu"     // 1.0507·ELU with α 1.6733: arXiv:1706.02515
	Tanh     Func = "tanh"
	Sigmoid  Func = "sigmoid"
)

// Funcs lists the non-linearities in the order of the catalogue.
func Funcs() []Func { return []Func{ReLU, Leaky, PReLU, ELU, SELU, Sigmoid, Tanh, Identity} }

// DefaultAlpha is the α that the function's paper uses, 0 where it has none.
func (f Func) DefaultAlpha() float32 {
	switch f {
	case Leaky:
		return 0.01
	case PReLU:
		return 0.25
	case ELU:
		return 1
	}
	return 0
}

// Activation is a non-linearity, element by element.
type Activation struct {
	Func  Func    `yaml:"func"`
	Alpha float32 `yaml:"alpha"` // of the negative side; 0 means the function's default; for prelu the initial slope
}

// Kind is "activation".
func (Activation) Kind() string { return "activation" }

// Normal gives the function its default α, and none to a function without one.
func (l Activation) Normal() Layer {
	if d := l.Func.DefaultAlpha(); d == 0 || l.Alpha == 0 {
		l.Alpha = d
	}
	return l
}

// String prints "relu", or "elu 0.5" where α is not the default.
func (l Activation) String() string {
	if l.Alpha != l.Func.DefaultAlpha() {
		return fmt.Sprintf("%s %g", l.Func, l.Alpha)
	}
	return string(l.Func)
}

// Infer keeps the size.
func (l Activation) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	if !slices.Contains(Funcs(), l.Func) {
		return Size{}, fmt.Errorf("no activation %q; choose one of %s", l.Func, strings.Trim(fmt.Sprint(Funcs()), "[]"))
	}
	if !(l.Alpha >= 0 && l.Alpha < 1e6) {
		return Size{}, fmt.Errorf("alpha %g; give one from 0", l.Alpha)
	}
	return x, nil
}

// Params is a PReLU's slope a channel.
func (l Activation) Params(_ []Size, out Size) []Param {
	if l.Func != PReLU {
		return nil
	}
	return []Param{{Name: "slope", Shape: tensor.Of(out.C), Role: RoleSlope}}
}

// MACs is 0: only products of weights and maps are counted.
func (Activation) MACs([]Size, Size) int64 { return 0 }

// signed leaves out the initial slope of a PReLU, which is a value and not structure.
func (l Activation) signed() Layer {
	if l.Func == PReLU {
		l.Alpha = 0
	}
	return l
}
