package task

import (
	"math"
	"slices"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
)

// animals: cat and dog below animal, pug and poodle below dog, and a car.
var animals = Detect{Classes: []string{"animal", "car", "cat", "dog", "pug", "poodle"}, Tree: []int32{-1, -1, 0, 0, 3, 3}}

func TestAPredictionGoesDownWhileItIsSure(t *testing.T) {
	for _, c := range []struct {
		object float32
		probs  []float32 // of nodes
		sure   float64
		want   string
	}{
		{0.9, []float32{0.95, 0.05, 0.1, 0.85, 0.8, 0.05}, 0, "pug"},
		{0.9, []float32{0.95, 0.05, 0.1, 0.85, 0.45, 0.4}, 0, "dog"}, // .405
		{0.9, []float32{0.95, 0.05, 0.1, 0.85, 0.45, 0.4}, 0.4, "pug"},
		{0.9, []float32{0.9, 0.1, 0.45, 0.45, 0.4, 0.05}, 0, "animal"},
		{0.5, []float32{0.7, 0.3, 0.6, 0.1, 0.05, 0.05}, 0, "animal"}, // a root is told below it, too
		{0.3, []float32{0.7, 0.3, 0.6, 0.1, 0.05, 0.05}, 0, ""},       // .21
		{0.9, []float32{0.2, 0.8, 0.1, 0.1, 0.05, 0.05}, 0, "car"},
	} {
		d := animals
		d.Narrow = c.sure
		out := append([]float32{0.5, 0.5, 0.5, 0.5, c.object}, c.probs...)
		got := ""
		for _, g := range d.Answer(func(string) []float32 { return out }, 9) {
			got += g.Name
			if g.Probability != float64(c.object)*float64(c.probs[g.Class]) {
				t.Errorf("%v: %s at %g", c.probs, g.Name, g.Probability)
			}
		}
		if got != c.want {
			t.Errorf("%g %v: got %q, want %q", c.object, c.probs, got, c.want)
		}
	}
}

func TestAveragePrecisionAsksForLeaves(t *testing.T) {
	of := data.Labelling{Classes: []string{"car", "dog", "pug"}}
	object := func(class int32, x float64) box.Object {
		return box.Object{Box: box.Box{X0: x, Y0: 60, X1: x + 40, Y1: 100}, Class: class}
	}
	sure := func(x float64, probs ...float32) []float32 {
		return place(object(0, x).Box, 0.9, probs...)
	}
	d := animals.Scorer(of, 1).(*detections)
	// A pug that is found, and a dog, nobody knows of which kind, that is found as a poodle.
	out := slices.Concat(sure(0, 1, 0, 0, 1, 1, 0), sure(100, 1, 0, 0, 1, 0, 1))
	d.Add(&data.Batch{IDs: []int{0}, Valid: 1, Frames: []data.Frame{frameOf(object(2, 0), object(1, 100))}}, func(string) []float32 { return out })
	for _, f := range d.images[0].Found {
		if k := animals.Classes[f.Class]; k != "pug" && k != "poodle" {
			t.Errorf("found a %s", k)
		}
	}
	s := d.Score()
	if f, _ := s.Figure("ap50"); math.Abs(f.Raw-1) > 1e-9 || s.Detected.Evaluation.Boxes != 1 {
		t.Errorf("AP50 %g of %d boxes, want 1 of the pug alone", f.Raw, s.Detected.Evaluation.Boxes)
	}
	var leaves []string
	for _, o := range d.images[0].Truths {
		if o.Difficult {
			leaves = append(leaves, animals.Classes[o.Class])
		}
	}
	if !slices.Equal(leaves, []string{"pug", "poodle"}) {
		t.Errorf("the dog stands for %v", leaves)
	}
	if plain := d.leaves([]box.Object{object(4, 0)}); len(plain) != 1 || plain[0].Difficult {
		t.Errorf("a leaf becomes %+v", plain)
	}
}

func TestAPictureBesideTeachesItsClassAlone(t *testing.T) {
	of := data.Labelling{Classes: []string{"car"}, Objects: 3, Beside: []string{"pug", "car"}}
	targets, err := animals.Targets(of, true)
	if err != nil {
		t.Fatal(err)
	}
	arrays := targets.Room(1)
	shown := []data.Shown{{Label: 0, Share: 1, Weight: 1, Beside: true}}
	if n := testing.AllocsPerRun(10, func() { targets.Fill(arrays, 0, shown, 7) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if boxes := []float32{0, 0, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(arrays[0].Real, boxes) || !slices.Equal(arrays[1].Index, []int32{4, -1, -1}) {
		t.Errorf("%v %v", arrays[0].Real, arrays[1].Index)
	}
	if _, err := animals.Targets(data.Labelling{Beside: []string{"ox"}}, true); err == nil {
		t.Error("a class beside that the task does not know is taken")
	}
}
