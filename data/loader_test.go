package data

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/tensor"
)

// byLabel are targets that hold the label of each row's own picture alone.
type byLabel struct{}

func (byLabel) Room(batch int) []Array {
	return []Array{{Name: "labels", Index: make([]int32, batch)}}
}

func (byLabel) Fill(arrays []Array, row int, shown []Shown, _ int) {
	arrays[0].Index[row] = 0
	if len(shown) > 0 {
		arrays[0].Index[row] = shown[0].Label
	}
}

func trainer(t testing.TB, s *Set, items []int, change func(*LoaderConfig)) *Loader {
	t.Helper()
	g := s.Geometry(16, 0)
	p, err := s.Preprocess(context.Background(), items, g)
	if err != nil {
		t.Fatal(err)
	}
	cfg := LoaderConfig{Batch: 4, Preprocess: p, Geometry: g, Targets: byLabel{}, Train: true, Augment: augment.List{augment.Crop{}, augment.Chance{P: 0.5, Op: augment.Flip{}}},
		Order: tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment")}
	if change != nil {
		change(&cfg)
	}
	l, err := s.Loader(context.Background(), items, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// everyOperation changes pictures by all of the catalogue.
func everyOperation(c *LoaderConfig) {
	c.Augment = nil
	for _, e := range augment.Catalog() {
		if e.Name != "mosaic" { // of pictures with boxes
			c.Augment = append(c.Augment, e.Default)
		}
	}
	c.Augment = append(c.Augment, augment.Chance{P: 0.5, Op: augment.Flip{Alternate: true}}, augment.Rotate{Degrees: 5, Fill: augment.FillNoise}, augment.Cutout{Size: 5, Fill: augment.InkNoise})
}

func TestWhatIsCoveredShowsItsInk(t *testing.T) {
	p := Preprocess{H: 4, W: 4, C: 3, Mean: []float32{0.25, 0.5, 0.75}, Std: []float32{1, 0.5, 0.25}}
	m := augment.Image{H: 4, W: 4, C: 3, Pix: make([]byte, 48)}
	for i := range m.Pix {
		m.Pix[i] = byte(5 * i)
	}
	plain, got := make([]float32, 48), make([]float32, 48)
	var s sight
	s.Reset(4, 4, 4, 4)
	p.scale().show(plain, m, &s)
	r := tensor.NewStream(1, "ink").At(0, 0)
	noise := map[float32]bool{}
	for _, ink := range []augment.Ink{{}, augment.InkLevel(51), augment.InkNoise} {
		s.Reset(4, 4, 4, 4)
		s.Cover(augment.Region{Y: 2, X: -1, H: 9, W: 3, Ink: ink}, r) // two rows and two columns are seen
		p.scale().show(got, m, &s)
		for i, v := range got {
			c, want := i%3, plain[i]
			if y, x := i/12, i/3%4; y >= 2 && x < 2 {
				switch ink {
				case augment.InkNoise:
					noise[v] = true
					continue
				case augment.InkLevel(51):
					want = (0.2 - p.Mean[c]) / p.Std[c]
				default:
					want = 0
				}
			}
			if d := v - want; d > 1e-6 || d < -1e-6 {
				t.Errorf("%v: value %d is %g, want %g", ink, i, v, want)
			}
		}
	}
	if len(noise) < 10 {
		t.Errorf("%d levels of noise in 12 values", len(noise))
	}
}

func all(s *Set) []int {
	items := make([]int, len(s.Items))
	for i := range items {
		items[i] = i
	}
	return items
}

func same(a, b *Batch) bool {
	return slices.Equal(a.X.Data, b.X.Data) && slices.Equal(a.Targets[0].Index, b.Targets[0].Index) && slices.Equal(a.IDs, b.IDs) && a.Valid == b.Valid
}

func TestAFeedGivesTheSameBatchesWhateverItsGoroutinesAndItsStart(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(7, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), everyOperation)
	if l.Steps() != 3 || l.Images() != 14 {
		t.Fatalf("%d steps of %d images", l.Steps(), l.Images())
	}
	var want []*Batch // three epochs
	for n := range 9 {
		b := l.NewBatch()
		if err := l.Fill(n/3, n%3, b); err != nil {
			t.Fatal(err)
		}
		want = append(want, b)
	}
	for _, threads := range []int{1, 2, 7} {
		for _, start := range []int{0, 4} {
			f := l.Start(start/3, start%3, threads)
			for n := start; n < 9; n++ {
				b, err := f.Next()
				if err != nil || !same(b, want[n]) {
					t.Fatalf("%d goroutines from step %d: step %d differs (%v)", threads, start, n, err)
				}
			}
			f.Stop()
			f.Stop()
		}
	}
	if same(want[0], want[3]) {
		t.Error("two epochs begin alike")
	}
	for epoch := range 3 {
		seen := map[int]bool{}
		for _, b := range want[3*epoch : 3*epoch+3] {
			for row, id := range b.IDs {
				if seen[id] || b.Targets[0].Index[row] != s.Items[id].Label {
					t.Errorf("epoch %d: item %d twice or with label %d", epoch, id, b.Targets[0].Index[row])
				}
				seen[id] = true
			}
		}
	}
}

func TestEvaluationSeesEveryImageOnceAndPadsTheLastBatch(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(5, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Train = false })
	f := l.Start(0, 0, 2)
	defer f.Stop()
	var ids []int
	for range 3 {
		b, err := f.Next()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, b.IDs[:b.Valid]...)
		if len(ids) == 10 {
			if b.Valid != 2 || b.IDs[3] != -1 || b.Targets[0].Index[3] != 0 || slices.ContainsFunc(b.X.Data[2*16*16*3:], func(v float32) bool { return v != 0 }) {
				t.Errorf("the last batch: valid %d, ids %v", b.Valid, b.IDs)
			}
		}
	}
	for range 2 {
		if _, err := f.Next(); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
	}
	if !slices.Equal(ids, all(s)) {
		t.Errorf("saw %v", ids)
	}
}

