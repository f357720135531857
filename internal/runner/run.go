package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// plan works out what the cells of so many repeats are. Another process may let the study grow while this one runs.
func (w *work) plan(ctx context.Context, repeats int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for repeat := w.planned + 1; repeat <= repeats; repeat++ {
		for i, key := range w.Keys {
			spec, err := w.spec(ctx, i, repeat, w.engine)
			if err != nil {
				return err
			}
			w.ids[study.Cell{Arm: key, Repeat: repeat}] = spec.ID()
		}
		w.planned = repeat
	}
	w.Study.Repeats = max(w.Study.Repeats, w.planned)
	return nil
}

// fit takes as many repeats as the budget pays for, whole ones of all arms, before the study is planned: a plan that is cut short by time
// would end in a look that was not planned. What other studies have trained costs nothing. Repeats that were asked for on the command line
// stay, and so does a plan that was fitted before.
func (w *work) fit(ctx context.Context) error {
	budget := w.Study.Budget
	if budget == 0 || w.request.Repeats > 0 {
		return nil
	}
	switch held, err := w.st.Study(w.Name); {
	case err == nil:
		if before, err := decode(held); err == nil && before.Budget == budget && before.Repeats == w.Study.Repeats {
			w.Study.Repeat(min(w.Study.Repeats, held.Repeats))
			return nil
		}
	case !errors.Is(err, store.ErrAbsent):
		return nil // told where it is read again
	}
	if err := w.Calibrate(ctx, w.st); err != nil {
		return err
	}
	if w.Rough() {
		return nil // beside other work nothing can be foreseen: the budget ends the study where it does
	}
	states, err := w.st.States(slices.Collect(maps.Values(w.ids)))
	if err != nil {
		return err
	}
	var blocks []time.Duration // what each repeat takes
	for repeat := 1; repeat <= w.Study.Repeats; repeat++ {
		seconds := 0.0
		for i, key := range w.Keys {
			if _, shared := w.Twins[i]; !shared && !states[w.ids[study.Cell{Arm: key, Repeat: repeat}]].Known() {
				seconds += w.Plan.Arms[i].TrainSeconds * w.trainings()
			}
		}
		blocks = append(blocks, time.Duration(seconds*float64(time.Second)))
	}
	n, err := study.FitBudget(budget, blocks)
	if err != nil {
		err = fmt.Errorf("%w; give more, or write fewer variants or epochs", err)
		if w.Study.At == nil { // not read from a file
			return err
		}
		return w.Study.At.Get("budget").At(err)
	}
	if rounds := n - n%w.Study.Folds(); rounds > 0 { // folds are validated in whole rounds, where one is paid for
		n = rounds
	}
	if n < w.Study.Repeats {
		w.tell(Event{Note: fmt.Sprintf("budget: %v pays for %s of %d", budget, say.Counted(n, "repeat"), w.Study.Repeats)})
		w.Study.Repeat(n)
		w.planned = n
	}
	return nil
}

// grow brings the store's record of the study to what the file asks for, or begins it. What does not fit the machine's memory is
// refused before the study takes its name.
func (w *work) grow(ctx context.Context) error {
	for {
		held, err := w.st.Study(w.Name)
		switch {
		case errors.Is(err, store.ErrAbsent):
			held = store.Study{}
			if _, err := w.memory(); err != nil {
				return err
			}
		case errors.Is(err, store.ErrDamaged):
			w.tell(Event{Note: err.Error() + "; the record is written anew, and the trials that are kept are found again"})
			held = store.Study{}
		case err != nil:
			return err
		}
		before, err := viewOf(held)
		if err != nil {
			return err
		}
		if w.growth, err = study.Grow(before, w.view()); err != nil {
			return err
		}
		next, err := w.record(held, w.growth.View)
		if err != nil {
			return err
		}
		if w.growth.Lowered > 0 {
			if err := w.plan(ctx, w.growth.View.Repeats); err != nil {
				return err
			}
		}
		if _, err = w.st.Put(next); !errors.Is(err, store.ErrChanged) {
			if err == nil {
				err = w.olderPlan(next)
			}
			return err
		}
	}
}

