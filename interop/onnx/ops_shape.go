package onnx

import (
	"fmt"

	"github.com/assaylab/assay/internal/program"
)

// reshape writes nothing where the forms of both values differ by axes of one element alone. Else the images stay the first axis, of whatever extent.
func (l *lowering) reshape(n *program.Node) error {
	x, y := n.In[0], n.Out[0]
	s, t := x.Shape(), y.Shape()
	if s.Rank() == 0 || t.Rank() == 0 || s[0] != l.batch || t[0] != l.batch {
		return fmt.Errorf("reshape of %v to %v joins images, which has no form in ONNX here", s, t)
	}
	if vectorial(x) && vectorial(y) || s.Equal(t) {
		if s.Rank() != t.Rank() {
			l.get(x, flat)
		}
		for f := range forms {
			if l.has(x, f) && (f != plain || s.Rank() == t.Rank()) {
				l.set(y, f, l.in[x][f])
			}
		}
		return nil
	}
	from := l.anyOrder(x)
	switch shape := append([]int{0}, t[1:]...); {
	case vectorial(y):
		l.set(y, flat, l.emit("Flatten", []string{from}, whole("axis", 1)))
	case t.Rank() == 4 && t[3] == 1: // one channel may as well be the first
		l.set(y, first, l.shaped(from, 0, 1, t[1], t[2]))
	default:
		l.set(y, plain, l.shaped(from, shape...))
	}
	return nil
}

// anyOrder is a value whose elements are in the program's order: plain, or what differs from it by axes of one element.
func (l *lowering) anyOrder(v *program.Value) string {
	if s := v.Shape(); vectorial(v) || s.Rank() == 4 && s[3] == 1 {
		return l.any(v)
	}
	return l.get(v, plain)
}

// relativeBias adds the table, spread out to all pairs of positions.
func (l *lowering) relativeBias(n *program.Node, op program.RelativeBias) error {
	name, table, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	heads, side, at := n.In[1].Shape()[0], 2*op.Range+1, op.H*op.W
	clip := func(d int) int { return op.Range + min(max(d, -op.Range), op.Range) }
	spread := table.then(func(table []float32) []float32 {
		all := make([]float32, 0, heads*at*at)
		for g := range heads {
			for p := range at {
				for q := range at {
					all = append(all, table[(g*side+clip(q/op.W-p/op.W))*side+clip(q%op.W-p%op.W)])
				}
			}
		}
		return all
	})
	l.set(n.Out[0], plain, l.emit("Add", []string{l.get(n.In[0], plain), l.constant(name, spread, 1, heads, at, at)}))
	return nil
}

// sweep writes a recurrent layer over what its gates read, which is given: so its input weight only puts the gates into ONNX' order, order[i]
// being the program's gate that is the i-th there.
func (l *lowering) sweep(n *program.Node, scan program.Scan, cell string, order []int, attributes ...attribute) error {
	s := n.In[0].Shape()
	units := channels(n.Out[0])
	name, recurrent, err := l.of(n.In[1])
	if err != nil {
		return err
	}
	biasName, bias, err := l.of(n.In[2])
	if err != nil {
		return err
	}
	gates := len(order) * units
	from := func(to int) int { return order[to/units]*units + to%units }
	sorted := make([]float32, gates*gates)
	for to := range gates {
		sorted[to*gates+from(to)] = 1
	}
	weights := recurrent.then(func(u []float32) []float32 {
		r := make([]float32, gates*units)
		for i := range r {
			r[i] = u[i%units*gates+from(i/units)]
		}
		return r
	})
	biases := bias.then(func(b []float32) []float32 {
		both := make([]float32, 2*gates) // of the input, which has it already, and recurrent
		for to := range gates {
			both[gates+to] = b[from(to)]
		}
		return both
	})
	direction := "forward"
	if scan.Reverse {
		direction = "reverse"
	}
	x := l.get(n.In[0], plain)
	if scan.Columns { // [N,H,W,G] as steps H of sequences N·W
		x = l.shaped(l.transposed(x, 1, 0, 2, 3), 0, -1, gates)
	} else {
		x = l.transposed(l.shaped(x, -1, s[2], gates), 1, 0, 2)
	}
	in := []string{x, l.constant(fmt.Sprintf("const/%s of %d", cell, units), known(sorted), 1, gates, gates), l.constant(name, weights, 1, gates, units), l.constant(biasName, biases, 1, 2*gates)}
	h := l.emit(cell, in, append(attributes, whole("hidden_size", units), word("direction", direction))...) // [steps,1,sequences,U]
	if scan.Columns {
		h = l.transposed(l.shaped(h, 0, -1, s[2], units), 1, 0, 2, 3)
	} else {
		h = l.shaped(l.transposed(h, 2, 0, 1, 3), -1, s[1], s[2], units)
	}
	l.set(n.Out[0], plain, h)
	return nil
}

