package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/format"
)

func aListing() *listing {
	l := &listing{head: head{Root: "/photos", State: "abc", Classes: []string{"cat", "dog"}, C: 3, H: 8, W: 9,
		Faults: []Fault{{"cat/x.png", "an empty file", "delete it"}}, Doubts: []Doubt{{Kind: DoubtDepth, What: "w", Examples: []string{"e"}}}}}
	for i := range 5 {
		l.items = append(l.items, Item{Name: fmt.Sprintf("cat/%d.png", i), Label: int32(i % 2), Split: format.Train, H: 8, W: 9, Hash: Hash{byte(i)}, Group: int32(i)})
	}
	l.items[3].Group = 1
	return l
}

func written(t testing.TB, l *listing) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sealed gives a body the sum that makes it whole.
func sealed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

func TestAListingReadsBackAndNoFlippedBitIsTaken(t *testing.T) {
	l := aListing()
	b := written(t, l)
	if back, err := readListing(b); err != nil || !reflect.DeepEqual(back, l) {
		t.Fatalf("%+v reads back as %+v, %v", l, back, err)
	}
	for at := range b {
		for bit := range 8 {
			b[at] ^= 1 << bit
			if _, err := readListing(b); err == nil {
				t.Fatalf("bit %d of byte %d flipped: taken", bit, at)
			}
			b[at] ^= 1 << bit
		}
	}
	for n := range b {
		if _, err := readListing(b[:n]); err == nil {
			t.Fatalf("cut to %d bytes: taken", n)
		}
	}
}

func TestAWholeListingThatCannotBeIsRefused(t *testing.T) {
	for name, break_ := range map[string]func(l *listing){
		"a label without a class":    func(l *listing) { l.items[4].Label = 2 },
		"a negative label":           func(l *listing) { l.items[4].Label = -1 },
		"a part that is none":        func(l *listing) { l.items[4].Split = 9 },
		"a group behind its item":    func(l *listing) { l.items[2].Group = 4 },
		"a group that has another":   func(l *listing) { l.items[4].Group = 3 },
		"items out of order":         func(l *listing) { l.items[0], l.items[4] = l.items[4], l.items[0] },
		"two channels":               func(l *listing) { l.C = 2 },
		"a height that is none":      func(l *listing) { l.H = -1 },
		"a picture as high as space": func(l *listing) { l.items[4].H = 1 << 31 },
	} {
		l := aListing()
		break_(l)
		if _, err := readListing(written(t, l)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	b := written(t, aListing())
	if _, err := readListing(sealed(append(b[:len(b)-sha256.Size:len(b)-sha256.Size], 'x'))); err == nil {
		t.Error("a name too long: taken")
	}
}

// A damaged listing is made again without a word; a digest is never read from it.
func TestADamagedListingOfTheCacheIsMadeAgain(t *testing.T) {
	dir, cache := pictureFolder(t, 16, 16, names(5, "cat", "dog")...), t.TempDir()
	want := open(t, Folder(dir), Options{Cache: cache})
	files, err := filepath.Glob(filepath.Join(cache, "*"+listingEnding))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(b); at += 37 {
		b[at] ^= 4
		if err := os.WriteFile(files[0], b, 0o644); err != nil {
			t.Fatal(err)
		}
		b[at] ^= 4
		s := open(t, Folder(dir), Options{Cache: cache})
		if s.Digest != want.Digest || !reflect.DeepEqual(s.Items, want.Items) {
			t.Fatalf("byte %d damaged: another set", at)
		}
		if again, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("byte %d damaged: the listing is not made again (%v)", at, err)
		}
	}
}

func FuzzListing(f *testing.F) {
	b := written(f, aListing())
	f.Add(b[:len(b)-sha256.Size])
	text, err := json.Marshal(head{Classes: []string{"a"}, C: 1, Items: 1 << 40})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte(listingMagic+string(rune(len(text)))+"\x00\x00\x00"), text...))
	f.Fuzz(func(t *testing.T, body []byte) { // a right sum, so that what lies behind it is tried
		l, err := readListing(sealed(body))
		if err != nil {
			return
		}
		s := &Set{Name: "made", Classes: l.Classes, Items: l.items, spec: Spec{Val: 0.2, Test: 0.1}}
		s.Cut(1, 1)
		s.Describe()
	})
}

// A process of a study reads the listing before it does anything.
func BenchmarkReadListing50000(b *testing.B) {
	l := aListing()
	files := make([]file, 50_000)
	for i := range files {
		files[i] = file{fmt.Sprintf("train/class%02d/picture_%06d.jpeg", i%100, i), int32(i % 2), i, i}
	}
	l.items = listed(Spec{}, 2, files).Items
	text := written(b, l)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := readListing(text)
		if err != nil {
			b.Fatal(err)
		}
		if digestOf(l.Classes, l.items, nil, nil) == "" || !strings.HasPrefix(l.Root, "/") {
			b.Fatal("no digest")
		}
	}
}
