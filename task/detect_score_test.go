package task

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
)

// place is one of a detector's answers, by the box's corners in pixels of a picture of 200 by 100 that lies in the upper half of its window.
func place(b box.Box, object float32, probs ...float32) []float32 {
	at := []float64{(b.X0 + b.X1) / 2 / 200, (b.Y0 + b.Y1) / 2 / 200, b.W() / 200, b.H() / 200}
	p := []float32{float32(at[0]), float32(at[1]), float32(at[2]), float32(at[3]), object}
	return append(p, probs...)
}

func frameOf(objects ...box.Object) data.Frame {
	return data.Frame{H: 100, W: 200, Objects: objects, SX: 200, SY: 200}
}

func TestAScoreOfDetectionIsOfThePicturesOwnPixels(t *testing.T) {
	cat := box.Object{Box: box.Box{X0: 20, Y0: 60, X1: 60, Y1: 100}, Class: 1} // of the set, whose classes stand the other way round
	dog := box.Object{Box: box.Box{X0: 100, Y0: 0, X1: 200, Y1: 100}, Class: 0}
	nowhere := box.Box{X0: 0, Y0: 150, X1: 50, Y1: 190} // below the picture
	batch := &data.Batch{IDs: []int{7, 3, -1}, Valid: 2, Frames: []data.Frame{frameOf(cat), frameOf(dog, cat), {}}}
	var out []float32
	for _, row := range [][][]float32{
		{place(box.Box{X0: 20, Y0: 60, X1: 60, Y1: 140}, 0.9, 0.8, 0.0001), place(box.Box{X0: 21, Y0: 60, X1: 61, Y1: 100}, 0.8, 0.8, 0), place(nowhere, 1, 1, 0)}, // the first, cut off at the edge, is the cat; the second is it again
		{place(dog.Box, 0.5, 0.02, 0.6), place(box.Box{X0: 0, Y0: 0, X1: 20, Y1: 20}, 0.5, 0, 0.2), place(nowhere, float32(math.NaN()), 1, 1)},
		{place(dog.Box, 1, 1, 1), place(dog.Box, 1, 1, 1), place(dog.Box, 1, 1, 1)}, // not valid
	} {
		for _, p := range row {
			out = append(out, p...)
		}
	}
	d := newDetections([]string{"cat", "dog"}, nil, data.Labelling{Classes: []string{"dog", "cat"}}, 2)
	d.Add(batch, func(name string) []float32 {
		if name != Boxes {
			t.Fatalf("asked for %q", name)
		}
		return out
	})
	s := d.Score()
	found := s.Detected.Images
	if len(found) != 2 || len(found[0].Found) != 1 || len(found[1].Found) != 3 {
		t.Fatalf("found %+v", found)
	}
	if b := found[0].Found[0]; b.Class != 0 || math.Abs(b.Score-0.72) > 1e-6 || b.IoU(cat.Box) < 1-1e-5 {
		t.Errorf("the cat is %+v", b)
	}
	// A cat at .72 is right, one at .01 is none, and there are two: precision 1 to a recall of one half. The dog is found.
	half := 51.0 / 101
	if math.Abs(s.Raw("ap50")-(half+1)/2) > 1e-12 || math.Abs(s.Raw("ap50_voc")-0.75) > 1e-12 || math.Abs(s.Raw("ap50_voc07")-(6.0/11+1)/2) > 1e-12 {
		t.Errorf("figures %v", s.Values())
	}
	if c := s.Classes[0]; c.Name != "cat" || c.Boxes != 2 || c.Images != 2 || math.Abs(c.Figure.Raw-half) > 1e-12 || c.Beside[0].Name != "ap" {
		t.Errorf("class %+v", c)
	}
	if c := s.Columns[2]; c.Name != ImagesOfRarest || len(c.Wholes) != 2 || c.Wholes[0] != 2 || c.Wholes[1] != 1 { // the dog is in one
		t.Errorf("column %+v", c)
	}
	if s.IDs[0] != 7 || s.IDs[1] != 3 || s.Collapse != nil {
		t.Errorf("images %v, collapse %v", s.IDs, s.Collapse)
	}
	if s.Figures[0].Name != (AP50).Name || s.Detected.Evaluation.Small.Boxes != 0 || s.Detected.Evaluation.Medium.Boxes != 2 {
		t.Errorf("first figure %s, sizes %+v", s.Figures[0].Name, s.Detected.Evaluation)
	}
}

