package architecture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Head exchanges the classifier. avg, max and max+avg pool all positions and classify by one linear layer: Lin, Chen, Yan,
// arXiv:1312.4400, §3.2. fc is fully connected. conv-avg runs the fully connected layers as convolutions and averages the
// predictions; avg-conv averages in front of the last: arXiv:1606.02228, §3.5, after OverFeat, arXiv:1312.6229.
type Head struct {
	Kind   string `yaml:"kind" spec:"bare" values:"avg, max, max+avg, fc, conv-avg, avg-conv" help:"the classifier"`
	Hidden int    `yaml:"hidden" default:"none" help:"units of a hidden layer in front of the logits; avg, max, max+avg, fc"`
	Pool   string `yaml:"pool" values:"drop, keep" default:"drop" help:"conv-avg, avg-conv: whether the pooling in front of the first linear layer goes, as published, or stays"`
}

// Rewrite replaces or changes everything from the last feature map to the logits.
func (h Head) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "exchanged", What: "heads"}
	convolve := strings.Contains(h.Kind, "conv")
	switch {
	case h.Hidden < 0:
		return c, &spec.Fault{Path: "$.hidden", Msg: fmt.Sprintf("hidden %d; give units, or 0 for none", h.Hidden)}
	case h.Hidden > 0 && convolve:
		return c, &spec.Fault{Path: "$.hidden", Msg: fmt.Sprintf("%s keeps the hidden layers that are there; remove it", h.Kind)}
	case h.Pool != "" && !convolve:
		return c, &spec.Fault{Path: "$.pool", Msg: fmt.Sprintf("pool is of conv-avg and avg-conv, not of %s; remove it", h.Kind)}
	}
	layers, trunk := tail(g)
	if !slices.ContainsFunc(layers, hasWeights) {
		return c, nil
	}
	before := g.Signature()
	var err error
	if convolve {
		err = h.convolve(g, layers, trunk)
	} else {
		err = h.exchange(g, layers, trunk)
	}
	if err != nil {
		return c, err
	}
	c.Count(g.Signature() != before)
	return c, nil
}

// tail is the layers between the last feature map and the logits, the logits last, and that map: linear layers, global
// poolings, convolutions that see one position or give the classes, and the activations between.
func tail(g *nn.Graph) (layers []*nn.Node, trunk *nn.Node) {
	sizes, err := g.Sizes()
	if err != nil {
		return nil, nil
	}
	end := g.Main().Node
	for n := end; len(n.In) == 1; n = n.In[0] {
		in := sizes[n.In[0]]
		switch l := n.Layer.(type) {
		case nn.Activation:
			continue
		case nn.Linear, nn.GlobalPool, nn.Flatten:
		case nn.Conv:
			if l.Out != nn.Classes && in.H*in.W > 1 {
				return layers, trunk
			}
		default:
			return layers, trunk
		}
		for trunk = n.In[0]; end != trunk; end = end.In[0] {
			layers = slices.Insert(layers, 0, end)
		}
	}
	return layers, trunk
}

func hasWeights(n *nn.Node) bool { _, ok := n.Layer.(nn.Weighted); return ok && !isActivation(n) }

// exchange builds a pooled or fully connected head. Hidden layers of the old one go; a new one has the activation that leads
// to it and the dropout that the old ones had.
func (h Head) exchange(g *nn.Graph, layers []*nn.Node, trunk *nn.Node) error {
	act := leading(layers[0])
	if act.Func == "" {
		act.Func = nn.ReLU
	}
	var drop nn.Elided
	for _, n := range layers {
		if l := g.Overlay().Get(nn.Out(n), nn.SlotDropout); l != nil {
			drop = l
		}
	}
	return g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		x := trunk
		if h.Kind != "fc" {
			x = b.As("pool").Layer(nn.GlobalPool{Type: nn.PoolKind(h.Kind)}, x)
		}
		if h.Hidden > 0 {
			x = b.Layer(act, b.As("hidden").Linear(x, h.Hidden))
			if drop != nil {
				b.Over(nn.Out(x), drop, x)
			}
		}
		return b.As("logits").Linear(x, nn.Classes)
	})
}

// convolve makes the linear layers convolutions in their places, the first with a kernel of the map that it reads, the others
// 1x1, and averages over positions. Without the pooling in front the first sees a larger map and gives several positions: as
// published, where the fc6 of 3x3 maps becomes a 3x3 convolution of 7x7 ones.
func (h Head) convolve(g *nn.Graph, layers []*nn.Node, trunk *nn.Node) error {
	sizes, err := g.Sizes()
	if err != nil {
		return err
	}
	kernel := nn.HW{sizes[trunk].H, sizes[trunk].W}
	_, pool := trunk.Layer.(nn.Pool)
	var last *nn.Node // of the weights, which gives the classes
	for _, n := range layers {
		switch l := n.Layer.(type) {
		case nn.GlobalPool:
			if last == nil { // it classifies the pooled maps: each position alone, now
				kernel, pool = nn.Square(1), false
			}
			err = g.Remove(n)
		case nn.Flatten:
			err = g.Remove(n)
		case nn.Linear:
			g.Replace(n, nn.Conv{Out: l.Out, Kernel: kernel})
			last, kernel = n, nn.Square(1)
		case nn.Conv:
			last, kernel, pool = n, nn.Square(1), pool && last != nil
		}
		if err != nil {
			return err
		}
	}
	if pool && h.Pool != "keep" {
		if err := g.Remove(trunk); err != nil {
			return err
		}
	}
	average := func(b *nn.Builder, x *nn.Node) *nn.Node { return b.As("pool").GlobalAvgPool(x) }
	if h.Kind == "conv-avg" {
		return g.InsertAfter(g.Main().Node, average)
	}
	g.Replace(last, nn.Linear{Out: nn.Classes}) // of one position
	return g.InsertBefore(last, average)
}
