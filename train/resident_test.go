package train_test

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/internal/enginetest"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/train"
)

// TestATrainingDoesNotMindWhereItsValuesAre trains on an engine with a memory of its own, which leaves NaN on the host in place of what
// it is ahead of: first weights, lsuv, steps, evaluations, checkpoints, resuming, the model and its file must be those of an engine
// that works on the host.
func TestATrainingDoesNotMindWhereItsValuesAre(t *testing.T) {
	s := draw(t, 13)
	first := run(t, job(t, s)).Model
	for name, with := range map[string]func(j *train.Job){
		"he": func(*train.Job) {}, "lsuv": func(j *train.Job) { j.Optimization.Init.Kind = "lsuv" },
		"stages": func(j *train.Job) { *j = staged(t, *j) }, "given weights": func(j *train.Job) { j.Start = startOf(first) },
	} {
		t.Run(name, func(t *testing.T) {
			ready := func() train.Job {
				j := job(t, s)
				with(&j)
				return j
			}
			want := run(t, ready())
			t.Run("from the beginning to the end", func(t *testing.T) {
				j := ready()
				j.Engine = enginetest.Resident(j.Engine)
				got := run(t, j)
				same(t, got, want)
				saved(t, got.Model, want.Model, s, j.Cut.Val)
			})
			t.Run("stopped and resumed", func(t *testing.T) {
				j := ready()
				j.Engine, j.Checkpoint, j.Every = enginetest.Resident(j.Engine), filepath.Join(t.TempDir(), "c"), 1
				ctx, stop := context.WithCancel(context.Background())
				j.OnStep = func(p train.Progress) {
					if p.Step == 7 {
						stop()
					}
				}
				if _, err := train.Run(ctx, j); !errors.Is(err, train.ErrInterrupted) {
					t.Fatalf("got %v", err)
				}
				j.OnStep, j.Engine = nil, enginetest.Resident(threads(t, 2))
				got := run(t, j)
				same(t, got, want)
				if got.Resumed != 7 {
					t.Errorf("went on from step %d, want 7", got.Resumed)
				}
			})
			t.Run("its beginning", func(t *testing.T) {
				begun := func(e func(engine.Engine) engine.Engine) map[int]string {
					j := ready()
					j.Engine = e(j.Engine)
					d, err := train.Begin(context.Background(), j, 5, time.Hour)
					if err != nil {
						t.Fatal(err)
					}
					return d
				}
				if got, want := begun(enginetest.Resident), begun(func(e engine.Engine) engine.Engine { return e }); !maps.Equal(got, want) || got[5] == "" {
					t.Errorf("after 5 steps %v, want %v", got, want)
				}
			})
		})
	}
}

// saved writes a model and reads it back, and evaluates it on an engine of either kind.
func saved(t *testing.T, got, want *model.Model, s *data.Set, items []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := got.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if back.Digest != want.Digest {
		t.Errorf("the file has weights %s, want %s", back.Digest, want.Digest)
	}
	wanted, err := train.Evaluate(context.Background(), want, s, items, threads(t, 1), 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*model.Model{got, back} {
		metrics, err := train.Evaluate(context.Background(), m, s, items, enginetest.Resident(threads(t, 1)), 5, 1)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(metrics, wanted) {
			t.Errorf("evaluated %+v, want %+v", metrics, wanted)
		}
	}
}
