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
// predictions; avg-conv averages in front of the last: arXiv:1606.02228, §3.5.
type Head struct {
	Kind   string `yaml:"kind" spec:"bare" values:"avg, max, max+avg, fc, conv-avg, avg-conv" help:"the classifier"`
	Hidden int    `yaml:"hidden" default:"none" help:"units of a hidden layer in front of the logits; avg, max, max+avg, fc"`
	Pool   string `yaml:"pool" values:"drop, keep" default:"drop" help:"conv-avg, avg-conv: whether the last pooling in front of the first linear layer goes, as published, or stays"`
}

var headKinds = []string{"avg", "max", "max+avg", "fc", "conv-avg", "avg-conv"}

// Rewrite replaces everything from the last feature map to the logits.
func (h Head) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "heads"}
	if !slices.Contains(headKinds, h.Kind) {
		return c, &spec.Fault{Path: "$.kind", Msg: fmt.Sprintf("no head %q; choose one of %s", h.Kind, strings.Join(headKinds, ", "))}
	}
	if h.Pool != "" && h.Pool != "drop" && h.Pool != "keep" {
		return c, &spec.Fault{Path: "$.pool", Msg: fmt.Sprintf("no pool %q; choose drop or keep", h.Pool)}
	}
	if h.Hidden < 0 {
		return c, &spec.Fault{Path: "$.hidden", Msg: fmt.Sprintf("hidden %d; give units, or 0 for none", h.Hidden)}
	}
	before := g.Signature()
	var err error
	if strings.Contains(h.Kind, "conv") {
		err = h.convolve(g)
	} else {
		err = h.exchange(g)
	}
	if err != nil {
		return c, err
	}
	c.Count(g.Signature() != before)
	return c, nil
}

// tail is the layers between the last feature map and the logits, the logits last, and that map.
func tail(g *nn.Graph) (layers []*nn.Node, trunk *nn.Node, err error) {
	sizes, err := g.Sizes()
	if err != nil {
		return nil, nil, err
	}
	of := func(n *nn.Node) bool { // whether n belongs to a head, activations left aside
		switch l := n.Layer.(type) {
		case nn.Linear, nn.GlobalPool, nn.Flatten:
			return true
		case nn.Conv:
			return l.Out == nn.Classes || sizes[n.In[0]].H*sizes[n.In[0]].W == 1
		}
		return false
	}
	n := g.Main().Node
	for len(n.In) == 1 {
		m := n
		for len(m.In) == 1 {
			if _, ok := m.Layer.(nn.Activation); !ok {
				break
			}
			m = m.In[0]
		}
		if !of(m) {
			break
		}
		for ; n != m; n = n.In[0] {
			layers = append(layers, n)
		}
		layers = append(layers, m)
		n = m.In[0]
	}
	slices.Reverse(layers)
	if len(layers) == 0 {
		return nil, nil, fmt.Errorf("%s: no classifier between its maps and the logits that could be exchanged", g.Name)
	}
	return layers, n, nil
}

// exchange builds a pooled or fully connected head. Hidden layers of the old one go, with their dropout.
func (h Head) exchange(g *nn.Graph) error {
	layers, trunk, err := tail(g)
	if err != nil {
		return err
	}
	return g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		x := trunk
		if h.Kind != "fc" {
			x = b.As("pool").Layer(nn.GlobalPool{Type: nn.PoolKind(h.Kind)}, x)
		}
		if h.Hidden > 0 {
			x = b.Dropout(b.ReLU(b.As("hidden").Linear(x, h.Hidden)), 0.5)
		}
		return b.As("logits").Linear(x, nn.Classes)
	})
}

// convolve runs the linear layers of the head as convolutions and averages over positions: the first with a kernel of the map
// that it reads, the others 1x1. With pool drop that map is the one in front of the pooling.
func (h Head) convolve(g *nn.Graph) error {
	layers, trunk, err := tail(g)
	if err != nil {
		return err
	}
	sizes, err := g.Sizes()
	if err != nil {
		return err
	}
	var linear []*nn.Node
	pooled := false
	for _, n := range layers {
		switch n.Layer.(type) {
		case nn.Linear, nn.Conv:
			linear = append(linear, n)
		case nn.GlobalPool:
			pooled = pooled || len(linear) == 0
		}
	}
	kernel := nn.HW{sizes[trunk].H, sizes[trunk].W}
	if pooled { // the head pools before it classifies: a linear layer of each position alone
		kernel = nn.Square(1)
	} else if c, ok := linear[0].Layer.(nn.Conv); ok {
		kernel = c.Kernel
	}
	if _, ok := trunk.Layer.(nn.Pool); ok && h.Pool != "keep" && !pooled {
		trunk = trunk.In[0]
	}
	return g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		x := trunk
		for i, n := range linear {
			last := i == len(linear)-1
			if last && h.Kind == "avg-conv" {
				x = b.As("pool").GlobalAvgPool(x)
				if i == 0 {
					kernel = nn.Square(1)
				}
			}
			l := nn.Conv{Out: sizes[n].C, Kernel: kernel}
			if last {
				l.Out = nn.Classes
			}
			s := g.Style(n)
			x = b.Finish(b.As("conv%d", i+1).ConvOf(x, l), s)
			if d, ok := g.Overlay().Get(nn.Out(actOf(g, n)), nn.SlotDropout).(nn.Dropout); ok && !last {
				x = b.Dropout(x, d.Rate)
			}
			kernel = nn.Square(1)
		}
		if h.Kind == "conv-avg" {
			x = b.As("pool").GlobalAvgPool(x)
		}
		return x
	})
}

// actOf is the activation behind a linear layer, or the layer itself.
func actOf(g *nn.Graph, n *nn.Node) *nn.Node {
	if act, pre := g.Activation(g.Unit(n)); act != nil && !pre {
		return act
	}
	return n
}
