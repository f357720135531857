package approach_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// Training steps, walked over the catalogue and the zoo: a new approach or network takes them by itself. A plain run takes
// those of every approach on four networks and of a few pairs; with -tags walk it takes all, prints a table of them, and with
// -write leaves it as docs/results/walk.md:
//
//	go test -tags walk -timeout 24h -v -run TakesAStep ./approach -write
//
// Most of its time goes into the memory of large networks, so what a step has left is kept for the next: handing it back and
// faulting it in again was half of the time (10.8 s instead of 7.7 for a 400th part of the approaches, of which 6.7 and 2.6 in
// the kernel; Zen 4, two threads).
var (
	part  = flag.String("part", "", "k/n: of the steps of a walk about every n-th, the k-th part from 0")
	only  = flag.String("net", "", "networks that a walk keeps to, as in resnet20,enet; empty: all")
	lanes = flag.Int("lanes", runtime.GOMAXPROCS(0), "steps of a walk at a time, each on one thread")
	write = flag.Bool("write", false, "write the table of a walk to docs/results/walk.md")
)

// ground is the networks that every approach and every pair is tried on, whatever else a walk goes over.
var ground = []string{"mini", "caffenet128", "resnet20", "googlenet"}

func TestEveryNetworkTakesAStep(t *testing.T) {
	w := newStepping(t, "networks as they are")
	for _, n := range networks() {
		w.add(trial{net: n.Name})
	}
	w.run()
}

func TestEveryApproachTakesAStep(t *testing.T) {
	if !everything {
		t.Parallel()
	}
	w := newStepping(t, "approaches, each in all its forms")
	for _, n := range zoo.List() {
		if !everything && !slices.Contains(ground, n.Name) || testing.Short() && n.Published.GMACs > 0.1 {
			continue
		}
		for _, e := range approach.Catalog() {
			for i, text := range walked[e.Name] {
				if everything || i == 0 {
					w.add(trial{net: n.Name, choices: []entry{{e.Kind, e.Name, text}}})
				}
			}
		}
	}
	w.run()
}

func TestEveryPairTakesAStep(t *testing.T) {
	for _, net := range ground[:3] {
		if !everything && net != "mini" {
			continue
		}
		w := newStepping(t, "ordered pairs on "+net)
		if !everything && *part == "" {
			w.every = 20
		}
		for _, a := range firsts() {
			for _, b := range firsts() {
				w.add(trial{net: net, choices: []entry{a, b}})
			}
		}
		w.run()
	}
}

// entry is an approach as it is tried.
type entry struct {
	kind       approach.Kind
	name, text string
}

// firsts is the first way in which each approach of the catalogue is walked.
func firsts() (all []entry) {
	for _, e := range approach.Catalog() {
		if len(walked[e.Name]) > 0 { // else another test says so
			all = append(all, entry{e.Kind, e.Name, walked[e.Name][0]})
		}
	}
	return all
}

// trial is a network and the approaches that change it.
type trial struct {
	net     string
	choices []entry
}

func (tr trial) String() string {
	var texts []string
	for _, c := range tr.choices {
		texts = append(texts, c.text)
	}
	if texts == nil {
		return tr.net
	}
	return strings.Join(texts, " then ") + " on " + tr.net
}

// build is the experiment of a trial at a size of the images; 0 is the network's own.
func (tr trial) build(size int) (*approach.Built, error) {
	e := experiment.Experiment{Net: tr.net}
	for _, c := range tr.choices {
		switch c.kind {
		case approach.Architecture:
			e.Architecture = append(e.Architecture, chosen(c.text))
		case approach.Optimization:
			e.Optimization = append(e.Optimization, chosen(c.text))
		default:
			e.Learning = append(e.Learning, chosen(c.text))
		}
	}
	images := approach.Images{}
	images.Size.H, images.Size.W = size, size
	return approach.Build(e, images)
}

// stepping steps over trials, several at a time, and counts what came of them.
type stepping struct {
	t            *testing.T
	what         string
	first, every int
	began        moment
	trials       []trial

	mu                             sync.Mutex
	stepped, same, refused, failed int

	engine string // name
	sizes  map[string]int
	done   map[[sha256.Size]byte]*outcome // of a step, by a digest of what decides it: equal networks step once
}

