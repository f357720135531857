package nn

import (
	"fmt"
	"strconv"
	"strings"
)

// Builder writes a network layer by layer, so that a zoo file reads like its paper's table. Sizes are inferred on the way.
// The first mistake stays: later calls go on without effect and [Builder.Build] reports it.
//
// A layer is named after its kind and its place in the scope ("conv1", "conv2", "pool1", "stage1/block2/conv1"), an activation
// after what it acts on ("conv1/act"), or as [Builder.As] says.
type Builder struct {
	w     *writing
	scope string // "" or "stage1/"
	next  string // name that As gave
}

// writing is what the builders of all scopes share.
type writing struct {
	g      *Graph
	known  *mark           // of the nodes that may be read: their size is known
	counts map[string]int  // by scope and kind
	taken  map[string]bool // names within the scope of a rewrite
	input  Size            // the user's, where not zero
	origin string          // of every node made, in a rewrite
	made   []*Node
	err    error
}

// NewBuilder begins a network of that name and class count. An input that is not zero takes the place of what [Builder.Image]
// is told; of its extents, zero ones stay Image's.
func NewBuilder(name string, input Size, classes int) *Builder {
	g := &Graph{Name: name, Classes: classes}
	g.overlay = newOverlay(g)
	return &Builder{w: &writing{g: g, known: new(mark), counts: map[string]int{}, input: input}}
}

// Build returns the network, without layers that no output needs, or the first mistake.
func (b *Builder) Build() (*Graph, error) {
	if b.w.err != nil {
		return nil, b.w.err
	}
	g := b.w.g
	g.sized = g.Classes
	g.settle()
	if _, err := g.Steps(); err != nil {
		return nil, err
	}
	g.prune()
	return g, nil
}

// settle marks activations with a norm at their own input as pre-activations, so that taking the norm away does not change
// whose they are.
func (g *Graph) settle() {
	for _, n := range g.Nodes {
		if isActivation(n) && g.overlay.Get(In(n, 0), SlotNorm) != nil {
			n.Pre = true
		}
	}
}

// Fail records a mistake, unless there is one.
func (b *Builder) Fail(err error) {
	if b.w.err == nil {
		b.w.err = err
	}
}

// Scope returns a builder whose names begin with name: "stage1" gives "stage1/conv1".
func (b *Builder) Scope(name string, args ...any) *Builder {
	return &Builder{w: b.w, scope: b.scope + fmt.Sprintf(name, args...) + "/"}
}

// As returns a builder that gives the next layer this name within the scope.
func (b *Builder) As(name string, args ...any) *Builder {
	return &Builder{w: b.w, scope: b.scope, next: fmt.Sprintf(name, args...)}
}

// Size is what is known of a layer's output: zero after a mistake.
func (b *Builder) Size(x *Node) Size {
	if !b.w.knows(x) {
		return Size{}
	}
	return x.size
}

func (w *writing) knows(x *Node) bool { return x != nil && x.mark == w.known }

// Image begins the network with images of that size, or of the size the user asked for.
func (b *Builder) Image(h, w, c int) *Node {
	s := Size{h, w, c}
	for _, e := range []struct {
		to   *int
		from int
	}{{&s.H, b.w.input.H}, {&s.W, b.w.input.W}, {&s.C, b.w.input.C}} {
		if e.from != 0 {
			*e.to = e.from
		}
	}
	return b.Layer(Input{Size: s})
}

// Layer appends any layer. Fields whose zero means a default get it.
func (b *Builder) Layer(l Layer, in ...*Node) *Node {
	n := &Node{Name: b.name(l, in), Layer: withDefaults(l), In: in, Origin: b.w.origin}
	b.next = ""
	if b.w.err != nil {
		return n
	}
	sizes := make([]Size, len(in))
	for i, x := range in {
		if !b.w.knows(x) {
			b.Fail(fmt.Errorf("%s: reads a layer of another network; pass one that this builder made", n.Name))
			return n
		}
		sizes[i] = x.size
	}
	s, err := infer(n, sizes, b.w.g.Classes)
	if err != nil {
		b.Fail(err)
		return n
	}
	n.size, n.mark = s, b.w.known
	b.w.g.Nodes = append(b.w.g.Nodes, n)
	b.w.made = append(b.w.made, n)
	return n
}

// name makes a node's name: As's, or kind and ordinal in the scope, or of an activation what it acts on; in a rewrite the first of
// these that an earlier one has left free.
func (b *Builder) name(l Layer, in []*Node) string {
	name, as := b.scope+b.next, b.next != ""
	if !as {
		name = b.ordinal(l, in)
	}
	for i := 2; b.w.taken[name]; i++ {
		if as {
			name = fmt.Sprintf("%s%s%d", b.scope, b.next, i)
		} else {
			name = b.ordinal(l, in)
		}
	}
	if b.w.taken != nil {
		b.w.taken[name] = true
	}
	return name
}

