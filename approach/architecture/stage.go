package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/nn"
)

// stage is a part of a network of two convolutions or more, one behind the other, that one map enters and one leaves: what lies
// between two poolings of a plain network, residual blocks or inception modules of one size. A stride begins a stage.
type stage struct {
	from, to *nn.Node // the map that it reads, the layer that gives its last one; an activation behind that stays
	convs    []*nn.Node
	depth    int      // convolutions larger than 1x1 on its longest path
	stride   int      // that brings the map it reads to the size it gives
	out      nn.Size  // of what the convolution that gives its last map gives
	style    nn.Style // of its convolutions; always has an activation
	end      nn.Style // of a convolution that gives what the stage gives
}

// eachStage puts what rewrite builds behind a stage's input in the place of every stage whose convolutions where names. A
// convolution that it does not name ends a stage.
func eachStage(g *nn.Graph, where nn.Glob, c *nn.Changes, rewrite func(b *nn.Builder, x *nn.Node, s stage) *nn.Node) error {
	c.What = "stages"
	stages, err := stages(g, where, c)
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(stages) { // so that what a stage reads is there still
		over := g.Overlay()
		over.Remove(nn.Out(s.to), nn.SlotNorm)
		over.Remove(nn.Out(s.to), nn.SlotBias)
		if err := g.Rebuild(s.to, func(b *nn.Builder, _ *nn.Node) *nn.Node { return rewrite(b, s.from, s) }); err != nil {
			return err
		}
		c.Count(true)
	}
	return nil
}

// stages finds them, and counts those that do not fit.
func stages(g *nn.Graph, where nn.Glob, c *nn.Changes) ([]stage, error) {
	sizes, err := g.Sizes()
	if err != nil {
		return nil, err
	}
	var found []stage
	var open []segment // of the stage that is being put together
	end := func() {
		if len(open) == 0 {
			return
		}
		s, reason := join(g, open, sizes)
		if reason != "" {
			c.Skip(s.convs[0].Name, reason)
		} else {
			found = append(found, s)
		}
		open = nil
	}
	var front *segment // a pre-activation in front of what comes next
	for _, s := range segments(g) {
		reason, named := s.fits(g, where)
		in, out := sizes[s.from], sizes[s.to]
		if reason == "" {
			reason = strideOnly(in, out, strideTo(s.from, s.to))
		}
		switch {
		case s.joins() && s.to.Pre:
			front = &s
			continue
		case s.joins() || s.gatesDepthwise(open, sizes):
			if len(open) > 0 && closed(g, open[len(open)-1].to, s) {
				open = append(open, s)
			} else {
				end()
			}
		case !named:
			end()
		case reason != "":
			end()
			c.Skip(s.convs[0].Name, reason)
		default:
			run := []segment{s}
			if front != nil && closed(g, front.to, s) {
				run = []segment{*front, s}
			}
			if len(open) > 0 && (in.H != out.H || in.W != out.W || run[0].from != open[len(open)-1].to || !closed(g, run[0].from, run[0])) {
				end()
			}
			open = append(open, run...)
		}
		front = nil
	}
	end()
	return found, nil
}

// join makes a stage of segments, or says why it is none.
func join(g *nn.Graph, segments []segment, sizes map[*nn.Node]nn.Size) (stage, string) {
	var tail *nn.Node // the activation behind the stage
	for last := segments[len(segments)-1]; len(last.convs) == 0; last = segments[len(segments)-1] {
		if segments = segments[:len(segments)-1]; isActivation(last.to) {
			tail = last.to
		}
	}
	s := stage{from: segments[0].from, to: segments[len(segments)-1].to, stride: 1}
	deep := map[*nn.Node]int{}
	for _, part := range segments {
		s.convs = append(s.convs, part.convs...)
		for _, n := range part.nodes {
			for _, in := range n.In {
				deep[n] = max(deep[n], deep[in])
			}
			if slices.Contains(part.convs, n) && isSpatial(n.Layer.(nn.Conv)) {
				deep[n]++
			}
		}
	}
	s.depth, s.stride, s.out = deep[s.to], strideTo(s.from, s.to)[0], sizes[s.to]
	if s.depth < 2 {
		return s, "fewer than 2 convolutions larger than 1x1 one behind the other"
	}
	s.style = styleOf(g, s.convs)
	s.style.Act.Groups = 0 // what comes is not grouped
	s.end = nn.Style{Bias: s.style.Bias, Norm: s.style.Norm}
	switch {
	case s.style.Pre:
		s.end = nn.Style{Bias: s.style.Bias && s.style.Norm == nil}
	case tail != nil && s.style.Place == nn.After:
		s.end.Norm = nil // stays behind the activation
	case tail == nil && activated(s.to):
		s.end = s.style
		reads, gives := s.end.Act.Ratio()
		s.out.C = s.out.C / gives * reads // of the convolution in front of it
	}
	return s, ""
}

// styleOf is the style of the last convolution that has an activation of its own; without one, the activation on the way to the
// last convolution joins its style, or ReLU.
func styleOf(g *nn.Graph, convs []*nn.Node) nn.Style {
	for _, n := range slices.Backward(convs) {
		if s := g.Style(n); s.Act.Func != "" {
			return s
		}
	}
	s := between(g, convs[len(convs)-1])
	if s.Act.Func == "" {
		s.Act = nn.Activation{Func: nn.ReLU}
	}
	return s
}

// activated reports whether every value of a map comes from an activation.
func activated(n *nn.Node) bool {
	switch n.Layer.(type) {
	case nn.Activation:
		return true
	case nn.Pool, nn.Gate, nn.Shuffle, nn.Split:
		return activated(n.In[0])
	case nn.Concat:
		return !slices.ContainsFunc(n.In, func(in *nn.Node) bool { return !activated(in) })
	}
	return false
}

