package program

// When a value is needed, and which value may take the place of another: what a plan of memory is made from. Places and
// bytes are the engine's.

// Life is the span of nodes, by position in Program.Nodes, during which a value's content is needed.
type Life struct {
	First int // the node that makes it; -1 where it is there before the run
	Last  int // the last node that reads it, First if none does; len(Nodes) where the caller or the next run reads it
}

// Lives gives the life of every value, by Value.ID. An [Alias] and what it is made from are one content: [Program.Roots] says
// which, and all of them have the life of the whole.
func (p *Program) Lives() []Life {
	lives := make([]Life, len(p.Values))
	roots := p.Roots()
	for _, v := range p.Values {
		switch {
		case v.Source == Held:
			lives[v.ID] = Life{-1, len(p.Nodes)}
		case v.Source != Computed:
			lives[v.ID] = Life{-1, -1}
		case roots[v.ID] == v:
			lives[v.ID] = Life{v.By.ID, v.By.ID}
		}
	}
	for _, n := range p.Nodes {
		for _, v := range n.In {
			l := &lives[roots[v.ID].ID]
			l.Last = max(l.Last, n.ID)
		}
	}
	for _, o := range p.Outputs {
		lives[roots[o.Value.ID].ID].Last = len(p.Nodes)
	}
	for i, root := range roots {
		lives[i] = lives[root.ID]
	}
	return lives
}

// Roots gives for every value, by Value.ID, the one whose content it is under another shape; most are their own.
func (p *Program) Roots() []*Value {
	roots := make([]*Value, len(p.Values))
	for i, v := range p.Values {
		roots[i] = v
		if v.Source == Computed && Alias(v.By) {
			roots[i] = roots[v.By.In[0].ID] // made before, so settled before
		}
	}
	return roots
}

// Alias reports whether a node's output is its first input under another shape, so that nothing need be copied.
func Alias(n *Node) bool {
	_, ok := n.Op.(Reshape)
	return ok
}

// overwriter is an op whose first output may be written over some of its inputs, best first: element i of the output depends
// on element i of that input and, beyond it, only on sums that are complete before the first write.
type overwriter interface{ overwrites() []int }

// InPlace lists the inputs of a node, by index and best first, over which its first output may be written: the op allows it, the
// content is made in this program, has the output's size, and this node is the last to need it. lives and roots are those of the program.
func InPlace(n *Node, lives []Life, roots []*Value) []int {
	o, ok := n.Op.(overwriter)
	if !ok {
		return nil
	}
	var free []int
	for _, i := range o.overwrites() {
		v := roots[n.In[i].ID]
		if v.Source != Computed || lives[v.ID].Last != n.ID || v.Shape().Elems() != n.Out[0].Shape().Elems() {
			continue
		}
		shared := 0 // an input read twice by this node is not free
		for _, in := range n.In {
			if roots[in.ID] == v {
				shared++
			}
		}
		if shared == 1 {
			free = append(free, i)
		}
	}
	return free
}
