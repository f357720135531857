package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Conv is a cross-correlation, x[N,H,W,Cin], w[KH,KW,Cin/groups,Cout] → y[N,Ho,Wo,Cout]:
//
//	y[n,ho,wo,co] = Σ_{kh,kw,ci} x[n, ho·s+kh·d-top, wo·s+kw·d-left, g·Cin/groups+ci] · w[kh,kw,ci,co],  g = ⌊co·groups/Cout⌋
//
// with zeros outside x: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998;
// groups: Krizhevsky, Sutskever, Hinton, NIPS 2012; dilation: Yu, Koltun, ICLR 2016, arXiv:1511.07122.
type Conv struct {
	Window
	Groups int // divides Cin and Cout; Cin of them is a depthwise convolution
}

// ConvGradInput is the gradient of [Conv] by x: dy[N,Ho,Wo,Cout], w → dx of shape Input. It is also the transposed convolution.
type ConvGradInput struct {
	Window
	Groups int
	Input  tensor.Shape // of x, which the stride leaves open
}

// ConvGradWeight is the gradient of [Conv] by w: x, dy[N,Ho,Wo,Cout] → dw[KH,KW,Cin/groups,Cout].
type ConvGradWeight struct {
	Window
	Groups int
}

func (Conv) Kind() string           { return "conv" }
func (ConvGradInput) Kind() string  { return "conv-grad-input" }
func (ConvGradWeight) Kind() string { return "conv-grad-weight" }

func (c Conv) Infer(in []*Value) ([]Type, error) {
	if err := fit(c, in, want{"x", 4}, want{"w", 4}); err != nil {
		return nil, err
	}
	y, err := c.out(c, in[0].Shape(), in[1].Shape())
	if err != nil {
		return nil, err
	}
	return reals(y)
}

func (c ConvGradInput) Infer(in []*Value) ([]Type, error) {
	if err := fit(c, in, want{"dy", 4}, want{"w", 4}); err != nil {
		return nil, err
	}
	if err := shaped(c, c.Input, 4); err != nil {
		return nil, err
	}
	y, err := Conv{c.Window, c.Groups}.out(c, c.Input, in[1].Shape())
	if err != nil {
		return nil, err
	}
	if !y.Equal(in[0].Shape()) {
		return nil, fmt.Errorf("%s: dy is %v where the convolution of %v gives %v", c.Kind(), in[0].Shape(), c.Input, y)
	}
	return reals(c.Input)
}

func (c ConvGradWeight) Infer(in []*Value) ([]Type, error) {
	if err := fit(c, in, want{"x", 4}, want{"dy", 4}); err != nil {
		return nil, err
	}
	x, dy := in[0].Shape(), in[1].Shape()
	dw := tensor.Of(c.Kernel[0], c.Kernel[1], x[3]/max(c.Groups, 1), dy[3])
	y, err := Conv(c).out(c, x, dw)
	if err != nil {
		return nil, err
	}
	if !y.Equal(dy) {
		return nil, fmt.Errorf("%s: dy is %v where the convolution of %v gives %v", c.Kind(), dy, x, y)
	}
	return reals(dw)
}

// out is the shape of the convolution of x by w; op is who asks.
func (c Conv) out(op Op, x, w tensor.Shape) (tensor.Shape, error) {
	if c.Groups < 1 || x[3]%c.Groups != 0 || w[3]%c.Groups != 0 {
		return nil, fmt.Errorf("%s: %d groups do not divide %d channels into %d", op.Kind(), c.Groups, x[3], w[3])
	}
	if want := tensor.Of(c.Kernel[0], c.Kernel[1], x[3]/c.Groups, w[3]); !want.Equal(w) {
		return nil, fmt.Errorf("%s: weight %v where kernel, groups and %d input channels ask for %v", op.Kind(), w, x[3], want)
	}
	h, wide, err := c.Out(x[1], x[2])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Kind(), err)
	}
	return tensor.Of(x[0], h, wide, w[3]), nil
}

func (c Conv) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x, w := n.In[0], n.In[1]
	dx := b.Emit(ConvGradInput{c.Window, c.Groups, x.Shape()}, dy[0], w)
	return []*Value{dx, b.Emit(ConvGradWeight(c), x, dy[0])}
}

func (c Conv) macs(n *Node) int64           { return convMACs(n.Out[0], n.In[1]) }
func (c ConvGradInput) macs(n *Node) int64  { return convMACs(n.In[0], n.In[1]) }
func (c ConvGradWeight) macs(n *Node) int64 { return convMACs(n.In[1], n.Out[0]) }

// convMACs counts padding as if it were data, as is the custom.
func convMACs(y, w *Value) int64 {
	s := w.Shape()
	return int64(y.Shape().Elems()) * int64(s[0]*s[1]*s[2])
}

func (c Conv) detail() string           { return grouped(c.Window, c.Groups) }
func (c ConvGradInput) detail() string  { return grouped(c.Window, c.Groups) }
func (c ConvGradWeight) detail() string { return grouped(c.Window, c.Groups) }

func grouped(w Window, groups int) string {
	if groups == 1 {
		return w.detail()
	}
	return fmt.Sprintf("%s groups %d", w.detail(), groups)
}