// segment is what lies between two maps of the trunk with none between: the last is the only way on from the first.
type segment struct {
	from, to *nn.Node
	nodes    []*nn.Node // without from
	convs    []*nn.Node // that compute no gate
}

// segments cuts the way from the images to the main output at every layer that no way goes round. Heads of training alone
// belong to none.
func segments(g *nn.Graph) []segment {
	live := map[*nn.Node]bool{g.Main().Node: true}
	for _, n := range slices.Backward(g.Nodes) {
		for _, in := range n.In {
			live[in] = live[in] || live[n]
		}
	}
	gating := g.Gating()
	last := map[*nn.Node]int{} // where a layer is read for the last time
	for i, n := range g.Nodes {
		for _, in := range n.In {
			if live[n] {
				last[in] = i
			}
		}
	}
	var parts []segment
	s, reach := segment{from: g.Input()}, 0
	for i, n := range g.Nodes {
		if !live[n] {
			continue
		}
		if i > 0 {
			s.nodes = append(s.nodes, n)
			if _, ok := n.Layer.(nn.Conv); ok && !gating[n] {
				s.convs = append(s.convs, n)
			}
			if reach <= i {
				s.to = n
				parts = append(parts, s)
				s = segment{from: n}
			}
		}
		reach = max(reach, last[n])
	}
	return parts
}

// joins reports whether a segment is a layer that may stand between two of a stage: it changes values or their order alone.
func (s segment) joins() bool {
	switch s.to.Layer.(type) {
	case nn.Activation, nn.Scale, nn.Shuffle:
		return len(s.nodes) == 1
	}
	return false
}

// gatesDepthwise reports whether a segment is the gate of an inverted bottleneck without a bypass, between its depthwise
// convolution and the 1x1 behind it.
func (s segment) gatesDepthwise(open []segment, sizes map[*nn.Node]nn.Size) bool {
	if _, ok := s.to.Layer.(nn.Gate); !ok || len(s.convs) > 0 {
		return false
	}
	for _, before := range slices.Backward(open) {
		if len(before.convs) > 0 {
			l, ok := before.to.Layer.(nn.Conv)
			return ok && isDepthwise(l, sizes[before.from])
		}
	}
	return false
}

// fits reports whether a segment has convolutions that where names, and why it can be part of no stage. Attention between
// positions ends a stage, and so does a gate that stands behind a block; a gate within one is of the block.
func (s segment) fits(g *nn.Graph, where nn.Glob) (reason string, named bool) {
	of := func(n *nn.Node) bool { return where.Match(n.Path()) }
	attends := func(n *nn.Node) bool { _, ok := n.Layer.(nn.Attention); return ok }
	if !slices.ContainsFunc(s.convs, of) || slices.ContainsFunc(s.nodes, attends) {
		return "", false
	}
	switch {
	case s.from == g.Input():
		return "reads the images", true
	case slices.ContainsFunc(s.convs, func(n *nn.Node) bool { return g.Unit(n).Logits() }):
		return "gives the classes", true
	case slices.ContainsFunc(s.convs, func(n *nn.Node) bool { return !of(n) }):
		return "belongs to a block that is not named as a whole", true
	case slices.ContainsFunc(s.nodes[:len(s.nodes)-1], func(n *nn.Node) bool { return !closed(g, n, s) }):
		return "an output reads what lies within its block", true
	}
	return "", true
}

// closed reports whether a segment alone reads a layer.
func closed(g *nn.Graph, n *nn.Node, s segment) bool {
	return !g.IsOutput(n) && !slices.ContainsFunc(g.Readers(n), func(r *nn.Node) bool { return !slices.Contains(s.nodes, r) })
}

// strideTo multiplies the strides on the way from one map to another, along first inputs.
func strideTo(from, to *nn.Node) nn.HW {
	stride := nn.Square(1)
	times := func(s nn.HW) { stride = nn.HW{stride[0] * s[0], stride[1] * s[1]} }
	for n := to; n != from && len(n.In) > 0; n = n.In[0] {
		switch l := n.Layer.(type) {
		case nn.Conv:
			times(l.Stride)
		case nn.Pool:
			times(l.Stride)
		case nn.Shortcut:
			times(nn.Square(l.Stride))
		}
	}
	return stride
}

// strideOnly says why one map is not what a stride makes of another, "" if it is.
func strideOnly(in, out nn.Size, stride nn.HW) string {
	switch {
	case stride[0] != stride[1]:
		return "strides otherwise in height than in width"
	case out.H != (in.H-1)/stride[0]+1 || out.W != (in.W-1)/stride[1]+1:
		return fmt.Sprintf("gives %dx%d of %dx%d, which no stride does; pad its convolutions", out.H, out.W, in.H, in.W)
	}
	return ""
}

// shrink is the average pooling that takes a stage's stride in front of a dense block; of an odd map a last window hangs over
// the edge, so that it gives as many positions as a convolution with that stride.
func (s stage) shrink(b *nn.Builder, x *nn.Node) *nn.Node {
	if s.stride == 1 {
		return x
	}
	return b.Layer(nn.Pool{Type: nn.Avg, Kernel: nn.Square(s.stride), Ceil: true}, x)
}

// finish is a 1x1 convolution to what the stage gives.
func (s stage) finish(b *nn.Builder, x *nn.Node) *nn.Node {
	return b.Finish(b.As("expand").Conv(x, s.out.C, 1, 1), s.end)
}
