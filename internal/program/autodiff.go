package program

import (
	"fmt"
	"slices"
)

// differentiable is an op with a gradient. gradient gets the gradients of the loss by the op's outputs, nil where the loss
// does not depend on one, and writes those by its inputs in other ops, nil where there is none (class indices, rates).
type differentiable interface {
	gradient(b *Builder, n *Node, dout []*Value) []*Value
}

// Differentiable reports whether an op has a gradient.
func Differentiable(op Op) bool {
	_, ok := op.(differentiable)
	return ok
}

// Gradients appends the gradient of a loss by each of the given values, by one sweep from the loss to the front (reverse mode:
// Griewank, Walther, "Evaluating Derivatives", 2008). The loss must be a scalar. A value that the loss does not reach has a nil
// gradient: a parameter without influence is for the caller to judge, and an op that is handed the nil is an error. Nothing
// is written for paths that lead to none of the values. The sum of a value's gradients groups from the right, in graph order
// of its readers, so it is the same bits on every run.
func (b *Builder) Gradients(loss *Value, wrt []*Value) []*Value {
	grads := make([]*Value, len(wrt))
	if b.err != nil {
		return grads
	}
	if loss.Shape().Rank() != 0 {
		b.Fail(fmt.Errorf("gradients: the loss must be a scalar, got %v; emit a mean first", loss.Shape()))
		return grads
	}
	at, on := b.at, b.reached(wrt)
	by := map[*Value]*Value{loss: b.Emit(Expand{Shape: loss.Shape(), Scale: 1})}
	for i := len(b.p.Nodes) - 1; i >= 0 && b.err == nil; i-- {
		b.back(b.p.Nodes[i], on, by)
	}
	for i, v := range wrt {
		grads[i] = by[v]
	}
	b.at = at
	return grads
}

// reached marks the values that depend on one of the given ones.
func (b *Builder) reached(from []*Value) map[*Value]bool {
	on := map[*Value]bool{}
	for _, v := range from {
		on[v] = true
	}
	for _, n := range b.p.Nodes {
		if slices.ContainsFunc(n.In, func(v *Value) bool { return on[v] }) {
			for _, out := range n.Out {
				on[out] = true
			}
		}
	}
	return on
}

// back adds to by what one node passes on to its inputs.
func (b *Builder) back(n *Node, on map[*Value]bool, by map[*Value]*Value) {
	dout, some := make([]*Value, len(n.Out)), false
	for i, v := range n.Out {
		dout[i] = by[v]
		some = some || on[v] && by[v] != nil
	}
	if !some {
		return
	}
	b.at = n.Name
	d, ok := n.Op.(differentiable)
	if !ok {
		b.Fail(fmt.Errorf("%s: %s has no gradient", n.Name, n.Op.Kind()))
		return
	}
	for _, extra := range dout[1:] {
		if extra != nil {
			b.Fail(fmt.Errorf("%s: %s has a gradient by its first output alone", n.Name, n.Op.Kind()))
			return
		}
	}
	din := d.gradient(b, n, dout)
	if b.err != nil {
		return
	}
	for i := len(n.In) - 1; i >= 0; i-- {
		switch v := n.In[i]; {
		case din[i] == nil || !on[v]:
		case by[v] == nil:
			by[v] = din[i]
		default:
			by[v] = b.Emit(Add{}, din[i], by[v])
		}
	}
}