// olderPlan tells where looks go by another plan than the file's: that with which the baseline was met first, maybe by another study.
func (w *work) olderPlan(st store.Study) error {
	first, repeats, err := w.st.Planned(st.Baseline)
	if err != nil || first == st.First && repeats == st.Repeats {
		return err
	}
	w.tell(Event{Note: fmt.Sprintf("looks at this baseline were planned before, %s, and keep to that: what is judged beyond is unplanned (this file: %s); another seed begins anew", planned(first, repeats), planned(st.First, st.Repeats))})
	return nil
}

// planned is "after 3, 6 and 8 repeats".
func planned(first, repeats int) string {
	var at []string
	for _, n := range study.PlannedLooks(first, repeats) {
		at = append(at, fmt.Sprint(n))
	}
	return "after " + say.Listed(at) + " repeats"
}

// viewOf is a record as growth sees it.
func viewOf(held store.Study) (study.View, error) {
	v := study.View{Name: held.Name, Question: held.Question, Text: held.File, Repeats: held.Repeats}
	if held.Version == 0 { // not in the store yet
		return v, nil
	}
	from, err := originOf(held)
	if err != nil {
		return v, err
	}
	v.Base = from.Base
	for _, a := range held.Arms {
		v.Arms = append(v.Arms, study.ViewArm{Key: a.Key, Name: a.Name, Status: study.ArmStatus(a.Status), Stopped: a.Stopped})
	}
	return v, nil
}

// judgedBy is what the arms of a study are judged by, by identity.
func judgedBy(held store.Study) map[string]string {
	of := map[string]string{}
	for _, a := range held.Arms {
		of[a.Key] = a.By()
	}
	return of
}

