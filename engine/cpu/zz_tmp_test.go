package cpu

import (
	"syscall"
	"testing"
	"time"
	"os"
	"fmt"
	"sort"
	"strings"

	"github.com/assaylab/assay/program"
)

func cpuNow() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestZZ(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	e := newEngine(t, Options{Threads: 1})
	n := resnet20
	peak := 0.0
	measure := func() {
		for range 5 {
			c := cpuNow()
			f := e.set.Peak(1 << 20)
			peak = max(peak, float64(f)/(cpuNow()-c).Seconds()/1e9)
		}
	}
	measure()
	s := program.NewState()
	train := os.Getenv("ZZ") != "eval"
	x, err := e.Compile(n.program(t, s, train), s)
	if err != nil {
		t.Fatal(err)
	}
	feed := n.feed()
	x.Run(feed)
	// time every step
	spent := map[string]time.Duration{}
	flops := map[string]float64{}
	ex := x.(*executable)
	prof := os.Getenv("ZZ") == "steps"
	if prof {
		for _, ph := range ex.phases {
			for _, s := range ph.steps {
				key := strings.Split(s.name, "/")[0] + " " + s.what
				flops[key] += 2 * float64(s.macs)
				if s.image != nil {
					f := s.image
					s.image = func(w *worker, n0, n1 int) { t0 := time.Now(); f(w, n0, n1); spent[key] += time.Since(t0) }
				} else {
					f := s.task
					s.task = func(w *worker, k int) { t0 := time.Now(); f(w, k); spent[key] += time.Since(t0) }
				}
			}
		}
	}
	best := time.Hour
	const runs = 6
	for range runs {
		c := cpuNow()
		x.Run(feed)
		best = min(best, cpuNow()-c)
	}
	measure()
	rate := float64(n.batch) / best.Seconds()
	k := 6.0
	if !train {
		k = 2
	}
	fmt.Printf("%.1f images/cpu-s  %.1f GFLOP/s of %.1f: %.1f %%\n", rate, rate*k*40.55e6/1e9, peak, rate*k*40.55e6/1e9/peak*100)
	if prof {
		var keys []string
		for k := range spent {
			keys = append(keys, k)
		}
		sort.Slice(keys, func(i, j int) bool { return spent[keys[i]] > spent[keys[j]] })
		for _, k := range keys[:min(len(keys), 45)] {
			fmt.Printf("%8.2f ms  %5.1f %%  %s\n", spent[k].Seconds()*1e3/runs, 100*flops[k]*runs/spent[k].Seconds()/1e9/peak, k)
		}
	}
}
