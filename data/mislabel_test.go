package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
)

func TestNoiseIsExactNestedAndByContent(t *testing.T) {
	if golden.Raced {
		t.Skip("12,000 pictures take the way that the few of other tests take")
	}
	s := mini(t)
	train := s.Cut(1, 1).Train
	wrong := func(labels []int32) (items []int) {
		for i, l := range labels {
			if l != s.Items[i].Label {
				items = append(items, i)
			}
		}
		return items
	}
	some, more := wrong(s.Mislabelled(train, 0.05, 7)), wrong(s.Mislabelled(train, 0.2, 7))
	if len(some) != int(math.Round(0.05*float64(len(train)))) || len(more) != int(math.Round(0.2*float64(len(train)))) {
		t.Errorf("%d and %d of %d wrong", len(some), len(more), len(train))
	}
	for _, list := range [][]int{some, more} {
		for _, i := range list {
			if _, in := slices.BinarySearch(train, i); !in {
				t.Fatalf("item %d is none of training", i)
			}
		}
	}
	for _, i := range some {
		if !slices.Contains(more, i) {
			t.Fatalf("item %d is wrong at 5 %% and right at 20 %%", i)
		}
	}
	if slices.Equal(some, wrong(s.Mislabelled(train, 0.05, 8))) {
		t.Error("another seed makes the same labels wrong")
	}
	counts := make([]int, len(s.Classes)) // of the classes that an item of class 0 is taken for
	for i, l := range s.Mislabelled(train, 0.9, 7) {
		if s.Items[i].Label == 0 {
			counts[l]++
		}
	}
	for _, n := range counts[1:] {
		if math.Abs(float64(n)-90) > 5*math.Sqrt(90) {
			t.Errorf("classes that are taken: %v, want about 90 each", counts)
			break
		}
	}
}

func TestConfusionGivesTheSharesAskedFor(t *testing.T) {
	if golden.Raced {
		t.Skip("12,000 pictures take the way that the few of other tests take")
	}
	s := mini(t)
	train := s.Cut(1, 1).Train
	labels, err := s.Confused(train, map[string]map[string]float64{"Shirt": {"Coat": 0.3, "Dress": 0.1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, i := range train {
		if a, b := s.Classes[s.Items[i].Label], s.Classes[labels[i]]; a != b {
			got[a+" for "+b]++
		}
	}
	if a, b := got["Shirt for Coat"], got["Shirt for Dress"]; len(got) != 2 || math.Abs(float64(a)-270) > 60 || math.Abs(float64(b)-90) > 40 {
		t.Errorf("%v, want about 270 and 90", got)
	}
	if _, err := s.Confused(train, map[string]map[string]float64{"Shirt": {"Hat": 0.3}}, 1); err == nil || !strings.Contains(err.Error(), `has no class "Hat"`) {
		t.Errorf("a class that is not there: %v", err)
	}
}

func TestDealtFoldsHoldEachItemOnceAndAreStratifiedByTheOverlay(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 8, 8, names(10, "a", "b")...)), Options{})
	items := every(len(s.Items))
	over := Overlay{Labels: s.Mislabelled(items, 0.3, 1)}
	dealt, err := s.Deal(items, over, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, of := range dealt {
		n := make([]int, 2)
		for _, i := range of {
			n[over.Labels[i]]++
		}
		if all = append(all, of...); n[0] < 2 || n[1] < 2 {
			t.Errorf("a fold of %v images by class", n)
		}
	}
	if slices.Sort(all); !slices.Equal(all, items) {
		t.Errorf("dealt %v", all)
	}
	if _, err := s.Deal(items[:4], Overlay{}, 5, 1); err == nil || !strings.Contains(err.Error(), "folds: 5 folds of 4 images; give at most") {
		t.Errorf("too many folds: %v", err)
	}
}
