package study

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// viewOf is a view of arms "key:name", with "-" before the removed and "~" before the idle, the baseline first.
func viewOf(repeats int, arms string) View {
	v := View{Name: "photos", Question: "which?", Text: arms, Repeats: repeats, Arms: []ViewArm{{Key: "base", Name: BaselineName, Status: Active}}}
	for _, word := range strings.Fields(arms) {
		key, name, _ := strings.Cut(strings.TrimLeft(word, "-~"), ":")
		a := ViewArm{Key: key, Name: name, Status: Active}
		switch word[0] {
		case '-':
			a.Status = Removed
		case '~':
			a.Status = Idle
		}
		v.Arms = append(v.Arms, a)
	}
	return v
}

func TestAStudyGrowsAsItsFileDoes(t *testing.T) {
	tests := []struct {
		name       string
		held, file View
		change     func(held, file *View) // may be nil
		want       string                 // the view's variants
		repeats    int
		lines      []string // with 21 trials there and 35 not
		grown      bool
	}{
		{"a study that is new", View{}, viewOf(3, "a:elu"), nil, "a:elu", 3, []string{"21 of 56 trials found: other studies made them"}, false},
		{"nothing changed", viewOf(3, "a:elu"), viewOf(3, "a:elu"), nil, "a:elu", 3, nil, false},
		{"a comment", viewOf(3, "a:elu"), viewOf(3, "a:elu"), func(_, file *View) { file.Text += " # why" }, "a:elu", 3,
			[]string{"the file changed in nothing that is trained"}, false},
		{"the question", viewOf(3, "a:elu"), viewOf(3, "a:elu"), func(_, file *View) { file.Question, file.Text = "what?", "" }, "a:elu", 3,
			[]string{"question: what?"}, false},
		{"another order", viewOf(3, "a:elu b:selu"), viewOf(3, "b:selu a:elu"), nil, "b:selu a:elu", 3, []string{"the file changed in nothing that is trained"}, false},
		{"repeats raised", viewOf(3, "a:elu"), viewOf(8, "a:elu"), nil, "a:elu", 8, []string{"repeats: 3 -> 8, 35 trials new, 21 found"}, true},
		{"repeats lowered", viewOf(8, "a:elu"), viewOf(3, "a:elu"), nil, "a:elu", 8,
			[]string{"repeats: 3 in the file, 8 are planned and stay: repeats never shrink"}, false},
		{"a variant added", viewOf(3, "a:elu"), viewOf(3, "b:max+avg a:elu"), nil, "b:max+avg a:elu", 3, []string{"added: max+avg, 35 trials new, 21 found"}, true},
		{"a variant removed", viewOf(3, "a:elu b:selu"), viewOf(3, "b:selu"), nil, "b:selu -a:elu", 3, []string{"removed: elu; no trial is lost"}, false},
		{"a variant that returns", viewOf(3, "b:selu -a:elu -c:relu"), viewOf(3, "b:selu a:elu"), nil, "b:selu a:elu -c:relu", 3,
			[]string{"returned: elu, 35 trials new, 21 found"}, true},
		{"a variant that returns by another name", viewOf(3, "b:selu -a:elu"), viewOf(3, "b:selu a:elu2"), nil, "b:selu a:elu2", 3,
			[]string{"returned: elu2, 35 trials new, 21 found"}, true},
		{"a name that a removed one had", viewOf(3, "b:selu -a:elu"), viewOf(3, "b:selu c:elu"), nil, "b:selu c:elu -a:elu", 3,
			[]string{"added: elu, 35 trials new, 21 found"}, true},
		{"a variant renamed", viewOf(3, "a:elu b:selu"), viewOf(3, "a:elu-1 b:selu"), nil, "a:elu-1 b:selu", 3, []string{"renamed: elu -> elu-1"}, false},
		{"two names swapped", viewOf(3, "a:elu b:selu"), viewOf(3, "a:selu b:elu"), nil, "a:selu b:elu", 3, []string{"renamed: elu -> selu, selu -> elu"}, false},
		{"a name that a removed one left to another", viewOf(3, "a:elu b:selu"), viewOf(3, "b:elu"), nil, "b:elu -a:elu", 3,
			[]string{"renamed: selu -> elu", "removed: elu; no trial is lost"}, false},
		{"both that went by one name", viewOf(3, "-c:elu a:elu b:selu"), viewOf(3, "b:selu"), nil, "b:selu -c:elu -a:elu", 3, []string{"removed: elu; no trial is lost"}, false},
		{"another arm by the same name", viewOf(3, "a:elu b:selu"), viewOf(3, "c:elu b:selu"), nil, "c:elu b:selu -a:elu", 3,
			[]string{"changed: elu; what went by the name before is kept, 35 trials new, 21 found"}, true},
		{"a change taken back", viewOf(3, "c:elu -a:elu"), viewOf(3, "a:elu"), nil, "a:elu -c:elu", 3,
			[]string{"changed: elu; what went by the name before is kept, 35 trials new, 21 found"}, true},
		{"an idle arm stays idle", viewOf(3, "~a:elu b:selu"), viewOf(5, "b:selu a:idle"), nil, "b:selu ~a:idle", 5,
			[]string{"renamed: elu -> idle", "repeats: 3 -> 5, 35 trials new, 21 found"}, true},
		{"an idle arm that was removed is looked at anew", viewOf(3, "-a:elu b:selu"), viewOf(3, "a:elu b:selu"), nil, "a:elu b:selu", 3,
			[]string{"returned: elu, 35 trials new, 21 found"}, true},
		{"all at once", viewOf(3, "a:elu b:selu c:relu -d:gelu"), viewOf(4, "e:new d:gelu b:elu f:relu"), nil, "e:new d:gelu b:elu f:relu -a:elu -c:relu", 4,
			[]string{"renamed: selu -> elu", "removed: elu; no trial is lost", "changed: relu; what went by the name before is kept", "returned: gelu", "added: new",
				"repeats: 3 -> 4, 35 trials new, 21 found"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			held, file := test.held, test.file
			if test.change != nil {
				test.change(&held, &file)
			}
			for i := range file.Arms {
				file.Arms[i].Status = "" // which a file has not
			}
			before, asked := slices.Clone(held.Arms), slices.Clone(file.Arms)
			g, err := Grow(held, file)
			if err != nil {
				t.Fatal(err)
			}
			if want := viewOf(test.repeats, test.want); !reflect.DeepEqual(g.View.Arms, want.Arms) || g.View.Repeats != test.repeats {
				t.Errorf("view %+v, want %+v", g.View, want)
			}
			if g.View.Question != file.Question || g.View.Text != file.Text {
				t.Errorf("the view keeps the words of before: %+v", g.View)
			}
			if lines := g.Lines(21, 35, 0); !slices.Equal(lines, test.lines) {
				t.Errorf("printed %q, want %q", lines, test.lines)
			}
			if g.Grown() != test.grown {
				t.Errorf("grown: %v, want %v", g.Grown(), test.grown)
			}
			if !slices.Equal(held.Arms, before) {
				t.Errorf("what was held changed from %v to %v", before, held.Arms)
			}
			if !slices.Equal(file.Arms, asked) {
				t.Errorf("the file's arms changed from %v to %v", asked, file.Arms)
			}
			again, err := Grow(g.View, file)
			if err != nil || again.Grown() || !reflect.DeepEqual(again.View, g.View) {
				t.Errorf("grown twice: %+v, %v", again, err)
			}
		})
	}
}

