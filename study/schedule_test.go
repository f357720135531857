package study

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// heldOf is the history of a study of two repeats and the arms base, a and b.
func heldOf(rows ...Held) History {
	return History{
		View: View{Name: "photos", Repeats: 2, Arms: []ViewArm{
			{Key: "base", Name: "baseline", Status: Active}, {Key: "a", Name: "elu", Status: Active}, {Key: "b", Name: "selu", Status: Active},
		}},
		Held: rows,
	}
}

// row is a finished trial, of weights that nobody else has.
func row(arm string, repeat int, engine string, status Status) Held {
	return Held{Cell: Cell{arm, repeat}, Engine: engine, Status: status, Weights: arm, Columns: []string{"correct"}, Spent: 60}
}

// but is a row with a change.
func but(r Held, change func(*Held)) Held {
	change(&r)
	return r
}

func leasedRow(arm string, repeat int, engine string) Held {
	return Held{Cell: Cell{arm, repeat}, Engine: engine, Leased: true}
}

func TestWhatRunsNextAndWhereAStudyStands(t *testing.T) {
	block := func(repeat int, engine string) []Held {
		return []Held{row("base", repeat, engine, Done), row("a", repeat, engine, Done), row("b", repeat, engine, Done)}
	}
	all := slices.Concat(block(1, "X"), block(2, "X"))
	tests := []struct {
		name   string
		rows   []Held
		change func(*Fixed, *History) // may be nil
		next   []Cell
		kind   EndKind
		ok     bool
		left   int
	}{
		{"nothing is there", nil, nil, []Cell{{"base", 1}, {"a", 1}, {"b", 1}, {"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 6},
		{"all is there", all, nil, nil, AllDone, true, 0},
		{"a divergence of a variant is a result", append(slices.Clone(all[:5]), row("b", 2, "X", Diverged)), nil, nil, AllDone, true, 0},
		{"a variant was added", all, func(f *Fixed, h *History) {
			f.Arms = []string{"base", "c", "a", "b"}
			h.View.Arms = append(h.View.Arms, ViewArm{Key: "c", Name: "c", Status: Active})
		}, []Cell{{"c", 1}, {"c", 2}}, Going, false, 2},
		{"a variant was removed by another process", block(1, "X"), func(_ *Fixed, h *History) { h.View.Arms[1].Status = Removed },
			[]Cell{{"base", 2}, {"b", 2}}, Going, false, 2},
		{"repeats were raised", all, func(_ *Fixed, h *History) { h.View.Repeats = 3 }, []Cell{{"base", 3}, {"a", 3}, {"b", 3}}, Going, false, 3},
		{"an arm is idle", append(block(1, "X")[:2], but(row("b", 1, "X", Done), func(r *Held) { r.Weights = "base" })), nil, []Cell{{"base", 2}, {"a", 2}}, Going, false, 2},
		{"the same weights score otherwise", append(block(1, "X")[:2], but(row("b", 1, "X", Done), func(r *Held) { r.Weights, r.Outcome = "base", 70 })), nil,
			[]Cell{{"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 3},
		{"weights that are not known are not equal", []Held{
			but(row("base", 1, "X", Done), func(r *Held) { r.Weights = "" }), row("a", 1, "X", Done), but(row("b", 1, "X", Done), func(r *Held) { r.Weights = "" }),
		}, nil, []Cell{{"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 3},
		{"an arm is known to be idle, and its first repeat was lost", nil, func(_ *Fixed, h *History) { h.View.Arms[2].Status = Idle },
			[]Cell{{"base", 1}, {"a", 1}, {"b", 1}, {"base", 2}, {"a", 2}}, Going, false, 5},
		{"another run's failure is tried again", append(slices.Clone(all[:5]), row("b", 2, "X", Failed)), nil, []Cell{{"b", 2}}, Going, false, 1},
		{"this run's failure is not", append(slices.Clone(all[:5]), row("b", 2, "X", Failed)), func(_ *Fixed, h *History) { h.Tried = map[Cell]bool{{"b", 2}: true} },
			nil, SomeFailed, false, 1},
		{"a trial of this run ended and its result is gone", all[:5], func(_ *Fixed, h *History) { h.Tried = map[Cell]bool{{"b", 2}: true} }, nil, SomeFailed, false, 1},
		{"a failure stands, and another trial is running", append(slices.Clone(all[:4]), row("a", 2, "X", Failed), leasedRow("b", 2, "X")),
			func(_ *Fixed, h *History) { h.Tried = map[Cell]bool{{"a", 2}: true} }, nil, Waiting, false, 2},
		{"another process runs the rest", append(slices.Clone(all[:5]), leasedRow("b", 2, "X")), nil, nil, Waiting, false, 1},
		{"another study runs the rest", append(slices.Clone(all[:5]), but(leasedRow("b", 2, "X"), func(r *Held) { r.Found = true })), nil, nil, Waiting, false, 1},
		{"another study has run the rest", append(slices.Clone(all[:5]), but(row("b", 2, "X", Done), func(r *Held) { r.Found = true })), nil, nil, AllDone, true, 0},
		{"another study's failure is tried", append(slices.Clone(all[:5]), but(row("b", 2, "X", Failed), func(r *Held) { r.Found = true })), nil, []Cell{{"b", 2}}, Going, false, 1},
		{"what is running is of an arm that is gone", append(slices.Clone(all), leasedRow("gone", 2, "X")), nil, nil, AllDone, true, 0},
		{"the budget is spent", all[:4], func(f *Fixed, _ *History) { f.Budget = 4 * time.Minute }, nil, BudgetSpent, true, 2},
		{"the budget is spent and nothing is left", all, func(f *Fixed, _ *History) { f.Budget = time.Minute }, nil, AllDone, true, 0},
		{"the budget was spent on an arm that is gone", append(block(1, "X"), but(row("gone", 1, "X", Done), func(r *Held) { r.Spent = 900 })),
			func(f *Fixed, _ *History) { f.Budget = 15 * time.Minute }, nil, BudgetSpent, true, 3},
		{"what was found takes nothing from the budget", []Held{but(row("base", 1, "X", Done), func(r *Held) { r.Found, r.Spent = true, 0 })},
			func(f *Fixed, _ *History) { f.Budget = time.Second }, []Cell{{"a", 1}, {"b", 1}, {"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 5},
		{"the budget is spent with a failure", append(slices.Clone(all[:5]), row("b", 2, "X", Failed)), func(f *Fixed, _ *History) { f.Budget = time.Second }, nil, SomeFailed, false, 1},
		{"no arm is the baseline, and the first diverged", []Held{row("base", 1, "X", Diverged), but(row("a", 1, "X", Done), func(r *Held) { r.Weights = "base" })},
			func(f *Fixed, _ *History) { f.Equal = true }, []Cell{{"b", 1}, {"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 4},
		{"the baseline diverged", []Held{row("base", 1, "X", Done), row("base", 2, "X", Diverged), leasedRow("a", 1, "X")}, nil, nil, Hopeless, false, 4},
		{"the data changed", append(block(1, "X"), leasedRow("base", 2, "X")), func(_ *Fixed, h *History) { h.Fault = "the data have changed" }, nil, Faulty, false, 3},
		{"another engine began every block", []Held{row("base", 1, "Y", Done), leasedRow("base", 2, "Y")}, nil, nil, Waiting, false, 5},
		{"another engine left every block", []Held{row("base", 1, "Y", Done), row("base", 2, "Y", Done)}, nil, nil, OtherEngine, false, 4},
		{"another engine left one block", []Held{row("base", 1, "Y", Done)}, nil, []Cell{{"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 5},
		{"another engine's block is whole", block(1, "Y"), nil, []Cell{{"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 3},
		{"another engine failed, and so began nothing", []Held{row("base", 1, "Y", Failed)}, nil,
			[]Cell{{"base", 1}, {"a", 1}, {"b", 1}, {"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 6},
		{"another engine's dead lease began nothing", []Held{{Cell: Cell{"base", 1}, Engine: "Y", Spent: 9}}, nil,
			[]Cell{{"base", 1}, {"a", 1}, {"b", 1}, {"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 6},
		{"what this engine has does not fit another's block", []Held{row("base", 1, "Y", Done), but(row("a", 1, "X", Done), func(r *Held) { r.Found = true })}, nil,
			[]Cell{{"base", 2}, {"a", 2}, {"b", 2}}, Going, false, 5},
		{"two engines met in a block, this one with more", append(block(2, "X"), row("base", 1, "X", Done), row("a", 1, "X", Done), row("b", 1, "Y", Done)), nil,
			[]Cell{{"b", 1}}, Going, false, 1},
		{"two engines met in a block, and the other still runs", append(block(2, "X"), row("base", 1, "X", Done), row("a", 1, "X", Done), leasedRow("b", 1, "Y")), nil,
			nil, Waiting, false, 1},
		{"a column is asked that a result lacks", all, func(f *Fixed, h *History) {
			f.Columns = []string{"correct", "log_p_other"}
			for i := range h.Held[1:] {
				h.Held[i+1].Columns = f.Columns
			}
		}, []Cell{{"base", 1}}, Going, false, 1},
		{"a column is asked that another engine's result lacks", block(1, "Y"), func(f *Fixed, h *History) {
			f.Columns, h.View.Repeats = []string{"log_p_other"}, 1
		}, nil, OtherEngine, false, 3},
		{"a column is asked, and the trial runs again", all[:1], func(f *Fixed, h *History) {
			f.Columns, f.Arms, h.View.Repeats = []string{"log_p_other"}, f.Arms[:1], 1
			h.Held[0].Leased = true
		}, nil, Waiting, false, 1},
		{"a column is asked that the trial did not give when run again", all[:1], func(f *Fixed, h *History) {
			f.Columns, f.Arms, h.View.Repeats = []string{"log_p_other"}, f.Arms[:1], 1
			h.Tried = map[Cell]bool{{"base", 1}: true}
		}, nil, SomeFailed, false, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, h := Fixed{Arms: []string{"base", "a", "b"}, Engine: "X"}, heldOf(slices.Clone(test.rows)...)
			if test.change != nil {
				test.change(&f, &h)
			}
			var next []Cell
			for _, turn := range f.Next(h, 99) {
				next = append(next, turn.Cell)
			}
			if !slices.Equal(next, test.next) {
				t.Errorf("next %v, want %v", next, test.next)
			}
			e := f.End(h)
			if e.Kind != test.kind || e.OK() != test.ok || e.Left != test.left {
				t.Errorf("%s, ok %v, %d left; want %s, %v, %d", e.Kind, e.OK(), e.Left, test.kind, test.ok, test.left)
			}
			if one := f.Next(h, 1); len(one) > 1 || len(one) == 1 && one[0].Cell != next[0] {
				t.Errorf("one at a time it is %v first", one)
			}
		})
	}
}

func TestEndTellsWhatThereIsToTell(t *testing.T) {
	f := Fixed{Arms: []string{"base", "a", "b"}, Engine: "X", Columns: []string{"correct", "log_p_other"}}
	h := heldOf(
		row("base", 1, "Y", Done), but(row("a", 1, "Y", Done), func(r *Held) { r.Weights, r.Columns = "base", nil }), row("b", 1, "Y", Failed),
		row("base", 2, "X", Failed), row("other", 1, "Y", Done),
	)
	h.View.Arms = append(h.View.Arms, ViewArm{Key: "other", Status: Active}, ViewArm{Key: "views", Status: Active, Derived: true}, ViewArm{Key: "old", Status: Removed})
	h.Held[0].Columns = f.Columns
	h.Tried = map[Cell]bool{{"base", 2}: true}
	e := f.End(h)
	if want := []Cell{{"base", 2}}; !slices.Equal(e.Failed, want) {
		t.Errorf("failed: %v, want %v", e.Failed, want)
	}
	if !slices.Equal(e.Idle, []string{"a"}) {
		t.Errorf("idle: %v, want a", e.Idle)
	}
	if e.Beyond != 1 {
		t.Errorf("%d trials missing of arms that others added, want 1", e.Beyond)
	}
	if want := []Cell{{"a", 1}, {"b", 1}}; len(e.Elsewhere) != 1 || !slices.Equal(e.Elsewhere[0].Missing, want) {
		t.Errorf("elsewhere: %+v, want %v missing", e.Elsewhere, want)
	}
	if h.View.Repeats = 3; f.End(h).Kind != Going {
		t.Errorf("%s with a repeat more", f.End(h).Kind)
	}
	h.Held[3] = row("base", 2, "X", Done)
	h.Tried = nil
	for _, turn := range f.Next(h, 9) {
		if want := (turn.Cell == Cell{"base", 2}); want != slices.Equal(turn.Lacks, []string{"log_p_other"}) {
			t.Errorf("%v is told to lack %q", turn.Cell, turn.Lacks)
		}
	}
}

func TestElsewhereIsToldInOneLine(t *testing.T) {
	var missing []Cell
	for _, repeat := range []int{1, 1, 2, 3, 3} {
		missing = append(missing, Cell{"a", repeat})
	}
	for want, e := range map[string]Elsewhere{
		"5 trials of repeats 1 to 3 are of engine X: go on there, or keep both with --as NAME": {"X", []int{1, 2, 3, 4}, missing},
		"1 trial of repeat 3 is of engine X: go on there, or keep both with --as NAME":         {"X", []int{3}, missing[4:]},
		"repeat 2 is of engine X, not of this one":                                             {"X", []int{2}, nil},
		"repeats 1 to 2, 4, 6 to 8 are of engine X, not of this one":                           {"X", []int{1, 2, 4, 6, 7, 8}, nil},
	} {
		if got := e.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestOneEngineStandsInABlock(t *testing.T) {
	found := func(r Held) Held { return but(r, func(r *Held) { r.Found = true }) }
	tests := []struct {
		name string
		rows []Held
		want []string // arm and engine
	}{
		{"a result fits another", []Held{row("base", 1, "Y", Done), row("a", 1, "Y", Diverged)}, []string{"base Y", "a Y"}},
		{"two engines met, with more results of one", []Held{row("base", 1, "Y", Done), row("a", 1, "X", Done), row("b", 1, "X", Done)}, []string{"a X", "b X"}},
		{"two engines met, with as many results: the first by name", []Held{row("base", 1, "Y", Done), row("a", 1, "X", Done)}, []string{"a X"}},
		{"a result goes before leases", []Held{leasedRow("base", 1, "X"), leasedRow("a", 1, "X"), row("b", 1, "Y", Done)}, []string{"b Y"}},
		{"a lease begins a block", []Held{row("base", 1, "X", Failed), leasedRow("a", 1, "Y"), found(row("b", 1, "X", Done))}, []string{"a Y"}},
		{"what was found fits", []Held{row("base", 1, "Y", Done), found(row("a", 1, "Y", Done)), found(row("b", 1, "Y", Failed))}, []string{"base Y", "a Y"}},
		{"what was found begins a block", []Held{found(row("base", 1, "Y", Done)), found(leasedRow("a", 1, "Y"))}, []string{"base Y", "a Y"}},
		{"what was found goes before a failure", []Held{row("base", 1, "X", Failed), found(row("base", 1, "Y", Done))}, []string{"base Y"}},
		{"failures stand while a block is nobody's", []Held{row("base", 1, "X", Failed), row("a", 1, "Y", Failed)}, []string{"base X", "a Y"}},
		{"a row without anything stands for nothing", []Held{{Cell: Cell{"base", 1}, Engine: "X", Spent: 5}}, nil},
		{"each block is for itself", []Held{row("base", 1, "X", Done), row("base", 2, "Y", Done)}, []string{"base X", "base Y"}},
	}
	for _, test := range tests {
		var got []string
		for _, r := range heldOf(test.rows...).Standing() {
			got = append(got, r.Arm+" "+r.Engine)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q stand, want %q", test.name, got, test.want)
		}
	}
}

// Arms that differ in what is evaluated share their trainings: what is counted is these, and those that lack what an arm reads are run again.
func TestArmsOfOneTrainingAreCountedOnce(t *testing.T) {
	lacks := func(arm string, repeat int) Held {
		return but(row(arm, repeat, "X", Done), func(r *Held) { r.Columns = nil })
	}
	for _, c := range []struct {
		name              string
		rows              []Held
		held, left, again int
		kind              EndKind
		next              []Turn
	}{
		{"nothing is there", nil, 0, 4, 0, Going, []Turn{{Cell: Cell{"base", 1}}}},
		{"all is there", []Held{row("base", 1, "X", Done), row("a", 1, "X", Done), row("b", 1, "X", Done), row("base", 2, "X", Done), row("a", 2, "X", Done), row("b", 2, "X", Done)}, 4, 0, 0, AllDone, nil},
		{"a mean is new", []Held{row("base", 1, "X", Done), lacks("a", 1), row("b", 1, "X", Done), row("base", 2, "X", Done), lacks("a", 2), row("b", 2, "X", Done)}, 2, 2, 2, Going,
			[]Turn{{Cell{"a", 1}, []string{"correct"}}}},
		{"a training of both is there, one not", []Held{row("base", 1, "X", Done), row("a", 1, "X", Done), row("b", 1, "X", Done), row("b", 2, "X", Done)}, 3, 1, 0, Going, []Turn{{Cell: Cell{"base", 2}}}},
	} {
		f := Fixed{Arms: []string{"base", "a", "b"}, Twins: map[string]string{"a": "base"}, Engine: "X", Columns: []string{"correct"}}
		h := heldOf(c.rows...)
		e := f.End(h)
		if e.Held != c.held || e.Left != c.left || e.Again != c.again || e.Kind != c.kind {
			t.Errorf("%s: %d held, %d left, %d again, %s; want %d, %d, %d, %s", c.name, e.Held, e.Left, e.Again, e.Kind, c.held, c.left, c.again, c.kind)
		}
		if next := f.Next(h, 1); !reflect.DeepEqual(next, c.next) {
			t.Errorf("%s: next %+v, want %+v", c.name, next, c.next)
		}
	}
}
