package program

import "fmt"

// ChannelMean means over the channels of each position, x[N,H,W,C] → [N,H,W,1]. With [ChannelMax] it is what the spatial gate of
// CBAM reads: Woo, Park, Lee, Kweon, arXiv:1807.06521, section 3.
type ChannelMean struct{}

// ChannelMax takes the largest channel of each position, x[N,H,W,C] → [N,H,W,1].
type ChannelMax struct{}

// ChannelMaxGrad is the gradient of [ChannelMax]: x, y, dy → dx. A position's gradient goes to the channel that it took; among
// equal ones to the first.
type ChannelMaxGrad struct{}

// SpreadChannels gives all channels of a position the same value, y[N,H,W,1] → x[n,h,w,c] = Scale·y[n,h,w] for C channels: the
// gradient of [ChannelMean] with Scale = 1/C.
type SpreadChannels struct {
	C     int
	Scale float32
}

func (ChannelMean) Kind() string    { return "channel-mean" }
func (ChannelMax) Kind() string     { return "channel-max" }
func (ChannelMaxGrad) Kind() string { return "channel-max-grad" }
func (SpreadChannels) Kind() string { return "spread-channels" }

func (o ChannelMean) Infer(in []*Value) ([]Type, error) { return positions(o, in) }
func (o ChannelMax) Infer(in []*Value) ([]Type, error)  { return positions(o, in) }

// positions is one number a position of x.
func positions(op Op, in []*Value) ([]Type, error) {
	if err := fit(op, in, want{"x", 4}); err != nil {
		return nil, err
	}
	return reals(withChannels(in[0], 1))
}

func (o ChannelMaxGrad) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}, want{"y", 4}, want{"dy", 4}); err != nil {
		return nil, err
	}
	for _, v := range in[1:] {
		if y := withChannels(in[0], 1); !v.Shape().Equal(y) {
			return nil, fmt.Errorf("%s: y and dy must be %v, got %v", o.Kind(), y, v.Shape())
		}
	}
	return reals(in[0].Shape())
}

func (o SpreadChannels) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"y", 4}); err != nil {
		return nil, err
	}
	if y := in[0].Shape(); o.C < 1 || y[3] != 1 {
		return nil, fmt.Errorf("%s: %d channels of %v; give a map of one channel and 1 or more", o.Kind(), o.C, y)
	}
	return reals(withChannels(in[0], o.C))
}

func (ChannelMean) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	c := channels(n.In[0])
	return []*Value{b.Emit(SpreadChannels{C: c, Scale: 1 / float32(c)}, dy[0])}
}

func (ChannelMax) gradient(b *Builder, n *Node, dy []*Value) []*Value {
	return []*Value{b.Emit(ChannelMaxGrad{}, n.In[0], n.Out[0], dy[0])}
}

func (o SpreadChannels) gradient(b *Builder, _ *Node, dx []*Value) []*Value {
	return []*Value{b.Emit(Scale{By: o.Scale * float32(o.C)}, b.Emit(ChannelMean{}, dx[0]))}
}

func (o SpreadChannels) detail() string { return fmt.Sprintf("%d ·%g", o.C, o.Scale) }
