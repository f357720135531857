package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Scan says how a map is read as sequences: its rows, a step a column, or its columns, a step a row; each from its first
// position or, Reverse, from its last. All positions as one sequence are the one row of a map reshaped to [N,1,H·W,C].
type Scan struct{ Columns, Reverse bool }

// LSTM sweeps a long short-term memory over the sequences of a map. x[N,H,W,4U] is the product of what is read with the input
// weights, of all steps at once, u[U,4U] the recurrent weight, b[4U] the recurrent bias; the four parts of 4U are the gates i, f,
// g, o, as in PyTorch. h and c are 0 before the first step:
//
//	a = x_t + h_{t-1}·u + b,  i,f,o = σ(a_i,f,o),  g = tanh(a_g),  c_t = f·c_{t-1} + i·g,  h_t = o·tanh(c_t)
//
// → h[N,H,W,U], gates[N,H,W,4U] (i, f, g, o), c[N,H,W,U]. Hochreiter, Schmidhuber, Neural Computation 9(8), 1997; the forget
// gate: Gers, Schmidhuber, Cummins, 2000.
type LSTM struct{ Scan }

// LSTMGrad is the gradient of [LSTM] by x: gates, c, u, dh → dx. That by b is the sum of dx, that by u is [SweepGradWeight].
type LSTMGrad struct{ Scan }

// GRU sweeps a gated recurrent unit over the sequences of a map, x[N,H,W,3U], u[U,3U], b[3U] as for [LSTM] but with the gates r,
// z, n; the reset gate acts behind the recurrent product, as in PyTorch and cuDNN (Cho et al. have it in front):
//
//	p = h_{t-1}·u + b,  r = σ(x_r + p_r),  z = σ(x_z + p_z),  n = tanh(x_n + r·p_n),  h_t = (1-z)·n + z·h_{t-1}
//
// → h[N,H,W,U], gates[N,H,W,4U] (r, z, n, p_n). Cho et al., EMNLP 2014, arXiv:1406.1078.
type GRU struct{ Scan }

// GRUGrad is the gradient of [GRU]: gates, h, u, dh → dx, dp, by x and by p; they differ in the part of n alone.
type GRUGrad struct{ Scan }

// SweepGradWeight is the gradient of a sweep by its recurrent weight, one product over all steps: h[N,H,W,U], dp[N,H,W,GU] →
// du[U,GU] = Σ h_{t-1}ᵀ·dp_t over sequences and steps.
type SweepGradWeight struct{ Scan }

func (LSTM) Kind() string            { return "lstm" }
func (LSTMGrad) Kind() string        { return "lstm-grad" }
func (GRU) Kind() string             { return "gru" }
func (GRUGrad) Kind() string         { return "gru-grad" }
func (SweepGradWeight) Kind() string { return "sweep-grad-weight" }

func (o LSTM) Infer(in []*Value) ([]Type, error) {
	h, err := swept(o, in, 4)
	if err != nil {
		return nil, err
	}
	return reals(h, in[0].Shape(), h)
}

func (o GRU) Infer(in []*Value) ([]Type, error) {
	h, err := swept(o, in, 3)
	if err != nil {
		return nil, err
	}
	gates := h.Clone()
	gates[3] *= 4
	return reals(h, gates)
}

// swept is the shape of h for inputs x, u, b of a cell with that many gates.
func swept(op Op, in []*Value, gates int) (tensor.Shape, error) {
	if err := fit(op, in, want{"x", 4}, want{"u", 2}, want{"b", 1}); err != nil {
		return nil, err
	}
	x, u := in[0], in[1].Shape()
	if u[1] != gates*u[0] {
		return nil, fmt.Errorf("%s: u is %v; %d units have %d gates, so it must be %v", op.Kind(), u, u[0], gates, tensor.Of(u[0], gates*u[0]))
	}
	if channels(x) != u[1] {
		return nil, fmt.Errorf("%s: x has %d channels where %d gates of %d units are %d", op.Kind(), channels(x), gates, u[0], u[1])
	}
	return withChannels(x, u[0]), perChannel(op, x, in[2])
}

func (o LSTMGrad) Infer(in []*Value) ([]Type, error) {
	if err := sweptBack(o, in, want{"gates", 4}, want{"c", 4}, 4); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o GRUGrad) Infer(in []*Value) ([]Type, error) {
	if err := sweptBack(o, in, want{"gates", 4}, want{"h", 4}, 3); err != nil {
		return nil, err
	}
	dx := withChannels(in[0], in[2].Shape()[1])
	return reals(dx, dx)
}

// sweptBack checks gates, a state, u and dh of a cell with that many gates.
func sweptBack(op Op, in []*Value, gates, state want, count int) error {
	if err := fit(op, in, gates, state, want{"u", 2}, want{"dh", 4}); err != nil {
		return err
	}
	u := in[2].Shape()
	if u[1] != count*u[0] || channels(in[1]) != u[0] || !in[0].Shape().Equal(withChannels(in[1], 4*u[0])) {
		return fmt.Errorf("%s: gates %v, %s %v and u %v are not of one sweep", op.Kind(), in[0].Shape(), state.name, in[1].Shape(), u)
	}
	return same(op, in[1], in[3], state.name+" and dh")
}

func (o SweepGradWeight) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"h", 4}, want{"dp", 4}); err != nil {
		return nil, err
	}
	h, dp := in[0], in[1]
	if !withChannels(h, 1).Equal(withChannels(dp, 1)) {
		return nil, fmt.Errorf("%s: h %v and dp %v differ in more than channels", o.Kind(), h.Shape(), dp.Shape())
	}
	return reals(tensor.Of(channels(h), channels(dp)))
}

func (o LSTM) gradient(b *Builder, n *Node, dh []*Value) []*Value {
	dx := b.Emit(LSTMGrad(o), n.Out[1], n.Out[2], n.In[1], dh[0])
	return []*Value{dx, b.Emit(SweepGradWeight(o), n.Out[0], dx), b.Emit(SumChannels{}, dx)}
}

func (o GRU) gradient(b *Builder, n *Node, dh []*Value) []*Value {
	d := b.EmitAll(GRUGrad(o), n.Out[1], n.Out[0], n.In[1], dh[0])
	if len(d) != 2 {
		return []*Value{nil, nil, nil} // the builder has failed
	}
	return []*Value{d[0], b.Emit(SweepGradWeight(o), n.Out[0], d[1]), b.Emit(SumChannels{}, d[1])}
}

// The product with u at each step, the first one counted too, as is the custom.
func (LSTM) macs(n *Node) int64            { return sweepMACs(n.In[0], n.In[1]) }
func (LSTMGrad) macs(n *Node) int64        { return sweepMACs(n.In[0], n.In[2]) }
func (GRU) macs(n *Node) int64             { return sweepMACs(n.In[0], n.In[1]) }
func (GRUGrad) macs(n *Node) int64         { return sweepMACs(n.Out[0], n.In[2]) }
func (SweepGradWeight) macs(n *Node) int64 { return sweepMACs(n.In[1], n.Out[0]) }

// sweepMACs is one for every position of a map and weight of u.
func sweepMACs(of, u *Value) int64 {
	return int64(withChannels(of, 1).Elems()) * int64(u.Shape().Elems())
}

func (s Scan) detail() string {
	return [2]string{"rows", "columns"}[bit(s.Columns)] + [2]string{"", " reverse"}[bit(s.Reverse)]
}
