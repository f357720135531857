package nn

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Each gives the nodes whose layer is an L, in graph order. The list is taken first, so that the loop may rewrite the graph;
// nodes that a rewrite has removed meanwhile are passed over.
func Each[L Layer](g *Graph) iter.Seq2[*Node, L] {
	return func(yield func(*Node, L) bool) {
		for _, n := range slices.Clone(g.Nodes) {
			if l, ok := n.Layer.(L); ok && slices.Contains(g.Nodes, n) && !yield(n, l) {
				return
			}
		}
	}
}

// Replace exchanges a node's layer for another in its place: name, readers and what lies over it stay. It reports whether
// anything changed. Whether the new layer fits is found by the next [Graph.Steps].
func (g *Graph) Replace(n *Node, l Layer) bool {
	l = withDefaults(l)
	if n.Layer == l || !slices.Contains(g.Nodes, n) {
		return false
	}
	n.Layer, g.sized = l, 0
	return true
}

// Rebuild replaces n by what build makes of its (first) input x: the new nodes are named "<n>/...", their origin is n's, the
// readers of n read the node that build returns, and what lay over n's output lies over that, in place of what build laid there
// of the same kind (a bias only if it is a convolution or linear layer). What lay over n's input lies over that of the new convolutions and
// poolings that read x. Nodes that nothing needs any more go. After an error the graph is of no use.
func (g *Graph) Rebuild(n *Node, build func(b *Builder, x *Node) *Node) error {
	if len(n.In) == 0 {
		return fmt.Errorf("%s: the input cannot be replaced; rewrite a layer that reads it", n.Name)
	}
	x := n.In[0]
	made, result, err := g.build(n, n.Name, func(b *Builder) *Node { return build(b, x) })
	if err != nil {
		return err
	}
	for _, m := range made {
		for i, in := range m.In {
			if e := g.overlay.at[In(n, 0)]; e != nil && in == x && !isJoin(m.Layer) {
				held := *e
				g.overlay.at[In(m, i)] = &held
			}
		}
	}
	delete(g.overlay.at, In(n, 0))
	if slices.Contains(made, result) {
		g.overlay.move(Out(n), Out(result))
		switch result.Layer.(type) {
		case Conv, Linear:
		default:
			g.overlay.Remove(Out(result), SlotBias)
		}
	}
	g.redirect(n, result, made)
	return g.arrange(made, n, 1)
}

// RebuildUnit is [Graph.Rebuild] of a convolution or linear layer together with the norm and activation behind it, for blocks whose
// branches have their own: build gets the style of these, and dropout that lay over the activation lies over what it returns. Norm
// and activation of a pre-activation unit stand in front and stay there: of its style there is the bias alone.
func (g *Graph) RebuildUnit(n *Node, build func(b *Builder, x *Node, s Style) *Node) error {
	u := g.Unit(n)
	s := u.Style()
	switch {
	case u.pre:
		s = Style{Bias: s.Bias}
	case s.Norm != nil:
		_, at := u.Norm()
		g.overlay.Remove(at, SlotNorm)
	}
	if u.act != nil && !u.pre {
		g.overlay.move(Out(u.act), Out(n))
		if err := g.Remove(u.act); err != nil {
			return err
		}
	}
	return g.Rebuild(n, func(b *Builder, x *Node) *Node { return build(b, x, s) })
}

// InsertAfter puts what build makes of n between n and its readers (and outputs): the new nodes are named "<n>/...".
func (g *Graph) InsertAfter(n *Node, build func(b *Builder, x *Node) *Node) error {
	made, result, err := g.build(n, n.Name, func(b *Builder) *Node { return build(b, n) })
	if err != nil {
		return err
	}
	g.redirect(n, result, made)
	return g.arrange(made, n, 1)
}

// InsertBefore puts what build makes of n's first input between that input and n, for n alone: the new nodes are named
// "<n>/...". What lies over n's input stays there.
func (g *Graph) InsertBefore(n *Node, build func(b *Builder, x *Node) *Node) error {
	if len(n.In) == 0 {
		return fmt.Errorf("%s: nothing comes before the input; insert after it", n.Name)
	}
	made, result, err := g.build(n, n.Name, func(b *Builder) *Node { return build(b, n.In[0]) })
	if err != nil {
		return err
	}
	if result.size != n.In[0].size {
		g.sized = 0
	}
	n.In[0] = result
	return g.arrange(made, n, 0)
}

