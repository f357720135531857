package data

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/tensor"
)

// setOf makes a set without pictures: n items of each class, random contents.
func setOf(spec Spec, perClass ...int) *Set {
	r := tensor.NewStream(1, "contents").At(0, 0)
	var items []Item
	for label, n := range perClass {
		for range n {
			items = append(items, Item{Label: int32(label), Hash: hashOf(fmt.Appendf(nil, "%016x", r.Uint64()))})
		}
	}
	return setWith(spec, len(perClass), items, nil)
}

// setWith makes a set of items in any order; those of one kin are near to one another. Nil: none is.
func setWith(spec Spec, classes int, items []Item, kin func(Item) string) *Set {
	s := &Set{Name: "made", spec: spec, Items: slices.Clone(items)}
	for c := range classes {
		s.Classes = append(s.Classes, fmt.Sprint(c))
	}
	slices.SortFunc(s.Items, byContent)
	first := map[string]int32{}
	for i := range s.Items {
		key := s.Items[i].Hash.String()
		if kin != nil {
			key = kin(s.Items[i])
		}
		if _, ok := first[key]; !ok {
			first[key] = int32(i)
		}
		s.Items[i].Group = first[key]
	}
	s.Digest = digestOf(s.Classes, s.Items, nil, nil)
	return s
}

func (s *Set) perClass(items []int) []int {
	n := make([]int, len(s.Classes))
	for _, i := range items {
		n[s.Items[i].Label]++
	}
	return n
}

func TestEveryCutIsStratifiedAndComplete(t *testing.T) {
	s := setOf(Spec{Val: 0.2, Test: 0.1}, 100, 50, 33, 4)
	for repeat := range 5 {
		c := s.Cut(7, repeat)
		if got, want := s.perClass(c.Val), []int{20, 10, 7, 1}; !reflect.DeepEqual(got, want) {
			t.Errorf("repeat %d: validation %v, want %v", repeat, got, want)
		}
		if got, want := s.perClass(c.Test), []int{10, 5, 3, 1}; !reflect.DeepEqual(got, want) {
			t.Errorf("repeat %d: test %v, want %v", repeat, got, want)
		}
		all := slices.Concat(c.Train, c.Val, c.Test)
		slices.Sort(all)
		if len(all) != len(s.Items) || len(slices.Compact(all)) != len(s.Items) {
			t.Errorf("repeat %d: %d of %d items are in one part", repeat, len(slices.Compact(all)), len(s.Items))
		}
	}
}

func TestTheTestPartDependsOnContentAlone(t *testing.T) {
	s := setOf(Spec{Val: 0.1, Test: 0.1}, 40, 40)
	a, b, c := s.Cut(1, 0), s.Cut(1, 1), s.Cut(2, 0)
	if !reflect.DeepEqual(a.Test, b.Test) || !reflect.DeepEqual(a.Test, c.Test) {
		t.Error("the test part changes with seed or repeat")
	}
	if reflect.DeepEqual(a.Val, b.Val) || reflect.DeepEqual(a.Val, c.Val) {
		t.Error("the validation part does not change with seed and repeat")
	}
	if !reflect.DeepEqual(a, s.Cut(1, 0)) {
		t.Error("the same seed and repeat cut otherwise")
	}
}

func TestNearlyEqualPicturesStayOnOneSide(t *testing.T) {
	s := setOf(Spec{Val: 0.2, Test: 0.2}, 60, 60)
	last := map[int32][]int{} // threes of one class
	for i, it := range s.Items {
		if last[it.Label] = append(last[it.Label], i); len(last[it.Label]) == 3 {
			for _, k := range last[it.Label] {
				s.Items[k].Group = int32(last[it.Label][0])
			}
			last[it.Label] = nil
		}
	}
	for repeat := range 3 {
		c := s.Cut(1, repeat)
		part := map[int32]int{}
		for n, items := range [][]int{c.Train, c.Val, c.Test} {
			for _, i := range items {
				if old, ok := part[s.Items[i].Group]; ok && old != n {
					t.Fatalf("group %d is in parts %d and %d", s.Items[i].Group, old, n)
				}
				part[s.Items[i].Group] = n
			}
		}
		if got := s.perClass(c.Val); got[0] != 12 || got[1] != 12 {
			t.Errorf("validation %v, want 12 of each", got)
		}
	}
}

