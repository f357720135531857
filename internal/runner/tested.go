package runner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// Each training is scored on the test images at its end, and the scores lie sealed beside it. One reading opens those of the winner and of
// the baseline, over all repeats: the difference of pairs, on images that chose nothing.

// OpenTest reads the test of a judged study and records that it was read.
func OpenTest(st *store.Store, r *study.Result) error {
	switch {
	case r.Stopped != "":
		return fmt.Errorf("study %s: %s", r.Name, r.Stopped)
	case !r.Complete || len(r.Looks) == 0:
		return fmt.Errorf("study %s: it has not come to its end, and the test is read once; run it on first", r.Name)
	}
	t, set, seen, err := onTest(st, r)
	if err != nil {
		return err
	}
	spent, err := st.AddReading(store.Reading{Data: set, Study: r.Name, Arm: t.Arm, Seen: seen, Metrics: t.Metrics})
	if err != nil {
		return err
	}
	t.Reading = spent.Times
	r.Test = t
	return nil
}

// tested fills in what a study's last reading of the test opened, as its trials say it now.
func tested(st *store.Store, r *study.Result) error {
	all, err := st.Readings()
	if err != nil {
		return err
	}
	at := -1
	for i, one := range all {
		if one.Study == r.Name && !one.Damaged && one.Arm == r.Winner {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	t, _, _, err := onTest(st, r)
	if err != nil {
		return nil // its trials are gone: nothing is shown
	}
	t.Reading = store.SpentOn(all[at].Seen, all[:at]).Times
	r.Test = t
	return nil
}

// onTest compares winner and baseline on the test images, in the repeats that both finished, and says which set and images these are.
func onTest(st *store.Store, r *study.Result) (t *study.TestReading, set string, seen data.Marks, err error) {
	g, err := gatherAll(st, r.Name)
	if err != nil {
		return nil, "", nil, err
	}
	pair := &study.Result{Name: r.Name, Repeats: r.Repeats, Metrics: g.task.Metrics()}
	judged := map[string]string{} // the evaluation of each of the two, by identity
	for _, a := range g.arms() {
		if baseline := a.Key == g.Baseline; baseline || a.Name == r.Winner {
			arm := a.Arm
			arm.Baseline = baseline
			pair.Arms, judged[a.Key] = append(pair.Arms, arm), by(Test, a.By())
		}
	}
	scored := map[string]*trial.Result{}
	both := map[int]int{} // of the two, how many finished a repeat
	for _, c := range g.cells {
		t := g.ended[c.Trial]
		if judged[c.Arm] == "" || t == nil || c.Status != study.Done || !has(t, Test) {
			continue
		}
		if scored[c.Trial] = t; has(t, judged[c.Arm]) {
			both[c.Repeat]++
		}
	}
	if len(scored) == 0 {
		return nil, "", nil, fmt.Errorf("study %s: no training was scored on test images: its data have none, or it was run by an older assay; give data a test share and run it as another study (--as NAME)", r.Name)
	}
	pair.Trials = g.trials(Test, slices.DeleteFunc(slices.Clone(g.cells), func(c study.Held) bool {
		return judged[c.Arm] == "" || scored[c.Trial] == nil || both[c.Repeat] < len(judged)
	}))
	if err := study.Judge(pair); err != nil {
		return nil, "", nil, err
	}
	reading := &study.TestReading{Arm: r.Winner, Images: pair.Images}
	base := pair.Judged[0]
	if r.Winner == base.Name {
		reading.Metrics, reading.Repeats = means(pair.Metric, base), base.Trials
	} else {
		j, ok := pair.Judgement(r.Winner)
		if !ok || j.Effect == nil {
			return nil, "", nil, errors.New("study " + r.Name + ": winner and baseline have no repeat in common that was scored on test images; run it on")
		}
		reading.Metrics, reading.Baseline, reading.Effect, reading.Low, reading.High = means(pair.Metric, j), means(pair.Metric, base), j.Effect, j.Low, j.High
		reading.Repeats = min(j.Trials, base.Trials)
	}
	var hashes []string
	for _, t := range scored {
		if e, ok := t.Score(Test); ok {
			set, hashes = t.Spec.Data, append(hashes, t.Images[e.Images].Hashes...)
		}
	}
	slices.Sort(hashes)
	seen, err = data.MarksOfHashes(slices.Compact(hashes))
	return reading, set, seen, err
}

// has reports whether a result holds an evaluation.
func has(r *trial.Result, evaluation string) bool {
	_, ok := r.Score(evaluation)
	return ok
}

// means are a judgement's means by metric.
func means(primary string, j study.Judgement) map[string]float64 {
	m := map[string]float64{}
	if j.Mean != nil {
		m[primary] = *j.Mean
	}
	for name, f := range j.Others {
		if f.Mean != nil {
			m[name] = *f.Mean
		}
	}
	return m
}
