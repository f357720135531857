package cpu

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/enginetest"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

func TestThreadsDoNotChangeABit(t *testing.T) {
	n := residualNet{13, 16, 8, 1}
	for _, level := range Levels() {
		t.Run(level, func(t *testing.T) {
			want, logits := n.trained(t, newEngine(t, Options{Level: level, Threads: 1}), 2)
			for _, threads := range []int{2, 7} {
				got, l := n.trained(t, newEngine(t, Options{Level: level, Threads: threads}), 2)
				sameBits(t, fmt.Sprintf("%d threads, logits", threads), l, logits)
				for _, name := range want.Names() {
					sameBits(t, fmt.Sprintf("%d threads, %s", threads, name), got.Get(name).Data, want.Get(name).Data)
				}
			}
		})
	}
}

// What is drawn is addressed by place and step, so that neither threads nor chunks change it; the sums of hinges go in a fixed order.
func TestThreadsDoNotChangeWhatIsDrawn(t *testing.T) {
	b := program.NewBuilder("drawn")
	shape := tensor.Of(37, 9, 7, 5)
	x, step := b.Input("x", program.Real, shape), b.Scalar("step")
	y := b.Emit(program.Dropout{Key: [2]uint32{1}}, x, b.Scalar("rate"), step)
	y = b.Emit(program.RReLU{Key: [2]uint32{2}}, y, step)
	y = b.Emit(program.APL{}, y, b.Held("a", tensor.Of(3, 5)), b.Held("b", tensor.Of(3, 5)))
	y = b.Emit(program.StochasticPool{Window: program.Square(3, 2, 1), Key: [2]uint32{3}}, y, step)
	b.Output("y", y)
	loss := b.Emit(program.Mean{}, b.Emit(program.Mul{}, y, y))
	for i, g := range b.Gradients(loss, []*program.Value{x, b.Held("a", tensor.Of(3, 5)), b.Held("b", tensor.Of(3, 5))}) {
		b.Output(fmt.Sprintf("d%d", i), g)
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	r := tensor.NewStream(1, "drawn").At(0, 0)
	feed := engine.Feed{Real: map[string][]float32{"x": make([]float32, shape.Elems())}, Scalars: map[string]float32{"rate": 0.3, "step": 5}}
	state := program.NewState()
	for _, name := range []string{"a", "b"} {
		v, err := state.Add(name, tensor.Of(3, 5))
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Data {
			v.Data[i] = float32(r.Normal())
		}
	}
	for i := range feed.Real["x"] {
		feed.Real["x"][i] = float32(r.Normal())
	}
	for _, level := range Levels() {
		want := map[string][]float32{}
		for _, threads := range []int{1, 2, 7} {
			e, err := newEngine(t, Options{Level: level, Threads: threads}).Compile(p, state)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Run(feed); err != nil {
				t.Fatal(err)
			}
			for _, o := range p.Outputs {
				if threads == 1 {
					want[o.Name] = slices.Clone(e.Output(o.Name))
				}
				sameBits(t, fmt.Sprintf("%s, %d threads, %s", level, threads, o.Name), e.Output(o.Name), want[o.Name])
			}
		}
	}
}

// One picture is cut into bands of rows and panels of channels, which see their neighbours' rows and no stale byte.
func TestThreadsDoNotChangeABitOfOnePicture(t *testing.T) {
	b := program.NewBuilder("one")
	state := program.NewState()
	r := tensor.NewStream(7, "one").At(0, 0)
	filled := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.Normal())
		}
		return v
	}
	image := tensor.Of(1, 37, 32, 16)
	v := b.Input("x", program.Real, image)
	conv := func(kernel, stride, groups, cout int) {
		name := fmt.Sprint("w", len(state.Names()))
		shape := tensor.Of(kernel, kernel, v.Shape()[3]/groups, cout)
		held, err := state.Add(name, shape)
		if err != nil {
			t.Fatal(err)
		}
		copy(held.Data, filled(shape.Elems()))
		v = b.Emit(program.Conv{Window: program.Square(kernel, stride, kernel/2), Groups: groups}, v, b.Held(name, shape))
		v = b.Emit(program.Activation{Func: program.ReLU}, v)
	}
	conv(3, 1, 1, 48)    // bands of squares
	conv(3, 2, 1, 144)   // bands of rows
	conv(3, 1, 144, 144) // of a depthwise one
	conv(1, 1, 1, 256)
	conv(5, 2, 2, 200)
	conv(3, 2, 200, 200)
	conv(1, 1, 1, 1000) // panels
	conv(3, 1, 1000, 1000)
	conv(3, 1, 1, 64) // panels of squares
	b.Output("y", v)
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	feed := engine.Feed{Real: map[string][]float32{"x": filled(image.Elems())}}
	for _, level := range Levels() {
		var want []float32
		for _, threads := range []int{1, 2, 7, 64} {
			x, err := newEngine(t, Options{Level: level, Threads: threads, Poison: threads != 7}).Compile(p, state)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := x.Run(feed); err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = slices.Clone(x.Output("y"))
				}
				sameBits(t, fmt.Sprintf("%s, %d threads", level, threads), x.Output("y"), want)
			}
			if n := testing.AllocsPerRun(5, func() { x.Run(feed) }); n != 0 {
				t.Errorf("%s, %d threads: %v allocations a run, want 0", level, threads, n)
			}
		}
		if slices.ContainsFunc(want, func(v float32) bool { return v != v }) {
			t.Errorf("%s: not a number in what comes out", level)
		}
	}
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Errorf("%s: element %d is %v, with one thread %v", what, i, got[i], want[i])
			return
		}
	}
}

