package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// BatchNorm normalises each channel by the moments of the batch: x[...,C] (, gamma[C], beta[C] with Affine) → y, mean[C],
// var[C], over the M elements of a channel:
//
//	mean = Σ x/M,  var = Σ (x-mean)²/M,  x̂ = (x-mean)/√(var+Eps),  y = gamma·x̂ + beta
//
// Ioffe, Szegedy, "Batch Normalization", ICML 2015, arXiv:1502.03167, algorithm 1. var is the biased one; gradients flow through
// y alone, mean and var feed the running statistics ([Blend]). In Groups of as many images, one behind the other, each has moments of
// its own, mean[Groups,C] and var[Groups,C]: Hoffer, Hubara, Soudry, NIPS 2017, arXiv:1705.08741, algorithm 1.
type BatchNorm struct {
	Eps    float32 // 1e-5 by custom; above 0
	Affine bool
	Groups int // of images; divides N; 0 is 1, the whole batch
}

// BatchNormGrad is the gradient of [BatchNorm]: x, mean, var (, gamma), dy → dx (, dgamma, dbeta), with gamma 1 unless Affine:
//
//	dbeta = Σ dy,  dgamma = Σ dy·x̂,  dx = gamma/√(var+Eps) · (dy - dbeta/M - x̂·dgamma/M)
//
// In Groups the sums in dx are each group's own, dgamma and dbeta are of all.
type BatchNormGrad struct {
	Eps    float32
	Affine bool
	Groups int
}

// BatchNormInference normalises by given moments: x[...,C], mean, var (, gamma, beta) → y. Moments are taken as they are: there is no
// gradient by them. With dy of a layer that is trained behind a frozen one, and x̂ as in [BatchNorm]:
//
//	dx = gamma/√(var+Eps) · dy,  dgamma = Σ dy·x̂,  dbeta = Σ dy
type BatchNormInference struct {
	Eps    float32
	Affine bool
}

func (BatchNorm) Kind() string          { return "batch-norm" }
func (BatchNormGrad) Kind() string      { return "batch-norm-grad" }
func (BatchNormInference) Kind() string { return "batch-norm-inference" }

func (o BatchNorm) Infer(in []*Value) ([]Type, error) {
	wants := []want{{"x", anyRank}}
	if o.Affine {
		wants = append(wants, want{"gamma", 1}, want{"beta", 1})
	}
	if err := fit(o, in, wants...); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1:]...); err != nil {
		return nil, err
	}
	if err := positive(o, o.Eps); err != nil {
		return nil, err
	}
	m, err := o.moments(in[0])
	if err != nil {
		return nil, err
	}
	return reals(in[0].Shape(), m, m)
}

// moments is the shape of mean and var.
func (o BatchNorm) moments(x *Value) (tensor.Shape, error) {
	c := channels(x)
	if o.Groups > 1 {
		if n := x.Shape()[0]; x.Shape().Rank() < 2 || n%o.Groups != 0 {
			return nil, fmt.Errorf("%s: %d groups do not divide the images of %v", o.Kind(), o.Groups, x.Shape())
		}
		return tensor.Of(o.Groups, c), nil
	}
	return tensor.Of(c), nil
}

func (o BatchNormGrad) Infer(in []*Value) ([]Type, error) {
	wants := []want{{"x", anyRank}, {"mean", anyRank}, {"var", anyRank}}
	if o.Affine {
		wants = append(wants, want{"gamma", 1})
	}
	if err := fit(o, in, append(wants, want{"dy", anyRank})...); err != nil {
		return nil, err
	}
	x, dy := in[0], in[len(in)-1]
	if err := perChannel(o, x, in[3:len(in)-1]...); err != nil {
		return nil, err
	}
	m, err := BatchNorm(o).moments(x)
	if err != nil {
		return nil, err
	}
	if !in[1].Shape().Equal(m) || !in[2].Shape().Equal(m) {
		return nil, fmt.Errorf("%s: mean %v and var %v of %v must be %v", o.Kind(), in[1].Shape(), in[2].Shape(), x.Shape(), m)
	}
	if err := same(o, x, dy, "x and dy"); err != nil {
		return nil, err
	}
	if err := positive(o, o.Eps); err != nil {
		return nil, err
	}
	if !o.Affine {
		return reals(x.Shape())
	}
	return reals(x.Shape(), in[3].Shape(), in[3].Shape())
}

func (o BatchNormInference) Infer(in []*Value) ([]Type, error) {
	wants := []want{{"x", anyRank}, {"mean", 1}, {"var", 1}}
	if o.Affine {
		wants = append(wants, want{"gamma", 1}, want{"beta", 1})
	}
	if err := fit(o, in, wants...); err != nil {
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

func (o BatchNorm) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	in := []*Value{n.In[0], n.Out[1], n.Out[2]}
	if o.Affine {
		in = append(in, n.In[1])
	}
	return b.EmitAll(BatchNormGrad(o), append(in, dy[0])...)
}

func (o BatchNormInference) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x, mean, variance := n.In[0], n.In[1], n.In[2]
	zero := b.Emit(Expand{Shape: mean.Shape()})
	in := []*Value{dy[0], zero, variance}
	if !o.Affine {
		return []*Value{b.Emit(o, in...), nil, nil}
	}
	dx := b.Emit(o, append(in, n.In[3], zero)...)
	normal := b.Emit(BatchNormInference{Eps: o.Eps}, x, mean, variance)
	return []*Value{dx, nil, nil, b.Emit(SumChannels{}, b.Emit(Mul{}, dy[0], normal)), b.Emit(SumChannels{}, dy[0])}
}

func (o BatchNorm) detail() string     { return inGroups(o.Groups) }
func (o BatchNormGrad) detail() string { return inGroups(o.Groups) }

func inGroups(n int) string {
	if n > 1 {
		return fmt.Sprintf("in %d groups", n)
	}
	return ""
}

// positive checks that Eps keeps a constant channel finite.
func positive(op Op, eps float32) error {
	if !(eps > 0) {
		return fmt.Errorf("%s: eps %v must be above 0", op.Kind(), eps)
	}
	return nil
}
