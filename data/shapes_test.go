package data

import (
	"crypto/sha256"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
)

func TestShapesAreWhatTheyWere(t *testing.T) {
	sum := sha256.New()
	for i := range 6 {
		s := sceneOf(tensor.NewStream(1, "shapes"), i, 64)
		m := s.paint()
		sum.Write(m.Pix)
		for _, f := range s.shapes {
			fmt.Fprintln(sum, f.class, f.box)
		}
	}
	golden.Version(t, filepath.Join("testdata", "shapes.txt"), shapesVersion, fmt.Sprintf("%x\n", sum.Sum(nil)))
}

func TestShapesKeepTheirBounds(t *testing.T) {
	const size, n = 120, 2000
	stream := tensor.NewStream(3, "shapes")
	counts, sides := make([]int, 7), make([]int, len(figures))
	for i := range n {
		s := sceneOf(stream, i, size)
		counts[len(s.shapes)]++
		for k, f := range s.shapes {
			sides[f.class]++
			if side := max(f.box.W(), f.box.H()); side < size/12-0.1 || side > size/3+0.1 {
				t.Fatalf("picture %d: a %s of %g pixels", i, figures[f.class].name, side)
			}
			if f.box.Intersect(box.Box{X1: size, Y1: size}) != f.box && max(-f.box.X0, -f.box.Y0, f.box.X1-size, f.box.Y1-size) > 0.1 {
				t.Fatalf("picture %d: %v reaches outside", i, f.box)
			}
			for _, o := range s.shapes[:k] {
				if both := f.box.Intersect(o.box).Area(); both > 0.3*min(f.box.Area(), o.box.Area()) {
					t.Fatalf("picture %d: %v and %v overlap by %g", i, f.box, o.box, both)
				}
			}
		}
	}
	if counts[0] > 0 || slices.Min(counts[1:]) < n/12 {
		t.Errorf("pictures by their number of figures: %v", counts)
	}
	if least, most := slices.Min(sides), slices.Max(sides); most > least+least/5 {
		t.Errorf("figures by class: %v", sides)
	}
}

