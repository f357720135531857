package program

import "github.com/assaylab/assay/tensor"

// BiasAdd adds a value a channel: x[...,C], b[C] → y[...,c] = x[...,c] + b[c].
type BiasAdd struct{}

// SumChannels sums over all axes but the last, x[...,C] → [C]: the gradient of [BiasAdd] by b.
type SumChannels struct{}

func (BiasAdd) Kind() string     { return "bias-add" }
func (SumChannels) Kind() string { return "sum-channels" }

func (o BiasAdd) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}, want{"b", 1}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0], in[1]); err != nil {
		return nil, err
	}
	return reals(in[0].Shape())
}

func (o SumChannels) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	return reals(tensor.Of(channels(in[0])))
}

func (BiasAdd) gradient(b *Builder, _ *Node, dy []*Value) []*Value {
	return []*Value{dy[0], b.Emit(SumChannels{}, dy[0])}
}