// boxes writes what a detector's map says: [N,A·H·W,5+classes], of each box the centre, width and height in shares of the image, the objectness
// and a probability a class.
func (l *lowering) boxes(n *program.Node, op program.RegionBoxes) error {
	s := n.In[0].Shape()
	h, w, anchors, values := s[1], s[2], len(op.Anchors), s[3]/len(op.Anchors)
	x := l.transposed(l.shaped(l.get(n.In[0], first), 0, anchors, values, h*w), 0, 1, 3, 2) // [N,A,H·W,5+K]
	part := func(from, to int) string {
		return l.emit("Slice", []string{x, l.wholes([]int{from}), l.wholes([]int{to}), l.wholes([]int{-1})})
	}
	var grid, sizes []float32
	for at := range h * w {
		grid = append(grid, float32(at%w), float32(at/w))
	}
	for _, a := range op.Anchors {
		sizes = append(sizes, a[0]/float32(w), a[1]/float32(h))
	}
	centre := l.emit("Add", []string{l.emit("Sigmoid", []string{part(0, 2)}), l.constant("boxes/cells", known(grid), 1, 1, h*w, 2)})
	centre = l.emit("Mul", []string{centre, l.constant("boxes/cell", known([]float32{1 / float32(w), 1 / float32(h)}), 2)})
	size := l.emit("Mul", []string{l.emit("Exp", []string{part(2, 4)}), l.constant("boxes/anchors", known(sizes), 1, anchors, 1, 2)})
	object := l.emit("Sigmoid", []string{part(4, 5)})
	classes, err := l.classes(op.Tree, values-5, part)
	if err != nil {
		return err
	}
	y := l.emit("Concat", []string{centre, size, object, classes}, whole("axis", -1))
	l.set(n.Out[0], plain, l.shaped(y, 0, anchors*h*w, values))
	return nil
}

// maxTree is how many classes a tree may have, as the products along its paths are written by a matrix of them.
const maxTree = 4096

// classes are the probabilities of a box's classes: a softmax of all, or in a tree one of the children of each, times those of the nodes above.
func (l *lowering) classes(tree program.Tree, n int, part func(from, to int) string) (string, error) {
	if len(tree) == 0 {
		return l.emit("Softmax", []string{part(5, 5+n)}, whole("axis", -1)), nil
	}
	if n > maxTree {
		return "", fmt.Errorf("a tree of %d classes; a file holds one of up to %d", n, maxTree)
	}
	var siblings []string
	for from := 0; from < n; {
		to := from + 1
		for to < n && tree[to] == tree[from] {
			to++
		}
		siblings = append(siblings, l.emit("LogSoftmax", []string{part(5+from, 5+to)}, whole("axis", -1)))
		from = to
	}
	above := make([]float32, n*n) // [from,to]: from is on the way to to
	for to := range n {
		for from := to; from >= 0; from = int(tree[from]) {
			above[from*n+to] = 1
		}
	}
	log := l.emit("Concat", siblings, whole("axis", -1))
	return l.emit("Exp", []string{l.emit("MatMul", []string{log, l.constant("boxes/tree", known(above), n, n)})}), nil
}
