package study

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/task"
)

// looked takes a look and keeps it.
func looked(t *testing.T, l *Ledger, r *Result, planned bool) Look {
	t.Helper()
	k, err := l.Judge(r, planned)
	if err != nil {
		t.Fatal(err)
	}
	if k.N > 0 {
		l.Looks = append(l.Looks, k)
	}
	for _, j := range r.Judged {
		consistent(t, j, r)
	}
	return k
}

// firstBlocks is the study as it stood after so many repeats.
func firstBlocks(r *Result, n int) *Result {
	c := *r
	c.Trials = slices.DeleteFunc(slices.Clone(r.Trials), func(tr Trial) bool { return tr.Repeat > n })
	return &c
}

// faint is a study whose second arm helps by little, whose third hurts for certain and whose fourth does nothing.
func faint(t *testing.T) *Result {
	t.Helper()
	m := model{arms: 4, repeats: 12, images: 1000, seed: 0.02, luck: 0.3, block: 0.02, effect: []float64{0, 0.09, -0.5, 0}}
	r := m.draw(rand.New(rand.NewPCG(3, 3)))
	r.Meaningful = 0.1
	return r
}

func TestLooksShareThePromise(t *testing.T) {
	var l Ledger
	for i, want := range []float64{0.005, 0.0025, 0.04, 0.00125, 0.000625} {
		planned := i == 2 || i == 4 // the second planned one is an unplanned one
		got := l.Next(planned)
		if got != want {
			t.Errorf("look %d: level %g, want %g", i+1, got, want)
		}
		l.Looks = append(l.Looks, Look{N: i + 1, Planned: got == 0.04, Level: got})
	}
	sum := 0.0
	for range 40 {
		l.Looks = append(l.Looks, Look{Level: l.Next(true)})
	}
	for _, k := range l.Looks {
		sum += k.Level
	}
	if sum > alpha {
		t.Errorf("45 looks spend %g", sum)
	}
}

func TestADecidedArmKeepsItsLook(t *testing.T) {
	r, l := faint(t), &Ledger{Baseline: "b", Repeats: 3}
	first := looked(t, l, firstBlocks(r, 3), true)
	if first.N != 1 || !first.Planned || first.Level != 0.04 || len(first.Arms) != 3 {
		t.Fatalf("look %+v", first)
	}
	at3 := firstBlocks(r, 3)
	if err := l.Show(at3); err != nil {
		t.Fatal(err)
	}
	c := arm(t, at3, "c")
	if c.Verdict != Hurts || c.Look != 1 || c.Level != 0.04 || c.Later != nil {
		t.Fatalf("c at the first look: %+v", c.Finding)
	}

	at6 := firstBlocks(r, 6)
	if err := l.Show(at6); err != nil {
		t.Fatal(err)
	}
	if now := arm(t, at6, "c"); *now.Low != *c.Low || *now.Effect != *c.Effect || now.Later == nil || now.Later.Effect == *c.Effect || now.Later.Low == nil {
		t.Errorf("between looks c has %+v, later %+v", now.Finding, now.Later)
	}
	b := arm(t, at6, "b")
	if b.Verdict != Undecided || b.Look != 1 || b.Later == nil || b.RepeatsToDecide < 7 || b.MoreRepeats != b.RepeatsToDecide-6 {
		t.Errorf("between looks b has %+v, later %+v, %d repeats would tell", b.Finding, b.Later, b.RepeatsToDecide)
	}

	at12 := firstBlocks(r, 12)
	second := looked(t, l, at12, false)
	if second.N != 2 || second.Planned || second.Level != 0.005 {
		t.Errorf("look %+v", second)
	}
	for _, a := range second.Arms {
		if _, again := a.Findings["accuracy"]; again == (a.Name == "c") {
			t.Errorf("the second look has %s: %v", a.Name, again)
		}
	}
	if b := arm(t, at12, "b"); b.Verdict != Helps || b.Look != 2 || b.Level != 0.005 {
		t.Errorf("b at the second look: %+v", b.Finding)
	}
	if c := arm(t, at12, "c"); c.Look != 1 || c.Trials != 12 || c.Later == nil {
		t.Errorf("c at the second look: %+v", c)
	}
	if want := []LookLine{{1, 0.04, true}, {2, 0.005, false}}; !slices.Equal(at12.Looks, want) || at12.Family != 3 || at12.NextLevel != 0.0025 {
		t.Errorf("looks %+v, family %d, next %g", at12.Looks, at12.Family, at12.NextLevel)
	}
}