// outcome is what came of a step, once it is taken.
type outcome struct {
	once sync.Once
	err  error
}

func newStepping(t *testing.T, what string) *stepping {
	t.Helper()
	if everything {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(int64(*lanes) * 3 << 30)
	}
	w := &stepping{t: t, what: what, every: 1, began: now(), sizes: map[string]int{}, done: map[[sha256.Size]byte]*outcome{}}
	if *part != "" {
		if n, err := fmt.Sscanf(*part, "%d/%d", &w.first, &w.every); n != 2 || err != nil || w.first < 0 || w.first >= w.every {
			t.Fatalf("-part %s; want k/n, such as 0/50", *part)
		}
	}
	return w
}

// add lets a walk try a trial, unless it is not of the walk's part.
func (w *stepping) add(tr trial) {
	if *only != "" && !slices.Contains(strings.Split(*only, ","), tr.net) {
		return
	}
	if h := fnv.New32a(); w.every > 1 {
		h.Write([]byte(tr.String()))
		if int(h.Sum32()%uint32(w.every)) != w.first {
			return
		}
	}
	w.trials = append(w.trials, tr)
}

// run tries all trials, each lane with an engine of its own, and adds what they came to to the table.
func (w *stepping) run() {
	var next atomic.Int64
	var group sync.WaitGroup
	for range max(1, *lanes) {
		e, err := cpu.New(cpu.Options{Threads: 1})
		if err != nil {
			w.t.Fatal(err)
		}
		w.engine = e.ID().String()
		group.Go(func() {
			defer e.Close()
			for i := int(next.Add(1)) - 1; i < len(w.trials); i = int(next.Add(1)) - 1 {
				tr := w.trials[i]
				if everything && (i == 0 || w.trials[i-1].net != tr.net) {
					w.t.Logf("%s, behind %d of %d trials", tr.net, i, len(w.trials))
				}
				if err := w.take(e, tr); err != nil {
					w.count(&w.failed)
					w.t.Errorf("%s: %v", tr, err)
				}
			}
		})
	}
	group.Wait()
	w.end()
}

func (w *stepping) count(n *int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*n++
}

// take builds a trial and takes its step, or checks the error that says why it cannot be built.
func (w *stepping) take(e *cpu.Engine, tr trial) error {
	size, err := w.size(tr.net)
	if err != nil {
		return err
	}
	b, err := tr.build(size)
	if err != nil {
		w.count(&w.refused)
		return worded(tr, size, err)
	}
	o := b.Optimization
	o.LR, o.Batch = experiment.LR{Base: o.LR.Base}, experiment.Batch{Size: 2}
	key := sha256.Sum256(fmt.Appendf(nil, "%s %+v\n%s", tr.net, o, b.Graph.YAML()))
	w.mu.Lock()
	came, known := w.done[key]
	if !known {
		came = &outcome{}
		w.done[key] = came
	}
	w.mu.Unlock()
	came.once.Do(func() { came.err = train(e, b, o.Batch.Size) })
	if known {
		w.count(&w.same)
	} else {
		w.count(&w.stepped)
	}
	if came.err != nil {
		return fmt.Errorf("at %d pixels: %w", size, came.err)
	}
	return nil
}

// worded checks the error of a trial: one line that ends in a mend. Of two approaches it names both, unless the one that it
// names does not fit the network by itself.
func worded(tr trial, size int, err error) error {
	text := err.Error()
	if strings.Contains(text, "\n") || !strings.Contains(text, "; ") {
		return fmt.Errorf("want one line that ends in a mend, got %q", text)
	}
	named := func(c entry) bool {
		return regexp.MustCompile(`(^|[ ,])` + regexp.QuoteMeta(c.name) + `([ ,:]|$)`).MatchString(text)
	}
	switch unnamed := slices.DeleteFunc(slices.Clone(tr.choices), named); {
	case len(unnamed) == len(tr.choices) && len(unnamed) > 0:
		return fmt.Errorf("the error names no approach: %s", text)
	case len(unnamed) > 0:
		alone := trial{net: tr.net, choices: slices.DeleteFunc(slices.Clone(tr.choices), func(c entry) bool { return !named(c) })[:1]}
		if _, err := alone.build(size); err == nil {
			return fmt.Errorf("the error does not name %s, without which there is none: %s", unnamed[0].name, text)
		}
	}
	return nil
}

