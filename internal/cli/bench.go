package cli

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
)

// benchmark is the JSON of `assay bench`. Of what was not asked for it says 0.
type benchmark struct {
	Net              string  `json:"net"`
	Input            string  `json:"input"`
	Batch            int     `json:"batch"`
	Threads          int     `json:"threads"`
	Level            string  `json:"level"`
	Params           int64   `json:"params"`
	MACs             int64   `json:"macs"`
	TrainImagesPerS  float64 `json:"train_images_per_s"`
	InferImagesPerS  float64 `json:"infer_images_per_s"`
	PeakGFLOPS       float64 `json:"peak_gflops"`
	TrainShareOfPeak float64 `json:"train_share_of_peak"`
	InferShareOfPeak float64 `json:"infer_share_of_peak"`
	AllocsPerStep    float64 `json:"allocs_per_step"` // of training; of inference where that alone was timed
	Steps            int     `json:"steps"`           // timed, likewise
	footprint                // likewise
}

// footprint is memory as it was planned, and as it was used.
type footprint struct {
	ArenaBytes   int64 `json:"arena_bytes"`      // of intermediate values, one place for several
	LiveBytes    int64 `json:"arena_live_bytes"` // of them alive at once: no plan has a shorter arena
	ScratchBytes int64 `json:"scratch_bytes"`    // what every thread works with
	StateBytes   int64 `json:"state_bytes"`      // parameters and what is kept beside them
	BatchBytes   int64 `json:"batch_bytes"`      // images and labels
	PeakRSSBytes int64 `json:"peak_rss_bytes"`   // the most that the process held, the program itself included; 0: not told
}

// planned is what is known before anything runs.
func (f footprint) planned() int64 {
	return f.ArenaBytes + f.ScratchBytes + f.StateBytes + f.BatchBytes
}

// printFootprint writes a line: what was used, then of what it was planned.
func (e *Env) printFootprint(name string, f footprint, more string) {
	used := ""
	if f.PeakRSSBytes > 0 {
		used = size(f.PeakRSSBytes) + " used, "
	}
	e.print("%s%s%s planned: arena %s (%s alive at once), scratch %s, state %s, batch %s%s\n", name, used, size(f.planned()), size(f.ArenaBytes), size(f.LiveBytes),
		size(f.ScratchBytes), size(f.StateBytes), size(f.BatchBytes), more)
}

// benchFlags say what to time.
type benchFlags struct {
	batch int
	span  time.Duration
	only  string // train, infer, or empty for both
	ops   bool
}

