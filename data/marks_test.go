package data

import (
	"slices"
	"testing"
)

func TestMarksTellTheImagesOfASetFromOthers(t *testing.T) {
	s := &Set{Items: []Item{{Hash: Hash{9, 1}}, {Hash: Hash{3, 2}}, {Hash: Hash{9, 1}}, {Hash: Hash{255, 255, 255, 255, 255, 255, 255, 255, 1}}}}
	m := s.Marks([]int{0, 1, 2, 3})
	if len(m) != 3 || !slices.IsSorted(m) {
		t.Fatalf("got %v, want a mark for each of three contents", m)
	}
	for _, it := range s.Items {
		if !m.Has(it.Hash) {
			t.Errorf("%s is not among them", it.Hash)
		}
	}
	for _, h := range []Hash{{}, {9}, {9, 1, 1}, {255, 255, 255, 255, 255, 255, 255, 254}} {
		if m.Has(h) || Marks(nil).Has(h) {
			t.Errorf("%s is among them", h)
		}
	}
	if back, err := MarksOf(m.Bytes()); err != nil || !slices.Equal(back, m) {
		t.Errorf("%v came back as %v, %v", m, back, err)
	}
}

func TestBytesThatAreNoMarksAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"half a mark": make([]byte, 12), "twice the same": make([]byte, 16), "falling": Marks{2, 1}.Bytes(),
	} {
		if m, err := MarksOf(b); err == nil {
			t.Errorf("%s: read as %v", name, m)
		}
	}
}
