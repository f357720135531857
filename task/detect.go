package task

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Detect finds objects: boxes around them, each of a class. The network ends in an [nn.Region], which says how its map is to be read, and the
// loss is that of YOLOv2, [program.Region].
type Detect struct {
	Classes []string // in the order of the logits of a box
	Tree    []int32  // parent of each class, -1 of a root; nil: they are of one softmax
	Weighs  RegionLoss

	// Sure and Overlap decide which boxes a person is told of: the least probability that there is an object of the class, and the most IoU of
	// two boxes of one class. Of classes in a tree Narrow is the least probability at which a box is told to be of a class and not just of its
	// parent. 0: [Sure], [Overlap], [Narrow].
	Sure, Overlap, Narrow float64

	objects int // the most boxes of a row
}

// RegionLoss is what the parts of the loss weigh. The zero value is darknet's: object 5, no object 1, coordinates 1, class 1, threshold .6,
// targets of objectness by IoU, 12,800 images in which every box is drawn to its anchor by .01.
type RegionLoss struct {
	Object, NoObject, Coord, Class float32 // 0: 5, 1, 1, 1
	Threshold                      float32 // IoU with a truth above which a box that answers for none is not held to be empty; 0: .6
	Fixed                          bool    // objectness is drawn to 1 where a box answers for a truth, not to the IoU of the two
	Warm                           int32   // images; 0: 12,800, below 0: none
	Derivative                     bool    // see [program.RegionGrad]

	Whole      float32 // of pictures of one class as a whole, [Mixed]; 0: 1
	Background bool    // boxes that answer for nothing are drawn to no object on these, too
}

// op is the loss of boxes by anchors.
func (l RegionLoss) op(r nn.Region) program.Region {
	or := func(v, byDefault float32) float32 {
		if v == 0 {
			return byDefault
		}
		return v
	}
	warm := l.Warm
	if warm == 0 {
		warm = 12800
	}
	return program.Region{
		Anchors: r.Anchors.List(), Tree: r.Tree.Parents(), Object: or(l.Object, 5), NoObject: or(l.NoObject, 1), Coord: or(l.Coord, 1), Class: or(l.Class, 1), Threshold: or(l.Threshold, 0.6),
		Rescore: !l.Fixed, Warm: max(0, warm), WarmWeight: 0.01, Derivative: l.Derivative,
		Whole: or(l.Whole, 1), Background: l.Background,
	}
}

// Names of what a detector's loss reads beside the images, for N rows of M boxes at most.
const (
	Truths      = "truths"       // input [N,M,4]: centre, width and height in shares of the window
	TruthsClass = "truths-class" // input [N,M]: class of each; below 0: none, and so on to the end of the row
	ImagesSeen  = "images-seen"  // input [N]: how many images training saw before the row
)

// Name is detect.
func (Detect) Name() string { return "detect" }

// Metrics are AP50 and AP.
func (Detect) Metrics() []Metric { return []Metric{AP50, AP} }

// Columns are the pseudo-values of both, and what tells of rare classes.
func (Detect) Columns() []string { return []string{AP50Pseudo, APPseudo, ImagesOfRarest} }

// Derive adds nothing.
func (Detect) Derive(map[string][]float32, []int32) {}

// Scorer makes a scorer.
func (d Detect) Scorer(of data.Labelling, images int) Scorer {
	return newDetections(d.Classes, d.Tree, of, images)
}

// Mixed is the task itself: a row that shows several pictures has the boxes of all.
func (d Detect) Mixed() Task { return d }

// Labelled is the task for rows of as many boxes as a set so labelled has at most.
func (d Detect) Labelled(of data.Labelling) Task {
	d.objects = of.Objects
	return d
}

// Check wants every output to be boxes, and images whose sides the cells fill.
func (Detect) Check(g *nn.Graph) error {
	for _, o := range g.Outputs {
		if _, ok := o.Node.Layer.(nn.Region); !ok {
			return fmt.Errorf("%s: output %s is no boxes; add head: yolo to architecture, or take a network that ends in a region, such as yolov2-tiny", o.Node.Name, o.Name)
		}
	}
	return g.Tiles()
}

