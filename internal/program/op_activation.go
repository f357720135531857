package program

import "fmt"

// Func is a non-linearity. Its String is the name that the catalogue of approaches uses.
type Func uint8

// Non-linearities. Alpha is that of [Activation], σ(x) = 1/(1+exp(-x)).
const (
	Identity    Func = iota // x
	ReLU                    // max(x, 0): Nair, Hinton, ICML 2010
	Leaky                   // x for x > 0, else alpha·x: Maas, Hannun, Ng, ICML 2013
	ELU                     // x for x > 0, else alpha·(exp(x)-1): Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289
	SELU                    // SELUScale · ELU of alpha SELUAlpha: Klambauer et al., NIPS 2017, arXiv:1706.02515
	Tanh                    // tanh(x)
	Sigmoid                 // σ(x)
	ReLU6                   // min(max(x, 0), 6): Krizhevsky 2010; Sandler et al., CVPR 2018, arXiv:1801.04381
	CELU                    // x for x > 0, else alpha·(exp(x/alpha)-1), alpha above 0: Barron, arXiv:1704.07483
	Softplus                // ln(1+exp(x)): Dugas et al., NIPS 2000
	Softsign                // x/(1+|x|): Bergstra et al. 2009
	HardSigmoid             // min(max(x+3, 0), 6)/6: Howard et al., ICCV 2019, arXiv:1905.02244
	ScaledTanh              // 1.7159·tanh(2x/3): LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998
	Arcsinh                 // ln(x+√(x²+1))
	Swish                   // x·σ(alpha·x), SiLU at alpha 1: Ramachandran, Zoph, Le, arXiv:1710.05941; Elfwing et al., arXiv:1702.03118
	HardSwish               // x·min(max(x+3, 0), 6)/6: Howard et al., ICCV 2019, arXiv:1905.02244
	GELU                    // x·Φ(x), Φ the normal distribution, by erf and not its tanh form: Hendrycks, Gimpel, arXiv:1606.08415
	Mish                    // x·tanh(ln(1+exp(x))): Misra, BMVC 2020, arXiv:1908.08681
	Power                   // |x|^alpha, alpha above 0, its derivative 0 at 0: no activation, but what an Lp pooling is made of
)

// The fixed point constants of SELU, and those of ScaledTanh.
const (
	SELUAlpha = 1.6732632423543772848170429916717
	SELUScale = 1.0507009873554804934193349852946
	TanhScale = 1.7159
	TanhSlope = 2. / 3
)

var funcs = [...]struct {
	name       string
	fromOutput bool
}{
	Identity: {"identity", true}, ReLU: {"relu", true}, Leaky: {"leaky", true}, ELU: {"elu", true},
	SELU: {"selu", true}, Tanh: {"tanh", true}, Sigmoid: {"sigmoid", true}, ReLU6: {"relu6", true},
	CELU: {"celu", true}, Softplus: {"softplus", true}, Softsign: {"softsign", true}, HardSigmoid: {"hard-sigmoid", true},
	ScaledTanh: {"scaled-tanh", true}, Arcsinh: {"arcsinh", true}, Swish: {"swish", false}, HardSwish: {"hard-swish", false},
	GELU: {"gelu", false}, Mish: {"mish", false}, Power: {"power", false},
}

// Funcs lists the non-linearities in the order of the constants.
func Funcs() []Func {
	fs := make([]Func, len(funcs))
	for i := range fs {
		fs[i] = Func(i)
	}
	return fs
}

func (f Func) String() string {
	if int(f) < len(funcs) {
		return funcs[f].name
	}
	return fmt.Sprintf("func(%d)", f)
}

// FromOutput says whether the derivative follows from the output, so that the input need not be kept: with y = f(x) it is 1,
// [y>0], 1 or alpha, 1 or y+alpha, SELUScale or y+SELUScale·SELUAlpha, 1-y², y·(1-y), [0<y<6], 1 or y/alpha+1, 1-exp(-y),
// (1-|y|)², [0<y<1]/6, TanhSlope·(TanhScale-y²/TanhScale), 1/cosh(y) in the order of the constants. What counts as the
// negative side is y ≤ 0. Of those from Swish on, two inputs can have one output.
func (f Func) FromOutput() bool { return int(f) < len(funcs) && funcs[f].fromOutput }

// Activation applies a non-linearity to each element, x → f(x). What is not a number stays so.
type Activation struct {
	Func  Func
	Alpha float32 // of leaky, elu, celu, swish and power as their formulas say, at least 0, of celu and power above 0; others ignore it
}

// ActivationGrad is the gradient of [Activation]: r, dy → dx = f'·dy with f' found from r, which is f(x) where
// [Func.FromOutput] holds, else x.
type ActivationGrad struct {
	Func  Func
	Alpha float32
}

// PReLU has a learned slope for each channel: x[...,C], a[C] → y = x for x > 0, else a[c]·x. He, Zhang, Ren, Sun, "Delving
// Deep into Rectifiers", ICCV 2015, arXiv:1502.01852.
type PReLU struct{}

// PReLUGrad is the gradient of [PReLU]: x, a, dy → dx = dy·(x>0 ? 1 : a[c]), da[c] = Σ dy·min(x,0).
type PReLUGrad struct{}

func (Activation) Kind() string     { return "activation" }
func (ActivationGrad) Kind() string { return "activation-grad" }
func (PReLU) Kind() string          { return "prelu" }
func (PReLUGrad) Kind() string      { return "prelu-grad" }

func (a Activation) Infer(in []*Value) ([]Type, error) {
	if err := fit(a, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if int(a.Func) >= len(funcs) {
		return nil, fmt.Errorf("activation: no function %v", a.Func)
	}
	if !(a.Alpha >= 0) {
		return nil, fmt.Errorf("activation: %v has alpha %v; it must not be negative", a.Func, a.Alpha)
	}
	if a.Func == CELU && a.Alpha == 0 {
		return nil, fmt.Errorf("activation: celu divides by its alpha, which is 0; it must be positive")
	}
	if a.Func == Power && a.Alpha == 0 {
		return nil, fmt.Errorf("activation: power has the exponent 0; it must be positive")
	}
	return reals(in[0].Shape())
}

func (a ActivationGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(a, in, want{"r", anyRank}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := same(a, in[0], in[1], "r and dy"); err != nil {
		return nil, err
	}
	return Activation(a).Infer(in[:1])
}

func (o PReLU) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"a", 1}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o PReLUGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"a", 1}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[2], "x and dy"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape(), in[1].Shape())
}

func (a Activation) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	r := n.In[0]
	if a.Func.FromOutput() {
		r = n.Out[0]
	}
	return []*Value{b.Emit(ActivationGrad(a), r, dy[0])}
}

func (PReLU) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return b.EmitAll(PReLUGrad{}, n.In[0], n.In[1], dy[0])
}

func (a Activation) detail() string     { return slope(a.Func, a.Alpha) }
func (a ActivationGrad) detail() string { return slope(a.Func, a.Alpha) }

func slope(f Func, alpha float32) string {
	switch f {
	case Leaky, ELU, CELU, Swish, Power:
		return fmt.Sprintf("%v %g", f, alpha)
	}
	return f.String()
}
