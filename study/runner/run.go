package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/store"
	"github.com/assaylab/assay/train"
)

// Event is news of a run.
type Event struct {
	Arm     string
	Repeat  int
	Worker  int             // which of the trials at once, from 0
	Step    *train.Progress // of a trial under way
	Ended   *study.Trial    // how a trial ended
	Done    int             // trials ended, of all
	Total   int
	Left    time.Duration // expected; 0 while unknown
	Message string        // what is about to run, once, before the first trial
	Note    string        // anything else worth a line
}

// Lease times: a process that dies gives its trial back after leaseTime at the latest.
const (
	leaseTime = 20 * time.Second
	heartbeat = 5 * time.Second
	lookAgain = time.Second // between looks at what other processes do
)

// Run runs the trials that are still to be run, as child processes of executable, and judges what there is. Trials that ended
// before are not repeated. A trial that fails does not stop the others; it is tried again by the next Run. Several processes may
// run one study: they share its trials. When ctx is cancelled, trials under way write their checkpoints, and the error wraps
// train.ErrInterrupted. on is called from one goroutine at a time. After Run, Plan.Entries are the trials that the study has:
// an arm without any effect gets no more after its first.
func (s *Session) Run(ctx context.Context, executable string, on func(Event)) (*study.Result, error) {
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	if _, err := st.Study(s.Name); err != nil { // what does not fit is refused before the study takes its name
		if _, err := s.memory(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(s.Dir(), 0o755); err != nil {
		return nil, err
	}
	resumed, err := s.record(st)
	if err != nil {
		return nil, err
	}
	w := &work{Session: s, st: st, executable: executable, on: on, owner: owner()}
	err = w.run(ctx, resumed)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%w after %d of %d trials; all that ended is kept, the same command goes on", train.ErrInterrupted, w.done, w.total)
	case err != nil:
		return nil, err
	}
	_ = os.Remove(filepath.Join(s.Dir(), trialsDir)) // where no checkpoint is left in it
	r, err := Result(st, s.Name)
	if err == nil {
		r.Threads = s.request.Threads
	}
	return r, err
}

// work is a run under way.
type work struct {
	*Session
	st         *store.Store
	executable string
	on         func(Event)
	owner      string

	began   time.Time // of the first trial of this run
	started int       // how many had ended then

	mu    sync.Mutex
	done  int // trials ended
	total int
}

// run is what comes before the first trial, and the trials.
func (w *work) run(ctx context.Context, resumed bool) error {
	if err := w.reclaim(resumed); err != nil {
		return err
	}
	if w.done < w.total {
		if err := w.time(ctx); err != nil {
			return err
		}
		if w.done == 0 {
			if err := w.sameBits(ctx); err != nil {
				return err
			}
		}
		if err := w.runAll(ctx); err != nil {
			return err
		}
	}
	if w.rough() { // by now the machine may be quieter
		return w.time(ctx)
	}
	return nil
}

// time calibrates and keeps what came of it.
func (w *work) time(ctx context.Context) error {
	if err := w.Calibrate(ctx, w.st); err != nil {
		return err
	}
	return w.st.SetArms(w.Name, w.Plan.Plain())
}

// rough tells whether the arms' seconds were taken beside other work.
func (w *work) rough() bool {
	return slices.ContainsFunc(w.Plan.Arms, func(a study.PlannedArm) bool { return a.SecondsRough })
}

func (w *work) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Done, e.Total = w.done, w.total
	if n := w.done - w.started; n > 0 {
		e.Left = time.Since(w.began) / time.Duration(n) * time.Duration(w.total-w.done)
	}
	if w.on != nil {
		w.on(e)
	}
}

