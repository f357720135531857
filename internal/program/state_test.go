package program

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/tensor"
)

// far is a Holder whose values are all of one number.
type far struct {
	value   float32
	fetched int
	fault   error
}

func (f *far) Fetch(t *tensor.Tensor) error {
	if f.fault != nil {
		return f.fault
	}
	f.fetched++
	for i := range t.Data {
		t.Data[i] = f.value
	}
	return nil
}

// pair is a State of a and b, and one that shows a of it beside a c of its own.
func pair(t *testing.T) (s, view *State) {
	t.Helper()
	s, view = NewState(), NewState()
	for _, name := range []string{"a", "b"} {
		if _, err := s.Add(name, tensor.Of(2)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := view.Add("c", tensor.Of(1)); err != nil {
		t.Fatal(err)
	}
	view.Share("a", s)
	return s, view
}

func TestAWriteChangesTheVersionsOfAllWhoSeeItAndOfNothingElse(t *testing.T) {
	s, view := pair(t)
	for _, c := range []struct {
		name  string
		write func() error
		named []uint64 // of a, b and c: whether their versions change
	}{
		{"a named write", func() error { return s.Write("a", func(d []float32) { d[0] = 1 }) }, []uint64{1, 0, 0}},
		{"through the other state", func() error { return view.Write("a", func(d []float32) { d[0] = 2 }) }, []uint64{1, 0, 0}},
		{"told afterwards", func() error { return view.Changed("a") }, []uint64{1, 0, 0}},
		{"without a name", func() error { return s.Changed() }, []uint64{1, 1, 0}},
		{"without a name, through the other", func() error { return view.Changed() }, []uint64{1, 1, 1}},
		{"by a holder", func() error { s.Ahead(&far{value: 3}, "a"); return s.Sync() }, []uint64{1, 0, 0}},
	} {
		of := func() []uint64 { return []uint64{s.VersionOf("a"), s.VersionOf("b"), view.VersionOf("c")} }
		before, versions := of(), []uint64{s.Version(), view.Version()}
		if err := c.write(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, v := range of() {
			if changed := v != before[i]; changed != (c.named[i] == 1) {
				t.Errorf("%s: the version of %c changed: %v", c.name, 'a'+i, changed)
			}
		}
		if s.Version() == versions[0] || view.Version() == versions[1] {
			t.Errorf("%s: a state's version stayed", c.name)
		}
	}
	if got, err := view.Read("a"); err != nil || !slices.Equal(got, []float32{3, 3}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestWhatAHolderIsAheadOfIsFetchedOnceAndOnlyWhereAsked(t *testing.T) {
	s, view := pair(t)
	h := &far{value: 5}
	s.Ahead(h, "a")
	if _, err := s.Read("b"); err != nil || h.fetched != 0 {
		t.Errorf("reading b fetched %d, %v", h.fetched, err)
	}
	for range 2 {
		if got, err := view.Read("a"); err != nil || !slices.Equal(got, []float32{5, 5}) || h.fetched != 1 {
			t.Errorf("got %v, %v, fetched %d times", got, err, h.fetched)
		}
	}
	s.Ahead(h, "a", "b")
	if err := view.Write("a", func(d []float32) { d[0]++ }); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Read("a"); err != nil || !slices.Equal(got, []float32{6, 5}) || h.fetched != 2 {
		t.Errorf("after a write of what was fetched: %v, %v, fetched %d times", got, err, h.fetched)
	}
}

func TestAWriteThatWouldBeLostIsRefused(t *testing.T) {
	s, view := pair(t)
	h := &far{}
	s.Ahead(h, "a")
	for name, err := range map[string]error{"named": s.Changed("a"), "through the other": view.Changed("a"), "of any": s.Changed(), "of any, through the other": view.Changed()} {
		if err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
	if err := s.Changed("b"); err != nil {
		t.Errorf("of b: %v", err)
	}
	if err := s.Changed("d"); err == nil || !strings.Contains(err.Error(), "d: the state has no tensor") {
		t.Errorf("of none: %v", err)
	}
	h.fault = errors.New("the device is gone")
	if err := s.Write("a", func([]float32) { t.Error("written without being fetched") }); !errors.Is(err, h.fault) || !strings.HasPrefix(err.Error(), "a: ") {
		t.Errorf("got %v", err)
	}
	if err := s.Changed("a"); err == nil {
		t.Error("a fetch that failed lets a write pass")
	}
}
