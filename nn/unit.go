package nn

import (
	"iter"
	"slices"
)

// Place is where in its unit a norm stands, relative to the activation.
type Place string

// Places of a norm.
const (
	Before Place = "before" // the activation
	After  Place = "after"  // the activation
	Images Place = "input"  // of the whole network
)

// Unit is a convolution or linear layer with the activation that belongs to it, and what lies over both: conv, norm, relu, or
// in a pre-activation network norm, relu, conv.
//
// An activation belongs to the layer that reads it if it is marked so ([Node.Pre]; building marks those with a norm at their
// own input) or if a bypass goes round it; else to the layer that it alone reads. A layer may have none. A pooling between the layer and its norm
// and activation belongs to the unit, as in airbench94: conv, pool, norm, gelu.
type Unit struct {
	unit, act *Node // act nil if there is none
	pool      *Node // between unit and act, with a norm behind it; nil if there is none
	pre       bool
	o         *Overlay
}

// Units gives the convolutions and linear layers of the network with what belongs to them, in graph order, but for those within
// gates ([Graph.Gating]) and attention: they have neither norm nor dropout.
func (o *Overlay) Units() iter.Seq[Unit] {
	readers := map[*Node][]*Node{}
	for _, n := range o.g.Nodes {
		for _, in := range n.In {
			if !slices.Contains(readers[in], n) {
				readers[in] = append(readers[in], n)
			}
		}
	}
	var us []Unit
	gating := o.g.Gating()
	for _, n := range o.g.Nodes {
		if hasUnit(n) && !gating[n] && !projects(n, readers[n]) {
			us = append(us, o.unit(n, func(n *Node) []*Node { return readers[n] }))
		}
	}
	return slices.Values(us)
}

// projects reports whether a layer is a convolution that attention alone reads, or the one behind it that begins at 0: a norm
// would make large what is to begin as nothing.
func projects(n *Node, readers []*Node) bool {
	if l, ok := n.Layer.(Conv); ok && l.Zero {
		return true
	}
	return len(readers) > 0 && !slices.ContainsFunc(readers, func(r *Node) bool { _, ok := r.Layer.(Attention); return !ok })
}

// ConvUnits gives the units of convolutions alone.
func (o *Overlay) ConvUnits() iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		for u := range o.Units() {
			if _, ok := u.unit.Layer.(Conv); ok && !yield(u) {
				return
			}
		}
	}
}

// around lists the units that a site is a place of.
func (o *Overlay) around(s Site) []Unit {
	var us []Unit
	near := slices.Concat([]*Node{s.node}, s.node.In, o.g.Readers(s.node))
	for _, n := range s.node.In { // of an activation, behind a pooling
		if isPool(n) {
			near = append(near, n.In...)
		}
	}
	for _, n := range near {
		if hasUnit(n) {
			if u := o.unit(n, o.g.Readers); slices.Contains(u.sites(), s) {
				us = append(us, u)
			}
		}
	}
	return us
}

func (o *Overlay) unit(n *Node, readers func(*Node) []*Node) Unit {
	u := Unit{unit: n, o: o}
	pre := func(a *Node) bool { return a.Pre || len(readers(a.In[0])) > 1 }
	if a := n.In[0]; isActivation(a) && pre(a) {
		u.act, u.pre = a, true
		return u
	}
	rs := readers(n)
	if len(rs) == 1 && isPool(rs[0]) && !o.g.IsOutput(n) && !o.g.IsOutput(rs[0]) {
		if acts := readers(rs[0]); len(acts) == 1 && isActivation(acts[0]) && o.normed(Out(rs[0]), In(acts[0], 0), Out(acts[0])) {
			u.pool, rs = rs[0], acts
		}
	}
	if len(rs) == 1 && isActivation(rs[0]) && !pre(rs[0]) && !o.g.IsOutput(n) {
		u.act = rs[0]
	}
	return u
}

// normed reports whether one of the sites has a norm.
func (o *Overlay) normed(sites ...Site) bool {
	return slices.ContainsFunc(sites, func(s Site) bool { return o.Get(s, SlotNorm) != nil })
}