// owner names this process on this machine.
func owner() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// reclaim takes stock: it lets failed trials wait again, takes back what dead processes of this machine held, and refuses to go
// on where that would make no study.
func (w *work) reclaim(resumed bool) error {
	if resumed {
		if _, err := w.st.Retry(w.Name); err != nil {
			return err
		}
	}
	states, err := w.st.States(w.Name)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	compared := false
	for _, t := range states {
		switch t.Status {
		case string(study.Done), string(study.Diverged):
			if t.Arm == study.BaselineName && t.Status == string(study.Diverged) {
				return w.hopeless(t.Repeat)
			}
			if !compared {
				if err := w.sameLevel(t); err != nil {
					return err
				}
				compared = true
			}
		case "leased":
			if pid, ok := strings.CutPrefix(t.Owner, host+":"); ok {
				if n, err := strconv.Atoi(pid); err == nil && !alive(n) {
					if _, err := w.st.Release(w.Name, t.Owner); err != nil {
						return err
					}
				}
			}
		}
	}
	_, err = w.dropIdle()
	return err
}

// hopeless is the error of a baseline that diverged: nothing can be compared with it.
func (w *work) hopeless(repeat int) error {
	t, err := w.st.Trial(w.Name, study.BaselineName, repeat)
	if err != nil {
		return err
	}
	return fmt.Errorf("study %s: the baseline diverged in repeat %d: %s; lower its learning rate, give it a warm-up or train longer, and run that under another name (--as NAME)", w.Name, repeat, t.Reason)
}

// sameLevel refuses to mix kernel levels in a study: a block is compared bit for bit.
func (w *work) sameLevel(at store.State) error {
	t, err := w.st.Trial(w.Name, at.Arm, at.Repeat)
	if err != nil || t == nil {
		return err
	}
	e, err := w.request.Engine(1)
	if err != nil {
		return err
	}
	defer e.Close()
	if id := e.ID(); t.Level != id.Arch || t.Table != id.Version {
		return fmt.Errorf("study %s: its trials so far are of kernel level %s, table %d, and here it is %s, table %d; go on there (or ASSAY_CPU=%s), or run it under another name (--as NAME)",
			w.Name, t.Level, t.Table, id.Arch, id.Version, path.Base(t.Level))
	}
	return nil
}

// dropIdle takes the further repeats of arms out of the plan that ended in the baseline's own weights, names these arms, and
// counts.
func (w *work) dropIdle() (idle []string, err error) {
	base, err := w.st.Trial(w.Name, study.BaselineName, 1)
	if err != nil {
		return nil, err
	}
	for _, a := range w.Plan.Arms[1:] {
		if base == nil || base.Status != study.Done {
			break
		}
		t, err := w.st.Trial(w.Name, a.Name, 1)
		if err != nil {
			return nil, err
		}
		if t == nil || t.Status != study.Done || t.WeightsDigest != base.WeightsDigest || t.Outcome != base.Outcome {
			continue
		}
		n, err := w.st.Drop(w.Name, a.Name)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			idle = append(idle, a.Name)
		}
	}
	return idle, w.count()
}

