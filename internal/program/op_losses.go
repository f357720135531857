package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Losses beside [CrossEntropy], of the same rows: logits[N,K], and labels[N] or shares[N,K], of which smoothing makes targets q. A label
// below 0 and a row of zeros count nothing.

// BinaryCrossEntropy asks of each class by itself whether it is there → loss[N], the mean over classes, as in Wightman, Touvron, Jégou,
// arXiv:2110.00476, §3.1:
//
//	loss[n] = -1/K·Σ_k q[k]·log σ(x[k]) + (1-q[k])·log(1-σ(x[k]))
type BinaryCrossEntropy struct{ Smoothing float32 }

// BinaryCrossEntropyGrad is its gradient: logits, labels, dloss[N] → dlogits = dloss[n]/K·(σ(x) - q).
type BinaryCrossEntropyGrad struct{ Smoothing float32 }

// Focal is [CrossEntropy] that counts what is known well less: Lin et al., ICCV 2017, arXiv:1708.02002, eq. 4, over softmax:
//
//	loss[n] = -Σ_k q[k]·(1-p[k])^γ·log p[k],  p = softmax(logits[n])
type Focal struct{ Gamma, Smoothing float32 }

// FocalGrad is its gradient: logits, labels, dloss[N] → dlogits = dloss[n]·(t - p·Σ t), t[k] = -q[k]·((1-p)^γ - γ·(1-p)^(γ-1)·p·log p).
type FocalGrad struct{ Gamma, Smoothing float32 }

// Entropy is that of the softmax of each row, in natural units: logits[N,K] → h[n] = -Σ_k p[k]·log p[k]. Taken from a loss it keeps a
// network from being too sure: Pereyra, Tucker, Chorowski, Kaiser, Hinton, arXiv:1701.06548, eq. 1.
type Entropy struct{}

// EntropyGrad is its gradient: logits, dh[N] → dlogits = -dh[n]·p·(log p + h).
type EntropyGrad struct{}

func (BinaryCrossEntropy) Kind() string     { return "binary-cross-entropy" }
func (BinaryCrossEntropyGrad) Kind() string { return "binary-cross-entropy-grad" }
func (Focal) Kind() string                  { return "focal" }
func (FocalGrad) Kind() string              { return "focal-grad" }
func (Entropy) Kind() string                { return "entropy" }
func (EntropyGrad) Kind() string            { return "entropy-grad" }

func (o BinaryCrossEntropy) Infer(in []*Value) ([]Type, error) { return perRow(o, in, o.Smoothing) }
func (o Focal) Infer(in []*Value) ([]Type, error)              { return perRow(o, in, o.Smoothing) }

func (o BinaryCrossEntropyGrad) Infer(in []*Value) ([]Type, error) {
	return rowGradient(o, in, o.Smoothing)
}
func (o FocalGrad) Infer(in []*Value) ([]Type, error) { return rowGradient(o, in, o.Smoothing) }

func (o BinaryCrossEntropy) gradient(b *Builder, n *Node, dloss []*Value) []*Value {
	return []*Value{b.Emit(BinaryCrossEntropyGrad(o), n.In[0], n.In[1], dloss[0]), nil}
}

func (o Focal) gradient(b *Builder, n *Node, dloss []*Value) []*Value {
	return []*Value{b.Emit(FocalGrad(o), n.In[0], n.In[1], dloss[0]), nil}
}

func (o Entropy) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"logits", 2}); err != nil {
		return nil, err
	}
	return reals(tensor.Of(in[0].Shape()[0]))
}

func (o EntropyGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"logits", 2}, want{"dh", 1}); err != nil {
		return nil, err
	}
	if in[1].Shape()[0] != in[0].Shape()[0] {
		return nil, fmt.Errorf("%s: dh must be a number a row, got %v for %v", o.Kind(), in[1].Shape(), in[0].Shape())
	}
	return reals(in[0].Shape())
}

func (Entropy) gradient(b *Builder, n *Node, dh []*Value) []*Value {
	return []*Value{b.Emit(EntropyGrad{}, n.In[0], dh[0])}
}
