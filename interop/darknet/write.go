package darknet

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/nn"
)

// WriteFile writes the cfg of a network to path, whole or not at all.
func WriteFile(path string, g *nn.Graph) error {
	text, err := Write(g)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// Write is the cfg of a network, without its train-only outputs. It is an error where a layer, or what lies over one, has no counterpart
// in darknet: the first is named. A classifier ends with [softmax].
func Write(g *nn.Graph) ([]byte, error) {
	g = g.Pruned()
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	if len(g.Outputs) != 1 {
		return nil, fmt.Errorf("network %s has %d outputs, and darknet's have one; take the others away", g.Name, len(g.Outputs))
	}
	w := &writer{g: g, at: map[*nn.Node]int{}, done: map[*nn.Node]bool{}, sizes: map[*nn.Node]nn.Size{}, next: -1, last: g.Input()}
	for _, s := range steps {
		w.sizes[s.Node] = s.Size
	}
	size := g.InputSize()
	w.section("net", "batch", 1, "subdivisions", 1, "height", size.H, "width", size.W, "channels", size.C)
	for _, s := range steps {
		if err := w.step(s); err != nil {
			return nil, err
		}
	}
	main := g.Main().Node
	if w.last != main {
		return nil, fmt.Errorf("%s: is the output and not the last layer, and darknet's output is its last; remove what comes behind", main.Name)
	}
	if _, detector := g.Region(); !detector {
		w.section("softmax", "groups", 1)
	}
	return []byte(w.b.String()), nil
}

// writer is a cfg under way.
type writer struct {
	g     *nn.Graph
	b     strings.Builder
	sizes map[*nn.Node]nn.Size
	at    map[*nn.Node]int  // darknet's layer that gives what a node does
	done  map[*nn.Node]bool // nodes that a section before theirs has written: activations, and what joins read
	next  int               // the number of the next layer; [net] has none
	last  *nn.Node          // what the next layer reads
}

// section writes [kind] with keys and values by turns.
func (w *writer) section(kind string, pairs ...any) {
	if w.b.Len() > 0 {
		w.b.WriteByte('\n')
	}
	fmt.Fprintf(&w.b, "[%s]\n", kind)
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&w.b, "%s=%v\n", pairs[i], pairs[i+1])
	}
	w.next++
}

// gives notes that the section just written gives what n does.
func (w *writer) gives(n *nn.Node) {
	w.at[n], w.last, w.done[n] = w.next-1, n, true
}

// none is the error of what has no counterpart.
func none(name string, what any, why string) error {
	return fmt.Errorf("%s: %v has no counterpart in darknet%s", name, what, why)
}

