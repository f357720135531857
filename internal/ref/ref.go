// Package ref says what every operation means: float64, one obvious loop after the other, no threads, each family of ops in a
// file of its own. It is what other engines are compared with, not for training. It imports program, engine and tensor.
// Start at op_conv.go; [Eval] runs a program in float64 throughout, [New] is the same as an engine over a float32 State.
package ref

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
)

// New returns the reference engine.
func New() engine.Engine { return reference{} }

type reference struct{}

// Version is that of the meanings. A change of one that changes results is a new version.
const Version = 1

// ID names no architecture, though exp and log are those of package math, which has them differ in their last bit by processor: the
// reference is compared within a tolerance. So it promises no bits.
func (reference) ID() engine.ID {
	return engine.ID{Name: "ref", Version: Version, Precision: "float64"}
}

func (reference) Close() {}

// Compile checks that the State holds what the program asks for. There is nothing to plan.
func (reference) Compile(p *program.Program, s *program.State) (engine.Executable, error) {
	for _, v := range p.Inputs(program.Held) {
		t := s.Get(v.Name)
		if t == nil {
			return nil, fmt.Errorf("%s: the state holds no %q; add it before compiling", p.Name, v.Name)
		}
		if !t.Shape.Equal(v.Shape()) {
			return nil, fmt.Errorf("%s: the state holds %q as %v where the program has %v", p.Name, v.Name, t.Shape, v.Shape())
		}
	}
	return &executable{p: p, state: s}, nil
}

type executable struct {
	p      *program.Program
	state  *program.State
	out    map[string][]float32
	closed bool
}

// Run reads State and feed as float64, evaluates, and rounds once at the end: outputs and what the program wrote to the State.
func (e *executable) Run(f engine.Feed) error {
	if e.closed {
		return errors.New("the executable was closed; compile the program again")
	}
	if err := e.state.Sync(); err != nil {
		return err
	}
	real := map[string][]float64{}
	for name, data := range f.Real {
		real[name] = widen(data)
	}
	for name, v := range f.Scalars {
		real[name] = []float64{float64(v)}
	}
	held := e.p.Inputs(program.Held)
	for _, v := range held {
		real[v.Name] = widen(e.state.Get(v.Name).Data)
	}
	out, err := Eval(e.p, real, f.Index)
	if err != nil {
		return err
	}
	for _, v := range held {
		round(e.state.Get(v.Name).Data, real[v.Name])
	}
	if e.p.Writes() {
		if err := e.state.Changed(); err != nil {
			return err
		}
	}
	e.out = map[string][]float32{}
	for name, data := range out {
		e.out[name] = make([]float32, len(data))
		round(e.out[name], data)
	}
	return nil
}

func (e *executable) Close() { e.closed = true }

func (e *executable) Output(name string) []float32 { return e.out[name] }

// Plan lists a step a node. All values have an array of their own, of float64.
func (e *executable) Plan() engine.Plan {
	p := engine.Plan{Engine: reference{}.ID().String()}
	for _, v := range e.p.Values {
		if v.Source == program.Computed {
			p.ValueBytes += 8 * int64(v.Shape().Elems())
		}
	}
	p.ArenaBytes, p.LiveBytes = p.ValueBytes, p.ValueBytes
	for _, n := range e.p.Nodes {
		s := engine.PlanStep{Name: n.Name, What: program.Describe(n.Op), Kernel: "loops", MACs: program.MACs(n), Bytes: 2 * program.Bytes(n)}
		if len(n.Out) > 0 {
			s.Output = n.Out[0].Shape().String()
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

func widen(data []float32) []float64 {
	wide := make([]float64, len(data))
	for i, v := range data {
		wide[i] = float64(v)
	}
	return wide
}

func round(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}
