package nn

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
)

// Elided is a layer of the overlay: it changes values, never sizes, and the signature leaves it out. Concrete kinds are
// comparable structs.
type Elided interface {
	Kind() string
	Slot() Slot
	Check(x Size) error     // whether its hyper-parameters fit a map of that size
	Params(x Size) []Param  // with local names
	Buffers(x Size) []Param // running statistics, kept but not trained
	String() string
}

// biasTaker is a norm that makes a bias right in front of it useless.
type biasTaker interface{ TakesBias() bool }

// Slot is a kind's place in the order at a site: what becomes of the weights of the layer whose output it is, bias, norm, dropout. A site
// holds one of each.
type Slot uint8

// Slots in the order in which a site's layers are applied.
const (
	SlotWeight Slot = iota
	SlotBias
	SlotNorm
	SlotDropout
	slots
)

// where is the side of a node at which a site lies.
type where uint8

const (
	atIn where = iota // in the order in which a node's sites come
	atOut
)

// Site is a place that elided layers are laid over. Make one by [Out] or [In].
type Site struct {
	where where
	node  *Node
	index int
}

// Out is the output of a node: every reader sees what is laid there.
func Out(n *Node) Site { return Site{where: atOut, node: n} }

// In is the i-th input of a node, for it alone: the same map can be normalised differently for each reader.
func In(n *Node, i int) Site { return Site{where: atIn, node: n, index: i} }

// Name is the path under which the site's parameters, buffers and random streams are named: the node's name for its output,
// "<name>/in" for its input ("<name>/in2" for the second).
func (s Site) Name() string {
	switch {
	case s.where == atOut:
		return s.node.Name
	case s.index > 0:
		return s.node.Name + "/in" + strconv.Itoa(s.index+1)
	}
	return s.node.Name + "/in"
}

// Reads is the node whose output the site's own node reads there, or that node where the site is its output.
func (s Site) Reads() *Node {
	if s.where == atOut {
		return s.node
	}
	return s.node.In[s.index]
}

// Path is what a `where` pattern is matched with: the origin of the site's node.
func (s Site) Path() string { return s.node.Path() }

// Overlay is what is laid over a graph: norms, dropout and biases, one of each at a site. Optimization approaches are handed
// it and not the graph, so that they cannot change the architecture.
type Overlay struct {
	g  *Graph
	at map[Site]*[slots]Elided
}

func newOverlay(g *Graph) *Overlay { return &Overlay{g: g, at: map[Site]*[slots]Elided{}} }

// At lists what is in force at a site, in the order in which it is applied. A bias right in front of a norm that takes it away
// (see [BatchNorm.TakesBias]) is not in force; it is again when the norm is removed.
func (o *Overlay) At(s Site) []Elided { return o.inForce(s, o.g.onlyReader) }

// inForce is At with a way to ask for the only reader of a node, nil if there is none or several.
func (o *Overlay) inForce(s Site, only func(*Node) *Node) []Elided {
	e := o.at[s]
	if e == nil {
		return nil
	}
	var ls []Elided
	for slot, l := range e {
		if l != nil && !(Slot(slot) == SlotBias && o.biasTaken(s, only)) {
			ls = append(ls, l)
		}
	}
	return ls
}

// Get is what was set in one slot of a site, nil if nothing; for a bias also while a norm takes it away.
func (o *Overlay) Get(s Site, slot Slot) Elided {
	if e := o.at[s]; e != nil {
		return e[slot]
	}
	return nil
}

// biasTaken reports whether the norm that follows the bias at s takes it: at the same site, or at the input of the only
// reader.
func (o *Overlay) biasTaken(s Site, only func(*Node) *Node) bool {
	takes := func(l Elided) bool { t, ok := l.(biasTaker); return ok && t.TakesBias() }
	if takes(o.Get(s, SlotNorm)) {
		return true
	}
	if s.where != atOut || o.Get(s, SlotDropout) != nil || o.g.IsOutput(s.node) {
		return false
	}
	r := only(s.node)
	return r != nil && len(r.In) == 1 && takes(o.Get(In(r, 0), SlotNorm))
}

// Set lays l at a site in place of what its slot holds and reports whether that changed anything.
func (o *Overlay) Set(s Site, l Elided) bool {
	if o.Get(s, l.Slot()) == l {
		return false
	}
	if o.at[s] == nil {
		o.at[s] = new([slots]Elided)
	}
	o.at[s][l.Slot()] = l
	return true
}

