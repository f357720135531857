package data

import (
	"bytes"
	"testing"

	"github.com/assaylab/assay/data/augment"
)

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