func TestPartsThatASetBringsAreKept(t *testing.T) {
	s := setOf(Spec{Val: 0.25, Test: 0.1}, 40, 40)
	place := make([]int, len(s.Items)) // of an item in its class
	seen := [2]int{}
	for i, it := range s.Items {
		place[i] = seen[it.Label]
		seen[it.Label]++
	}
	for i := range s.Items {
		s.Items[i].Split = format.Train
		if place[i]%4 == 0 {
			s.Items[i].Split = format.Test
		}
	}
	a, b := s.Cut(1, 0), s.Cut(1, 1)
	if len(a.Test) != 20 || len(a.Val) != 16 || len(a.Train) != 44 || !reflect.DeepEqual(a.Test, b.Test) || reflect.DeepEqual(a.Val, b.Val) {
		t.Errorf("train and test given: %d, %d, %d", len(a.Train), len(a.Val), len(a.Test))
	}
	for i := range s.Items {
		if place[i]%4 == 1 {
			s.Items[i].Split = format.Val
		}
	}
	if a, b := s.Cut(1, 0), s.Cut(2, 5); !reflect.DeepEqual(a, b) || len(a.Val) != 20 || len(a.Train) != 40 {
		t.Errorf("all given: %d, %d, %d", len(a.Train), len(a.Val), len(a.Test))
	}
}

func TestASharePutToZeroLeavesAPartEmpty(t *testing.T) {
	c := setOf(Spec{}, 10, 10).Cut(1, 0)
	if len(c.Train) != 20 || len(c.Val)+len(c.Test) != 0 {
		t.Errorf("cut %d, %d, %d", len(c.Train), len(c.Val), len(c.Test))
	}
}

func TestSubsetsAreStratifiedAndNested(t *testing.T) {
	s := setOf(Spec{}, 100, 100, 50)
	all := s.Cut(1, 0).Train
	var last []int
	for _, n := range []int{0, 5, 25, 100, 250, 300} {
		sub := s.Subset(all, n, 3)
		if len(sub) != min(n, 250) {
			t.Errorf("%d of 250: %d", n, len(sub))
		}
		for _, i := range last {
			if _, in := slices.BinarySearch(sub, i); !in {
				t.Fatalf("item %d of the subset before is not in the one of %d", i, n)
			}
		}
		for c, got := range s.perClass(sub) {
			if want := float64(min(n, 250)) * []float64{0.4, 0.4, 0.2}[c]; float64(got) < want-1 || float64(got) > want+1 {
				t.Errorf("%d images: %d of class %d, want %g", n, got, c, want)
			}
		}
		last = sub
	}
	if reflect.DeepEqual(s.Subset(all, 50, 3), s.Subset(all, 50, 4)) {
		t.Error("two seeds draw the same subset")
	}
}

func TestCopiesOfAPictureAreFoundWhateverTheirSize(t *testing.T) {
	dir := pictureFolder(t, 64, 64, names(6, "cat", "dog")...)
	writePicture(t, filepath.Join(dir, "dog", "small.png"), 2, 40, 40) // cat/02 again, smaller
	writePicture(t, filepath.Join(dir, "dog", "same.png"), 8, 64, 64)  // dog/02 again
	writePicture(t, filepath.Join(dir, "dog", "other.png"), 77, 64, 64)
	s := open(t, Folder(dir), Options{})
	group := map[string]string{}
	for _, it := range s.Items {
		if first := s.Items[it.Group].Name; first != it.Name {
			group[it.Name] = first
		}
	}
	if want := map[string]string{"dog/small.png": "cat/02.png", "dog/same.png": "dog/02.png"}; !reflect.DeepEqual(group, want) {
		t.Errorf("got %v, want %v", group, want)
	}
	if d := s.Describe(); d.Duplicates != 2 {
		t.Errorf("described %d duplicates", d.Duplicates)
	}
}