func TestWithoutALookThereIsNoVerdict(t *testing.T) {
	r := faint(t)
	if err := (Ledger{}).Show(r); err != nil {
		t.Fatal(err)
	}
	for _, j := range r.Judged[1:] {
		if j.Effect == nil || j.Low != nil || j.P != nil || j.Verdict != "" || j.Look != 0 || j.Others["log_loss"].Verdict != "" {
			t.Errorf("%s: %+v", j.Name, j.Finding)
		}
	}
	if r.Winner != "a" || !strings.Contains(strings.Join(r.Caveats, "\n"), "variants without a look") {
		t.Errorf("winner %s, caveats %q", r.Winner, r.Caveats)
	}
}

func TestNothingNewIsNoLook(t *testing.T) {
	r, l := faint(t), &Ledger{Repeats: 3}
	if k := looked(t, l, firstBlocks(r, 1), false); k.N != 0 {
		t.Errorf("one repeat is a look: %+v", k)
	}
	looked(t, l, firstBlocks(r, 3), true)
	for what, again := range map[string]*Result{
		"the same trials": firstBlocks(r, 3), "fewer repeats": firstBlocks(r, 2),
		"renamed": func() *Result {
			c := firstBlocks(r, 3)
			c.Arms = slices.Clone(c.Arms)
			for i := range c.Arms {
				c.Arms[i].ID, c.Arms[i].Name = c.Arms[i].Name, "other "+c.Arms[i].Name
			}
			for i := range c.Trials {
				c.Trials[i].Arm = "other " + c.Trials[i].Arm
			}
			return c
		}(),
		"another repeat of the decided arm alone": func() *Result {
			c := firstBlocks(r, 4)
			c.Trials = slices.DeleteFunc(c.Trials, func(tr Trial) bool { return tr.Repeat == 4 && tr.Arm != "c" && tr.Arm != "a" })
			return c
		}(),
	} {
		if k := looked(t, l, again, true); k.N != 0 || len(again.Looks) != 1 {
			t.Errorf("%s: %+v", what, k)
		}
		if j := again.Judged[2]; j.Verdict != Hurts || j.Look != 1 {
			t.Errorf("%s: c has %+v", what, j.Finding)
		}
	}
	lowered := looked(t, &Ledger{Repeats: 6}, firstBlocks(r, 3), true)
	if lowered.Planned || lowered.Level != 0.005 {
		t.Errorf("a plan of 6 repeats lowered to 3 has a look %+v", lowered)
	}
}

func TestTheFamilyIsEveryArmEverJudged(t *testing.T) {
	r := faint(t)
	l := &Ledger{}
	looked(t, l, firstBlocks(r, 3), true)
	without := firstBlocks(r, 6)
	without.Arms = slices.DeleteFunc(slices.Clone(without.Arms), func(a Arm) bool { return a.Name == "c" || a.Name == "d" })
	without.Trials = slices.DeleteFunc(without.Trials, func(tr Trial) bool { return tr.Arm == "c" || tr.Arm == "d" })
	alone := *without
	if looked(t, l, without, false); without.Family != 3 {
		t.Errorf("family %d, want 3", without.Family)
	}
	if looked(t, &Ledger{Looks: []Look{{N: 1, Planned: true}}}, &alone, false); alone.Family != 1 {
		t.Errorf("family %d, want 1", alone.Family)
	}
	half := func(r *Result) float64 { j := arm(t, r, "b"); return *j.High - *j.Low }
	if !(half(without) > 1.05*half(&alone)) {
		t.Errorf("beside two that were removed b's interval is %.3f wide, alone %.3f", half(without), half(&alone))
	}
}

