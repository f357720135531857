package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// GroupNorm normalises each image by the moments of groups of its channels: x[N,...,C], gamma[C], beta[C] → y, over the M elements of
// C/Groups channels, one behind the other, at all positions of an image:
//
//	mean = Σ x/M,  var = Σ (x-mean)²/M,  x̂ = (x-mean)/√(var+Eps),  y = gamma·x̂ + beta
//
// Wu, He, "Group Normalization", ECCV 2018, arXiv:1803.08494, eq. 7. Of as many groups as channels it is the instance normalisation of
// Ulyanov, Vedaldi, Lempitsky, arXiv:1607.08022, eq. 3.
type GroupNorm struct {
	Eps    float32 // 1e-5 by custom; above 0
	Groups int     // of channels; divides C
}

// GroupNormGrad is the gradient of [GroupNorm]: x, gamma, dy → dx, dgamma, dbeta, with means over a group and sums over images and
// positions:
//
//	g = gamma·dy,  dx = (g - mean(g) - x̂·mean(g·x̂))/√(var+Eps),  dgamma = Σ dy·x̂,  dbeta = Σ dy
//
// It finds the moments anew, so that nothing but x is kept.
type GroupNormGrad struct {
	Eps    float32
	Groups int
}

func (GroupNorm) Kind() string     { return "group-norm" }
func (GroupNormGrad) Kind() string { return "group-norm-grad" }

func (o GroupNorm) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"gamma", 1}, want{"beta", 1}); err != nil {
		return nil, err
	}
	if err := channelGroups(o, o.Eps, o.Groups, in[0], in[1:]...); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o GroupNormGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"gamma", 1}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := channelGroups(o, o.Eps, o.Groups, in[0], in[1]); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[2], "x and dy"); err != nil {
		return nil, err
	}
	c := tensor.Of(channels(in[0]))
	return reals(in[0].Shape(), c, c)
}

// channelGroups checks a norm of groups of channels.
func channelGroups(op Op, eps float32, groups int, x *Value, vectors ...*Value) error {
	if err := perChannel(op, x, vectors...); err != nil {
		return err
	}
	if x.Shape().Rank() < 2 || groups < 1 || channels(x)%groups != 0 {
		return fmt.Errorf("%s: %d groups do not divide the channels of %v", op.Kind(), groups, x.Shape())
	}
	return positive(op, eps)
}

func (o GroupNorm) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return b.EmitAll(GroupNormGrad(o), n.In[0], n.In[1], dy[0])
}

func (o GroupNorm) detail() string     { return fmt.Sprintf("of %d", o.Groups) }
func (o GroupNormGrad) detail() string { return fmt.Sprintf("of %d", o.Groups) }
