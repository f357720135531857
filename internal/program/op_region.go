package program

import (
	"fmt"

	"github.com/assaylab/assay/internal/tree"
	"github.com/assaylab/assay/tensor"
)

// Region is the loss of a detector that predicts boxes at the cells of a map, a number of anchors at each: Redmon, Farhadi, "YOLO9000:
// Better, Faster, Stronger", arXiv:1612.08242, §2, as the region layer of the public darknet has it at commit f6afaab (src/region_layer.c).
// x[N,H,W,A·(5+K)], boxes[N,M,4], classes[N,M], seen[N] → loss[N].
//
// At cell (j, i) anchor a of width p and height q, in cells, reads t = x[n,j,i,a·(5+K):] as a box whose centre, width and height in shares
// of the image are ((i+σ(t0))/W, (j+σ(t1))/H, p·exp(t2)/W, q·exp(t3)/H), an objectness σ(t4) and the softmax of t[5:] over the classes.
// Truths are centre, width and height in shares; a class below 0 ends a row's, and one of K or more is an error of the run or, in an
// engine that does not look, a loss that is not a number. Seen is how many images training saw before the row.
//
// The loss is Σ δ² over the deltas δ of all values, which are 0 but for these:
//
//	δ4   = NoObject·(0 - σ(t4)), unless the box overlaps a truth by an IoU above Threshold
//	δ0:4 = WarmWeight·(½ - σ(t0), ½ - σ(t1), -t2, -t3) while Seen < Warm: every box is drawn to its anchor at the cell's centre
//
// At each truth in turn, so that of two on one anchor the later one holds, the box of the cell of its centre whose anchor has the largest
// IoU with it, were both at one place, has instead, with (u, v, w, h) the truth:
//
//	δ0:4 = Coord·(2 - w·h)·(u·W - i - σ(t0), v·H - j - σ(t1), ln(w·W/p) - t2, ln(h·H/q) - t3)
//	δ4   = Object·(target - σ(t4)), where target is 1 or, with Rescore, the IoU of box and truth, which is held constant
//	δ5:  = Class·([k = class] - softmax(t[5:])[k])
//
// What a box answers for is held constant too. There is no bound of thirty truths. A truth without width or height does not count.
//
// With Tree, classes are nodes of trees, each a softmax with its siblings, roots with roots (§3 of the paper, WordTree): the last line holds at
// the siblings of the class, of its parent and so on up to the root, nothing is said of what is below, and P(class) is the product along the way.
//
// Where Whole is above 0 a first truth whose width is below 0 is no box and says of which class the image is as a whole (§4, classification images): one box alone, the
// first in the order of [RegionBoxes] whose σ(t4)·P(class) is the largest, has the deltas of a class, and its objectness is drawn up to .3:
//
//	δ4  = Whole·Object·(.3 - σ(t4)) where σ(t4) is below .3, else 0
//	δ5: = Whole·Class·(...)
//
// All others have none, with Background δ4 = Whole·NoObject·(0 - σ(t4)). Darknet pushes them down and sets the chosen box's objectness aside.
type Region struct {
	Anchors                        [][2]float32 // width and height, in cells
	Object, NoObject, Coord, Class float32      // weights of the deltas, 0 or more
	Threshold                      float32      // IoU, 0 to 1
	Rescore                        bool
	Warm                           int32   // images, 0: none
	WarmWeight                     float32 // 0 or more
	Derivative                     bool    // in the gradient, see [RegionGrad]
	Tree                           Tree
	Whole                          float32 // what images of one class weigh; 0: there are none
	Background                     bool
}

// Tree is the parent of each class, -1 of a root; nil: all are roots, so that there is one softmax. Parents come before their children, and
// siblings one after the other.
type Tree []int32

// check tells what is wrong with the tree of so many classes.
func (t Tree) check(op Op, classes int) error {
	if t != nil && len(t) != classes {
		return fmt.Errorf("%s: a tree of %d classes for %d", op.Kind(), len(t), classes)
	}
	if err := tree.Check(t); err != nil {
		return fmt.Errorf("%s: %w", op.Kind(), err)
	}
	return nil
}

// RegionGrad gives the deltas of [Region] in place of a gradient of Σ δ²: x, boxes, classes, seen, dloss[N] → dx = -dloss[n]·δ. They are
// that of ½·Coord·(2-w·h)·(…)² for widths and heights and of cross-entropies elsewhere: of the softmax of classes, and of the logistics of
// x, y and objectness with their target as a share. With Derivative the deltas of x, y and objectness are multiplied by the derivative of the logistic, σ·(1-σ),
// which makes them the gradients of half their squares: so does darknet's backward pass on a GPU, and its forward pass, which ends in the deltas, does not.
type RegionGrad Region

