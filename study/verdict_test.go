package study

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/task"
)

// clear is a study of four arms whose second helps, third hurts and fourth does nothing, for certain.
func clear(t *testing.T) *Result {
	t.Helper()
	m := model{arms: 4, repeats: 4, images: 2000, seed: 0.005, luck: 0.1, block: 0.02, effect: []float64{0, 0.3, -0.3, 0}}
	return m.draw(rand.New(rand.NewPCG(1, 1)))
}

func judged(t *testing.T, r *Result) *Result {
	t.Helper()
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	for _, j := range r.Judged {
		consistent(t, j, r)
	}
	return r
}

func arm(t *testing.T, r *Result, name string) Judgement {
	t.Helper()
	j, ok := r.Judgement(name)
	if !ok {
		t.Fatalf("no judgement of arm %q", name)
	}
	return j
}

func edit(r *Result, arm string, change func(*Trial)) {
	for i := range r.Trials {
		if r.Trials[i].Arm == arm {
			change(&r.Trials[i])
		}
	}
}

func TestClearEffectsAreToldAndOrderedByTheirSign(t *testing.T) {
	r := clear(t)
	r.Meaningful = 1
	judged(t, r)
	for name, want := range map[string]Verdict{"a": "", "b": Helps, "c": Hurts, "d": None} {
		if j := arm(t, r, name); j.Verdict != want {
			t.Errorf("%s: verdict %q, want %q (effect %v)", name, j.Verdict, want, j.Effect)
		}
	}
	if b := arm(t, r, "b"); b.Others["log_loss"].Verdict != Helps || *b.Others["log_loss"].Effect >= 0 {
		t.Errorf("log loss: verdict %q, effect %v; want helps with less loss", b.Others["log_loss"].Verdict, *b.Others["log_loss"].Effect)
	}
	if r.Winner != "b" || !(r.WinnerShrunk > 0 && r.WinnerShrunk < *arm(t, r, "b").Effect) {
		t.Errorf("winner %q with effect %v, shrunk %v", r.Winner, *arm(t, r, "b").Effect, r.WinnerShrunk)
	}
}

func TestOneRepeatShowsEffectsWithoutVerdicts(t *testing.T) {
	r := clear(t)
	r.Trials = r.Trials[:4]
	judged(t, r)
	j := arm(t, r, "b")
	if j.Effect == nil || j.Low != nil || j.Verdict != "" {
		t.Errorf("effect %v, low %v, verdict %q; want an effect alone", j.Effect, j.Low, j.Verdict)
	}
	if len(r.Caveats) == 0 || !strings.HasPrefix(r.Caveats[0], "one repeat: ") {
		t.Errorf("caveats %q do not say why", r.Caveats)
	}
}

func TestARepeatThatHasOnlyBegunDetectsNothingMore(t *testing.T) {
	r := clear(t)
	last := 0
	for _, tr := range r.Trials {
		last = max(last, tr.Repeat)
	}
	r.Trials = slices.DeleteFunc(r.Trials, func(tr Trial) bool { return tr.Repeat == last })
	whole := judged(t, r).Detectable
	r = clear(t)
	r.Trials = slices.DeleteFunc(r.Trials, func(tr Trial) bool { return tr.Repeat == last && tr.Arm != r.Arms[0].Name && tr.Arm != "b" })
	begun := judged(t, r).Detectable
	if whole == 0 || math.Abs(begun-whole) > 0.1*whole { // the residual differs a little
		t.Errorf("%d repeats detect %.3g, with one more begun %.3g", last-1, whole, begun)
	}
	if all := judged(t, clear(t)).Detectable; all > 0.95*begun {
		t.Errorf("%d repeats detect %.3g, no less than with the last one begun: %.3g", last, all, begun)
	}
}

