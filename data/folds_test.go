package data

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/tensor"
)

func TestEveryImageIsValidatedOnceARound(t *testing.T) {
	s := setOf(Spec{Folds: 5, Test: 0.1}, 101, 53, 33, 6)
	rounds := [2][5]Cut{}
	for round := range rounds {
		seen := make([]int, len(s.Items))
		for fold := range 5 {
			c := s.Cut(7, 1+5*round+fold)
			rounds[round][fold] = c
			for _, i := range c.Val {
				seen[i]++
			}
			all := slices.Concat(c.Train, c.Val, c.Test)
			slices.Sort(all)
			if !reflect.DeepEqual(all, every(len(s.Items))) {
				t.Errorf("round %d, fold %d: its parts are not the set", round, fold)
			}
			if !reflect.DeepEqual(c.Test, rounds[0][0].Test) {
				t.Errorf("round %d, fold %d: another test part", round, fold)
			}
			for class, n := range s.perClass(c.Val) {
				open := s.perClass(slices.Concat(c.Train, c.Val))[class]
				if n < open/5 || n > (open+4)/5 {
					t.Errorf("round %d, fold %d: %d of the %d images of class %d", round, fold, n, open, class)
				}
			}
		}
		for i, n := range seen {
			if _, test := slices.BinarySearch(rounds[0][0].Test, i); test != (n == 0) || n > 1 {
				t.Errorf("round %d: item %d is validated %d times", round, i, n)
			}
		}
	}
	if reflect.DeepEqual(rounds[0], rounds[1]) {
		t.Error("two rounds are the same")
	}
	if reflect.DeepEqual(s.Cut(7, 1).Val, s.Cut(8, 1).Val) {
		t.Error("two seeds deal the same")
	}
	if a, b := len(rounds[0][0].Val), len(rounds[0][4].Val); max(a-b, b-a) > 1 {
		t.Errorf("folds of %d and %d images: what is left over of the classes piles up", a, b)
	}
}

// Kin of one class and of several stay whole, whatever their sizes, and every class is in every fold that it can fill.
func TestFoldsKeepNearDuplicatesTogether(t *testing.T) {
	random := tensor.NewStream(3, "kin").At(0, 0)
	for round := range 50 {
		var items []Item
		kin := map[Hash]string{}
		for class := range int32(3) {
			for n := range 40 {
				it := Item{Label: class, Hash: hashOf(fmt.Appendf(nil, "%d %d %d", round, class, n))}
				items = append(items, it)
				if kin[it.Hash] = it.Hash.String(); n%3 == 0 {
					kin[it.Hash] = fmt.Sprint("family ", class, random.Uint64()%6)
				} else if n%13 == 0 {
					kin[it.Hash] = fmt.Sprint("mixed ", random.Uint64()%4)
				}
			}
		}
		s := setWith(Spec{Folds: 4}, 3, items, func(it Item) string { return kin[it.Hash] })
		home := map[int32]int{}
		for fold := range 4 {
			c := s.Cut(1, 1+fold)
			for _, i := range c.Val {
				if old, ok := home[s.Items[i].Group]; ok && old != fold {
					t.Fatalf("round %d: a group lies in folds %d and %d", round, old, fold)
				}
				home[s.Items[i].Group] = fold
			}
			for class, n := range s.perClass(c.Val) {
				if n < 8 || n > 12 {
					t.Errorf("round %d, fold %d: %d of the 40 images of class %d", round, fold, n, class)
				}
			}
		}
	}
}

// A class with as many groups as folds is in each, though one group holds nearly all of its images.
func TestALargeFamilyTakesNoFoldFromOthers(t *testing.T) {
	var items []Item
	family := map[Hash]string{}
	for n := range 24 {
		it := Item{Label: int32(n % 2), Hash: hashOf(fmt.Append(nil, n))}
		if family[it.Hash] = it.Hash.String(); n%2 == 0 {
			family[it.Hash] = map[bool]string{true: "one", false: fmt.Sprint(n)}[n < 16]
		}
		items = append(items, it)
	}
	s := setWith(Spec{Folds: 5}, 2, items, func(it Item) string { return family[it.Hash] })
	if err := s.dealable(); err != nil {
		t.Fatal(err)
	}
	for fold := range 5 {
		if n := s.perClass(s.Cut(1, 1+fold).Val)[0]; n != 1 && n != 8 {
			t.Errorf("fold %d has %d images of the class", fold, n)
		}
	}
}