func benchCommand(e *Env) *cobra.Command {
	var f netFlags
	var net string
	var how benchFlags
	cmd := &cobra.Command{
		Use: "bench", Short: "speed of training and inference on a batch in memory",
		Long: `Times training steps (forward, backward, SGD with momentum 0.9 and L2) and inference on one batch of random images in memory, and
measures the processor's peak: the best of five loops of multiply-adds in registers alone, all threads at once. The share of peak
is images/s x 6 x multiply-adds / peak, with the multiply-adds of the direct convolution; in inference x 2.

Memory is told as the process used it at most, the program itself included, and as it was planned: the arena of intermediate values, in
brackets what of it is alive at once, which no plan could undercut; scratch of the threads; parameters with what the solver keeps; the batch.

With --ops it times every step of the plan instead: its share of the peak and of the memory's bandwidth (the best of five copies of
arrays larger than any cache, all threads at once), and what it lost: the time beyond what the scarcer of the two asks for. What
loses most stands first: it is the next thing to mend.`,
		Example: "  assay bench\n  assay bench --net mini --batch 64 --threads 1\n  assay bench --net resnet20 --batch 1 --only infer\n  assay bench --net caffenet128 --ops",
		Args:    args(0, 0, "nothing"),
	}
	cmd.Flags().StringVar(&net, "net", "resnet20", "network `N`, of the zoo or a file")
	cmd.Flags().IntVar(&how.batch, "batch", 128, "`B` images a step")
	cmd.Flags().DurationVar(&how.span, "for", 3*time.Second, "`TIME` to spend on each of training and inference")
	cmd.Flags().StringVar(&how.only, "only", "", "time `WHAT` alone: train or infer")
	cmd.Flags().BoolVar(&how.ops, "ops", false, "time every step of the plans of training and of evaluation")
	f.add(cmd)
	f.addApply(cmd)
	_ = cmd.RegisterFlagCompletionFunc("net", completeNet)
	_ = cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions([]string{"train", "infer"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		switch {
		case how.batch < 1 || how.batch > 1<<20:
			return misuse(fmt.Errorf("--batch: %d; give 1 or more", how.batch))
		case how.only != "" && how.only != "train" && how.only != "infer":
			return misuse(fmt.Errorf("--only: %q; give train or infer", how.only))
		}
		g, _, err := f.build(net)
		if err != nil {
			return err
		}
		eng, err := e.processor(how.ops)
		if err != nil {
			return err
		}
		defer eng.Close()
		if how.ops {
			return e.benchOps(c.Context(), g, eng, how)
		}
		b, err := bench(c.Context(), g, eng, how)
		if err != nil {
			return err
		}
		if e.JSON {
			return e.document(b)
		}
		e.print("%s  %s, batch %d, %s, %s\n\n", e.bold(b.Net), b.Input, b.Batch, plural(b.Threads, "thread"), b.Level)
		if how.only != "infer" {
			e.print("training   %9s images/s   %3.0f %% of peak\n", thousands(int(b.TrainImagesPerS+0.5)), 100*b.TrainShareOfPeak)
		}
		if how.only != "train" {
			e.print("inference  %9s images/s   %3.0f %% of peak\n", thousands(int(b.InferImagesPerS+0.5)), 100*b.InferShareOfPeak)
		}
		e.print("peak       %9.0f GFLOP/s\n", b.PeakGFLOPS)
		e.printFootprint("memory     ", b.footprint, "; "+plural(int(b.AllocsPerStep+0.5), "allocation")+" a step")
		return nil
	}
	return cmd
}

// bench times one network. The peak is taken before and after, so that a machine that is busy for a moment is not flattered.
func bench(ctx context.Context, g *nn.Graph, eng *cpu.Engine, how benchFlags) (*benchmark, error) {
	cost, err := g.Cost()
	if err != nil {
		return nil, err
	}
	b := &benchmark{Net: g.Name, Input: g.InputSize().String(), Batch: how.batch, Threads: eng.Threads(), Level: eng.Level(), Params: cost.Params, MACs: cost.MACs}
	b.PeakGFLOPS = eng.Peak()
	for _, what := range []string{"train", "infer"} {
		if how.only != "" && how.only != what {
			continue
		}
		ready := newStepper
		if what == "infer" {
			ready = newEvaluator
		}
		s, err := ready(g, benchSettings(), eng, how.batch)
		if err != nil {
			return nil, err
		}
		times, allocs, err := s.time(ctx, how.span)
		if err != nil {
			return nil, err
		}
		rate := float64(how.batch) / median(times)
		if b.Steps == 0 { // what the process holds is the first one's
			b.Steps, b.AllocsPerStep, b.footprint = len(times), allocs, s.footprint()
		}
		b.PeakGFLOPS = max(b.PeakGFLOPS, eng.Peak())
		if what == "train" {
			b.TrainImagesPerS = rate
		} else {
			b.InferImagesPerS = rate
		}
	}
	if b.PeakGFLOPS > 0 {
		b.TrainShareOfPeak = b.TrainImagesPerS * 6 * float64(cost.MACs) / 1e9 / b.PeakGFLOPS
		b.InferShareOfPeak = b.InferImagesPerS * 2 * float64(cost.MACs) / 1e9 / b.PeakGFLOPS
	}
	return b, nil
}

// benchSettings is SGD with momentum 0.9 and L2, as published.
func benchSettings() experiment.Optimization {
	o := experiment.DefaultOptimization()
	o.L2.Strength, o.LR.Base = 5e-4, 1e-3
	return o
}

// stepper is a network with a batch of random images, ready to take training steps, or to evaluate.
type stepper struct {
	step  engine.Executable
	feed  engine.Feed
	state *program.State
}

// footprint is the stepper's memory, after it has run.
func (s *stepper) footprint() footprint {
	p := s.step.Plan()
	f := footprint{ArenaBytes: p.ArenaBytes, LiveBytes: p.LiveBytes, ScratchBytes: p.ScratchBytes, StateBytes: s.state.Bytes(), PeakRSSBytes: peakRSS()}
	for _, x := range s.feed.Real {
		f.BatchBytes += 4 * int64(len(x))
	}
	for _, x := range s.feed.Index {
		f.BatchBytes += 4 * int64(len(x))
	}
	return f
}

// newStepper trains, newEvaluator evaluates.
func newStepper(g *nn.Graph, o experiment.Optimization, eng engine.Engine, batch int) (*stepper, error) {
	return compiled(g, o, eng, batch, (*compile.Family).Step)
}

func newEvaluator(g *nn.Graph, o experiment.Optimization, eng engine.Engine, batch int) (*stepper, error) {
	return compiled(g, o, eng, batch, (*compile.Family).Evaluation)
}

// purposeOf is the task that a network is for on a set that nobody has named, of pictures with as many boxes as darknet has room for.
func purposeOf(g *nn.Graph) (task.Task, data.Labelling) {
	of := data.Labelling{Classes: make([]string, g.Classes), Objects: 30}
	return task.Labelled(task.For(g, of.Classes), of), of
}

func compiled(g *nn.Graph, o experiment.Optimization, eng engine.Engine, batch int, write func(*compile.Family, int) (*program.Program, error)) (*stepper, error) {
	purpose, of := purposeOf(g)
	if err := purpose.Check(g); err != nil {
		return nil, fmt.Errorf("%s: %w", g.Name, err)
	}
	targets, err := purpose.Targets(of, true)
	if err != nil {
		return nil, err
	}
	family, err := compile.New(g, purpose, o, 1)
	if err != nil {
		return nil, err
	}
	if err := family.Initialize(experiment.DefaultOptimization().Init, 1); err != nil {
		return nil, err
	}
	p, err := write(family, batch)
	if err != nil {
		return nil, err
	}
	s := &stepper{state: family.State}
	if s.step, err = eng.Compile(p, family.State); err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, batch*g.InputSize().Elems())
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	s.feed = engine.Feed{Real: map[string][]float32{compile.Images: x}, Index: map[string][]int32{}, Scalars: map[string]float32{}}
	for _, a := range targets.Room(batch) {
		for i := range a.Real { // centres, widths and heights
			a.Real[i] = r.Float32()
		}
		for i := range a.Index {
			a.Index[i] = int32(r.IntN(max(g.Classes, 1)))
		}
		a.Put(s.feed.Real, s.feed.Index)
	}
	family.Scalars(s.feed.Scalars, o.LR.Base, 0)
	return s, nil
}