func TestWhatWouldDecideCountsAnArmsOwnRepeats(t *testing.T) {
	m := model{arms: 3, repeats: 4, images: 2000, seed: 0.01, luck: 0.1, block: 0.02, effect: []float64{0, 0.03, 0}}
	r := m.draw(rand.New(rand.NewPCG(1, 1)))
	r.Trials = slices.DeleteFunc(r.Trials, func(tr Trial) bool { return tr.Repeat == 4 && tr.Arm == "b" })
	j := arm(t, judged(t, r), "b")
	if j.Verdict != Undecided || j.RepeatsToDecide < 5 || j.MoreRepeats != j.RepeatsToDecide-3 {
		t.Errorf("%q with %d trials: %d repeats decide, %d more", j.Verdict, j.Trials, j.RepeatsToDecide, j.MoreRepeats)
	}
}

func TestAClaimSmallerThanDeltaSaysSo(t *testing.T) {
	r := clear(t)
	r.Meaningful = 20
	judged(t, r)
	if j := arm(t, r, "b"); j.Verdict != Helps || !slices.Contains(j.Notes, "by less than you asked for") {
		t.Errorf("verdict %q, notes %q", j.Verdict, j.Notes)
	}
}

func TestADivergedArmTakesNoPowerFromTheOthers(t *testing.T) {
	r := clear(t)
	edit(r, "d", func(tr *Trial) { tr.Status, tr.Metrics, tr.Step = Diverged, nil, 12 })
	judged(t, r)
	without := clear(t)
	without.Arms = without.Arms[:3]
	without.Trials = slices.DeleteFunc(without.Trials, func(tr Trial) bool { return tr.Arm == "d" })
	judged(t, without)
	if got, want := *arm(t, r, "b").Low, *arm(t, without, "b").Low; got != want {
		t.Errorf("interval of b begins at %v beside a diverged arm, at %v without it", got, want)
	}
	d := arm(t, r, "d")
	if d.Verdict != Hurts || d.Low != nil || math.Abs(*d.P-1.0/70) > 1e-12 {
		t.Errorf("4 of 4 diverged against 0 of 4: verdict %q, low %v, p %v; want hurts with p 1/70", d.Verdict, d.Low, *d.P)
	}
}

func TestAnArmThatDivergedOnceIsConditional(t *testing.T) {
	r := clear(t)
	first := true
	edit(r, "b", func(tr *Trial) {
		if first {
			tr.Status, first = Diverged, false
		}
	})
	judged(t, r)
	b := arm(t, r, "b")
	if b.Verdict != Undecided || b.Effect != nil || b.Conditional == nil || *b.Conditional.Low <= 0 {
		t.Errorf("verdict %q, effect %v, conditional %+v; want undecided with a conditional effect", b.Verdict, b.Effect, b.Conditional)
	}
	if b.RepeatsToDecide < 5 || b.Outcomes[0] != nil || b.Diverged != 1 || b.Trials != 4 {
		t.Errorf("repeats to decide %d, outcomes %v, %d of %d diverged", b.RepeatsToDecide, b.Outcomes, b.Diverged, b.Trials)
	}
}

func TestADivergedBaselineStopsTheStudy(t *testing.T) {
	r := clear(t)
	r.Trials[0].Status = Diverged
	judged(t, r)
	if r.Stopped == "" || arm(t, r, "b").Verdict != "" || arm(t, r, "b").Effect != nil {
		t.Errorf("stopped %q, verdict %q", r.Stopped, arm(t, r, "b").Verdict)
	}
}

func TestAFailedTrialIsAMissingCell(t *testing.T) {
	r := clear(t)
	r.Trials[1].Status, r.Trials[1].Reason = Failed, "out of memory"
	judged(t, r)
	b := arm(t, r, "b")
	if b.Verdict != Helps || b.Trials != 3 || b.Failures != 1 {
		t.Errorf("verdict %q with %d trials and %d failures", b.Verdict, b.Trials, b.Failures)
	}
	if !slices.ContainsFunc(r.Caveats, func(c string) bool { return strings.Contains(c, "out of memory") }) {
		t.Errorf("caveats %q do not name the failure", r.Caveats)
	}
}

