// Package cpu is the fast engine: float32 on the processor's vector units, no cgo. It executes programs step by step as
// planned at Compile: bindings (bind.go, one file an op family) turn nodes, alone or fused (fuse.go), into steps; plan.go puts
// steps into phases, layout.go gives values halos and pitches, arena.go places them, pool.go runs the phases. The inner loops
// are in internal/kernel.
//
// Equal inputs give equal bits at a level, whatever the number of threads. A steady Run allocates nothing. It may import
// program, engine, tensor and internal/memory. Start at [New].
package cpu

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu/internal/kernel"
	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/internal/program"
)

// TableVersion names the rules by which kernels, tiles and blocks are chosen. Results are the same bits only under one level
// and one version; both are in an engine's ID. A golden test of all ops fails when bits change and the version does not.
const TableVersion = 7

// Options of an Engine. The zero value is what a program wants.
type Options struct {
	Threads int    // workers, the caller of Run included; 0: [DefaultThreads]
	Level   string // "generic", "avx2" or "avx512"; empty: the environment's ASSAY_CPU, else the best this processor has

	Profile bool // time every step: Plan then tells seconds; costs two looks at the clock a step and chunk

	NoFusion bool // every node a step of its own: slower, the same within rounding; for tests and for reading plans
	Poison   bool // NaN into memory whose content is dead, before and after every phase: slow; for tests
}

// Engine executes programs on the processor. It implements [engine.Engine]. One executable of it runs at a time; engines are
// independent of one another.
type Engine struct {
	opt     Options
	set     kernel.Set
	table   table
	pool    *pool
	arena   []float32 // the longest of its executables'
	workers []worker
}

// worker is what a worker of the pool works with. Executables share it.
type worker struct {
	id    int
	f     *frame
	own   []float32 // values of the chunk under way
	bench []float32 // scratch of a task
	n0    int       // the chunk's first picture
	chunk int       // and its number

	conv      kernel.ConvArgs // here because what a kernel takes by pointer would else be allocated at every call
	wgrad     kernel.WgradArgs
	transform kernel.Transform
	cell      kernel.Cell
	depth     kernel.DepthwiseArgs
	_         [64]byte
}

// New returns an engine. An unknown level, or one that this processor lacks, is an error that lists those there are.
func New(opt Options) (*Engine, error) {
	if opt.Threads < 0 {
		return nil, fmt.Errorf("threads: %d is negative; give 0 for all cores, or 1 and more", opt.Threads)
	}
	if opt.Threads == 0 {
		opt.Threads = DefaultThreads()
	}
	where := "level"
	if opt.Level == "" {
		opt.Level, where = os.Getenv("ASSAY_CPU"), "ASSAY_CPU"
	}
	levels := kernel.Levels()
	set := levels[len(levels)-1]
	if opt.Level != "" {
		var names []string
		found := false
		for _, l := range levels {
			names = append(names, l.Name)
			if l.Name == opt.Level {
				set, found = l, true
			}
		}
		if !found {
			return nil, fmt.Errorf("%s: no level %q on this processor; choose %s", where, opt.Level, strings.Join(names, " or "))
		}
	}
	p, err := newPool(opt.Threads)
	if err != nil {
		return nil, err
	}
	e := &Engine{opt: opt, set: set, table: tables[set.Name], pool: p, workers: make([]worker, opt.Threads)}
	for i := range e.workers {
		e.workers[i].id = i
	}
	// The workers know the pool alone, so an engine that nobody holds any more is collected and ends them.
	runtime.AddCleanup(e, (*pool).Close, e.pool)
	return e, nil
}

// Levels lists the levels of this processor, slowest first.
func Levels() []string {
	var names []string
	for _, l := range kernel.Levels() {
		names = append(names, l.Name)
	}
	return names
}

// ID names the level with the processor's architecture; the generic one, Go code that rounds every product, has the same bits on all.
func (e *Engine) ID() engine.ID {
	arch := e.set.Name
	if arch != kernel.Generic().Name {
		arch = runtime.GOARCH + "/" + arch
	}
	return engine.ID{Name: "cpu", Version: TableVersion, Arch: arch, Precision: "float32", Deterministic: true}
}

// Level is the level in use: "generic", "avx2" or "avx512".
func (e *Engine) Level() string { return e.set.Name }

// Threads is the number of workers.
func (e *Engine) Threads() int { return e.pool.n }

