// Package nn is what people write: a network as a graph of layers, each a plain struct of hyper-parameters. It counts
// parameters and multiply-adds, checks shapes, rewrites, prints, and reads and writes a text form. Norms, dropout and biases
// are not in the graph: they lie over it in an [Overlay], so that the architecture and what is added to it stay apart.
// It knows no engine and imports tensor and internal/spec. Start at [Graph], then [Builder], which writes one;
// [Graph.Steps] is the walk on which everything that counts or lowers is built.
package nn

import (
	"fmt"
	"slices"
)

// Graph is a network: nodes in an order in which they can be computed, the input first.
//
// Make one by a [Builder], [Read] or [Graph.Clone]. A feature map is a [Size]; a vector is a map of 1x1xC, and a [Linear] reads any map flattened in the order H, W, C.
type Graph struct {
	Name    string
	Classes int      // what [Classes] stands for in a layer's Out
	Nodes   []*Node  // in topological order; change it through the methods of rewrite.go
	Outputs []Output // the main output first

	overlay *Overlay
	sized   int // the class count under which every node's size is as inferred; 0: none
}

// Node is a layer at its place.
type Node struct {
	Name   string // structural path such as "stage1/block2/conv1", unique in the graph
	Layer  Layer
	In     []*Node
	Origin string // path of the node that this one came to replace, followed to the first; empty: itself
	Pre    bool   // of an activation: it belongs to the convolution that reads it (pre-activation), not to the one before it

	mark *mark // of the last change of the network that came by: sets of nodes without a map
	size Size  // of the output, while the graph is sized
}

// mark is what all nodes of a set carry. Each is another address.
type mark struct{ _ byte }

// Path is what a `where` pattern is matched with: the origin, or else the name.
func (n *Node) Path() string {
	if n.Origin != "" {
		return n.Origin
	}
	return n.Name
}

func (n *Node) String() string { return n.Name }

// Output is a node that a loss is computed from.
type Output struct {
	Name      string // "main" for the first
	Node      *Node
	Weight    float64 // of its loss in the sum
	TrainOnly bool    // an auxiliary head: evaluation, export and counts leave it out
}

// Overlay is what lies over the graph. It is never nil.
func (g *Graph) Overlay() *Overlay { return g.overlay }

// Input is the node of the images.
func (g *Graph) Input() *Node { return g.Nodes[0] }

// InputSize is the size of one image.
func (g *Graph) InputSize() Size { return g.Input().Layer.(Input).Size }

// SetInput changes the size of the images: learning approaches train one network at several sizes.
func (g *Graph) SetInput(s Size) { g.Input().Layer, g.sized = Input{Size: s}, 0 }

// Main is the first output, the one that predictions are read from.
func (g *Graph) Main() Output { return g.Outputs[0] }

// Node returns the node of that name, nil if there is none.
func (g *Graph) Node(name string) *Node {
	for _, n := range g.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// Readers lists the nodes that read n, in graph order, each once.
func (g *Graph) Readers(n *Node) []*Node {
	var rs []*Node
	for _, r := range g.Nodes {
		if slices.Contains(r.In, n) {
			rs = append(rs, r)
		}
	}
	return rs
}

// onlyReader is the node that alone reads n, nil if none or several do.
func (g *Graph) onlyReader(n *Node) *Node {
	if rs := g.Readers(n); len(rs) == 1 {
		return rs[0]
	}
	return nil
}

// onlyReaders answers onlyReader for a graph that does not change meanwhile.
func (g *Graph) onlyReaders() func(*Node) *Node {
	only := make(map[*Node]*Node, len(g.Nodes))
	for _, r := range g.Nodes {
		for _, in := range r.In {
			if first, seen := only[in]; !seen {
				only[in] = r
			} else if first != r {
				only[in] = nil
			}
		}
	}
	return func(n *Node) *Node { return only[n] }
}

// IsOutput reports whether an output reads n.
func (g *Graph) IsOutput(n *Node) bool {
	return slices.ContainsFunc(g.Outputs, func(o Output) bool { return o.Node == n })
}

// Clone returns a copy that shares no node with g.
func (g *Graph) Clone() *Graph {
	c := &Graph{Name: g.Name, Classes: g.Classes}
	twin := make(map[*Node]*Node, len(g.Nodes))
	for _, n := range g.Nodes {
		m := &Node{Name: n.Name, Layer: n.Layer, Origin: n.Origin, Pre: n.Pre}
		for _, in := range n.In {
			m.In = append(m.In, twin[in])
		}
		twin[n] = m
		c.Nodes = append(c.Nodes, m)
	}
	for _, o := range g.Outputs {
		o.Node = twin[o.Node]
		c.Outputs = append(c.Outputs, o)
	}
	c.overlay = g.overlay.clone(c, twin)
	return c
}

// Pruned returns a copy without train-only outputs and without the nodes that only they need: what evaluation runs and
// what is counted as the network's parameters.
func (g *Graph) Pruned() *Graph {
	c := g.Clone()
	c.Outputs = slices.DeleteFunc(c.Outputs, func(o Output) bool { return o.TrainOnly })
	c.prune()
	return c
}

// prune drops the nodes that no output needs, and what lies over them. The input stays.
func (g *Graph) prune() {
	live := new(mark)
	g.Nodes[0].mark = live
	for _, o := range g.Outputs {
		o.Node.mark = live
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		if n := g.Nodes[i]; n.mark == live {
			for _, in := range n.In {
				in.mark = live
			}
		}
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n *Node) bool {
		if n.mark != live {
			g.overlay.forget(n)
		}
		return n.mark != live
	})
}

// check reports what no sequence of builder calls or rewrites should produce, and what a text form may.
func (g *Graph) check() error {
	if len(g.Nodes) == 0 {
		return fmt.Errorf("network %s: no layers; begin with an input", g.Name)
	}
	seen := make(map[*Node]bool, len(g.Nodes))
	names := make(map[string]bool, len(g.Nodes))
	for i, n := range g.Nodes {
		if _, ok := n.Layer.(Input); ok != (i == 0) {
			return fmt.Errorf("%s: a network has one input, its first layer; take this one's kind from the list of layers", n.Name)
		}
		if names[n.Name] {
			return fmt.Errorf("%s: two layers of this name; rename one", n.Name)
		}
		for _, in := range n.In {
			if !seen[in] {
				return fmt.Errorf("%s: reads %s, which comes later or is not in the network; put it first", n.Name, in.Name)
			}
		}
		seen[n], names[n.Name] = true, true
	}
	if len(g.Outputs) == 0 {
		return fmt.Errorf("network %s: no output; end with the logits", g.Name)
	}
	for i, o := range g.Outputs {
		if !seen[o.Node] {
			return fmt.Errorf("output %s: its layer is not in the network; name one that is", o.Name)
		}
		if slices.ContainsFunc(g.Outputs[:i], func(p Output) bool { return p.Name == o.Name }) {
			return fmt.Errorf("output %s: two outputs of this name; rename one", o.Name)
		}
		if i == 0 && o.TrainOnly {
			return fmt.Errorf("output %s: the main output cannot be train-only; put another one first", o.Name)
		}
	}
	return nil
}
