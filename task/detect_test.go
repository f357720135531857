package task

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// detector is a network of one convolution.
func detector(t *testing.T, size nn.Size, stride int) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small", nn.Size{}, 2)
	x := b.Conv(b.Image(size.H, size.W, size.C), nn.PerBox(2), 3, stride)
	b.Logits(b.Layer(nn.Region{Anchors: "1x1 2x3"}, x))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestDetectionWantsBoxesAndClassificationNone(t *testing.T) {
	g := detector(t, nn.Size{H: 8, W: 12, C: 3}, 4)
	if err := (Detect{}).Check(g); err != nil {
		t.Error(err)
	}
	if err := (Classify{}).Check(g); err == nil || err.Error() != "region: output main gives boxes; write task: detect" {
		t.Errorf("got %v", err)
	}
	if _, ok := For(g, nil).(Detect); !ok {
		t.Error("a network with boxes is for another task")
	}
	const tiles = "images of 8x10: a detector whose cells are 4 pixels wide needs sides that are multiples of that; give 8 or 12 (augment: {crop: {size: 12}})"
	if err := (Detect{}).Check(detector(t, nn.Size{H: 8, W: 10, C: 3}, 4)); err == nil || err.Error() != tiles {
		t.Errorf("got %v", err)
	}
	b := nn.NewBuilder("plain", nn.Size{}, 2)
	b.Logits(b.Linear(b.Image(4, 4, 1), nn.Classes))
	plain, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := (Detect{}).Check(plain); err == nil || !strings.Contains(err.Error(), "linear1: output main is no boxes; add head: yolo to architecture") {
		t.Errorf("got %v", err)
	}
	if _, ok := For(plain, nil).(Classify); !ok {
		t.Error("a network without boxes is for another task")
	}
}

// Rows of one picture, of two, of none, and of more boxes than there is room for.
func TestBoxesAreFilledAsTheyAreShown(t *testing.T) {
	d := Detect{Classes: []string{"cat", "dog", "cow"}}
	of := data.Labelling{Classes: []string{"dog", "cat"}, Objects: 3}
	targets, err := d.Targets(of, true)
	if err != nil {
		t.Fatal(err)
	}
	arrays := targets.Room(2)
	object := func(class int32, x0, y0, x1, y1 float64) box.Object {
		return box.Object{Box: box.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, Class: class}
	}
	one := []data.Shown{{Share: 1, Objects: []box.Object{object(0, 0.25, 0.5, 0.75, 1)}}}
	two := []data.Shown{{Share: 0.5, Objects: []box.Object{object(1, 0, 0, 0.5, 0.25), object(0, 0, 0, 1, 1)}}, {Share: 0.5, Objects: []box.Object{object(1, 0.5, 0.5, 1, 1), object(0, 0, 0, 1, 1)}}}
	allocs := testing.AllocsPerRun(10, func() {
		targets.Fill(arrays, 0, one, 7)
		targets.Fill(arrays, 1, two, 8)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	boxes, classes := []float32{0.5, 0.75, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0.25, 0.125, 0.5, 0.25, 0.5, 0.5, 1, 1, 0.75, 0.75, 0.5, 0.5}, []int32{1, -1, -1, 0, 1, 0}
	if !slices.Equal(arrays[0].Real, boxes) || !slices.Equal(arrays[1].Index, classes) || !slices.Equal(arrays[2].Index, []int32{7, 8}) {
		t.Errorf("got %v, %v, %v", arrays[0].Real, arrays[1].Index, arrays[2].Index)
	}
	targets.Fill(arrays, 1, nil, 9)
	if !slices.Equal(arrays[1].Index[3:], []int32{-1, -1, -1}) || slices.ContainsFunc(arrays[0].Real[12:], func(v float32) bool { return v != 0 }) {
		t.Errorf("of nothing: %v, %v", arrays[0].Real[12:], arrays[1].Index[3:])
	}
	if truth, err := d.Targets(of, false); err != nil || truth.Room(2) != nil {
		t.Errorf("an evaluation reads frames, and has %v (%v)", truth.Room(2), err)
	}
	if _, err := d.Targets(data.Labelling{Classes: []string{"ox"}}, true); err == nil || err.Error() != `has a class "ox", which the model does not know (it has cat, dog, cow); give images of the classes that it was trained for` {
		t.Errorf("got %v", err)
	}
}

func TestTheLossOfBoxesIsDarknetsUnlessItIsSaid(t *testing.T) {
	g := detector(t, nn.Size{H: 8, W: 8, C: 3}, 4)
	of := func(w RegionLoss) program.Region {
		b := program.NewBuilder("loss")
		task := Labelled(Detect{Weighs: w}, data.Labelling{Objects: 6})
		b.Output("loss", task.Loss(b, g.Outputs, []*program.Value{b.Input("x", program.Real, tensor.Of(3, 2, 2, 14))}))
		p, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range p.Inputs(program.Input) {
			if want, ok := map[string]tensor.Shape{Truths: tensor.Of(3, 6, 4), TruthsClass: tensor.Of(3, 6), ImagesSeen: tensor.Of(3)}[v.Name]; ok && !v.Shape().Equal(want) {
				t.Errorf("%s is %v, want %v", v.Name, v.Shape(), want)
			}
		}
		return p.Nodes[0].Op.(program.Region)
	}
	r := of(RegionLoss{})
	if r.Object != 5 || r.NoObject != 1 || r.Coord != 1 || r.Class != 1 || r.Threshold != 0.6 || !r.Rescore || r.Warm != 12800 || r.WarmWeight != 0.01 || r.Derivative || len(r.Anchors) != 2 || r.Anchors[1] != [2]float32{2, 3} {
		t.Errorf("%+v", r)
	}
	r = of(RegionLoss{Object: 2, NoObject: 0.5, Coord: 3, Class: 4, Threshold: 0.5, Fixed: true, Warm: -1, Derivative: true})
	if r.Object != 2 || r.NoObject != 0.5 || r.Coord != 3 || r.Class != 4 || r.Threshold != 0.5 || r.Rescore || r.Warm != 0 || !r.Derivative {
		t.Errorf("%+v", r)
	}
}

func TestAnAnswerIsTheSurestBoxes(t *testing.T) {
	d := Detect{Classes: []string{"cat", "dog"}}
	places := []float32{
		0.5, 0.5, 0.5, 0.5, 0.9, 0.75, 0.25,
		0.5, 0.5, 0.5, 0.48, 0.8, 0.9, 0.1, // the same cat, as sure
		0.25, 0.25, 0.5, 0.5, 0.5, 0.125, 0.875,
		0.1, 0.1, 0.1, 0.1, 0.2, 1, 0, // too unsure
	}
	output := func(string) []float32 { return places }
	got := d.Answer(output, 5)
	if len(got) != 2 || got[0].Name != "cat" || got[1].Name != "dog" || got[1].Box != (box.Box{X0: 0, Y0: 0, X1: 0.5, Y1: 0.5}) {
		t.Errorf("%+v", got)
	}
	if one := d.Answer(output, 1); len(one) != 1 || one[0] != got[0] {
		t.Errorf("%+v", one)
	}
	d.Sure, d.Overlap = 0.1, 1
	if all := d.Answer(output, 9); len(all) != 5 { // the first is a dog, too
		t.Errorf("%+v", all)
	}
}
