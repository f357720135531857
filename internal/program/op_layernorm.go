package program

import "github.com/assaylab/assay/tensor"

// LayerNorm normalises each position by the moments of its own channels: x[...,C], gamma[C], beta[C] → y, over the C channels:
//
//	mean = Σ x/C,  var = Σ (x-mean)²/C,  x̂ = (x-mean)/√(var+Eps),  y = gamma·x̂ + beta
//
// Ba, Kiros, Hinton, "Layer Normalization", arXiv:1607.06450, eq. 3, at each position of a map: Liu et al., arXiv:2201.03545,
// section 2.6.
type LayerNorm struct {
	Eps float32 // 1e-5 by custom, 1e-6 in ConvNeXt; above 0
}

// LayerNormGrad is the gradient of [LayerNorm]: x, gamma, dy → dx, dgamma, dbeta, with means over the channels of a position and
// sums over positions:
//
//	g = gamma·dy,  dx = (g - mean(g) - x̂·mean(g·x̂))/√(var+Eps),  dgamma = Σ dy·x̂,  dbeta = Σ dy
//
// It finds the moments anew, so that nothing but x is kept.
type LayerNormGrad struct{ Eps float32 }

func (LayerNorm) Kind() string     { return "layer-norm" }
func (LayerNormGrad) Kind() string { return "layer-norm-grad" }

func (o LayerNorm) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"gamma", 1}, want{"beta", 1}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1:]...); err != nil {
		return nil, err
	}
	if err := positive(o, o.Eps); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o LayerNormGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"gamma", 1}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[2], "x and dy"); err != nil {
		return nil, err
	}
	if err := positive(o, o.Eps); err != nil {
		return nil, err
	}
	c := tensor.Of(channels(in[0]))
	return reals(in[0].Shape(), c, c)
}

func (o LayerNorm) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return b.EmitAll(LayerNormGrad(o), n.In[0], n.In[1], dy[0])
}
