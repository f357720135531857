package cpu

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/program"
	"github.com/assaylab/assay/tensor"
)

func TestYY(t *testing.T) {
	if os.Getenv("YY") == "" {
		t.Skip()
	}
	runtime.LockOSThread()
	e := newEngine(t, Options{Threads: 1})
	peak := 0.0
	for range 5 {
		c := cpuNow()
		f := e.set.Peak(1 << 20)
		peak = max(peak, float64(f)/(cpuNow()-c).Seconds()/1e9)
	}
	type cs struct {
		n, h, cin, cout, k, s, g int
	}
	cases := []cs{{3, 8, 64, 64, 3, 1, 1}, {128, 8, 64, 64, 3, 1, 1}, {1, 16, 32, 32, 3, 1, 1}, {128, 16, 32, 32, 3, 1, 1}, {1, 32, 16, 16, 3, 1, 1}, {64, 32, 16, 16, 3, 1, 1}, {8, 56, 64, 64, 3, 1, 1}, {8, 14, 256, 1024, 1, 1, 1}, {8, 14, 1024, 256, 1, 1, 1}, {8, 14, 1024, 1024, 1, 1, 1}, {8, 14, 1040, 256, 1, 1, 1}, {8, 14, 512, 256, 1, 1, 1}, {8, 14, 256, 256, 3, 1, 1}, {8, 7, 512, 512, 3, 1, 1},
		{8, 56, 128, 128, 3, 2, 1}, {8, 128, 3, 96, 11, 4, 1}, {8, 27, 96, 256, 5, 1, 2}, {8, 32, 3, 16, 3, 1, 1}, {4, 112, 32, 32, 3, 1, 32}, {4, 56, 128, 128, 3, 2, 128}}
	var only int
	fmt.Sscan(os.Getenv("YY"), &only)
	for i, c := range cases {
		if only > 0 && i != only-1 {
			continue
		}
		line := fmt.Sprintf("%v", c)
		for _, op := range []string{"fwd", "dx", "dw"} {
			b := program.NewBuilder("p")
			pad := c.k / 2
			conv := program.Conv{Window: program.Square(c.k, c.s, pad), Groups: c.g}
			x := b.Input("x", program.Real, tensor.Of(c.n, c.h, c.h, c.cin))
			w := b.Held("w", tensor.Of(c.k, c.k, c.cin/c.g, c.cout))
			y := b.Emit(conv, x, w)
			ho := y.Shape()[1]
			dy := b.Input("dy", program.Real, tensor.Of(c.n, ho, ho, c.cout))
			switch op {
			case "fwd":
				b.Output("o", y)
			case "dx":
				b.Output("o", b.Emit(program.ConvGradInput{Window: conv.Window, Groups: c.g, Input: x.Shape()}, dy, w))
			case "dw":
				b.Output("o", b.Emit(program.ConvGradWeight{Window: conv.Window, Groups: c.g}, x, dy))
			}
			p, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			s := program.NewState()
			s.Add("w", w.Shape())
			x0, err := e.Compile(p, s)
			if err != nil {
				t.Fatal(err)
			}
			feed := engine.Feed{Real: map[string][]float32{"x": make([]float32, x.Shape().Elems()), "dy": make([]float32, dy.Shape().Elems())}}
			type at struct { s *step; n int }
			tiny := map[at]time.Duration{}
			note := func(s *step, n int, d time.Duration) {
				if o, ok := tiny[at{s, n}]; !ok || d < o { tiny[at{s, n}] = d }
			}
			var flops float64
			for _, ph := range x0.(*executable).phases {
				for _, s := range ph.steps {
					if s.macs == 0 {
						continue
					}
					flops = 2 * float64(s.macs)
					if s.image != nil {
						f := s.image
						s.image = func(w *worker, n0, n1 int) { t0 := time.Now(); f(w, n0, n1); note(s, n0, time.Since(t0)) }
					} else {
						f := s.task
						s.task = func(w *worker, k int) { t0 := time.Now(); f(w, k); note(s, k, time.Since(t0)) }
					}
				}
			}
			reps := int(2e9/flops) + 12
			for range reps {
				if err := x0.Run(feed); err != nil {
					t.Fatal(err)
				}
			}
			var best time.Duration
			for _, d := range tiny { best += d }
			line += fmt.Sprintf("  %s %5.1f%%", op, 100*flops/best.Seconds()/1e9/peak)
		}
		fmt.Println(line)
	}
}
