package program

import "github.com/assaylab/assay/tensor"

// GeM is the generalised mean of what is positive, x[N,H,W,C], p[1] → y[N,C] = (Σ_{h,w} max(x,0)^p / (H·W))^(1/p): the mean at
// p = 1, towards the maximum as p grows. Radenović, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation",
// arXiv:1711.02512, §3.2. Where p is not above 0, y is not-a-number, so that a training whose exponent ran away is seen to have
// diverged. Deviation: the authors' code takes 1e-6 for what is smaller.
type GeM struct{}

// GeMGrad is the gradient of [GeM]: x, p, y, dy → dx, dp. With u = max(x,0)/y, dx = dy·u^(p−1) / (H·W) and
// dp = Σ_{n,c} dy·y/p · Σ_{h,w} u^p·ln u / (H·W). A channel without anything positive has none.
type GeMGrad struct{}

func (GeM) Kind() string     { return "gem" }
func (GeMGrad) Kind() string { return "gem-grad" }

func (o GeM) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}, want{"p", 1}); err != nil {
		return nil, err
	}
	x := in[0].Shape()
	return reals(tensor.Of(x[0], x[3]))
}

func (o GeMGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}, want{"p", 1}, want{"y", 2}, want{"dy", 2}); err != nil {
		return nil, err
	}
	if err := same(o, in[2], in[3], "y and dy"); err != nil {
		return nil, err
	}
	return reals(in[0].Shape(), in[1].Shape())
}

func (GeM) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return b.EmitAll(GeMGrad{}, n.In[0], n.In[1], n.Out[0], dy[0])
}