func TestAFileMoreMovesFewImagesBetweenFolds(t *testing.T) {
	s := setOf(Spec{Folds: 5}, 60, 60)
	home := func(s *Set) map[Hash]int {
		of := map[Hash]int{}
		for fold := range 5 {
			for _, i := range s.Cut(1, 1+fold).Val {
				of[s.Items[i].Hash] = fold
			}
		}
		return of
	}
	before := home(s)
	for n := range 40 {
		more := setWith(s.spec, 2, append(slices.Clone(s.Items), Item{Label: 1, Hash: hashOf(fmt.Append(nil, "more", n))}), nil)
		moved := 0
		for hash, fold := range home(more) {
			if old, was := before[hash]; was && old != fold {
				moved++
			}
		}
		if moved > 4 {
			t.Errorf("file %d moves %d images, want one at most at the end of each fold but the last", n, moved)
		}
	}
}

func TestFoldsThatCannotBeFilledAreRefusedAtTheirKey(t *testing.T) {
	dir := pictureFolder(t, 8, 8, append(names(6, "cat", "dog"), names(3, "emu")...)...)
	writePicture(t, filepath.Join(dir, "emu", "copy.png"), 12, 8, 8) // emu/00 again
	for _, c := range []struct {
		folds int
		test  float64
		want  string
	}{
		{3, 0, ""},
		{4, 0, "folds: class emu has 3 images or groups of near-duplicates, too few for 4 folds; give at most 3"},
		{3, 0.1, "folds: class emu has 2 images or groups of near-duplicates, too few for 3 folds; give at most 2"},
		{17, 0, "folds: 17 folds of 15 images; give at most 3"},
	} {
		set, err := Open(t.Context(), Spec{Folder: dir, Folds: c.folds, Test: c.test}, Options{})
		if err == nil {
			set.Close()
		}
		f, ok := errors.AsType[*spec.Fault](err)
		if c.want == "" && err != nil || c.want != "" && (!ok || f.Path != "$.val.folds" || f.Msg != c.want) {
			t.Errorf("%d folds: got %v, want %s", c.folds, err, c.want)
		}
	}
	lone := pictureFolder(t, 8, 8, append(names(4, "cat"), names(1, "dog")...)...)
	if _, err := Open(t.Context(), Spec{Folder: lone, Folds: 2}, Options{}); err == nil || !strings.Contains(err.Error(), "class dog has 1 image or group of near-duplicates") {
		t.Errorf("a class of one image: %v", err)
	}
	if d, err := Describe(t.Context(), Spec{Folder: t.TempDir(), Folds: 2}, Options{}); err != nil || d.Problem == "" {
		t.Errorf("an empty folder: %+v, %v", d, err)
	}
	if _, err := Open(t.Context(), Spec{Folder: lone, Folds: 1}, Options{}); err == nil || err.Error() != "data: val: folds 1; give 2 or more" {
		t.Errorf("one fold: %v", err)
	}
}