// step writes what a node is in darknet.
func (w *writer) step(s nn.Step) error {
	n := s.Node
	for i, over := range s.OverIn {
		for _, a := range over {
			d, ok := a.Layer.(nn.Dropout)
			if !ok {
				return none(a.Name, a.Layer, ", where norms lie behind convolutions and linear layers")
			}
			if len(w.g.Readers(n.In[i])) > 1 || i > 0 {
				return none(a.Name, a.Layer, ", whose dropout is for all that read a map")
			}
			if err := w.dropout(a.Name, d, n.In[0]); err != nil {
				return err
			}
		}
	}
	if w.done[n] {
		return w.over(s)
	}
	switch l := n.Layer.(type) {
	case nn.Input:
		w.last, w.done[n] = n, true
		return w.over(s)
	case nn.Concat:
		if len(n.In) > 1 {
			var layers []string
			for _, in := range n.In {
				at, err := w.number(n, in)
				if err != nil {
					return err
				}
				layers = append(layers, strconv.Itoa(at-w.next))
			}
			w.section("route", "layers", strings.Join(layers, ","))
			w.gives(n)
			return w.over(s)
		}
		w.alias(n)
		return w.over(s)
	case nn.Add:
		return w.add(s)
	case nn.Shortcut:
		if w.shortcut(n) {
			w.done[n] = true
			return w.over(s)
		}
		return none(n.Name, l, ", but for one that is added to a map of its size by a sum of two")
	}
	if len(n.In) == 1 {
		if err := w.reads(n, n.In[0]); err != nil {
			return err
		}
	}
	switch l := n.Layer.(type) {
	case nn.Conv:
		return w.conv(s, l)
	case nn.Linear:
		pairs := append(w.norm(s), "output", s.Size.C)
		return w.activated(s, "connected", pairs)
	case nn.Activation:
		name, ok := activationName(l)
		if !ok {
			return none(n.Name, l, "")
		}
		w.section("activation", "activation", name)
	case nn.Pool:
		x := s.InSizes[0]
		switch {
		case l.Type == nn.Max:
			if err := w.maxpool(n, l, x, s.Size); err != nil {
				return err
			}
		case l.Type == nn.Avg && l.Kernel == (nn.HW{x.H, x.W}) && l.Padding == (nn.Padding{}):
			w.section("avgpool")
		default:
			return none(n.Name, l, ", whose averages are over the whole map")
		}
	case nn.GlobalPool:
		if l.Type != nn.Avg {
			return none(n.Name, l, ", whose [avgpool] is the only pooling of the whole map")
		}
		w.section("avgpool")
	case nn.Flatten:
		if x := s.InSizes[0]; x.H*x.W > 1 {
			return none(n.Name, l, " on a map, whose channels come first there; remove it, a linear layer reads any map")
		}
		w.alias(n)
		return w.over(s)
	case nn.Reorg:
		if l.Type != nn.Darknet {
			return none(n.Name, l, ", whose reorg is of the type darknet")
		}
		w.section("reorg", "stride", l.Stride)
	case nn.Region:
		if l.Tree != "" {
			return none(n.Name, l, ", whose cfg names a file for the tree; train without one, or write .yaml")
		}
		w.region(l)
	default:
		return none(n.Name, n.Layer, "")
	}
	w.gives(n)
	return w.over(s)
}

// alias notes that n gives what it reads.
func (w *writer) alias(n *nn.Node) {
	if at, ok := w.at[n.In[0]]; ok {
		w.at[n] = at
	}
	w.done[n] = true
	if w.last == n.In[0] {
		w.last = n
	}
}

// number is the layer that gives what in does.
func (w *writer) number(n, in *nn.Node) (int, error) {
	at, ok := w.at[in]
	if !ok {
		return 0, none(n.Name, n.Layer, fmt.Sprintf(" where it reads %s, which is no layer there", in.Name))
	}
	return at, nil
}

// reads makes in what the next layer reads.
func (w *writer) reads(n, in *nn.Node) error {
	if w.last == in {
		return nil
	}
	if _, image := in.Layer.(nn.Input); image {
		return none(n.Name, n.Layer, " where it reads the images and is not the first; only the first layer there does")
	}
	at, err := w.number(n, in)
	if err != nil {
		return err
	}
	if at == w.next-1 {
		w.last = in
		return nil
	}
	w.section("route", "layers", at-w.next)
	w.at[in], w.last = w.next-1, in
	return nil
}

// norm is batch_normalize, where a norm lies over the output.
func (w *writer) norm(s nn.Step) []any {
	for _, a := range s.OverOut {
		if _, ok := a.Layer.(nn.BatchNorm); ok {
			return []any{"batch_normalize", 1}
		}
	}
	return nil
}

func (w *writer) conv(s nn.Step, l nn.Conv) error {
	n := s.Node
	switch {
	case l.Kernel[0] != l.Kernel[1] || l.Stride[0] != l.Stride[1]:
		return none(n.Name, l, ", whose windows and strides are square")
	case l.Dilation != (nn.HW{1, 1}):
		return none(n.Name, l, ", which has no dilation")
	case l.Padding != nn.Pad(l.Padding[0]):
		return none(n.Name, l, ", which pads all sides alike")
	case l.Weight != "":
		return none(n.Name, l, " where it shares its weights")
	}
	pairs := append(w.norm(s), "filters", s.Size.C, "size", l.Kernel[0], "stride", l.Stride[0])
	if p := l.Padding[0]; p == l.Kernel[0]/2 {
		pairs = append(pairs, "pad", 1)
	} else {
		pairs = append(pairs, "pad", 0, "padding", p)
	}
	if l.Groups > 1 {
		pairs = append(pairs, "groups", l.Groups)
	}
	return w.activated(s, "convolutional", pairs)
}

