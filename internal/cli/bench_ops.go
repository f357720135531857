package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/nn"
)

// roofline is the JSON of `assay bench --ops`: where the time of a training step and of an evaluation goes, against what the
// processor and its memory could do. Williams, Waterman, Patterson, "Roofline: An Insightful Visual Performance Model for
// Multicore Architectures", CACM 52(4), 2009.
type roofline struct {
	Net             string   `json:"net"`
	Input           string   `json:"input"`
	Batch           int      `json:"batch"`
	Threads         int      `json:"threads"`
	Level           string   `json:"level"`
	PeakGFLOPS      float64  `json:"peak_gflops"`
	BandwidthGBPerS float64  `json:"bandwidth_gb_per_s"`
	Training        *profile `json:"training,omitempty"`
	Evaluation      *profile `json:"evaluation,omitempty"`
}

// profile is the account of one plan.
type profile struct {
	Seconds     float64  `json:"seconds"`      // of a run, by the clock, the mean
	IdleSeconds float64  `json:"idle_seconds"` // of it that no step accounts for: waiting, clearing of halos, the caller
	Kinds       []opTime `json:"kinds"`        // steps that do the same together, what lost most first
	Ops         []opTime `json:"ops"`          // every step, what lost most first
	plan        engine.Plan
	footprint   // what was used: of the first plan alone, which the process still holds when the second runs
}

// opTime is one step of a plan, or several that do the same.
type opTime struct {
	Layer            string  `json:"layer,omitempty"`
	Op               string  `json:"op"`
	Output           string  `json:"output,omitempty"`
	Kernel           string  `json:"kernel,omitempty"`
	Steps            int     `json:"steps"`
	Seconds          float64 `json:"seconds"` // of a run, by the clock, all threads being at it
	MACs             int64   `json:"macs"`
	Bytes            int64   `json:"bytes"` // read and written at least
	ShareOfPeak      float64 `json:"share_of_peak"`
	GBPerS           float64 `json:"gb_per_s"`
	ShareOfBandwidth float64 `json:"share_of_bandwidth"` // above 1 where caches serve it
	LostSeconds      float64 `json:"lost_seconds"`       // beyond what the scarcer of peak and bandwidth asks for
}

// benchOps times the steps of a network's plans and prints them.
func (e *Env) benchOps(ctx context.Context, g *nn.Graph, eng *cpu.Engine, how benchFlags) error {
	r := &roofline{Net: g.Name, Input: g.InputSize().String(), Batch: how.batch, Threads: eng.Threads(), Level: eng.Level()}
	r.PeakGFLOPS = eng.Peak()
	of := func(s *stepper, err error) (*profile, error) {
		if err != nil {
			return nil, err
		}
		start := time.Now()
		times, _, err := s.time(ctx, how.span)
		if err != nil {
			return nil, err
		}
		seconds := time.Since(start).Seconds() / float64(warmUps+len(times)) // the mean, as the plan's seconds are
		r.PeakGFLOPS = max(r.PeakGFLOPS, eng.Peak())
		p := &profile{Seconds: seconds, plan: s.step.Plan(), footprint: s.footprint()}
		return p, nil
	}
	var err error
	if how.only != "infer" {
		if r.Training, err = of(newStepper(g, benchSettings(), eng, how.batch)); err != nil {
			return err
		}
	}
	if how.only != "train" {
		if r.Evaluation, err = of(newEvaluator(g, benchSettings(), eng, how.batch)); err != nil {
			return err
		}
	}
	if r.Training != nil && r.Evaluation != nil {
		r.Evaluation.PeakRSSBytes = 0
	}
	r.BandwidthGBPerS = bandwidth(eng.Threads()) // last: its arrays would count as memory used
	r.account(r.Training)
	r.account(r.Evaluation)
	if e.JSON {
		return e.document(r)
	}
	e.print("%s  %s, batch %d, %s, %s; peak %.0f GFLOP/s, memory %.1f GB/s\n", e.bold(r.Net), r.Input, r.Batch, plural(r.Threads, "thread"), r.Level, r.PeakGFLOPS, r.BandwidthGBPerS)
	e.printProfile("training step", r.Training)
	e.printProfile("evaluation", r.Evaluation)
	return nil
}

