package train_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/train"
)

func TestARangeTestEndsWhereTheLossBlowsUp(t *testing.T) {
	j := job(t, draw(t, 13))
	t.Chdir(t.TempDir())
	j.Optimization.LR.Warmup = 0
	tried, err := train.FindRate(t.Context(), j, train.NewRangeTest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tried); n < 50 || n > 100 || tried[0].Rate != 1e-7 || math.Abs(tried[1].Rate/tried[0].Rate-math.Pow(1e8, 1.0/99)) > 1e-9 || math.Abs(tried[0].Smooth-tried[0].Loss) > 1e-9 {
		t.Errorf("%d steps, the first %+v", n, tried[0])
	}
	if rate, found := train.Valley(tried); !found || rate < 1e-4 || rate > 1 {
		t.Errorf("suggests %g, %v", rate, found)
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
