package cpu

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// listing prints phases and steps, to be read.
func listing(x *executable) string {
	var s strings.Builder
	for i, ph := range x.phases {
		if ph.n > 0 {
			fmt.Fprintf(&s, "phase %d: %d chunks of %d pictures\n", i, ph.chunks, ph.group)
		} else {
			fmt.Fprintf(&s, "phase %d: %d tasks\n", i, ph.chunks)
		}
		for _, st := range ph.steps {
			where := ""
			for _, v := range st.writes {
				switch b := v.base(); {
				case v.home == host:
					where += " state"
				case b != v:
					where += " in place"
				case v.home == chunk:
					where += " chunk"
				default:
					where += " arena"
				}
				if v.haloed() {
					where += fmt.Sprintf(" halo %v", v.halo)
				}
			}
			fmt.Fprintf(&s, "  %-28s %-40s %-18v%s\n", st.name, st.what, st.shape, where)
		}
	}
	p := x.Plan()
	fmt.Fprintf(&s, "arena %d bytes, alive at once %d, values without reuse %d\n", p.ArenaBytes, p.LiveBytes, p.ValueBytes)
	return s.String()
}

func TestThePlanOfAResidualNetIsAsItWasRead(t *testing.T) {
	for _, train := range []bool{true, false} {
		name := map[bool]string{true: "step", false: "evaluation"}[train]
		t.Run(name, func(t *testing.T) {
			s := program.NewState()
			x, err := newEngine(t, Options{Level: "generic", Threads: 1}).Compile(smallNet.program(t, s, train), s)
			if err != nil {
				t.Fatal(err)
			}
			got, file := listing(x.(*executable)), "testdata/golden/plan-"+name+".txt"
			golden.Text(t, file, got)
		})
	}
}

func TestWideGradientsDoNotDependOnThreads(t *testing.T) {
	b := program.NewBuilder("wide")
	x, dy := b.Input("x", program.Real, tensor.Of(3, 5, 5, 64)), b.Input("dy", program.Real, tensor.Of(3, 5, 5, 80))
	g := program.ConvGradWeight{Window: program.Square(3, 1, 1), Groups: 1}
	b.Output("dw", b.Emit(g, x, dy))
	b.Output("product", b.Emit(program.MatMul{TransA: true}, b.Emit(program.Reshape{Shape: tensor.Of(75, 64)}, x), b.Emit(program.Reshape{Shape: tensor.Of(75, 80)}, dy)))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	feed := smallNet.feed()
	for name, n := range map[string]int{"x": 3 * 25 * 64, "dy": 3 * 25 * 80} {
		r := tensor.NewStream(5, name).At(0, 0)
		feed.Real[name] = make([]float32, n)
		for i := range feed.Real[name] {
			feed.Real[name][i] = float32(r.Normal())
		}
	}
	for _, level := range Levels() {
		want := map[string][]float32{}
		for _, threads := range []int{1, 2, 7} {
			x, err := newEngine(t, Options{Level: level, Threads: threads}).Compile(p, program.NewState())
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Run(feed); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"dw", "product"} {
				if threads == 1 {
					want[name] = x.Output(name)
				}
				sameBits(t, fmt.Sprintf("%s, %d threads, %s", level, threads, name), x.Output(name), want[name])
			}
		}
	}
}

func TestWeightGradientsGoInTheChainThatMadeWhatTheyRead(t *testing.T) {
	for _, level := range Levels() {
		for _, groups := range []int{1, 2, 4, 16} {
			for _, kernel := range []int{1, 3, 5} {
				b := program.NewBuilder("chain")
				shape := tensor.Of(32, 8, 8, 16)
				x, dy := b.Input("x", program.Real, shape), b.Input("dy", program.Real, shape)
				relu := program.Activation{Func: program.ReLU}
				g := program.ConvGradWeight{Window: program.Square(kernel, 1, kernel/2), Groups: groups}
				b.Output("dw", b.Emit(g, b.Emit(relu, x), b.Emit(relu, dy)))
				p, err := b.Build()
				if err != nil {
					t.Fatal(err)
				}
				x1, err := newEngine(t, Options{Level: level, Threads: 1}).Compile(p, program.NewState())
				if err != nil {
					t.Fatal(err)
				}
				first := x1.(*executable).phases[0].steps
				if last := first[len(first)-1]; !strings.Contains(last.what, "grad weight") {
					t.Errorf("%s, groups %d, kernel %d: the gradient does not stand behind its operands:\n%s", level, groups, kernel, listing(x1.(*executable)))
				}
			}
		}
	}
}
