package data

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/tensor"
)

// twoSets are pictures with boxes, and pictures of one class each.
func twoSets(t testing.TB) (own, other *Set) {
	t.Helper()
	spec := Builtin("shapes")
	spec.Images, spec.Size = 12, 64
	return open(t, spec, Options{}), open(t, Spec{Folder: pictureFolder(t, 40, 50, names(7, "disc", "ant")...), Val: 0.2, Test: 0.2}, Options{})
}

func mixes(other *Set, items []int, ratio float64) func(*LoaderConfig) {
	return func(c *LoaderConfig) {
		c.Augment, c.Batch = augment.List{augment.Chance{P: 0.5, Op: augment.Flip{}}, augment.Crop{}}, 4
		c.Beside = &Beside{Set: other, Items: items, Ratio: ratio, Order: tensor.NewStream(1, "order beside"), Draws: tensor.NewStream(1, "augment beside")}
	}
}

func TestBatchesHoldPicturesOfAnotherSetByTheRatio(t *testing.T) {
	own, other := twoSets(t)
	for _, ratio := range []float64{1, 4, 0.25} {
		seen := &seenTargets{}
		l := boxedLoader(t, own, 0, func(c *LoaderConfig) { mixes(other, all(other), ratio)(c); c.Targets = seen })
		beside := BesideImages(len(own.Items), ratio)
		if l.Images() != len(own.Items)+beside || l.Steps() != l.Images()/4 || !slices.Equal(l.Labelling().Beside, other.Classes) {
			t.Fatalf("ratio %g: %d images, %d steps, %+v", ratio, l.Images(), l.Steps(), l.Labelling())
		}
		b := l.NewBatch()
		passes := make([]int, len(other.Items))
		for epoch := range 3 {
			met := map[int]bool{}
			for step := range l.Steps() {
				if err := l.Fill(epoch, step, b); err != nil {
					t.Fatal(err)
				}
				n := 0
				for row, shown := range seen.rows {
					s := shown[0]
					if !s.Beside {
						if b.IDs[row] != s.Item || met[s.Item] {
							t.Errorf("item %d twice in an epoch, or as %d", s.Item, b.IDs[row])
						}
						met[s.Item] = true
						continue
					}
					if n++; b.IDs[row] != -1 || s.Label != other.Items[s.Item].Label || s.Objects != nil || len(shown) != 1 {
						t.Errorf("beside: %+v as %d", shown, b.IDs[row])
					}
					passes[s.Item]++
				}
				if want := 4 * ratio / (1 + ratio); float64(n) < want-1 || float64(n) > want+1 {
					t.Errorf("ratio %g: %d of 4 are of the other set", ratio, n)
				}
			}
			if l.Images()%4 == 0 && len(met) != len(own.Items) {
				t.Errorf("ratio %g: an epoch sees %d of %d own pictures", ratio, len(met), len(own.Items))
			}
		}
		if l.Images()%4 == 0 && slices.Max(passes)-slices.Min(passes) > 1 {
			t.Errorf("ratio %g: pictures of the other set are seen %v times", ratio, passes)
		}
	}
}

func TestMixedBatchesAreTheSameHoweverTheyAreFilledAndAllocateNothing(t *testing.T) {
	own, other := twoSets(t)
	l := boxedLoader(t, own, 0, mixes(other, all(other), 1))
	alone := boxedLoader(t, own, 0, func(c *LoaderConfig) { mixes(other, all(other), 1)(c); c.Beside = nil })
	var want [][]float32
	b := l.NewBatch()
	for n := range 2 * l.Steps() {
		if err := l.Fill(n/l.Steps(), n%l.Steps(), b); err != nil {
			t.Fatal(err)
		}
		want = append(want, slices.Clone(b.X.Data))
	}
	for _, threads := range []int{1, 16} {
		f := l.Start(0, 1, threads)
		for n := 1; n < len(want); n++ {
			b, err := f.Next()
			if err != nil || !slices.Equal(b.X.Data, want[n]) {
				t.Fatalf("%d goroutines: step %d differs (%v)", threads, n, err)
			}
		}
		f.Stop()
	}
	// Its own pictures are drawn as they are without the others.
	if err := alone.Fill(0, 0, b); err != nil {
		t.Fatal(err)
	}
	size := len(b.X.Data) / 4
	first := slices.Clone(b.X.Data[:size])
	if err := l.Fill(0, 0, b); err != nil {
		t.Fatal(err)
	}
	row := slices.IndexFunc(b.IDs, func(id int) bool { return id >= 0 })
	if !slices.Equal(b.X.Data[row*size:][:size], first) {
		t.Error("the first of its own pictures is another beside pictures of a second set")
	}
	fill := func() {
		if err := l.Fill(1, 2, b); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("%g allocations a batch", n)
	}
}