func TestASubsetKeepsTheOrderAndTheDrawsOfTheWhole(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(6, "cat", "dog")...)), Options{})
	sub := s.Subset(all(s), 6, 1)
	whole := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch = 12 })
	part := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Overlay = 6, Overlay{}.Within(s, sub) })
	a, b := whole.NewBatch(), part.NewBatch()
	if err := whole.Fill(2, 0, a); err != nil {
		t.Fatal(err)
	}
	if err := part.Fill(2, 0, b); err != nil {
		t.Fatal(err)
	}
	size, at := len(a.X.Data)/12, 0
	for row, id := range a.IDs {
		if _, in := slices.BinarySearch(sub, id); in {
			if b.IDs[at] != id || !slices.Equal(a.X.Data[row*size:(row+1)*size], b.X.Data[at*size:(at+1)*size]) {
				t.Fatalf("row %d of the subset is item %d, want item %d as the whole shows it", at, b.IDs[at], id)
			}
			at++
		}
	}
	if at != 6 || part.Images() != 6 {
		t.Errorf("%d of %d images", at, part.Images())
	}
}

func TestAnOverlayChangesWhatTrainingSeesAndNothingElse(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(6, "cat", "dog")...)), Options{})
	labels := make([]int32, len(s.Items))
	for i := range labels {
		labels[i] = 1 - s.Items[i].Label
	}
	fill := func(change func(*LoaderConfig)) *Batch {
		l := trainer(t, s, all(s), func(c *LoaderConfig) {
			c.Batch = 12
			change(c)
		})
		b := l.NewBatch()
		if err := l.Fill(2, 0, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	plain, other := fill(func(*LoaderConfig) {}), fill(func(c *LoaderConfig) { c.Overlay.Labels = labels })
	if !slices.Equal(plain.X.Data, other.X.Data) || !slices.Equal(plain.IDs, other.IDs) {
		t.Error("other labels change pictures or their order")
	}
	for row, label := range other.Targets[0].Index {
		if label != labels[other.IDs[row]] || label == plain.Targets[0].Index[row] {
			t.Fatalf("row %d has label %d", row, label)
		}
	}
	evaluated := fill(func(c *LoaderConfig) {
		c.Train, c.Overlay = false, Overlay{Labels: labels, Draws: make([]float32, len(s.Items))}
	})
	if want := fill(func(c *LoaderConfig) { c.Train = false }); !same(evaluated, want) {
		t.Error("evaluation looks through the overlay")
	}
}

func TestAnItemIsSeenAsOftenAsItsShareSays(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(6, "cat", "dog")...)), Options{})
	draws := []float32{0, 0.25, 0.5, 1, 1, 1, 1, 1.5, 2, 2.75, 0.5, 0.5}
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Overlay.Draws = 1, draws })
	if l.Images() != 12 || l.Steps() != 12 {
		t.Fatalf("%d images, %d steps", l.Images(), l.Steps())
	}
	const epochs = 2000
	seen := make([]int, len(draws))
	b := l.NewBatch()
	repeats, alike := 0, 0 // of an item in an epoch; nine windows and their mirror images are alike by chance once in eighteen
	for epoch := range epochs {
		pictures := map[int][]float32{}
		for step := range l.Steps() {
			if err := l.Fill(epoch, step, b); err != nil {
				t.Fatal(err)
			}
			seen[b.IDs[0]]++
			if before, again := pictures[b.IDs[0]]; again {
				if repeats++; slices.Equal(before, b.X.Data) {
					alike++
				}
			}
			pictures[b.IDs[0]] = slices.Clone(b.X.Data)
		}
	}
	for i, d := range draws {
		if got := float64(seen[i]) / epochs; got < float64(d)-0.06 || got > float64(d)+0.06 {
			t.Errorf("item %d is seen %.3f times an epoch, want %g", i, got, d)
		}
	}
	if repeats < epochs || alike > repeats/9 {
		t.Errorf("%d of %d repeats are alike", alike, repeats)
	}
}

