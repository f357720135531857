package train_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/train"
)

// staged is job in three stages of 3, 8 and 4 steps: at 8 pixels and batches of 7, then at its own 12 and 5, the second of its
// epochs broken off, then at 8 and 7 again, with a tenth of the rate.
func staged(t testing.TB, j train.Job) train.Job {
	t.Helper()
	j.Stages = []experiment.Stage{{Steps: 3, Size: 8, Batch: 7}, {Steps: 8}, {Epochs: 1, Size: 8, Batch: 7, LR: 0.1}}
	return j
}

func TestOneStageIsATrainingWithoutStages(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s))
	for name, stages := range map[string][]experiment.Stage{
		"in epochs": {{Epochs: 2}}, "in steps": {{Steps: 12}}, "all written": {{Epochs: 2, Size: 12, Batch: 5, LR: 1}},
		"cut at an epoch's end": {{Epochs: 1}, {Epochs: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			j := job(t, s)
			j.Stages = stages
			same(t, run(t, j), want)
		})
	}
}

func TestStagesGiveTheSameBitsOnAnyThreads(t *testing.T) {
	s := draw(t, 13)
	want := run(t, staged(t, job(t, s)))
	if want.Step != 15 || len(want.Curve) != 4 {
		t.Errorf("%d steps and points %+v; want 15 steps, points behind 3, 9, 11 and 15", want.Step, want.Curve)
	}
	for i, step := range []int{3, 9, 11, 15} {
		if want.Curve[i].Step != step {
			t.Errorf("point %d is behind step %d, want %d", i, want.Curve[i].Step, step)
		}
	}
	for _, n := range []int{2, 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			j := staged(t, job(t, s))
			j.Engine, j.Loaders = threads(t, n), n
			same(t, run(t, j), want)
		})
	}
}

// lsuv scales by the first batch of the first stage, at its size.
func TestLayersAreScaledAtTheSizeOfTheFirstStage(t *testing.T) {
	s := draw(t, 13)
	begun := func(size, n int) string {
		j := staged(t, job(t, s))
		j.Optimization.Init.Kind, j.Stages[0].Size, j.Engine = "lsuv", size, threads(t, n)
		d, err := train.Begin(context.Background(), j, 5, time.Hour) // over the end of the stage
		if err != nil {
			t.Fatal(err)
		}
		return d[5]
	}
	if begun(8, 1) != begun(8, 2) || begun(8, 1) == begun(10, 1) {
		t.Error("threads count, or the size does not")
	}
}

func TestStagesGoOnWithTheSameBits(t *testing.T) {
	s := draw(t, 13)
	want := run(t, staged(t, job(t, s)))
	for _, step := range []int{2, 3, 4, 9, 10, 11, 13, 15} {
		t.Run(fmt.Sprintf("after-step-%d", step), func(t *testing.T) {
			j := staged(t, job(t, s))
			j.Checkpoint = filepath.Join(t.TempDir(), "c")
			ctx, stop := context.WithCancel(context.Background())
			j.OnStep = func(p train.Progress) {
				if p.Step == step {
					stop()
				}
			}
			if r, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
				t.Fatalf("got %+v, %v", r, err)
			}
			j.OnStep, j.Engine = nil, threads(t, 2)
			r := run(t, j)
			same(t, r, want)
			if r.Resumed != step {
				t.Errorf("went on from step %d, want %d", r.Resumed, step)
			}
		})
	}
	t.Run("a checkpoint of other stages is refused", func(t *testing.T) {
		j := staged(t, job(t, s))
		j.Checkpoint = filepath.Join(t.TempDir(), "c")
		ctx, stop := context.WithCancel(context.Background())
		j.OnStep = func(train.Progress) { stop() }
		if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
			t.Fatal(err)
		}
		j.OnStep, j.Stages[1].Steps = nil, 9
		if _, err := train.Run(context.Background(), j); !errors.Is(err, train.ErrOther) {
			t.Errorf("got %v", err)
		}
	})
}

// Size, batch, rate and order of the stages each count.
func TestWhatAStageSaysCounts(t *testing.T) {
	s := draw(t, 13)
	seen := map[string]string{}
	for name, change := range map[string]func(j *train.Job){
		"as it is": func(*train.Job) {}, "size": func(j *train.Job) { j.Stages[0].Size = 10 }, "batch": func(j *train.Job) { j.Stages[0].Batch = 6 },
		"rate": func(j *train.Job) { j.Stages[2].LR = 0.2 }, "order": func(j *train.Job) { slices.Reverse(j.Stages) },
	} {
		j := staged(t, job(t, s))
		change(&j)
		d := run(t, j).Model.Digest
		if was, is := seen[d]; is {
			t.Errorf("%s gives the weights of %s", name, was)
		}
		seen[d] = name
	}
}

