package nn

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/spec"
)

// The text form of a network is a list of layers in order, each under its kind with its name, what it reads (by default the
// layer before) and what is not a default; norms, dropout and biases stand with the layer that they lie over:
//
//	name: mini
//	classes: 10
//	layers:
//	  - input: {name: input, size: 28x28x1}
//	  - conv: {name: conv1, out: 16, kernel: 3, padding: 1, over: [bias]}
//	  - activation: {name: conv1/act, func: relu}
//	  - linear: {name: linear1, out: classes, over: [bias]}
//	outputs:
//	  - {name: main, from: linear1}
type document struct {
	Name    string        `yaml:"name"` // default: the file's, without its ending
	Classes int           `yaml:"classes" spec:"required"`
	Layers  []*spec.Node  `yaml:"layers" spec:"required"`
	Outputs []outputEntry `yaml:"outputs" spec:"required"`
}

type outputEntry struct {
	Name      string  `yaml:"name" spec:"required"`
	From      string  `yaml:"from" spec:"required"`
	Weight    float64 `yaml:"weight"` // default 1
	TrainOnly bool    `yaml:"train-only"`
}

// nodeEntry is what an entry says of a node besides its layer's hyper-parameters.
type nodeEntry struct {
	Name   string      `yaml:"name" spec:"required"`
	From   names       `yaml:"from"` // default the entry before
	Origin string      `yaml:"origin"`
	Pre    bool        `yaml:"pre"`
	Over   []spec.Item `yaml:"over"`    // over the output
	OverIn overInputs  `yaml:"over-in"` // over the inputs: a list for the first, or a map by number
}

// Read reads the text form; file is what errors call it. Errors carry line and column.
func Read(file string, text []byte) (*Graph, error) {
	root, err := spec.Parse(file, text)
	if err != nil {
		return nil, err
	}
	return Decode(root)
}

