package nn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Func is the name of a non-linearity.
type Func string

// The non-linearities; α stands for Activation.Alpha, σ(x) for 1/(1+e^-x).
const (
	Identity    Func = "identity"     // x
	ReLU        Func = "relu"         // max(0,x): Nair, Hinton 2010
	ReLU6       Func = "relu6"        // min(max(0,x),6): Krizhevsky 2010; MobileNetV2, arXiv:1801.04381
	Leaky       Func = "leaky"        // max(x,αx), α .01: Maas et al. 2013
	VeryLeaky   Func = "very-leaky"   // max(x,αx), α 1/3: Graham 2014, arXiv:1409.6070
	RReLU       Func = "rrelu"        // x<0: x/a, a from U(3,8) for each value and step, in evaluation 5.5: arXiv:1505.00853
	PReLU       Func = "prelu"        // max(0,x)+a·min(0,x), a learned a channel, from α .25: arXiv:1502.01852
	ELU         Func = "elu"          // x>0: x, else α(e^x-1), α 1: arXiv:1511.07289
	CELU        Func = "celu"         // x>0: x, else α(e^(x/α)-1), α 1: Barron, arXiv:1704.07483
	SELU        Func = "selu"         // 1.0507·ELU with α 1.6733: arXiv:1706.02515
	Softplus    Func = "softplus"     // ln(1+e^x): Dugas et al. 2001
	Softsign    Func = "softsign"     // x/(1+|x|)
	Sigmoid     Func = "sigmoid"      // σ(x)
	HardSigmoid Func = "hard-sigmoid" // ReLU6(x+3)/6: arXiv:1905.02244
	Tanh        Func = "tanh"         // tanh x
	ScaledTanh  Func = "scaled-tanh"  // 1.7159·tanh(2x/3): LeCun et al. 1998
	Arcsinh     Func = "arcsinh"      // ln(x+√(x²+1))
	Swish       Func = "swish"        // x·σ(αx), α 1 (SiLU; β in the paper): arXiv:1710.05941, arXiv:1702.03118
	HardSwish   Func = "hard-swish"   // x·ReLU6(x+3)/6: arXiv:1905.02244
	GELU        Func = "gelu"         // x·Φ(x), exactly (by erf, PyTorch's default), not the tanh form: arXiv:1606.08415
	Mish        Func = "mish"         // x·tanh(ln(1+e^x)): arXiv:1908.08681
)

// Funcs lists the non-linearities in the order of the catalogue.
func Funcs() []Func {
	return []Func{ReLU, ReLU6, Leaky, VeryLeaky, RReLU, PReLU, ELU, CELU, SELU, Softplus, Softsign, Sigmoid, HardSigmoid,
		Tanh, ScaledTanh, Arcsinh, Swish, HardSwish, GELU, Mish, Identity}
}

// DefaultAlpha is the α that the function's paper uses, 0 where it has none.
func (f Func) DefaultAlpha() float32 {
	switch f {
	case Leaky:
		return 0.01
	case VeryLeaky:
		return 1. / 3
	case PReLU:
		return 0.25
	case ELU, CELU, Swish:
		return 1
	}
	return 0
}

// Activation is a non-linearity, element by element.
type Activation struct {
	Func  Func    `yaml:"func"`
	Alpha float32 `yaml:"alpha"` // the α of the function; 0 means its default; for prelu the initial slope
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
		return Size{}, errors.New(unknown("activation", string(l.Func), Funcs(), func(f Func) string { return string(f) }))
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