func TestStagesThatCannotBeAreRefusedBeforeTheFirstStep(t *testing.T) {
	s := draw(t, 13)
	for want, stages := range map[string][]experiment.Stage{
		"stage 2: 0 epochs, 0 steps; give one of the two, at least 1":                           {{Epochs: 1}, {}},
		"stage 2: batch: 99 images a step, but there are 31 to train on; write a smaller batch": {{Epochs: 1}, {Epochs: 1, Batch: 99}},
		"stage 2: size -1; give pixels of a side, or 0 for the network's own":                   {{Epochs: 1}, {Epochs: 1, Size: -1}},
		"stage 1: a factor of -1 on the learning rate; give one above 0":                        {{Epochs: 1, LR: -1}, {Epochs: 1}},
		"stage 2: images of 3x3: ": {{Epochs: 1}, {Epochs: 1, Size: 3}},
	} {
		j := job(t, s)
		j.Stages = stages
		j.OnStep = func(train.Progress) { t.Error("a step was taken") }
		if _, err := train.Run(context.Background(), j); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", stages, err, want)
		}
	}
}

func TestStepsOfALaterStageAllocateNothing(t *testing.T) {
	j := job(t, draw(t, 160))
	j.Engine = threads(t, 2)
	j.Stages = []experiment.Stage{{Steps: 2, Size: 8, Batch: 4}, {Epochs: 2}}
	j.Optimization.LR.Layers = experiment.Factors{{Layers: "conv*", By: 0.5}}
	step := steady(t, j)
	for range 8 {
		step()
	}
	if n := testing.AllocsPerRun(40, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}

// TestAFrozenFrontKeepsItsBits holds parameters and running statistics of a frozen layer over a training from another's weights.
func TestAFrozenFrontKeepsItsBits(t *testing.T) {
	s := draw(t, 13)
	first := run(t, job(t, s)).Model
	yes := true
	j := job(t, s)
	j.Seeds = train.SeedsOf(2)
	j.Start = startOf(first)
	j.Optimization.Parameters = []experiment.ParameterSetting{{Layers: "conv1", Frozen: &yes}}
	second := run(t, j).Model
	for _, name := range first.State.Names() {
		stays := slices.Equal(first.State.Get(name).Data, second.State.Get(name).Data)
		if want := strings.HasPrefix(name, "conv1/") && !strings.HasPrefix(name, "conv1/act"); stays != want {
			t.Errorf("%s stays: %v", name, stays)
		}
	}
}

func startOf(m *model.Model) *train.Start {
	return &train.Start{Name: "first.safetensors", State: m.State, Digest: m.Digest}
}

func TestATrainingStartsFromGivenWeights(t *testing.T) {
	s := draw(t, 13)
	first := run(t, job(t, s)).Model
	var told train.Started
	begin := func(change func(*train.Job)) string {
		j := job(t, s)
		j.Start, j.OnStart = startOf(first), func(s train.Started) { told = s }
		change(&j)
		d, err := train.Begin(context.Background(), j, 2, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return d[2]
	}
	plain := begin(func(j *train.Job) { j.Start = nil })
	from := begin(func(*train.Job) {})
	if from == plain {
		t.Error("the weights do not count")
	}
	if !reflect.DeepEqual(told, train.Started{Copied: first.State.Names()}) {
		t.Errorf("told %+v", told)
	}
	if begin(func(j *train.Job) { j.Seeds.Init++ }) != from {
		t.Error("all is copied, and yet the seed of drawing counts")
	}
	if begin(func(j *train.Job) { j.Optimization.Init.Kind = "lsuv" }) != from {
		t.Error("all is copied, and yet lsuv scales it")
	}

	other := program.NewState() // the classifier is of other classes, one layer is not there
	for _, name := range first.State.Names() {
		switch {
		case strings.HasPrefix(name, "conv2/"):
		case name == "linear1/bias":
			if _, err := other.Add(name, tensor.Of(9)); err != nil {
				t.Fatal(err)
			}
		default:
			other.Share(name, first.State)
		}
	}
	if _, err := other.Add("extra", tensor.Of(2)); err != nil {
		t.Fatal(err)
	}
	begin(func(j *train.Job) { j.Start = &train.Start{Name: "other", State: other, Digest: "d"} })
	slices.Sort(told.Drawn)
	if !slices.Equal(told.Drawn, []string{"conv2/bias", "conv2/weight", "linear1/bias"}) || !slices.Equal(told.Left, []string{"linear1/bias", "extra"}) || len(told.Copied) != len(first.State.Names())-3 {
		t.Errorf("told %+v", told)
	}
}

func TestAStartIsOfTheJob(t *testing.T) {
	s := draw(t, 13)
	first := run(t, job(t, s)).Model
	j := job(t, s)
	j.Start, j.Checkpoint = startOf(first), filepath.Join(t.TempDir(), "c")
	want := run(t, func() train.Job { j := j; j.Checkpoint = ""; return j }())
	ctx, stop := context.WithCancel(context.Background())
	j.OnStep = func(p train.Progress) {
		if p.Step == 4 {
			stop()
		}
	}
	if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Fatal(err)
	}
	j.OnStep = nil
	drawn := j
	drawn.Start = nil
	if _, err := train.Run(context.Background(), drawn); !errors.Is(err, train.ErrOther) {
		t.Errorf("without the weights its checkpoint is taken: %v", err)
	}
	j.Engine = threads(t, 2)
	same(t, run(t, j), want)
}

func TestAStartWithNothingInCommonNamesBothSides(t *testing.T) {
	s := draw(t, 13)
	j := job(t, s)
	other := program.NewState()
	for _, name := range []string{"a/weight", "b/weight", "c/weight", "d/weight"} {
		if _, err := other.Add(name, tensor.Of(2, 3)); err != nil {
			t.Fatal(err)
		}
	}
	j.Start = &train.Start{Name: "other.safetensors", State: other, Digest: "d"}
	_, err := train.Run(context.Background(), j)
	const want = "other.safetensors: none of its tensors fits tiny by name and shape: it has a/weight [2 3], b/weight [2 3], c/weight [2 3] and 1 more, the network conv1/weight [3 3 3 6]"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// TestRatesByLayerAreRates: halving every layer's rate is halving the rate, and where one layer alone differs it alone leaves the
// other's path at first.
func TestRatesByLayerAreRates(t *testing.T) {
	s := draw(t, 13)
	train1 := func(change func(*experiment.Optimization)) *model.Model {
		j := job(t, s)
		j.Learning.Epochs.Steps = 1
		change(&j.Optimization)
		return run(t, j).Model
	}
	plain := train1(func(*experiment.Optimization) {})
	half := train1(func(o *experiment.Optimization) { o.LR.Base /= 2 })
	if all := train1(func(o *experiment.Optimization) { o.LR.Layers = experiment.Factors{{Layers: "**", By: 0.5}} }); all.Digest != half.Digest {
		t.Error("half of every layer's rate is not half the rate")
	}
	one := train1(func(o *experiment.Optimization) { o.LR.Layers = experiment.Factors{{Layers: "conv2", By: 0.5}} })
	for _, name := range plain.State.Names() {
		want := plain
		if strings.HasPrefix(name, "conv2/") && !strings.HasPrefix(name, "conv2/act") {
			want = half
		}
		if !slices.Equal(one.State.Get(name).Data, want.State.Get(name).Data) {
			t.Errorf("%s is not as its rate wants", name)
		}
	}
}

// Sizes that are drawn every two steps are the same on any threads and behind an interruption, and a step allocates nothing once each
// size has been seen.
func TestSizesAreDrawnByTheStepAlone(t *testing.T) {
	s := draw(t, 13)
	start := func(n int) train.Job {
		j := job(t, s)
		j.Learning.Multiscale = experiment.Multiscale{Sizes: []int{8, 12, 16}, Every: 2}
		j.Learning.Augment.Ops = append(j.Learning.Augment.Ops, experiment.NewOperation(augment.MixUp{Alpha: 1}))
		j.Engine, j.Loaders = threads(t, n), n
		return j
	}
	want := run(t, start(1))
	same(t, run(t, start(4)), want)
	plain := start(1)
	plain.Learning.Multiscale = experiment.Multiscale{}
	if run(t, plain).Model.Digest == want.Model.Digest {
		t.Error("the sizes change nothing")
	}
	j := start(2)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	ctx, cancel := context.WithCancel(context.Background())
	j.OnStep = func(p train.Progress) {
		if p.Step == 5 {
			cancel()
		}
	}
	if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
		t.Fatal(err)
	}
	j.OnStep = nil
	same(t, run(t, j), want)

	j = start(2)
	j.Set = draw(t, 100) // an epoch of some forty steps
	j.Cut = j.Set.Cut(1, 1)
	step := steady(t, j)
	for range 20 {
		step()
	}
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}

// Stages of settings are the stages of a job, and begin by taking running statistics anew, whatever the threads and wherever they are
// interrupted.
func TestStagesOfSettingsAreStagesOfTheJob(t *testing.T) {
	s := draw(t, 13)
	start := func(n int, restat bool) train.Job {
		j := job(t, s)
		j.Learning.Epochs.Count = 3
		j.Learning.Sizes = experiment.Sizes{Restat: restat, Stages: experiment.Stages{{Size: 8, Share: 2. / 3, Batch: 7}, {Share: 1. / 3, LR: 0.1}}}
		j.Engine, j.Loaders = threads(t, n), n
		return j
	}
	want := run(t, start(1, true))
	same(t, run(t, start(3, true)), want)
	byJob := start(1, true)
	byJob.Stages = []experiment.Stage{{Size: 8, Epochs: 2, Batch: 7}, {Epochs: 1, LR: 0.1}}
	same(t, run(t, byJob), want)
	if got := run(t, start(1, false)); got.Model.Digest == want.Model.Digest {
		t.Error("restat changes nothing")
	}
	first := want.Curve[1].Step // behind the first stage
	for _, stop := range []int{first - 1, first, first + 1} {
		j := start(2, true)
		j.Checkpoint = filepath.Join(t.TempDir(), "c")
		ctx, cancel := context.WithCancel(context.Background())
		j.OnStep = func(p train.Progress) {
			if p.Step == stop {
				cancel()
			}
		}
		if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
			t.Fatal(err)
		}
		j.OnStep = nil
		same(t, run(t, j), want)
	}
}