func TestColumnsOfDetectionHaveTheFigureAsTheirMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	d := newDetections([]string{"a", "b", "c"}, nil, data.Labelling{Classes: []string{"a", "b", "c"}}, 60)
	for i := range 60 {
		var objects []box.Object
		var out []float32
		for range rng.IntN(4) {
			o := box.Object{Box: box.Around(200*rng.Float64(), 100*rng.Float64(), 40, 40).Intersect(box.Box{X1: 200, Y1: 100}), Class: int32(rng.IntN(3))}
			objects = append(objects, o)
			probs := []float32{0.1, 0.1, 0.1}
			probs[o.Class] = rng.Float32()
			out = append(out, place(box.Around(o.X0+o.W()/2+20*rng.Float64(), o.Y0+o.H()/2, o.W(), o.H()), rng.Float32(), probs...)...)
		}
		d.Add(&data.Batch{IDs: []int{i}, Valid: 1, Frames: []data.Frame{frameOf(objects...)}}, func(string) []float32 { return out })
	}
	s := d.Score()
	for i, m := range []Metric{AP50, AP} {
		c := s.Columns[i]
		mean := 0.0
		for _, v := range c.Reals {
			mean += float64(v) / float64(len(c.Reals))
		}
		if f, _ := s.Figure(m.Name); c.Name != m.Column || f.Raw == 0 || math.Abs(m.Scale*mean-f.Value()) > 1e-5 {
			t.Errorf("%s: mean of %s is %.7f, figure %.7f", m.Name, c.Name, m.Scale*mean, f.Value())
		}
	}
}

func TestADetectorThatFindsNothingHasCollapsed(t *testing.T) {
	cat := box.Object{Box: box.Box{X0: 20, Y0: 60, X1: 60, Y1: 100}}
	for _, c := range []struct {
		objects   []box.Object
		out       []float32
		collapsed bool
	}{
		{[]box.Object{cat}, place(cat.Box, 0.001, 0.9), true}, // below the floor
		{[]box.Object{cat}, place(box.Box{X0: 0, Y0: 0, X1: 40, Y1: 40}, 1, 1), true},
		{[]box.Object{cat}, place(cat.Box, 0.1, 0.1), false},
		{nil, place(cat.Box, 0.001, 0.9), false}, // nothing to find
	} {
		d := newDetections([]string{"cat"}, nil, data.Labelling{Classes: []string{"cat"}}, 1)
		d.Add(&data.Batch{IDs: []int{0}, Valid: 1, Frames: []data.Frame{frameOf(c.objects...)}}, func(string) []float32 { return c.out })
		if s := d.Score(); (s.Collapse != nil) != c.collapsed || s.Figures[0].Idle != (c.objects == nil) {
			t.Errorf("%v: collapse %v", c.out, s.Collapse)
		}
	}
}

func TestTheScorerOfDetectGivesItsColumnsAndMetrics(t *testing.T) {
	d := Detect{Classes: []string{"cat"}}
	s := d.Scorer(data.Labelling{Classes: d.Classes}, 0).Score()
	var names []string
	for _, c := range s.Columns {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, d.Columns()) {
		t.Errorf("columns %v, want %v", names, d.Columns())
	}
	for i, m := range d.Metrics() {
		if !slices.Contains(names, m.Column) || !slices.Contains(names, m.Rarest) || s.Figures[i].Name != m.Name {
			t.Errorf("metric %+v", m)
		}
	}
}
