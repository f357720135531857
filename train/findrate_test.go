package train_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/train"
)

func TestARangeTestEndsInTheBestOfShortTrainings(t *testing.T) {
	j := job(t, draw(t, 13))
	t.Chdir(t.TempDir())
	j.Optimization.LR.Warmup = 0
	steps, last := 0, 0
	found, err := train.FindRate(t.Context(), j, train.NewRangeTest(), func(done, total int) {
		steps++
		if done != steps || total < done || total < last {
			t.Errorf("step %d is told as %d of %d", steps, done, total)
		}
		last = total
	})
	if err != nil {
		t.Fatal(err)
	}
	tried := found.Points
	if n := len(tried); n < 50 || n > 100 || tried[0].Rate != 1e-6 || math.Abs(tried[1].Rate/tried[0].Rate-math.Pow(1e7, 1.0/99)) > 1e-9 {
		t.Errorf("%d steps, the first %+v", n, tried[0])
	}
	if found.Valley < 1e-4 || found.Valley > 1 || found.Steepest < 1e-4 || found.Steepest > found.Least || found.Least > 10 {
		t.Errorf("valley %g, steepest %g, least %g", found.Valley, found.Steepest, found.Least)
	}
	// every short training is the job's own first steps, whatever came before it: one that is taken alone has the same loss
	n := len(found.Trainings)
	if n < 3 || n > 7 || steps > len(tried)+40*n || found.Rate < 1e-4 || found.Rate > 10 {
		t.Fatalf("%d steps, suggests %g of %+v", steps, found.Rate, found.Trainings)
	}
	for i, s := range found.Trainings {
		if i > 0 && math.Abs(s.Rate/found.Trainings[i-1].Rate-math.Sqrt(10)) > 1e-9 {
			t.Errorf("rates %+v", found.Trainings)
		}
		j.Optimization.LR.Policy, j.Optimization.LR.Base, j.Optimization.LR.Final, j.Learning.Epochs.Steps = "linear", float32(s.Rate), 0, 40
		var sum float64
		j.OnStep = func(p train.Progress) {
			if p.Step > 30 {
				sum += p.Loss
			}
		}
		if r, err := train.Run(t.Context(), j); err != nil || r.Diverged != (s.Loss == nil) || s.Loss != nil && math.Abs(sum/10-*s.Loss) > 1e-4*sum/10 {
			t.Errorf("rate %g: %g alone, %v; %+v", s.Rate, sum/10, err, s)
		}
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v %v", files, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := train.FindRate(ctx, j, train.NewRangeTest(), nil); err == nil {
		t.Error("it does not stop")
	}
}

// Labels that have nothing to do with the images teach nothing at any rate: it takes longer trainings, and then suggests none.
func TestARangeTestSuggestsNoRateWhereNoneTells(t *testing.T) {
	j := job(t, draw(t, 40))
	j.Learning.Labels.Noise, j.Optimization.Batch.Size = 2.0/3, 30
	test := train.NewRangeTest()
	test.Steps, test.Short = 60, 4
	found, err := train.FindRate(t.Context(), j, test, nil)
	if err != nil {
		t.Fatal(err)
	}
	if found.Rate != 0 || found.Short != 16 || len(found.Trainings) < 3 {
		t.Errorf("suggests %g of %d trainings of %d steps: %+v", found.Rate, len(found.Trainings), found.Short, found.Trainings)
	}
}

// The middle of the longest valley, counted by hand.
func TestAValleyIsTheLongestRunOfSmallerLosses(t *testing.T) {
	series := func(losses ...float64) (tried []train.Tried) {
		for i, loss := range losses {
			tried = append(tried, train.Tried{Rate: math.Pow(2, float64(i)), Smooth: loss})
		}
		for i := range 5 { // left out
			tried = append(tried, train.Tried{Rate: math.Pow(2, float64(len(losses)+i)), Smooth: 9})
		}
		return tried
	}
	for _, c := range []struct {
		tried []train.Tried
		want  float64 // 0: none
	}{
		// place 0 is left out; the run at places 1 to 7 has 7 members, so it counts from 0: a third of 7 is 2, half of that 1
		{series(5, 5, 4.5, 4, 3.5, 3, 2.5, 2, 6, 7), 8},
		// 4.5 is passed over: 5 members that end at place 6 count from 1; a third of 5 is 1, half of that 0
		{series(9, 5, 4, 4.5, 3, 2, 1, 8, 8, 8), 4},
		{series(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 0},
		{series(3, 2), 0},
		{nil, 0},
	} {
		rate, found := train.Valley(c.tried)
		if found != (c.want > 0) || rate != c.want {
			t.Errorf("%+v: %g, %v; want %g", c.tried, rate, found, c.want)
		}
	}
}