// RegionBoxes reads the map of a detector as [Region] does: x[N,H,W,A·(5+K)] → [N,A·H·W,5+K], box (a·H + j)·W + i being anchor a's at
// cell (j, i): centre, width and height in shares of the image, objectness, and the probabilities of the classes given an object, with Tree
// those of every node: products along the way from its root. It has no gradient.
type RegionBoxes struct {
	Anchors [][2]float32 // width and height, in cells
	Tree    Tree
}

func (Region) Kind() string      { return "region" }
func (RegionGrad) Kind() string  { return "region-grad" }
func (RegionBoxes) Kind() string { return "region-boxes" }

func (o Region) Infer(in []*Value) ([]Type, error) {
	if err := o.check(o, in, 4); err != nil {
		return nil, err
	}
	return reals(in[0].Shape()[:1])
}

func (o RegionGrad) Infer(in []*Value) ([]Type, error) {
	if err := Region(o).check(o, in, 5); err != nil {
		return nil, err
	}
	if d := in[4]; d.Type.DType != Real || !d.Shape().Equal(in[0].Shape()[:1]) {
		return nil, fmt.Errorf("%s: dloss must be a number a row, got %v for %v", o.Kind(), d.Shape(), in[0].Shape())
	}
	return reals(in[0].Shape())
}

func (o RegionBoxes) Infer(in []*Value) ([]Type, error) {
	if err := fit(o, in, want{"x", 4}); err != nil {
		return nil, err
	}
	x := in[0].Shape()
	if err := anchored(o, o.Anchors, x); err != nil {
		return nil, err
	}
	a := len(o.Anchors)
	if err := o.Tree.check(o, x[3]/a-5); err != nil {
		return nil, err
	}
	return reals(tensor.Of(x[0], a*x[1]*x[2], x[3]/a))
}

// check is of the inputs that loss and gradient share.
func (o Region) check(op Op, in []*Value, n int) error {
	if len(in) != n {
		return fmt.Errorf("%s: takes x, boxes, classes, seen and, for the gradient, dloss; got %d inputs", op.Kind(), len(in))
	}
	if err := fit(op, in[:2], want{"x", 4}, want{"boxes", 3}); err != nil {
		return err
	}
	x, boxes, classes, seen := in[0].Shape(), in[1].Shape(), in[2], in[3]
	if boxes[0] != x[0] || boxes[2] != 4 {
		return fmt.Errorf("%s: boxes must be [%d,M,4], got %v", op.Kind(), x[0], boxes)
	}
	if classes.Type.DType != Index || !classes.Shape().Equal(boxes[:2]) {
		return fmt.Errorf("%s: classes must be class indices %v, got %v", op.Kind(), boxes[:2], classes.Shape())
	}
	if seen.Type.DType != Index || !seen.Shape().Equal(x[:1]) {
		return fmt.Errorf("%s: seen must be a whole number a row, got %v for %v", op.Kind(), seen.Shape(), x)
	}
	for _, w := range []float32{o.Object, o.NoObject, o.Coord, o.Class, o.WarmWeight, o.Whole} {
		if !(w >= 0) {
			return fmt.Errorf("%s: weight %v; write 0 or more", op.Kind(), w)
		}
	}
	if !(o.Threshold >= 0 && o.Threshold <= 1) {
		return fmt.Errorf("%s: threshold %v; write an IoU from 0 to 1", op.Kind(), o.Threshold)
	}
	if err := anchored(op, o.Anchors, x); err != nil {
		return err
	}
	return o.Tree.check(op, x[3]/len(o.Anchors)-5)
}

// anchored checks anchors, and that the channels of a map are those of boxes at each.
func anchored(op Op, anchors [][2]float32, x tensor.Shape) error {
	a := len(anchors)
	if a == 0 || x[3]%a != 0 || x[3]/a <= 5 {
		return fmt.Errorf("%s: %d channels are not %d anchors times 5 and a number of classes", op.Kind(), x[3], a)
	}
	for _, p := range anchors {
		if !(p[0] > 0 && p[1] > 0) {
			return fmt.Errorf("%s: an anchor of %vx%v cells; write sides above 0", op.Kind(), p[0], p[1])
		}
	}
	return nil
}

func (o Region) gradient(b *Builder, n *Node, dloss []*Value) []*Value {
	return []*Value{b.Emit(RegionGrad(o), n.In[0], n.In[1], n.In[2], n.In[3], dloss[0]), nil, nil, nil}
}

func (o Region) detail() string      { return fmt.Sprintf("of %d anchors", len(o.Anchors)) }
func (o RegionGrad) detail() string  { return Region(o).detail() }
func (o RegionBoxes) detail() string { return fmt.Sprintf("of %d anchors", len(o.Anchors)) }
