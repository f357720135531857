package train_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/enginetest"
	"github.com/assaylab/assay/train"
)

// means are averages that only observe.
var means = []experiment.Observer{
	{Average: experiment.Average{Kind: "ema", Decay: 0.9, Warm: true}}, {Average: experiment.Average{Kind: "ema", Decay: 0.5}}, {Average: experiment.Average{Kind: "swa", From: 0.25}},
}

func TestObserversChangeNoBitOfATraining(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s))
	j := job(t, s)
	j.Observers = means
	got := run(t, j)
	same(t, got, want)
	if len(got.Observed) != len(means) || len(want.Observed) != 0 {
		t.Fatalf("%d means, want %d", len(got.Observed), len(means))
	}
	seen := map[string]bool{want.Model.Digest: true}
	for i, a := range got.Observed {
		if a.By != means[i] || a.Score.Images != want.Score.Images || seen[a.Model.Digest] || len(a.Model.Seen.Trained) == 0 {
			t.Errorf("%s: %+v", means[i], a)
		}
		seen[a.Model.Digest] = true
	}
	begun := func(j train.Job) map[int]string {
		d, err := train.Begin(context.Background(), j, 5, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if !maps.Equal(begun(job(t, s)), begun(j)) {
		t.Error("it begins in other bits")
	}
}

// Every average: the same bits on other threads, wherever the values are, and after an interruption.
func TestEveryAverageGoesOnWhereItStopped(t *testing.T) {
	s := draw(t, 13)
	for _, own := range []experiment.Average{
		{}, {Kind: "swa", From: 0.25, LR: 0.02}, {Kind: "lookahead", Every: 5, Alpha: 0.5},
	} {
		t.Run(own.String(), func(t *testing.T) {
			start := func(n int) train.Job {
				j := job(t, s)
				j.Optimization.Average, j.Observers, j.Engine, j.Loaders = own, means, threads(t, n), n
				return j
			}
			want := run(t, start(1))
			if own.Kind != "" && want.Model.Digest == run(t, job(t, s)).Model.Digest {
				t.Error("it changes nothing")
			}
			alike := func(j train.Job) *train.Result {
				t.Helper()
				got := run(t, j)
				same(t, got, want)
				for i := range want.Observed {
					if got.Observed[i].Model.Digest != want.Observed[i].Model.Digest {
						t.Errorf("the mean %s differs", means[i])
					}
				}
				return got
			}
			for _, step := range []int{4, 7, 12} {
				j := start(2)
				j.Engine, j.Checkpoint = enginetest.Resident(j.Engine), filepath.Join(t.TempDir(), "c")
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
				if r := alike(j); r.Resumed != step {
					t.Errorf("went on from step %d, want %d", r.Resumed, step)
				}
			}
		})
	}
}

func TestACheckpointWithoutAMeanIsPassedOver(t *testing.T) {
	s := draw(t, 13)
	j := job(t, s)
	j.Checkpoint = filepath.Join(t.TempDir(), "c")
	j.Observers = means[:1]
	interrupted(t, j)
	told := ""
	j.OnNote = func(line string) { told = line }
	for _, c := range []struct {
		means []experiment.Observer
		from  int
		says  string
	}{
		{means[:2], 0, j.Checkpoint + `: holds no mean of weights "ema 0.5 cold", so the training begins anew`},
		{nil, 3, ""},
	} {
		told = ""
		j.Observers = c.means
		interrupted(t, func() train.Job { j := j; j.Checkpoint = filepath.Join(t.TempDir(), "other"); return j }())
		if r := run(t, j); r.Resumed != c.from || told != c.says {
			t.Errorf("with %v it went on from step %d and said %q, want %d, %q", c.means, r.Resumed, told, c.from, c.says)
		}
	}
}

func TestAMeanThatIsNotFiniteDivergesAlone(t *testing.T) {
	s := draw(t, 13)
	want := run(t, job(t, s))
	j := job(t, s)
	j.Observers = []experiment.Observer{{Average: experiment.Average{Kind: "ema", Decay: float32(math.Inf(1))}}, means[0]}
	got := run(t, j)
	same(t, got, want)
	if len(got.Observed) != 2 || !got.Observed[0].Diverged || got.Observed[0].Model != nil || got.Observed[1].Diverged || got.Observed[1].Model == nil {
		t.Errorf("it comes to %+v", got.Observed)
	}
}

func TestAnObserverAmongTheSettingsIsRefused(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Optimization.Average = means[0].Average
	if _, err := train.Run(context.Background(), j); err == nil || err.Error() != "average: ema 0.9 decides nothing of the training; hand it over as one of the job's Observers, and leave it out of Optimization" {
		t.Errorf("got %v", err)
	}
}

func TestAStepWithMeansAllocatesNothing(t *testing.T) {
	j := job(t, draw(t, 160))
	j.Engine, j.Observers, j.Optimization.Average = threads(t, 2), means, experiment.Average{Kind: "lookahead", Every: 3, Alpha: 0.5}
	step := steady(t, j)
	for range 5 {
		step()
	}
	if n := testing.AllocsPerRun(40, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}
