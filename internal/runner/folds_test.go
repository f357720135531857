package runner

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/study/trial"
)

func TestAStudyWithFoldsValidatesEveryImageOnceARoundOfAllArmsAlike(t *testing.T) {
	file := studyFile(t, "val: 0.25", "val: {folds: 4}", "repeats: 2", "repeats: 8")
	s := opened(t, file)
	set, err := s.Set(t.Context(), s.Study.Base)
	if err != nil {
		t.Fatal(err)
	}
	cuts := map[string]bool{}
	for round := range 2 {
		seen := make([]int, len(set.Items))
		for repeat := 4*round + 1; repeat <= 4*round+4; repeat++ {
			for arm, a := range s.Plan.Arms {
				c, err := s.cut(t.Context(), a, repeat)
				if err != nil {
					t.Fatal(err)
				}
				spec, err := s.spec(t.Context(), arm, repeat, "e")
				if err != nil || spec.Cut != c.digest || spec.Seeds.Init == spec.Seeds.Split != (repeat == 1) {
					t.Errorf("repeat %d of %s: %+v (%v)", repeat, a.Name, spec, err)
				}
				if again := set.Cut(spec.Seeds.Split, 1+s.Study.Fold(repeat)); cutDigest(again) != spec.Cut {
					t.Errorf("repeat %d of %s: its request cuts otherwise", repeat, a.Name)
				}
				if arm > 0 {
					continue
				}
				cuts[c.digest] = true
				for _, i := range c.Val {
					seen[i]++
				}
			}
		}
		if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			t.Errorf("round %d validates images %v times", round, seen)
		}
	}
	if len(cuts) != 8 {
		t.Errorf("8 repeats have %d cuts", len(cuts))
	}
	var mu sync.Mutex
	var fold [4]int
	r, _, _, err := faked(t, file, func(r trial.Request, _ *trial.Result) string {
		mu.Lock()
		defer mu.Unlock()
		if r.Begin == 0 {
			fold[r.Fold]++
		}
		return ""
	})
	if err != nil || r.Result.Folds != 4 || fold != [4]int{8, 8, 8, 8} {
		t.Errorf("%d folds in the result, trials by fold %v (%v)", r.Result.Folds, fold, err)
	}
	if !slices.ContainsFunc(r.Result.Caveats, func(c string) bool { return strings.HasPrefix(c, "every image is validated once in 4 repeats") }) {
		t.Errorf("caveats %q do not say what the verdicts hold for", r.Result.Caveats)
	}
}

func TestRepeatsOfTheCommandAreWholeRounds(t *testing.T) {
	file := studyFile(t, "val: 0.25", "val: {folds: 4}", "repeats: 2", "repeats: 4")
	_, err := Open(t.Context(), Request{File: file, Store: t.TempDir(), Threads: 1, Repeats: 6, Open: onCPU})
	if err == nil || err.Error() != "--repeats: 6 is no multiple of the 4 folds, so that some images would be validated less often; give 4 or 8" {
		t.Errorf("got %v", err)
	}
}

// A variant with images of its own must validate the baseline's, fold by fold.
func TestAVariantCannotHaveFoldsOfItsOwn(t *testing.T) {
	file := studyFile(t, "val: 0.25", "val: {folds: 4}", "repeats: 2", "repeats: 4", "{name: bn, with: [batchnorm]}", "{name: bn, data: {folder: pictures, val: {folds: 2}, test: 0}}")
	_, err := Open(t.Context(), Request{File: file, Store: t.TempDir(), Threads: 1, Open: onCPU})
	if err == nil || !strings.Contains(err.Error(), "its validation images of repeat 1 are not the baseline's") {
		t.Errorf("got %v", err)
	}
}

func TestABudgetPaysForWholeRounds(t *testing.T) {
	file := studyFile(t, "val: 0.25", "val: {folds: 4}", "repeats: 2", "repeats: 40\nbudget: 1h", "  - {name: idle, with: [{l2: {except: [bias, norm, depthwise]}}]}\n", "")
	s := opened(t, file)
	if err := s.Calibrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	block := 0.0
	for _, a := range s.Plan.Arms {
		block += a.TrainSeconds
	}
	edit(t, file, "budget: 1h", fmt.Sprintf("budget: %dms", int(1000*14*block)+1)) // some fourteen repeats
	r, _, notes, err := faked(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Result.Repeats; n > 4 && n%4 != 0 || n >= 40 || len(notes) == 0 || !strings.Contains(notes[0], fmt.Sprintf("pays for %d repeats of 40", n)) {
		t.Errorf("%d repeats, told %q", n, notes)
	}
}
