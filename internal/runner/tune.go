package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// What `tune` adds to a study is two more views over trials: the rungs, of each arm at each value, and the arms at the values chosen.
// They are run when the study's own trials are there, the second when the rungs are, by the same schedule; they are stored, found,
// shared and taken up again as any trials are.

// tuning is what a session of rungs, or of arms at their own values, has besides.
type tuning struct {
	chosen [][]recipe // by arm and repeat; nil: the session is one of rungs
	budget time.Duration
}

// rungs tells whether the session is one of rungs.
func (s *Session) rungs() bool { return s.tuning != nil && s.tuning.chosen == nil }

// Companion tells whether a study's name is that of a view that belongs to another, and of which.
func Companion(name string) (of string, ok bool) {
	of, _, ok = strings.Cut(name, companion)
	return of, ok
}

// List is the studies of a store without the views that belong to another, the one that changed last first.
func List(st *store.Store) ([]store.Summary, error) {
	list, err := st.List()
	return slices.DeleteFunc(list, func(s store.Summary) bool { _, ok := Companion(s.Name); return ok }), err
}

// Remove takes a study's record out of a store, with the views that belong to it.
func Remove(st *store.Store, name string) error {
	if err := st.Remove(name); err != nil {
		return err
	}
	all, err := st.List()
	if err != nil {
		return err
	}
	for _, other := range all {
		if of, ok := Companion(other.Name); ok && of == name {
			if err := st.Remove(other.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// companion stands in the names of such views, and in no study's own.
const companion = "~"

// companions are the names of a study's rungs, and of its arms at their own values. Another grid has others.
func companions(name string, t study.Tune) (rungs, own string) {
	rungs = fmt.Sprintf("%s%s%s %d", name, companion, t.Key, t.Values)
	return rungs, rungs + " own"
}

// trainings is how many whole trainings each cell of the study is, its rungs and the one at its own value counted.
func (s *Session) trainings() float64 {
	if s.tuning != nil || s.Study.Tune.Key == "" {
		return 1
	}
	return 2 + study.TuneLength*(1-study.TuneSlice)*float64(s.Study.Tune.Values)
}

// aside is a session of other arms on the same study: without looks on the way, within what is left of the budget.
func (s *Session) aside(name string, spent float64) *Session {
	of := *s.Study
	of.First = 0
	t := &tuning{}
	if of.Budget > 0 {
		t.budget = max(time.Nanosecond, of.Budget-time.Duration(spent*float64(time.Second)))
		of.Budget = 0
	}
	return &Session{
		Name: name, Study: &of, Plan: &study.Plan{Study: &of}, tuning: t, task: s.task, request: s.request, text: s.text, sets: s.sets,
		Twins: map[int]int{}, cuts: map[cutKey]cut{}, each: s.each, clock: s.clock, heartbeat: s.heartbeat,
	}
}

// add plans an arm of such a session like one of the study's; seconds go by the steps.
func (s *Session) add(trains string, arm, like study.PlannedArm, of recipe) {
	if like.Steps > 0 {
		arm.TrainSeconds, arm.SecondsRough = like.TrainSeconds*float64(arm.Steps)/float64(like.Steps), like.SecondsRough
	}
	s.Plan.Arms, s.recipes, s.Starts = append(s.Plan.Arms, arm), append(s.recipes, of), append(s.Starts, "")
	s.trains, s.Keys = append(s.trains, trains), append(s.Keys, armKey(trains, arm.By()))
}

// ladder is the session of rungs: of each arm, at each value, a short training on a part of the training images. Where two arms are one at
// some value, they share the rung.
func (s *Session) ladder(ctx context.Context, spent float64) (*Session, error) {
	name, _ := companions(s.Name, s.Study.Tune)
	of := s.aside(name, spent)
	at := map[string]int{} // place of a rung, by its identity
	middle := s.Study.Tune.Values / 2
	for i, a := range s.Plan.Arms {
		grid, err := s.Study.Tune.Grid(a)
		if err != nil {
			return nil, err
		}
		order := append([]int{middle}, slices.DeleteFunc(upTo(len(grid)), func(v int) bool { return v == middle })...)
		for _, v := range order { // the baseline's own value is the first, whatever the grid
			rung, err := s.Study.Tune.Rung(a, grid[v], int((1-study.TuneSlice)*float64(a.Images.Train)))
			if err != nil {
				return nil, err
			}
			rung.Of, rung.Value = []string{a.Name}, float64(grid[v])
			rungs, err := recipeOf(rung, s.recipes[i].source)
			if err != nil {
				return nil, err
			}
			of.add("", rung, a, rungs)
			last := len(of.Keys) - 1
			spec, err := of.spec(ctx, last, 1, "")
			if err != nil {
				return nil, err
			}
			of.trains[last] = spec.Arm()
			of.Keys[last] = armKey(of.trains[last], rung.By())
			if twin, twice := at[of.Keys[last]]; twice {
				of.Plan.Arms[twin].Of = append(of.Plan.Arms[twin].Of, a.Name)
				of.Plan.Arms, of.recipes, of.Starts, of.trains, of.Keys = of.Plan.Arms[:last], of.recipes[:last], of.Starts[:last], of.trains[:last], of.Keys[:last]
				continue
			}
			if twin := slices.Index(of.trains[:last], of.trains[last]); twin >= 0 { // they differ in what is evaluated
				of.Twins[last] = twin
			}
			at[of.Keys[last]] = last
		}
	}
	return of, nil
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// atOwn is the session of the arms, each at the values that its rungs chose.
func (s *Session) atOwn(t *study.Tuning, spent float64) (*Session, error) {
	_, name := companions(s.Name, s.Study.Tune)
	of := s.aside(name, spent)
	for i, a := range s.Plan.Arms {
		at := slices.IndexFunc(t.Rungs, func(r study.Rungs) bool { return r.Arm == a.Name })
		if at < 0 || len(t.Rungs[at].Picked) < of.Study.Repeats {
			return nil, fmt.Errorf("study %s: the rungs of %q are not there; run it again", s.Name, a.Name)
		}
		grid, err := s.Study.Tune.Grid(a)
		if err != nil {
			return nil, err
		}
		var chosen []recipe
		for _, pick := range t.Rungs[at].Picked[:of.Study.Repeats] {
			if pick < 0 {
				return nil, fmt.Errorf("study %s: some rungs of %q failed; the same command tries again", s.Name, a.Name)
			}
			own, err := recipeOf(s.Study.Tune.At(a, grid[pick]), s.recipes[i].source)
			if err != nil {
				return nil, err
			}
			chosen = append(chosen, own)
		}
		of.tuning.chosen = append(of.tuning.chosen, chosen)
		of.add(trial.Digest("at its own "+s.Study.Tune.Key+" "+s.trains[i]), a, a, s.recipes[i])
	}
	return of, nil
}

// tune runs what `tune` adds, once the study's own trials are there.
func (s *Session) tune(ctx context.Context, launcher Launcher, on func(Event), ran *Ran) error {
	st, err := store.Open(s.request.Store, time.Now)
	if err != nil {
		return err
	}
	defer st.Close()
	rungs, _ := companions(s.Name, s.Study.Tune)
	step := func(of *Session, err error) error {
		if err != nil {
			return err
		}
		r, err := of.runOnce(ctx, launcher, on)
		if err != nil {
			return err
		}
		ran.Trials += r.Trials
		ran.End = r.End
		return nil
	}
	if _, err := s.memory(); err != nil { // which a rung of an arm takes too
		return err
	}
	spent, err := spentOn(st, s.Name)
	if err != nil {
		return err
	}
	err = step(s.ladder(ctx, spent))
	if err == nil && ran.End.Kind == study.AllDone {
		t, more := (*study.Tuning)(nil), 0.0
		if t, err = laddered(st, rungs, s.Study.Tune); err == nil {
			more, err = spentOn(st, rungs)
		}
		if err == nil {
			err = step(s.atOwn(t, spent+more))
		}
	}
	if err != nil {
		return err
	}
	return tuned(st, ran.Result, s.Study.Tune)
}

// spentOn is the seconds of its budget that a view has taken.
func spentOn(st *store.Store, name string) (float64, error) {
	cells, err := st.Cells(name)
	sum := 0.0
	for _, c := range cells {
		sum += c.Spent
	}
	return sum, err
}

// laddered is what the rungs of a view came to.
func laddered(st *store.Store, name string, tune study.Tune) (*study.Tuning, error) {
	r, _, _, err := gather(st, name)
	if err != nil {
		return nil, err
	}
	t := &study.Tuning{Key: tune.Key}
	ended := map[study.Cell]bool{}
	at := map[string]int{}
	for _, a := range r.Arms {
		for _, of := range a.Of {
			if _, known := at[of]; !known {
				at[of], t.Rungs = len(t.Rungs), append(t.Rungs, study.Rungs{Arm: of})
			}
			rungs := &t.Rungs[at[of]]
			place, _ := slices.BinarySearch(rungs.Values, a.Value)
			outcomes := make([]*float64, r.Repeats)
			for _, tr := range r.Trials {
				if tr.Arm != a.Name || tr.Status == study.Failed {
					continue
				}
				ended[study.Cell{Arm: a.Name, Repeat: tr.Repeat}] = true
				if x, ok := tr.Metrics[r.Metrics[0].Name]; ok {
					outcomes[tr.Repeat-1] = new(x)
				}
			}
			rungs.Values = slices.Insert(rungs.Values, place, a.Value)
			rungs.Slice = slices.Insert(rungs.Slice, place, outcomes)
		}
	}
	t.Tell(r.Metrics[0], func(arm, repeat int) bool {
		for _, a := range r.Arms {
			if slices.Contains(a.Of, t.Rungs[arm].Arm) && !ended[study.Cell{Arm: a.Name, Repeat: repeat}] {
				return false
			}
		}
		return true
	})
	return t, nil
}

// tuned adds to a result what its rungs and its arms at their own values came to, as far as they are there.
func tuned(st *store.Store, r *study.Result, tune study.Tune) error {
	if tune.Key == "" {
		return nil
	}
	rungs, own := companions(r.Name, tune)
	t, err := laddered(st, rungs, tune)
	if errors.Is(err, store.ErrAbsent) {
		r.Complete = false
		return nil
	}
	if err != nil {
		return err
	}
	r.Tuning = t
	at, ledger, _, err := gather(st, own)
	if errors.Is(err, store.ErrAbsent) {
		r.Complete = false
		return nil
	}
	if err != nil {
		return err
	}
	if err := ledger.Show(at); err != nil {
		return err
	}
	t.Own, r.Complete = at, r.Complete && at.Complete
	for _, rungs := range t.Rungs {
		if rungs.AtEdge {
			r.Caveats = append(r.Caveats, fmt.Sprintf("the best %s of %s lies at the edge of what was tried: a better one may lie beyond; tune more values, or move its own", t.Key, rungs.Arm))
		}
	}
	return nil
}