// Loss is the mean over rows of [program.Region], weighted over outputs.
func (d Detect) Loss(b *program.Builder, outputs []nn.Output, heads []*program.Value) *program.Value {
	n, m := heads[0].Shape()[0], max(1, d.objects)
	truths, class, seen := b.Input(Truths, program.Real, tensor.Of(n, m, 4)), b.Input(TruthsClass, program.Index, tensor.Of(n, m)), b.Input(ImagesSeen, program.Index, tensor.Of(n))
	var loss *program.Value
	for i, o := range outputs {
		part := b.Emit(program.Mean{}, b.Emit(d.Weighs.op(o.Node.Layer.(nn.Region)), heads[i], truths, class, seen))
		if o.Weight != 1 {
			part = b.Emit(program.Scale{By: float32(o.Weight)}, part)
		}
		if i == 0 {
			loss = part
		} else {
			loss = b.Emit(program.Add{}, loss, part)
		}
	}
	return loss
}

// Predict gives Boxes.
func (Detect) Predict(b *program.Builder, main nn.Output, head *program.Value) {
	b.At(Boxes)
	r := main.Node.Layer.(nn.Region)
	b.Output(Boxes, b.Emit(program.RegionBoxes{Anchors: r.Anchors.List(), Tree: r.Tree.Parents()}, head))
}

// Targets are in training the boxes that a row shows, and how many images were seen. An evaluation is judged by [data.Batch.Frames], and needs
// none. The set's classes are found by their names, so that a set may hold some of the task's, in any order.
func (d Detect) Targets(of data.Labelling, training bool) (data.Targets, error) {
	t := boxTargets{objects: max(1, of.Objects), training: training}
	for _, list := range []struct {
		names []string
		class *[]int32
	}{{of.Classes, &t.class}, {of.Beside, &t.beside}} {
		for _, name := range list.names {
			k := slices.Index(d.Classes, name)
			if k < 0 {
				return nil, fmt.Errorf("has a class %q, which the model does not know (it has %s); give images of the classes that it was trained for", name, some(d.Classes))
			}
			*list.class = append(*list.class, int32(k))
		}
	}
	return t, nil
}

// boxTargets fills what the loss of boxes reads.
type boxTargets struct {
	class    []int32 // by the set's class: the task's
	beside   []int32 // likewise of pictures beside
	objects  int     // boxes of a row
	training bool
}

func (t boxTargets) Room(batch int) []data.Array {
	if !t.training {
		return nil
	}
	return []data.Array{
		{Name: Truths, Real: make([]float32, batch*t.objects*4)}, {Name: TruthsClass, Index: make([]int32, batch*t.objects)}, {Name: ImagesSeen, Index: make([]int32, batch)},
	}
}

// Fill writes the boxes of all pictures of a row, one picture after the other, as far as there is room. A picture that shows its class somewhere has
// a first box of a width below 0 ([program.Region]).
func (t boxTargets) Fill(arrays []data.Array, row int, shown []data.Shown, seen int) {
	if !t.training {
		return
	}
	boxes, classes := arrays[0].Real[row*t.objects*4:][:t.objects*4], arrays[1].Index[row*t.objects:][:t.objects]
	clear(boxes)
	n := 0
	for _, s := range shown {
		if s.Beside {
			boxes[2], boxes[3], classes[0], n = -1, -1, t.beside[s.Label], 1
			break
		}
		for _, o := range s.Objects {
			if n == t.objects {
				break
			}
			b := boxes[4*n:][:4]
			b[0], b[1], b[2], b[3] = float32((o.X0+o.X1)/2), float32((o.Y0+o.Y1)/2), float32(o.W()), float32(o.H())
			classes[n] = t.class[o.Class]
			n++
		}
	}
	for i := n; i < t.objects; i++ {
		classes[i] = -1
	}
	arrays[2].Index[row] = int32(min(seen, math.MaxInt32))
}

// Answer lists the surest n boxes, in shares of the window, of which those that overlap one of their class are left out.
func (d Detect) Answer(output func(name string) []float32, n int) []Guess {
	or := func(v, byDefault float64) float64 {
		if v == 0 {
			return byDefault
		}
		return v
	}
	decoder := Decoder{Classes: len(d.Classes), Tree: d.Tree, Narrow: or(d.Narrow, Narrow), Least: or(d.Sure, Sure), Overlap: or(d.Overlap, Overlap)}
	found := decoder.Decode(output(Boxes), func(b box.Box) box.Box { return b })
	gs := []Guess{}
	for _, f := range found[:min(n, len(found))] {
		gs = append(gs, Guess{int(f.Class), d.Classes[f.Class], f.Score, f.Box})
	}
	return gs
}
