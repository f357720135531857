package runner

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
)

// TestAnArmOfAMeanSharesItsTrainings lets a study grow by two means of weights: the trainings that are there are trained again for both, to
// the same bits, and all comes out as in a study that asks for everything at once.
func TestAnArmOfAMeanSharesItsTrainings(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains ten small networks")
	}
	const elu, means = "  - {name: elu, with: [{activation: elu}, dropout]}\n  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n",
		"  - {name: mean, with: [{average: {decay: 0.7}}]}\n  - {name: bn + mean, with: [batchnorm, {average: {kind: swa, from: 0}}]}\n"
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
	edit(t, file, "repeats", means+"repeats")
	grown, arms, notes := ended(file)
	slices.Sort(arms)
	if want := []string{"bn + mean", "bn + mean", "mean", "mean"}; !slices.Equal(arms, want) {
		t.Errorf("trained %q, want %q", arms, want)
	}
	if says := "0 trials new, 4 found; 4 trials trained again for a mean of weights that the result lacks"; !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, says) }) {
		t.Errorf("told %q, want %q", notes, says)
	}
	for _, was := range before.Trials {
		if i := slices.IndexFunc(grown.Trials, func(now study.Trial) bool { return now.Arm == was.Arm && now.Repeat == was.Repeat }); i < 0 || !reflect.DeepEqual(timeless(grown.Trials[i:i+1]), timeless([]study.Trial{was})) {
			t.Errorf("%s #%d is not what it was", was.Arm, was.Repeat)
		}
	}
	of := func(r *study.Result, arm string) (columns [][]float32) {
		for _, one := range r.Trials {
			if one.Arm == arm {
				columns = append(columns, one.Images.Columns[task.LogPTrue])
			}
		}
		return columns
	}
	if a, b := of(grown, "mean"), of(grown, "baseline"); len(a) != 2 || reflect.DeepEqual(a, b) {
		t.Errorf("the mean answers as the baseline does: %v", a)
	}
	if !grown.Complete || len(grown.Trials) != 8 || len(grown.Looks) == 0 {
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
	for _, arm := range []string{"baseline", "mean", "bn + mean"} {
		if !reflect.DeepEqual(of(once, arm), of(grown, arm)) {
			t.Errorf("%s: at once its answers are others", arm)
		}
	}
	if !once.Complete || len(once.Trials) != 8 {
		t.Errorf("at once: %d trials, complete %v", len(once.Trials), once.Complete)
	}
}
