package program

// WeightNorm gives each output channel of a weight a length of its own: v[...,C], g[C] → w = g·v/‖v‖, norms over all but the last axis;
// 0 where v is. Salimans, Kingma, NIPS 2016, arXiv:1602.07868, eq. 2.
type WeightNorm struct{}

// WeightNormGrad is the gradient of [WeightNorm], eq. 3 there: v, g, dw → dv, dg, with sums as the norms have them:
//
//	dg = Σ dw·v/‖v‖,  dv = g/‖v‖ · (dw - v·dg/‖v‖)
type WeightNormGrad struct{}

func (WeightNorm) Kind() string     { return "weight-norm" }
func (WeightNormGrad) Kind() string { return "weight-norm-grad" }

func (o WeightNorm) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"v", anyRank}, want{"g", 1}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o WeightNormGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"v", anyRank}, want{"g", 1}, want{"dw", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[2], "v and dw"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape(), in[1].Shape())
}

func (o WeightNorm) gradient(b *Builder, n *Node, dw []*Value) []*Value {
	return b.EmitAll(WeightNormGrad{}, n.In[0], n.In[1], dw[0])
}
