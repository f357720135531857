package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// CrossEntropy is the softmax cross-entropy of each row: logits[N,K], labels[N] (class indices) → loss[N], in natural units:
//
//	loss[n] = -Σ_k q[k]·log softmax(logits[n])[k],  q[k] = (1-Smoothing)·[k = labels[n]] + Smoothing/K
//
// smoothing: Szegedy et al., CVPR 2016, arXiv:1512.00567, section 7. A label below 0 has loss 0 and gradient 0; a label of K or
// more is an error of the run or, in an engine that does not look, a loss that is not a number.
//
// Labels may be shares p[N,K] of the classes instead, for rows that are of several (Zhang et al., "mixup", ICLR 2018,
// arXiv:1710.09412): q[k] = (1-Smoothing)·p[n,k] + Smoothing/K·Σ_j p[n,j]. They have no gradient, and a row of zeros counts nothing.
type CrossEntropy struct {
	Smoothing float32 // 0 to 1
}

// CrossEntropyGrad is the gradient of [CrossEntropy]: logits, labels, dloss[N] → dlogits = dloss[n]·(softmax·Σ q - q).
type CrossEntropyGrad struct{ Smoothing float32 }

// LogSoftmax gives log-probabilities, logits[N,K] → x[n,k] - log Σ_j exp x[n,j]. It has no gradient; a loss is [CrossEntropy].
type LogSoftmax struct{}

// Variance is the biased variance of all elements, a scalar: what layer-sequential unit-variance initialisation reads
// (Mishkin, Matas, ICLR 2016, arXiv:1511.06422). It has no gradient.
type Variance struct{}

func (CrossEntropy) Kind() string     { return "cross-entropy" }
func (CrossEntropyGrad) Kind() string { return "cross-entropy-grad" }
func (LogSoftmax) Kind() string       { return "log-softmax" }
func (Variance) Kind() string         { return "variance" }

func (o CrossEntropy) Infer(in []*Value) ([]Type, error)     { return perRow(o, in, o.Smoothing) }
func (o CrossEntropyGrad) Infer(in []*Value) ([]Type, error) { return rowGradient(o, in, o.Smoothing) }

// perRow is the check of a loss of rows, rowGradient that of its gradient.
func perRow(o Op, in []*Value, smoothing float32) ([]Type, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("%s: takes logits, labels; got %d inputs", o.Kind(), len(in))
	}
	if err := rows(o, in, smoothing); err != nil {
		return nil, err
	}
	return reals(in[0].Shape()[:1])
}

func rowGradient(o Op, in []*Value, smoothing float32) ([]Type, error) {
	if err := rows(o, in, smoothing); err != nil {
		return nil, err
	}
	if len(in) != 3 || in[2].Type.DType != Real || !in[2].Shape().Equal(in[0].Shape()[:1]) {
		return nil, fmt.Errorf("%s: takes logits, labels, dloss; dloss must be a number a row", o.Kind())
	}
	return reals(in[0].Shape())
}

// rows checks logits and labels.
func rows(op Op, in []*Value, smoothing float32) error {
	if len(in) < 2 || in[0].Type.DType != Real || in[0].Shape().Rank() != 2 {
		return fmt.Errorf("%s: takes logits [N,K] and labels [N]", op.Kind())
	}
	x, l := in[0].Shape(), in[1]
	if hard := l.Type.DType == Index && l.Shape().Equal(x[:1]); !hard && !(l.Type.DType == Real && l.Shape().Equal(x)) {
		return fmt.Errorf("%s: labels must be %d class indices, or shares %v, got %v", op.Kind(), x[0], x, l.Shape())
	}
	if !(smoothing >= 0 && smoothing <= 1) {
		return fmt.Errorf("%s: smoothing %v; write a number from 0 to 1", op.Kind(), smoothing)
	}
	return nil
}

func (o LogSoftmax) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"logits", 2}); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o Variance) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	return reals(tensor.Of())
}

func (o CrossEntropy) gradient(b *Builder, n *Node, dloss []*Value) []*Value {
	return []*Value{b.Emit(CrossEntropyGrad(o), n.In[0], n.In[1], dloss[0]), nil}
}