func TestWhatJudgesIsNotTrainedOnBesideEither(t *testing.T) {
	dir := pictureFolder(t, 40, 50, names(10, "ant", "bee")...)
	s := open(t, Spec{Folder: dir, Val: 0.2, Test: 0.2}, Options{})
	cut := s.Cut(1, 1)
	judged := slices.Concat(cut.Val, cut.Test)
	if m := s.Mixture(cut.Train, judged, s, 1, 1); m.OwnLeft != 0 || m.BesideLeft != 0 || !slices.Equal(m.Own, cut.Train) || !slices.Equal(m.Beside, cut.Train) || m.Left(s, s) != "" {
		t.Errorf("beside itself: %+v", m)
	}
	whole := open(t, Spec{Folder: dir}, Options{}) // has neither validation nor test
	m := s.Mixture(cut.Train, judged, whole, 1, 1)
	if m.BesideLeft != len(judged) || s.Marks(judged).Among(whole, m.Beside) != 0 || len(m.Beside) != len(s.Items)-m.BesideLeft || !slices.Equal(m.Own, cut.Train) {
		t.Errorf("of pictures beside %d are left out, %d stay", m.BesideLeft, len(m.Beside))
	}
	all := whole.Cut(1, 1)
	m = whole.Mixture(all.Train, nil, s, 1, 1)
	if m.OwnLeft != len(judged) || s.Marks(judged).Among(whole, m.Own) != 0 || len(m.Own) != len(s.Items)-m.OwnLeft || !slices.Equal(m.Beside, cut.Train) {
		t.Errorf("of its own %d are left out, %d stay", m.OwnLeft, len(m.Own))
	}
	if got, want := m.Left(whole, s), fmt.Sprintf("mixed: not trained on, as the other set validates or tests on them: %d images of %s", len(judged), whole.Name); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := (Mixture{OwnLeft: 1, BesideLeft: 2}).Left(whole, s), fmt.Sprintf("them: 1 image of %s, 2 images of %s", whole.Name, s.Name); !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPicturesBesideThatCannotBeAreRefused(t *testing.T) {
	own, other := twoSets(t)
	boxes := open(t, Folder(filepath.Join("testdata", "boxes", "voc")), Options{})
	for want, change := range map[string]func(*LoaderConfig){
		"mixed: the pictures of voc have boxes": mixes(boxes, all(boxes), 1),
		"has no images to train on":             mixes(other, nil, 1),
		"mixed: ratio 0; give a number above 0": mixes(other, all(other), 0),
		"mixed: augment mixes pictures within a batch": func(c *LoaderConfig) {
			mixes(other, all(other), 1)(c)
			c.Augment = augment.List{augment.MixUp{Alpha: 1}}
		},
	} {
		g := own.Geometry(0, 0)
		p, err := own.Preprocess(t.Context(), all(own), g)
		if err != nil {
			t.Fatal(err)
		}
		cfg := LoaderConfig{Preprocess: p, Geometry: g, Train: true}
		change(&cfg)
		if _, err := own.Loader(context.Background(), all(own), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCoarseItemsShowOtherClasses(t *testing.T) {
	own, _ := twoSets(t)
	parents := map[string]string{}
	for _, row := range ShapesTree() {
		parents[row[0]] = row[1]
	}
	delete(parents, "cross") // which keeps its own
	c := own.Coarsened(all(own), 0.5, parents, 1)
	few := own.Coarsened(all(own), 0.25, parents, 1)
	n := 0
	for i, coarse := range c.Items {
		if coarse {
			n++
		} else if few.Items[i] {
			t.Errorf("item %d is among a quarter and not among a half", i)
		}
	}
	if n != (len(own.Items)+1)/2 || !slices.Equal(c.Names, []string{"round", "angular", "pointed"}) {
		t.Fatalf("%d of %d, %v", n, len(own.Items), c.Names)
	}
	seen := &seenTargets{}
	l := boxedLoader(t, own, 0, func(cfg *LoaderConfig) { cfg.Targets, cfg.Overlay.Coarse = seen, c })
	if got := l.Labelling().Classes; !slices.Equal(got, append(slices.Clone(own.Classes), "round", "angular", "pointed")) {
		t.Errorf("classes %v", got)
	}
	if err := l.Fill(0, 0, l.NewBatch()); err != nil {
		t.Fatal(err)
	}
	of := l.Labelling().Classes
	for _, shown := range seen.rows {
		item := shown[0].Item
		for k, o := range shown[0].Objects {
			want := own.Classes[own.Objects(item)[k].Class]
			if c.Items[item] && want != "cross" {
				want = parents[want]
			}
			if of[o.Class] != want {
				t.Errorf("item %d (coarse: %v): %s, want %s", item, c.Items[item], of[o.Class], want)
			}
		}
	}
	if a, b := (Overlay{Coarse: c}).Digest(), (Overlay{Coarse: few}).Digest(); a == b || a == "" {
		t.Errorf("digests %q and %q", a, b)
	}
}