func TestABoxOfAShapeIsTheRectangleAroundItsPixels(t *testing.T) {
	stream := tensor.NewStream(5, "shapes")
	for i := range 60 {
		s := sceneOf(stream, i, 96)
		s.strokes, s.shapes = nil, s.shapes[:1]
		with := s.paint()
		ground := s.rand
		without := scene{size: 96, rand: ground}
		plain := without.paint()
		got := box.Box{X0: math.Inf(1), Y0: math.Inf(1)}
		for y := range 96 {
			for x := range 96 {
				d := 0
				for c := range 3 {
					d += abs(int(with.Pix[(y*96+x)*3+c]) - int(plain.Pix[(y*96+x)*3+c]))
				}
				if d > 110 { // the noise is another one
					got = box.Box{X0: min(got.X0, float64(x)), Y0: min(got.Y0, float64(y)), X1: max(got.X1, float64(x+1)), Y1: max(got.Y1, float64(y+1))}
				}
			}
		}
		want := s.shapes[0].box
		for _, d := range []float64{want.X0 - got.X0, want.Y0 - got.Y0, got.X1 - want.X1, got.Y1 - want.Y1} {
			if d > 1.01 || d < -3 { // a tip may be too thin to be seen
				t.Errorf("picture %d, %s: pixels in %v, box %v", i, figures[s.shapes[0].class].name, got, want)
				break
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }

func TestShapesToTestOnAreOthers(t *testing.T) {
	spec := Builtin("shapes")
	spec.Images, spec.Size = 40, 32
	a := open(t, spec, Options{})
	if len(a.Items) != 50 || a.Objects(0) == nil || !a.Boxed {
		t.Fatalf("%d images", len(a.Items))
	}
	seen := map[Hash]bool{}
	for _, it := range a.Items {
		if seen[it.Hash] {
			t.Errorf("%s is there twice", it.Name)
		}
		seen[it.Hash] = true
	}
	c := a.Cut(1, 1)
	if len(c.Test) != 10 || len(c.Val) == 0 {
		t.Errorf("%d, %d, %d", len(c.Train), len(c.Val), len(c.Test))
	}
	again := open(t, spec, Options{Cache: t.TempDir()})
	spec.Seed = 2
	other := open(t, spec, Options{})
	if again.Digest != a.Digest || other.Digest == a.Digest {
		t.Error("the seed does not decide, or something else does")
	}
}

func TestTheColourOfAShapeSaysNothingOfItsClass(t *testing.T) {
	stream := tensor.NewStream(9, "shapes")
	sum, square, n := make([]float64, len(figures)), make([]float64, len(figures)), make([]float64, len(figures))
	for i := range 400 {
		s := sceneOf(stream, i, 32)
		s.paint()
		for _, f := range s.shapes {
			v := float64(f.color[0] + f.color[1] - f.color[2])
			sum[f.class] += v
			square[f.class] += v * v
			n[f.class]++
		}
	}
	for c := range figures {
		mean := sum[c] / n[c]
		sd := math.Sqrt(square[c]/n[c]-mean*mean) / math.Sqrt(n[c])
		all := 0.0
		for k := range figures {
			all += sum[k] / n[k] / float64(len(figures))
		}
		if math.Abs(mean-all) > 4*sd {
			t.Errorf("%s: mean %.1f ± %.1f, of all %.1f", figures[c].name, mean, sd, all)
		}
	}
}

// TestThumbnailsKeepBoxesAndMeans holds the pixels that are left to means over the whole picture's, and that nothing else differs.
func TestThumbnailsKeepBoxesAndMeans(t *testing.T) {
	const size, left, side = 64, 8, 8
	spec := Builtin("shapes")
	spec.Images, spec.Size = 12, size
	whole := open(t, spec, Options{})
	spec.Thumbnail = left
	cache := t.TempDir()
	for _, small := range []*Set{open(t, spec, Options{Cache: cache}), open(t, spec, Options{Cache: cache})} {
		if small.Digest == whole.Digest || len(small.Items) != len(whole.Items) {
			t.Fatalf("%d thumbnails of %d pictures, digest %s", len(small.Items), len(whole.Items), small.Digest)
		}
		for i, it := range small.Items {
			k := slices.IndexFunc(whole.Items, func(o Item) bool { return o.Name == it.Name })
			if k < 0 || !slices.Equal(small.Objects(i), whole.Objects(k)) {
				t.Fatalf("%s has other boxes", it.Name)
			}
			got, want := pictureOf(t, small, i), pictureOf(t, whole, k)
			for at := range size * size * 3 {
				c, x, y := at%3, at/3%size, at/3/size
				sum := 0
				for dy := range side {
					for dx := range side {
						sum += int(want.Pix[((y/side*side+dy)*size+x/side*side+dx)*3+c])
					}
				}
				if int(got.Pix[at]) != sum/(side*side) {
					t.Fatalf("%s: pixel %d %d is %d, want %d", it.Name, y, x, got.Pix[at], sum/(side*side))
				}
			}
		}
	}
}

func pictureOf(t *testing.T, s *Set, item int) augment.Image {
	t.Helper()
	p, err := s.pixelsOf(t.Context(), s.Geometry(0, 0).size(), []int{item})
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.At(item)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWrongKeysOfShapesAreToldInTheOrderOfTheFile(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Images: 7}, "images: 7; give 8 to 1000000"},
		{Spec{Size: 50, Images: 7}, "images: 7; give 8 to 1000000"},
		{Spec{Size: 50, Asked: []string{"size", "images"}}, "size: 50 pixels; give a multiple of 32 from 32 to 1024"},
		{Spec{Size: 50, Asked: []string{"images", "size"}}, "images: 0; give 8 to 1000000"},
		{Spec{Asked: []string{"seed"}}, "seed: 0; give 1 or more, or leave it out"},
		{Spec{Size: 96, Thumbnail: 7}, "thumbnail: 7 pixels of 96; give a divisor of the size, such as 8"},
		{Spec{Size: 96, Thumbnail: -8}, "thumbnail: -8 pixels of 96; give a divisor of the size, such as 8"},
		{Spec{Size: 96, Asked: []string{"thumbnail"}}, "thumbnail: 0 pixels of 96; give a divisor of the size, such as 8"},
		{Spec{Size: 96, Thumbnail: 192}, "thumbnail: 192 pixels of 96; give a divisor of the size, such as 8"},
	} {
		c.spec.Name = "shapes"
		if _, err := Open(t.Context(), c.spec, Options{}); err == nil || !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("%+v: %v; want %s", c.spec, err, c.want)
		}
	}
}