func TestAnOverlayThatIsNotOfTheSetIsRefused(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(6, "cat", "dog")...)), Options{})
	for want, o := range map[string]Overlay{
		"an overlay of 3 labels over 12 items; give one for each": {Labels: make([]int32, 3)},
		"takes item 0 for class 2 of 2; give 0 to 1":              {Labels: append([]int32{2}, make([]int32, 11)...)},
		"sees item 1 -1 times an epoch; give 0 to 1024":           {Draws: append([]float32{1, -1}, make([]float32, 10)...)},
		"sees item 0 NaN times":                                   {Draws: append([]float32{float32(math.NaN())}, make([]float32, 11)...)},
		"no images for this part of the data":                     {Draws: make([]float32, 12)},
	} {
		g := s.Geometry(16, 0)
		p, err := s.Preprocess(t.Context(), all(s), g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Loader(t.Context(), all(s), LoaderConfig{Batch: 1, Preprocess: p, Geometry: g, Train: true, Overlay: o}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	seen := map[string]bool{}
	for _, o := range []Overlay{{}, {Labels: make([]int32, 12)}, {Draws: make([]float32, 12)}, Overlay{}.Within(s, []int{3})} {
		if d := o.Digest(); seen[d] || (d == "") != (o.Labels == nil && o.Draws == nil) {
			t.Errorf("%+v has digest %q", o, d)
		} else {
			seen[d] = true
		}
	}
}

func TestEveryOperationFillsTheSameBatchesWithoutAllocating(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 24, names(8, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), everyOperation)
	a, b := l.NewBatch(), l.NewBatch()
	for step := range l.Steps() {
		if err := l.Fill(1, step, a); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(20, func() { l.Fill(1, 0, a) }); n != 0 {
		t.Errorf("%g allocations a batch", n)
	}
	if err := l.Fill(1, 0, b); err != nil || !same(a, b) {
		t.Errorf("a batch depends on what its room held (%v)", err)
	}
	if !slices.Contains(a.X.Data, 0) {
		t.Error("nothing is covered and nothing lies beyond the pictures")
	}
}

func TestNormalisedPixelsAreWhatTheFormulaSays(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	var sum, square [3]float64
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Train = 8, false })
	b := l.NewBatch()
	if err := l.Fill(0, 0, b); err != nil {
		t.Fatal(err)
	}
	for i, v := range b.X.Data {
		sum[i%3] += float64(v)
		square[i%3] += float64(v) * float64(v)
	}
	n := float64(len(b.X.Data) / 3)
	for c := range 3 {
		if m, v := sum[c]/n, square[c]/n; m < -1e-5 || m > 1e-5 || v < 1-1e-4 || v > 1+1e-4 {
			t.Errorf("channel %d of the images it was measured on: mean %g, variance %g", c, m, v)
		}
	}
	p := l.cfg.Preprocess
	px, err := s.Pixels(t.Context(), [2]int{})
	if err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		want := (float32(pixelsAt(t, px, 3).Pix[(5*16+7)*3+c])/255 - p.Mean[c]) / p.Std[c]
		if got := b.X.Data[((3*16+5)*16+7)*3+c]; got != want {
			t.Errorf("image 3, row 5, column 7, channel %d: %g, want %g", c, got, want)
		}
	}
}

