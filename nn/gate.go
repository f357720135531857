package nn

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/tensor"
)

// Gate multiplies the first map that it reads by the second: 1x1xC, a number a channel (Hu, Shen, Sun, arXiv:1709.01507), or
// HxWx1, a number a position (Woo, Park, Lee, Kweon, arXiv:1807.06521).
type Gate struct{}

// Kind is "gate".
func (Gate) Kind() string { return "gate" }

// String is "gate".
func (Gate) String() string { return "gate" }

// Infer gives the size of the map that is gated.
func (Gate) Infer(in []Size, _ int) (Size, error) {
	if len(in) != 2 {
		return Size{}, fmt.Errorf("gates %d layers; give it a map and its gate", len(in))
	}
	x, g := in[0], in[1]
	if g != (Size{1, 1, x.C}) && g != (Size{x.H, x.W, 1}) {
		return Size{}, fmt.Errorf("cannot gate %v by %v; the gate must be 1x1x%d or %dx%dx1", x, g, x.C, x.H, x.W)
	}
	return x, nil
}

// Gating marks the layers of which nothing but numbers of gates comes: the perceptron of a squeeze-and-excitation, say. They
// are not part of the way that maps take.
func (g *Graph) Gating() map[*Node]bool {
	gating, read := map[*Node]bool{}, map[*Node]bool{}
	if !slices.ContainsFunc(g.Nodes, func(n *Node) bool { _, gate := n.Layer.(Gate); return gate }) {
		return gating
	}
	otherwise := map[*Node]bool{} // read by something that is no gate's number
	for _, o := range g.Outputs {
		otherwise[o.Node] = true
	}
	for _, n := range slices.Backward(g.Nodes) {
		gating[n] = read[n] && !otherwise[n]
		_, gate := n.Layer.(Gate)
		for i, in := range n.In {
			read[in] = true
			otherwise[in] = otherwise[in] || !gating[n] && !(gate && i == 1)
		}
	}
	return gating
}

// ChannelPool joins the channels of each position: [H,W,C] to [H,W,1]. arXiv:1807.06521, §3.
type ChannelPool struct {
	Type PoolKind `yaml:"type"` // default avg
}

// Kind is "channel-pool".
func (ChannelPool) Kind() string { return "channel-pool" }

// Normal makes it an average.
func (l ChannelPool) Normal() Layer { return ChannelPool(GlobalPool(l).Normal().(GlobalPool)) }

// String prints "channel avg pool".
func (l ChannelPool) String() string { return "channel " + string(l.Type) + " pool" }

// Infer gives HxWx1.
func (l ChannelPool) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return Size{}, err
	}
	return Size{x.H, x.W, 1}, l.Type.check()
}

// ChannelConv slides one kernel over the channels of a vector, with zeros beyond its ends: y[c] = Σ x[c+j-(K-1)/2] · w[j].
// Wang, Wu, Zhu, Li, Zuo, Hu, "ECA-Net", arXiv:1910.03151, §3.2.
type ChannelConv struct {
	Kernel int `yaml:"kernel"` // channels, odd
}

// Kind is "channel-conv".
func (ChannelConv) Kind() string { return "channel-conv" }

// String prints "channel conv 3".
func (l ChannelConv) String() string { return fmt.Sprintf("channel conv %d", l.Kernel) }

// Infer keeps the size.
func (l ChannelConv) Infer(in []Size, _ int) (Size, error) {
	x, err := single(in)
	switch {
	case err != nil:
		return Size{}, err
	case l.Kernel < 1 || l.Kernel%2 == 0 || l.Kernel > maxExtent:
		return Size{}, fmt.Errorf("kernel %d over channels; give an odd number of them, such as 3", l.Kernel)
	case x.H != 1 || x.W != 1:
		return Size{}, fmt.Errorf("a convolution over channels reads 1x1xC, got %v; pool it globally first", x)
	}
	return x, nil
}

// Params is the weight [1,K,1,1].
func (l ChannelConv) Params([]Size, Size) []Param {
	return []Param{{Name: "weight", Shape: tensor.Of(1, l.Kernel, 1, 1), Role: RoleWeight, FanIn: l.Kernel, FanOut: l.Kernel}}
}

// MACs is one for each channel and tap.
func (l ChannelConv) MACs(_ []Size, out Size) int64 { return int64(out.C) * int64(l.Kernel) }

// Stack puts maps of one size below one another, [H,W,C] each to [n·H,W,C], so that one layer works on all of them with the
// same weights.
type Stack struct{}

// Kind is "stack".
func (Stack) Kind() string { return "stack" }

// String is "stack".
func (Stack) String() string { return "stack" }

// Infer adds the heights up.
func (Stack) Infer(in []Size, _ int) (Size, error) {
	out, err := Add{}.Infer(in, 0)
	if err != nil {
		return Size{}, fmt.Errorf("cannot stack %v; give it two maps or more of one size", in)
	}
	out.H *= len(in)
	return out, nil
}
