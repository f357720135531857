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
	Maxout      Func = "maxout"       // the largest of p pieces, each a block of a p-th of the channels: arXiv:1302.4389; [C] to [C/p]
	CReLU       Func = "crelu"        // max(0,x), behind it max(0,-x): arXiv:1603.05201; [C] to [2C]
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
	APL         Func = "apl"          // max(0,x)+Σ a_s·max(0,b_s-x), S learned a and b a channel, from U(-1/S,1/S) and N(0,.5²): arXiv:1412.6830
	FReLU       Func = "frelu"        // max(0,x)+b, a learned b a channel, from 0: arXiv:1706.08098
)

// Funcs lists the non-linearities in the order of the catalogue.
func Funcs() []Func {
	return []Func{ReLU, ReLU6, Leaky, VeryLeaky, RReLU, PReLU, ELU, CELU, SELU, Maxout, CReLU, Softplus, Softsign, Sigmoid, HardSigmoid,
		Tanh, ScaledTanh, Arcsinh, Swish, HardSwish, GELU, Mish, APL, FReLU, Identity}
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

// DefaultPieces is how many pieces a maxout and how many hinges an APL has in its paper, 0 of other functions.
func (f Func) DefaultPieces() int {
	switch f {
	case Maxout, APL:
		return 2
	}
	return 0
}

// Activation is a non-linearity, element by element but for maxout and crelu, which join and split channels.
type Activation struct {
	Func   Func    `yaml:"func"`
	Alpha  float32 `yaml:"alpha"`               // the α of the function; 0 means its default; for prelu the initial slope
	Pieces int     `yaml:"pieces" role:"later"` // of maxout, hinges of apl; 0 means the default
	Groups int     `yaml:"groups" role:"later"` // of channels in which maxout and crelu join and split each for itself, as a grouped convolution needs it; default 1
}

// Kind is "activation".
func (Activation) Kind() string { return "activation" }

// Normal gives the function its default α and pieces, and none to a function without.
func (l Activation) Normal() Layer {
	if d := l.Func.DefaultAlpha(); d == 0 || l.Alpha == 0 {
		l.Alpha = d
	}
	if d := l.Func.DefaultPieces(); d == 0 || l.Pieces == 0 {
		l.Pieces = d
	}
	if reads, gives := l.Ratio(); reads == gives {
		l.Groups = 0
	} else if l.Groups == 0 {
		l.Groups = 1
	}
	return l
}

// String prints "relu", or "elu 0.5" and "maxout 3" where α or the pieces are not the default.
func (l Activation) String() string {
	s := string(l.Func)
	if l.Alpha != l.Func.DefaultAlpha() {
		s += fmt.Sprintf(" %g", l.Alpha)
	}
	if l.Pieces != l.Func.DefaultPieces() {
		s += fmt.Sprintf(" %d", l.Pieces)
	}
	if l.Groups > 1 {
		s += fmt.Sprintf(" groups %d", l.Groups)
	}
	return s
}

// Ratio says how many channels the activation reads for how many that it gives: 2 for 1 of a maxout of two pieces, 1 for 2 of
// crelu, 1 for 1 of all others.
func (l Activation) Ratio() (reads, gives int) {
	switch l.Func {
	case Maxout:
		return l.Pieces, 1
	case CReLU:
		return 1, 2
	}
	return 1, 1
}

// Infer keeps the size, but for the channels of maxout and crelu.
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
	if least := map[Func]int{Maxout: 2, APL: 1}[l.Func]; l.Pieces < least || l.Pieces > maxPieces {
		return Size{}, fmt.Errorf("%s of %d pieces; give %d to %d", l.Func, l.Pieces, least, maxPieces)
	}
	reads, gives := l.Ratio()
	switch groups := max(l.Groups, 1); {
	case l.Groups < 0:
		return Size{}, fmt.Errorf("%d groups; give 1 or more", l.Groups)
	case x.C%(reads*groups) != 0:
		return Size{}, fmt.Errorf("%s does not divide %d channels; widen the layer before to a multiple of %d", l, x.C, reads*groups)
	}
	x.C = x.C / reads * gives
	return x, nil
}

// maxPieces bounds maxout's pieces and APL's hinges.
const maxPieces = 64

// Params is a PReLU's slope and an FReLU's bias a channel, an APL's hinges [S,C].
func (l Activation) Params(_ []Size, out Size) []Param {
	switch l.Func {
	case PReLU:
		return []Param{{Name: "slope", Shape: tensor.Of(out.C), Role: RoleSlope}}
	case FReLU:
		return []Param{{Name: "bias", Shape: tensor.Of(out.C), Role: RoleBias}}
	case APL:
		return []Param{{Name: "hinge-slope", Shape: tensor.Of(l.Pieces, out.C), Role: RoleHingeSlope}, {Name: "hinge", Shape: tensor.Of(l.Pieces, out.C), Role: RoleHinge}}
	}
	return nil
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