func TestAWindowIsCutMirroredAndPadded(t *testing.T) {
	p := Preprocess{H: 2, W: 3, C: 1, Mean: []float32{0}, Std: []float32{1. / 255}}
	m := augment.Image{H: 2, W: 3, C: 1, Pix: []byte{1, 2, 3, 4, 5, 6}}
	for _, c := range []struct {
		win  augment.Window
		want []float32
	}{
		{augment.Window{H: 2, W: 3}, []float32{1, 2, 3, 4, 5, 6}},
		{augment.Window{H: 2, W: 3, Flip: true}, []float32{3, 2, 1, 6, 5, 4}},
		{augment.Window{Y: -1, X: 1, H: 2, W: 3}, []float32{0, 0, 0, 2, 3, 0}},
		{augment.Window{Y: 1, X: -1, H: 2, W: 3, Flip: true}, []float32{5, 4, 0, 0, 0, 0}},
		{augment.Window{Y: 5, X: 5, H: 2, W: 3}, make([]float32, 6)},
	} {
		dst := []float32{9, 9, 9, 9, 9, 9}
		p.scale().fill(dst, m, c.win)
		for i := range dst {
			if d := dst[i] - c.want[i]; d < -1e-4 || d > 1e-4 {
				t.Errorf("%+v: %v, want %v", c.win, dst, c.want)
				break
			}
		}
	}
}

func TestPredictionSeesAPictureAsEvaluationDoes(t *testing.T) {
	dir := pictureFolder(t, 40, 30, names(4, "cat", "dog")...)
	writePicture(t, filepath.Join(dir, "dog", "wide.png"), 50, 30, 90)
	s := open(t, Folder(dir), Options{})
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Train = 9, false })
	b := l.NewBatch()
	if err := l.Fill(0, 0, b); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(l.cfg.Preprocess)
	if err != nil {
		t.Fatal(err)
	}
	var p Preprocess
	if err := json.Unmarshal(text, &p); err != nil || !reflect.DeepEqual(p, l.cfg.Preprocess) {
		t.Fatalf("%s reads back as %+v, %v", text, p, err)
	}
	size := len(b.X.Data) / 9
	for row, id := range b.IDs {
		x, err := p.File(filepath.Join(dir, s.Items[id].Name))
		if err != nil || !x.Shape.Equal(tensor.Of(1, 16, 16, 3)) || !slices.Equal(x.Data, b.X.Data[row*size:(row+1)*size]) {
			t.Errorf("%s: another input than evaluation's (%v)", s.Items[id].Name, err)
		}
	}
	grey := p
	grey.C, grey.Mean, grey.Std = 1, p.Mean[:1], p.Std[:1]
	if x, err := grey.File(filepath.Join(dir, "cat/00.png")); err != nil || len(x.Data) != 256 {
		t.Errorf("a colour picture for a grey network: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page.jpg"), []byte("<html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.File(filepath.Join(dir, "page.jpg")); err == nil || err.Error() != filepath.Join(dir, "page.jpg")+`: not an image, it begins with "<html>"` {
		t.Errorf("a page: %v", err)
	}
	p.Std = nil
	if p.Check() == nil {
		t.Error("preprocessing without std passes")
	}
}