// Pooled, a folder is what its files would be without the folders train and val: the same set, the same parts.
func TestARedrawnFolderIsTheFolderWithoutParts(t *testing.T) {
	plain := names(8, "cat", "dog")
	var parted []string
	for i, name := range plain {
		parted = append(parted, map[bool]string{true: "val/", false: "train/"}[i%4 == 0]+name)
	}
	whole, dir := pictureFolder(t, 8, 8, plain...), pictureFolder(t, 8, 8, parted...)
	writePicture(t, filepath.Join(dir, "train", "cat", "copy.png"), 0, 8, 8) // val/cat/00 again
	writePicture(t, filepath.Join(whole, "cat", "copy.png"), 0, 8, 8)
	for _, with := range []Spec{{Val: 0.25, Test: 0.1}, {Folds: 3}} {
		a, b := with, with
		a.Folder, b.Folder, b.Parts = whole, dir, Redraw
		cache := Options{Cache: t.TempDir()}
		one, two := open(t, a, Options{}), open(t, b, cache)
		again := open(t, b, cache) // from the listing
		for repeat := range 4 {
			if want := one.Cut(5, repeat); !reflect.DeepEqual(two.Cut(5, repeat), want) || !reflect.DeepEqual(again.Cut(5, repeat), want) {
				t.Errorf("%+v, repeat %d: other parts than of the folder without parts", with, repeat)
			}
		}
		if one.Digest != two.Digest || again.Digest != two.Digest {
			t.Errorf("digests %s, %s, %s", one.Digest, two.Digest, again.Digest)
		}
		for _, d := range two.Doubts() {
			if d.Kind == DoubtLeak {
				t.Errorf("pooled parts leak: %s", d)
			}
		}
		if !slices.ContainsFunc(two.Doubts(), func(d Doubt) bool { return d.Kind == DoubtCopies }) {
			t.Error("a copy that lay in two parts is not told")
		}
		asIs := open(t, Folder(dir), cache)
		if !slices.ContainsFunc(asIs.Doubts(), func(d Doubt) bool { return d.Kind == DoubtLeak }) {
			t.Error("the listing forgot the parts")
		}
	}
	d, err := Describe(t.Context(), Spec{Folder: dir, Parts: Redraw, Folds: 3}, Options{})
	if err != nil || !d.Redrawn || d.Folds != 3 || len(d.Own) != 0 || d.Parts != (Parts{11, 5, 0}) { // the copy lies beside its picture in the first fold, where it counts once
		t.Errorf("described as %+v (%v)", d, err)
	}
}

func TestARedrawnFolderKeepsItsTest(t *testing.T) {
	dir := pictureFolder(t, 8, 8, names(6, "train/cat", "train/dog", "val/cat", "val/dog", "test/cat", "test/dog")...)
	s := open(t, Spec{Folder: dir, Parts: Redraw, Folds: 4, Test: 0.1}, Options{})
	validated := 0
	for fold := range 4 {
		c := s.Cut(1, 1+fold)
		validated += len(c.Val)
		if len(c.Test) != 12 {
			t.Errorf("%d images of test, want 12", len(c.Test))
		}
		for _, i := range c.Test {
			if s.Items[i].Split != format.Test {
				t.Errorf("%s is in the test", s.Items[i].Name)
			}
		}
	}
	if validated != 24 {
		t.Errorf("%d images validated, want 24", validated)
	}
}

