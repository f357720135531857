package cpu

import (
	"syscall"
	"unsafe"
	"runtime"
	"testing"
	"time"
	"os"
	"fmt"
	"sort"
	"strings"

	"github.com/assaylab/assay/program"
)

func cpuNow() time.Duration {
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 3, uintptr(unsafe.Pointer(&ts)), 0)
	return time.Duration(ts.Nano())
}

func TestZZ(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	e := newEngine(t, Options{Threads: 1})
	n := resnet20
	peak := 0.0
	runtime.LockOSThread()
	measure := func() {
		for range 5 {
			c := cpuNow()
			f := e.set.Peak(1 << 20)
			peak = max(peak, float64(f)/(cpuNow()-c).Seconds()/1e9)
		}
	}
	measure()
	s := program.NewState()
	train := !strings.HasPrefix(os.Getenv("ZZ"), "eval")
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
	type at struct { s *step; n int }
	tiny := map[at]time.Duration{}
	owner := map[*step]string{}
	note := func(key string, s *step, n int, d time.Duration) {
		owner[s] = key
		if o, ok := tiny[at{s, n}]; !ok || d < o {
			tiny[at{s, n}] = d
		}
	}
	prof := strings.HasSuffix(os.Getenv("ZZ"), "steps")
	if prof {
		for _, ph := range ex.phases {
			for _, s := range ph.steps {
				key := strings.Split(s.name, "/")[0] + " " + s.what
				flops[key] += 2 * float64(s.macs)
				if s.image != nil {
					f := s.image
					id := s; s.image = func(w *worker, n0, n1 int) { t0 := time.Now(); f(w, n0, n1); note(key, id, n0, time.Since(t0)) }
				} else {
					f := s.task
					id := s; s.task = func(w *worker, k int) { t0 := time.Now(); f(w, k); note(key, id, k, time.Since(t0)) }
				}
			}
		}
	}
	best := time.Hour
	const runs = 20
	for range runs {
		c := cpuNow()
		clear(spent)
		x.Run(feed)
		best = min(best, cpuNow()-c)
	}
	total := time.Duration(0)
	for k, v := range tiny {
		spent[owner[k.s]] += v * runs
		total += v
	}
	if prof {
		fmt.Printf("sum of best chunks: %.1f images/s\n", float64(n.batch)/total.Seconds())
	}
	if d, err := os.ReadFile("/proc/self/smaps_rollup"); err == nil {
		for _, l := range strings.Split(string(d), "\n") {
			if strings.Contains(l, "AnonHuge") || strings.Contains(l, "Rss") {
				fmt.Println(l)
			}
		}
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