// In every space, training sees, evaluation and prediction see the same numbers of a picture, whose mean over the whole set is 0 and deviation 1.
func TestEverySpaceIsSeenAlikeByAll(t *testing.T) {
	dir := pictureFolder(t, 16, 16, names(4, "cat", "dog")...)
	s := open(t, Folder(dir), Options{})
	for _, space := range augment.Spaces() {
		g := s.Geometry(16, 0)
		p, err := s.PreprocessIn(context.Background(), all(s), g, space)
		if err != nil || p.C != space.Channels(3) || p.Check() != nil {
			t.Fatalf("%s: %+v, %v", space, p, err)
		}
		text, _ := json.Marshal(p)
		var back Preprocess
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(p, back) {
			t.Errorf("%s reads back as %+v, %v", text, back, err)
		}
		var seen [2]*Batch
		for i, train := range []bool{false, true} {
			l, err := s.Loader(context.Background(), all(s), LoaderConfig{Batch: 8, Preprocess: p, Geometry: g, Train: train})
			if err != nil {
				t.Fatal(err)
			}
			seen[i] = l.NewBatch()
			if err := l.Fill(0, 0, seen[i]); err != nil {
				t.Fatal(err)
			}
		}
		l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Preprocess = p })
		b, step := l.NewBatch(), 0
		fill := func() {
			if err := l.Fill(0, step, b); err != nil {
				t.Fatal(err)
			}
			step = 1 - step
		}
		if n := testing.AllocsPerRun(4, fill); n != 0 {
			t.Errorf("%s: %g allocations a batch", space, n)
		}
		size := 16 * 16 * p.C
		sums := make([][2]float64, p.C)
		for row, id := range seen[0].IDs {
			one := seen[0].X.Data[row*size:][:size]
			x, err := back.File(filepath.Join(dir, s.Items[id].Name))
			again := slices.Index(seen[1].IDs, id)
			if err != nil || !slices.Equal(x.Data, one) || !slices.Equal(seen[1].X.Data[again*size:][:size], one) {
				t.Errorf("%s: %s is seen in several ways (%v)", space, s.Items[id].Name, err)
			}
			for i, v := range one {
				sums[i%p.C][0] += float64(v) / float64(256*8)
				sums[i%p.C][1] += float64(v) * float64(v) / float64(256*8)
			}
		}
		for c, sum := range sums {
			if math.Abs(sum[0]) > 1e-4 || math.Abs(sum[1]-1) > 1e-3 {
				t.Errorf("%s: channel %d has mean %g, mean square %g", space, c, sum[0], sum[1])
			}
		}
	}
	p := Preprocess{H: 1, W: 1, C: 3, Mean: make([]float32, 3), Std: []float32{1, 1, 1}, Space: "yuv"}
	if p.Check() == nil {
		t.Error("a space that there is not passes")
	}
}