// activated writes the section of a layer, with its activation.
func (w *writer) activated(s nn.Step, kind string, pairs []any) error {
	name, act := w.activation(s)
	w.section(kind, append(pairs, "activation", name)...)
	w.gives(s.Node)
	if act != nil {
		w.gives(act)
	}
	return w.over(s)
}

// activation is the only reader of what a layer gives, if that is an activation of darknet's with nothing between, and its name there.
func (w *writer) activation(s nn.Step) (string, *nn.Node) {
	rs := w.g.Readers(s.Node)
	if len(rs) != 1 || len(rs[0].In) != 1 || w.g.IsOutput(s.Node) || slices.ContainsFunc(s.OverOut, func(a nn.Applied) bool { return a.Layer.Slot() == nn.SlotDropout }) {
		return "linear", nil
	}
	l, ok := rs[0].Layer.(nn.Activation)
	name, known := activationName(l)
	over := w.g.Overlay()
	if !ok || !known || over.Get(nn.In(rs[0], 0), nn.SlotNorm) != nil || over.Get(nn.In(rs[0], 0), nn.SlotDropout) != nil {
		return "linear", nil
	}
	return name, rs[0]
}

// activationName is darknet's name of an activation.
func activationName(l nn.Activation) (string, bool) {
	if l.Func == nn.Identity {
		return "linear", true
	}
	for _, a := range activations {
		if a.act.Func == l.Func && a.act.Alpha == l.Alpha {
			return a.name, true
		}
	}
	return "", false
}

// over writes the dropout that lies over the output, and refuses what else has no place.
func (w *writer) over(s nn.Step) error {
	_, conv := s.Node.Layer.(nn.Conv)
	_, linear := s.Node.Layer.(nn.Linear)
	for _, a := range s.OverOut {
		switch l := a.Layer.(type) {
		case nn.Bias:
		case nn.BatchNorm:
			if !conv && !linear {
				return none(a.Name, l, ", where norms lie behind convolutions and linear layers")
			}
		case nn.Dropout:
			if err := w.dropout(a.Name, l, s.Node); err != nil {
				return err
			}
		default:
			return none(a.Name, l, "")
		}
	}
	return nil
}

// dropout writes one over what x gives, which is what the next layer reads.
func (w *writer) dropout(name string, l nn.Dropout, x *nn.Node) error {
	if l.Of != "" || l.Gaussian || l.Ramp {
		return none(name, l, ", which drops single values")
	}
	if _, image := x.Layer.(nn.Input); image {
		return none(name, l, " over the images")
	}
	if err := w.reads(x, x); err != nil {
		return err
	}
	w.section("dropout", "probability", decimal(l.Rate))
	w.gives(x)
	return nil
}

