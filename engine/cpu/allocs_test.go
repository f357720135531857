package cpu

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/assaylab/assay/internal/enginetest"
)

// TestASteadyRunOfAnyOpAllocatesNothing goes over the cases of enginetest, which have every op, at each level and on more threads than
// there are processors, so that workers sleep and wake; and on one and two threads at the best level, as a level chooses kernels alone.
func TestASteadyRunOfAnyOpAllocatesNothing(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	levels := Levels()
	best := levels[len(levels)-1]
	if testing.Short() {
		levels = levels[len(levels)-1:]
	}
	for _, level := range levels {
		threads := []int{7}
		switch {
		case testing.Short():
			threads = []int{3}
		case level == best:
			threads = []int{1, 2, 7}
		}
		for _, n := range threads {
			t.Run(fmt.Sprintf("%s,threads=%d", level, n), func(t *testing.T) {
				e := newEngine(t, Options{Level: level, Threads: n})
				for _, c := range enginetest.Cases() {
					p, err := c.Program()
					if err != nil {
						t.Fatal(err)
					}
					x, err := e.Compile(p, enginetest.State(p))
					if err != nil {
						t.Fatal(err)
					}
					feed := c.Feed(p)
					run := func() {
						if err := x.Run(feed); err != nil {
							t.Fatal(err)
						}
						for _, o := range p.Outputs {
							x.Output(o.Name)
						}
					}
					if n := mallocs(8, run); n != 0 {
						t.Errorf("%s: %d allocations in 8 runs", c.Name, n)
					}
					x.Close()
				}
			})
		}
	}
}

// mallocs is what the process allocates while run is called that many times, after two times that do not count. The collector must be
// off. The runtime allocates where it starts a thread, now and then, so the least of some counts tells.
func mallocs(times int, run func()) uint64 {
	run()
	run()
	least := ^uint64(0)
	for range 4 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			run()
		}
		runtime.ReadMemStats(&after)
		if least = min(least, after.Mallocs-before.Mallocs); least == 0 {
			break
		}
	}
	return least
}
