package train

import (
	"context"
	"math"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/zoo"
)

// steady is a training of the first study's base under way.
func steady(t testing.TB) (*run, *data.Feed) {
	s, err := data.Open(context.Background(), data.Builtin("fashion-mini"), data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	g, err := zoo.New("mini")
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	j := &Job{Graph: g, Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning(), Set: s, Cut: s.Cut(1, 1), Seeds: SeedsOf(1), Engine: e}
	j.Optimization.Batch.Size = 64
	j.Learning.Augment.Ops = []experiment.AugmentOp{{Flip: &experiment.Flip{P: 0.5}}, {Crop: &experiment.Crop{Pad: 2}}}
	r, err := j.setUp(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	feed := r.training.Start(0, 0, 1)
	t.Cleanup(feed.Stop)
	return r, feed
}

func TestAStepAllocatesNothing(t *testing.T) {
	r, feed := steady(t)
	step := func() {
		if _, err := r.advance(feed); err != nil {
			t.Fatal(err)
		}
		r.done++
	}
	for range 5 { // the loader's batches, one by one
		step()
	}
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%g allocations a step, of loader and engine together", n)
	}
}

func TestRanksCountTiesAndNaNAgainstTheTrueClass(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logProbs []float32
		label    int
		right    bool
		five     bool
	}{
		{[]float32{-1, -2, -3}, 0, true, true},
		{[]float32{-1, -2, -3}, 2, false, true},
		{[]float32{-1, -1, -3}, 0, true, true}, // the first of equals wins
		{[]float32{-1, -1, -3}, 1, false, true},
		{[]float32{-1, -2, -3, -4, -5, -6}, 4, false, true},
		{[]float32{-1, -2, -3, -4, -5, -6}, 5, false, false},
		{[]float32{-1, -1, -1, -1, -1, -1}, 5, false, false},
		{[]float32{nan, -2}, 1, false, true},
		{[]float32{nan, nan, nan, nan, nan, nan}, 0, false, false},
	} {
		tl := newTally(make([]string, len(c.logProbs)), 1)
		tl.add(7, c.label, c.logProbs)
		m := tl.metrics()
		if (m.Accuracy == 1) != c.right || (m.Top5 == 1) != c.five || m.Correct[0] != c.right || m.IDs[0] != 7 {
			t.Errorf("%v, class %d: %+v", c.logProbs, c.label, m)
		}
	}
}

func BenchmarkTraining(b *testing.B) {
	r, feed := steady(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.advance(feed); err != nil {
			b.Fatal(err)
		}
		r.done++
	}
	b.ReportMetric(float64(b.N*r.Optimization.Batch.Size)/b.Elapsed().Seconds(), "images/s")
}
