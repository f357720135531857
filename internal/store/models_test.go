package store

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestModelsStayWhileAStudyAsksForThem: a model is taken in with the result that names it, counts in the study's size, waits with a result
// that is not taken in, and is garbage when no study keeps it.
func TestModelsStayWhileAStudyAsksForThem(t *testing.T) {
	s, _ := filled(t)
	trial, file := id("elu", 1), ModelFile(id("elu", 1), Model)
	if other := ModelFile(trial, ModelBy("ema 0.9")); other == file || filepath.Dir(other) != TrialsDir {
		t.Errorf("%s and %s", file, other)
	}
	size := func() int64 {
		list, err := s.List()
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Bytes
	}
	garbage := func() []string {
		list, err := s.Garbage()
		if err != nil {
			t.Fatal(err)
		}
		return names(list)
	}
	left := func() []string {
		states, err := s.States([]string{trial})
		if err != nil {
			t.Fatal(err)
		}
		return states[trial].Left
	}
	keep := func(kind string) {
		st, err := s.Study("photos")
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range st.Arms {
			if a.Key == key("elu") {
				st.Arms[i].Recipe.Keep = kind
			}
		}
		if _, err := s.Put(st); err != nil {
			t.Fatal(err)
		}
	}
	r := finished("elu", 1)
	r.Models = map[string]string{Model: "ab"}
	r.Scores[0].Columns[0].Reals[2] = -3 // JSON has no infinities
	before := size()
	written(t, s, file)
	if err := r.Save(s.ResultFile(trial)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(`DELETE FROM artefacts`); err != nil {
		t.Fatal(err)
	}
	if got := garbage(); len(got) > 0 || len(left()) > 0 {
		t.Errorf("before its result is taken in: garbage %v, left %v", got, left())
	}
	r = finished("elu", 1)
	r.Models = map[string]string{Model: "ab"}
	if err := s.Complete(r, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(left(), []string{Model}) || size() != before+1 {
		t.Errorf("left %v, %d bytes, before %d", left(), size(), before)
	}
	taken := []string{"file " + TrialsDir + "/" + trial + ".result"}
	if got := garbage(); !slices.Equal(got, append([]string{"file " + file}, taken...)) {
		t.Errorf("of no keep: garbage %v", got)
	}
	keep(Model)
	if got := garbage(); !slices.Equal(got, taken) {
		t.Errorf("kept: garbage %v", got)
	}
	keep(ModelBy("ema 0.9"))
	list, err := s.Garbage()
	if err != nil || len(list) != 2 {
		t.Fatalf("another is kept: garbage %v, %v", list, err)
	}
	if _, err := s.Clean(list); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Artefacts(trial); err != nil || len(a) > 0 || len(left()) > 0 || size() != before {
		t.Errorf("cleaned: %v, %v, %d bytes", a, err, size())
	}
}