// Remove empties a slot of a site and reports whether it held anything.
func (o *Overlay) Remove(s Site, slot Slot) bool {
	e := o.at[s]
	if e == nil || e[slot] == nil {
		return false
	}
	e[slot] = nil
	if *e == ([slots]Elided{}) {
		delete(o.at, s)
	}
	return true
}

// SetNorm lays a norm at a site. Where the site is a place of a [Unit], the norm of that unit at another of its places goes:
// a norm is moved or changed, never doubled. It reports whether anything changed.
func (o *Overlay) SetNorm(s Site, norm Elided) bool {
	changed := false
	for _, u := range o.around(s) {
		for _, other := range u.sites() {
			if other != s && o.Remove(other, SlotNorm) {
				changed = true
			}
		}
	}
	return o.Set(s, norm) || changed
}

// All gives every site with something in force, in graph order: a node's inputs, its output.
func (o *Overlay) All() iter.Seq2[Site, []Elided] {
	return func(yield func(Site, []Elided) bool) {
		only := o.g.onlyReaders()
		for _, s := range o.sites() {
			if ls := o.inForce(s, only); len(ls) > 0 && !yield(s, ls) {
				return
			}
		}
	}
}

// Images is the site of the network's input: `place: input`.
func (o *Overlay) Images() Site { return Out(o.g.Nodes[0]) }

// Hidden lists the outputs of the hidden linear layers, behind their activations: where AlexNet and VGG drop. Empty for a
// network that pools its last maps.
func (o *Overlay) Hidden() []Site {
	var ss []Site
	for u := range o.Units() {
		if _, linear := u.unit.Layer.(Linear); linear && !o.g.IsOutput(u.unit) {
			ss = append(ss, u.Site(After))
		}
	}
	return ss
}

// Classifier is the input of the last linear layer or convolution in front of the main output.
func (o *Overlay) Classifier() Site {
	n := o.g.Main().Node
	for len(n.In) > 0 {
		switch n.Layer.(type) {
		case Linear, Conv:
			return In(n, 0)
		}
		n = n.In[0]
	}
	return Out(n)
}

// sites lists the sites that hold anything, in graph order.
func (o *Overlay) sites() []Site {
	place := make(map[*Node]int, len(o.g.Nodes))
	for i, n := range o.g.Nodes {
		place[n] = i
	}
	ss := slices.Collect(maps.Keys(o.at))
	slices.SortFunc(ss, func(a, b Site) int {
		return cmp.Or(cmp.Compare(place[a.node], place[b.node]), cmp.Compare(a.where, b.where), cmp.Compare(a.index, b.index))
	})
	return ss
}

func (o *Overlay) clone(g *Graph, twin map[*Node]*Node) *Overlay {
	c := newOverlay(g)
	for s, e := range o.at {
		s.node = twin[s.node]
		held := *e
		c.at[s] = &held
	}
	return c
}

// forget drops what lies over a node that is gone.
func (o *Overlay) forget(n *Node) {
	delete(o.at, Out(n))
	for i := range n.In {
		delete(o.at, In(n, i))
	}
}

// move takes what lies at one site to another, where it replaces what its slots hold.
func (o *Overlay) move(from, to Site) {
	e := o.at[from]
	delete(o.at, from)
	if e == nil {
		return
	}
	for _, l := range e {
		if l != nil {
			o.Set(to, l)
		}
	}
}

// check reports an elided layer that cannot be where it is.
func (s Site) check(l Elided, x Size) error {
	if err := l.Check(x); err != nil {
		return err
	}
	d, _ := l.(Dropout)
	switch {
	case d.Of == Weights && !(hasUnit(s.node) && s.where == atIn):
		return fmt.Errorf("%v belongs to the input of a conv or linear layer; remove it", l)
	case (l.Slot() == SlotBias || l.Slot() == SlotWeight) && !(hasUnit(s.node) && s.where == atOut):
		return fmt.Errorf("%s belongs to the output of a conv or linear layer; remove it", map[Slot]string{SlotBias: "a bias", SlotWeight: "a norm of weights"}[l.Slot()])
	}
	return nil
}