func hasUnit(n *Node) bool {
	switch n.Layer.(type) {
	case Conv, Linear:
		return true
	}
	return false
}

func isPool(n *Node) bool { _, ok := n.Layer.(Pool); return ok }

func isActivation(n *Node) bool { _, ok := n.Layer.(Activation); return ok }

// Name is the name of the convolution or linear layer.
func (u Unit) Name() string { return u.unit.Name }

// Path is what a `where` pattern is matched with.
func (u Unit) Path() string { return u.unit.Path() }

// Logits reports whether the unit computes an output, the maps of the classes that are pooled to one, or those of boxes.
func (u Unit) Logits() bool {
	switch l := u.unit.Layer.(type) {
	case Conv:
		return PerClass(l.Out) || u.o.g.IsOutput(u.unit)
	case Linear:
		return PerClass(l.Out) || u.o.g.IsOutput(u.unit)
	}
	return false
}

// Linear reports whether the unit's layer is a linear one.
func (u Unit) Linear() bool { _, ok := u.unit.Layer.(Linear); return ok }

// Weighs is the input of the unit's layer, where what becomes of its weights in training lies.
func (u Unit) Weighs() Site { return In(u.unit, 0) }

// Weight is the output of the unit's layer, where norms of its weights lie.
func (u Unit) Weight() Site { return Out(u.unit) }

// Site is the place of a norm in the unit. Before and After coincide where the unit has no activation.
func (u Unit) Site(p Place) Site {
	switch {
	case p == Images:
		return u.o.Images()
	case u.act == nil:
		return Out(u.unit)
	case u.pre && p == Before:
		return In(u.act, 0)
	case u.pre:
		return In(u.unit, 0)
	case p == After:
		return Out(u.act)
	case u.pool != nil:
		return Out(u.pool)
	}
	return Out(u.unit)
}

// sites lists the places that a norm of this unit can have.
func (u Unit) sites() []Site {
	switch {
	case u.act == nil:
		return []Site{Out(u.unit)}
	case u.pre:
		return []Site{In(u.act, 0), Out(u.act), In(u.unit, 0)}
	}
	sites := []Site{Out(u.unit), In(u.act, 0), Out(u.act)}
	if u.pool != nil {
		sites = append(sites, Out(u.pool))
	}
	return sites
}

// Norm is the unit's norm, nil if it has none, and where it stands.
func (u Unit) Norm() (Elided, Site) {
	for _, s := range u.sites() {
		if l := u.o.Get(s, SlotNorm); l != nil {
			return l, s
		}
	}
	return nil, Site{}
}

// Bias reports whether the unit's layer has a bias whenever no norm takes it away.
func (u Unit) Bias() bool { return u.o.Get(Out(u.unit), SlotBias) != nil }

// Style is what a unit has besides its convolution: what a rewrite gives to the convolutions that it makes.
type Style struct {
	Bias  bool       // have a bias where no norm takes it away
	Norm  Elided     // nil for none
	Place Place      // of the norm; "" means Before
	Act   Activation // Func "" for none
	Pre   bool       // norm and activation belong to the convolution that reads them
}

// Style of the unit.
func (u Unit) Style() Style {
	s := Style{Bias: u.Bias(), Place: Before}
	norm, at := u.Norm()
	s.Norm = norm
	if u.act != nil {
		s.Act, s.Pre = u.act.Layer.(Activation), u.pre
		if norm != nil && at == u.Site(After) {
			s.Place = After
		}
	}
	return s
}

// Unit returns the unit of a convolution or linear layer of the graph.
func (g *Graph) Unit(n *Node) Unit {
	if !hasUnit(n) {
		return Unit{unit: n, o: g.overlay}
	}
	return g.overlay.unit(n, g.Readers)
}

// Activation is the node of the unit's activation, nil if it has none, and whether it stands in front of the unit's layer.
func (g *Graph) Activation(u Unit) (act *Node, pre bool) { return u.act, u.pre }

// Layer is the node of the unit's convolution or linear layer.
func (g *Graph) Layer(u Unit) *Node { return u.unit }