// count looks at the store, where other processes may be at work too.
func (w *work) count() error {
	states, err := w.st.States(w.Name)
	if err != nil {
		return err
	}
	done := 0
	held := map[study.Entry]bool{}
	for _, t := range states {
		held[study.Entry{Arm: t.Arm, Repeat: t.Repeat}] = true
		if t.Status != "pending" && t.Status != "leased" {
			done++
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done, w.total = done, len(states)
	w.Plan.Entries = slices.DeleteFunc(w.Plan.Entries, func(e study.Entry) bool { return !held[study.Entry{Arm: e.Arm, Repeat: e.Repeat}] })
	return nil
}

// atOnce is how many trials run side by side. Two trainings on a core each do more than one on two, as long as memory and
// trials last: nothing waits for anything.
func (w *work) atOnce() (int, error) {
	each, err := w.memory()
	if err != nil {
		return 0, err
	}
	n := min(w.request.Threads, w.total-w.done)
	if free := memory.Free(); free > 0 {
		n = min(n, int(free/4*3/each))
	}
	return max(n, 1), nil
}

func (w *work) runAll(ctx context.Context) error {
	n, err := w.atOnce()
	if err != nil {
		return err
	}
	threads := max(1, w.request.Threads/n)
	w.began, w.started = time.Now(), w.done
	w.tell(Event{Message: fmt.Sprintf("%d trials, %d at once on %d threads each", w.total-w.done, n, threads)})
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for more := true; more && ctx.Err() == nil; {
				var err error
				if more, err = w.next(ctx, worker, threads); err != nil {
					stop(err) // the others write their checkpoints
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// next leases and runs one trial; false where none is left.
func (w *work) next(ctx context.Context, worker, threads int) (bool, error) {
	if w.Study.Budget > 0 && time.Since(w.began) > w.Study.Budget {
		return false, nil
	}
	l, err := w.st.Lease(w.Name, w.owner, leaseTime)
	if err != nil {
		return false, err
	}
	if l == nil {
		return w.wait(ctx)
	}
	held, release := context.WithCancel(ctx)
	defer release()
	go w.keep(held, l, release)
	reason := w.child(held, l, worker, threads)
	switch {
	case ctx.Err() != nil:
		_, err := w.st.Release(w.Name, w.owner)
		return false, err
	case held.Err() != nil:
		return true, nil // another process has the trial
	}
	ended, err := w.st.Trial(w.Name, l.Arm, l.Repeat)
	if err != nil {
		return false, err
	}
	if ended == nil || ended.Status == study.Failed {
		if reason == "" {
			reason = "the trial's process ended without a result"
		}
		ended = &study.Trial{Arm: l.Arm, Repeat: l.Repeat, Status: study.Failed, Reason: reason}
		if err := w.st.Complete(w.Name, *ended); err != nil {
			return false, err
		}
	}
	if err := w.count(); err != nil {
		return false, err
	}
	w.tell(Event{Arm: l.Arm, Repeat: l.Repeat, Worker: worker, Ended: ended})
	if ended.Status == study.Diverged && l.Arm == study.BaselineName {
		return false, w.hopeless(l.Repeat)
	}
	if l.Repeat > 1 {
		return true, nil
	}
	idle, err := w.dropIdle()
	for _, arm := range idle {
		w.tell(Event{Arm: arm, Note: arm + " ended in the baseline's own weights: it had no effect at run time and gets no more repeats"})
	}
	return true, err
}

// wait is for trials that other processes run: one that dies gives its trial back. False where there are none.
func (w *work) wait(ctx context.Context) (bool, error) {
	states, err := w.st.States(w.Name)
	if err != nil || !slices.ContainsFunc(states, func(t store.State) bool { return t.Status == "leased" && t.Owner != w.owner }) {
		return false, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(lookAgain):
	}
	if err := w.count(); err != nil {
		return false, err
	}
	w.tell(Event{})
	return true, nil
}

// keep keeps a lease until ctx ends, and calls lost where another process got it, as after a machine has slept.
func (w *work) keep(ctx context.Context, l *store.Lease, lost func()) {
	for tick := time.Tick(heartbeat); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if errors.Is(w.st.Heartbeat(l, leaseTime), store.ErrLost) {
				lost()
				return
			}
		}
	}
}

// checkedSteps is how much of the baseline is run twice before the first trial.
const checkedSteps = 50

// sameBits runs the beginning of the baseline twice: unequal bits would make pairing worthless.
func (s *Session) sameBits(ctx context.Context) error {
	var digests [2]string
	for i := range digests {
		e, err := s.request.Engine(s.request.Threads)
		if err != nil {
			return err
		}
		job, err := s.job(ctx, s.Plan.Arms[0], 1)
		if err != nil {
			return err
		}
		job.Engine = e
		digests[i], err = train.Begin(ctx, job, checkedSteps)
		e.Close()
		if err != nil {
			return err
		}
	}
	if digests[0] != digests[1] {
		return fmt.Errorf("study %s: the same %d steps gave different bits twice; the machine is faulty or the engine is, no study is possible", s.Name, checkedSteps)
	}
	return nil
}
