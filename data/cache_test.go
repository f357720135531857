package data

import (
	"bytes"
	"path/filepath"
	"sync"
	"testing"

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
