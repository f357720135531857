package program

import "fmt"

// CReLU keeps both signs: x[...,C] → y[...,2C] = [max(x, 0), max(-x, 0)]. Shang, Sohn, Almeida, Lee, "Understanding and Improving
// Convolutional Neural Networks via Concatenated Rectified Linear Units", ICML 2016, arXiv:1603.05201, definition 2.1.
type CReLU struct{}

// CReLUGrad is the gradient of [CReLU]: y, dy → dx[c] = dy[c] where y[c] > 0, -dy[C+c] where y[C+c] > 0, else 0.
type CReLUGrad struct{}

func (CReLU) Kind() string     { return "crelu" }
func (CReLUGrad) Kind() string { return "crelu-grad" }

func (o CReLU) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	return reals(withChannels(in[0], 2*channels(in[0])))
}

func (o CReLUGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", anyRank}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "y and dy"); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	if channels(in[0])%2 != 0 {
		return nil, fmt.Errorf("%s: %v has an odd number of channels, which no crelu gives", o.Kind(), in[0].Shape())
	}
	return reals(withChannels(in[0], channels(in[0])/2))
}

func (CReLU) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(CReLUGrad{}, n.Out[0], dy[0])}
}
