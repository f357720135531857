package architecture

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// AnchorChoice is how many anchors are looked for, "5", or which they are, as [nn.Anchors] writes them; "": 5.
type AnchorChoice string

// UnmarshalSpec reads a number or a list of [width, height].
func (a *AnchorChoice) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.List {
		var list nn.Anchors
		err := list.UnmarshalSpec(n)
		*a = AnchorChoice(list)
		return err
	}
	k, err := n.Int()
	if err != nil || k < 1 || k > nn.MaxAnchors {
		return n.Errorf("anchors: want how many, 1 to %d, or a list of [width, height] in cells, such as [[1.08, 1.19], [3.42, 4.41]]", nn.MaxAnchors)
	}
	*a = AnchorChoice(strconv.Itoa(k))
	return nil
}

// MarshalSpec writes what UnmarshalSpec reads.
func (a AnchorChoice) MarshalSpec() (*spec.Node, error) {
	if k, wanted := a.wanted(); wanted {
		return spec.NewInt(k), nil
	}
	return nn.Anchors(a).MarshalSpec()
}

// wanted is how many anchors are looked for; false where they are given.
func (a AnchorChoice) wanted() (int, bool) {
	if a == "" {
		return 5, true
	}
	k, err := strconv.Atoi(string(a))
	return k, err == nil
}

// Finder finds k anchors of the boxes that a network is to learn, widths and heights in shares of what it sees.
type Finder func(k int) ([][2]float64, error)

// Rewriter is what [Head.Anchored] gives.
type Rewriter interface {
	Rewrite(g *nn.Graph) (nn.Changes, error)
}

// Anchored is the head for images whose boxes tell the anchors.
func (h Head) Anchored(find Finder) Rewriter { return anchoredHead{h, find} }

type anchoredHead struct {
	Head
	find Finder
}

func (h anchoredHead) Rewrite(g *nn.Graph) (nn.Changes, error) {
	if h.Kind != "yolo" {
		return h.Head.Rewrite(g)
	}
	if path, err := h.ranged(); err != nil {
		return nn.Changes{}, &spec.Fault{Path: path, Msg: err.Error()}
	}
	return h.detect(g, h.find)
}

// ranged says which parameter of a detector's head is out of range.
func (h Head) ranged() (path string, err error) {
	switch {
	case h.Convs < 0 || h.Convs > 8:
		return "$.convs", fmt.Errorf("convs %d; give 1 to 8", h.Convs)
	case h.Channels < 0 || h.Channels > 1<<16:
		return "$.channels", fmt.Errorf("channels %d; give 1 to %d", h.Channels, 1<<16)
	}
	return "", nil
}

// ofVOC are the anchors of Pascal VOC in cells of 32 pixels of 416, for whoever has no boxes: cfg/yolov2-voc.cfg of darknet at f6afaab.
const ofVOC nn.Anchors = "1.3221x1.73145 3.19275x4.00944 5.05587x8.09892 9.47112x4.84053 11.2364x10.0071"

// narrow is how many maps the finer map has before it is made smaller, as in cfg/yolov2-voc.cfg.
const narrow = 64