// Decode reads the text form from a node of a file.
func Decode(root *spec.Node) (*Graph, error) {
	var d document
	if err := spec.Decode(root, &d); err != nil {
		return nil, err
	}
	if d.Classes < 1 || d.Classes > MaxClasses {
		return nil, root.Get("classes").Errorf("classes: %d; give the number of classes, 1 or more", d.Classes)
	}
	if d.Name == "" {
		base := filepath.Base(root.File())
		d.Name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	b := NewBuilder(d.Name, Size{}, d.Classes)
	by := map[string]*Node{}
	places := map[*Node]*spec.Node{}
	var before *Node
	for _, at := range d.Layers {
		n, err := decodeLayer(b, at, by, before)
		if err != nil {
			return nil, at.At(err)
		}
		by[n.Name], places[n], before = n, at, n
	}
	for i, o := range d.Outputs {
		at := entry(root.Get("outputs"), i)
		n := by[o.From]
		if n == nil {
			return nil, at.Get("from").Errorf("%s", noLayer(o.From, by))
		}
		if at.Get("weight") == nil {
			o.Weight = 1
		}
		if i == 0 && o.TrainOnly {
			return nil, at.Errorf("the main output, the first, cannot be train-only; put another one first")
		}
		b.w.g.Outputs = append(b.w.g.Outputs, Output{Name: o.Name, Node: n, Weight: o.Weight, TrainOnly: o.TrainOnly})
	}
	all := slices.Clone(b.w.g.Nodes)
	g, err := b.Build()
	if err != nil {
		return nil, root.At(err)
	}
	for _, n := range all {
		if !slices.Contains(g.Nodes, n) {
			return nil, places[n].Errorf("%s: no output needs this layer; let a later one read it, or remove it", n.Name)
		}
	}
	return g, nil
}

func decodeLayer(b *Builder, at *spec.Node, by map[string]*Node, before *Node) (*Node, error) {
	var item spec.Item
	if err := spec.Decode(at, &item); err != nil {
		return nil, err
	}
	kinds := Layers()
	i := slices.IndexFunc(kinds, func(k LayerKind) bool { return k.Zero.Kind() == item.Name })
	if i < 0 {
		return nil, item.At.Errorf("%s", unknown("layer", item.Name, kinds, func(k LayerKind) string { return k.Zero.Kind() }))
	}
	e, l, err := kinds[i].read(item.Value)
	if err != nil {
		return nil, err
	}
	if by[e.Name] != nil {
		return nil, item.Value.Get("name").Errorf("two layers named %q; rename one", e.Name)
	}
	if _, ok := l.(Input); ok != (before == nil) {
		return nil, item.At.Errorf("a network has one input, its first layer; begin with it")
	}
	var in []*Node
	for _, name := range e.From {
		if by[name] == nil {
			return nil, item.Value.Get("from").Errorf("%s", noLayer(name, by))
		}
		in = append(in, by[name])
	}
	if in == nil && before != nil {
		in = []*Node{before}
	}
	n := b.As("%s", e.Name).Layer(l, in...)
	n.Origin, n.Pre = e.Origin, e.Pre
	if b.w.err != nil {
		return nil, item.At.At(b.w.err)
	}
	for i, items := range e.OverIn {
		if i >= len(in) {
			return nil, item.Value.Get("over-in").Errorf("%s has %d inputs, not %d; count from 1", n.Name, len(in), i+1)
		}
		if err := decodeElided(b, In(n, i), b.Size(in[i]), items); err != nil {
			return nil, err
		}
	}
	return n, decodeElided(b, Out(n), b.Size(n), e.Over)
}

func decodeElided(b *Builder, s Site, x Size, items []spec.Item) error {
	kinds := Elideds()
	for _, item := range items {
		i := slices.IndexFunc(kinds, func(k ElidedKind) bool { return k.Default.Kind() == item.Name })
		if i < 0 {
			return item.At.Errorf("%s", unknown("kind", item.Name, kinds, func(k ElidedKind) string { return k.Default.Kind() }))
		}
		l, err := kinds[i].read(item.Value)
		if err != nil {
			return err
		}
		if err := s.check(l, x); err != nil {
			return item.At.At(fmt.Errorf("%s: %w", s.Name(), err))
		}
		if b.w.g.overlay.Get(s, l.Slot()) != nil {
			return item.At.Errorf("%s: two of the kind %s at one place; remove one", s.Name(), l.Slot())
		}
		b.w.g.overlay.Set(s, l)
	}
	return nil
}

// YAML is the text form; [Read] reads back an equal graph.
func (g *Graph) YAML() []byte {
	root := spec.NewMap()
	root.Set("name", spec.NewText(g.Name))
	return g.encode(root, true, g.overlay.held).YAML()
}

// Canonical is the text form of all that decides what a training of the network computes, and of nothing else: not its name,
// nor what layers came to replace or belong to, nor a bias that a norm takes away. Names of layers and parameters are in it, since they
// address random draws. [Read] reads back a graph that trains to the same bits; its name is the one given for the file.
func (g *Graph) Canonical() []byte {
	only := g.onlyReaders()
	return g.encode(spec.NewMap(), false, func(s Site) []Elided { return g.overlay.inForce(s, only) }).Canonical()
}

// encode writes the network below the keys of root; at lists what lies at a site, and whole says whether to write what only
// rewrites ask for.
func (g *Graph) encode(root *spec.Node, whole bool, at func(Site) []Elided) *spec.Node {
	root.Set("classes", spec.NewInt(g.Classes))
	layers := root.Set("layers", spec.NewList())
	for i, n := range g.Nodes {
		m := spec.NewMap()
		m.Set("name", spec.NewText(n.Name))
		if !(len(n.In) == 0 || len(n.In) == 1 && n.In[0] == g.Nodes[i-1]) {
			from := spec.NewList()
			for _, in := range n.In {
				from.Append(spec.NewText(in.Name))
			}
			if len(n.In) == 1 {
				from = spec.NewText(n.In[0].Name)
			}
			m.Set("from", from)
		}
		encodeFields(m, n.Layer, reflect.Zero(reflect.TypeOf(n.Layer)))
		if n.Origin != "" && whole {
			m.Set("origin", spec.NewText(n.Origin))
		}
		if n.Pre && whole {
			m.Set("pre", spec.NewBool(true))
		}
		encodeOver(m, n, at)
		layers.Append(spec.NewMap()).Set(n.Layer.Kind(), m)
	}
	outputs := root.Set("outputs", spec.NewList())
	for _, o := range g.Outputs {
		m := spec.NewMap()
		m.Set("name", spec.NewText(o.Name))
		m.Set("from", spec.NewText(o.Node.Name))
		if o.Weight != 1 {
			m.Set("weight", spec.NewFloat(o.Weight))
		}
		if o.TrainOnly {
			m.Set("train-only", spec.NewBool(true))
		}
		outputs.Append(m)
	}
	return root
}

// held lists what was set at a site, in force or not: a bias that a norm takes away, too.
func (o *Overlay) held(s Site) (ls []Elided) {
	if e := o.at[s]; e != nil {
		for _, l := range e {
			if l != nil {
				ls = append(ls, l)
			}
		}
	}
	return ls
}

// encodeOver writes what lies over a node.
func encodeOver(m *spec.Node, n *Node, at func(Site) []Elided) {
	list := func(s Site) *spec.Node {
		items := spec.NewList()
		for _, l := range at(s) {
			v := spec.NewMap()
			for _, k := range Elideds() {
				if k.Default.Kind() == l.Kind() {
					encodeFields(v, l, reflect.ValueOf(k.Default))
				}
			}
			if v.Len() == 0 {
				items.Append(spec.NewText(l.Kind()))
			} else {
				items.Append(spec.NewMap()).Set(l.Kind(), v)
			}
		}
		return items
	}
	byInput := spec.NewMap()
	for i := range n.In {
		if items := list(In(n, i)); items.Len() > 0 {
			byInput.Set(fmt.Sprint(i+1), items)
		}
	}
	switch {
	case byInput.Len() > 0 && len(n.In) == 1:
		m.Set("over-in", byInput.Get("1"))
	case byInput.Len() > 0:
		m.Set("over-in", byInput)
	}
	if items := list(Out(n)); items.Len() > 0 {
		m.Set("over", items)
	}
}

// encodeFields writes the hyper-parameters of l that would not come back if they were left at the default's.
func encodeFields(m *spec.Node, l any, byDefault reflect.Value) {
	for i, f := range fields(l) {
		without := reflect.New(reflect.TypeOf(l)).Elem()
		without.Set(reflect.ValueOf(l))
		without.Field(i).Set(byDefault.Field(i))
		back := without.Interface()
		if layer, ok := back.(Layer); ok {
			back = withDefaults(layer)
		}
		if back == l {
			continue
		}
		if f.key == "out" && PerClass(int(f.value.Int())) {
			m.Set(f.key, spec.NewText(outText(int(f.value.Int()))))
			continue
		}
		if v, err := spec.Encode(f.value.Interface()); err == nil { // every field is a number, text, truth value, HW, Padding, Size or Anchors
			m.Set(f.key, v)
		}
	}
}

// layer is the entry of kind L.
func layer[L Layer]() LayerKind {
	var zero L
	return LayerKind{zero, func(n *spec.Node) (nodeEntry, Layer, error) {
		var e struct {
			Node  nodeEntry `yaml:",inline"`
			Layer L         `yaml:",inline"`
		}
		if out := n.Get("out"); out != nil {
			v, ok := parseOut(out.Text())
			if number, err := out.Int(); !ok && err == nil && PerClass(number) {
				return e.Node, nil, out.Errorf("out: %d; give a number of channels, classes, or \"5 boxes\" of a detector", number)
			}
			if ok {
				n.Set("out", spec.NewInt(v))
			}
		}
		err := spec.Decode(n, &e)
		return e.Node, withDefaults(e.Layer), err
	}}
}

// elided is the entry of a kind with those defaults.
func elided[L Elided](byDefault L) ElidedKind {
	return ElidedKind{byDefault, func(n *spec.Node) (Elided, error) {
		l := byDefault
		err := spec.Decode(n, &l)
		return l, err
	}}
}

// names is one name or a list of them.
type names []string

func (v *names) UnmarshalSpec(n *spec.Node) error {
	if n.Kind == spec.Scalar {
		*v = names{n.Text()}
		return nil
	}
	return spec.Decode(n, (*[]string)(v))
}

// overInputs is what lies over the inputs of a node, by index.
type overInputs map[int][]spec.Item

func (v *overInputs) UnmarshalSpec(n *spec.Node) error {
	*v = overInputs{}
	if n.Kind == spec.List {
		var items []spec.Item
		err := spec.Decode(n, &items)
		(*v)[0] = items
		return err
	}
	if n.Kind != spec.Map {
		return n.Errorf("over-in: want a list for the only input, or a map by its number from 1")
	}
	for k, list := range n.Pairs() {
		i, err := strconv.Atoi(k.Text())
		if err != nil || i < 1 {
			return k.Errorf("over-in: want the number of an input, counted from 1")
		}
		var items []spec.Item
		if err := spec.Decode(list, &items); err != nil {
			return err
		}
		(*v)[i-1] = items
	}
	return nil
}

func entry(list *spec.Node, i int) *spec.Node {
	for j, n := range list.Items() {
		if j == i {
			return n
		}
	}
	return list
}

func unknown[K any](what, name string, kinds []K, of func(K) string) string {
	var known []string
	for _, k := range kinds {
		known = append(known, of(k))
	}
	if near, ok := spec.Nearest(name, known); ok {
		return fmt.Sprintf("no %s %q; did you mean %q?", what, name, near)
	}
	return fmt.Sprintf("no %s %q; choose one of %v", what, name, known)
}

func noLayer(name string, by map[string]*Node) string {
	var above []string
	for k := range by {
		above = append(above, k)
	}
	slices.Sort(above)
	if near, ok := spec.Nearest(name, above); ok {
		return fmt.Sprintf("no layer %q above; did you mean %q?", name, near)
	}
	return fmt.Sprintf("no layer %q above; name one that stands earlier in the list", name)
}
