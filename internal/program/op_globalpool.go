package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// GlobalAvgPool means over height and width, x[N,H,W,C] → [N,C]: Lin, Chen, Yan, "Network In Network", ICLR 2014,
// arXiv:1312.4400, section 3.2.
type GlobalAvgPool struct{}

// SpreadHW gives every position the same value, y[N,C] → x[n,h,w,c] = Scale·y[n,c] for H rows and W columns: the gradient of
// [GlobalAvgPool] with Scale = 1/(H·W).
type SpreadHW struct {
	H, W  int
	Scale float32
}

func (GlobalAvgPool) Kind() string { return "global-avg-pool" }
func (SpreadHW) Kind() string      { return "spread-hw" }

func (o GlobalAvgPool) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}); err != nil {
		return nil, err
	}
	x := in[0].Shape()
	return reals(tensor.Of(x[0], x[3]))
}

func (o SpreadHW) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", 2}); err != nil {
		return nil, err
	}
	if o.H < 1 || o.W < 1 {
		return nil, fmt.Errorf("spread-hw: %dx%d must be at least 1x1", o.H, o.W)
	}
	y := in[0].Shape()
	return reals(tensor.Of(y[0], o.H, o.W, y[1]))
}

// gradient: dx[n,h,w,c] = dy[n,c] / (H·W), written in another op, so every engine has it for nothing.
func (GlobalAvgPool) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	h, w := n.In[0].Shape()[1], n.In[0].Shape()[2]
	return []*Value{b.Emit(SpreadHW{H: h, W: w, Scale: 1 / float32(h*w)}, dy[0])}
}

func (o SpreadHW) gradient(b *Builder, _ *Node, dx []*Value) []*Value {
	return []*Value{b.Emit(Scale{By: o.Scale * float32(o.H*o.W)}, b.Emit(GlobalAvgPool{}, dx[0]))}
}

func (o SpreadHW) detail() string { return fmt.Sprintf("%dx%d ·%g", o.H, o.W, o.Scale) }
