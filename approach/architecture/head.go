package architecture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Head exchanges the classifier. avg, max and max+avg pool all positions and classify by one linear layer: Lin, Chen, Yan,
// arXiv:1312.4400, §3.2; gem pools by a generalised mean: Radenović, Tolias, Chum, arXiv:1711.02512, §3.2. fc is fully connected;
// spp is so behind a pyramid of poolings: He, Zhang, Ren, Sun, arXiv:1406.4729. conv-avg runs the fully connected layers as
// convolutions and averages the predictions; avg-conv averages in front of the last: arXiv:1606.02228, §3.5, after OverFeat,
// arXiv:1312.6229. yolo makes a detector of the network: yolo.go.
type Head struct {
	Kind   string  `yaml:"kind" spec:"bare" values:"avg, fc, conv-avg, avg-conv, spp, gem, max, max+avg, yolo" help:"the classifier, or the boxes of a detector"`
	Hidden int     `yaml:"hidden" only:"kind: not conv-avg, avg-conv, yolo" default:"none; spp keeps those that are there" help:"units of a hidden layer in front of the logits; not of conv-avg and avg-conv"`
	Levels []int   `yaml:"levels" only:"kind: spp" default:"[3, 2, 1]" help:"spp: bins a side of each level"`
	P      float32 `yaml:"p" spec:"nonzero" only:"kind: gem" default:"learned, from 3" help:"gem: an exponent that is not learned, above 0 and at most 100; 1 averages, larger ones come near the maximum"`
	Pool   string  `yaml:"pool" only:"kind: conv-avg, avg-conv, spp" values:"drop, keep" default:"drop" help:"conv-avg, avg-conv, spp: whether the pooling in front of the first linear layer goes, as published, or stays"`

	Anchors     AnchorChoice `yaml:"anchors" only:"kind: yolo" default:"5" help:"yolo: how many are found in the boxes of the images, or a list of [width, height] in cells"`
	Passthrough string       `yaml:"passthrough" only:"kind: yolo" default:"auto" help:"yolo: the finer map that is joined, auto for the last one of twice the size, none, or a layer's path"`
	Reorg       string       `yaml:"reorg" only:"kind: yolo" values:"darknet, plain" default:"darknet" help:"yolo: the order in which the finer map's pixels become channels"`
	Convs       int          `yaml:"convs" spec:"nonzero" only:"kind: yolo" default:"2" help:"yolo: 3x3 convolutions in front of the join, 1 to 8"`
	Channels    int          `yaml:"channels" spec:"nonzero" only:"kind: yolo" default:"1024" help:"yolo: their maps"`
}

// Rewrite replaces or changes everything from the last feature map to the logits.
func (h Head) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "exchanged", What: "heads"}
	convolve := strings.Contains(h.Kind, "conv")
	fault := func(key, format string, args ...any) (nn.Changes, error) {
		return c, &spec.Fault{Path: "$." + key, Msg: fmt.Sprintf(format, args...)}
	}
	switch {
	case h.Hidden < 0:
		return fault("hidden", "hidden %d; give units, or 0 for none", h.Hidden)
	case !(h.P >= 0 && h.P <= 100):
		return fault("p", "p %g; give an exponent above 0 and at most 100", h.P)
	case h.Levels != nil && len(h.Levels) == 0:
		return fault("levels", "no level; give the bins of one or more, such as [3, 2, 1]")
	}
	if path, err := h.ranged(); err != nil {
		return c, &spec.Fault{Path: path, Msg: err.Error()}
	}
	if h.Kind == "yolo" {
		return h.detect(g, nil)
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
// poolings and pyramids, convolutions that see one position or give the classes, and the activations between.
func tail(g *nn.Graph) (layers []*nn.Node, trunk *nn.Node) {
	sizes, err := g.Sizes()
	if err != nil {
		return nil, nil
	}
	end := g.Main().Node
	for n := end; len(n.In) > 0; n = n.In[0] {
		in := sizes[n.In[0]]
		switch l := n.Layer.(type) {
		case nn.Activation:
			continue
		case nn.Linear, nn.GlobalPool, nn.GeM, nn.BinPool, nn.AttentionPool, nn.Flatten:
		case nn.Concat:
			if !isPyramid(n) {
				return layers, trunk
			}
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

// isPyramid reports whether a node joins poolings to bins of one map.
func isPyramid(n *nn.Node) bool {
	var of *nn.Node
	for _, in := range n.In {
		if _, flat := in.Layer.(nn.Flatten); flat {
			in = in.In[0]
		}
		if _, bins := in.Layer.(nn.BinPool); !bins || of != nil && of != in.In[0] {
			return false
		}
		of = in.In[0]
	}
	return of != nil
}

func hasWeights(n *nn.Node) bool {
	switch n.Layer.(type) {
	case nn.Linear, nn.Conv:
		return true
	}
	return false
}

// exchange builds a pooled or fully connected head. Hidden layers of the old one go, but for spp, which stands in front of them
// where they are linear and none is given; a new one has the activation that leads to it and the dropout that the old ones had.
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
	if h.Kind == "spp" {
		first := layers[slices.IndexFunc(layers, hasWeights)]
		_, linear := first.Layer.(nn.Linear)
		if _, pool := trunk.Layer.(nn.Pool); pool && linear && first.In[0] == trunk && h.Pool != "keep" {
			trunk = trunk.In[0]
		}
		if err := h.fit(g, trunk); err != nil {
			return err
		}
		if linear && h.Hidden == 0 {
			for _, n := range layers[:slices.Index(layers, first)] {
				if err := g.Remove(n); err != nil {
					return err
				}
			}
			if first.In[0] != trunk {
				if err := g.Remove(first.In[0]); err != nil {
					return err
				}
			}
			return g.InsertBefore(first, h.pool)
		}
	}
	return g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		x := h.pool(b, trunk)
		if h.Hidden > 0 {
			x = b.Layer(act, b.As("hidden").Linear(x, h.Hidden))
			if drop != nil {
				b.Over(nn.Out(x), drop, x)
			}
		}
		return b.As("logits").Linear(x, nn.Classes)
	})
}

// pool builds what stands between the last map and the linear layers.
func (h Head) pool(b *nn.Builder, x *nn.Node) *nn.Node {
	switch h.Kind {
	case "fc":
		return x
	case "spp":
		return module.Pyramid(b, x, h.levels()...)
	case "gem":
		return b.As("pool").Layer(nn.GeM{P: h.P, Fixed: h.P > 0}, x)
	}
	return b.As("pool").Layer(nn.GlobalPool{Type: nn.PoolKind(h.Kind)}, x)
}

func (h Head) levels() []int {
	if h.Levels == nil {
		return []int{3, 2, 1}
	}
	return h.Levels
}

// fit reports a level that has more bins than the map.
func (h Head) fit(g *nn.Graph, x *nn.Node) error {
	sizes, err := g.Sizes()
	if err != nil {
		return err
	}
	s := sizes[x]
	for i, n := range h.levels() {
		if n < 1 || n > min(s.H, s.W) {
			return &spec.Fault{Path: fmt.Sprintf("$.levels[%d]", i), Msg: fmt.Sprintf("%d bins a side of the %dx%d map of %s; give 1 to %d", n, s.H, s.W, x.Name, min(s.H, s.W))}
		}
	}
	return nil
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
		case nn.GlobalPool, nn.GeM, nn.BinPool, nn.AttentionPool, nn.Concat:
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
