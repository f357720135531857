package ref_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/internal/gradcheck"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// darknetFile is what testdata/darknet/region.c writes, its arrays in the order images, anchors, values, rows, columns.
type darknetFile struct {
	Batch, W, H, Classes, Truths int
	Anchors                      []float32
	Boxes                        []float64 // x, y, w, h, class, zeros behind the last
	Cases                        []struct {
		Seen, Rescore                             int
		Object, NoObject, Coord, Class            float32
		Threshold                                 float32
		Cost                                      float64
		Input, Output, Delta, Predicted, Backward []float64
	}
}

// detect is a program of an op's loss, its gradient and its boxes.
func detect(t *testing.T, op program.Region, x tensor.Shape, truths int) *program.Program {
	t.Helper()
	b := program.NewBuilder("region")
	in := b.Input("x", program.Real, x)
	boxes, classes := b.Input("boxes", program.Real, of(x[0], truths, 4)), b.Input("classes", program.Index, of(x[0], truths))
	loss := b.Emit(op, in, boxes, classes, b.Input("seen", program.Index, of(x[0])))
	b.Output("loss", loss)
	sum := b.Emit(program.Scale{By: float32(x[0])}, b.Emit(program.Mean{}, loss))
	b.Output("dx", b.Gradients(sum, []*program.Value{in})[0])
	b.Output("predicted", b.Emit(program.RegionBoxes{Anchors: op.Anchors, Tree: op.Tree}, in))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Cost, deltas, boxes and what a GPU makes of the deltas, of darknet built from source: testdata/darknet. Before and after 12,800 images,
// with two truths in one cell and on one anchor, with an image without boxes, and with targets of 1 and of the IoU.
func TestRegionGivesWhatDarknetGives(t *testing.T) {
	text, err := os.ReadFile("testdata/darknet/region.json")
	if err != nil {
		t.Fatal(err)
	}
	var f darknetFile
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	var anchors [][2]float32
	for i := 0; i < len(f.Anchors); i += 2 {
		anchors = append(anchors, [2]float32(f.Anchors[i:]))
	}
	values, spared, drawn := 5+f.Classes, 0, 0
	shape := of(f.Batch, f.H, f.W, len(anchors)*values)
	// ours is the place in a map [N,H,W,A·values] of what is at place i of darknet's [N,A,values,H,W].
	ours := func(i int) int {
		w, h := i%f.W, i/f.W%f.H
		k, a := i/(f.W*f.H)%values, i/(f.W*f.H*values)%len(anchors)
		return ((i/(f.W*f.H*values*len(anchors))*f.H+h)*f.W+w)*shape[3] + a*values + k
	}
	boxes, classes := make([]float64, f.Batch*f.Truths*4), make([]int32, f.Batch*f.Truths)
	for i := range classes {
		copy(boxes[4*i:], f.Boxes[5*i:][:4])
		classes[i] = int32(f.Boxes[5*i+4])
		if f.Boxes[5*i] == 0 {
			classes[i] = -1
		}
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 2e-6*max(1, math.Abs(want))) {
			t.Errorf("%s: %.9g, darknet %.9g", what, got, want)
		}
	}
	for _, c := range f.Cases {
		for _, derivative := range []bool{false, true} {
			op := program.Region{
				Anchors: anchors, Object: c.Object, NoObject: c.NoObject, Coord: c.Coord, Class: c.Class, Threshold: c.Threshold,
				Rescore: c.Rescore == 1, Warm: 12800, WarmWeight: 0.01, Derivative: derivative,
			}
			x, seen := make([]float64, len(c.Input)), make([]int32, f.Batch)
			for i, v := range c.Input {
				x[ours(i)] = v
			}
			for n := range seen {
				seen[n] = int32(c.Seen)
			}
			out, err := ref.Eval(detect(t, op, shape, f.Truths), map[string][]float64{"x": x, "boxes": boxes}, map[string][]int32{"classes": classes, "seen": seen})
			if err != nil {
				t.Fatal(err)
			}
			cost, want := 0.0, c.Delta
			for _, v := range out["loss"] {
				cost += v
			}
			near("cost", cost, c.Cost)
			if derivative {
				want = c.Backward
			}
			for i, v := range want {
				near(fmt.Sprintf("delta %d with seen %d, rescore %d, derivative %v", i, c.Seen, c.Rescore, derivative), -out["dx"][ours(i)], v)
				switch k := i / (f.W * f.H) % values; {
				case k == 4 && v == 0:
					spared++
				case k == 0 && v != 0:
					drawn++
				}
			}
			for box := range f.Batch * len(anchors) * f.H * f.W {
				got := out["predicted"][box*values:][:values]
				for k := range 4 {
					near("a box", got[k], c.Predicted[4*box+k])
				}
				from := box/(f.H*f.W)*values*f.H*f.W + box%(f.H*f.W)
				for k, p := range got[4:] {
					near("objectness and classes", p, c.Output[from+(4+k)*f.H*f.W])
				}
			}
		}
	}
	if all := f.Batch * len(anchors) * f.H * f.W; spared == 0 || drawn <= 3*2*all || drawn == 5*2*all {
		t.Errorf("%d boxes overlap a truth without answering for it, %d of %d are drawn to a place; some of each are wanted", spared, drawn, 5*2*all)
	}
}

