package compile

import (
	"math"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Gates and attention, as operations.

func (l *lowering) channelPool(p nn.ChannelPool, x *program.Value) *program.Value {
	return l.poolKinds(p.Type, func(kind nn.PoolKind) *program.Value {
		if kind == nn.Max {
			return l.b.Emit(program.ChannelMax{}, x)
		}
		return l.b.Emit(program.ChannelMean{}, x)
	})
}

// channelConv is a convolution over a map of one channel, in which the channels of x are a row of pixels.
func (l *lowering) channelConv(s nn.Step, c nn.ChannelConv, x *program.Value) *program.Value {
	w := program.Square(1, 1, 0)
	w.Kernel[1], w.Pad[2], w.Pad[3] = c.Kernel, c.Kernel/2, c.Kernel/2
	y := l.b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, s.Size.C, 1)}, x)
	y = l.b.Emit(program.Conv{Window: w, Groups: 1}, y, l.held(s.Params[0]))
	return l.b.Emit(program.Reshape{Shape: x.Shape()}, y)
}

// stack joins the flat maps and gives them their rows again.
func (l *lowering) stack(s nn.Step, in []*program.Value) *program.Value {
	flat := make([]*program.Value, len(in))
	for i, x := range in {
		flat[i] = l.flat(x)
	}
	return l.b.Emit(program.Reshape{Shape: tensor.Of(l.batch, s.Size.H, s.Size.W, s.Size.C)}, l.b.Emit(program.Concat{}, flat...))
}

// attention emits the scores of all pairs of positions, their softmax, and the values averaged by it. Queries are scaled, not
// scores: they are fewer.
func (l *lowering) attention(s nn.Step, a nn.Attention, in []*program.Value) *program.Value {
	b, from := l.b, s.InSizes[0]
	scale := a.Scale
	if scale == 0 {
		scale = float32(1 / math.Sqrt(float64(from.C/a.Heads)))
	}
	q := in[0]
	if scale != 1 {
		q = b.Emit(program.Scale{By: scale}, q)
	}
	scores := b.Emit(program.BatchMatMul{TransB: true}, l.heads(a.Heads, q), l.heads(a.Heads, in[1]))
	if a.Range > 0 {
		scores = b.Emit(program.RelativeBias{H: from.H, W: from.W, Range: a.Range}, scores, l.held(s.Params[0]))
	}
	y := b.Emit(program.BatchMatMul{}, b.Emit(program.Softmax{}, scores), l.heads(a.Heads, in[2]))
	if a.Heads == 1 {
		return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, s.Size.H, s.Size.W, s.Size.C)}, y)
	}
	return b.Emit(program.MergeHeads{H: s.Size.H, W: s.Size.W}, y)
}

// attentionPool is attention of one query a head, whose products with the keys are given.
func (l *lowering) attentionPool(s nn.Step, x, scores *program.Value) *program.Value {
	b, in := l.b, s.InSizes
	heads, positions := in[1].C, in[0].H*in[0].W
	shares := b.Emit(program.Softmax{}, b.Emit(program.Reshape{Shape: tensor.Of(l.batch, heads, 1, positions)}, l.heads(heads, scores)))
	y := b.Emit(program.BatchMatMul{}, shares, l.heads(heads, x))
	return b.Emit(program.Reshape{Shape: tensor.Of(l.batch, 1, 1, s.Size.C)}, y)
}

// heads is a map as matrices of positions by channels, one a head.
func (l *lowering) heads(n int, x *program.Value) *program.Value {
	if s := x.Shape(); n == 1 {
		return l.b.Emit(program.Reshape{Shape: tensor.Of(s[0], 1, s[1]*s[2], s[3])}, x)
	}
	return l.b.Emit(program.SplitHeads{Heads: n}, x)
}
