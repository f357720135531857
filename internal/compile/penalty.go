package compile

import (
	"fmt"
	"strings"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// penalised adds to the gradient of a parameter that of the penalty that settings name: of orthogonal λ·‖WᵀW - I‖², W the matrix of a
// column an output, or ‖WWᵀ - I‖² where it is wide (Bansal, Chen, Wang, NeurIPS 2018, arXiv:1810.09102, eq. 4), of gamma-l1 λ·Σ|γ| of the norms
// (Liu et al., ICCV 2017, arXiv:1708.06519, eq. 1). Depthwise filters are spared. What the loss of a step says is without it.
func (u *Update) penalised() {
	p := u.family.optimization.Penalty
	switch {
	case p.Kind == "orthogonal" && u.param.Role == nn.RoleWeight && !u.family.isDepthwise(u.param):
		shape := u.Parameter.Shape()
		out := shape[shape.Rank()-1]
		w := u.Emit(program.Reshape{Shape: tensor.Of(shape.Elems()/out, out)}, u.Parameter)
		tall := shape.Elems()/out >= out
		gram := u.Emit(program.MatMul{TransA: tall, TransB: !tall}, w, w)
		l, r := gram, w
		if tall {
			l, r = w, gram
		}
		lambda := 4 * p.Lambda()
		cubic := u.Emit(program.Reshape{Shape: shape}, u.Emit(program.MatMul{}, l, r))
		g := u.Emit(program.Combine{}, u.Gradient, cubic, u.Constant("one", 1), u.Constant("orthogonal", lambda))
		u.Gradient = u.Emit(program.Combine{}, g, u.Parameter, u.Constant("one", 1), u.Constant("orthogonal", -lambda))
	case p.Kind == "gamma-l1" && u.param.Role == nn.RoleGamma && strings.HasSuffix(u.param.Name, "/norm/gamma"):
		u.Gradient = u.Emit(program.Lasso{}, u.Gradient, u.Parameter, u.Constant("l1", p.Lambda()))
	}
}

// bounded writes the bound that max-norm sets on a parameter, behind the solver's step: Srivastava et al., JMLR 15, 2014, §5.1.
func (u *Update) bounded() {
	if p := u.family.optimization.Penalty; p.Kind == "max-norm" && u.param.Role == nn.RoleWeight {
		u.EmitAll(program.MaxNorm{}, u.Parameter, u.Constant("limit", p.Limit))
	}
}

// penaltyFits reports a penalty that finds nothing in the network.
func (f *Family) penaltyFits() error {
	if f.optimization.Penalty.Kind != "gamma-l1" {
		return nil
	}
	for _, p := range f.params {
		if p.Role == nn.RoleGamma && strings.HasSuffix(p.Name, "/norm/gamma") {
			return nil
		}
	}
	return fmt.Errorf("penalty: gamma-l1 is of the scales of norms, and %s has none; add batchnorm, or choose another", f.Graph.Name)
}
