package enginetest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// Resident is an engine with a memory of its own, as an accelerator has it, made of another engine: it holds copies of the values of
// States, writes there, and is ahead of the host. What it is ahead of it poisons on the host, with NaN, so that whoever reads
// there without asking gets nonsense; and what was written on the host without saying so is an error of the next run.
func Resident(inner engine.Engine) engine.Engine {
	return &resident{inner: inner, copies: map[*tensor.Tensor]*residentCopy{}}
}

type resident struct {
	inner  engine.Engine
	copies map[*tensor.Tensor]*residentCopy
	closed bool
}

// residentCopy is the engine's own of one tensor.
type residentCopy struct {
	state   *program.State // of that tensor alone
	name    string
	version uint64    // of the host's when both were equal
	known   bool      // they have been
	host    []float32 // what the host's copy must be if nobody said otherwise
}

// ID is that of the engine inside: where values are decides no bits.
func (r *resident) ID() engine.ID { return r.inner.ID() }

func (r *resident) Close() {
	r.closed = true
	r.inner.Close()
}

// Fetch implements program.Holder.
func (r *resident) Fetch(t *tensor.Tensor) error {
	if r.closed {
		return errors.New("the engine that holds the newest values was closed; read them before")
	}
	c := r.copies[t]
	if !same(t.Data, c.host) {
		return fmt.Errorf("%s: was written on the host while the engine was ahead; write it by State.Write", c.name)
	}
	values, err := c.state.Read(c.name)
	if err != nil {
		return err
	}
	copy(t.Data, values)
	copy(c.host, values)
	return nil
}

func (r *resident) Compile(p *program.Program, s *program.State) (engine.Executable, error) {
	if r.closed {
		return nil, errors.New("the engine was closed")
	}
	own := program.NewState()
	x := &residentExecutable{engine: r, state: s}
	for _, v := range p.Inputs(program.Held) {
		t := s.Get(v.Name)
		if t == nil {
			continue // the engine inside says so
		}
		if r.copies[t] == nil {
			c := &residentCopy{state: program.NewState(), name: v.Name, host: make([]float32, len(t.Data))}
			if _, err := c.state.Add(v.Name, t.Shape); err != nil {
				return nil, err
			}
			r.copies[t] = c
		}
		own.Share(v.Name, r.copies[t].state)
		x.held = append(x.held, v.Name)
	}
	for _, n := range p.Nodes {
		if w, ok := n.Op.(program.Writer); ok {
			for _, i := range w.Writes() {
				x.written = append(x.written, n.In[i].Name)
			}
		}
	}
	var err error
	x.inner, err = r.inner.Compile(p, own)
	return x, err
}

type residentExecutable struct {
	engine  *resident
	inner   engine.Executable
	state   *program.State
	held    []string
	written []string
}

// Run copies to the engine what changed on the host, runs, and poisons the host's copies of what was written.
func (x *residentExecutable) Run(f engine.Feed) error {
	for _, name := range x.held {
		t := x.state.Get(name)
		c := x.engine.copies[t]
		if c.known && c.version == x.state.VersionOf(name) {
			if !same(t.Data, c.host) {
				return fmt.Errorf("%s: was written on the host, and nobody said so; write it by State.Write", name)
			}
			continue
		}
		values, err := x.state.Read(name) // of another engine, if one is ahead
		if err != nil {
			return err
		}
		if err := c.state.Write(name, func(own []float32) { copy(own, values) }); err != nil {
			return err
		}
		copy(c.host, values)
		c.version, c.known = x.state.VersionOf(name), true
	}
	if err := x.inner.Run(f); err != nil {
		return err
	}
	x.state.Ahead(x.engine, x.written...)
	for _, name := range x.written {
		t := x.state.Get(name)
		c := x.engine.copies[t]
		for i := range t.Data {
			t.Data[i] = float32(math.NaN())
		}
		copy(c.host, t.Data)
		c.version = x.state.VersionOf(name)
	}
	return nil
}

func (x *residentExecutable) Output(name string) []float32 { return x.inner.Output(name) }

func (x *residentExecutable) Plan() engine.Plan { return x.inner.Plan() }

func (x *residentExecutable) Close() { x.inner.Close() }

// same compares bits: NaN is NaN.
func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}
