package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

// Event is news of a run.
type Event struct {
	Arm    string
	Repeat int
	Worker int             // which of the trials at once, from 0
	Step   *train.Progress // of a trial under way
	Ended  *trial.Result   // how a trial ended
	Judged string          // the evaluation of Ended that the arm is judged by; "": Validation
	Done   int             // trials that are there, of all
	Total  int
	Left   time.Duration // expected; 0 while unknown
	Begins bool          // the first trial is about to start: Note says what will run
	Note   string        // anything worth a line
}

// Times of a run. A process that dies gives its trial back after leaseTime at the latest.
const (
	leaseTime = 20 * time.Second
	heartbeat = 5 * time.Second
	lookAgain = time.Second // between looks at what other processes do
)

// Ran is what a run did.
type Ran struct {
	Result *study.Result
	Trials int // that this run trained
	End    study.End
}

// Run has trained what the study lacks, and judges it where its plan, its budget or a growth ends. Trials that any study of the
// store has are found, not trained. A trial that fails does not stop the others; it is tried again by the next Run. Several processes
// may run one study: they share its trials. When ctx is cancelled, trials under way write their checkpoints, and the error wraps
// train.ErrInterrupted. on is called from one goroutine at a time. What the study tunes follows when its own trials are there.
func (s *Session) Run(ctx context.Context, launcher Launcher, on func(Event)) (*Ran, error) {
	ran, err := s.runOnce(ctx, launcher, on)
	if err == nil && s.Study.Tune.Key != "" && ran.End.Kind == study.AllDone {
		err = s.tune(ctx, launcher, on, ran)
	}
	return ran, err
}

