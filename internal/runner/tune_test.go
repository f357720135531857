package runner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
)

// tunedBy lets trials of rungs be the better the nearer their rate is to the one given, by arm, and diverge above a rate.
func tunedBy(best map[string]string, diverges string) func(trial.Request, *trial.Result) string {
	return func(r trial.Request, result *trial.Result) string {
		if r.Slice == 0 {
			return ""
		}
		arm, value, _ := strings.Cut(strings.TrimSuffix(r.Name, r.Name[strings.Index(r.Name, " #"):]), ", lr ")
		if value == diverges {
			result.Status, result.Scores, result.Images = trial.Diverged, nil, nil
			return ""
		}
		accuracy := 50.0
		if value == best[arm] {
			accuracy = 60
		}
		for i := range result.Scores {
			result.Scores[i].Metrics["accuracy"] = accuracy
		}
		return ""
	}
}

func TestAStudyTunesEveryArmInEveryRepeat(t *testing.T) {
	s := opened(t, studyFile(t, "repeats: 2", "repeats: 2\ntune: {lr: 3}"))
	f := &fake{t: t, s: s, spoil: tunedBy(map[string]string{"baseline": "0.02", "bn": "0.01", "elu": "0.01"}, "0.04")}
	ran, err := s.Run(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ran.End.Kind != study.AllDone || !ran.Result.Complete {
		t.Fatalf("it ends as %+v, complete %v", ran.End, ran.Result.Complete)
	}
	tuning := ran.Result.Tuning
	if tuning == nil || tuning.Own == nil || len(tuning.Rungs) != 4 {
		t.Fatalf("tuning is %+v", tuning)
	}
	for arm, want := range map[string][]int{"baseline": {1, 1}, "bn": {0, 0}} {
		i := slices.IndexFunc(tuning.Rungs, func(r study.Rungs) bool { return r.Arm == arm })
		r := tuning.Rungs[i]
		if !slices.Equal(r.Picked, want) || r.AtEdge != (want[0] == 0) || len(r.Values) != 3 || r.Slice[2][0] != nil {
			t.Errorf("%s: %+v, want picks %v and no outcome of the rate that diverges", arm, r, want)
		}
	}
	names := map[string]int{}
	for _, name := range f.launched {
		names[name]++
	}
	for name, n := range names {
		if n > 1 && !strings.HasPrefix(name, "bn") && !strings.HasPrefix(name, "elu") {
			t.Errorf("%s was trained %d times: at its own rate it is the trial that is there", name, n)
		}
	}
	if names["bn #1"] != 2 || names["baseline, lr 0.01 #2"] != 1 {
		t.Errorf("launched %v", f.launched)
	}
	if !slices.ContainsFunc(ran.Result.Caveats, func(c string) bool { return strings.Contains(c, "the best lr of bn lies at the edge") }) {
		t.Errorf("caveats %q do not tell of the edge", ran.Result.Caveats)
	}

	// Nothing is trained twice, and what is read back is the same.
	f.launched = nil
	again, err := opened(t, s.request.File).Run(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.launched) > 0 || again.Trials != 0 {
		t.Errorf("the second run trained %v", f.launched)
	}
	if a, b := fmt.Sprintf("%+v", again.Result.Tuning.Rungs[1].Picked), fmt.Sprintf("%+v", tuning.Rungs[1].Picked); a != b {
		t.Errorf("picks %s, then %s", b, a)
	}
	st, err := store.Open(s.request.Store, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if list, err := List(st); err != nil || len(list) != 1 {
		t.Errorf("the store lists %d studies, %v", len(list), err)
	}
	if err := Remove(st, "tiny"); err != nil {
		t.Fatal(err)
	}
	if list, err := st.List(); err != nil || len(list) != 0 {
		t.Errorf("%d views are left, %v", len(list), err)
	}
}

// Arms that share their trainings share rungs, each is chosen for by what it is judged by, and where two choose alike they share the training
// at their own value too.
func TestArmsThatObserveShareTheirRungs(t *testing.T) {
	const mean, views = "ema 0.7", "views flip"
	s := opened(t, studyFile(t, "repeats: 2", "  - {name: mean, with: [{average: {decay: 0.7}}]}\n  - {name: views, with: [{views: flip}]}\nrepeats: 2\ntune: {lr: 3}"))
	f := &fake{t: t, s: s, spoil: func(r trial.Request, result *trial.Result) string {
		best := map[string]string{by(Validation, mean): "0.01", by(Validation, views): "0.01", Validation: "0.02"}
		for i, e := range result.Scores {
			if r.Slice > 0 {
				if result.Scores[i].Metrics["accuracy"] = 50; strings.Contains(r.Name, ", lr "+best[e.Name]+" ") {
					result.Scores[i].Metrics["accuracy"] = 60
				}
			}
		}
		return ""
	}}
	ran, err := s.Run(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ran.End.Kind != study.AllDone || !ran.Result.Complete || ran.Result.Tuning == nil || ran.Result.Tuning.Own == nil {
		t.Fatalf("it ends as %+v, complete %v, tuning %+v", ran.End, ran.Result.Complete, ran.Result.Tuning)
	}
	for arm, want := range map[string][]int{"baseline": {1, 1}, "mean": {0, 0}, "views": {0, 0}} {
		i := slices.IndexFunc(ran.Result.Tuning.Rungs, func(r study.Rungs) bool { return r.Arm == arm })
		if got := ran.Result.Tuning.Rungs[i].Picked; !slices.Equal(got, want) {
			t.Errorf("picks of %s are %v, want %v", arm, got, want)
		}
	}
	names := map[string]int{}
	for _, name := range f.launched {
		names[name]++
	}
	if n := names["mean #1"] + names["views #1"]; n != 1 {
		t.Errorf("at the rate that both chose %d trainings, want 1: %q", n, f.launched)
	}
	for name, want := range map[string]int{"baseline #1": 1, "baseline, lr 0.01 #1": 1, "mean, lr 0.01 #1": 0, "views, lr 0.04 #2": 0} {
		if names[name] != want {
			t.Errorf("%s was trained %d times, want %d: %q", name, names[name], want, f.launched)
		}
	}
	for _, one := range ran.Result.Tuning.Own.Trials {
		if one.Status != study.Done || len(one.Images.Columns) == 0 {
			t.Errorf("%s #%d at its own rate is %s, with columns %v", one.Arm, one.Repeat, one.Status, one.Images.Columns)
		}
	}
	f.launched = nil
	if again, err := opened(t, s.request.File).Run(t.Context(), f, nil); err != nil || len(f.launched) > 0 || !again.Result.Complete {
		t.Errorf("the second run trained %q (%v)", f.launched, err)
	}
}

// A rung that fails keeps its arm from its own rate, and the next run goes on there.
func TestARungThatFailsIsTriedAgain(t *testing.T) {
	s := opened(t, studyFile(t, "repeats: 2", "repeats: 2\ntune: {lr: 3}"))
	f := &fake{t: t, s: s, spoil: func(r trial.Request, _ *trial.Result) string {
		if r.Name == "elu, lr 0.01 #2" {
			return "killed"
		}
		return ""
	}}
	ran, err := s.Run(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ran.End.Kind != study.SomeFailed || ran.Result.Complete || ran.Result.Tuning == nil || ran.Result.Tuning.Own != nil {
		t.Fatalf("it ends as %+v, complete %v, tuning %+v", ran.End, ran.Result.Complete, ran.Result.Tuning)
	}
	if got := ran.Result.Tuning.Rungs[2].Picked; !slices.Equal(got, []int{1, -1}) {
		t.Errorf("picks of elu are %v, want none in the repeat whose rung failed", got)
	}
	f.spoil, f.launched = nil, nil
	ran, err = opened(t, s.request.File).Run(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ran.End.Kind != study.AllDone || ran.Result.Tuning.Own == nil || !slices.Contains(f.launched, "elu, lr 0.01 #2") {
		t.Errorf("the second run ends as %+v and launched %v", ran.End, f.launched)
	}
}

// A repeat's rungs see none of the images that the repeat validates on.
func TestRungsSeeNoValidationImage(t *testing.T) {
	s := opened(t, studyFile(t, "repeats: 2", "repeats: 2\ntune: {lr: 3}"))
	of, err := s.ladder(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for repeat := 1; repeat <= 2; repeat++ {
		whole, err := s.cut(t.Context(), s.Plan.Arms[0], repeat)
		if err != nil {
			t.Fatal(err)
		}
		slice, err := of.cut(t.Context(), of.Plan.Arms[0], repeat)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(slice.Train) + len(slice.Val); n != len(whole.Train) || len(slice.Val) == 0 || len(slice.Test) > 0 {
			t.Errorf("repeat %d: %d images of %d", repeat, n, len(whole.Train))
		}
		for _, i := range slices.Concat(slice.Train, slice.Val) {
			if !slices.Contains(whole.Train, i) {
				t.Errorf("repeat %d: image %d is none to train on", repeat, i)
			}
		}
	}
}

func TestWhatAnArmLacksIsNotTuned(t *testing.T) {
	for change, want := range map[string]string{
		"tune: {l1: 3}":         `tune: arm "baseline" has no l1 to tune`,
		"tune: {lr: 4}":         "give an odd number",
		"tune: {momentum: 3}":   "cannot be tuned",
		"tune: {lr: 3, l2: 3}":  "one setting is tuned",
		"tune: {}":              "write {lr: 5}",
		"tune: 5":               "want a setting",
		"tune: {lr: [1, 2, 3]}": "",
	} {
		_, err := Open(t.Context(), Request{File: studyFile(t, "repeats: 2", "repeats: 2\n"+change), Store: t.TempDir(), Threads: 1, Open: onCPU})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", change, err, want)
		}
	}
}