// ordinal is the next name of the kind, each call another.
func (b *Builder) ordinal(l Layer, in []*Node) string {
	key := b.scope + l.Kind()
	if _, ok := l.(Activation); ok && len(in) == 1 {
		key = b.scope + "act"
		if of := in[0].Name; strings.HasPrefix(of, b.scope) && b.w.counts[of+"/act"] == 0 {
			key = of + "/act"
		}
	}
	b.w.counts[key]++
	c := b.w.counts[key]
	switch l.(type) {
	case Conv, Linear, Pool:
	default:
		if c == 1 {
			return key
		}
	}
	return key + strconv.Itoa(c)
}

// Conv is a convolution with a bias and the padding that keeps the size at stride 1.
func (b *Builder) Conv(x *Node, out, kernel, stride int) *Node {
	return b.ConvOf(x, Conv{Out: out, Kernel: Square(kernel), Stride: Square(stride), Padding: Same(Square(kernel), Square(1))})
}

// ConvOf is any convolution, with a bias.
func (b *Builder) ConvOf(x *Node, l Conv) *Node { return b.Bias(b.Layer(l, x), true) }

// Linear is a fully connected layer with a bias; nn.Classes gives one unit a class.
func (b *Builder) Linear(x *Node, out int) *Node { return b.Bias(b.Layer(Linear{Out: out}, x), true) }

// MaxPool is max pooling without padding, rounding down.
func (b *Builder) MaxPool(x *Node, kernel, stride int) *Node {
	return b.Layer(Pool{Type: Max, Kernel: Square(kernel), Stride: Square(stride)}, x)
}

// AvgPool is average pooling without padding, rounding down.
func (b *Builder) AvgPool(x *Node, kernel, stride int) *Node {
	return b.Layer(Pool{Type: Avg, Kernel: Square(kernel), Stride: Square(stride)}, x)
}

// GlobalAvgPool averages each channel over all positions.
func (b *Builder) GlobalAvgPool(x *Node) *Node { return b.Layer(GlobalPool{Type: Avg}, x) }

// Act is a non-linearity with the α of its paper.
func (b *Builder) Act(x *Node, f Func) *Node { return b.Layer(Activation{Func: f}, x) }

// ReLU is Act(x, ReLU).
func (b *Builder) ReLU(x *Node) *Node { return b.Act(x, ReLU) }

// Add sums maps of one size.
func (b *Builder) Add(xs ...*Node) *Node { return b.Layer(Add{}, xs...) }

// Concat joins channels.
func (b *Builder) Concat(xs ...*Node) *Node { return b.Layer(Concat{}, xs...) }

// Bias gives or takes the bias of a convolution or linear layer and returns it.
func (b *Builder) Bias(x *Node, has bool) *Node {
	if has {
		return b.Over(Out(x), Bias{}, x)
	}
	b.w.g.overlay.Remove(Out(x), SlotBias)
	return x
}

// Norm lays batch norm over the output of x and returns x.
func (b *Builder) Norm(x *Node) *Node { return b.Over(Out(x), NewBatchNorm(), x) }

// Dropout lays dropout over the output of x and returns x.
func (b *Builder) Dropout(x *Node, rate float32) *Node {
	return b.Over(Out(x), Dropout{Rate: rate}, x)
}

// Over lays an elided layer at a site and returns x.
func (b *Builder) Over(s Site, l Elided, x *Node) *Node {
	b.w.g.overlay.Set(s, l)
	return x
}

// Finish gives x, a convolution or linear layer, the bias, norm and activation of a style and returns what the next layer
// reads. With Style.Pre norm and activation are that layer's.
func (b *Builder) Finish(x *Node, s Style) *Node {
	b.Bias(x, s.Bias)
	norm := Out(x)
	if s.Act.Func != "" {
		x = b.Layer(s.Act, x)
		x.Pre = s.Pre
		switch {
		case s.Place == After:
			norm = Out(x)
		case s.Pre:
			norm = In(x, 0)
		}
	}
	if s.Norm != nil {
		b.Over(norm, s.Norm, x)
	}
	return x
}

// PreAct is norm and activation in front of a convolution of a pre-activation network, the norm for this reader alone:
// He et al., arXiv:1603.05027. Norm may be nil.
func (b *Builder) PreAct(x *Node, norm Elided, act Activation) *Node {
	a := b.Layer(act, x)
	a.Pre = true
	if norm != nil {
		b.Over(In(a, 0), norm, a)
	}
	return a
}

// Logits makes x the main output.
func (b *Builder) Logits(x *Node) { b.output(Output{Name: "main", Node: x, Weight: 1}) }

// AuxLogits makes x an output that only training computes, its loss weighted.
func (b *Builder) AuxLogits(name string, x *Node, weight float64) {
	b.output(Output{Name: name, Node: x, Weight: weight, TrainOnly: true})
}

func (b *Builder) output(o Output) {
	g := b.w.g
	g.Outputs = append(g.Outputs, o)
	if last := len(g.Outputs) - 1; !o.TrainOnly && last > 0 && g.Outputs[0].TrainOnly { // main comes first, whenever it is written
		copy(g.Outputs[1:], g.Outputs[:last])
		g.Outputs[0] = o
	}
}
