package data

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
)

// file is a picture of a made folder: what it shows, and what it is called.
type file struct {
	name  string
	label int32
	kin   int // files of one kin are near to one another
	twist int // what tells them apart
}

func listed(spec Spec, classes int, files []file) *Set {
	kins := map[Hash]string{}
	items := make([]Item, len(files))
	for i, f := range files {
		h := hashOf(fmt.Appendf(nil, "%d %d", f.kin, f.twist))
		items[i] = Item{Name: f.name, Label: f.label, Hash: h}
		kins[h] = fmt.Sprint(f.kin)
	}
	return setWith(spec, classes, items, func(it Item) string { return kins[it.Hash] })
}

// parts says of each content which part it is in; copies that validation or test leave out are in none.
func parts(s *Set, c Cut) map[string]string {
	part := map[string]string{}
	for name, items := range map[string][]int{"train": c.Train, "val": c.Val, "test": c.Test} {
		for _, i := range items {
			part[fmt.Sprint(s.Items[i].Hash, s.Items[i].Label)] = name
		}
	}
	return part
}

// moved counts, by class, the contents that are in both and in another part.
func moved(a, b map[string]string, classes int) []int {
	n := make([]int, classes)
	for key, part := range a {
		if now, ok := b[key]; ok && now != part {
			var hash string
			var label int
			fmt.Sscan(key, &hash, &label)
			n[label]++
		}
	}
	return n
}

func TestOneFileMoreOrLessMovesWhatItsClassDemandsAndARenamedOneNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		kins  int // files a kin, at most
		bound func(largest int) int
	}{
		{"no near-duplicates", 1, func(int) int { return 3 }},
		{"groups of up to four", 4, func(s int) int { return 13*s - 1 }},
		{"groups of up to thirty", 30, func(s int) int { return 13*s - 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			const classes = 4
			edits := 1000
			if testing.Short() {
				edits = 150
			}
			if golden.Raced { // one goroutine
				edits = 20
			}
			seed := rand.Uint64()
			r := rand.New(rand.NewPCG(seed, 1))
			spec := Spec{Val: 0.15, Test: 0.1}
			var files []file
			made, kins := 0, 0
			create := func() file {
				made++
				label := int32(r.IntN(classes))
				if r.IntN(c.kins) > 0 { // one more of a kin that is there
					var of []file
					for _, f := range files {
						if f.label == label {
							of = append(of, f)
						}
					}
					if len(of) > 0 {
						f := of[r.IntN(len(of))]
						n := 0
						for _, g := range files {
							if g.kin == f.kin {
								n++
							}
						}
						if n < c.kins {
							return file{fmt.Sprint(made), label, f.kin, made}
						}
					}
				}
				kins++
				return file{fmt.Sprint(made), label, kins, made}
			}
			for range 300 {
				files = append(files, create())
			}
			largest := func(s *Set, label int32) int {
				n, most := map[int32]int{}, 1
				for _, it := range s.Items {
					if it.Label == label {
						n[it.Group]++
						most = max(most, n[it.Group])
					}
				}
				return most
			}
			before := listed(spec, classes, files)
			worst, total := 0, 0
			for edit := range edits {
				var of file
				kind := []string{"add", "remove", "rename"}[r.IntN(3)]
				at := r.IntN(len(files))
				switch kind {
				case "add":
					of = create()
					files = append(files, of)
				case "remove":
					of = files[at]
					files = slices.Delete(files, at, at+1)
				case "rename":
					of = files[at]
					files[at].name = fmt.Sprint("renamed", edit)
				}
				r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] }) // no order of a folder decides
				after := listed(spec, classes, files)
				s := max(largest(before, of.label), largest(after, of.label))
				for repeat := range 2 {
					a, b := before.Cut(1, repeat), after.Cut(1, repeat)
					n := moved(parts(before, a), parts(after, b), classes)
					if kind == "rename" {
						if before.Digest != after.Digest || !reflect.DeepEqual(a, b) {
							t.Fatalf("seed %d, edit %d: a renamed file makes another set or cut", seed, edit)
						}
						if x, y := before.Subset(a.Train, 50, 3), after.Subset(b.Train, 50, 3); !slices.Equal(x, y) {
							t.Fatalf("seed %d, edit %d: a renamed file makes another subset", seed, edit)
						}
						continue
					}
					if before.Digest == after.Digest {
						t.Fatalf("seed %d, edit %d: %s keeps the digest", seed, edit, kind)
					}
					for label, k := range n {
						if int32(label) != of.label && k > 0 {
							t.Fatalf("seed %d, edit %d: %s a file of class %d moves %d images of class %d", seed, edit, kind, of.label, k, label)
						}
					}
					if k := n[of.label]; k > c.bound(s) {
						t.Fatalf("seed %d, edit %d: %s a file moves %d images, the bound is %d (groups of up to %d)", seed, edit, kind, k, c.bound(s), s)
					}
					worst, total = max(worst, n[of.label]), total+n[of.label]
				}
				before = after
			}
			t.Logf("%d edits: at most %d images moved, %.2f on average", edits, worst, float64(total)/float64(2*edits))
		})
	}
}