func TestGeometryFollowsSetAndWindow(t *testing.T) {
	tiny, photos, large := &Set{H: 32, W: 32}, &Set{}, &Set{H: 480, W: 640}
	for _, c := range []struct {
		set       *Set
		size, pad int
		want      Geometry
	}{
		{tiny, 0, 0, Geometry{H: 32, W: 32}},
		{tiny, 32, 4, Geometry{H: 32, W: 32}},
		{tiny, 28, 0, Geometry{H: 28, W: 28}}, // 28 x 1.125 is its own size
		{tiny, 64, 0, Geometry{Resize: [2]int{72, 72}, H: 64, W: 64}},
		{photos, 0, 0, Geometry{Resize: [2]int{144, 144}, H: 128, W: 128}},
		{photos, 96, 4, Geometry{Resize: [2]int{96, 96}, H: 96, W: 96}},
		{large, 0, 0, Geometry{Resize: [2]int{144, 144}, H: 128, W: 128}},
	} {
		if got := c.set.Geometry(c.size, c.pad); got != c.want {
			t.Errorf("%dx%d, size %d, pad %d: %+v, want %+v", c.set.H, c.set.W, c.size, c.pad, got, c.want)
		}
	}
}

func TestALoaderRefusesWhatItCannotFeed(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), nil)
	for _, c := range []struct {
		items  []int
		change func(*LoaderConfig)
		want   string
	}{
		{all(s), func(c *LoaderConfig) { c.Batch = 9 }, "batch: 9 is more than the 8 training images; give at most that"},
		{all(s), func(c *LoaderConfig) { c.Batch = 0 }, "batch: 0 images; give at least 1"},
		{nil, func(*LoaderConfig) {}, s.Name + ": no images for this part of the data; give it a share above 0"},
		{[]int{99}, func(*LoaderConfig) {}, s.Name + ": there is no item 99 of 8"},
	} {
		cfg := l.cfg
		c.change(&cfg)
		if _, err := s.Loader(t.Context(), c.items, cfg); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if err := l.Fill(0, 2, l.NewBatch()); err == nil {
		t.Error("step 2 of 2 is filled")
	}
}

func TestAFilledBatchAllocatesNothing(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 20, 20, names(4, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), nil)
	b := l.NewBatch()
	if err := l.Fill(0, 0, b); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { l.Fill(0, 1, b) }); n != 0 {
		t.Errorf("%g allocations a batch", n)
	}
}

