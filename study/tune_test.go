package study

import (
	"math"
	"slices"
	"testing"

	"github.com/assaylab/assay/task"
)

func TestTheBestValueIsPicked(t *testing.T) {
	x := func(v float64) *float64 { return &v }
	loss := task.Metric{Name: "loss", Better: -1}
	for _, c := range []struct {
		name     string
		metric   task.Metric
		outcomes []*float64
		want     int
	}{
		{"the highest", task.Accuracy, []*float64{x(1), x(2), x(3), x(9), x(2)}, 3},
		{"the lowest, where less is better", loss, []*float64{x(1), x(2), x(3), x(9), x(2)}, 0},
		{"of equals the nearest to the middle", task.Accuracy, []*float64{x(3), x(3), x(2), x(3), x(3)}, 1},
		{"what diverged is none", task.Accuracy, []*float64{x(1), nil, x(0), nil, nil}, 0},
		{"the arm's own where all diverged", task.Accuracy, make([]*float64, 5), 2},
	} {
		if got := Pick(c.metric, c.outcomes); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// A rung is the arm at another value, for a third of the passes, with a schedule that is as much shorter.
func TestARungIsAShortTraining(t *testing.T) {
	s, err := read(baseText + "variants:\n  - {name: long, with: [{epochs: 12}, {lr: {warmup: 3, policy: multistep, at: [4, 8]}}]}\n  - {name: steps, with: [{epochs: {steps: 30}}]}\ntune: {lr: 5}\n")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(fashion)
	if err != nil {
		t.Fatal(err)
	}
	grid, err := s.Tune.Grid(p.Arms[1])
	if err != nil || len(grid) != 5 || grid[2] != 0.1 || math.Abs(float64(grid[4])-0.4) > 1e-6 {
		t.Fatalf("the grid is %v, %v", grid, err)
	}
	long, err := s.Tune.Rung(p.Arms[1], grid[4], 720)
	if err != nil {
		t.Fatal(err)
	}
	o, l := long.Built.Optimization, long.Built.Learning
	if l.Epochs.Count != 4 || o.LR.Warmup != 1 || !slices.Equal(o.LR.Drops, []float64{4.0 / 3, 8.0 / 3}) || o.LR.Base != grid[4] || long.Steps != 32 {
		t.Errorf("%d passes of %d steps at %+v", l.Epochs.Count, long.Steps, o.LR)
	}
	if was := p.Arms[1].Built; was.Learning.Epochs.Count != 12 || was.Optimization.LR.Base != 0.1 || was.Optimization.LR.Drops[0] != 4 {
		t.Errorf("the arm itself became %+v", was.Optimization.LR)
	}
	if short, err := s.Tune.Rung(p.Arms[2], grid[2], 720); err != nil || short.Steps != 10 {
		t.Errorf("a third of 30 steps are %d, %v", short.Steps, err)
	}
	if got, want := p.Trials(), 3*3+3*3*5+3*3; got != want {
		t.Errorf("%d trials, want %d", got, want)
	}
}