// With what a box answers for and its objectness's target held fixed, the deltas are the slopes of a sum of plain losses: half squares of widths
// and heights, cross-entropies of logistics and of the softmax; with the derivative of the logistic, half squares of these too.
func TestRegionsDeltasAreTheSlopesOfWhatTheySay(t *testing.T) {
	const h, w, k = 2, 3, 2
	anchors := [][2]float32{{1, 1}, {2, 0.5}}
	// One truth at cell (1, 2) of the first anchor, one at (0, 0) of the second; the warm phase draws all others.
	boxes := []float64{0.8125, 0.75, 0.375, 0.4375, 0.25, 0.1875, 0.6875, 0.25}
	type answer struct{ truth, anchor, j, i, class int }
	answers := []answer{{0, 0, 1, 2, 1}, {1, 1, 0, 0, 0}}
	for _, derivative := range []bool{false, true} {
		op := program.Region{Anchors: anchors, Object: 5, NoObject: 0.5, Coord: 1.5, Class: 0.75, Threshold: 1, Rescore: true, Warm: 1, WarmWeight: 0.125, Derivative: derivative}
		x := draw("region", h*w*2*(5+k), false)
		p := detect(t, op, of(1, h, w, 2*(5+k)), 2)
		run := func() map[string][]float64 {
			out, err := ref.Eval(p, map[string][]float64{"x": x, "boxes": boxes}, map[string][]int32{"classes": {1, 0}, "seen": {0}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		first := run()
		iou := map[int]float64{} // by truth, held fixed
		for _, a := range answers {
			b := first["predicted"][((a.anchor*h+a.j)*w+a.i)*(5+k):]
			t := boxes[4*a.truth:]
			across := min(b[0]+b[2]/2, t[0]+t[2]/2) - max(b[0]-b[2]/2, t[0]-t[2]/2)
			down := min(b[1]+b[3]/2, t[1]+t[3]/2) - max(b[1]-b[3]/2, t[1]-t[3]/2)
			if across > 0 && down > 0 {
				iou[a.truth] = across * down / (b[2]*b[3] + t[2]*t[3] - across*down)
			}
		}
		sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
		logistic := func(v, target float64) float64 {
			if derivative {
				return (target - sigma(v)) * (target - sigma(v)) / 2
			}
			return -target*math.Log(sigma(v)) - (1-target)*math.Log(1-sigma(v))
		}
		potential := func() (float64, error) {
			sum := 0.0
			for j := range h {
				for i := range w {
					for a, anchor := range anchors {
						v := x[((j*w+i)*2+a)*(5+k):][:5+k]
						place, object, scale, target := [4]float64{0.5, 0.5}, 0.5, 0.125, 0.0
						for _, r := range answers {
							if r.anchor != a || r.j != j || r.i != i {
								continue
							}
							t := boxes[4*r.truth:]
							place = [4]float64{t[0]*w - float64(i), t[1]*h - float64(j), math.Log(t[2] * w / float64(anchor[0])), math.Log(t[3] * h / float64(anchor[1]))}
							object, scale, target = 5, 1.5*(2-t[2]*t[3]), iou[r.truth]
							sum += 0.75 * (math.Log(math.Exp(v[5])+math.Exp(v[6])) - v[5+r.class])
						}
						sum += object*logistic(v[4], target) + scale*(logistic(v[0], place[0])+logistic(v[1], place[1]))
						sum += scale * ((place[2]-v[2])*(place[2]-v[2]) + (place[3]-v[3])*(place[3]-v[3])) / 2
					}
				}
			}
			return sum, nil
		}
		if err := gradcheck.Check(potential, x, first["dx"]); err != nil {
			t.Errorf("derivative %v: %v", derivative, err)
		}
	}
}

// Deltas and probabilities of classes in a tree, of darknet built from source: testdata/darknet/tree.c. Labels at a leaf, at an inner node and at a root,
// and images of one class as a whole, whose chosen box's objectness is drawn up below .3 and left alone above.
func TestATreeGivesWhatDarknetGives(t *testing.T) {
	text, err := os.ReadFile("testdata/darknet/tree.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Batch, W, H, Classes, Truths          int
		Anchors                               []float32
		Parents                               []int32
		Object, NoObject, Coord, Class        float32
		Threshold                             float32
		Cost                                  float64
		Boxes, Input, Delta, Output, Backward []float64
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	var anchors [][2]float32
	for i := 0; i < len(f.Anchors); i += 2 {
		anchors = append(anchors, [2]float32(f.Anchors[i:]))
	}
	values := 5 + f.Classes
	boxes, classes := make([]float64, f.Batch*f.Truths*4), make([]int32, f.Batch*f.Truths)
	for i := range classes {
		copy(boxes[4*i:], f.Boxes[5*i:][:4])
		classes[i] = int32(f.Boxes[5*i+4])
		switch {
		case f.Boxes[5*i] == 0:
			classes[i] = -1
		case f.Boxes[5*i] > 100000: // how darknet tells an image of one class
			copy(boxes[4*i:], []float64{0, 0, -1, -1})
		}
	}
	op := program.Region{
		Anchors: anchors, Object: f.Object, NoObject: f.NoObject, Coord: f.Coord, Class: f.Class, Threshold: f.Threshold, Rescore: true,
		Tree: f.Parents, Whole: 1, Background: true,
	}
	shape := of(f.Batch, f.H, f.W, len(anchors)*values)
	// at is the place in our map of a value of darknet's [N,A,values,H,W].
	at := func(i int) int {
		w, h := i%f.W, i/f.W%f.H
		k, a := i/(f.W*f.H)%values, i/(f.W*f.H*values)%len(anchors)
		return ((i/(f.W*f.H*values*len(anchors))*f.H+h)*f.W+w)*shape[3] + a*values + k
	}
	x := make([]float64, len(f.Input))
	for i, v := range f.Input {
		x[at(i)] = v
	}
	out, err := ref.Eval(detect(t, op, shape, f.Truths), map[string][]float64{"x": x, "boxes": boxes}, map[string][]int32{"classes": classes, "seen": make([]int32, f.Batch)})
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 2e-6*max(1, math.Abs(want))) {
			t.Errorf("%s: %.9g, darknet %.9g", what, got, want)
		}
	}
	cost := 0.0
	for _, v := range out["loss"] {
		cost += v
	}
	near("cost", cost, f.Cost)
	drawnUp, silent := 0, 0
	for i, want := range f.Delta {
		near(fmt.Sprintf("delta %d", i), -out["dx"][at(i)], want)
		k, image := i/(f.W*f.H)%values, i/(f.W*f.H*values*len(anchors))
		if k == 4 && image > 1 && want > 0 {
			drawnUp++
		}
		if k > 4 && want == 0 {
			silent++
		}
	}
	if drawnUp != 2 || silent == 0 {
		t.Errorf("%d images of one class have a box that is drawn up, want 2 of 3; %d classes of nothing", drawnUp, silent)
	}
	for box := range f.Batch * len(anchors) * f.H * f.W {
		from := box/(f.H*f.W)*values*f.H*f.W + box%(f.H*f.W)
		for k, p := range out["predicted"][box*values:][5:values] {
			near("the probability of a node", p, f.Output[from+(5+k)*f.H*f.W])
		}
	}
}

// Classes of a tree and an image of one class: the deltas are the slopes of cross-entropies, one a set of siblings on the way up.
func TestATreesDeltasAreTheSlopesOfWhatTheySay(t *testing.T) {
	const h, w, k, taken = 2, 2, 5, 2 // the box of the largest objectness
	tree := program.Tree{-1, -1, 0, 0, 0}
	for _, background := range []bool{false, true} {
		op := program.Region{Anchors: [][2]float32{{1, 1}}, Object: 2, NoObject: 0.5, Coord: 1, Class: 0.75, Threshold: 1, Tree: tree, Whole: 3, Background: background}
		x := draw("tree", h*w*(5+k), false)
		for box := range h * w {
			x[box*(5+k)+4] = -3
		}
		x[taken*(5+k)+4] = -1.5 // .18
		p := detect(t, op, of(1, h, w, 5+k), 1)
		out, err := ref.Eval(p, map[string][]float64{"x": x, "boxes": {0, 0, -1, -1}}, map[string][]int32{"classes": {3}, "seen": {0}})
		if err != nil {
			t.Fatal(err)
		}
		potential := func() (float64, error) {
			sum := 0.0
			for box := range h * w {
				v := x[box*(5+k):][:5+k]
				sigma := 1 / (1 + math.Exp(-v[4]))
				switch {
				case box == taken:
					sum += 3 * 0.75 * (math.Log(math.Exp(v[5])+math.Exp(v[6])) - v[5])
					sum += 3 * 0.75 * (math.Log(math.Exp(v[7])+math.Exp(v[8])+math.Exp(v[9])) - v[8])
					sum -= 3 * 2 * (0.3*math.Log(sigma) + 0.7*math.Log(1-sigma))
				case background:
					sum -= 3 * 0.5 * math.Log(1-sigma)
				}
			}
			return sum, nil
		}
		if err := gradcheck.Check(potential, x, out["dx"]); err != nil {
			t.Errorf("background %v: %v", background, err)
		}
	}
}

func TestRegionRefusesAClassThatThereIsNot(t *testing.T) {
	p := detect(t, program.Region{Anchors: [][2]float32{{1, 1}}, Whole: 1}, of(1, 1, 1, 7), 1)
	in := map[string][]float64{"x": make([]float64, 7), "boxes": {0.5, 0.5, 0.25, 0.25}}
	if _, err := ref.Eval(p, in, map[string][]int32{"classes": {2}, "seen": {0}}); err == nil || err.Error() != ": region: a box of class 2 where there are 2" {
		t.Errorf("got %v", err)
	}
	whole := map[string][]float64{"x": make([]float64, 7), "boxes": {0, 0, -1, -1}}
	if _, err := ref.Eval(p, whole, map[string][]int32{"classes": {2}, "seen": {0}}); err == nil || err.Error() != ": region: an image of class 2 where there are 2" {
		t.Errorf("got %v", err)
	}
	for _, class := range []int32{-1, 1} {
		if _, err := ref.Eval(p, in, map[string][]int32{"classes": {class}, "seen": {0}}); err != nil {
			t.Error(err)
		}
	}
}
