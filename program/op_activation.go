package program

import "fmt"

// Func is a non-linearity. Its String is the name that the catalogue of approaches uses.
type Func uint8

// Non-linearities. Alpha is that of [Activation].
const (
	Identity Func = iota // x
	ReLU                 // max(x, 0): Nair, Hinton, ICML 2010
	Leaky                // x for x > 0, else alpha·x: Maas, Hannun, Ng, ICML 2013
	ELU                  // x for x > 0, else alpha·(exp(x)-1): Clevert, Unterthiner, Hochreiter, ICLR 2016, arXiv:1511.07289
	SELU                 // SELUScale · ELU of alpha SELUAlpha: Klambauer et al., NIPS 2017, arXiv:1706.02515
	Tanh                 // tanh(x)
	Sigmoid              // 1/(1+exp(-x))
)

// The fixed point constants of SELU.
const (
	SELUAlpha = 1.6732632423543772848170429916717
	SELUScale = 1.0507009873554804934193349852946
)

var funcs = [...]struct {
	name       string
	fromOutput bool
}{
	Identity: {"identity", true}, ReLU: {"relu", true}, Leaky: {"leaky", true}, ELU: {"elu", true},
	SELU: {"selu", true}, Tanh: {"tanh", true}, Sigmoid: {"sigmoid", true},
}

func (f Func) String() string {
	if int(f) < len(funcs) {
		return funcs[f].name
	}
	return fmt.Sprintf("func(%d)", f)
}

// FromOutput says whether the derivative follows from the output, so that the input need not be kept: with y = f(x) it is 1,
// [y>0], 1 or alpha, 1 or y+alpha, SELUScale or y+SELUScale·SELUAlpha, 1-y², y·(1-y) in the order of the constants. What
// counts as the negative side is y ≤ 0.
func (f Func) FromOutput() bool { return int(f) < len(funcs) && funcs[f].fromOutput }

// Activation applies a non-linearity to each element, x → f(x). What is not a number stays so.
type Activation struct {
	Func  Func
	Alpha float32 // slope or level of the negative side of leaky and elu, at least 0; others ignore it
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

func (Activation) overwrites() []int     { return []int{0} }
func (ActivationGrad) overwrites() []int { return []int{1, 0} }
func (PReLU) overwrites() []int          { return []int{0} }

func (a Activation) detail() string     { return slope(a.Func, a.Alpha) }
func (a ActivationGrad) detail() string { return slope(a.Func, a.Alpha) }

func slope(f Func, alpha float32) string {
	if f == Leaky || f == ELU {
		return fmt.Sprintf("%v %g", f, alpha)
	}
	return f.String()
}
