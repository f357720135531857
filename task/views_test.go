package task

import (
	"math"
	"testing"
)

func TestViewsAreAveragedByTheirProbabilities(t *testing.T) {
	views := [][]float32{{-0.1, -2.4, -4}, {-3, -0.06, -5}, {float32(math.Inf(-1)), -1e4, 0}}
	a := Classify{}.Average(3)
	for range 2 { // and again, with the room it has
		for k, v := range views {
			if done := a.Add(func(string) []float32 { return v }); done != (k == 2) {
				t.Fatalf("view %d: done %v", k, done)
			}
		}
		for i, got := range a.Output(LogProbs) {
			p := 0.0
			for _, v := range views {
				p += math.Exp(float64(v[i])) / 3
			}
			if math.Abs(float64(got)-math.Log(p)) > 1e-6 {
				t.Errorf("class %d: %g, want %g", i, got, math.Log(p))
			}
		}
	}
	far := []float32{-1000, -2000, -1500}
	b := Classify{}.Average(2)
	b.Add(func(string) []float32 { return far })
	b.Add(func(string) []float32 { return far })
	for i, got := range b.Output(LogProbs) {
		if got != far[i] {
			t.Errorf("of equal views the average is %g, want %g", got, far[i])
		}
	}
}
