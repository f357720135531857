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
			digests[i] = s.Digest + hashOf(p.data)
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
	if err := w.finish(); err != nil {
		f.Fatal(err)
	}
	p, err := parsePixels(b.Bytes(), 2)
	if err != nil || string(p.At(1).Pix) != "gh" || p.Bytes() != 8 {
		f.Fatal(p, err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		for n := range 3 {
			if p, err := parsePixels(b, n); err == nil {
				for i := range n {
					p.At(i)
				}
			}
		}
	})
}
