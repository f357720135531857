package program

import (
	"fmt"

	"github.com/assaylab/assay/tensor"
)

// Reshape gives the same elements in row-major order under another shape.
type Reshape struct{ Shape tensor.Shape }

// Concat joins along the last axis: x1[...,C1], x2[...,C2] ... → [...,C1+C2+...].
type Concat struct{}

// SliceChannels keeps the channels From ≤ c < To: x[...,C] → [...,To-From].
type SliceChannels struct{ From, To int }

// PadChannels puts channels of zeros before and after: x[...,C] → [...,Before+C+After]. With [Subsample] it is the shortcut of
// option A in He, Zhang, Ren, Sun, CVPR 2016, section 4.2.
type PadChannels struct{ Before, After int }

// ShuffleChannels deals the channels of Groups groups out one after the other, as the transpose of [Groups, C/Groups]:
// y[..., c·Groups+g] = x[..., g·C/Groups+c]. Zhang, Zhou, Lin, Sun, "ShuffleNet", CVPR 2018, arXiv:1707.01083, section 3.1.
type ShuffleChannels struct{ Groups int }

// Subsample keeps every Stride-th row and column from the first: x[N,H,W,C] → [N,⌈H/Stride⌉,⌈W/Stride⌉,C].
type Subsample struct{ Stride int }

// SubsampleGrad is the gradient of [Subsample], dy → dx of shape Input: zeros between.
type SubsampleGrad struct {
	Stride int
	Input  tensor.Shape
}

// Transpose puts the axes in another order, the first of which stays: of y[n,...] axis i is axis Axes[i] of x.
type Transpose struct{ Axes []int }

func (Reshape) Kind() string         { return "reshape" }
func (Concat) Kind() string          { return "concat" }
func (SliceChannels) Kind() string   { return "slice-channels" }
func (PadChannels) Kind() string     { return "pad-channels" }
func (ShuffleChannels) Kind() string { return "shuffle-channels" }
func (Subsample) Kind() string       { return "subsample" }
func (SubsampleGrad) Kind() string   { return "subsample-grad" }
func (Transpose) Kind() string       { return "transpose" }

func (o Reshape) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := shaped(o, o.Shape, anyRank); err != nil {
		return nil, err
	}
	if in[0].Shape().Elems() != o.Shape.Elems() {
		return nil, fmt.Errorf("reshape: %v has %d elements and %v has %d", in[0].Shape(), in[0].Shape().Elems(), o.Shape, o.Shape.Elems())
	}
	return reals(o.Shape)
}

func (o Concat) Infer(in []*Value) ([]Type, error) {
	if len(in) == 0 {
		return nil, fmt.Errorf("concat: takes x1, x2 ...; got 0 inputs")
	}
	sum := 0
	for _, x := range in {
		if err := fit(o, []*Value{x}, want{"x", anyRank}); err != nil {
			return nil, err
		}
		if err := perChannel(o, x); err != nil {
			return nil, err
		}
		if !withChannels(x, 1).Equal(withChannels(in[0], 1)) {
			return nil, fmt.Errorf("concat: %v and %v differ in more than channels", in[0].Shape(), x.Shape())
		}
		sum += channels(x)
	}
	return reals(withChannels(in[0], sum))
}

func (o SliceChannels) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	if o.From < 0 || o.To <= o.From || o.To > channels(in[0]) {
		return nil, fmt.Errorf("slice-channels: channels %d to %d of %d", o.From, o.To, channels(in[0]))
	}
	return reals(withChannels(in[0], o.To-o.From))
}

func (o PadChannels) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	if o.Before < 0 || o.After < 0 {
		return nil, fmt.Errorf("pad-channels: %d before and %d after must not be negative", o.Before, o.After)
	}
	return reals(withChannels(in[0], o.Before+channels(in[0])+o.After))
}

func (o ShuffleChannels) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", anyRank}); err != nil {
		return nil, err
	}
	if err := perChannel(o, in[0]); err != nil {
		return nil, err
	}
	if o.Groups < 1 || channels(in[0])%o.Groups != 0 {
		return nil, fmt.Errorf("shuffle-channels: %d groups do not divide %d channels", o.Groups, channels(in[0]))
	}
	return reals(in[0].Shape())
}

func (o Subsample) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}); err != nil {
		return nil, err
	}
	if o.Stride < 1 {
		return nil, fmt.Errorf("subsample: stride %d must be at least 1", o.Stride)
	}
	x := in[0].Shape()
	return reals(tensor.Of(x[0], 1+(x[1]-1)/o.Stride, 1+(x[2]-1)/o.Stride, x[3]))
}

func (o SubsampleGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"dy", 4}); err != nil {
		return nil, err
	}
	if err := shaped(o, o.Input, 4); err != nil {
		return nil, err
	}
	x := &Value{Type: Type{Shape: o.Input}}
	y, err := Subsample{o.Stride}.Infer([]*Value{x})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Kind(), err)
	}
	if !y[0].Shape.Equal(in[0].Shape()) {
		return nil, fmt.Errorf("%s: dy is %v where %v gives %v", o.Kind(), in[0].Shape(), o.Input, y[0].Shape)
	}
	return reals(o.Input)
}

func (o Transpose) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", len(o.Axes)}); err != nil {
		return nil, err
	}
	x, y := in[0].Shape(), tensor.Shape{}
	seen := make([]bool, len(o.Axes))
	for i, a := range o.Axes {
		if a < 0 || a >= len(o.Axes) || seen[a] || (a == 0) != (i == 0) {
			return nil, fmt.Errorf("transpose: axes %v; give each of 0 to %d once, 0 first", o.Axes, len(o.Axes)-1)
		}
		seen[a], y = true, append(y, x[a])
	}
	if len(y) == 0 {
		return nil, fmt.Errorf("transpose: a scalar has no axes")
	}
	return reals(y)
}

func (Reshape) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(Reshape{n.In[0].Shape()}, dy[0])}
}

func (Concat) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	var dx []*Value
	from := 0
	for _, x := range n.In {
		dx = append(dx, b.Emit(SliceChannels{from, from + channels(x)}, dy[0]))
		from += channels(x)
	}
	return dx
}

func (o SliceChannels) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(PadChannels{o.From, channels(n.In[0]) - o.To}, dy[0])}
}

func (o PadChannels) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(SliceChannels{o.Before, o.Before + channels(n.In[0])}, dy[0])}
}

// gradient: a transpose is undone by the transpose.
func (o ShuffleChannels) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(ShuffleChannels{channels(n.In[0]) / o.Groups}, dy[0])}
}

func (o Subsample) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(SubsampleGrad{o.Stride, n.In[0].Shape()}, dy[0])}
}

// gradient: the axes go back.
func (o Transpose) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	back := make([]int, len(o.Axes))
	for i, a := range o.Axes {
		back[a] = i
	}
	return []*Value{b.Emit(Transpose{back}, dy[0])}
}

func (o SliceChannels) detail() string   { return fmt.Sprintf("%d:%d", o.From, o.To) }
func (o PadChannels) detail() string     { return fmt.Sprintf("%d+%d", o.Before, o.After) }
func (o ShuffleChannels) detail() string { return fmt.Sprintf("of %d", o.Groups) }
func (o Subsample) detail() string       { return fmt.Sprintf("/%d", o.Stride) }
func (o SubsampleGrad) detail() string   { return fmt.Sprintf("/%d", o.Stride) }
func (o Transpose) detail() string       { return fmt.Sprint(o.Axes) }
