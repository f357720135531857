package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/program"
)

// benchmark is the JSON of `assay bench`.
type benchmark struct {
	Net              string  `json:"net"`
	Input            string  `json:"input"`
	Batch            int     `json:"batch"`
	Threads          int     `json:"threads"`
	Level            string  `json:"level"`
	MACs             int64   `json:"macs"`
	TrainImagesPerS  float64 `json:"train_images_per_s"`
	InferImagesPerS  float64 `json:"infer_images_per_s"`
	PeakGFLOPS       float64 `json:"peak_gflops"`
	TrainShareOfPeak float64 `json:"train_share_of_peak"`
	InferShareOfPeak float64 `json:"infer_share_of_peak"`
	AllocsPerStep    float64 `json:"allocs_per_step"`
	ArenaBytes       int64   `json:"arena_bytes"`
	PeakRSSBytes     int64   `json:"peak_rss_bytes"`
	Steps            int     `json:"steps"` // timed, of training
}

func benchCommand(e *Env) *cobra.Command {
	var f netFlags
	var net string
	var batch int
	var span time.Duration
	var ops bool
	cmd := &cobra.Command{
		Use: "bench", Short: "speed of training and inference on a batch in memory",
		Long: `Times training steps (forward, backward, SGD with momentum 0.9 and L2) and inference on one batch of random images in memory, and
measures the processor's peak: the best of five loops of multiply-adds in registers alone, all threads at once. The share of peak
is images/s x 6 x multiply-adds / peak, with the multiply-adds of the direct convolution.`,
		Example: "  assay bench\n  assay bench --net mini --batch 64 --threads 1\n  assay bench --net caffenet128 --ops",
		Args:    args(0, 0, "nothing"),
	}
	cmd.Flags().StringVar(&net, "net", "resnet20", "network `N`, of the zoo or a file")
	cmd.Flags().IntVar(&batch, "batch", 128, "`B` images a step")
	cmd.Flags().DurationVar(&span, "for", 3*time.Second, "`TIME` to spend on each of training and inference")
	cmd.Flags().BoolVar(&ops, "ops", false, "print the plan of a training step, op by op, in place of the rest")
	f.add(cmd)
	f.addApply(cmd)
	_ = cmd.RegisterFlagCompletionFunc("net", completeNet)
	cmd.RunE = func(c *cobra.Command, _ []string) error {
		if batch < 1 || batch > 1<<20 {
			return misuse(fmt.Errorf("--batch: %d; give 1 or more", batch))
		}
		g, _, err := f.build(net)
		if err != nil {
			return err
		}
		eng, err := cpu.New(cpu.Options{Threads: e.Threads})
		if err != nil {
			return misuse(err)
		}
		defer eng.Close()
		b, err := e.bench(c.Context(), g, eng, batch, span, ops)
		if err != nil || ops && !e.JSON {
			return err
		}
		if e.JSON {
			return e.document(b)
		}
		e.print("%s  %s, batch %d, %s, %s\n\n", e.bold(b.Net), b.Input, b.Batch, plural(b.Threads, "thread"), b.Level)
		e.print("training   %9s images/s   %3.0f %% of peak\n", thousands(int(b.TrainImagesPerS+0.5)), 100*b.TrainShareOfPeak)
		e.print("inference  %9s images/s   %3.0f %% of peak\n", thousands(int(b.InferImagesPerS+0.5)), 100*b.InferShareOfPeak)
		e.print("peak       %9.0f GFLOP/s\n", b.PeakGFLOPS)
		e.print("memory     %9s arena, %s in all; %s a step\n", size(b.ArenaBytes), size(b.PeakRSSBytes), plural(int(b.AllocsPerStep+0.5), "allocation"))
		return nil
	}
	return cmd
}

