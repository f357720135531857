package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Attention lets a network weigh what it has computed. se, eca and cbam gate channels, cbam positions too, where the paper's
// networks do: on a residual branch in front of the sum, behind the concatenation of a module of branches, on the new maps of a
// dense layer, else behind a convolution larger than 1x1 and its activation. Hu, Shen, Sun, arXiv:1709.01507; Wang et al.,
// arXiv:1910.03151; Woo et al., arXiv:1807.06521. nonlocal and self add to each position of a stage's last map what it gathers
// from all: Wang, Girshick, Gupta, He, arXiv:1711.07971; Vaswani et al., arXiv:1706.03762; both begin as the identity. pool
// averages the last map by learned scores in place of its mean: Radford et al., arXiv:2103.00020, §2.3. Nothing that it adds
// has a bias or a norm.
type Attention struct {
	Kind   string  `yaml:"kind" spec:"bare" values:"se, eca, cbam, nonlocal, self, pool" help:"se, eca: gates by channel; cbam: by channel and position; nonlocal, self: between positions, behind stages; pool: at the head"`
	Reduce int     `yaml:"reduce" spec:"nonzero" only:"kind: se, cbam, nonlocal" default:"16; of nonlocal 2" help:"se, cbam, nonlocal: channels divided by it give the width inside, at least 1"`
	Heads  int     `yaml:"heads" spec:"nonzero" only:"kind: self, pool" default:"4" help:"self, pool: parts of the channels that attend for themselves, at least 1; divides the channels"`
	Where  nn.Glob `yaml:"where" default:"all that fit" help:"layer paths; of nonlocal and self any block that it names, not the last of a stage alone"`
}

// Positions that attend to one another by default, and at most: their products and scores grow with the square.
const mostPositions, anyPositions = 16 * 16, 32 * 32

// Rewrite keeps every output shape.
func (a Attention) Rewrite(g *nn.Graph) (nn.Changes, error) {
	switch {
	case a.Reduce < 0:
		return nn.Changes{}, &spec.Fault{Path: "$.reduce", Msg: fmt.Sprintf("reduce %d; give 1 or more", a.Reduce)}
	case a.Heads < 0:
		return nn.Changes{}, &spec.Fault{Path: "$.heads", Msg: fmt.Sprintf("heads %d; give 1 or more", a.Heads)}
	}
	if a.Reduce == 0 {
		a.Reduce = map[bool]int{true: 2, false: 16}[a.Kind == "nonlocal"]
	}
	if a.Heads == 0 {
		a.Heads = 4
	}
	switch a.Kind {
	case "pool":
		return a.pool(g)
	case "nonlocal", "self":
		return a.attend(g)
	}
	return a.gate(g)
}

// gate puts a gate behind every block.
func (a Attention) gate(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "gated", What: "convolutions and blocks"}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	for _, s := range a.blocks(g) {
		ends, reason := gated(g, s)
		for _, n := range ends {
			width := sizes[n].C / a.Reduce
			if reason == "" && a.Kind != "eca" && width < 1 {
				reason = fmt.Sprintf("fewer than %d channels", a.Reduce)
			}
			if reason != "" {
				break
			}
			if err := g.InsertAfter(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
				switch a.Kind {
				case "eca":
					return module.ECA(b, x)
				case "cbam":
					return module.CBAM(b, x, width, inGate)
				}
				return module.SqueezeExcite(b, x, width, inGate, nn.Sigmoid)
			}); err != nil {
				return c, err
			}
		}
		if reason != "" {
			c.Skip(s.convs[0].Name, reason)
			continue
		}
		c.Count(true)
	}
	return c, nil
}

// inGate is the style of the perceptron of a gate.
var inGate = nn.Style{Act: nn.Activation{Func: nn.ReLU}}

// blocks lists the pieces of the trunk that have convolutions, those of gates and attention apart, and that where names.
func (a Attention) blocks(g *nn.Graph) []segment {
	gating := g.Gating()
	var bs []segment
	for _, s := range segments(g) {
		s.convs = slices.DeleteFunc(slices.Clone(s.convs), func(n *nn.Node) bool { return gating[n] })
		if len(s.convs) > 0 && !attends(s) && slices.ContainsFunc(s.convs, func(n *nn.Node) bool { return a.Where.Match(n.Path()) }) {
			bs = append(bs, s)
		}
	}
	return bs
}

// attends reports whether a segment is an attention block.
func attends(s segment) bool {
	return slices.ContainsFunc(s.nodes, func(n *nn.Node) bool {
		switch n.Layer.(type) {
		case nn.Attention, nn.AttentionPool:
			return true
		}
		return false
	})
}