func TestAnotherBaseIsRefused(t *testing.T) {
	base := []Part{{"network", "n"}, {"settings", "s"}, {"data", "d"}, {"split", "c"}, {"seed", "1"}}
	for want, change := range map[string]func(v *View){
		"study photos: the store holds it with another base (settings differ): all trials would be new; keep both with --as NAME": func(v *View) {
			v.Base[1].Digest = "t"
		},
		"study photos: the store holds it with another base (network differs): all trials would be new; keep both with --as NAME": func(v *View) {
			v.Base[0].Digest = "t"
		},
		"study photos: the store holds it with another base (split, seed differ): all trials would be new; keep both with --as NAME": func(v *View) {
			v.Base[3].Digest, v.Base[4].Digest = "e", "2"
		},
		"study photos: the store holds it with another base (start differs): all trials would be new; keep both with --as NAME": func(v *View) {
			v.Base = append(v.Base, Part{"start", "w"})
		},
		"study photos: the store holds it with another base: all trials would be new; keep both with --as NAME": func(v *View) { v.Base = nil },
	} {
		held, file := viewOf(3, "a:elu"), viewOf(3, "a:elu")
		held.Base, file.Base = slices.Clone(base), slices.Clone(base)
		file.Arms[0].Key = "another"
		change(&file)
		_, err := Grow(held, file)
		if other, ok := errors.AsType[*OtherBase](err); !ok || other.Study != "photos" || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestTwinsAreRefused(t *testing.T) {
	for name, arms := range map[string]string{"a variant": "a:elu a:elu2", "the baseline": "base:elu"} {
		if _, err := Grow(View{}, viewOf(3, arms)); err == nil || !strings.Contains(err.Error(), "one and the same") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}

func TestWhatIsTrained(t *testing.T) {
	v := viewOf(3, "a:elu ~b:selu -c:relu d:views")
	v.Arms[4].Derived = true
	if got := v.Trained(); !slices.Equal(got, []string{"base", "a", "b"}) {
		t.Errorf("trained: %v", got)
	}
}
