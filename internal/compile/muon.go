package compile

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// muon steps by the momentum made orthogonal: Jordan et al., "Muon", 2024, kellerjordan.github.io/posts/muon, as PyTorch has it, in
// float32 where they have bfloat16. A kernel is the matrix [out, in·kh·kw]; first convolutions, classifiers, depthwise
// convolutions and all that is no weight of a convolution or linear layer go by another rule.
func muon(s experiment.Solver) Rule {
	other, _ := holds(s)
	rest, _ := ruleOf(other) // which has looked at it
	r := Rule{Slots: []string{"velocity"}, Scalars: []Scalar{rate}}
	for _, slot := range rest.Slots {
		if !slices.Contains(r.Slots, slot) {
			r.Slots = append(r.Slots, slot)
		}
	}
	for _, scalar := range rest.Scalars {
		if scalar.Name != Rate {
			r.Scalars = append(r.Scalars, scalar)
		}
	}
	r.Emit = func(u *Update) {
		if !u.Matrix() {
			rest.Emit(u)
			return
		}
		g, v, momentum := u.Gradient, u.Slot("velocity"), u.Constant("momentum", s.Momentum)
		if u.setting.decay > 0 {
			g = u.Emit(program.Combine{}, g, u.Parameter, u.Constant("one", 1), u.L2())
		}
		u.EmitAll(program.Blend{Scale: 1}, v, g, momentum)
		u.Shrink()
		shape := u.Parameter.Shape()
		out := shape[shape.Rank()-1]
		in := shape.Elems() / out
		x := v
		if s.Nesterov {
			x = u.Emit(program.Combine{}, g, v, u.Constant("fresh", 1-s.Momentum), momentum)
		}
		x = u.orthogonal(u.Emit(program.Reshape{Shape: tensor.Of(in, out)}, x))
		by := math.Sqrt(max(1, float64(out)/float64(in)))
		if s.Scale == "match-rms" {
			by = 0.2 * math.Sqrt(float64(max(out, in)))
		}
		u.EmitAll(program.Shift{}, u.Parameter, u.Emit(program.Reshape{Shape: shape}, x), u.Rated(fmt.Sprintf("lr times %g", float32(by)), float32(by)))
	}
	return r
}

// orthogonal brings the singular values of a matrix near 1 by five steps of Newton and Schulz, with the polynomial of Muon's authors.
// The Gram matrix is that of the shorter side.
func (u *Update) orthogonal(x *program.Value) *program.Value {
	a, b, c, one := u.Constant("a", 3.4445), u.Constant("b", -4.7750), u.Constant("c", 2.0315), u.Constant("one", 1)
	x = u.Emit(program.Combine{}, x, u.Emit(program.Quotient{Eps: 1e-7}, one, u.Emit(program.Norm{}, x)))
	tall := x.Shape()[0] >= x.Shape()[1]
	for range 5 {
		gram := u.Emit(program.MatMul{TransA: tall, TransB: !tall}, x, x)
		gram = u.Emit(program.Combine{}, gram, u.Emit(program.MatMul{}, gram, gram), b, c)
		l, r := gram, x
		if tall {
			l, r = x, gram
		}
		x = u.Emit(program.Combine{}, x, u.Emit(program.MatMul{}, l, r), a, one)
	}
	return x
}

// isMatrix tells the weight of a convolution or linear layer that is neither a first convolution nor a classifier nor depthwise.
func (f *Family) isMatrix(p nn.Param) bool {
	if p.Role != nn.RoleWeight || f.isDepthwise(p) {
		return false
	}
	n := f.Graph.Node(p.Layer)
	switch n.Layer.(type) {
	case nn.Conv:
		if _, reads := n.In[0].Layer.(nn.Input); reads || n == f.firstConv() {
			return false
		}
	case nn.Linear:
	default:
		return false
	}
	return !f.ofClassifier(p)
}

// ofClassifier tells a parameter of the last convolution or linear layer on the way to an output.
func (f *Family) ofClassifier(p nn.Param) bool {
	n := f.Graph.Node(p.Layer)
	return slices.ContainsFunc(f.Graph.Outputs, func(o nn.Output) bool { return classifier(o.Node) == n })
}

// firstConv is the first convolution in graph order, nil if there is none.
func (f *Family) firstConv() *nn.Node {
	for _, n := range f.Graph.Nodes {
		if _, ok := n.Layer.(nn.Conv); ok {
			return n
		}
	}
	return nil
}

// classifier is that layer of an output.
func classifier(n *nn.Node) *nn.Node {
	for len(n.In) > 0 {
		switch n.Layer.(type) {
		case nn.Linear, nn.Conv:
			return n
		}
		n = n.In[0]
	}
	return n
}
