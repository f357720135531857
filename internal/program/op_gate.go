package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Gate multiplies a map by numbers between that are themselves computed: x[N,H,W,C], g → y = x·g, g a number a channel,
// [N,1,1,C] (Hu, Shen, Sun, "Squeeze-and-Excitation Networks", arXiv:1709.01507, eq. 4), or a position, [N,H,W,1] (Woo, Park,
// Lee, Kweon, "CBAM", arXiv:1807.06521, eq. 2).
type Gate struct{}

// GateGrad is the gradient of [Gate] by g: x, dy → the sum of x·dy over the positions of each channel, [N,1,1,C], or with
// Positions over the channels of each position, [N,H,W,1].
type GateGrad struct{ Positions bool }

func (Gate) Kind() string     { return "gate" }
func (GateGrad) Kind() string { return "gate-grad" }

func (o Gate) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}, want{"g", 4}); err != nil {
		return nil, err
	}
	x, g := in[0].Shape(), in[1].Shape()
	if !g.Equal(o.of(x, false)) && !g.Equal(o.of(x, true)) {
		return nil, fmt.Errorf("gate: %v fits neither the channels nor the positions of %v", g, x)
	}
	return reals(x)
}

func (o GateGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}, want{"dy", 4}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "x and dy"); err != nil {
		return nil, err
	}
	return reals(Gate{}.of(in[0].Shape(), o.Positions))
}

// of is the shape of a gate of x.
func (Gate) of(x tensor.Shape, positions bool) tensor.Shape {
	if positions {
		return tensor.Of(x[0], x[1], x[2], 1)
	}
	return tensor.Of(x[0], 1, 1, x[3])
}

func (o Gate) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x, g := n.In[0], n.In[1]
	positions := !g.Shape().Equal(o.of(x.Shape(), false))
	return []*Value{b.Emit(Gate{}, dy[0], g), b.Emit(GateGrad{Positions: positions}, x, dy[0])}
}

func (o GateGrad) detail() string {
	if o.Positions {
		return "by position"
	}
	return "by channel"
}