// warmUps is the number of steps that [stepper.time] takes before it looks at the clock.
const warmUps = 2

// time takes steps for a while after a warm-up: seconds of each, at least three, and allocations a step. These are of a third of the
// while, the one with the fewest: now and then the runtime starts a thread, for which it allocates, and that is none of the step's.
func (s *stepper) time(ctx context.Context, span time.Duration) ([]float64, float64, error) {
	for range warmUps {
		if err := s.step.Run(s.feed); err != nil {
			return nil, 0, err
		}
	}
	var before, after runtime.MemStats
	const parts = 3
	times, allocs := make([]float64, 0, parts<<14), math.Inf(1)
	for range parts {
		first := len(times)
		runtime.ReadMemStats(&before)
		for start := time.Now(); len(times) == first || time.Since(start) < span/parts && len(times)-first < cap(times)/parts; {
			if ctx.Err() != nil {
				return nil, 0, ctx.Err()
			}
			t := time.Now()
			if err := s.step.Run(s.feed); err != nil {
				return nil, 0, err
			}
			times = append(times, time.Since(t).Seconds())
		}
		runtime.ReadMemStats(&after)
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/float64(len(times)-first))
	}
	return times, allocs, nil
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	if len(s) == 0 {
		return 0
	}
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// peakRSS is the most memory that this process held, 0 where the system does not tell.
func peakRSS() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				n, _ := strconv.ParseInt(fields[0], 10, 64)
				return n << 10
			}
		}
	}
	return 0
}