// runOnce runs one view.
func (s *Session) runOnce(ctx context.Context, launcher Launcher, on func(Event)) (*Ran, error) {
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	id, err := s.engineID()
	if err != nil {
		return nil, err
	}
	w := &work{
		Session: s, st: st, launcher: launcher, on: on, owner: store.NewOwner(), engine: id.String(), ids: map[study.Cell]string{}, tried: map[study.Cell]bool{},
		schedule: study.Fixed{Arms: s.Keys, Twins: s.twins(), Keep: s.kinds(), Engine: id.String(), Columns: s.task.Columns(), Budget: s.Study.Budget, Equal: s.rungs()},
	}
	if s.tuning != nil {
		w.checked, w.schedule.Budget = true, s.tuning.budget
	}
	var ran *Ran
	err = w.ready(ctx)
	for more := true; more && err == nil; { // stage by stage, with a look at the end of each
		if err = w.run(ctx, id.Deterministic); err == nil {
			ran, err = w.conclude()
		}
		if err == nil {
			more, err = w.onward()
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w after %d of %d trials; all that ended is kept, the same command goes on", train.ErrInterrupted, w.done, w.total)
	}
	return ran, err
}

// work is a run under way.
type work struct {
	*Session
	st       *store.Store
	launcher Launcher
	on       func(Event)
	owner    string
	engine   string
	schedule study.Fixed
	checked  bool // that the engine gives the bits that are kept
	growth   study.Growth
	ids      map[study.Cell]string // what each cell of this file is on this engine; guarded by mu

	began   time.Time // of the first trial of this run
	started int       // how many were there then

	mu      sync.Mutex
	planned int                 // repeats of which ids says what they are
	under   int                 // trials of this run under way
	waited  bool                // it was told that others' are waited for
	tried   map[study.Cell]bool // cells that this run has seen end
	fault   string              // of the study: nothing more is run
	end     study.End           // as last seen
	done    int
	total   int
	ran     int
}

// twins are the arms whose trainings are an earlier arm's, by identity.
func (s *Session) twins() map[string]string {
	of := map[string]string{}
	for arm, twin := range s.Twins {
		of[s.Keys[arm]] = s.Keys[twin]
	}
	return of
}

// kinds are the models that the trials of arms are to leave, by identity.
func (s *Session) kinds() map[string]string {
	of := map[string]string{}
	for i, key := range s.Keys {
		of[key] = s.keeps(i)
	}
	return of
}

// ready is what comes before the first trial.
func (w *work) ready(ctx context.Context) error {
	if err := w.plan(ctx, w.Study.Repeats); err != nil {
		return err
	}
	if err := w.fit(ctx); err != nil {
		return err
	}
	if err := w.grow(ctx); err != nil {
		return err
	}
	if w.tuning == nil { // a companion has no report of its own
		if err := os.MkdirAll(w.Dir(), 0o777); err != nil {
			return err
		}
	}
	if err := w.takeIn(); err != nil {
		return err
	}
	if _, err := w.st.Reclaim(nil); err != nil {
		return err
	}
	if err := w.sweep(); err != nil {
		return err
	}
	if err := w.stage(); err != nil {
		return err
	}
	if w.tuning == nil { // what is found for its companions is mostly the study's own
		for _, line := range w.growth.Lines(w.end.Held, w.end.Left, w.end.Again) {
			w.tell(Event{Note: line})
		}
	}
	for _, e := range w.end.Elsewhere {
		w.tell(Event{Note: e.String()})
	}
	return nil
}

// stage finds out how far the plan goes before its next look, and of which arms nothing more is trained.
func (w *work) stage() error {
	r, ledger, _, err := gather(w.st, w.Name)
	if err != nil {
		return err
	}
	s, err := ledger.Stage(r)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.schedule.Until = s.Until
	w.mu.Unlock()
	fresh := func(a store.Arm) bool { return a.Stopped == 0 && s.Stopped[a.Key] > 0 && a.Status == store.Active }
	held, err := w.st.Study(w.Name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(held.Arms, fresh) {
		var names []string
		after := 0
		err := w.change(func(st *store.Study) {
			names = nil
			for i, a := range st.Arms {
				if fresh(a) {
					st.Arms[i].Stopped = s.Stopped[a.Key]
					names, after = append(names, a.Name), max(after, s.Stopped[a.Key])
				}
			}
		})
		if err != nil {
			return err
		}
		if len(names) > 0 {
			w.tell(Event{Note: fmt.Sprintf("decided after %s: %s", say.Counted(after, "repeat"), say.Listed(names))})
		}
	}
	return w.look()
}

// onward goes to the next stage of the plan; false where there is none, or this one did not come to its end.
func (w *work) onward() (bool, error) {
	if w.end.Kind != study.AllDone {
		return false, nil
	}
	before := w.schedule.Until
	err := w.stage()
	return w.schedule.Until > before, err
}

// run does the trials of a stage.
func (w *work) run(ctx context.Context, deterministic bool) error {
	switch w.end.Kind {
	case study.Hopeless, study.Faulty:
		return w.stopped()
	case study.Going, study.Waiting:
		if w.tuning == nil {
			if err := w.time(ctx); err != nil {
				return err
			}
		}
		if deterministic && !w.checked {
			if err := w.sameBits(ctx); err != nil {
				return err
			}
			w.checked = true
		}
		if err := w.runAll(ctx); err != nil {
			return err
		}
	}
	if w.tuning == nil && w.Rough() { // by now the machine may be quieter
		return w.time(ctx)
	}
	return nil
}

// time calibrates and keeps what came of it.
func (w *work) time(ctx context.Context) error {
	if err := w.Calibrate(ctx, w.st); err != nil {
		return err
	}
	return w.change(func(st *store.Study) {
		for i := range st.Arms {
			if at := w.arm(st.Arms[i].Key); at >= 0 {
				st.Arms[i].TrainSeconds, st.Arms[i].SecondsRough = w.Plan.Arms[at].TrainSeconds, w.Plan.Arms[at].SecondsRough
			}
		}
	})
}

func (w *work) tell(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Done, e.Total = w.done, w.total
	if n := w.done - w.started; n > 0 && !w.began.IsZero() {
		e.Left = time.Since(w.began) / time.Duration(n) * time.Duration(w.total-w.done)
	}
	if w.on != nil {
		w.on(e)
	}
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
	w.tell(Event{Begins: true, Note: fmt.Sprintf("%s, %d at once on %s each", say.Counted(w.total-w.done, "trial"), n, say.Counted(threads, "thread"))})
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for more := true; more && ctx.Err() == nil; {
				var err error
				if more, err = w.next(ctx, worker, threads, n); err != nil {
					stop(err) // the others write their checkpoints
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// next leases and runs one trial; false where none is left.
func (w *work) next(ctx context.Context, worker, threads, atOnce int) (bool, error) {
	turn, lease, err := w.claim()
	if err != nil {
		return false, err
	}
	if lease == nil {
		switch w.state().Kind {
		case study.Hopeless, study.Faulty:
			return false, w.stopped()
		case study.Going, study.Waiting: // a trial that another process runs, or has just given back
			select {
			case <-ctx.Done():
			case <-time.After(lookAgain):
			}
			w.tell(Event{Note: w.waiting()})
			return true, nil
		}
		return false, nil
	}
	w.mu.Lock()
	w.under++
	w.mu.Unlock()
	r, err := w.train(ctx, turn, lease, worker, threads, atOnce)
	w.mu.Lock()
	w.under--
	w.mu.Unlock()
	if err != nil || r == nil {
		return err == nil, err
	}
	if err := w.look(); err != nil {
		return false, err
	}
	w.tell(Event{Arm: w.name(turn.Arm), Repeat: turn.Repeat, Worker: worker, Ended: r, Judged: w.judged(w.arm(turn.Arm))})
	if err := w.idle(); err != nil {
		return false, err
	}
	switch w.state().Kind {
	case study.Hopeless, study.Faulty:
		return false, w.stopped()
	}
	return true, nil
}

// waiting says, once, that what is left is another process's to run.
func (w *work) waiting() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.under > 0 || w.waited || w.end.Kind != study.Waiting {
		return ""
	}
	w.waited = true
	return fmt.Sprintf("the trials that are left run in another process, which is waited for; of one that has died they come back within %v", leaseTime)
}

// train has one leased trial trained and takes its result in. nil: it was lost to another process, which has it now.
func (w *work) train(ctx context.Context, turn study.Turn, lease *store.Lease, worker, threads, atOnce int) (*trial.Result, error) {
	request, err := w.ask(ctx, w.st, w.arm(turn.Arm), turn.Repeat, w.engine, threads)
	if err != nil {
		return nil, errors.Join(err, w.st.Release(lease))
	}
	held, lost := context.WithCancel(ctx)
	defer lost()
	go w.keep(held, lease, lost)
	began := time.Now()
	why := w.launcher.Launch(held, request, func(p train.Progress) {
		w.tell(Event{Arm: w.name(turn.Arm), Repeat: turn.Repeat, Worker: worker, Step: &p})
	})
	if err := w.st.AddSpent(w.Name, turn.Arm, turn.Repeat, time.Since(began).Seconds()/float64(atOnce)); err != nil {
		return nil, err
	}
	r, err := trial.Load(request.Result)
	switch {
	case err == nil: // it ended, whatever else happened
	case ctx.Err() != nil:
		return nil, w.st.Release(lease)
	case held.Err() != nil:
		return nil, nil
	default:
		if why == "" {
			why = "the trial's process ended without a result"
			if !errors.Is(err, fs.ErrNotExist) {
				why = err.Error()
			}
		}
		states, err := w.st.States([]string{lease.Trial})
		if err != nil {
			return nil, err
		}
		if states[lease.Trial].Known() { // another run took its file in
			all, _, err := w.st.Trials([]string{lease.Trial})
			if err != nil || len(all) != 1 {
				return nil, err
			}
			r = all[0]
			break
		}
		r = &trial.Result{ID: lease.Trial, Spec: request.Spec, Status: trial.Failed, Reason: why}
	}
	if err := w.st.Complete(r, lease); errors.Is(err, store.ErrLost) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	w.discard(lease.Trial, r.Status != trial.Failed)
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, id := range w.ids {
		if id == lease.Trial {
			w.tried[c] = true
		}
	}
	if r.Status != trial.Failed {
		w.ran++
	}
	if r.Stops {
		w.fault = r.Reason
	}
	return r, nil
}

// idle tells of arms that had no effect at run time, once, and keeps that they did.
func (w *work) idle() error {
	w.mu.Lock()
	keys := w.end.Idle
	w.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	var told []string
	err := w.change(func(st *store.Study) {
		told = nil
		for i, a := range st.Arms {
			if slices.Contains(keys, a.Key) && a.Status == store.Active {
				st.Arms[i].Status, st.Arms[i].Reason = store.Idle, "ended in the baseline's own weights"
				told = append(told, a.Name)
			}
		}
	})
	for _, arm := range told {
		w.tell(Event{Arm: arm, Note: arm + " ended in the baseline's own weights: it had no effect at run time and gets no more repeats"})
	}
	return err
}

// stopped is the error of a study that cannot go on.
func (w *work) stopped() error {
	end := w.state()
	if end.Kind != study.Hopeless {
		return fmt.Errorf("study %s: %s", w.Name, end.Reason)
	}
	reason := "its loss is not finite"
	if held, err := w.st.Study(w.Name); err == nil {
		if rows, err := stands(w.st, held); err == nil {
			for _, h := range rows {
				if h.Cell == (study.Cell{Arm: held.Baseline, Repeat: end.Repeat}) {
					states, err := w.st.States([]string{h.Trial})
					switch s := states[h.Trial]; {
					case err != nil:
					case s.Status == trial.Done:
						reason = unsound(judgedBy(held)[h.Arm])
					case s.Reason != "":
						reason = s.Reason
					}
				}
			}
		}
	}
	return fmt.Errorf("study %s: the baseline diverged in repeat %d: %s; lower its learning rate, give it a warm-up or train longer, and run that under another name (--as NAME)", w.Name, end.Repeat, reason)
}

// state is where the study stood when it was last looked at.
func (w *work) state() study.End {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// name is an arm's, by its identity.
func (w *work) name(key string) string {
	if i := w.arm(key); i >= 0 {
		return w.Plan.Arms[i].Name
	}
	return key
}