func TestTheSameWeightsHadNoEffectAtRunTime(t *testing.T) {
	r := clear(t)
	r.Trials = r.Trials[:15] // the last arm ran in three blocks only
	r.Trials = slices.Delete(r.Trials, 11, 12)
	r.Trials = slices.Delete(r.Trials, 7, 8) // and then in one
	for i := range r.Trials {
		r.Trials[i].WeightsDigest = fmt.Sprint(r.Trials[i].Arm, r.Trials[i].Repeat)
	}
	edit(r, "d", func(tr *Trial) { *tr = r.Trials[0]; tr.Arm = "d" })
	judged(t, r)
	if d := arm(t, r, "d"); d.Verdict != None || *d.Effect != 0 || !slices.Contains(d.Notes, "had no effect at run time") {
		t.Errorf("verdict %q, effect %v, notes %q", d.Verdict, *d.Effect, d.Notes)
	}
}

func TestADerivedArmLeavesTheOthersAlone(t *testing.T) {
	r := clear(t)
	before := *arm(t, judged(t, r), "b").Low
	r.Arms = append(r.Arms, Arm{Name: "views", Derived: true})
	for _, tr := range r.Trials {
		if tr.Arm == "a" {
			tr.Arm, tr.Metrics = "views", map[string]float64{"accuracy": tr.Metrics["accuracy"] + 1 + 0.01*float64(tr.Repeat), "log_loss": tr.Metrics["log_loss"]}
			r.Trials = append(r.Trials, tr)
		}
	}
	judged(t, r)
	if after := *arm(t, r, "b").Low; after != before {
		t.Errorf("interval of b moved from %v to %v", before, after)
	}
	if j := arm(t, r, "views"); j.Method != "paired t" || j.Verdict != Helps {
		t.Errorf("derived arm: method %q, verdict %q", j.Method, j.Verdict)
	}
}

func TestWhatSuitsOnlyTheseImagesIsNotSaidToHelp(t *testing.T) {
	m := model{arms: 3, repeats: 6, images: 200, suits: 1, seed: 0.001, luck: 0.05}
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		r := judged(t, m.draw(rng))
		for _, j := range r.Judged[1:] {
			if slices.ContainsFunc(j.Notes, func(n string) bool { return strings.Contains(n, "on these 200 images") }) {
				if j.Verdict != Undecided && j.Verdict != None {
					t.Fatalf("verdict %q with notes %q", j.Verdict, j.Notes)
				}
				if j.Verdict == Undecided && j.RepeatsToDecide == 0 && j.ImagesToDecide <= 200 {
					t.Fatalf("no repeats decide, yet %d images would", j.ImagesToDecide)
				}
				return
			}
		}
	}
	t.Error("in 200 null studies of 200 images no arm suited them")
}

func TestAScheduleThatCutsOrDragsGreysTheVerdict(t *testing.T) {
	for want, curve := range map[string][]float64{
		underTrained: {50, 60, 65, 68, 70, 72, 74, 76, 79, 82},
		overLong:     {80, 79, 78, 77, 76, 76, 75, 75, 75, 74},
		"":           {50, 60, 70, 78, 80, 80.5, 80.1, 80.2, 80.3, 80.2},
	} {
		r := clear(t)
		edit(r, "a", func(tr *Trial) {
			for e, acc := range curve {
				tr.Curve = append(tr.Curve, Point{Epoch: float64(e + 1), Metrics: map[string]float64{"accuracy": acc + 0.1*float64(tr.Repeat%2)*float64(e%2)}})
			}
		})
		judged(t, r)
		if got := arm(t, r, "a").Grey; got != want {
			t.Errorf("curve %v: %q, want %q", curve, got, want)
		}
		if said := strings.Contains(strings.Join(r.Caveats, "\n"), "the baseline was"); said != (want != "") {
			t.Errorf("curve %v: caveats %q", curve, r.Caveats)
		}
	}
}