// The aim is 20,000 images/s at 32x32x3 with crop and flip on two cores beside training.
func BenchmarkFill32(b *testing.B) {
	s := open(b, Folder(pictureFolder(b, 32, 32, names(64, "cat", "dog")...)), Options{})
	g := s.Geometry(32, 4)
	p, err := s.Preprocess(context.Background(), all(s), g)
	if err != nil {
		b.Fatal(err)
	}
	cut := augment.List{augment.Crop{Pad: 4}, augment.Chance{P: 0.5, Op: augment.Flip{}}}
	color := augment.Color{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4}
	erase := augment.Chance{P: 0.5, Op: augment.Erase{Area: [2]float64{0.02, 0.33}, Aspect: [2]float64{0.3, 3.3}}}
	for _, of := range []struct {
		name string
		ops  augment.List
	}{{"cut", cut}, {"coloured", append(slices.Clone(cut), color, augment.Cutout{})}, {"erased", append(slices.Clone(cut), color, erase)}, {"turned", append(slices.Clone(cut), augment.Rotate{Degrees: 15}, color, erase)}} {
		b.Run(of.name, func(b *testing.B) {
			l, err := s.Loader(context.Background(), all(s), LoaderConfig{Batch: 128, Preprocess: p, Geometry: g, Train: true,
				Augment: of.ops, Order: tensor.NewStream(1, "order"), Draws: tensor.NewStream(1, "augment")})
			if err != nil {
				b.Fatal(err)
			}
			batch := l.NewBatch()
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Fill(0, 0, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(128*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

func TestASheetOfDrawsBeginsEachRowWithThePictureAsItIs(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Augment = augment.List{augment.Flip{}} })
	var b bytes.Buffer
	if err := l.Draws(&b, []int{4, 1}, 3); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil || m.Bounds().Dx() != 4*(6*16+6)+6 || m.Bounds().Dy() != 2*(6*16+13+6)+6 {
		t.Fatalf("%v, %v", m.Bounds(), err)
	}
	for y := range 6 * 16 {
		for x := range 6 * 16 {
			if m.At(6+x, 6+y) != m.At(6+3*102+95-x, 6+y) {
				t.Fatalf("row %d column %d is not mirrored in the last draw", y, x)
			}
		}
	}
}

func TestASheetShowsEveryPictureOfABatch(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Train = 8, false })
	var b bytes.Buffer
	if err := l.Sheet(&b, 0, 0, 3); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil || m.Bounds().Dx() != 3*(6*16+6)+6 || m.Bounds().Dy() != 3*(6*16+13+6)+6 {
		t.Fatalf("%v, %v", m.Bounds(), err)
	}
	px, err := s.Pixels(t.Context(), [2]int{})
	if err != nil {
		t.Fatal(err)
	}
	want := pixelsAt(t, px, 4).Pix[:3] // the first corner of the fifth picture stands in the second row and column
	r, g, bl, _ := m.At(6+102+1, 6+115+1).RGBA()
	for c, got := range []uint32{r >> 8, g >> 8, bl >> 8} {
		if d := int(got) - int(want[c]); d < -1 || d > 1 {
			t.Errorf("channel %d: %d, want %d", c, got, want[c])
		}
	}
}

func TestMarksOfASheetAreOutlinesWithinTheirPicture(t *testing.T) {
	s := open(t, Folder(pictureFolder(t, 16, 16, names(4, "cat", "dog")...)), Options{})
	l := trainer(t, s, all(s), func(c *LoaderConfig) { c.Batch, c.Train = 2, false })
	red := color.RGBA{255, 0, 0, 255}
	var b bytes.Buffer
	err := l.Marked(&b, []int{0, 1}, 2, func(int) []string { return []string{"a"} }, func(i int) []Mark {
		return []Mark{{Box: box.Box{X0: 0.25, Y0: 0.5, X1: 1.5, Y1: 0.75}, Color: red}, {Box: box.Box{X0: 0.5, X1: 0.5, Y1: 1}, Color: red}}[i:]
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	marked := map[image.Point]bool{}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if m.At(x, y) == red {
				marked[image.Pt(x-6, y-6)] = true // pictures are of 96 pixels
			}
		}
	}
	for p := range marked {
		if !(p.X >= 24 && p.X < 96 && p.Y >= 48 && p.Y < 72) {
			t.Fatalf("%v is marked", p)
		}
	}
	b.Reset()
	// A place stays empty; what a mark says stands whole within the picture, over all lines, whichever mark is drawn last.
	err = l.Marked(&b, []int{0, -1, 1}, 2, func(int) []string { return []string{"a"} }, func(i int) []Mark {
		return []Mark{{Box: box.Box{X0: 0.9, Y0: 0.5, X1: 1, Y1: 0.9}, Color: color.RGBA{0, 255, 0, 255}, Text: "platelet"}, {Box: box.Box{X0: 0.3, Y0: 0.1, X1: 0.7, Y1: 0.45}, Color: red}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if m, err = png.Decode(&b); err != nil {
		t.Fatal(err)
	}
	left, right := 96, 0
	for x := range 96 {
		if c := m.At(6+x, 6+48-13); c == (color.RGBA{0, 255, 0, 255}) {
			left, right = min(left, x), max(right, x)
		}
	}
	if left != 96-2-8*7 || right != 95 {
		t.Errorf("the text stands from %d to %d", left, right)
	}
	if c := m.At(6+102+10, 6+10); c != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("the empty place is %v", c)
	}
	if !marked[image.Pt(24, 48)] || !marked[image.Pt(95, 71)] || !marked[image.Pt(60, 48)] || marked[image.Pt(60, 60)] || len(marked) != 2*(72+24)-4 {
		t.Errorf("%d pixels are marked", len(marked))
	}
}