// account sets the steps of a plan that was run against the machine.
func (r *roofline) account(out *profile) {
	if out == nil {
		return
	}
	out.IdleSeconds = out.Seconds
	kinds := map[string]*opTime{}
	for _, s := range out.plan.Steps {
		o := opTime{Layer: s.Name, Op: s.What, Output: s.Output, Kernel: s.Kernel, Steps: 1, Seconds: s.Seconds / float64(r.Threads), MACs: s.MACs, Bytes: s.Bytes}
		r.judge(&o)
		out.Ops = append(out.Ops, o)
		out.IdleSeconds -= o.Seconds
		k := kinds[o.Op]
		if k == nil {
			k = &opTime{Op: o.Op}
			kinds[o.Op] = k
		}
		k.Steps++
		k.Seconds += o.Seconds
		k.MACs += o.MACs
		k.Bytes += o.Bytes
	}
	for _, k := range kinds {
		r.judge(k)
		k.LostSeconds = 0
		for _, o := range out.Ops {
			if o.Op == k.Op {
				k.LostSeconds += o.LostSeconds
			}
		}
		out.Kinds = append(out.Kinds, *k)
	}
	byLoss := func(a, b opTime) int {
		return cmp.Or(cmp.Compare(b.LostSeconds, a.LostSeconds), cmp.Compare(a.Op, b.Op))
	}
	slices.SortStableFunc(out.Kinds, byLoss)
	slices.SortStableFunc(out.Ops, byLoss)
}

// judge fills in the shares of a step whose time and work are known.
func (r *roofline) judge(o *opTime) {
	if o.Seconds <= 0 {
		return
	}
	atPeak, atBandwidth := 2e-9*float64(o.MACs)/r.PeakGFLOPS, 1e-9*float64(o.Bytes)/r.BandwidthGBPerS
	o.ShareOfPeak, o.ShareOfBandwidth = atPeak/o.Seconds, atBandwidth/o.Seconds
	o.GBPerS = 1e-9 * float64(o.Bytes) / o.Seconds
	o.LostSeconds = max(0, o.Seconds-max(atPeak, atBandwidth))
}

func (e *Env) printProfile(what string, p *profile) {
	if p == nil {
		return
	}
	lost := 0.0
	for _, o := range p.Ops {
		lost += o.LostSeconds
	}
	e.print("\n%s  %.2f ms, of which %.2f lost by its steps and %.2f outside of them\n", e.bold(what), 1e3*p.Seconds, 1e3*lost, 1e3*p.IdleSeconds)
	e.printFootprint("memory ", p.footprint, "")
	figures := []string{">ms", ">% of time", ">% of peak", ">GB/s", ">% of memory", ">lost ms"}
	cells := func(o opTime) []string {
		peak := ""
		if o.MACs > 0 {
			peak = fmt.Sprintf("%.0f", 100*o.ShareOfPeak)
		}
		return []string{fmt.Sprintf("%.3f", 1e3*o.Seconds), fmt.Sprintf("%.1f", 100*o.Seconds/p.Seconds), peak, fmt.Sprintf("%.1f", o.GBPerS), fmt.Sprintf("%.0f", 100*o.ShareOfBandwidth), fmt.Sprintf("%.3f", 1e3*o.LostSeconds)}
	}
	kinds := columns{head: slices.Concat([]string{">steps"}, figures, []string{"op"})}
	for _, k := range p.Kinds {
		kinds.add(slices.Concat([]string{thousands(k.Steps)}, cells(k), []string{k.Op})...)
	}
	e.table(kinds)
	e.print("\n")
	ops := columns{head: slices.Concat([]string{"layer", "output", "kernel"}, figures, []string{"op"})}
	for _, o := range p.Ops {
		ops.add(slices.Concat([]string{o.Layer, o.Output, o.Kernel}, cells(o), []string{o.Op})...)
	}
	e.table(ops)
}

// bandwidth is what memory gives to so many threads, in GB/s: the best of five copies of arrays larger than any cache, bytes
// read and bytes written counted.
func bandwidth(threads int) float64 {
	each := max(8<<20, 256<<20/threads)
	from, to := make([][]byte, threads), make([][]byte, threads)
	for i := range threads {
		from[i], to[i] = make([]byte, each), make([]byte, each)
		for at := 0; at < each; at += 4096 { // a page that nobody has written to is the one page of zeros
			from[i][at], to[i][at] = 1, 1
		}
	}
	best := 0.0
	for range 5 {
		var all sync.WaitGroup
		start := time.Now()
		for i := range threads {
			all.Go(func() { copy(to[i], from[i]) })
		}
		all.Wait()
		best = max(best, 2e-9*float64(threads)*float64(each)/time.Since(start).Seconds())
	}
	return best
}
