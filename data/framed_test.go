package data

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/assaylab/assay/data/augment"
)

// TestAPictureIsFramedAsTorchvisionAndTimmFrameIt holds what evaluation sees of a committed picture to their transforms, within a grey
// level: they round between the two passes in another order.
func TestAPictureIsFramedAsTorchvisionAndTimmFrameIt(t *testing.T) {
	text, err := os.ReadFile("testdata/framed/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]string
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, filter := range augment.Filters() {
		want, err := hex.DecodeString(golden[string(filter)])
		if err != nil || len(want) != 56*56*3 {
			t.Fatalf("%s: %d bytes, %v", filter, len(want), err)
		}
		side := Framing{Share: 0.875, Filter: filter}.Kept(56)
		p := Preprocess{H: 56, W: 56, C: 3, Resize: [2]int{side, side}, Mean: make([]float32, 3), Std: []float32{1, 1, 1}, Filter: filter}
		x, err := p.File("testdata/framed/photo.png")
		if err != nil {
			t.Fatal(err)
		}
		unequal := 0
		for i, v := range x.Data {
			d := int(v*255+0.5) - int(want[i])
			if d < -1 || d > 1 {
				t.Fatalf("%s: value %d is %g grey levels, want %d", filter, i, v*255, want[i])
			}
			if d != 0 {
				unequal++
			}
		}
		if unequal > len(want)/20 {
			t.Errorf("%s: %d of %d values differ by one grey level", filter, unequal, len(want))
		}
		if f := p.Framing(); f != (Framing{0.875, filter}) {
			t.Errorf("its frame is %+v", f)
		}
		own := p
		own.Filter = augment.Own
		y, err := own.File("testdata/framed/photo.png")
		if err != nil {
			t.Fatal(err)
		}
		far := 0
		for i, v := range y.Data {
			if d := v - x.Data[i]; d*d*255*255 > 4 {
				far++
			}
		}
		if far == 0 {
			t.Errorf("%s: the picture cannot tell it from this program's own way", filter)
		}
	}
}

// TestASetIsSeenInAFrame: what evaluation sees of a set's picture is what its preprocessing makes of the file alone, and pictures of two
// frames lie apart, in the cache too.
func TestASetIsSeenInAFrame(t *testing.T) {
	dir, cache := pictureFolder(t, 31, 47, names(4, "cat", "dog")...), t.TempDir()
	frame := Framing{Share: 0.8, Filter: augment.Bilinear}
	for range 2 { // the second time from the cache
		s := open(t, Folder(dir), Options{Cache: cache, Size: 16, Framing: frame})
		shown := map[augment.Filter][]float32{}
		for _, f := range []Framing{frame, {Share: 0.8, Filter: augment.Bicubic}, {}} {
			g := s.Framed(16, 0, f)
			if side := map[bool]int{true: 18, false: 20}[f == Framing{}]; g.Resize != [2]int{side, side} || g.Filter != f.Filter {
				t.Fatalf("%+v: %+v", f, g)
			}
			p, err := s.Preprocess(t.Context(), all(s), g)
			if err != nil {
				t.Fatal(err)
			}
			l, err := s.Loader(t.Context(), all(s), LoaderConfig{Batch: 4, Preprocess: p, Geometry: g})
			if err != nil {
				t.Fatal(err)
			}
			b := l.NewBatch()
			if err := l.Fill(0, 0, b); err != nil {
				t.Fatal(err)
			}
			x, err := p.File(filepath.Join(dir, filepath.FromSlash(s.Items[0].Name)))
			if err != nil {
				t.Fatal(err)
			}
			if got := b.X.Data[:len(x.Data)]; !slices.Equal(got, x.Data) {
				t.Errorf("%+v: the set shows its first picture otherwise than the file alone is seen", f)
			}
			shown[f.Filter] = slices.Clone(x.Data)
		}
		if slices.Equal(shown[augment.Bilinear], shown[augment.Bicubic]) {
			t.Error("both filters show the same")
		}
		s.Close()
	}
	whole := &Set{H: 32, W: 32}
	if g := whole.Framed(0, 0, frame); g.Resize != [2]int{} {
		t.Errorf("pictures that are seen whole are resized: %+v", g)
	}
}
