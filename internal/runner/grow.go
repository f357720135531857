package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
)

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