func TestOneItemMoreMovesOneOfItsClassAndOneOfAnotherInASubset(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	var files []file
	for i := range 200 {
		files = append(files, file{fmt.Sprint(i), int32(r.IntN(5)), i, i})
	}
	chosen := func(s *Set, n int) map[string]string {
		part := map[string]string{}
		for i := range s.Items {
			part[fmt.Sprint(s.Items[i].Hash, s.Items[i].Label)] = "out"
		}
		for _, i := range s.Subset(all(s), n, 7) {
			part[fmt.Sprint(s.Items[i].Hash, s.Items[i].Label)] = "in"
		}
		return part
	}
	edits := 1000
	if golden.Raced { // one goroutine
		edits = 50
	}
	before := listed(Spec{}, 5, files)
	for edit := range edits {
		label := int32(r.IntN(5))
		files = append(files, file{fmt.Sprint("new", edit), label, 1000 + edit, edit})
		if len(files) > 250 {
			files = slices.Delete(files, 0, 1)
			before = listed(Spec{}, 5, files[:len(files)-1])
		}
		after := listed(Spec{}, 5, files)
		n := moved(chosen(before, 60), chosen(after, 60), 5)
		total := 0
		for _, k := range n {
			total += k
		}
		if total > 2 || n[label] > 1 {
			t.Fatalf("seed %d, edit %d: an item of class %d more moves %v", seed, edit, label, n)
		}
		before = after
	}
}

func TestAnEpochKeepsItsOrderWhenAFileComes(t *testing.T) {
	var files []file
	for i := range 100 {
		files = append(files, file{fmt.Sprint(i), int32(i % 2), i, i})
	}
	order := func(s *Set) (hashes []string) {
		for _, i := range s.byLot(all(s), tensor.NewStream(1, "order"), 3) {
			hashes = append(hashes, s.Items[i].Hash.String())
		}
		return hashes
	}
	a := order(listed(Spec{}, 2, files))
	b := order(listed(Spec{}, 2, append(files, file{"new", 0, 1000, 1000})))
	b = slices.DeleteFunc(b, func(h string) bool { return !slices.Contains(a, h) })
	if !slices.Equal(a, b) {
		t.Error("the others stand in another order")
	}
	if slices.IsSorted(a) {
		t.Error("it is the order of contents")
	}
}

