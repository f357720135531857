package cpu

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/program"
)

// frame is what steps find at run time.
type frame struct {
	arena   []float32
	fixed   []float32
	host    [][]float32 // State tensors, fed arrays, runtime scalars
	index   [][]int32   // fed class indices
	workers []worker
	poison  bool
}

// executable is a planned program.
type executable struct {
	e      *Engine
	f      *frame
	phases []*phase
	once   []*phase // what follows from the State alone
	state  *program.State
	made   uint64 // the State's version when once ran
	writes bool   // to the State
	plan   engine.Plan
	outs   map[string]*value
	dense  map[string][]float32 // copies of outputs that are not dense in the arena

	real, scalars, indices []slot
	closed                 bool

	steps []*step // where steps are timed
	runs  int
}

// slot is where a fed array goes.
type slot struct {
	name string
	at   int // in frame.host or frame.index
	n    int // elements
}

// outer makes the values that come from outside: the State's tensors where they are, fed arrays copied into the arena where
// someone wants a halo round them, scalars.
func (b *planner) outer(x *executable, s *program.State) error {
	var missing []string
	for _, v := range b.p.Values {
		pv := newValue(v.Name, v.Type.Shape)
		b.of[v.ID] = b.place(pv)
		switch {
		case v.Source == program.Computed:
			continue
		case v.Type.DType == program.Index:
			pv.home, pv.at = host, len(b.f.index)
			b.f.index = append(b.f.index, nil)
			x.indices = append(x.indices, slot{v.Name, pv.at, v.Type.Shape.Elems()})
			continue
		}
		data := []float32(nil)
		to := slot{v.Name, len(b.f.host), v.Type.Shape.Elems()}
		switch v.Source {
		case program.Held:
			t := s.Get(v.Name)
			if t == nil {
				missing = append(missing, v.Name)
				continue
			}
			if !t.Shape.Equal(v.Type.Shape) {
				return fmt.Errorf("%s: the state holds %v where the program wants %v; build both from one network", v.Name, t.Shape, v.Type.Shape)
			}
			data, pv.held = t.Data, true
		case program.Scalar:
			data = make([]float32, 1)
			x.scalars = append(x.scalars, to)
		case program.Input:
			x.real = append(x.real, to)
			fed := b.place(newValue(v.Name, v.Type.Shape))
			fed.home, fed.at = host, to.at
			b.copyStep(&program.Node{Name: v.Name}, "feed", pv, fed)
			b.f.host = append(b.f.host, nil)
			continue
		}
		pv.home, pv.at = host, to.at
		b.f.host = append(b.f.host, data)
	}
	if missing != nil {
		return fmt.Errorf("%s: the state lacks %v; add them before compiling", b.p.Name, missing)
	}
	for _, o := range b.p.Outputs {
		b.val(o.Value).keep = true
	}
	return nil
}

// Run executes the program once.
func (x *executable) Run(feed engine.Feed) error {
	if x.closed {
		return errors.New("the executable was closed; compile the program again")
	}
	if err := x.state.Sync(); err != nil {
		return err
	}
	f := x.f
	for _, s := range x.real {
		d, ok := feed.Real[s.name]
		if !ok || len(d) != s.n {
			return misfed("array", s, len(d), ok)
		}
		f.host[s.at] = d
	}
	for _, s := range x.indices {
		d, ok := feed.Index[s.name]
		if !ok || len(d) != s.n {
			return misfed("indices", s, len(d), ok)
		}
		f.index[s.at] = d
	}
	for _, s := range x.scalars {
		v, ok := feed.Scalars[s.name]
		if !ok {
			return misfed("scalar", s, 0, false)
		}
		f.host[s.at][0] = v
	}
	f.arena = x.e.arena
	x.runs++
	for i := range f.workers {
		f.workers[i].f = f
	}
	if f.poison {
		fillNaN(f.arena)
	}
	if v := x.state.Version() + 1; x.made != v { // 0 is never
		for _, ph := range x.once {
			x.fork(ph)
		}
		x.made = v
	}
	for _, ph := range x.phases {
		x.fork(ph)
		if f.poison {
			for _, v := range ph.dead {
				fillNaN(f.arena[v.at:][:v.size()])
			}
		}
	}
	if x.writes {
		return x.state.Changed()
	}
	return nil
}

// Close lets go of packed weights and tables.
func (x *executable) Close() {
	x.closed = true
	x.f.fixed, x.phases, x.once = nil, nil, nil
}

// fork runs a phase.
func (x *executable) fork(ph *phase) {
	if !ph.alone {
		x.e.pool.Run(ph.chunks, ph.run)
		return
	}
	for t := range ph.chunks {
		ph.run(0, t)
	}
}

func misfed(kind string, s slot, got int, there bool) error {
	if !there {
		return fmt.Errorf("%s: no %s of that name is fed; add it to the feed", s.name, kind)
	}
	return fmt.Errorf("%s: %d elements are fed where the program was compiled for %d; feed that many or compile for another batch", s.name, got, s.n)
}

// Output is the content of a named output, nil for an unknown name.
func (x *executable) Output(name string) []float32 {
	v := x.outs[name]
	if v == nil || x.f.arena == nil {
		return nil
	}
	if v.dense() {
		return x.f.whole(v)
	}
	d := x.dense[name]
	if d == nil {
		d = make([]float32, v.n*v.elems())
		x.dense[name] = d
	}
	x.f.gather(d, v)
	return d
}

// Plan tells what was decided.
func (x *executable) Plan() engine.Plan {
	for i, s := range x.steps {
		x.plan.Steps[i].Seconds = s.seconds() / float64(max(x.runs, 1))
	}
	return x.plan
}
