package enginetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// contract checks what engine.Engine promises beyond numbers.
func contract(t *testing.T, e engine.Engine) {
	c := &Case{Name: "contract", Classes: 3, Build: func(b *program.Builder) {
		n := &net{Builder: b}
		x := b.Input("x", program.Real, tensor.Of(2, 4, 4, 3))
		n.step(n.linear("fc", n.act(program.ReLU, n.norm("c", n.conv("c", x, 4, 3, 1, 1))), 3), false)
	}}
	p, err := c.Program()
	if err != nil {
		t.Fatal(err)
	}
	s := State(p)
	x, err := e.Compile(p, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a state without the values is an error that names one", func(t *testing.T) {
		if _, err := e.Compile(p, program.NewState()); err == nil || !strings.Contains(err.Error(), "c/weight") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a held value of another shape is an error that names it", func(t *testing.T) {
		other := program.NewState()
		for _, v := range p.Inputs(program.Held) {
			if _, err := other.Add(v.Name, append(tensor.Of(2), v.Shape()...)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := e.Compile(p, other); err == nil || !strings.Contains(err.Error(), "c/weight") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a feed that lacks something is an error that names it", func(t *testing.T) {
		for _, name := range []string{"x", "labels", "lr"} {
			f := c.Feed(p)
			delete(f.Real, name)
			delete(f.Index, name)
			delete(f.Scalars, name)
			if err := x.Run(f); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("without %s: got %v", name, err)
			}
		}
	})
	t.Run("an array of another size is an error that names it", func(t *testing.T) {
		f := c.Feed(p)
		f.Real["x"] = f.Real["x"][1:]
		if err := x.Run(f); err == nil || !strings.Contains(err.Error(), `x`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an unknown output is nil", func(t *testing.T) {
		if err := x.Run(c.Feed(p)); err != nil {
			t.Fatal(err)
		}
		if got := x.Output("nonsense"); got != nil {
			t.Errorf("got %v", got)
		}
	})
	t.Run("two programs over one state take turns", func(t *testing.T) { turns(t, e, c, p) })
	t.Run("what the host writes the next run sees, and what a run writes the host reads", func(t *testing.T) { writes(t, e, c, p) })
	t.Run("two engines take turns over one state", func(t *testing.T) { handedOver(t, e, c, p) })
	t.Run("a closed executable or engine runs nothing", func(t *testing.T) {
		y, err := e.Compile(p, State(p))
		if err != nil {
			t.Fatal(err)
		}
		y.Close()
		y.Close()
		if err := y.Run(c.Feed(p)); err == nil {
			t.Error("it ran")
		}
		if err := x.Run(c.Feed(p)); err != nil {
			t.Errorf("another one does not run any more: %v", err)
		}
	})
	t.Run("the same run gives the same bits", func(t *testing.T) {
		var got [2]*result
		for i := range got {
			if got[i], err = c.run(e); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range got[0].state.Names() {
			if !slices.Equal(got[0].state.Get(name).Data, got[1].state.Get(name).Data) {
				t.Errorf("%s differs", name)
			}
		}
	})
	t.Run("the plan lists steps, work and bytes", func(t *testing.T) {
		plan := x.Plan()
		var macs int64
		for _, s := range plan.Steps {
			macs += s.MACs
		}
		want := int64(0)
		for _, n := range p.Nodes {
			want += program.MACs(n)
		}
		if macs != want || plan.Engine == "" || plan.ValueBytes < plan.ArenaBytes/8 || plan.LiveBytes <= 0 || plan.LiveBytes > plan.ArenaBytes {
			t.Errorf("%d multiply-adds, want %d; plan %+v", macs, want, plan)
		}
	})
}

// weight is a parameter of the contract's network.
const weight = "c/weight"

// writes takes turns with the engine at a weight.
func writes(t *testing.T, e engine.Engine, c *Case, step *program.Program) {
	run := func(e engine.Engine) (seen [][]float32) {
		s := State(step)
		x, err := e.Compile(step, s)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := x.Run(c.Feed(step)); err != nil {
				t.Fatal(err)
			}
			got, err := s.Read(weight)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, slices.Clone(got))
			if err := x.Run(c.Feed(step)); err != nil {
				t.Fatal(err)
			}
			before := s.Version()
			if err := s.Write(weight, func(w []float32) {
				for i := range w {
					w[i] *= -0.5
				}
			}); err != nil {
				t.Fatal(err)
			}
			if s.Version() == before {
				t.Error("the version stayed")
			}
		}
		return seen
	}
	loose := &Case{Tolerance: 1e-3}
	want := run(reference())
	for i, got := range run(e) {
		loose.close(t, weight, got, want[i])
	}

	// What is written past the State is refused where it would be lost, and seen where it would not.
	s := State(step)
	x, err := e.Compile(step, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Run(c.Feed(step)); err != nil {
		t.Fatal(err)
	}
	if err := s.Changed(weight); err != nil {
		if !strings.Contains(err.Error(), weight) {
			t.Errorf("the error does not name the tensor: %v", err)
		}
		if err := s.Changed(); err == nil {
			t.Error("a write of any tensor was allowed where one of c/weight was not")
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := s.Changed(); err != nil {
		t.Errorf("after Sync: %v", err)
	}
}

// handedOver runs steps on the engine, on the reference, and on the engine again, over one State.
func handedOver(t *testing.T, e engine.Engine, c *Case, step *program.Program) {
	run := func(engines ...engine.Engine) *program.State {
		s := State(step)
		for _, e := range engines {
			x, err := e.Compile(step, s)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := x.Run(c.Feed(step)); err != nil {
					t.Fatal(err)
				}
			}
			x.Close()
		}
		if err := s.Sync(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	loose := &Case{Tolerance: 1e-3}
	got, want := run(e, reference(), e), run(reference(), reference(), reference())
	for _, name := range want.Names() {
		loose.close(t, name, got.Get(name).Data, want.Get(name).Data)
	}
}

// turns runs a step, then an evaluation that must see the new parameters, then a step that must not see the evaluation.
func turns(t *testing.T, e engine.Engine, c *Case, step *program.Program) {
	b := program.NewBuilder("evaluation")
	n := &net{Builder: b}
	in := b.Input("x", program.Real, tensor.Of(2, 4, 4, 3))
	y := n.conv("c", in, 4, 3, 1, 1)
	held := func(name string) *program.Value { return b.Held("c/"+name, tensor.Of(4)) }
	y = b.Emit(program.BatchNormInference{Eps: 1e-5, Affine: true}, y, held("mean"), held("var"), held("gamma"), held("beta"))
	b.Output("y", n.linear("fc", n.act(program.ReLU, y), 3))
	evaluation, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	run := func(e engine.Engine) (outputs [][]float32) {
		s := State(step)
		train, err := e.Compile(step, s)
		if err != nil {
			t.Fatal(err)
		}
		eval, err := e.Compile(evaluation, s)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for _, x := range []engine.Executable{train, eval, eval} {
				if err := x.Run(c.Feed(step)); err != nil {
					t.Fatal(err)
				}
			}
			outputs = append(outputs, slices.Clone(eval.Output("y")))
		}
		return outputs
	}
	loose := &Case{Tolerance: 1e-3}
	want := run(reference())
	for i, got := range run(e) {
		loose.close(t, "evaluation", got, want[i])
	}
}
