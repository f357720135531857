package box

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"encoding/json"

	"github.com/assaylab/assay/tensor"
)

func TestAnchorsFindPlantedShapes(t *testing.T) {
	planted := []Shape{{0.05, 0.05}, {0.1, 0.3}, {0.3, 0.1}, {0.5, 0.6}}
	r := tensor.NewStream(1, "shapes").At(0, 0)
	var shapes []Shape
	for i := range 400 {
		p := planted[i%4]
		shapes = append(shapes, Shape{p[0] * (0.9 + 0.2*r.Float64()), p[1] * (0.9 + 0.2*r.Float64())})
	}
	for seed := range uint64(5) {
		got, err := Anchors(shapes, 4, seed)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Anchors(shapes, 4, seed)
		if !reflect.DeepEqual(got, again) {
			t.Errorf("seed %d gives %v and %v", seed, got, again)
		}
		for i, want := range []Shape{planted[0], planted[1], planted[2], planted[3]} {
			if iou := max(got[i].IoU(want), got[i].IoU(Shape{want[1], want[0]})); iou < 0.95 { // the second and third have one area
				t.Errorf("seed %d: %v, want %v", seed, got[i], want)
			}
		}
		if fit := Fit(shapes, got); fit < 0.85 {
			t.Errorf("seed %d: mean IoU %.3f", seed, fit)
		}
	}
}

// testdata/anchors.json is made by anchors.py: the mean IoU of the best of many k-means runs, written by another hand.
func TestAnchorsFitAsWellAsThoseOfAnotherProgram(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "anchors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Shapes []Shape
		Best   map[string]float64
		Mean   map[string]float64 // of some anchors: darknet's rule
		Some   []Shape
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if got := Fit(c.Shapes, c.Some); math.Abs(got-c.Mean["some"]) > 1e-12 {
		t.Errorf("mean IoU %.15f, want %.15f", got, c.Mean["some"])
	}
	for k, name := range []string{"1", "2", "3", "4", "5", "6"} {
		got, err := Anchors(c.Shapes, k+1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if fit := Fit(c.Shapes, got); fit < c.Best[name]-0.005 {
			t.Errorf("k = %s: mean IoU %.4f, another program's %.4f", name, fit, c.Best[name])
		}
	}
}

func TestAnchorsOfTooFewShapesAreRefused(t *testing.T) {
	two := []Shape{{1, 2}, {1, 2}, {2, 1}}
	for _, c := range []struct {
		shapes []Shape
		k      int
		want   string
	}{
		{two, 3, "3 anchors are more than the boxes have shapes, 2; give at most that"},
		{two, 0, "0 anchors; give at least 1"},
		{nil, 1, "1 anchors are more than the boxes have shapes, 0; give at most that"},
		{[]Shape{{0, 1}}, 1, "a shape of 0 x 1; give widths and heights above 0"},
		{[]Shape{{math.NaN(), 1}}, 1, "a shape of NaN x 1; give widths and heights above 0"},
	} {
		if got, err := Anchors(c.shapes, c.k, 1); err == nil || err.Error() != c.want {
			t.Errorf("%v, %v; want %q", got, err, c.want)
		}
	}
	if got, err := Anchors(two, 2, 7); err != nil || Fit(two, got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