// Remove takes n out: its readers read its first input, and what lay over n lies over their inputs, where nothing of the kind
// lies yet.
func (g *Graph) Remove(n *Node) error {
	if len(n.In) == 0 {
		return fmt.Errorf("%s: the input cannot be removed; remove a layer that reads it", n.Name)
	}
	for _, r := range g.Readers(n) {
		for i, in := range r.In {
			if in != n {
				continue
			}
			for _, from := range []Site{In(n, 0), Out(n)} {
				for _, l := range g.overlay.At(from) {
					if l.Slot() != SlotBias && g.overlay.Get(In(r, i), l.Slot()) == nil {
						g.overlay.Set(In(r, i), l)
					}
				}
			}
		}
	}
	g.redirect(n, n.In[0], nil)
	g.prune()
	return nil
}

// Style is the style of the unit that a convolution or linear layer belongs to.
func (g *Graph) Style(n *Node) Style { return g.Unit(n).Style() }

// build runs a builder scoped at a node and returns what it made.
func (g *Graph) build(at *Node, scope string, f func(*Builder) *Node) ([]*Node, *Node, error) {
	if err := g.resize(); err != nil {
		return nil, nil, err
	}
	w := &writing{g: g, known: new(mark), counts: map[string]int{}, taken: map[string]bool{}, origin: at.Path()}
	b := &Builder{w: w, scope: scope + "/"}
	for _, n := range g.Nodes {
		n.mark = w.known
		if strings.HasPrefix(n.Name, b.scope) {
			w.taken[n.Name] = true
		}
	}
	if !w.knows(at) {
		return nil, nil, fmt.Errorf("%s: is not in the network any more; look the layer up anew", at.Name)
	}
	before, outputs := slices.Clone(g.Nodes), len(g.Outputs)
	result := f(b)
	g.Nodes = before
	err := w.err
	switch {
	case err != nil:
	case len(g.Outputs) != outputs:
		err = fmt.Errorf("%s: a rewrite cannot add an output; name the layer that takes this one's place", at.Name)
	case !w.knows(result):
		err = fmt.Errorf("%s: the rewrite gave no layer of this network; return the last one made", at.Name)
	}
	if err != nil {
		g.Outputs = g.Outputs[:outputs]
		for _, n := range w.made {
			g.overlay.forget(n)
		}
	}
	return w.made, result, err
}

// redirect lets readers and outputs of n, but for the nodes given, read m.
func (g *Graph) redirect(n, m *Node, but []*Node) {
	if n.size != m.size {
		g.sized = 0
	}
	for _, r := range g.Nodes {
		if slices.Contains(but, r) {
			continue
		}
		for i, in := range r.In {
			if in == n {
				r.In[i] = m
			}
		}
	}
	for i := range g.Outputs {
		if g.Outputs[i].Node == n {
			g.Outputs[i].Node = m
		}
	}
}

// arrange puts new nodes in front of n (offset 0) or behind it (1), drops what nothing needs, and mends the order where a new
// node reads a later one.
func (g *Graph) arrange(made []*Node, n *Node, offset int) error {
	g.Nodes = slices.Insert(g.Nodes, slices.Index(g.Nodes, n)+offset, made...)
	if g.sorted() {
		g.prune()
		return nil
	}
	// Kahn's sort, always the first node that is ready, keeps the order otherwise.
	done, rest := new(mark), slices.Clone(g.Nodes)
	g.Nodes = g.Nodes[:0]
	for len(rest) > 0 {
		i := slices.IndexFunc(rest, func(n *Node) bool {
			return !slices.ContainsFunc(n.In, func(in *Node) bool { return in.mark != done })
		})
		if i < 0 {
			return fmt.Errorf("%s: the rewrite makes a layer read its own output; read an earlier one", n.Name)
		}
		rest[i].mark = done
		g.Nodes, rest = append(g.Nodes, rest[i]), slices.Delete(rest, i, i+1)
	}
	g.prune()
	return nil
}

func (g *Graph) sorted() bool {
	seen := new(mark)
	for _, n := range g.Nodes {
		for _, in := range n.In {
			if in.mark != seen {
				return false
			}
		}
		n.mark = seen
	}
	return true
}

func isJoin(l Layer) bool {
	switch l.(type) {
	case Add, Concat, Shortcut:
		return true
	}
	return false
}
