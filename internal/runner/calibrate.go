package runner

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Bounds of a calibration: the time of all networks of a study together; how often each has its turn, so that a slow moment of the
// machine is not one network's; and the steps of a turn, for a plan and for a report.
const (
	calibrationTime = 10 * time.Second
	rounds          = 3
	planSteps       = 4
	reportSteps     = 11
)

// disturbed is the share of its time that a calibration may wait for processors that others have.
const disturbed = 0.1

// Calibrate times a step of every distinct network on random batches, with the machine to itself, ten seconds in all; networks
// that the time does not suffice for are put in proportion by their multiply-adds. Arms get their seconds. The networks take
// turns, and the least time of all turns counts. With a store the times are kept, and what it knows of this machine is not timed
// again; st may be nil, for a plan, which is content with fewer steps. Times that were taken beside other work are not kept, and
// arms that have them are marked as rough.
func (s *Session) Calibrate(ctx context.Context, st *store.Store) error {
	if _, err := s.memory(); err != nil { // what does not fit is refused before it is asked for
		return err
	}
	e, err := s.request.Open(s.request.Device, s.request.Threads)
	if err != nil {
		return err
	}
	defer e.Close()
	step := func(network string) store.Step {
		return store.Step{Network: network, Machine: fmt.Sprintf("%s, %d threads", processor(), s.request.Threads), Engine: e.ID().String(), Program: fmt.Sprint(Versions())}
	}
	most := planSteps
	if st != nil {
		most = reportSteps
	}
	known, unknown := map[string]store.Calibration{}, map[string]study.PlannedArm{}
	var turns []string // of the unknown
	for _, a := range s.Plan.Arms {
		key := network(a)
		if _, ok := unknown[key]; ok {
			continue
		}
		if st != nil {
			if c, err := st.Calibration(step(key)); err == nil && c != nil {
				known[key] = *c
				continue
			}
		}
		unknown[key] = a
		turns = append(turns, key)
	}
	began := time.Now()
	ran, waited := s.clock()
	for i := range rounds * len(turns) {
		if err := ctx.Err(); err != nil {
			return err
		}
		key, left := turns[i%len(turns)], calibrationTime-time.Since(began)
		if left <= 0 && i > 0 {
			break
		}
		c, err := timeStep(e, unknown[key], most, left/time.Duration(rounds*len(turns)-i))
		if err != nil {
			return s.place(unknown[key], err)
		}
		if before, ok := known[key]; ok {
			c.SecondsPerStep, c.Steps = min(c.SecondsPerStep, before.SecondsPerStep), c.Steps+before.Steps
		}
		known[key] = c
	}
	rough := false
	if r, w := s.clock(); len(turns) > 0 {
		ran, waited = r-ran, w-waited
		rough = waited.Seconds() > disturbed*(ran+waited).Seconds()
	}
	var seconds, multiplyAdds float64 // of steps that are known
	for _, a := range s.Plan.Arms {
		if c, ok := known[network(a)]; ok {
			seconds, multiplyAdds = seconds+c.SecondsPerStep, multiplyAdds+stepMACs(a)
		}
	}
	for i := range s.Plan.Arms {
		a := &s.Plan.Arms[i]
		each := seconds / multiplyAdds * stepMACs(*a)
		key := network(*a)
		if c, ok := known[key]; ok {
			each = c.SecondsPerStep
		}
		_, now := unknown[key]
		share := a.Stretch * float64(a.TrainMACs) / float64(a.TrainMACs+a.Saved) // a step is timed at the window, with all of the network
		a.TrainSeconds, a.SecondsRough = each*float64(a.Steps*a.Built.Learning.Trainings())*share, rough && now
	}
	if st != nil && !rough {
		for _, key := range turns {
			if c, ok := known[key]; ok {
				if err := st.SetCalibration(step(key), c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stepSeconds times a step of an arm, and keeps the time in the store, so that what is solved by it stays. Beside other work times are
// refused.
func (s *Session) stepSeconds(ctx context.Context) func(study.PlannedArm) (float64, error) {
	return func(a study.PlannedArm) (float64, error) {
		st, err := store.Open(s.request.Store, time.Now)
		if err != nil {
			return 0, err
		}
		defer st.Close()
		of := &Session{Study: s.Study, Plan: &study.Plan{Study: s.Study, Arms: []study.PlannedArm{a}}, request: s.request, task: s.task, clock: s.clock}
		if err := of.Calibrate(ctx, st); err != nil {
			return 0, err
		}
		if a = of.Plan.Arms[0]; a.SecondsRough {
			return 0, errors.New("match: seconds: steps were timed beside other work, too roughly to match by; run it on a quiet machine, or write match: training-macs")
		}
		return a.TrainSeconds / float64(a.Steps), nil
	}
}

// network is a digest of what the time of a step depends on, but for the machine.
func network(a study.PlannedArm) string {
	sum := sha256.Sum256(fmt.Appendf(a.Built.Graph.YAML(), "%v %v", a.Built.Optimization.Solver, a.Built.Optimization.Batch))
	return hex.EncodeToString(sum[:16])
}

// stepMACs is the multiply-adds of a batch, forward.
func stepMACs(a study.PlannedArm) float64 {
	return float64(a.Pass) * float64(a.Built.Optimization.Batch.Size)
}

// timeStep is the least time of some steps behind a first one, which touches the memory and so may take several times as long: it counts only
// where it alone takes all the time that there is for a calibration. One in parts is taken for as many steps of a part.
func timeStep(e engine.Engine, a study.PlannedArm, most int, limit time.Duration) (c store.Calibration, err error) {
	began := time.Now()
	exe, f, err := compiled(e, a)
	if err != nil {
		return c, err
	}
	if err := f.Initialize(experiment.DefaultOptimization().Init, 1); err != nil { // what the numbers are does not matter
		return c, err
	}
	t, names, err := taskOf(a)
	if err != nil {
		return c, err
	}
	feed, err := randomFeed(t, names, a.Built.Graph.InputSize(), a.Built.Optimization.Batch.Part())
	if err != nil {
		return c, err
	}
	f.Scalars(feed.Scalars, 1e-4, 0)
	for c.Steps < most && (c.Steps == 0 || c.Steps == 1 && c.SecondsPerStep < calibrationTime.Seconds() || time.Since(began) < limit) {
		at := time.Now()
		if err := exe.Run(feed); err != nil {
			return c, err
		}
		if d := time.Since(at).Seconds(); c.Steps <= 1 || d < c.SecondsPerStep {
			c.SecondsPerStep = d
		}
		c.Steps++
	}
	c.SecondsPerStep *= float64(a.Built.Optimization.Batch.Parts())
	return c, nil
}

// compiled plans a step of an arm, or one of the parts that it goes through the network in.
func compiled(e engine.Engine, a study.PlannedArm) (engine.Executable, *compile.Family, error) {
	t, _, err := taskOf(a)
	if err != nil {
		return nil, nil, err
	}
	f, err := compile.New(a.Built.Graph, t, a.Built.Optimization, 1)
	if err != nil {
		return nil, nil, err
	}
	p, err := f.Step(a.Built.Optimization.Batch.Part())
	if err != nil {
		return nil, nil, err
	}
	exe, err := e.Compile(p, f.State)
	return exe, f, err
}

// memory is what a trial of the hungriest arm takes, in bytes, its process included. An arm that needs more than the machine has
// is an error.
func (s *Session) memory() (int64, error) {
	if s.each > 0 {
		return s.each, nil
	}
	e, err := s.request.Open(s.request.Device, 1)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	most := int64(0)
	for i, a := range s.Plan.Arms {
		exe, f, err := compiled(e, a)
		if err != nil {
			return 0, s.place(a, err)
		}
		plan, batch := exe.Plan(), int64(a.Built.Optimization.Batch.Size)*int64(4*a.Built.Graph.InputSize().Elems())
		means := map[experiment.Average]bool{}
		for _, by := range s.observers(i) {
			if by.Mean() != "" {
				means[by.Average] = true
			}
		}
		beside := len(means) // and slow weights, gradients that wait for the next part: each as much as the State at most
		if o := a.Built.Optimization; o.Batch.Parts() > 1 || o.Average.Kind != "" && !o.Average.Observes() {
			beside++
		}
		most = max(most, plan.ArenaBytes+plan.ScratchBytes+int64(1+beside)*f.State.Bytes()+batch*int64(data.FeedBatches(1)))
	}
	s.each = most + 64<<20
	return s.each, nil
}

// randomFeed is a batch of standard normal images whose classes go round: what speed is measured on.
func randomFeed(t task.Task, names []string, size nn.Size, batch int) (engine.Feed, error) {
	feed := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	x := make([]float32, batch*size.Elems())
	r := tensor.NewStream(1, "random batch").At(0, 0)
	for i := range x {
		x[i] = float32(r.Normal())
	}
	feed.Real[compile.Images] = x
	targets, err := t.Targets(data.Labelling{Classes: names}, true)
	if err != nil {
		return feed, err
	}
	arrays := targets.Room(batch)
	for row := range batch {
		targets.Fill(arrays, row, []data.Shown{{Item: row, Label: int32(row % len(names)), Share: 1, Weight: 1}}, 0)
	}
	for _, a := range arrays {
		a.Put(feed.Real, feed.Index)
	}
	return feed, nil
}

// taskOf is an arm's task, with names for as many classes as its network has.
func taskOf(a study.PlannedArm) (task.Task, []string, error) {
	names := make([]string, a.Built.Graph.Classes)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	t, err := task.Of(a.Experiment.Task, a.Built.Graph, names)
	return t, names, err
}

// processor names the machine's processor, as far as the system tells.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	name := runtime.GOARCH
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok {
			switch strings.TrimSpace(key) {
			case "model name":
				name = strings.TrimSpace(value)
			case "model":
				name += " " + strings.TrimSpace(value)
			}
		}
		if lines.Text() == "" {
			break
		}
	}
	return name
}