// record is the store's record of a view: arms of this file as they are planned, others as they are held.
func (w *work) record(held store.Study, v study.View) (store.Study, error) {
	from, err := w.origin()
	if err != nil {
		return held, err
	}
	before := held.Arms
	held.Name, held.Question, held.File, held.Origin, held.Baseline = v.Name, v.Question, v.Text, from, v.Arms[0].Key
	held.Seed, held.First, held.Repeats, held.Arms = w.Study.Seed, w.Study.First, v.Repeats, nil
	for _, a := range v.Arms {
		arm := store.Arm{Key: a.Key}
		at := slices.IndexFunc(before, func(b store.Arm) bool { return b.Key == a.Key })
		if at >= 0 {
			arm = before[at]
		}
		if i := w.arm(a.Key); i >= 0 {
			if at >= 0 { // seconds that an earlier run has timed
				w.Plan.Arms[i].TrainSeconds, w.Plan.Arms[i].SecondsRough = arm.TrainSeconds, arm.SecondsRough
			}
			if arm.Arm, arm.Recipe, err = w.armOf(i); err != nil {
				return held, err
			}
		}
		arm.Name, arm.Status, arm.Stopped = a.Name, store.ArmStatus(a.Status), a.Stopped
		held.Arms = append(held.Arms, arm)
	}
	return held, nil
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

// change edits the study's record, again where another process was faster.
func (w *work) change(edit func(*store.Study)) error {
	for {
		held, err := w.st.Study(w.Name)
		if err != nil {
			return err
		}
		edit(&held)
		if _, err := w.st.Put(held); !errors.Is(err, store.ErrChanged) {
			return err
		}
	}
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

// takeIn puts into the store the results that lie beside it: of trials whose launcher was killed before it could.
func (w *work) takeIn() error {
	files, _ := filepath.Glob(filepath.Join(w.st.Dir(), store.TrialsDir, "*.result"))
	for _, file := range files {
		r, err := trial.Load(file)
		switch {
		case errors.Is(err, fs.ErrNotExist): // its launcher was faster
			continue
		case err != nil:
			w.tell(Event{Note: err.Error()})
		case r.Status == trial.Failed:
		default:
			if err := w.st.Complete(r, nil); err != nil {
				return err
			}
		}
		w.discard(strings.TrimSuffix(filepath.Base(file), ".result"), err == nil && r.Status != trial.Failed)
	}
	return nil
}

// sweep removes the checkpoints of trials that have ended and that nobody runs: a process that was stopped while its launcher was
// killed, and goes on when another run has done its trial, leaves one.
func (w *work) sweep() error {
	files, _ := filepath.Glob(w.st.Checkpoint("*"))
	var ids []string
	for _, file := range files {
		ids = append(ids, strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	}
	states, err := w.st.States(ids)
	if err != nil {
		return err
	}
	for id, s := range states {
		if s.Owner == "" && s.Known() {
			w.discard(id, true)
		}
	}
	return nil
}

// discard removes what a trial left beside the store: its result, and where it has one in the store its checkpoint.
func (w *work) discard(id string, known bool) {
	_ = os.Remove(w.st.ResultFile(id))
	if known {
		for _, file := range append(train.Beside(w.st.Checkpoint(id)), w.st.Checkpoint(id)) {
			_ = os.Remove(file)
		}
	}
}

// history is what is known of the study now. It is made of what a transaction of the store hands out.
func (w *work) history(v store.View) (study.History, error) {
	view, err := viewOf(v.Study)
	if err != nil {
		return study.History{}, err
	}
	h := study.History{View: view}
	w.mu.Lock()
	h.Tried, h.Fault = map[study.Cell]bool{}, w.fault
	for c := range w.tried {
		h.Tried[c] = true
	}
	w.mu.Unlock()
	var ids []string
	stands := map[study.Cell]string{}
	for _, c := range v.Cells {
		ids = append(ids, c.Trial)
		stands[study.Cell{Arm: c.Arm, Repeat: c.Repeat}] = c.Trial
	}
	w.mu.Lock()
	own := maps.Clone(w.ids)
	w.mu.Unlock()
	for _, id := range own {
		ids = append(ids, id)
	}
	states, err := v.States(ids)
	if err != nil {
		return h, err
	}
	judged := judgedBy(v.Study)
	row := func(c study.Cell, id string) study.Held {
		s := states[id]
		held := study.Held{
			Cell: c, Trial: id, Engine: s.Engine, Status: statusBy(s, judged[c.Arm]), Leased: s.Owner != "",
			Weights: judgedWeights(s.Weights, judged[c.Arm]), Outcome: s.Metrics[w.task.Metrics()[0].Name], Columns: s.Columns[by(Validation, judged[c.Arm])], Models: s.Left,
		}
		if held.Engine == "" {
			if held.Engine = "another engine"; id == own[c] {
				held.Engine = w.engine
			}
		}
		return held
	}
	for _, c := range v.Cells {
		held := row(study.Cell{Arm: c.Arm, Repeat: c.Repeat}, c.Trial)
		held.Spent = c.Spent
		h.Held = append(h.Held, held)
	}
	for c, id := range own {
		if s := states[id]; stands[c] != id && (s.Known() || s.Owner != "") {
			held := row(c, id)
			held.Found = true
			h.Held = append(h.Held, held)
		}
	}
	return h, nil
}

// claim asks the schedule what to run next and leases it, in one transaction, so that no other process gets the same trial or begins
// the same block on another engine. A nil lease: nothing to run now, state says why.
func (w *work) claim() (turn study.Turn, lease *store.Lease, err error) { return w.take(true) }

// look sees how the study stands, and enters what is found for it into the study.
func (w *work) look() error {
	_, _, err := w.take(false)
	return err
}

func (w *work) take(more bool) (turn study.Turn, lease *store.Lease, err error) {
	for {
		repeats := 0
		turn, lease, repeats, err = w.seen(more)
		if err != nil || repeats == 0 {
			return turn, lease, err
		}
		if err := w.plan(context.Background(), repeats); err != nil {
			return turn, nil, err
		}
	}
}

// seen is take, but for repeats above 0: so many the study has by now, more than were planned here, and nothing was done.
func (w *work) seen(more bool) (turn study.Turn, lease *store.Lease, repeats int, err error) {
	lease, err = w.st.Claim(w.Name, w.owner, leaseTime, func(v store.View) (store.Claim, error) {
		w.mu.Lock()
		grown := v.Study.Repeats > w.planned
		w.mu.Unlock()
		if repeats = 0; grown {
			repeats = v.Study.Repeats
			return store.Claim{}, nil
		}
		h, err := w.history(v)
		if err != nil {
			return store.Claim{}, err
		}
		var c store.Claim
		for _, held := range h.Standing() {
			if held.Found {
				c.Assign = append(c.Assign, store.Cell{Arm: held.Arm, Repeat: held.Repeat, Trial: held.Trial})
			}
		}
		end := w.schedule.End(h)
		if turns := w.schedule.Next(h, 1); more && len(turns) > 0 {
			turn = turns[0]
			w.mu.Lock()
			c.Lease, c.Again = w.ids[turn.Cell], turn.Lacks != nil
			w.mu.Unlock()
			c.Assign = append(c.Assign, store.Cell{Arm: turn.Arm, Repeat: turn.Repeat, Trial: c.Lease})
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.end, w.done, w.total = end, end.Held, end.Held+end.Left
		return c, nil
	})
	return turn, lease, repeats, err
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

// keep keeps a lease until ctx ends, and calls lost where another process got it, as after a machine has slept.
func (w *work) keep(ctx context.Context, l *store.Lease, lost func()) {
	for tick := time.Tick(w.heartbeat); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			if ended, err := w.st.Heartbeat(l, leaseTime); !ended && errors.Is(err, store.ErrLost) {
				lost()
				return
			}
		}
	}
}

// checkTime bounds the check of bits.
const checkTime = 30 * time.Second

// sameBits has the first steps of a trial that the store holds run again, the baseline's where it can: unequal bits would make all
// pairing worthless. Where there is no trial of this engine yet, the baseline's are run twice and held against each other.
func (w *work) sameBits(ctx context.Context) error {
	cell, id := study.Cell{}, ""
	states, err := w.st.States(slices.Collect(func(yield func(string) bool) {
		for _, id := range w.ids {
			if !yield(id) {
				return
			}
		}
	}))
	if err != nil {
		return err
	}
	for repeat := 1; repeat <= w.Study.Repeats && id == ""; repeat++ {
		for _, key := range w.Keys {
			c := study.Cell{Arm: key, Repeat: repeat}
			if s := states[w.ids[c]]; s.Status == trial.Done && len(s.Begun) > 0 {
				cell, id = c, w.ids[c]
				break
			}
		}
	}
	name := w.Keys[0]
	if id != "" {
		name = cell.Arm
	} else {
		cell = study.Cell{Arm: w.Keys[0], Repeat: 1}
	}
	w.tell(Event{Note: fmt.Sprintf("checking that %s #%d begins in the same bits, for at most %v", w.name(name), cell.Repeat, checkTime)})
	want := states[id].Begun
	if id == "" {
		if want, err = w.begin(ctx, cell); err != nil {
			return err
		}
	}
	got, err := w.begin(ctx, cell)
	if err != nil {
		return err
	}
	compared := 0
	for _, step := range train.BegunSteps {
		a, b := want[step], got[step]
		if a == "" || b == "" {
			continue
		}
		if a != b {
			return fmt.Errorf("study %s: %s #%d has other bits after %d steps than when it was trained; the machine is faulty or the engine is, and nothing new can be compared with what is kept", w.Name, w.name(name), cell.Repeat, step)
		}
		compared++
	}
	if compared == 0 {
		return fmt.Errorf("study %s: the bits of %s #%d could not be compared; run it again", w.Name, w.name(name), cell.Repeat)
	}
	return nil
}

// begin runs the first steps of a trial in a process of its own.
func (w *work) begin(ctx context.Context, c study.Cell) (map[int]string, error) {
	r, err := w.ask(ctx, w.st, w.arm(c.Arm), c.Repeat, w.engine, w.request.Threads)
	if err != nil {
		return nil, err
	}
	r.Begin, r.Result = checkTime.Seconds(), strings.TrimSuffix(r.Result, ".result")+".begun"
	defer os.Remove(r.Result)
	var why string
	var result *trial.Result
	for range 5 { // another process that checks the same may have read the file, and removed it
		why = w.launcher.Launch(ctx, r, func(train.Progress) {})
		if result, err = trial.Load(r.Result); ctx.Err() != nil || why != "" || !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && why != "":
		return nil, fmt.Errorf("study %s: %s: %s", w.Name, r.Name, why)
	case err != nil:
		return nil, err
	case result.Status == trial.Failed:
		return nil, fmt.Errorf("study %s: %s: %s", w.Name, r.Name, result.Reason)
	}
	return result.Begun, nil
}
