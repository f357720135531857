package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// SplitHeads gives each head its share of the channels of all positions, as matrices: x[N,H,W,C] → y[n,g,h·W+w,d] =
// x[n,h,w,g·D+d], D = C/Heads. Vaswani et al., "Attention Is All You Need", arXiv:1706.03762, section 3.2.2.
type SplitHeads struct{ Heads int }

// MergeHeads puts the shares of the heads beside one another again, y[N,G,H·W,D] → x[N,H,W,G·D]: the inverse of [SplitHeads], and
// each is the other's gradient.
type MergeHeads struct{ H, W int }

// RelativeBias adds to attention scores a term that depends on how far the key lies from its query: s[N,G,H·W,H·W],
// table[G,2R+1,2R+1] → y[n,g,p,q] = s[n,g,p,q] + table[g,R+dh,R+dw], where q lies dh rows below and dw columns right of p on a
// map of H rows and W columns, each clipped to R = Range. Learned by offset: Liu et al., "Swin Transformer", arXiv:2103.14030,
// section 3.2; clipped, so that one table fits every map: Shaw, Uszkoreit, Vaswani, arXiv:1803.02155, section 3.2.
type RelativeBias struct{ H, W, Range int }

// RelativeBiasGrad is the gradient of [RelativeBias] by the table: ds → dtable, each entry the sum over all that it was added to.
type RelativeBiasGrad struct{ H, W, Range int }

func (SplitHeads) Kind() string       { return "split-heads" }
func (MergeHeads) Kind() string       { return "merge-heads" }
func (RelativeBias) Kind() string     { return "relative-bias" }
func (RelativeBiasGrad) Kind() string { return "relative-bias-grad" }

func (o SplitHeads) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}); err != nil {
		return nil, err
	}
	x := in[0].Shape()
	if o.Heads < 1 || x[3]%o.Heads != 0 {
		return nil, fmt.Errorf("split-heads: %d heads do not divide %d channels", o.Heads, x[3])
	}
	return reals(tensor.Of(x[0], o.Heads, x[1]*x[2], x[3]/o.Heads))
}

func (o MergeHeads) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", 4}); err != nil {
		return nil, err
	}
	y := in[0].Shape()
	if o.H < 1 || o.W < 1 || o.H*o.W != y[2] {
		return nil, fmt.Errorf("merge-heads: %dx%d positions of %d", o.H, o.W, y[2])
	}
	return reals(tensor.Of(y[0], o.H, o.W, y[1]*y[3]))
}

func (o RelativeBias) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"s", 4}, want{"table", 3}); err != nil {
		return nil, err
	}
	table, err := o.table(o, in[0].Shape())
	if err != nil {
		return nil, err
	}
	if !in[1].Shape().Equal(table) {
		return nil, fmt.Errorf("relative-bias: a table of %v for offsets up to %d; make it %v", in[1].Shape(), o.Range, table)
	}
	return reals(in[0].Shape())
}

func (o RelativeBiasGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"ds", 4}); err != nil {
		return nil, err
	}
	table, err := RelativeBias(o).table(o, in[0].Shape())
	if err != nil {
		return nil, err
	}
	return reals(table)
}

// table is the shape of the table for scores of shape s.
func (o RelativeBias) table(op Op, s tensor.Shape) (tensor.Shape, error) {
	if o.H < 1 || o.W < 1 || o.Range < 0 {
		return nil, fmt.Errorf("%s: %dx%d positions and offsets up to %d; give 1 position or more and 0 or more", op.Kind(), o.H, o.W, o.Range)
	}
	if s[2] != o.H*o.W || s[3] != o.H*o.W {
		return nil, fmt.Errorf("%s: scores of %v are not of the pairs of %dx%d positions", op.Kind(), s, o.H, o.W)
	}
	return tensor.Of(s[1], 2*o.Range+1, 2*o.Range+1), nil
}

func (o SplitHeads) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	x := n.In[0].Shape()
	return []*Value{b.Emit(MergeHeads{H: x[1], W: x[2]}, dy[0])}
}

func (o MergeHeads) gradient(b *Builder, n *Node, dx []*Value) []*Value {
	return []*Value{b.Emit(SplitHeads{Heads: n.In[0].Shape()[1]}, dx[0])}
}

func (o RelativeBias) gradient(b *Builder, _ *Node, dy []*Value) []*Value {
	return []*Value{dy[0], b.Emit(RelativeBiasGrad(o), dy[0])}
}

func (o SplitHeads) detail() string       { return fmt.Sprintf("%d", o.Heads) }
func (o MergeHeads) detail() string       { return fmt.Sprintf("%dx%d", o.H, o.W) }
func (o RelativeBias) detail() string     { return fmt.Sprintf("%dx%d up to %d", o.H, o.W, o.Range) }
func (o RelativeBiasGrad) detail() string { return RelativeBias(o).detail() }
