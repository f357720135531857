package data

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/assaylab/assay/data/augment"
)

func TestManyOpenOneCacheAtOnce(t *testing.T) {
	dir, cache := pictureFolder(t, 20, 30, names(6, "cat", "dog")...), t.TempDir()
	var all sync.WaitGroup
	digests := make([]string, 4)
	for i := range digests {
		all.Go(func() {
			s, err := Open(t.Context(), Folder(dir), Options{Cache: cache})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			p, err := s.Pixels(t.Context(), [2]int{24, 24})
			if err != nil {
				t.Error(err)
				return
			}
			digests[i] = s.Digest + hashOf(p.data).String()
		})
	}
	all.Wait()
	for _, d := range digests {
		if d != digests[0] {
			t.Errorf("one cache, two sets: %v", digests)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(cache, "*")); len(files) != 3 {
		t.Errorf("cache holds %v, want a scan and two sizes", files)
	}
}

// cacheOf lists a cache folder as "kind root in use" lines.
func cacheOf(t *testing.T, dir string) (lines []string) {
	t.Helper()
	files, err := CacheFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		line := f.Kind + " " + filepath.Base(f.Root)
		if f.InUse {
			line += " in use"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func TestACacheKeepsOneStateOfARoot(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files count as held for a day")
	}
	dir, other, cache := pictureFolder(t, 20, 30, names(6, "cat", "dog")...), pictureFolder(t, 20, 20, names(4, "cat", "dog")...), t.TempDir()
	fill := func(spec Spec) *Set {
		s := open(t, spec, Options{Cache: cache})
		for _, resize := range [][2]int{{}, {24, 24}} {
			if _, err := s.Pixels(t.Context(), resize); err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	base, otherBase := filepath.Base(dir), filepath.Base(other)
	first := fill(Folder(dir))
	fill(Folder(other)).Close()
	want := []string{"listing " + base + " in use", "listing " + otherBase, "pixels " + base + " in use", "pixels " + base + " in use", "pixels " + otherBase, "pixels " + otherBase}
	slices.Sort(want)
	if got := cacheOf(t, cache); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	files, err := CacheFiles(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.InUse {
			if _, gone, err := f.Free(); gone || err != nil {
				t.Errorf("%s is in use and gone %v, %v", f.Path, gone, err)
			}
		}
	}

	// A picture comes while the set is in use: its pixels stay until it is closed.
	writePicture(t, filepath.Join(dir, "cat", "new.png"), 100, 20, 30)
	second := fill(Folder(dir))
	if second.Freed() != 0 {
		t.Errorf("%d bytes of a set in use were freed", second.Freed())
	}
	if p, err := first.Pixels(t.Context(), [2]int{24, 24}); err != nil || len(pixelsAt(t, p, 0).Pix) == 0 {
		t.Error("the set in use lost its pixels", err)
	}
	first.Close()
	second.Close()
	writePicture(t, filepath.Join(dir, "cat", "newer.png"), 101, 20, 30)
	if err := os.WriteFile(filepath.Join(cache, ".left.pixels.1-0.partial"), make([]byte, 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	third := fill(Folder(dir))
	if third.Freed() < 1000+12*24*36*3 {
		t.Errorf("%d bytes freed, want the earlier states and what a dead process left", third.Freed())
	}
	if got := cacheOf(t, cache); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	third.Close()
	skipping := Folder(dir)
	skipping.Skip = []string{"cat/new*"}
	fill(skipping).Close()
	if got := cacheOf(t, cache); len(got) != 9 {
		t.Errorf("with other globs: %q", got)
	}
	old := time.Now().Add(-2 * stale)
	all, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	skipping.Skip = []string{"cat/newer*"}
	fill(skipping).Close()
	for i := range want { // those of the other root stay, however old
		want[i] = strings.TrimSuffix(want[i], " in use")
	}
	if got := cacheOf(t, cache); !slices.Equal(got, want) {
		t.Errorf("with third globs: got  %q\nwant %q", got, want)
	}
	files, err = CacheFiles(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if n, gone, err := f.Free(); n != f.Bytes || !gone || err != nil || f.Root == dir && time.Since(f.Used) > time.Hour {
			t.Errorf("%+v: freed %d, gone %v, %v", f, n, gone, err)
		}
	}
	if got := cacheOf(t, cache); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	if got := cacheOf(t, filepath.Join(cache, "nowhere")); len(got) != 0 {
		t.Errorf("nowhere: %q", got)
	}
}

func TestTheCacheOfABuiltInSetIsTheSameInEveryWorkingFolder(t *testing.T) {
	ids := map[string]bool{}
	for _, spec := range []Spec{Builtin("fashion-mini"), Builtin("fashion-mini")} {
		t.Chdir(t.TempDir())
		root, err := (&Set{spec: spec}).root()
		if err != nil {
			t.Fatal(err)
		}
		ids[rootID(root, spec)] = true
	}
	if len(ids) != 1 {
		t.Errorf("names %v", ids)
	}
}

func TestADamagedPictureIsDecodedAgainWhenItIsFirstSeen(t *testing.T) {
	dir, cache := pictureFolder(t, 20, 30, names(6, "cat", "dog")...), t.TempDir()
	resize := [2]int{24, 24}
	s := open(t, Folder(dir), Options{Cache: cache})
	p, err := s.Pixels(t.Context(), resize)
	if err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	for i := range s.Items {
		want = append(want, bytes.Clone(pixelsAt(t, p, i).Pix))
	}
	file := s.pixelFile(augment.Size{H: resize[0], W: resize[1]})
	s.Close()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []int{0, len(want[0]) * 7, len(want[0])*12 - 1} { // a byte of three pictures, in the order of the files
		b := bytes.Clone(whole)
		b[at] ^= byte(1 << i)
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		s := open(t, Folder(dir), Options{Cache: cache})
		p, err := s.Pixels(t.Context(), resize)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for i := range s.Items {
				if !bytes.Equal(pixelsAt(t, p, i).Pix, want[i]) {
					t.Errorf("byte %d damaged: item %d is another picture", at, i)
				}
			}
		}
		if len(p.mended) != 1 {
			t.Errorf("byte %d damaged: %d pictures decoded again, want 1", at, len(p.mended))
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("byte %d damaged: the file is still there", at)
		}
		s.Close()
	}

	// Damaged, and the picture is another one now, with the old one's size and time.
	b := bytes.Clone(whole)
	b[5] ^= 1
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	s = open(t, Folder(dir), Options{Cache: cache})
	if p, err = s.Pixels(t.Context(), resize); err != nil {
		t.Fatal(err)
	}
	for i := range s.Items {
		writePicture(t, filepath.Join(dir, s.Items[i].Name), uint64(500+i), 20, 30)
	}
	failed := 0
	for i := range s.Items {
		if _, err := p.At(i); err != nil {
			if failed++; !strings.Contains(err.Error(), " has changed since it was listed (") {
				t.Error(err)
			}
		}
	}
	if failed != 1 {
		t.Errorf("%d pictures fail, want the damaged one", failed)
	}
}

func TestLookingWritesNothing(t *testing.T) {
	dir, cache := pictureFolder(t, 20, 30, names(6, "cat", "dog")...), filepath.Join(t.TempDir(), "cache")
	decodedNow := 0
	s := open(t, Folder(dir), Options{Cache: cache, Look: true, Progress: func(int, int) { decodedNow++ }})
	decodedNow = 0
	l := trainer(t, s, []int{1, 3, 4, 8}, nil)
	if err := l.Fill(0, 0, l.NewBatch()); err != nil || decodedNow != 4 {
		t.Errorf("%d pictures decoded for a batch of 4, %v", decodedNow, err)
	}
	p, err := s.Pixels(t.Context(), l.cfg.Geometry.Resize)
	if err != nil {
		t.Fatal(err)
	}
	if m := pixelsAt(t, p, 5); m.H != 18 || decodedNow != 5 {
		t.Errorf("a picture %d high, %d decoded; want one more, 18 high", m.H, decodedNow)
	}
	if _, err := os.Stat(cache); err == nil {
		t.Error("a look makes a cache")
	}
	kept := open(t, Folder(dir), Options{Cache: cache})
	before := cacheOf(t, cache)
	decoded := 0
	again := open(t, Folder(dir), Options{Cache: cache, Look: true, Progress: func(int, int) { decoded++ }})
	if decoded > 0 || again.Digest != kept.Digest || s.Digest != kept.Digest || !reflect.DeepEqual(again.Items, s.Items) || s.C != kept.C {
		t.Errorf("a look decodes %d pictures, or sees another set", decoded)
	}
	writePicture(t, filepath.Join(dir, "cat", "new.png"), 100, 20, 30)
	open(t, Folder(dir), Options{Cache: cache, Look: true})
	if after := cacheOf(t, cache); !slices.Equal(before, after) {
		t.Errorf("a look changes the cache from %q to %q", before, after)
	}
}

func FuzzPixelFile(f *testing.F) {
	var b bytes.Buffer
	w := &pixelWriter{w: &b}
	for _, m := range []augment.Image{{H: 2, W: 1, C: 3, Pix: []byte("abcdef")}, {H: 1, W: 2, C: 1, Pix: []byte("gh")}} {
		e, err := w.add(m)
		if err != nil {
			f.Fatal(err)
		}
		w.entries = append(w.entries, e)
	}
	id := [16]byte{1, 2, 3}
	if err := w.finish(id); err != nil {
		f.Fatal(err)
	}
	p, err := parsePixels(b.Bytes(), id, 2)
	if err != nil || string(pixelsAt(f, p, 1).Pix) != "gh" || p.Bytes() != 8 {
		f.Fatal(p, err)
	}
	if _, err := parsePixels(b.Bytes(), [16]byte{}, 2); err == nil {
		f.Fatal("a file of other contents is taken")
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		for n := range 3 {
			if p, err := parsePixels(b, id, n); err == nil {
				p.mended, p.mend = map[int]augment.Image{}, func(int) (augment.Image, error) { return augment.Image{}, nil }
				for i := range n {
					p.At(i)
				}
			}
		}
	})
}