// bench times one network. The peak is taken before and after, so that a machine that is busy for a moment is not flattered.
func (e *Env) bench(ctx context.Context, g *nn.Graph, eng *cpu.Engine, batch int, span time.Duration, ops bool) (*benchmark, error) {
	cost, err := g.Cost()
	if err != nil {
		return nil, err
	}
	b := &benchmark{Net: g.Name, Input: g.InputSize().String(), Batch: batch, Threads: eng.Threads(), Level: eng.Level(), MACs: cost.MACs}
	b.PeakGFLOPS = eng.Peak()
	s, err := newStepper(g, benchSettings(), eng, batch)
	if err != nil {
		return nil, err
	}
	times, allocs, err := s.time(ctx, s.step, span)
	if err != nil {
		return nil, err
	}
	if ops && !e.JSON {
		return b, e.printOps(s, times)
	}
	b.Steps, b.AllocsPerStep, b.ArenaBytes = len(times), allocs, s.step.Plan().ArenaBytes
	b.TrainImagesPerS = float64(batch) / median(times)
	family, err := compile.New(g, benchSettings(), 1)
	if err != nil {
		return nil, err
	}
	evaluation, err := family.Evaluation(batch)
	if err != nil {
		return nil, err
	}
	infer, err := eng.Compile(evaluation, s.family.State)
	if err != nil {
		return nil, err
	}
	if times, _, err = s.time(ctx, infer, span); err != nil {
		return nil, err
	}
	b.InferImagesPerS = float64(batch) / median(times)
	b.PeakGFLOPS = max(b.PeakGFLOPS, eng.Peak())
	if b.PeakGFLOPS > 0 {
		b.TrainShareOfPeak = b.TrainImagesPerS * 6 * float64(cost.MACs) / 1e9 / b.PeakGFLOPS
		b.InferShareOfPeak = b.InferImagesPerS * 2 * float64(cost.MACs) / 1e9 / b.PeakGFLOPS
	}
	b.PeakRSSBytes = peakRSS()
	return b, nil
}

// benchSettings is SGD with momentum 0.9 and L2, as published.
func benchSettings() experiment.Optimization {
	o := experiment.DefaultOptimization()
	o.L2.Strength, o.LR.Base = 5e-4, 1e-3
	return o
}

// stepper is a network with a batch of random images, ready to take training steps.
type stepper struct {
	family *compile.Family
	prog   *program.Program
	step   engine.Executable
	feed   engine.Feed
}

func newStepper(g *nn.Graph, o experiment.Optimization, eng engine.Engine, batch int) (*stepper, error) {
	s := &stepper{}
	var err error
	if s.family, err = compile.New(g, o, 1); err != nil {
		return nil, err
	}
	if err := s.family.Initialize(experiment.DefaultOptimization().Init, 1); err != nil {
		return nil, err
	}
	if s.prog, err = s.family.Step(batch); err != nil {
		return nil, err
	}
	if s.step, err = eng.Compile(s.prog, s.family.State); err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, batch*g.InputSize().Elems())
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	labels := make([]int32, batch)
	for i := range labels {
		labels[i] = int32(r.IntN(max(g.Classes, 1)))
	}
	s.feed = engine.Feed{Real: map[string][]float32{compile.Images: x}, Index: map[string][]int32{compile.Labels: labels}, Scalars: map[string]float32{}}
	s.family.Scalars(s.feed.Scalars, o.LR.Base, 0)
	return s, nil
}

// time runs an executable for a while after a warm-up: seconds of each run, at least three, and allocations a run.
func (s *stepper) time(ctx context.Context, x engine.Executable, span time.Duration) ([]float64, float64, error) {
	for range 2 {
		if err := x.Run(s.feed); err != nil {
			return nil, 0, err
		}
	}
	var before, after runtime.MemStats
	times := make([]float64, 0, 1<<16)
	runtime.ReadMemStats(&before)
	for start := time.Now(); (len(times) < 3 || time.Since(start) < span) && len(times) < cap(times); {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		t := time.Now()
		if err := x.Run(s.feed); err != nil {
			return nil, 0, err
		}
		times = append(times, time.Since(t).Seconds())
	}
	runtime.ReadMemStats(&after)
	return times, float64(after.Mallocs-before.Mallocs) / float64(len(times)), nil
}

// printOps prints the steps of the plan with the work of each.
func (e *Env) printOps(s *stepper, times []float64) error {
	p := s.step.Plan()
	e.print("%s  %s, %.2f ms a training step\n", e.bold(s.family.Graph.Name), p.Engine, 1000*median(times))
	t := columns{head: []string{"layer", "output", "kernel", ">multiply-adds", ">bytes", "step"}}
	for _, step := range p.Steps {
		t.add(step.Name, step.Output, step.Kernel, si(step.MACs), size(step.Bytes), step.What)
	}
	e.table(t)
	return nil
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