// Close ends the workers. An engine that was closed runs nothing any more; one that is no longer held closes itself.
func (e *Engine) Close() { e.pool.Close() }

// Peak measures what the processor can do at this level: the best of five loops of multiply-adds in registers alone on all
// threads at once, in GFLOP/s (a multiply-add counts two). It takes about a tenth of a second.
func (e *Engine) Peak() float64 {
	n := 1 << 10
	for { // as many rounds as take some 20 ms
		start := time.Now()
		e.set.Peak(n)
		if time.Since(start) > 10*time.Millisecond {
			break
		}
		n *= 2
	}
	flops := make([]int, 16*e.pool.n)
	best := 0.0
	for range 5 {
		start := time.Now()
		e.pool.Run(e.pool.n, func(_, task int) { flops[16*task] = e.set.Peak(n) })
		took := time.Since(start).Seconds()
		sum := 0
		for _, f := range flops {
			sum += f
		}
		best = max(best, float64(sum)/took/1e9)
	}
	return best
}

// Compile plans a program. See [engine.Engine].
func (e *Engine) Compile(p *program.Program, s *program.State) (engine.Executable, error) {
	f := &frame{poison: e.opt.Poison, workers: e.workers}
	x := &executable{e: e, f: f, state: s, dense: map[string][]float32{}}
	t := e.table
	b := &planner{e: e, k: &e.set, t: &t, f: f, p: p, of: make([]*value, len(p.Values))}
	if err := b.outer(x, s); err != nil {
		return nil, err
	}
	units := b.fuse()
	b.forget(units)
	for _, u := range units {
		b.turn(u)
		bind := bound(u.Op)
		if bind == nil {
			return nil, fmt.Errorf("%s: engine cpu has no binding for %s; run it on another engine or add one to engine/cpu/bind.go", u.Name, u.Op.Kind())
		}
		if err := bind(b, u); err != nil {
			return nil, fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	b.resolveViews()
	b.link()
	x.writes = p.Writes()
	if !x.writes {
		x.once = b.settleOnce()
	}
	if err := b.schedule(); err != nil {
		return nil, err
	}
	b.alias()
	for _, v := range b.values {
		if v.img > math.MaxInt32/2 {
			return nil, fmt.Errorf("%s: one image of %v has more elements than offsets of 32 bits reach; give the network a smaller input", v.name, v.shape)
		}
	}
	length, live := b.settle()
	for _, ph := range slices.Concat(x.once, b.phases) {
		for _, s := range ph.steps {
			s.build()
			if e.opt.Profile {
				s.timed(len(e.workers))
			}
		}
		ph.start(f)
	}
	x.outs = map[string]*value{}
	for _, o := range p.Outputs {
		x.outs[o.Name] = b.val(o.Value)
	}

	plan := engine.Plan{Engine: e.ID().String(), ArenaBytes: 4 * int64(length), LiveBytes: 4 * int64(live), Steps: b.describe()}
	for _, v := range b.of {
		if v != nil && v.home != host && v.home != fixed {
			plan.ValueBytes += 4 * int64(v.n) * int64(v.elems())
		}
	}
	own, bench := 0, 0
	for _, ph := range slices.Concat(x.once, b.phases) {
		own = max(own, ph.own)
		for _, s := range ph.steps {
			bench = max(bench, s.scratch)
		}
	}
	need := float64(s.Bytes()) + float64(plan.ArenaBytes) + float64(4*float64(e.pool.n)*float64(own+bench)) + float64(4*float64(b.fixed))
	held := s.Bytes() + 4*int64(min(len(e.arena), length)) // what a program before this one had made
	for _, w := range e.workers {
		held += 4 * int64(min(len(w.own), own)+min(len(w.bench), bench))
	}
	if err := memory.Need(int64(min(need, 1<<62)), held); err != nil {
		return nil, fmt.Errorf("%w; give a smaller batch, smaller images or a smaller network", err)
	}
	f.fixed = floats(b.fixed)
	plan.ScratchBytes = 4*int64(e.pool.n)*int64(own+bench) + 4*int64(b.fixed)
	x.plan = plan

	if len(e.arena) < length {
		e.arena = floats(length)
	}
	for i := range e.workers {
		w := &e.workers[i]
		if len(w.own) < own {
			w.own = floats(own)
		}
		if len(w.bench) < bench {
			w.bench = floats(bench)
		}
	}
	x.phases = b.phases
	if e.opt.Profile {
		x.steps = b.steps
	}
	return x, nil
}
