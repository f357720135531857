package program

// Softmax turns the last axis into shares that sum to 1: x[...,C] → y[c] = exp(x[c]) / Σ_j exp(x[j]).
type Softmax struct{}

// SoftmaxGrad is the gradient of [Softmax]: y, dy → dx[c] = y[c]·(dy[c] - Σ_j y[j]·dy[j]).
type SoftmaxGrad struct{}

func (Softmax) Kind() string     { return "softmax" }
func (SoftmaxGrad) Kind() string { return "softmax-grad" }

func (o Softmax) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o SoftmaxGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", anyRank}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "y and dy"); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (Softmax) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(SoftmaxGrad{}, n.Out[0], dy[0])}
}
