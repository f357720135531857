package nn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/internal/tree"
)

// Region is the last layer of a detector. It computes nothing and says how its input, a map [H,W,A·(5+classes)], is to be read: at
// each cell A boxes, one an anchor, of each the place, the size and the objectness as x, y, w, h, o, then a logit a class. Redmon,
// Farhadi, "YOLO9000: Better, Faster, Stronger", arXiv:1612.08242, §2, direct location prediction; in the order of darknet's maps.
type Region struct {
	Anchors Anchors `yaml:"anchors"`             // width and height of each, in cells
	Tree    Tree    `yaml:"tree" role:"classes"` // parent of each class; "": the classes are of one softmax
}

// BoxValues is how many values a box has in front of those of its classes: x, y, w, h and objectness.
const BoxValues = 5

// Kind is "region".
func (Region) Kind() string { return "region" }

// String prints "region of 5 anchors", "region of 5 anchors, 11 classes in a tree".
func (l Region) String() string {
	text := "region of " + say.Counted(l.Anchors.Len(), "anchor")
	if l.Tree != "" {
		text += fmt.Sprintf(", %d classes in a tree", len(l.Tree.Parents()))
	}
	return text
}

// Infer keeps the size of a map that has the channels for boxes and classes.
func (l Region) Infer(in []Size, classes int) (Size, error) {
	x, err := single(in)
	if err != nil {
		return x, err
	}
	if err := l.Anchors.check(); err != nil {
		return x, err
	}
	if err := tree.Check(l.Tree.Parents()); err != nil {
		return x, err
	}
	if n := len(l.Tree.Parents()); n > 0 && n != classes {
		return x, fmt.Errorf("a tree of %d classes, and there are %d; give the tree of these (learning: tree), or take it out", n, classes)
	}
	if n := l.Anchors.Len(); x.C != n*(BoxValues+classes) {
		err = fmt.Errorf("%d channels for %s and %d classes; give the layer in front out: %s, which is %d", x.C, say.Counted(n, "anchor"), classes, outText(PerBox(n)), n*(BoxValues+classes))
	}
	return x, err
}

// Region is how the main output is to be read as boxes; false of a network that is no detector.
func (g *Graph) Region() (Region, bool) {
	l, ok := g.Main().Node.Layer.(Region)
	return l, ok
}

// Tree is that of a detector's classes; "" where there is none.
func (g *Graph) Tree() Tree {
	r, _ := g.Region()
	return r.Tree
}

// Plant gives a detector the tree of its classes, "" for none, which is no part of its structure.
func (g *Graph) Plant(t Tree) {
	for _, o := range g.Outputs {
		if l, ok := o.Node.Layer.(Region); ok {
			l.Tree = t
			o.Node.Layer = l
		}
	}
}

// Tree is the parent of each class, -1 of a root: a list of numbers in a file. Parents come before their children, and siblings one after the
// other, as darknet has them. As a text, "-1 -1 0 0 1", since layers are comparable.
type Tree string

// TreeOf writes parents.
func TreeOf(parents []int32) Tree {
	var words []string
	for _, p := range parents {
		words = append(words, strconv.Itoa(int(p)))
	}
	return Tree(strings.Join(words, " "))
}

// Parents are those of each class, nil where there is no tree.
func (t Tree) Parents() (parents []int32) {
	for _, word := range strings.Fields(string(t)) {
		p, err := strconv.Atoi(word)
		if err != nil || p < -1 || p > maxExtent {
			p = maxExtent // which tree.Check refuses
		}
		parents = append(parents, int32(p))
	}
	return parents
}

// String is the numbers, or "none".
func (t Tree) String() string {
	if t == "" {
		return "none"
	}
	return string(t)
}

// MarshalSpec writes [-1, -1, 0, 0, 1].
func (t Tree) MarshalSpec() (*spec.Node, error) { return spec.Encode(t.Parents()) }