func TestAnUnfitResultIsAnErrorInOneLine(t *testing.T) {
	for want, spoil := range map[string]func(*Result){
		"no arm is the baseline":    func(r *Result) { r.Arms[0].Baseline = false },
		"stands twice":              func(r *Result) { r.Arms[2].Name = "b" },
		"two trials of arm \"b\"":   func(r *Result) { r.Trials = append(r.Trials, r.Trials[1]) },
		"is not of this study":      func(r *Result) { r.Trials[3].Arm = "x" },
		"without a finite accuracy": func(r *Result) { r.Trials[3].Metrics["accuracy"] = math.NaN() },
		"without a finite log_loss": func(r *Result) { delete(r.Trials[3].Metrics, "log_loss") },
		"are the same":              func(r *Result) { r.Arms[1].ID, r.Arms[2].ID = "x", "x" },
		"metric \"ap\" of column":   func(r *Result) { r.Metrics = []task.Metric{{Name: "ap", Better: 1, Scale: 1}} },
		"better is 0":               func(r *Result) { r.Metrics = []task.Metric{{Name: "ap", Column: "ap", Scale: 1}} },
		"saw different validation images": func(r *Result) {
			r.Trials[2].Images.IDs = slices.Clone(r.Trials[2].Images.IDs)
			r.Trials[2].Images.IDs[7] = 9999
		},
		"keeps one of each validation image": func(r *Result) { delete(r.Trials[2].Images.Columns, task.LogPTrue) },
		"arms \"a\" and \"b\" saw different": func(r *Result) { r.Trials[1].Images.Set = "other" },
	} {
		r := clear(t)
		spoil(r)
		if err := Judge(r); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
	if err := Judge(&Result{Name: "empty", Metrics: task.Classify{}.Metrics(), Arms: []Arm{{Name: "a", Baseline: true}, {Name: "b"}}}); err != nil {
		t.Errorf("a study without trials: %v", err)
	}
}

func TestTheJSONHasTheFieldsThatScriptsRelyOn(t *testing.T) {
	text, err := json.Marshal(judged(t, clear(t)))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Arms []map[string]any }
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"name", "baseline", "trials", "diverged", "mean", "effect", "low", "high", "verdict", "params", "macs", "train_seconds", "outcomes", "look", "others"} {
		if _, ok := doc.Arms[1][field]; !ok {
			t.Errorf("no field %q", field)
		}
	}
	if others, ok := doc.Arms[1]["others"].(map[string]any); !ok || others["log_loss"] == nil {
		t.Errorf("no log loss among %v", doc.Arms[1]["others"])
	}
	for _, field := range []string{"effect", "low", "high", "verdict"} {
		if v := doc.Arms[0][field]; v != nil {
			t.Errorf("the baseline's %s is %v, want null", field, v)
		}
	}
}

func TestEachRepeatHasSeedsOfItsOwn(t *testing.T) {
	seen := map[uint64]bool{}
	for repeat := 1; repeat <= 3; repeat++ {
		seen[SeedsOf(7, repeat).Init] = true
	}
	if len(seen) != 3 || SeedsOf(7, 1).Init != 7 {
		t.Errorf("seeds of three repeats: %v; want three, the first the study's own", seen)
	}
}

func TestABudgetIsFittedByWholeRepeats(t *testing.T) {
	minutes := func(m ...int) (d []time.Duration) {
		for _, m := range m {
			d = append(d, time.Duration(m)*time.Minute)
		}
		return d
	}
	for _, c := range []struct {
		budget int
		blocks []time.Duration
		want   int
		err    string
	}{
		{60, minutes(20, 20, 20, 20), 3, ""}, {200, minutes(20, 20), 2, ""}, {10, minutes(0, 0, 20), 2, ""}, {5, minutes(20), 1, ""},
		{30, minutes(20, 20, 20), 1, "budget: 30m0s is less than two repeats of all arms take, 40 min"},
	} {
		n, err := FitBudget(time.Duration(c.budget)*time.Minute, c.blocks)
		if n != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%d minutes, %v: %d (%v), want %d (%s)", c.budget, c.blocks, n, err, c.want, c.err)
		}
	}
}