// gated lists the layers of a block that a gate stands behind, or says why none fits.
func gated(g *nn.Graph, s segment) (ends []*nn.Node, reason string) {
	last := s.convs[len(s.convs)-1]
	switch l := s.to.Layer.(type) {
	case nn.Add:
		ends = []*nn.Node{longest(s)}
	case nn.Concat:
		ends = []*nn.Node{s.to}
		if slices.Contains(s.to.In, s.from) { // a dense layer: what it adds
			ends = slices.DeleteFunc(slices.Clone(s.to.In), func(n *nn.Node) bool { return n == s.from })
		}
	case nn.Conv:
		if !isSpatial(l) {
			return nil, "kernel 1x1"
		}
		ends = []*nn.Node{s.to}
		if act, pre := g.Activation(g.Unit(s.to)); act != nil && !pre {
			ends[0] = act
		}
	default:
		ends = []*nn.Node{s.to}
	}
	switch {
	case s.from == g.Input():
		return nil, "reads the images"
	case g.Unit(last).Logits():
		return nil, "gives the classes"
	case slices.ContainsFunc(ends, func(n *nn.Node) bool { return isGate(n) || slices.ContainsFunc(g.Readers(n), isGate) }):
		return nil, "is gated already"
	}
	return ends, ""
}

func isGate(n *nn.Node) bool { _, ok := n.Layer.(nn.Gate); return ok }

// longest is the end of the way through a residual block that has the most convolutions, the first of equals: the branch, not
// the bypass.
func longest(s segment) *nn.Node {
	depth := map[*nn.Node]int{}
	for _, n := range s.nodes {
		for _, in := range n.In {
			depth[n] = max(depth[n], depth[in])
		}
		if slices.Contains(s.convs, n) {
			depth[n]++
		}
	}
	end := s.to.In[0]
	for _, in := range s.to.In[1:] {
		if depth[in] > depth[end] {
			end = in
		}
	}
	return end
}

// attend adds attention between the positions of the last map of each stage, or of each block that where names.
func (a Attention) attend(g *nn.Graph) (nn.Changes, error) {
	c, most := nn.Changes{Verb: "added attention behind", What: "stages"}, mostPositions
	if a.Where != "" {
		c.What, most = "blocks", anyPositions
	}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	blocks := slices.DeleteFunc(a.blocks(g), func(s segment) bool { return g.Unit(s.convs[len(s.convs)-1]).Logits() })
	for i, s := range blocks {
		size := sizes[s.to]
		if i+1 < len(blocks) && a.Where == "" {
			if next := sizes[blocks[i+1].to]; next.H == size.H && next.W == size.W {
				continue
			}
		}
		n := s.to
		for rs := g.Readers(n); len(rs) == 1 && isActivation(rs[0]) && !rs[0].Pre && !g.IsOutput(n); rs = g.Readers(n) {
			n = rs[0]
		}
		reason := ""
		switch positions := size.H * size.W; {
		case slices.ContainsFunc(segments(g), func(s segment) bool { return s.from == n && attends(s) }):
			reason = "attends already"
		case positions == 1:
			reason = "has one position"
		case positions > most:
			reason = fmt.Sprintf("has more than %d positions", most)
		case a.Kind == "self" && size.C%a.Heads != 0:
			reason = fmt.Sprintf("%d heads do not divide %d channels", a.Heads, size.C)
		case a.Kind == "nonlocal" && size.C < a.Reduce:
			reason = fmt.Sprintf("fewer than %d channels", a.Reduce)
		}
		if reason != "" {
			c.Skip(n.Name, reason)
			continue
		}
		if err := g.InsertAfter(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			if a.Kind == "self" {
				return module.SelfAttention(b, x, a.Heads)
			}
			return module.NonLocal(b, x, size.C/a.Reduce)
		}); err != nil {
			return c, err
		}
		c.Count(true)
	}
	return c, nil
}

// pool exchanges the global average pooling of the head.
func (a Attention) pool(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "exchanged", What: "global average poolings at the head", Mend: `put "head: avg" in front`}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	layers, _ := tail(g)
	for _, n := range layers {
		if l, ok := n.Layer.(nn.GlobalPool); !ok || l.Type != nn.Avg || !a.Where.Match(n.Path()) {
			continue
		}
		switch channels := sizes[n].C; {
		case n == g.Main().Node || !slices.ContainsFunc(layers[slices.Index(layers, n):], hasWeights):
			c.Skip(n.Name, "pools the maps of the classes")
		case channels%a.Heads != 0:
			c.Skip(n.Name, fmt.Sprintf("%d heads do not divide %d channels", a.Heads, channels))
		default:
			if err := g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node { return module.AttentionPool(b, x, a.Heads) }); err != nil {
				return c, err
			}
			c.Count(true)
		}
	}
	return c, nil
}
