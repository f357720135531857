package runner

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
)

// TestAnArmThatObservesSharesItsTrainings lets a study grow by two means of weights, by views and by both: the trainings that are there are
// trained again for all, to the same bits, and all comes out as in a study that asks for everything at once.
func TestAnArmThatObservesSharesItsTrainings(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains ten small networks")
	}
	const elu, means = "  - {name: elu, with: [{activation: elu}, dropout]}\n  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n",
		"  - {name: mean, with: [{average: {decay: 0.7}}]}\n  - {name: bn + mean, with: [batchnorm, {average: {kind: swa, from: 0}}]}\n" +
			"  - {name: views, with: [{views: flip}]}\n  - {name: mean + views, with: [{average: {decay: 0.7}}, {views: flip}]}\n"
	file := studyFile(t, elu, "", "test: 0", "test: 0.2")
	ended := func(file string) (r *study.Result, arms, notes []string) {
		t.Helper()
		s := opened(t, file)
		r, err := running(t, s, func(e Event) {
			if e.Ended != nil {
				arms = append(arms, e.Arm)
			}
			if e.Note != "" {
				notes = append(notes, e.Note)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return r, arms, notes
	}
	before, _, _ := ended(file)
	tests := func(file string) map[string]int {
		t.Helper()
		st, err := store.Open(filepath.Join(filepath.Dir(file), "store"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		held, err := st.Study("tiny")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := stands(st, held)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for _, h := range rows {
			results, _, err := st.Trials([]string{h.Trial})
			if err != nil {
				t.Fatal(err)
			}
			if e := by(Test, judgedBy(held)[h.Arm]); has(results[0], e) {
				n[e]++
			}
		}
		return n
	}
	edit(t, file, "repeats", means+"repeats")
	grown, arms, notes := ended(file)
	slices.Sort(arms)
	if want := []string{"bn + mean", "bn + mean", "mean", "mean"}; !slices.Equal(arms, want) {
		t.Errorf("trained %q, want %q", arms, want)
	}
	if says := "0 trials new, 4 found; 4 trials trained again for an evaluation or a model that is lacking"; !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, says) }) {
		t.Errorf("told %q, want %q", notes, says)
	}
	for _, was := range before.Trials {
		if i := slices.IndexFunc(grown.Trials, func(now study.Trial) bool { return now.Arm == was.Arm && now.Repeat == was.Repeat }); i < 0 || !reflect.DeepEqual(timeless(grown.Trials[i:i+1]), timeless([]study.Trial{was})) {
			t.Errorf("%s #%d is not what it was", was.Arm, was.Repeat)
		}
	}
	if n := tests(file); n["test, views flip"] != 2 || n["test, ema 0.7, views flip"] != 2 || n["test, ema 0.7"] != 2 {
		t.Errorf("the test images are evaluated %v", n)
	}
	of := func(r *study.Result, arm string) (columns [][]float32) {
		for _, one := range r.Trials {
			if one.Arm == arm {
				columns = append(columns, one.Images.Columns[task.LogPTrue])
			}
		}
		return columns
	}
	for i, one := range []string{"baseline", "mean", "views", "mean + views"} {
		for _, other := range []string{"baseline", "mean", "views", "mean + views"}[:i] {
			if a, b := of(grown, one), of(grown, other); len(a) != 2 || reflect.DeepEqual(a, b) {
				t.Errorf("%s answers as %s does: %v", one, other, a)
			}
		}
	}
	if !grown.Complete || len(grown.Trials) != 12 || len(grown.Looks) == 0 {
		t.Errorf("%d trials, complete %v", len(grown.Trials), grown.Complete)
	}
	at := filepath.Join(t.TempDir(), "at-once.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(strings.ReplaceAll(string(text), "folder: pictures", "folder: "+filepath.Join(filepath.Dir(file), "pictures"))), 0o644); err != nil {
		t.Fatal(err)
	}
	s := opened(t, at)
	if n := s.Trials(); n != 4 {
		t.Errorf("the plan has %d trials, want 4", n)
	}
	once, arms, _ := ended(at)
	if len(arms) != 4 {
		t.Errorf("trained %q, want 4 trainings", arms)
	}
	for _, arm := range []string{"baseline", "mean", "bn + mean", "views", "mean + views"} {
		if !reflect.DeepEqual(of(once, arm), of(grown, arm)) {
			t.Errorf("%s: at once its answers are others", arm)
		}
	}
	if !once.Complete || len(once.Trials) != 12 {
		t.Errorf("at once: %d trials, complete %v", len(once.Trials), once.Complete)
	}
}

// A mean whose figures are not finite is an outcome of its arm: nothing is trained again for it, and the arm whose trainings it shares stands.
func TestAnArmOfAMeanThatIsNotFiniteHasDiverged(t *testing.T) {
	file := studyFile(t, "repeats", "  - {name: mean, with: [{average: {decay: 0.7}}]}\nrepeats")
	spoil := func(r trial.Request, result *trial.Result) string {
		for i, e := range result.Scores {
			if e.Name == by(Validation, "ema 0.7") && strings.HasSuffix(r.Name, "#2") {
				columns := slices.Clone(e.Columns)
				columns[0].Reals = slices.Clone(columns[0].Reals)
				columns[0].Reals[0] = float32(math.NaN())
				result.Scores[i].Columns, result.Scores[i].Metrics = columns, nil
			}
		}
		return ""
	}
	ran, _, _, err := faked(t, file, spoil)
	if err != nil {
		t.Fatal(err)
	}
	if ran.End.Kind != study.AllDone || !ran.Result.Complete {
		t.Errorf("it ends as %+v, complete %v", ran.End, ran.Result.Complete)
	}
	for _, one := range ran.Result.Trials {
		want, why := study.Done, ""
		if one.Arm == "mean" && one.Repeat == 2 {
			want, why = study.Diverged, "by ema 0.7 the figures are not finite"
		}
		if one.Status != want || one.Reason != why {
			t.Errorf("%s #%d is %s: %q, want %s: %q", one.Arm, one.Repeat, one.Status, one.Reason, want, why)
		}
	}
	if _, launched, _, err := faked(t, file, spoil); err != nil || len(launched) > 0 {
		t.Errorf("the next run trained %q (%v)", launched, err)
	}
}