func TestASteadyRunAllocatesNothing(t *testing.T) {
	e := newEngine(t, Options{Threads: 2})
	s := program.NewState()
	x, err := e.Compile(smallNet.program(t, s, true), s)
	if err != nil {
		t.Fatal(err)
	}
	feed := smallNet.feed()
	run := func() {
		if err := x.Run(feed); err != nil {
			t.Fatal(err)
		}
		x.Output("logits")
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations a run, want 0", n)
	}
}

// Attention, gates, layer norms and generalised means have steps of their own kinds, so they are held to both laws apart.
func TestStepsOfAttentionAllocateNothingAndKnowNoThreads(t *testing.T) {
	one, seven := newEngine(t, Options{Threads: 1}), newEngine(t, Options{Threads: 7})
	for _, c := range enginetest.Cases() {
		kind, name, _ := strings.Cut(c.Name, "/")
		if kind != "attention" && !strings.HasPrefix(name, "gates") && !strings.HasPrefix(name, "layer-norm") && !strings.HasPrefix(name, "channel-pools") && !strings.HasPrefix(name, "generalised") {
			continue
		}
		p, err := c.Program()
		if err != nil {
			t.Fatal(err)
		}
		outputs := map[string][]float32{}
		for _, e := range []*Engine{one, seven} {
			x, err := e.Compile(p, enginetest.State(p))
			if err != nil {
				t.Fatal(err)
			}
			feed := c.Feed(p)
			if err := x.Run(feed); err != nil {
				t.Fatal(err)
			}
			for _, o := range p.Outputs {
				if e == one {
					outputs[o.Name] = slices.Clone(x.Output(o.Name))
				} else {
					sameBits(t, c.Name+", 7 threads, "+o.Name, x.Output(o.Name), outputs[o.Name])
				}
			}
			if n := testing.AllocsPerRun(5, func() { err = x.Run(feed) }); n != 0 || err != nil {
				t.Errorf("%s: %v allocations a run (%v)", c.Name, n, err)
			}
		}
	}
}

