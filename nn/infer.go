package nn

import (
	"fmt"
	"slices"
)

// Step is a node on the walk over a network, with everything that lowering or counting it needs. The order is: what lies over
// the inputs, the layer, what lies over the output.
type Step struct {
	Node    *Node
	InSizes []Size
	Size    Size        // of the output
	Params  []Param     // of the layer, with full names
	OverIn  [][]Applied // by input
	OverOut []Applied
	MACs    int64 // of one image
}

// Applied is an elided layer in force at a site.
type Applied struct {
	Layer   Elided
	Name    string  // unique path: "conv1/bias", "conv1/norm", "stage1/block1/relu/in/norm", "fc6/dropout"
	Size    Size    // of the map that it changes
	Params  []Param // with full names
	Buffers []Param
}

// Steps walks the network in order, with sizes inferred. An error names the layer and the mend.
func (g *Graph) Steps() ([]Step, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	size := make(map[*Node]Size, len(g.Nodes))
	steps := make([]Step, 0, len(g.Nodes))
	only := g.onlyReaders()
	for _, n := range g.Nodes {
		s := Step{Node: n, OverIn: make([][]Applied, len(n.In))}
		for i, in := range n.In {
			s.InSizes = append(s.InSizes, size[in])
			over, err := g.applied(In(n, i), size[in], only)
			if err != nil {
				return nil, err
			}
			s.OverIn[i] = over
		}
		var err error
		if s.Size, err = infer(n, s.InSizes, g.Classes); err != nil {
			return nil, err
		}
		size[n] = s.Size
		if w, ok := n.Layer.(Weighted); ok {
			s.Params, s.MACs = w.Params(s.InSizes, s.Size), w.MACs(s.InSizes, s.Size)
			for i, p := range s.Params {
				if !shares(n.Layer, p.Name) { // a local name
					s.Params[i].Name = n.Name + "/" + p.Name
				}
				s.Params[i].Layer, s.Params[i].Path = n.Name, n.Path()
			}
		}
		if s.OverOut, err = g.applied(Out(n), s.Size, only); err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// shares reports whether a layer names a parameter as another layer's: such a name is used as it is.
func shares(l Layer, name string) bool {
	s, ok := l.(interface{ shared() string })
	return ok && s.shared() == name
}

// maxElems bounds one feature map of one image: 1 Gi values.
const maxElems = 1 << 30

// infer is a node's output, its errors with the node's name.
func infer(n *Node, in []Size, classes int) (Size, error) {
	x, err := n.Layer.Infer(in, classes)
	if err == nil && (x.H > maxExtent || x.W > maxExtent || x.C > maxElems || x.H*x.W > maxElems || x.Elems() > maxElems) {
		err = fmt.Errorf("a map of %v is too large; make the image or the layer smaller", x)
	}
	if err != nil {
		return Size{}, fmt.Errorf("%s: %w", n.Name, err)
	}
	return x, nil
}

// applied names what lies over a site of the given size.
func (g *Graph) applied(s Site, x Size, only func(*Node) *Node) ([]Applied, error) {
	var as []Applied
	for _, l := range g.overlay.inForce(s, only) {
		if err := s.check(l, x); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name(), err)
		}
		a := Applied{Layer: l, Size: x, Name: s.Name() + "/" + l.Slot().String(), Params: l.Params(x), Buffers: l.Buffers(x)}
		for _, ps := range [][]Param{a.Params, a.Buffers} {
			for i := range ps {
				ps[i].Name, ps[i].Layer, ps[i].Path = s.Name()+"/"+ps[i].Name, s.Name(), s.Path()
			}
		}
		as = append(as, a)
	}
	return as, nil
}

// String is "weight", "bias", "norm" or "dropout".
func (s Slot) String() string { return [...]string{"weight", "bias", "norm", "dropout"}[s] }

// Sizes gives every node's output.
func (g *Graph) Sizes() (map[*Node]Size, error) {
	size := make(map[*Node]Size, len(g.Nodes))
	var in []Size
	for _, n := range g.Nodes {
		in = in[:0]
		for _, x := range n.In {
			in = append(in, size[x])
		}
		x, err := infer(n, in, g.Classes)
		if err != nil {
			return nil, err
		}
		size[n] = x
	}
	return size, nil
}

// Size is one node's output, for rewrites, which ask for one after another: what has been inferred is kept until the graph
// changes, so two goroutines must not ask at once.
func (g *Graph) Size(n *Node) (Size, error) {
	err := g.resize()
	return n.size, err
}

// resize infers the sizes that the nodes keep, if they are not right.
func (g *Graph) resize() error {
	if g.sized == g.Classes {
		return nil
	}
	var in []Size
	for _, n := range g.Nodes {
		in = in[:0]
		for _, x := range n.In {
			in = append(in, x.size)
		}
		var err error
		if n.size, err = infer(n, in, g.Classes); err != nil {
			return err
		}
	}
	g.sized = g.Classes
	return nil
}

// Params lists the parameters in graph order, a shared one once, at its first use. Two shapes under one name are an error.
// Train-only outputs are included; [Graph.Pruned] leaves them out.
func (g *Graph) Params() ([]Param, error) {
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	return distinct(steps, Applied.params, true)
}

// Buffers lists running means and variances in graph order.
func (g *Graph) Buffers() ([]Param, error) {
	steps, err := g.Steps()
	if err != nil {
		return nil, err
	}
	return distinct(steps, Applied.buffers, false)
}

func (a Applied) params() []Param  { return a.Params }
func (a Applied) buffers() []Param { return a.Buffers }

// distinct collects what of gives over all sites, and the layers' parameters if asked, each name once.
func distinct(steps []Step, of func(Applied) []Param, layers bool) ([]Param, error) {
	var all []Param
	first := map[string]Param{}
	add := func(ps []Param) error {
		for _, p := range ps {
			old, seen := first[p.Name]
			if seen && !old.Shape.Equal(p.Shape) {
				return fmt.Errorf("%s: shares %s with %s, but wants it %v and not %v; give one its own weight", p.Layer, p.Name, old.Layer, p.Shape, old.Shape)
			}
			if !seen {
				first[p.Name] = p
				all = append(all, p)
			}
		}
		return nil
	}
	for _, s := range steps {
		groups := [][]Param{}
		for _, as := range append(slices.Clone(s.OverIn), nil) {
			for _, a := range as {
				groups = append(groups, of(a))
			}
		}
		if layers {
			groups = append(groups, s.Params)
		}
		for _, a := range s.OverOut {
			groups = append(groups, of(a))
		}
		for _, ps := range groups {
			if err := add(ps); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
