package study

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func folds(t *testing.T, k string) *Study {
	t.Helper()
	s, err := read("base: {data: {folder: photos, val: {folds: " + k + "}}, net: mini}\nvariants: [{name: elu, with: [{activation: elu}]}]\nseed: 7\n")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARoundHasOnePartitionAndItsRepeatsHaveSeedsOfTheirOwn(t *testing.T) {
	s := folds(t, "3")
	if s.Repeats != 3 {
		t.Errorf("%d repeats where none are written, want one round", s.Repeats)
	}
	init := map[uint64]bool{}
	for repeat := 1; repeat <= 9; repeat++ {
		got, own, round := s.Seeds(repeat), SeedsOf(7, repeat), (repeat-1)/3
		if want := (Seeds{Split: SeedsOf(7, 1+round).Split, Init: own.Init, Order: own.Order, Augment: own.Augment, Dropout: own.Dropout}); got != want {
			t.Errorf("repeat %d: %+v, want %+v", repeat, got, want)
		}
		if s.Fold(repeat) != repeat-1-3*round {
			t.Errorf("repeat %d validates fold %d", repeat, s.Fold(repeat))
		}
		init[got.Init] = true
	}
	if len(init) != 9 || s.Seeds(1) != SeedsOf(7, 1) {
		t.Errorf("%d initialisations of 9 repeats, the first %+v", len(init), s.Seeds(1))
	}
	s.Base.Data.Folds = 0
	for repeat := 1; repeat <= 9; repeat++ {
		if s.Seeds(repeat) != SeedsOf(7, repeat) || s.Fold(repeat) != 0 {
			t.Errorf("without folds repeat %d has %+v, fold %d", repeat, s.Seeds(repeat), s.Fold(repeat))
		}
	}
}

func TestRepeatsThatAreNoWholeRoundsAreRefused(t *testing.T) {
	for _, c := range []struct{ folds, repeats, want string }{
		{"3", "6", ""},
		{"5", "3", `s.yaml:3:10: repeats: 3 is no multiple of the 5 folds, so that some images would be validated less often; give 5`},
		{"3", "7", `s.yaml:3:10: repeats: 7 is no multiple of the 3 folds, so that some images would be validated less often; give 6 or 9`},
		{"7", "1000", `s.yaml:3:10: repeats: 1000 is no multiple of the 7 folds, so that some images would be validated less often; give 994`},
		{"3", "{min: 3, max: 9}", ""},
		{"3", "{min: 4, max: 9}", `s.yaml:3:16: min: 4 is no multiple of the 3 folds, so that some images would be validated less often; give 3 or 6`},
		{"3", "{min: 3, max: 8}", `s.yaml:3:24: repeats: 8 is no multiple of the 3 folds, so that some images would be validated less often; give 6 or 9`},
		{"1001", "1", `s.yaml:1:44: folds: 1001, and a study has at most 1000 repeats; give fewer`},
	} {
		_, err := read("base: {data: {folder: photos, val: {folds: " + c.folds + "}}, net: mini}\nvariants: [{name: elu, with: [{activation: elu}]}]\nrepeats: " + c.repeats + "\n")
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s repeats of %s folds: got %v, want %s", c.repeats, c.folds, err, c.want)
		}
	}
}

// A budget may end a study within a round: what it has is judged.
func TestARoundCutShortIsJudgedAsItStands(t *testing.T) {
	m := model{arms: 3, repeats: 4, images: 60, pool: 600, seed: 0.3, effect: []float64{0, 3, 0}}
	r := m.draw(rand.New(rand.NewPCG(3, 4)))
	r.Folds, r.Repeats = 3, 6
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	if r.Blocks != 4 || r.Judged[1].Verdict == "" {
		t.Errorf("%d blocks, verdict %q", r.Blocks, r.Judged[1].Verdict)
	}
	for _, j := range r.Judged {
		if j.RepeatsToDecide%3 != 0 || j.RepeatsToDecide > 0 && j.MoreRepeats != j.RepeatsToDecide-4 {
			t.Errorf("%s: %d repeats would decide, %d more", j.Name, j.RepeatsToDecide, j.MoreRepeats)
		}
	}
	if r.Judged[2].RepeatsToDecide == 0 {
		t.Error("no arm is undecided, which leaves nothing to round")
	}
}

func TestWhatWouldDecideIsWholeRounds(t *testing.T) {
	for _, c := range []struct{ folds, all, more, wantAll, wantMore int }{
		{0, 7, 4, 7, 4}, {3, 6, 3, 6, 3}, {3, 7, 4, 9, 6}, {7, 1000, 993, 0, 0}, {3, 0, 0, 0, 0},
	} {
		j := Judgement{Decides: Decides{RepeatsToDecide: c.all, MoreRepeats: c.more, HoursToDecide: float64(c.more) / 2}}
		(&Result{Folds: c.folds}).wholeRounds(&j)
		if j.RepeatsToDecide != c.wantAll || j.MoreRepeats != c.wantMore || j.HoursToDecide != float64(c.wantMore)/2 {
			t.Errorf("%d folds, %d repeats: got %d, %d more, %g hours", c.folds, c.all, j.RepeatsToDecide, j.MoreRepeats, j.HoursToDecide)
		}
	}
}

func TestAStudyWithFoldsSaysWhatItsVerdictsHoldFor(t *testing.T) {
	if got := (&Result{Folds: 5}).Promise(); !strings.HasPrefix(got, "every image is validated once in 5 repeats") || !strings.Contains(got, "trainings on images drawn from these") {
		t.Errorf("got %q", got)
	}
	if got := (&Result{}).Promise(); got != "" {
		t.Errorf("without folds %q", got)
	}
}
