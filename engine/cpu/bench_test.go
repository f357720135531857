package cpu

import (
	"fmt"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// fastest runs an executable and reports the best run: on a machine with other work the mean says little.
func fastest(b *testing.B, x engine.Executable, feed engine.Feed) time.Duration {
	best := time.Hour
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if err := x.Run(feed); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	return best
}

func BenchmarkResNet20(b *testing.B) {
	n := resnet20
	for _, train := range []bool{true, false} {
		b.Run(map[bool]string{true: "step", false: "evaluation"}[train], func(b *testing.B) {
			e := newEngine(b, Options{})
			s := program.NewState()
			x, err := e.Compile(n.program(b, s, train), s)
			if err != nil {
				b.Fatal(err)
			}
			rate := float64(n.batch) / fastest(b, x, n.feed()).Seconds()
			var macs int64
			for _, st := range x.Plan().Steps {
				macs += st.MACs
			}
			b.ReportMetric(rate, "images/s")
			b.ReportMetric(100*rate*2*float64(macs)/float64(n.batch)/1e9/e.Peak(), "%peak")
			b.ReportMetric(float64(x.Plan().ArenaBytes)/1e6, "arena-MB")
		})
	}
}

// BenchmarkProducts runs the three products of convolutions and linear layers alone, packing and private sums included.
func BenchmarkProducts(b *testing.B) {
	for _, c := range []struct{ n, hw, cin, cout, kernel, stride, groups int }{
		{64, 32, 16, 16, 3, 1, 1}, {64, 16, 32, 32, 3, 1, 1}, {64, 8, 64, 64, 3, 1, 1}, {8, 56, 64, 64, 3, 1, 1},
		{8, 14, 256, 1024, 1, 1, 1}, {8, 14, 1024, 256, 1, 1, 1}, {16, 7, 512, 512, 3, 1, 1}, {8, 56, 128, 128, 3, 2, 1},
		{8, 128, 3, 96, 11, 4, 1}, {8, 27, 96, 256, 5, 1, 2}, {8, 112, 32, 32, 3, 1, 32}, {32, 28, 128, 128, 3, 1, 32}, {64, 32, 2, 1, 7, 1, 1}, {8, 56, 64, 1, 1, 1, 1},
		{32, 32, 64, 128, 3, 1, 64}, {16, 28, 256, 256, 3, 1, 32}, {16, 28, 240, 240, 3, 1, 10}, {16, 14, 512, 512, 3, 1, 32}, {16, 14, 512, 512, 3, 1, 16}, {64, 1, 2048, 2048, 1, 1, 1},
	} {
		for _, what := range []string{"forward", "by-input", "by-weight"} {
			b.Run(fmt.Sprintf("n=%d,hw=%d,c=%d-%d,k=%d,s=%d,g=%d/%s", c.n, c.hw, c.cin, c.cout, c.kernel, c.stride, c.groups, what), func(b *testing.B) {
				p := program.NewBuilder("product")
				x := p.Input("x", program.Real, tensor.Of(c.n, c.hw, c.hw, c.cin))
				w := p.Held("w", tensor.Of(c.kernel, c.kernel, c.cin/c.groups, c.cout))
				conv := program.Conv{Window: program.Square(c.kernel, c.stride, c.kernel/2), Groups: c.groups}
				y := p.Emit(conv, x, w)
				dy := p.Input("dy", program.Real, y.Shape())
				switch {
				case c.hw == 1: // the linear layer of those extents
					x, dy = p.Emit(program.Reshape{Shape: tensor.Of(c.n, c.cin)}, x), p.Emit(program.Reshape{Shape: tensor.Of(c.n, c.cout)}, dy)
					m := p.Emit(program.Reshape{Shape: tensor.Of(c.cin, c.cout)}, w)
					y = p.Emit(program.MatMul{TransA: what == "by-weight", TransB: what == "by-input"},
						map[string]*program.Value{"forward": x, "by-input": dy, "by-weight": x}[what],
						map[string]*program.Value{"forward": m, "by-input": m, "by-weight": dy}[what])
				case what == "by-input":
					y = p.Emit(program.ConvGradInput{Window: conv.Window, Groups: c.groups, Input: x.Shape()}, dy, w)
				case what == "by-weight":
					y = p.Emit(program.ConvGradWeight(conv), x, dy)
				}
				p.Output("out", y)
				prog, err := p.Build()
				if err != nil {
					b.Fatal(err)
				}
				s := program.NewState()
				if _, err := s.Add("w", w.Shape()); err != nil {
					b.Fatal(err)
				}
				e := newEngine(b, Options{Threads: 1})
				run, err := e.Compile(prog, s)
				if err != nil {
					b.Fatal(err)
				}
				feed := engine.Feed{Real: map[string][]float32{}}
				for _, v := range prog.Inputs(program.Input) {
					feed.Real[v.Name] = make([]float32, v.Shape().Elems())
				}
				var macs int64
				for _, st := range run.Plan().Steps {
					macs += st.MACs
				}
				rate := 2 * float64(macs) / fastest(b, run, feed).Seconds() / 1e9
				b.ReportMetric(rate, "GFLOP/s")
				b.ReportMetric(100*rate/e.Peak(), "%peak")
			})
		}
	}
}

// BenchmarkFork is what a fork costs over its tasks, each some 2 µs in registers.
func BenchmarkFork(b *testing.B) {
	e := newEngine(b, Options{Threads: 2})
	work := func(_, _ int) { e.set.Peak(150) }
	alone := time.Hour
	for range 1000 {
		start := time.Now()
		work(0, 0)
		alone = min(alone, time.Since(start))
	}
	for _, tasks := range []int{2, 4, 16} {
		b.Run(fmt.Sprintf("2-threads,%d-tasks", tasks), func(b *testing.B) {
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				e.pool.Run(tasks, work)
				best = min(best, time.Since(start))
			}
			b.ReportMetric(float64(alone), "task-ns")
			b.ReportMetric(float64(best-time.Duration(tasks/2)*alone), "best-over-ns")
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)-float64(time.Duration(tasks/2)*alone), "over-ns")
		})
	}
}
