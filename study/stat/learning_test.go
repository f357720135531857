package stat

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// Predictions are those of another implementation on finer grids, testdata/learning.py.
func TestALearningCurveIsPredictedAsByFinerGrids(t *testing.T) {
	text, err := os.ReadFile("testdata/learning.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Sizes, Means    []float64
		Each, DF        int
		Variance, Block float64
		N               float64
		At, Gain        [3]float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		l, err := FitLearning(c.Sizes, c.Means, c.Each, c.Variance, c.DF, c.Block)
		if err != nil {
			t.Fatal(err)
		}
		for what, p := range map[string][2][3]float64{"at": {told(l.At(c.N)), c.At}, "gain": {told(l.Gain(c.N)), c.Gain}} {
			for k := range p[0] { // grids differ, so that a fiftieth of the width is allowed
				if got, want := p[0][k], p[1][k]; !(math.Abs(got-want) <= 0.02*(p[1][2]-p[1][1])) {
					t.Errorf("case %d, %s: %v, want %v", i, what, p[0], p[1])
				}
			}
		}
	}
}

func told(p Prediction) [3]float64 { return [3]float64{p.Value, p.Low, p.High} }

func TestALearningCurveNeedsPointsAndNoise(t *testing.T) {
	for name, fit := range map[string]func() (*Learning, error){
		"two points": func() (*Learning, error) { return FitLearning([]float64{1, 2}, []float64{1, 2}, 3, 1, 4, 0) },
		"falling":    func() (*Learning, error) { return FitLearning([]float64{4, 2, 8}, []float64{1, 2, 3}, 3, 1, 4, 0) },
		"no noise":   func() (*Learning, error) { return FitLearning([]float64{2, 4, 8}, []float64{1, 2, 3}, 3, 0, 4, 0) },
		"no degrees": func() (*Learning, error) { return FitLearning([]float64{2, 4, 8}, []float64{1, 2, 3}, 1, 1, 0, 0) },
		"missing": func() (*Learning, error) {
			return FitLearning([]float64{2, 4, 8}, []float64{1, math.NaN(), 3}, 3, 1, 4, 0)
		},
	} {
		if _, err := fit(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
