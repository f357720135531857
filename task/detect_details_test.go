package task

import (
	"math"
	"testing"

	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/meanap"
)

func TestDetailsAreTheFiguresOfAScore(t *testing.T) {
	square := func(x, side float64) box.Box { return box.Box{X0: x, Y0: 0, X1: x + side, Y1: side} }
	images := []meanap.Image{
		{Truths: []box.Object{{Box: square(0, 20)}, {Box: square(100, 20)}}, Found: []box.Detection{{Box: square(0, 20), Score: 0.9}, {Box: square(50, 20), Score: 0.8}}},
		{Truths: []box.Object{{Box: square(0, 100), Class: 1}}, Found: []box.Detection{{Box: square(0, 100), Class: 1, Score: 0.5}}},
	}
	s := ScoreDetections([]string{"a/b", "cat", "none"}, []int32{0, 1}, images)
	details := s.Details()
	for name, want := range map[string]float64{
		"class/ap50/a/b": 100 * 51.0 / 101, "class/boxes/a/b": 2, "class/ap50/cat": 100, "class/ap/cat": 100, "size/ap/large": 100, "size/boxes/small": 2,
		"precision/0.5/a/b": 1, "precision/0.55/a/b": 0, "precision/1/cat": 1, "precision/0/": 1, "precision/0.55/": 0.5,
	} {
		if got, ok := details[name]; !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %g (%v), want %g", name, got, ok, want)
		}
	}
	if n := 2*3 + 3*21 + 2*2; len(details) != n {
		t.Errorf("%d details, want %d: a class or a size without boxes has none", len(details), n)
	}
	for name := range details {
		if d, ok := ReadDetail(name); !ok || d.String() != name {
			t.Errorf("%s is read as %+v", name, d)
		}
	}
	for _, m := range []Metric{AP50, AP, Accuracy, LogLoss} {
		if _, ok := ReadDetail(m.Name); ok {
			t.Errorf("the metric %s is taken for a detail", m.Name)
		}
	}
	if (Score{}).Details() != nil {
		t.Error("a classifier has details of boxes")
	}
}
