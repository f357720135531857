package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// sweepProgram is a sweep over x [n,h,w,gates·units] with its gradients, or one part of it.
func sweepProgram(t testing.TB, op program.Op, part string, n, h, w, units int) (*program.Program, *program.State, engine.Feed) {
	b := program.NewBuilder("sweep")
	_, lstm := op.(program.LSTM)
	gates := 3
	if lstm {
		gates = 4
	}
	x := b.Input("x", program.Real, tensor.Of(n, h, w, gates*units))
	u, bias := b.Held("u", tensor.Of(units, gates*units)), b.Held("b", tensor.Of(gates*units))
	switch part {
	case "forward":
		b.Output("h", b.EmitAll(op, x, u, bias)[0])
	case "gradient":
		of := func(name string, c int) *program.Value { return b.Input(name, program.Real, tensor.Of(n, h, w, c)) }
		grad := program.Op(program.GRUGrad{})
		if lstm {
			grad = program.LSTMGrad{}
		}
		b.Output("dx", b.EmitAll(grad, of("gates", 4*units), of("state", units), u, of("dh", units))[0])
	default:
		y := b.EmitAll(op, x, u, bias)[0]
		row := b.Emit(program.Reshape{Shape: tensor.Of(1, y.Shape().Elems())}, y)
		sum := b.Emit(program.MatMul{}, row, b.Input("weigh", program.Real, tensor.Of(y.Shape().Elems(), 1)))
		for i, g := range b.Gradients(b.Emit(program.Reshape{Shape: tensor.Of()}, sum), []*program.Value{x, u, bias}) {
			b.Output(fmt.Sprint("d", i), g)
		}
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	s, feed := program.NewState(), engine.Feed{Real: map[string][]float32{}}
	fill := func(name string, n int) []float32 {
		r := tensor.NewStream(5, name).At(0, 0)
		d := make([]float32, n)
		for i := range d {
			d[i] = 0.1 * float32(r.Normal())
		}
		return d
	}
	for _, v := range []*program.Value{u, bias} {
		held, err := s.Add(v.Name, v.Shape())
		if err != nil {
			t.Fatal(err)
		}
		copy(held.Data, fill(v.Name, v.Shape().Elems()))
	}
	for _, v := range p.Inputs(program.Input) {
		feed.Real[v.Name] = fill(v.Name, v.Shape().Elems())
	}
	return p, s, feed
}

func TestSweepsDoNotDependOnThreadsAndAllocateNothing(t *testing.T) {
	for _, op := range []program.Op{program.LSTM{}, program.GRU{Scan: program.Scan{Columns: true, Reverse: true}}} {
		p, s, feed := sweepProgram(t, op, "all", 37, 3, 5, 19)
		for _, level := range Levels() {
			want := map[string][]float32{}
			for _, threads := range []int{1, 2, 7} {
				x, err := newEngine(t, Options{Level: level, Threads: threads}).Compile(p, s)
				if err != nil {
					t.Fatal(err)
				}
				run := func() {
					if err := x.Run(feed); err != nil {
						t.Fatal(err)
					}
				}
				run()
				for _, o := range p.Outputs {
					if threads == 1 {
						want[o.Name] = slices.Clone(x.Output(o.Name))
					}
					sameBits(t, fmt.Sprintf("%s, %s, %d threads, %s", op.Kind(), level, threads, o.Name), x.Output(o.Name), want[o.Name])
				}
				if threads > 1 {
					continue // a worker that falls asleep may allocate
				}
				if n := testing.AllocsPerRun(20, run); n != 0 {
					t.Errorf("%s, %s: %v allocations a run, want 0", op.Kind(), level, n)
				}
			}
		}
	}
}

// BenchmarkSweep runs sweeps of 32 steps over 64 sequences: one a picture, so that a chunk has a tile of them, and eight.
func BenchmarkSweep(b *testing.B) {
	for _, op := range []program.Op{program.LSTM{}, program.GRU{}} {
		for _, units := range []int{64, 256} {
			for _, part := range []string{"forward", "gradient", "all"} {
				for _, h := range []int{1, 8} {
					b.Run(fmt.Sprintf("%s,units=%d,h=%d/%s", op.Kind(), units, h, part), func(b *testing.B) {
						p, s, feed := sweepProgram(b, op, part, 64/h, h, 32, units)
						e := newEngine(b, Options{Threads: 1})
						x, err := e.Compile(p, s)
						if err != nil {
							b.Fatal(err)
						}
						var macs int64
						for _, st := range x.Plan().Steps {
							macs += st.MACs
						}
						rate := 2 * float64(macs) / fastest(b, x, feed).Seconds() / 1e9
						b.ReportMetric(rate, "GFLOP/s")
						b.ReportMetric(100*rate/e.Peak(), "%peak")
					})
				}
			}
		}
	}
}