func TestARenamedAndAnArrangedFolderIsTheSameToTheLastBit(t *testing.T) {
	dir := pictureFolder(t, 20, 24, names(7, "cat", "dog")...)
	batches := func(cache string) (out []float32, s *Set) {
		s = open(t, Folder(dir), Options{Cache: cache, Size: 16})
		cut := s.Cut(1, 1)
		l := trainer(t, s, cut.Train, nil)
		b := l.NewBatch()
		for step := range l.Steps() {
			if err := l.Fill(1, step, b); err != nil {
				t.Fatal(err)
			}
			out = append(out, b.X.Data...)
		}
		return out, s
	}
	cache := t.TempDir()
	first, a := batches(cache)
	for from, to := range map[string]string{"cat/03.png": "cat/zz/last.PNG", "dog/06.png": "dog/0.png", "dog/00.png": "dog/09.png"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	for _, cache := range []string{cache, ""} {
		second, b := batches(cache)
		if !slices.Equal(first, second) || a.Digest != b.Digest || !reflect.DeepEqual(a.Cut(1, 0), b.Cut(1, 0)) || !slices.Equal(a.Hashes(all(a)), b.Hashes(all(b))) {
			t.Errorf("cache %q: renamed files make another set", cache)
		}
	}
	if err := os.Rename(filepath.Join(dir, "cat"), filepath.Join(dir, "lion")); err != nil {
		t.Fatal(err)
	}
	if c := open(t, Folder(dir), Options{}); c.Digest == a.Digest {
		t.Error("another name of a class leaves the digest")
	}
}

func TestExactCopiesCountOnceInValidationAndTest(t *testing.T) {
	var files []file
	for i := range 60 {
		for copy := range 1 + i%3 {
			files = append(files, file{fmt.Sprint(i, "-", copy), int32(i % 2), i, i})
		}
	}
	s := listed(Spec{Val: 0.2, Test: 0.2}, 2, files)
	c := s.Cut(1, 1)
	if got := []int{len(c.Val), len(c.Test)}; !slices.Equal(got, []int{12, 12}) { // a fifth of the 60 pictures
		t.Errorf("validation and test hold %v images, want 12 each", got)
	}
	seen := map[Hash]string{}
	for name, items := range map[string][]int{"val": c.Val, "test": c.Test} {
		for _, h := range s.Hashes(items) {
			if seen[h] != "" {
				t.Errorf("a picture of %s stands in %s too", name, seen[h])
			}
			seen[h] = name
		}
	}
	n := 0
	for _, h := range s.Hashes(c.Train) {
		if seen[h] != "" {
			t.Error("training holds a copy of a picture of", seen[h])
		}
		n++
	}
	want := 0
	for i := range files {
		if seen[hashOf(fmt.Appendf(nil, "%d %d", files[i].kin, files[i].twist))] == "" {
			want++
		}
	}
	if n != want {
		t.Errorf("training holds %d images, want every copy: %d", n, want)
	}
}

func TestGroupsOfSeveralClassesLeaveTheSharesOfClassesExact(t *testing.T) {
	var files []file
	for i := range 400 { // a tenth of the pictures of one class has a twin in the other
		files = append(files, file{fmt.Sprint("a", i), 0, i, 2 * i})
		kin := 1000 + i
		if i%10 == 0 {
			kin = i
		}
		files = append(files, file{fmt.Sprint("b", i), 1, kin, 2*i + 1})
	}
	s := listed(Spec{Val: 0.2, Test: 0.1}, 2, files)
	for repeat := range 5 {
		c := s.Cut(3, repeat)
		if got, want := append(s.perClass(c.Val), s.perClass(c.Test)...), []int{80, 80, 40, 40}; !slices.Equal(got, want) {
			t.Errorf("repeat %d: validation and test %v, want %v", repeat, got, want)
		}
	}
	// Pictures before and after: every group holds both classes.
	for i := range files {
		files[i].kin = i / 2
	}
	if c := listed(Spec{Val: 0.2, Test: 0.1}, 2, files).Cut(1, 1); len(c.Val) != 160 || len(c.Test) != 80 {
		t.Errorf("pairs: %d in validation, %d in test; want 160 and 80", len(c.Val), len(c.Test))
	}
}

func TestAHashIsWrittenAndRead(t *testing.T) {
	h := hashOf([]byte("picture"))
	var back Hash
	text, err := h.MarshalText()
	if err != nil || back.UnmarshalText(text) != nil || back != h || len(text) != 32 {
		t.Errorf("%s reads back as %s", h, back)
	}
	for _, bad := range []string{"", "ab", string(text) + "0", strings.Repeat("x", 32)} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
	if hashOfRecord(2, 3, 1, []byte("abcdef")) == hashOfRecord(3, 2, 1, []byte("abcdef")) {
		t.Error("records of two shapes have one hash")
	}
}