// size is 64 pixels, or the network's own where that is less, or the least at which it can be built.
func (w *stepping) size(net string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.sizes[net]; ok {
		return s, nil
	}
	g, err := zoo.New(net)
	if err != nil {
		return 0, err
	}
	own := g.InputSize().H
	for s := min(64, own); s < own; s += 8 {
		if _, err := zoo.New(net, zoo.Input(s, s, 0)); err == nil {
			w.sizes[net] = s
			return s, nil
		}
	}
	w.sizes[net] = own
	return own, nil
}

// train takes one step on noise and checks that loss and weights are numbers.
func train(e *cpu.Engine, b *approach.Built, batch int) error {
	f, err := compile.New(b.Graph, task.Classify{}, b.Optimization, 1)
	if err != nil {
		return err
	}
	if b.Optimization.Init == experiment.DefaultOptimization().Init {
		err = draw(b.Graph, f)
	} else {
		err = f.Initialize(b.Optimization.Init, 1)
	}
	if err != nil {
		return err
	}
	p, err := f.Step(batch)
	if err != nil {
		return err
	}
	run, err := e.Compile(p, f.State)
	if err != nil {
		return err
	}
	images, labels := make([]float32, batch*b.Graph.InputSize().Elems()), make([]int32, batch)
	for i, r := 0, tensor.NewStream(1, "images").At(0, 0); i < len(images); i++ {
		images[i] = float32(r.Normal())
	}
	for i := range labels {
		labels[i] = int32(i % b.Graph.Classes)
	}
	scalars := map[string]float32{}
	f.Scalars(scalars, 1e-3, 1)
	if err := run.Run(engine.Feed{Real: map[string][]float32{compile.Images: images}, Index: map[string][]int32{task.Labels: labels}, Scalars: scalars}); err != nil {
		return err
	}
	if loss := float64(run.Output(compile.Loss)[0]); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the loss is %g", loss)
	}
	for _, name := range f.Kept() {
		for _, v := range f.State.Get(name).Data {
			if v-v != 0 {
				return fmt.Errorf("%s has %g in it", name, v)
			}
		}
	}
	return nil
}

// normals is what draw fills weights with.
var normals = sync.OnceValue(func() []float32 {
	values, r := make([]float32, 4093), tensor.NewStream(1, "weights").At(0, 0)
	for i := range values {
		values[i] = float32(r.Normal())
	}
	return values
})

// draw begins a training as [compile.Family.Initialize] does by he, but takes the weights of a network that has nothing but
// layers and norms from few normal numbers over and over: drawing millions would take longer than the step.
func draw(g *nn.Graph, f *compile.Family) error {
	params, err := g.Params()
	if err != nil {
		return err
	}
	buffers, err := g.Buffers()
	if err != nil {
		return err
	}
	params = append(params, buffers...)
	if slices.ContainsFunc(params, func(p nn.Param) bool {
		switch p.Role {
		case nn.RoleWeight, nn.RoleBias, nn.RoleBeta, nn.RoleMean, nn.RoleVar:
			return false
		case nn.RoleGamma:
			return p.Shape.Rank() != 1 // of a layer, which says where it begins
		}
		return true
	}) {
		return f.Initialize(experiment.DefaultOptimization().Init, 1)
	}
	table, at := normals(), 0
	for _, p := range params {
		data, fill := f.State.Get(p.Name).Data, float32(0)
		switch {
		case p.Role == nn.RoleWeight && !p.Zero:
			std := float32(math.Sqrt(2 / float64(p.FanIn)))
			for i := range data {
				data[i] = std * table[at]
				if at++; at == len(table) {
					at = 0
				}
			}
			continue
		case p.Role == nn.RoleGamma, p.Role == nn.RoleVar:
			fill = 1
		}
		for i := range data {
			data[i] = fill
		}
	}
	return nil
}
