package program

// MACs is the number of multiply-adds of a node: of convolutions and matrix products and their gradients, 0 for the rest.
func MACs(n *Node) int64 {
	if m, ok := n.Op.(interface{ macs(*Node) int64 }); ok {
		return m.macs(n)
	}
	return 0
}

// Bytes is what a node reads and writes at least, each operand once, at 4 bytes an element. A reshape costs nothing.
func Bytes(n *Node) int64 {
	if _, ok := n.Op.(Reshape); ok {
		return 0
	}
	var elems int64
	for _, v := range n.In {
		elems += int64(v.Shape().Elems())
	}
	for _, v := range n.Out {
		elems += int64(v.Shape().Elems())
	}
	if w, ok := n.Op.(Writer); ok {
		for _, i := range w.Writes() {
			elems += int64(n.In[i].Shape().Elems())
		}
	}
	return 4 * elems
}