// UnmarshalSpec reads what MarshalSpec writes.
func (t *Tree) UnmarshalSpec(n *spec.Node) error {
	var parents []int32
	if err := spec.Decode(n, &parents); err != nil {
		return err
	}
	*t = TreeOf(parents)
	if err := tree.Check(parents); err != nil {
		return n.Errorf("%v", err)
	}
	return nil
}

// PerBox as a layer's Out stands for what so many anchors need: anchors·(5+classes) channels, with the graph's class count. In a file
// it is "5 boxes".
func PerBox(anchors int) int { return Classes - anchors }

// PerClass reports whether an Out depends on the class count: of [Classes] or of [PerBox].
func PerClass(out int) bool { return out < 0 }

// resolve is an Out as a number of channels.
func resolve(out, classes int) int {
	if anchors := Classes - out; anchors > 0 {
		return anchors * (BoxValues + classes)
	}
	if out == Classes {
		return classes
	}
	return out
}

// outText is an Out as a file has it, "" of a plain number.
func outText(out int) string {
	switch {
	case out == Classes:
		return "classes"
	case PerClass(out):
		return fmt.Sprintf("%d boxes", Classes-out)
	}
	return ""
}

// parseOut reads what outText writes.
func parseOut(text string) (out int, ok bool) {
	if text == "classes" {
		return Classes, true
	}
	if digits, boxes := strings.CutSuffix(text, " boxes"); boxes {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && n <= MaxAnchors {
			return PerBox(n), true
		}
	}
	return 0, false
}

// MaxAnchors bounds the anchors of a region.
const MaxAnchors = 1000

// Anchors are widths and heights of boxes that others are measured by, in cells of the map, so that they are the same at every size of
// images: a list of [width, height] in a file. As a text, "1.08x1.19 3.42x4.41", since layers are comparable.
type Anchors string

// AnchorsOf writes anchors; in float32, which is what a loss reads.
func AnchorsOf(list [][2]float64) Anchors {
	var parts []string
	for _, a := range list {
		parts = append(parts, number(a[0])+"x"+number(a[1]))
	}
	return Anchors(strings.Join(parts, " "))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 32) }

// Len is how many there are.
func (a Anchors) Len() int { return len(strings.Fields(string(a))) }

// List is width and height of each.
func (a Anchors) List() [][2]float32 {
	var list [][2]float32
	for _, part := range strings.Fields(string(a)) {
		w, h, _ := strings.Cut(part, "x")
		x, err1 := strconv.ParseFloat(w, 32)
		y, err2 := strconv.ParseFloat(h, 32)
		if err1 != nil || err2 != nil {
			x, y = 0, 0 // which check refuses
		}
		list = append(list, [2]float32{float32(x), float32(y)})
	}
	return list
}

func (a Anchors) check() error {
	if n := a.Len(); n < 1 || n > MaxAnchors {
		return fmt.Errorf("%d anchors; give 1 to %d, each [width, height] in cells, such as [1.08, 1.19]", n, MaxAnchors)
	}
	for i, v := range a.List() {
		for _, side := range v {
			if !(side > 0 && side <= maxExtent) {
				return fmt.Errorf("anchor %d is %gx%g cells; give a width and a height above 0", i+1, v[0], v[1])
			}
		}
	}
	return nil
}

// MarshalSpec writes [[1.08, 1.19], [3.42, 4.41]].
func (a Anchors) MarshalSpec() (*spec.Node, error) { return spec.Encode(a.List()) }

// UnmarshalSpec reads what MarshalSpec writes.
func (a *Anchors) UnmarshalSpec(n *spec.Node) error {
	var list [][]float64
	if err := spec.Decode(n, &list); err != nil {
		return err
	}
	var pairs [][2]float64
	for i, v := range list {
		if len(v) != 2 {
			return n.Errorf("anchors: anchor %d has %d numbers; give each as [width, height] in cells, such as [1.08, 1.19]", i+1, len(v))
		}
		pairs = append(pairs, [2]float64{v[0], v[1]})
	}
	*a = AnchorsOf(pairs)
	if err := a.check(); err != nil {
		return n.Errorf("anchors: %v", err)
	}
	return nil
}
