package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// APL is a rectifier with S learned hinges a channel: x[...,C], a[S,C], b[S,C] → y = max(x, 0) + Σ_s a[s,c]·max(b[s,c]-x, 0).
// Agostinelli, Hoffman, Sadowski, Baldi, "Learning Activation Functions to Improve Deep Neural Networks", ICLR 2015 workshop,
// arXiv:1412.6830, equation 1.
type APL struct{}

// APLGrad is the gradient of [APL]: x, a, b, dy → dx = dy·([x>0] - Σ_s a[s,c]·[x<b[s,c]]), da[s,c] = Σ dy·max(b[s,c]-x, 0),
// db[s,c] = Σ dy·a[s,c]·[x<b[s,c]].
type APLGrad struct{}

func (APL) Kind() string     { return "apl" }
func (APLGrad) Kind() string { return "apl-grad" }

func (o APL) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"a", 2}, want{"b", 2}); err != nil {
		return nil, err
	}
	if err := hinges(o, in); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o APLGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"a", 2}, want{"b", 2}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := hinges(o, in); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[3], "x and dy"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape(), in[1].Shape(), in[2].Shape())
}

// hinges checks that a and b have rows for the channels of x.
func hinges(op Op, in []*Value) error {
	if err := perChannel(op, in[0]); err != nil {
		return err
	}
	for _, v := range in[1:3] {
		if !v.Shape().Equal(tensor.Of(in[1].Shape()[0], channels(in[0]))) {
			return fmt.Errorf("%s: hinges of %v do not fit the %d channels of %v", op.Kind(), v.Shape(), channels(in[0]), in[0].Shape())
		}
	}
	return nil
}

func (APL) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return b.EmitAll(APLGrad{}, n.In[0], n.In[1], n.In[2], dy[0])
}