func decimal(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

// maxpool looks for the padding in all that makes darknet's window do what this one does.
func (w *writer) maxpool(n *nn.Node, l nn.Pool, x, y nn.Size) error {
	if l.Kernel[0] != l.Kernel[1] || l.Stride[0] != l.Stride[1] || l.Padding[0] != l.Padding[2] {
		return none(n.Name, l, ", whose windows and strides are square")
	}
	size, stride, before := l.Kernel[0], l.Stride[0], l.Padding[0]
	for _, p := range []int{size - 1, 2 * before, 2*before + 1} {
		if p/2 != before || (x.H+p-size)/stride+1 != y.H || (x.W+p-size)/stride+1 != y.W || x.H+p < size || x.W+p < size {
			continue
		}
		pairs := []any{"size", size, "stride", stride}
		if p != size-1 {
			pairs = append(pairs, "padding", p)
		}
		w.section("maxpool", pairs...)
		return nil
	}
	return none(n.Name, l, fmt.Sprintf(" on a map of %v: no padding there gives %v", x, y))
}

// shortcut reports whether n is added to a map of its size by a sum of two and by nothing else read, as [shortcut] does it.
func (w *writer) shortcut(n *nn.Node) bool {
	rs := w.g.Readers(n)
	if len(rs) != 1 || len(rs[0].In) != 2 || w.g.IsOutput(n) {
		return false
	}
	l, x, y := n.Layer.(nn.Shortcut), w.sizes[n.In[0]], w.sizes[n]
	_, sum := rs[0].Layer.(nn.Add)
	other := rs[0].In[0]
	if other == n {
		other = rs[0].In[1]
	}
	_, twice := other.Layer.(nn.Shortcut)
	return sum && !twice && x.H == l.Stride*y.H && x.W == l.Stride*y.W
}

// add writes a sum as [shortcut], of more than two as several.
func (w *writer) add(s nn.Step) error {
	n := s.Node
	start := len(n.In) - 1 // the input that the first shortcut reads: the last written, where it is one
	for i, in := range n.In {
		if in == w.last {
			start = i
		}
		if _, option := in.Layer.(nn.Shortcut); option {
			start = 1 - i
			break
		}
	}
	if err := w.reads(n, n.In[start]); err != nil {
		return err
	}
	name, act := w.activation(s)
	left := len(n.In) - 1
	for i, in := range n.In {
		if i == start {
			continue
		}
		if _, option := in.Layer.(nn.Shortcut); option {
			in = in.In[0]
		}
		at, err := w.number(n, in)
		if err != nil {
			return err
		}
		activation := "linear"
		if left--; left == 0 {
			activation = name
		}
		w.section("shortcut", "from", at-w.next, "activation", activation)
	}
	w.gives(n)
	if act != nil {
		w.gives(act)
	}
	return w.over(s)
}

// region writes the last layer of a detector, with the factors of YOLOv2's loss.
func (w *writer) region(l nn.Region) {
	var anchors []string
	for _, a := range l.Anchors.List() {
		anchors = append(anchors, decimal(a[0]), decimal(a[1]))
	}
	w.section("region", "anchors", strings.Join(anchors, ","), "bias_match", 1, "classes", w.g.Classes, "coords", 4, "num", l.Anchors.Len(), "softmax", 1,
		"jitter", .2, "rescore", 1, "object_scale", 5, "noobject_scale", 1, "class_scale", 1, "coord_scale", 1, "absolute", 1, "thresh", .6, "random", 0)
}

// Normalized is a network that reads images whose values go from 0 to 1, as darknet's do, where g reads them less a mean and divided by a
// deviation, a number a channel each. A 1x1 convolution behind the input does that, whose values are given by name: folded into the first
// layer of g it would be wrong at the borders, where g is padded with the mean. A mean of 0 and a deviation of 1 leave g as it is.
func Normalized(g *nn.Graph, mean, std []float32) (*nn.Graph, map[string][]float32, error) {
	channels := g.InputSize().C
	if len(mean) != channels || len(std) != channels {
		return nil, nil, fmt.Errorf("%d means and %d deviations for %d channels; give one a channel", len(mean), len(std), channels)
	}
	if !slices.ContainsFunc(mean, func(v float32) bool { return v != 0 }) && !slices.ContainsFunc(std, func(v float32) bool { return v != 1 }) {
		return g, nil, nil
	}
	c := g.Clone()
	var made *nn.Node
	if err := c.InsertAfter(c.Input(), func(b *nn.Builder, x *nn.Node) *nn.Node {
		made = b.As("normalize").Conv(x, channels, 1, 1)
		return made
	}); err != nil {
		return nil, nil, err
	}
	weights, bias := make([]float32, channels*channels), make([]float32, channels)
	for i := range channels {
		weights[i*channels+i] = 1 / std[i]
		bias[i] = -mean[i] / std[i]
	}
	return c, map[string][]float32{made.Name + "/weight": weights, made.Name + "/bias": bias}, nil
}
