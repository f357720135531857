package runner

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// Noise trains the study's baseline again and again, each time with one source of chance drawn anew and the others held, so often for each
// source, and keeps what came of it for later plans. Trainings that the store has are found. What it trains stands in no study.
func (s *Session) Noise(ctx context.Context, launcher Launcher, repeats int, on func(Event)) ([]study.NoiseOf, error) {
	var draws []Draw
	for _, source := range study.Sources {
		for repeat := 1; repeat <= repeats; repeat++ {
			d := Draw{study.BaselineName, 1, s.Study.Vary(source, repeat)}
			if repeat > 1 {
				d.Name, d.Repeat = study.BaselineName+", "+source.Name, repeat
			}
			draws = append(draws, d)
		}
	}
	trials, err := s.Again(ctx, launcher, draws, on)
	if err != nil {
		return nil, err
	}
	metric := s.Metric().Name
	var found []study.NoiseOf
	sources := map[string]float64{}
	for i, source := range study.Sources {
		var values []float64
		for j, t := range trials[i*repeats:][:repeats] {
			if t.Status != study.Done {
				return nil, fmt.Errorf("%s: %s; its noise cannot be told before it trains to its end", draws[i*repeats+j], t.Reason)
			}
			values = append(values, t.Metrics[metric])
		}
		n := study.NoiseFrom(source.Name, values)
		found, sources[source.Name] = append(found, n), n.SD
	}
	if floor := study.Floor(found); floor > 0 {
		st, err := store.Open(s.request.Store, time.Now)
		if err != nil {
			return nil, err
		}
		defer st.Close()
		if err := st.SetNoise(floorOf(s.Keys[0]), store.Noise{SD: floor, Repeats: repeats, Sources: sources}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Draw is a training of the baseline under seeds of its own.
type Draw struct {
	Name   string // for messages
	Repeat int    // likewise
	Seeds  study.Seeds
}

// String is the draw as messages name it.
func (d Draw) String() string { return fmt.Sprintf("%s #%d", d.Name, d.Repeat) }

// Again trains the study's baseline under other seeds, side by side, and returns the trials in the order of the draws. Trainings that the
// store has are found, equal ones trained once. What it trains stands in no study.
func (s *Session) Again(ctx context.Context, launcher Launcher, draws []Draw, on func(Event)) ([]study.Trial, error) {
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	id, err := s.engineID()
	if err != nil {
		return nil, err
	}
	w := &work{Session: s, st: st, launcher: launcher, on: on}
	if err := w.takeIn(); err != nil {
		return nil, err
	}
	requests := map[string]trial.Request{}
	var order, ids []string
	for _, d := range draws {
		r, err := s.drawn(ctx, st, d, id.String())
		if err != nil {
			return nil, err
		}
		key := r.Spec.ID()
		ids = append(ids, key)
		if _, twice := requests[key]; !twice {
			requests[key], order = r, append(order, key)
		}
	}
	if err := w.trainAll(ctx, requests, order); err != nil {
		return nil, err
	}
	all, damaged, err := st.Trials(order)
	if err != nil {
		return nil, err
	}
	if len(damaged) > 0 {
		return nil, fmt.Errorf("%s: a damaged trial; assay store check says more, and the same command trains it again", requests[damaged[0]].Name)
	}
	by := map[string]*trial.Result{}
	for _, r := range all {
		by[r.ID] = r
	}
	pool := newPool(s.task, Validation, all)
	var trials []study.Trial
	for i, d := range draws {
		trials = append(trials, pool.trial(d.Name, d.Repeat, by[ids[i]], s.Plan.Arms[0].By()))
	}
	return trials, nil
}

// drawn is the request for the baseline's training under a draw's seeds.
func (s *Session) drawn(ctx context.Context, st *store.Store, d Draw, engine string) (trial.Request, error) {
	r, err := s.ask(ctx, st, 0, 1, engine, s.request.Threads)
	if err != nil {
		return r, err
	}
	set, err := s.Set(ctx, s.Study.Base)
	if err != nil {
		return r, err
	}
	other, err := s.beside(ctx, s.Plan.Arms[0].Built.Learning)
	if err != nil {
		return r, err
	}
	c := cutOf(set, other, d.Seeds.Split, 1+s.Study.Fold(1), 0)
	r.Models = nil // what it trains stands in no study
	r.Name, r.Spec.Seeds, r.Spec.Cut, r.Spec.Beside = d.String(), trial.Seeds(d.Seeds), c.digest, c.beside
	err = s.lay(st, &r)
	return r, err
}

// trainAll has those trained that the store lacks, side by side as a study's are.
func (w *work) trainAll(ctx context.Context, requests map[string]trial.Request, order []string) error {
	states, err := w.st.States(order)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(order), func(id string) bool {
		return states[id].Known() && (states[id].Status != trial.Done || len(states[id].Lacks(w.judged(0), w.task.Columns())) == 0)
	})
	w.total, w.done = len(order), len(order)-len(left)
	if len(left) == 0 {
		return nil
	}
	n, err := w.atOnce()
	if err != nil {
		return err
	}
	w.began, w.started = time.Now(), w.done
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan string, len(left))
	for _, id := range left {
		queue <- id
	}
	close(queue)
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for id := range queue {
				if ctx.Err() != nil {
					return
				}
				r := requests[id]
				name, repeat := r.Name, 1
				if before, after, ok := strings.Cut(name, " #"); ok {
					name = before
					repeat, _ = strconv.Atoi(after)
				}
				r.Threads = max(1, w.request.Threads/n)
				why := w.launcher.Launch(ctx, r, func(p train.Progress) { w.tell(Event{Arm: name, Repeat: repeat, Worker: worker, Step: &p}) })
				result, err := trial.Load(r.Result)
				switch {
				case ctx.Err() != nil:
					return
				case err != nil:
					stop(fmt.Errorf("%s failed: %s; the same command tries again", r.Name, why))
					return
				}
				if err := w.st.Complete(result, nil); err != nil {
					stop(err)
					return
				}
				w.discard(id, result.Status != trial.Failed)
				w.mu.Lock()
				w.done++
				w.mu.Unlock()
				w.tell(Event{Arm: name, Repeat: repeat, Worker: worker, Ended: result})
			}
		})
	}
	group.Wait()
	switch err := context.Cause(ctx); {
	case err == nil:
	case err != context.Canceled:
		return err
	default:
		return fmt.Errorf("%w after %d of %d trainings; all that ended is kept, the same command goes on", train.ErrInterrupted, w.done, w.total)
	}
	return nil
}
