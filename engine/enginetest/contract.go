package enginetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/program"
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
