package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// MaxPool takes the largest element of each window, x[N,H,W,C] → y[N,Ho,Wo,C]. Padding never wins;
// what is not a number may be passed over.
type MaxPool struct{ Window }

// MaxPoolGrad is the gradient of [MaxPool] and [StochasticPool]: x, y, dy → dx. An output's gradient goes to the element that
// it took, which is the first in row-major order that equals y.
type MaxPoolGrad struct{ Window }

// AvgPool means over each window, x[N,H,W,C] → y[N,Ho,Wo,C]. The divisor is the number of elements of x in the window, or the
// whole window with CountPad, what ceil mode added included.
type AvgPool struct {
	Window
	CountPad bool
}

// AvgPoolGrad is the gradient of [AvgPool], dy → dx of shape Input.
type AvgPoolGrad struct {
	Window
	CountPad bool
	Input    tensor.Shape
}

func (MaxPool) Kind() string     { return "max-pool" }
func (MaxPoolGrad) Kind() string { return "max-pool-grad" }
func (AvgPool) Kind() string     { return "avg-pool" }
func (AvgPoolGrad) Kind() string { return "avg-pool-grad" }

func (p MaxPool) Infer(in []*Value) ([]Type, error) { return p.infer(p, in) }
func (p AvgPool) Infer(in []*Value) ([]Type, error) { return p.infer(p, in) }

func (w Window) infer(op Op, in []*Value) ([]Type, error) {
	if err := fit(op, in, want{"x", 4}); err != nil {
		return nil, err
	}
	y, err := w.pooled(in[0].Shape())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Kind(), err)
	}
	return reals(y)
}

func (p MaxPoolGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(p, in, want{"x", 4}, want{"y", 4}, want{"dy", 4}); err != nil {
		return nil, err
	}
	if err := same(p, in[1], in[2], "y and dy"); err != nil {
		return nil, err
	}
	if err := p.gives(p, in[0].Shape(), in[2].Shape()); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (p AvgPoolGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(p, in, want{"dy", 4}); err != nil {
		return nil, err
	}
	if err := shaped(p, p.Input, 4); err != nil {
		return nil, err
	}
	if err := p.gives(p, p.Input, in[0].Shape()); err != nil {
		return nil, err
	}
	return reals(p.Input)
}

// gives checks that pooling x gives the shape dy.
func (w Window) gives(op Op, x, dy tensor.Shape) error {
	y, err := w.pooled(x)
	if err != nil {
		return fmt.Errorf("%s: %w", op.Kind(), err)
	}
	if !y.Equal(dy) {
		return fmt.Errorf("%s: dy is %v where the pooling of %v gives %v", op.Kind(), dy, x, y)
	}
	return nil
}

func (p MaxPool) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(MaxPoolGrad(p), n.In[0], n.Out[0], dy[0])}
}

func (p AvgPool) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(AvgPoolGrad{p.Window, p.CountPad, n.In[0].Shape()}, dy[0])}
}
