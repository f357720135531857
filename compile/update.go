package compile

import (
	"slices"

	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/program"
)

// update appends the solver: the gradient of the loss by every parameter, and a step for each. What the solver remembers of a
// parameter joins the State, from 0.
func (f *Family) update(b *program.Builder, loss *program.Value) {
	wrt := make([]*program.Value, len(f.params))
	for i, p := range f.params {
		wrt[i] = b.Held(p.Name, p.Shape)
	}
	b.At("gradients")
	grads := b.Gradients(loss, wrt)
	lr, momentum := b.Scalar(Rate), f.constant(b, "momentum", f.optimization.Solver.Momentum)
	for i, p := range f.params {
		l2 := f.optimization.L2.Strength
		if f.spared(p) {
			l2 = 0
		}
		b.At(p.Name)
		velocity := b.Held(p.Name+"@velocity", p.Shape)
		if _, err := f.State.Add(velocity.Name, p.Shape); err != nil {
			b.Fail(err)
		}
		b.EmitAll(program.SGD{Nesterov: f.optimization.Solver.Nesterov}, wrt[i], grads[i], velocity, lr, momentum, f.constant(b, "l2", l2))
	}
}

// spared reports whether weight decay leaves a parameter alone. A slope of PReLU is always spared (arXiv:1502.01852, §2.1), and so
// are the exponent, the share and the filter of a pooling; the hinges of an APL are not (arXiv:1412.6830).
func (f *Family) spared(p nn.Param) bool {
	except := f.optimization.L2.Except
	switch p.Role {
	case nn.RoleBias, nn.RoleGates:
		return slices.Contains(except, "bias")
	case nn.RoleGamma, nn.RoleBeta:
		return slices.Contains(except, "norm")
	case nn.RoleSlope, nn.RoleExponent, nn.RoleMix, nn.RoleGate:
		return true
	}
	c, ok := f.Graph.Node(p.Layer).Layer.(nn.Conv)
	depthwise := ok && c.Groups > 1 && p.Shape[2] == 1
	return depthwise && slices.Contains(except, "depthwise")
}