// detect cuts everything behind the last feature map off, auxiliary heads too, and ends the network as YOLOv2 does: 3x3 convolutions, the
// finer map beside them behind a 1x1 and a reorg, one more 3x3 where there is such a map, a 1x1 to the boxes. The new convolutions have batch norm and leaky ReLU,
// α .1, whatever the network has: Redmon, Farhadi, arXiv:1612.08242, §2; darknet's cfg/yolov2-voc.cfg.
func (h Head) detect(g *nn.Graph, find Finder) (nn.Changes, error) {
	c := nn.Changes{Verb: "exchanged", What: "heads"}
	if _, already := g.Region(); already {
		c.Count(false)
		return c, nil
	}
	for _, scaled := g.Main().Node.Layer.(nn.Scale); scaled; _, scaled = g.Main().Node.Layer.(nn.Scale) { // logits, not boxes
		if err := g.Remove(g.Main().Node); err != nil {
			return c, err
		}
	}
	layers, trunk := tail(g)
	if trunk == nil {
		return c, nil
	}
	sizes, err := g.Sizes()
	if err != nil {
		return c, err
	}
	at, image := sizes[trunk], sizes[g.Input()]
	fine, err := h.finer(g, trunk, sizes)
	if err != nil {
		return c, err
	}
	anchors, err := h.anchors(at, image, find)
	if err != nil {
		return c, &spec.Fault{Path: "$.anchors", Msg: err.Error()}
	}
	or := func(v, byDefault int) int {
		if v == 0 {
			return byDefault
		}
		return v
	}
	style := nn.Style{Bias: true, Norm: nn.NewBatchNorm(), Act: nn.Activation{Func: nn.Leaky, Alpha: 0.1}}
	g.Outputs = g.Outputs[:1]
	err = g.Rebuild(layers[len(layers)-1], func(b *nn.Builder, _ *nn.Node) *nn.Node {
		conv := func(x *nn.Node, out, kernel int) *nn.Node { return b.Finish(b.Conv(x, out, kernel, 1), style) }
		x := trunk
		for range or(h.Convs, 2) {
			x = conv(x, or(h.Channels, 1024), 3)
		}
		if fine != nil {
			y := b.Layer(nn.Reorg{Stride: sizes[fine].H / at.H, Type: nn.ReorgKind(h.Reorg)}, conv(fine, narrow, 1))
			x = conv(b.Concat(y, x), or(h.Channels, 1024), 3)
		}
		return b.As("region").Layer(nn.Region{Anchors: anchors}, b.As("boxes").Conv(x, nn.PerBox(anchors.Len()), 1, 1))
	})
	c.Count(err == nil)
	return c, err
}

// finer is the map that goes around: auto the last of twice the size that the trunk comes from, if there is one; nil for none.
func (h Head) finer(g *nn.Graph, trunk *nn.Node, sizes map[*nn.Node]nn.Size) (*nn.Node, error) {
	at := sizes[trunk]
	switch h.Passthrough {
	case "none":
		return nil, nil
	case "", "auto":
		for _, n := range slices.Backward(g.Nodes[:slices.Index(g.Nodes, trunk)]) {
			if s := sizes[n]; len(n.In) > 0 && s.H == 2*at.H && s.W == 2*at.W {
				return n, nil
			}
		}
		return nil, nil
	}
	fault := func(format string, args ...any) error {
		return &spec.Fault{Path: "$.passthrough", Msg: fmt.Sprintf("passthrough: "+format, args...)}
	}
	i := slices.IndexFunc(g.Nodes, func(n *nn.Node) bool { return n.Path() == h.Passthrough || n.Name == h.Passthrough })
	if i < 0 {
		return nil, fault("%s has no layer %q; name one as assay net show prints it, or write auto or none", g.Name, h.Passthrough)
	}
	s := sizes[g.Nodes[i]]
	if times := s.H / at.H; times < 1 || s.H != times*at.H || s.W != times*at.W || i > slices.Index(g.Nodes, trunk) {
		return nil, fault("%s gives %v, which is no multiple of the last map, %v; name another, or write auto or none", h.Passthrough, s, at)
	}
	return g.Nodes[i], nil
}

// anchors are those given, or found in the boxes and told in cells of the map.
func (h Head) anchors(at, image nn.Size, find Finder) (nn.Anchors, error) {
	k, wanted := h.Anchors.wanted()
	switch {
	case !wanted:
		for _, a := range nn.Anchors(h.Anchors).List() {
			if a[0] > float32(at.W) || a[1] > float32(at.H) {
				return "", fmt.Errorf("anchors: %gx%g is larger than the picture, which has %dx%d cells; give widths and heights in cells, not in pixels, or let them be found (anchors: 5)", a[0], a[1], at.W, at.H)
			}
		}
		return nn.Anchors(h.Anchors), nil
	case find == nil && k == 5:
		return ofVOC, nil
	case find == nil:
		return "", fmt.Errorf("anchors: %d of no boxes; give images that have some, or a list of [width, height] in cells", k)
	}
	shares, err := find(k)
	if err != nil {
		return "", fmt.Errorf("anchors: %w", err)
	}
	cells := make([][2]float64, len(shares))
	for i, s := range shares {
		for side, n := range [2]int{at.W, at.H} {
			cells[i][side], _ = strconv.ParseFloat(strconv.FormatFloat(float64(s[side]*float64(n)), 'g', 4, 64), 64) // four digits say enough
		}
	}
	return nn.AnchorsOf(cells), nil
}