func TestALookComesBackFromJSON(t *testing.T) {
	r, l := faint(t), &Ledger{Baseline: "b", Repeats: 3}
	edit(r, "d", func(tr *Trial) {
		if tr.Repeat == 2 {
			tr.Status, tr.Metrics = Diverged, nil
		}
	})
	looked(t, l, firstBlocks(r, 3), true)
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var back Ledger
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	x, y := firstBlocks(r, 5), firstBlocks(r, 5)
	if err := l.Show(x); err != nil {
		t.Fatal(err)
	}
	if err := back.Show(y); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("shown from JSON\n%+v\nwant\n%+v", y, x)
	}
}

func TestAnArmThatDivergesAfterItsVerdictKeepsIt(t *testing.T) {
	r, l := faint(t), &Ledger{}
	looked(t, l, firstBlocks(r, 3), true)
	edit(r, "c", func(tr *Trial) {
		if tr.Repeat == 5 {
			tr.Status, tr.Metrics = Diverged, nil
		}
	})
	at := firstBlocks(r, 6)
	looked(t, l, at, false)
	if c := arm(t, at, "c"); c.Verdict != Hurts || c.Look != 1 || c.Method != "dunnett" || !slices.Contains(c.Notes, "diverged in 1 of 6 repeats") {
		t.Errorf("%+v, notes %q", c.Finding, c.Notes)
	}
	edit(r, "a", func(tr *Trial) { tr.Status, tr.Metrics = Diverged, nil })
	if k := looked(t, l, r, false); k.N != 0 || r.Stopped == "" || arm(t, r, "c").Verdict != "" {
		t.Errorf("a diverged baseline: look %+v, stopped %q", k, r.Stopped)
	}
}

func TestAnyMetricIsJudgedByItsOwnColumn(t *testing.T) {
	m := model{arms: 3, repeats: 4, images: 500, seed: 0.01, luck: 0.2, effect: []float64{0, 0.3, 0}}
	r := m.draw(rand.New(rand.NewPCG(4, 4)))
	judged(t, r)
	accuracy := arm(t, r, "b")
	for i := range r.Trials { // errors in shares: less is better
		tr := &r.Trials[i]
		wrong := make([]float32, m.images)
		for k, x := range tr.Images.Columns[task.Correct] {
			wrong[k] = 1 - x
		}
		tr.Images.Columns, tr.Metrics = map[string][]float32{"wrong": wrong}, map[string]float64{"errors": 1 - tr.Metrics["accuracy"]/100}
	}
	r.Metrics = []task.Metric{{Name: "errors", Unit: "share", Better: -1, Column: "wrong", Scale: 1, Least: 0.005, Counts: true}}
	judged(t, r)
	b := arm(t, r, "b")
	if r.Winner != "b" || !(r.WinnerShrunk < 0 && r.WinnerShrunk > *b.Effect) {
		t.Errorf("winner %s, shrunk %g of %g", r.Winner, r.WinnerShrunk, *b.Effect)
	}
	if r.Metric != "errors" || b.Verdict != accuracy.Verdict || len(b.Others) > 0 || math.Abs(*b.Low+*accuracy.High/100) > 1e-9 ||
		math.Abs(b.ImageSE-accuracy.ImageSE/100) > 1e-9 || r.Delta != 0.005 {
		t.Errorf("%s: %+v, by accuracy %+v", r.Metric, b.Finding, accuracy.Finding)
	}
}

func TestEnginesAreCounted(t *testing.T) {
	for want, engine := range map[string]func(*Trial) string{
		"a repeat mixes engines":                       func(tr *Trial) string { return tr.Arm },
		"repeats ran on 4 engines, each repeat on one": func(tr *Trial) string { return fmt.Sprint(tr.Repeat) },
		"": func(*Trial) string { return "cpu" },
	} {
		r := clear(t)
		for i := range r.Trials {
			r.Trials[i].Engine = engine(&r.Trials[i])
		}
		all := strings.Join(judged(t, r).Caveats, "\n")
		if !strings.Contains(all, want) || want == "" && strings.Contains(all, "engine") {
			t.Errorf("want %q in %q", want, all)
		}
	}
}