func TestExecutablesOfOneEngineShareItsArena(t *testing.T) {
	e := newEngine(t, Options{Threads: 2, Poison: true})
	s := program.NewState()
	step, err := e.Compile(smallNet.program(t, s, true), s)
	if err != nil {
		t.Fatal(err)
	}
	eval, err := e.Compile(smallNet.program(t, s, false), s)
	if err != nil {
		t.Fatal(err)
	}
	feed := smallNet.feed()
	var logits [2][]float32
	for i := range logits {
		if err := eval.Run(feed); err != nil {
			t.Fatal(err)
		}
		logits[i] = slices.Clone(eval.Output("logits"))
		if i == 0 {
			saved := map[string][]float32{}
			for _, name := range s.Names() {
				saved[name] = slices.Clone(s.Get(name).Data)
			}
			if err := step.Run(feed); err != nil {
				t.Fatal(err)
			}
			for name, d := range saved {
				copy(s.Get(name).Data, d)
			}
		}
	}
	sameBits(t, "evaluation after a step was run and undone", logits[1], logits[0])
	if a, b := eval.Plan().ArenaBytes, step.Plan().ArenaBytes; a >= b {
		t.Errorf("evaluation takes %d bytes of arena, a step %d; evaluation should need less", a, b)
	}
	if p := step.Plan(); p.ArenaBytes >= p.ValueBytes {
		t.Errorf("the arena has %d bytes where values without reuse have %d", p.ArenaBytes, p.ValueBytes)
	}
	if p := step.Plan(); p.ArenaBytes < p.LiveBytes || 10*p.ArenaBytes > 12*p.LiveBytes {
		t.Errorf("the arena has %d bytes where %d are alive at once; it should have little more", p.ArenaBytes, p.LiveBytes)
	}
}

func TestEveryOpIsBound(t *testing.T) {
	for _, op := range program.Ops() {
		if bound(op) == nil {
			t.Errorf("%s has no binding", op.Kind())
		}
	}
}

type unknownOp struct{}

func (unknownOp) Kind() string { return "made-up" }
func (unknownOp) Infer(in []*program.Value) ([]program.Type, error) {
	return []program.Type{in[0].Type}, nil
}

func TestAnOpWithoutABindingIsNamed(t *testing.T) {
	b := program.NewBuilder("odd")
	b.At("layer7")
	b.Output("y", b.Emit(unknownOp{}, b.Input("x", program.Real, tensor.Of(2))))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = newEngine(t, Options{Threads: 1}).Compile(p, program.NewState())
	if err == nil || !strings.Contains(err.Error(), "layer7") || !strings.Contains(err.Error(), "made-up") {
		t.Errorf("error %v, want one that names the layer and the op", err)
	}
}

func TestWrongOptionsAndFeedsAreNamed(t *testing.T) {
	_, err := New(Options{Level: "sse2"})
	wantError(t, err, `no level "sse2"`, "generic")
	t.Setenv("ASSAY_CPU", "mmx")
	_, err = New(Options{})
	wantError(t, err, "ASSAY_CPU", `"mmx"`)
	t.Setenv("ASSAY_CPU", "generic")
	e := newEngine(t, Options{Threads: 1})
	if e.Level() != "generic" || e.ID().Arch != "generic" {
		t.Errorf("level %s, %v with ASSAY_CPU=generic", e.Level(), e.ID())
	}
	s := program.NewState()
	p := smallNet.program(t, s, true)
	_, err = e.Compile(p, program.NewState())
	wantError(t, err, "conv1.w")
	x, err := e.Compile(p, s)
	if err != nil {
		t.Fatal(err)
	}
	feed := smallNet.feed()
	feed.Real = map[string][]float32{"x": make([]float32, 3)}
	wantError(t, x.Run(feed), "x", "3 elements")
	wantError(t, x.Run(engine.Feed{}), "x", "fed")
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v, want one with %q", err, p)
		}
	}
}

func TestThePoolDoesEveryTaskOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		p, err := newPool(workers)
		if err != nil {
			t.Fatal(err)
		}
		for _, tasks := range []int{0, 1, 2, 3, 100} {
			for range 200 {
				var done [100]atomic.Int32
				busy := make([]atomic.Bool, workers)
				p.Run(tasks, func(w, task int) {
					if busy[w].Swap(true) {
						t.Errorf("worker %d does two tasks at once", w)
					}
					done[task].Add(1)
					busy[w].Store(false)
				})
				for i := range done {
					if n := done[i].Load(); (n == 1) != (i < tasks) {
						t.Fatalf("%d workers, %d tasks: task %d was done %d times", workers, tasks, i, n)
					}
				}
			}
		}
		p.Close()
		p.Close()
	}
}

func TestAnIdlePoolSleeps(t *testing.T) {
	p, err := newPool(4)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 3 {
		p.Run(8, func(_, _ int) {}) // wakes those that sleep
		for range 200 {
			time.Sleep(time.Millisecond)
			if p.hands[1].asleep.Load() && p.hands[2].asleep.Load() && p.hands[3].asleep.Load() {
				break
			}
		}
		for i := range p.hands[1:] {
			if !p.hands[1+i].asleep.Load() {
				t.Fatalf("worker %d still looks for work 200 ms after the last", 1+i)
			}
		}
	}
}

func TestAnEngineThatNobodyHoldsEndsItsWorkers(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		e, err := New(Options{Threads: 3})
		if err != nil {
			t.Fatal(err)
		}
		s := program.NewState()
		x, err := e.Compile(smallNet.program(t, s, true), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Run(smallNet.feed()); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		runtime.GC()
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left of %d engines", runtime.NumGoroutine()-before, 3)
}

func TestAValueIsPlacedWhereNothingElseLives(t *testing.T) {
	r := tensor.NewStream(3, "arena").At(0, 0)
	for range 50 {
		var vs []*value
		for range 40 {
			v := newValue("", tensor.Of(1+r.IntN(300)))
			v.start = r.IntN(20)
			v.end = v.start + r.IntN(6)
			vs = append(vs, v)
		}
		length := pack(vs, (*value).size, func(v *value) (int, int) { return v.start, v.end })
		for i, a := range vs {
			if a.at%16 != 0 || a.at+a.size() > length {
				t.Fatalf("a value of %d lies at %d in %d", a.size(), a.at, length)
			}
			for _, b := range vs[:i] {
				if a.start <= b.end && b.start <= a.end && a.at < b.at+b.size() && b.at < a.at+a.size() {
					t.Fatalf("two values share bytes: %d+%d and %d+%d", a.at, a.size(), b.at, b.size())
				}
			}
		}
	}
}

func TestQuotasOfControlGroupsAreCounted(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, self string
		files      map[string]string
		want       int
	}{
		{"none", "0::/\n", nil, 0},
		{"unlimited", "0::/a\n", map[string]string{"a/cpu.max": "max 100000\n"}, 0},
		{"half", "0::/a/b\n", map[string]string{"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "800000 100000\n"}, 2},
		{"less than one", "0::/\n", map[string]string{"cpu.max": "20000 100000\n"}, 1},
		{"version 1", "4:cpu,cpuacct:/x\n", map[string]string{"cpu/x/cpu.cfs_quota_us": "300000\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 3},
		{"version 1 without", "4:cpu,cpuacct:/x\n", map[string]string{"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"}, 0},
	} {
		root := dir + "/" + c.name
		write(t, root+"/self", c.self)
		for name, text := range c.files {
			write(t, root+"/fs/"+name, text)
		}
		if got := quota(root+"/self", root+"/fs"); got != c.want {
			t.Errorf("%s: quota %d, want %d", c.name, got, c.want)
		}
	}
	if n := DefaultThreads(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("%d threads on %d cores", n, runtime.NumCPU())
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
