package runner

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/train"
)

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
