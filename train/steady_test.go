package train_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/train"
	"github.com/assaylab/assay/zoo"
)

func steady(t testing.TB, j train.Job) (step func()) {
	t.Helper()
	once, stop, err := train.Steady(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return func() {
		if err := once(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStepAllocatesNothing(t *testing.T) {
	j := job(t, draw(t, 160)) // an epoch of some seventy steps: its order is made anew for each
	j.Engine = threads(t, 2)
	step := steady(t, j)
	for range 5 { // the loader's batches, one by one
		step()
	}
	if n := testing.AllocsPerRun(40, step); n != 0 {
		t.Errorf("%g allocations a step, of loader and engine together", n)
	}
}

// TestAStepOfAnyNetworkAllocatesNothing counts at every level all that the process allocates, whoever does. The collector is off; the
// runtime allocates where it starts a thread, now and then, so the least of some counts tells.
func TestAStepOfAnyNetworkAllocatesNothing(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	levels := cpu.Levels()
	if testing.Short() {
		levels = levels[len(levels)-1:]
	}
	o := experiment.DefaultOptimization()
	o.Batch.Size = 2
	for _, level := range levels {
		for _, net := range networks(level) {
			t.Run(net+"/"+level, func(t *testing.T) {
				e, err := cpu.New(cpu.Options{Threads: 3, Level: level})
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close()
				s := ready(t, e, net, o)
				step := func() {
					s.family.Scalars(s.feed.Scalars, 0.01, 0)
					if err := s.step.Run(s.feed); err != nil {
						t.Fatal(err)
					}
				}
				step()
				least := ^uint64(0)
				for range 4 {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					step()
					step()
					runtime.ReadMemStats(&after)
					if least = min(least, after.Mallocs-before.Mallocs); least == 0 {
						break
					}
				}
				if least != 0 {
					t.Errorf("%d allocations in two steps", least)
				}
			})
			debug.FreeOSMemory()
		}
	}
}

// BenchmarkTraining is the first study's base, loader included.
func BenchmarkTraining(b *testing.B) {
	s, err := data.Open(context.Background(), data.Builtin("fashion-mini"), data.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	g, err := zoo.New("mini")
	if err != nil {
		b.Fatal(err)
	}
	j := train.Job{
		Graph: g, Optimization: experiment.DefaultOptimization(), Learning: experiment.DefaultLearning(),
		Set: s, Cut: s.Cut(1, 1), Seeds: train.SeedsOf(1), Engine: threads(b, 2),
	}
	j.Optimization.Batch.Size = 64
	step := steady(b, j)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(b.N*64)/b.Elapsed().Seconds(), "images/s")
}
