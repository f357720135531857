package program

import "fmt"

// LRN divides each element by a power of the mean square of the channels around it: x[...,C] → y = x·d^-Beta,
// d[c] = K + Alpha/Size · Σ x[c']², c' the Size channels from c-Size/2 to c+Size/2, beyond the map none. Krizhevsky, Sutskever,
// Hinton, NIPS 2012, section 3.3, in the form of Caffe and PyTorch, which divide Alpha by Size.
type LRN struct {
	Size           int // channels, odd
	Alpha, Beta, K float32
}

// LRNGrad is the gradient of [LRN]: x, dy → dx[c] = dy[c]·d[c]^-Beta - 2·Alpha·Beta/Size · x[c] · Σ dy[c']·x[c']·d[c']^(-Beta-1).
type LRNGrad struct {
	Size           int
	Alpha, Beta, K float32
}

func (LRN) Kind() string     { return "lrn" }
func (LRNGrad) Kind() string { return "lrn-grad" }

func (o LRN) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	if o.Size < 1 || o.Size%2 == 0 {
		return nil, fmt.Errorf("lrn: %d channels; their number must be odd", o.Size)
	}
	if !(o.Alpha >= 0 && o.Beta >= 0 && o.K > 0) {
		return nil, fmt.Errorf("lrn: alpha %g, beta %g, k %g; alpha and beta must not be negative, k must be above 0", o.Alpha, o.Beta, o.K)
	}
	return reals(in[0].Shape())
}

func (o LRNGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"dy", anyRank}); err != nil {
		return nil, err
	}
	if err := same(o, in[0], in[1], "x and dy"); err != nil {
		return nil, err
	}
	return LRN(o).Infer(in[:1])
}

func (o LRN) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(LRNGrad(o), n.In[0], dy[0])}
}

func (o LRN) detail() string {
	return fmt.Sprintf("%d alpha %g beta %g k %g", o.Size, o.Alpha, o.Beta, o.K)
}
func (o LRNGrad) detail() string { return LRN(o).detail() }
