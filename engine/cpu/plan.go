package cpu

import (
	"fmt"
	"slices"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

// Planning. Bindings turn the nodes of a program into steps; steps are put together to phases, a phase being one fork and
// join of the pool. There are two kinds of step:
//
//   - image by image: picture n of its outputs depends on picture n of what it reads, and on values that are known before
//     (weights, means). Such steps follow one another on a chunk of a few pictures without waiting for the others, while
//     these are in the second-level cache: normalise, activate, convolve, take moments is one pass over memory.
//   - tasks: a fixed number of independent pieces, each the owner of a part of the output: sums over pictures, matrix
//     products, packing of weights, updates. Those that are ready together share a phase.
//
// What a chunk or a task is follows from shapes alone, and a sum over pictures adds private sums in a fixed order, so the
// bits depend neither on the number of threads nor on who was faster.

// step is one thing that the engine does: a node, a part of one, or several fused.
type step struct {
	name, what, kernel string
	shape              tensor.Shape
	macs               int64

	reads  []read
	writes []*value

	n        int // pictures, of a step that goes image by image; else 0
	minGroup int // pictures that a chunk must hold, so that private sums are not too many
	tasks    int // of a step of tasks

	slices  func()   // makes channels of one value of others, where layouts allow
	view    bool     // the output is the input under another shape: no step at all where layouts allow
	over    *value   // the output must take the bytes of this input
	after   *value   // nothing is done before this is there, though it is not read
	inPlace []*value // the output may take the bytes of one of these, if that is read here for the last time

	build   func()                      // makes image or task, when layout, chunks and places are known
	image   func(w *worker, n0, n1 int) // pictures n0 to n1
	task    func(w *worker, t int)      // task t
	scratch int                         // elements of a worker's scratch that a task uses
	spent   []time.Duration             // by worker, sixteen apart, where steps are timed
	deps    []dep                       // what must be done before
	clears  []*value                    // outputs whose halo this step must clear, being the first to write these bytes
	ph      *phase
	pos     int // position among all steps
}

type read struct {
	v     *value
	whole bool // all of it, not just the picture at hand
}

type dep struct {
	on    *step
	local bool // picture by picture: both may go in one chain
}

// reading adds values that are read picture by picture: as a whole where they have not as many as the step goes through (see link).
func (s *step) reading(vs ...*value) *step {
	for _, v := range vs {
		if v != nil {
			s.reads = append(s.reads, read{v, false})
		}
	}
	return s
}

// knowing adds values that are read as a whole.
func (s *step) knowing(vs ...*value) *step {
	for _, v := range vs {
		if v != nil {
			s.reads = append(s.reads, read{v, true})
		}
	}
	return s
}

// phase is a fork: a chain of steps over chunks of pictures, or a bag of tasks.
type phase struct {
	steps  []*step
	n      int   // pictures of a chain, 0 of a bag
	group  int   // pictures in a chunk
	chunks int   // chunks or tasks in all
	alone  bool  // tasks too small to be worth a fork: the caller does them
	first  []int // of each step of a bag: its first task
	own    int   // elements of a worker's memory that the chain's values occupy
	dead   []*value
	run    func(worker, task int)
}

// planner carries what planning knows. Its fields are filled in the order of the calls in Compile.
type planner struct {
	e      *Engine
	k      *kernel.Set
	t      *table
	f      *frame
	p      *program.Program
	of     []*value // by program value
	values []*value
	steps  []*step
	phases []*phase
	fixed  int // elements of what follows from the State alone

	again    map[int]func(after *value) *value // by program value: makes once more for the backward pass what forward did not keep
	backward *value                            // what the unit at hand waits for in the backward pass; nil before that
}

// place adds a value to the plan.
func (b *planner) place(v *value) *value {
	v.id = len(b.values)
	b.values = append(b.values, v)
	return v
}

// temp is a buffer of the plan itself: packed weights, private sums, coefficients. Dense.
func (b *planner) temp(name string, dims ...int) *value {
	return b.place(newValue(name, tensor.Of(dims...)))
}

// val is the value of the plan for one of the program.
func (b *planner) val(v *program.Value) *value {
	if f := b.again[v.ID]; f != nil && b.backward != nil {
		delete(b.again, v.ID)
		b.of[v.ID] = f(b.backward)
	}
	return b.of[v.ID]
}

// local adds a step that goes image by image and makes out.
func (b *planner) local(n *program.Node, what string, out *value) *step {
	return b.add(&step{name: n.Name, what: what, shape: out.shape, n: out.n, writes: []*value{out}})
}

// bag adds a step of tasks that makes the given values.
func (b *planner) bag(n *program.Node, what string, tasks int, outs ...*value) *step {
	s := &step{name: n.Name, what: what, tasks: tasks, writes: outs}
	if len(outs) > 0 {
		s.shape = outs[0].shape
	}
	return b.add(s)
}

func (b *planner) add(s *step) *step {
	b.steps = append(b.steps, s)
	return s
}

// resolveViews drops the steps that only give a value another shape, where neither side has a halo.
func (b *planner) resolveViews() {
	for _, s := range b.steps {
		if s.over != nil {
			s.over.taken, s.writes[0].taken = true, true
			s.writes[0].root = s.over
		}
	}
	kept := b.steps[:0]
	for _, s := range b.steps {
		if s.view {
			in, out := s.reads[0].v, s.writes[0]
			if in.dense() && out.dense() && in.n == out.n && !in.taken && !out.taken {
				out.root = in.base()
				out.root.mixed = true
				continue
			}
		}
		kept = append(kept, s)
	}
	b.steps = kept
	for _, s := range b.steps {
		if s.slices != nil {
			s.slices()
		}
	}
}

// slice makes part the channels of whole from offset on, and reports whether it can: then neither is copied to the other.
func (b *planner) slice(part, whole *value, offset int) bool {
	root := whole.base()
	if part.root != part || part == root || part.mixed || root.mixed || part.taken || whole.taken || root.taken || part.keep || root.keep || part.home != arena || root.home != arena ||
		part.n != whole.n || part.h != whole.h || part.w != whole.w || part.h*part.w == 1 || len(part.shape) != 4 {
		return false
	}
	part.root, part.slice, part.offset = whole, true, offset
	root.sliced = true
	return true
}

// link finds what each step waits for: who writes what it reads, who still reads what it overwrites. Values are written once,
// so the order of the steps tells nothing, but for the State's tensors.
func (b *planner) link() {
	writer := map[*value]*step{}
	for _, s := range b.steps {
		for i := range s.reads {
			r := &s.reads[i]
			r.whole = r.whole || s.n == 0 || r.v.n != s.n
		}
		for _, v := range s.writes {
			writer[v] = s
		}
	}
	changed := map[*value]*step{}   // of the State's tensors: who wrote last
	readers := map[*value][]*step{} // and who has read since
	for _, s := range b.steps {
		for _, r := range s.reads {
			base := r.v.base()
			base.uses = append(base.uses, s)
			by := writer[r.v]
			if by == nil {
				by = writer[base]
			}
			if base.home == host {
				by = changed[base]
				readers[base] = append(readers[base], s)
			}
			if by != nil {
				s.deps = append(s.deps, dep{by, !r.whole && by.n == s.n && s.n > 0 && !r.v.perChunk})
			}
		}
		for _, v := range s.writes {
			base := v.base()
			base.uses = append(base.uses, s)
			if base.home == host {
				for _, r := range readers[base] {
					if r != s {
						s.deps = append(s.deps, dep{on: r})
					}
				}
				if by := changed[base]; by != nil {
					s.deps = append(s.deps, dep{on: by})
				}
				changed[base] = s
				delete(readers, base)
			}
		}
		if s.after != nil {
			by := writer[s.after]
			if by == nil {
				by = writer[s.after.base()]
			}
			if by != nil && by != s {
				s.deps = append(s.deps, dep{by, by.n == s.n && s.n > 0 && !s.after.perChunk})
			}
		}
		if s.over == nil {
			continue
		}
		for _, o := range b.steps {
			for _, r := range o.reads {
				if o != s && r.v == s.over {
					s.deps = append(s.deps, dep{o, !r.whole && o.n == s.n && s.n > 0})
				}
			}
		}
	}
}

// settleOnce takes out the steps whose results follow from the State alone, packed weights for one, and gives these a place of
// their own: as long as the State stays, they are made once. It is not for a program that writes the State.
func (b *planner) settleOnce() []*phase {
	made := map[*step]bool{}
	constant := func(s *step) bool {
		for _, r := range s.reads {
			if v := r.v.base(); !v.held && v.home != fixed {
				return false
			}
		}
		for _, v := range s.writes {
			if v.keep || v.root != v {
				return false
			}
		}
		return s.n == 0 && s.over == nil && len(s.reads) > 0
	}
	var phases []*phase
	rest := b.steps[:0]
	for _, s := range b.steps { // a step of tasks stands behind what it reads
		if !constant(s) {
			rest = append(rest, s)
			continue
		}
		made[s] = true
		for _, v := range s.writes {
			v.home, v.at = fixed, b.fixed
			b.fixed += up(v.size(), 16)
		}
		s.ph = &phase{steps: []*step{s}, chunks: s.tasks, first: []int{0}}
		phases = append(phases, s.ph)
	}
	b.steps = rest
	for _, s := range b.steps {
		s.deps = slices.DeleteFunc(s.deps, func(d dep) bool { return made[d.on] })
	}
	return phases
}

// schedule puts the steps into phases: all tasks that are ready, then a chain, as long as it gets, from the first step on
// that is ready, and again.
func (b *planner) schedule() error {
	done := map[*step]bool{}
	ready := func(s *step, chain map[*step]bool) bool {
		for _, d := range s.deps {
			if !done[d.on] && !(d.local && chain[d.on]) {
				return false
			}
		}
		return true
	}
	rest := b.steps
	for len(rest) > 0 {
		ph, chain := &phase{}, map[*step]bool{}
		var later []*step
		for _, s := range rest {
			if s.n == 0 && ready(s, nil) {
				ph.first = append(ph.first, ph.chunks)
				ph.chunks += s.tasks
				ph.steps = append(ph.steps, s)
			} else {
				later = append(later, s)
			}
		}
		if len(ph.steps) == 0 {
			for more := true; more; { // a step may stand before what it waits for
				more = false
				later = later[:0:0]
				for _, s := range rest {
					if s.n > 0 && (ph.n == 0 || s.n == ph.n) && ready(s, chain) {
						ph.n = s.n
						chain[s] = true
						ph.steps = append(ph.steps, s)
						more = true
					} else {
						later = append(later, s)
					}
				}
				rest = later
			}
			if len(ph.steps) == 0 {
				return fmt.Errorf("%s: steps wait for one another from %q on; this is a fault of the planner, please report it", b.p.Name, rest[0].what)
			}
			ph.cut(b.t)
		}
		bytes := 0
		for _, s := range ph.steps {
			done[s] = true
			s.ph = ph
			for _, r := range s.reads {
				bytes += 4 * r.v.size()
			}
		}
		ph.alone = ph.n == 0 && bytes <= b.t.tinyBytes
		b.phases = append(b.phases, ph)
		rest = later
	}
	b.steps = b.steps[:0]
	for _, ph := range b.phases {
		for _, s := range ph.steps {
			s.pos = len(b.steps)
			b.steps = append(b.steps, s)
			for _, v := range s.writes {
				if v.perChunk {
					v.n = ph.chunks
				}
			}
		}
	}
	return nil
}

// Chunks: as many pictures as keep the operands of a step in half of a common second-level cache (512 KB), but
// minChunks at least, so that some tens of threads find work.
const minChunks = 16

// cut decides how many pictures a chunk of the chain holds.
func (ph *phase) cut(t *table) {
	most, group := 1, 1
	for _, s := range ph.steps {
		bytes := 0
		for _, r := range s.reads {
			if !r.whole {
				bytes += 4 * r.v.img
			}
		}
		for _, v := range s.writes {
			if !v.perChunk {
				bytes += 4 * v.img
			}
		}
		most = max(most, bytes)
		group = max(group, s.minGroup)
	}
	g := min(max(t.chunkBytes/most, 1), (ph.n+minChunks-1)/minChunks)
	if ph.n*most <= t.tinyBytes {
		g = ph.n
	}
	ph.group = min(max(g, group), ph.n)
	ph.chunks = (ph.n + ph.group - 1) / ph.group
	ph.group = (ph.n + ph.chunks - 1) / ph.chunks
	ph.chunks = (ph.n + ph.group - 1) / ph.group
}

// start makes the function that the pool runs for the phase.
func (ph *phase) start(f *frame) {
	if ph.n == 0 {
		owner := make([]int32, ph.chunks)
		for i, s := range ph.steps {
			for t := range s.tasks {
				owner[ph.first[i]+t] = int32(i)
			}
		}
		ph.run = func(worker, task int) {
			i := owner[task]
			ph.steps[i].task(&f.workers[worker], task-ph.first[i])
		}
		return
	}
	ph.run = func(worker, c int) {
		w := &f.workers[worker]
		w.n0, w.chunk = c*ph.group, c
		n1 := min(w.n0+ph.group, ph.n)
		if f.poison {
			fillNaN(w.own)
		}
		for _, s := range ph.steps {
			for _, v := range s.clears {
				for n := w.n0; n < n1; n++ {
					w.clearHalo(v, n, 0, v.h)
				}
			}
			s.image(w, w.n0, n1)
		}
	}
}

// timed makes the step keep account of its time, each worker for itself. The halos it clears are not counted.
func (s *step) timed(workers int) {
	const apart = 16 // two cache lines
	s.spent = make([]time.Duration, apart*workers)
	if image := s.image; image != nil {
		s.image = func(w *worker, n0, n1 int) {
			start := time.Now()
			image(w, n0, n1)
			s.spent[apart*w.id] += time.Since(start)
		}
	}
	if task := s.task; task != nil {
		s.task = func(w *worker, t int) {
			start := time.Now()
			task(w, t)
			s.spent[apart*w.id] += time.Since(start)
		}
	}
}

// seconds is what the workers have spent on the step.
func (s *step) seconds() float64 {
	sum := time.Duration(0)
	for _, t := range s.spent {
		sum += t
	}
	return sum.Seconds()
}

// describe lists the steps for people.
func (b *planner) describe() []engine.PlanStep {
	var out []engine.PlanStep
	for _, s := range b.steps {
		ps := engine.PlanStep{Name: s.name, What: s.what, Kernel: s.kernel, MACs: s.macs, Output: s.shape.String()}
		for _, r := range s.reads {
			ps.Bytes += 4 * int64(r.v.n) * int64(r.v.elems())
		}
		for _, v := range s.writes {
			ps.Bytes += 4 * int64(v.n) * int64(v.elems())
		}
		out = append(out, ps)
	}
	return out
}