func TestAKeyThatChangesNothingIsAnErrorAtItsKey(t *testing.T) {
	two := pictureFolder(t, 8, 8, names(4, "train/cat", "train/dog", "val/cat", "val/dog")...)
	three := pictureFolder(t, 8, 8, names(4, "train/cat", "train/dog", "val/cat", "val/dog", "test/cat", "test/dog")...)
	plain := pictureFolder(t, 8, 8, names(4, "cat", "dog", "old")...)
	const pools = "; take val away here, or write parts: redraw, which pools them with train"
	for _, c := range []struct {
		spec       Spec
		path, want string
	}{
		{Spec{Folder: two, Val: 0.1, Test: 0.1, Asked: []string{"val"}}, "$.val", "val: 0.1 would be ignored, as " + two + " has validation images of its own" + pools},
		{Spec{Folder: two, Folds: 3, Test: 0.1}, "$.val", "val: {folds: 3} would be ignored, as " + two + " has validation images of its own" + pools},
		{Spec{Folder: two, Folds: 3, Test: 0.1, Parts: Redraw}, "", ""},
		{Spec{Folder: two, Val: 0.3, Test: 0.1, Parts: Redraw, Asked: []string{"val", "test"}}, "", ""},
		{Spec{Folder: two, Val: 0.1, Test: 0, Asked: []string{"test"}}, "", ""},
		{Spec{Folder: three, Val: 0.1, Test: 0.1, Asked: []string{"test"}}, "$.test", "test: 0.1 would be ignored, as " + three + " has test images of its own; take test away here, or the folder's parts"},
		{Spec{Folder: three, Val: 0.2, Test: 0.2, Parts: Redraw}, "$.test", "test: 0.2 would be ignored, as " + three + " has test images of its own; take test away here, or the folder's parts"},
		{Spec{Folder: plain, Val: 0.1, Test: 0.1, Parts: Redraw}, "$.parts", "parts: redraw would be ignored, as " + plain + " has no validation images of its own; take parts away"},
		{Spec{Folder: plain, Val: 0.1, Test: 0.1, Skip: []string{"old", "older"}}, "$.skip[1]", `skip: "older" would be ignored, as it names nothing in ` + plain + " that is not left out anyway; correct it or take it away"},
		{Spec{Folder: plain, Val: 0.1, Test: 0.1, Skip: []string{plain + "/old", "cat/00.png"}}, "", ""},
		{Spec{Name: "fashion-mini", Val: 0.1, Test: 0.1, Skip: []string{"*.txt"}}, "$.skip", "skip would be ignored, as nothing of a built-in set is left out; take it away"},
	} {
		for _, opt := range []Options{{}, {Look: true}} {
			s, err := Open(t.Context(), c.spec, opt)
			if err == nil {
				s.Close()
			}
			f, ok := errors.AsType[*spec.Fault](err)
			if c.want == "" && err != nil || c.want != "" && (!ok || f.Path != c.path || f.Msg != c.want) {
				t.Errorf("%+v: got %v, want %s", c.spec, err, c.want)
			}
		}
	}
}

func TestUseSaysHowManyImagesTheMeanRestsOn(t *testing.T) {
	part := func(s *Set, of func(place int) Split) *Set {
		seen := map[int32]int{}
		for i := range s.Items {
			it := &s.Items[i]
			it.Split = of(seen[it.Label])
			seen[it.Label]++
		}
		s.own = s.ownParts()
		return s
	}
	fifth := func(place int) Split {
		if place%5 == 0 {
			return format.Val
		}
		return format.Train
	}
	usual := Spec{Val: 0.1, Test: 0.1}
	for _, c := range []struct {
		what    string
		set     *Set
		share   float64
		repeats int
		want    Use
	}{
		{"parted, whole rounds", part(setOf(usual, 30, 30), fifth), 1. / 3, 6, Use{Spec{Parts: Redraw, Folds: 3}, 40, 20, 60}},
		{"parted, no whole rounds", part(setOf(usual, 30, 30), fifth), 1. / 3, 4, Use{Spec{Parts: Redraw, Val: 1. / 3}, 40, 20, 1 / (1/(20*4.) + 3/(4*60.))}},
		{"parted, a fixed fifth", part(setOf(usual, 30, 30), fifth), 0.2, 5, Use{Spec{Parts: Redraw, Folds: 5}, 48, 12, 60}},
		{"parted, enough of its own", part(setOf(usual, 2500, 2500), fifth), 0.2, 6, Use{usual, 4000, 1000, 1000}},
		{"no parts, too few for a test", setOf(usual, 30, 30), 0.25, 4, Use{Spec{Folds: 4}, 45, 15, 60}},
		{"no parts, two images in a class", setOf(usual, 30, 2), 1. / 3, 3, Use{Spec{Val: 1. / 3}, 21, 11, 1 / (1/(11*3.) + 2/(3*32.))}},
		{"many", setOf(usual, 600, 600), 1. / 3, 3, Use{Spec{Folds: 3, Test: 0.1}, 720, 360, 1080}},
	} {
		got := c.set.Use(c.share, c.repeats)
		if !reflect.DeepEqual(got.Spec, c.want.Spec) || got.Train != c.want.Train || got.Val != c.want.Val || max(got.Rests-c.want.Rests, c.want.Rests-got.Rests) > 1e-9 {
			t.Errorf("%s: got %+v, want %+v", c.what, got, c.want)
		}
	}
}
