package study

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/assaylab/assay/task"
)

// Curves of three runs over twelve epochs: what is over-fitted is told, and what only wavers is not.
func TestOverFittingIsTold(t *testing.T) {
	curve := func(validation, training func(float64) float64, noise float64, rng *rand.Rand) []Point {
		var c []Point
		for e := 1.0; e <= 12; e++ {
			c = append(c, Point{Epoch: e, TrainLoss: training(e), Metrics: map[string]float64{task.LogLoss.Name: validation(e) + noise*rng.NormFloat64(), task.Accuracy.Name: 80}})
		}
		return c
	}
	falls := func(e float64) float64 { return 1 / e }
	told := func(validation, training func(float64) float64, noise float64, runs int, rng *rand.Rand) bool {
		r := &table{metrics: []task.Metric{task.Accuracy, task.LogLoss}, cells: [][]*Trial{nil}}
		for range runs {
			r.cells[0] = append(r.cells[0], &Trial{Status: Done, Curve: curve(validation, training, noise, rng)})
		}
		return overfits(r, 0)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	rises := func(e float64) float64 { return 0.5 + 0.03*math.Abs(e-4) }
	for _, c := range []struct {
		name                 string
		validation, training func(float64) float64
		runs                 int
		want                 bool
	}{
		{"past its best since epoch 4", rises, falls, 3, true},
		{"one run", rises, falls, 1, false},
		{"training loss rises too", rises, func(e float64) float64 { return e }, 3, false},
		{"best at the end", func(e float64) float64 { return 1 / e }, falls, 3, false},
		{"up by a hundredth", func(e float64) float64 { return 0.5 + 0.0005*math.Abs(e-4) }, falls, 3, false},
	} {
		if got := told(c.validation, c.training, 0.005, c.runs, rng); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	wrong := 0
	for range 400 { // a loss that only wavers, by a tenth of itself
		if told(func(float64) float64 { return 0.5 }, falls, 0.05, 3, rng) {
			wrong++
		}
	}
	if wrong > 20 {
		t.Errorf("%d of 400 curves that only waver are called over-fitted", wrong)
	}
	t.Logf("%d of 400 curves that only waver are called over-fitted", wrong)
}
