package meanap

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/assaylab/assay/data/box"
)

// golden is a file of testdata/oracle.py. What it has no figure for is null.
type golden struct {
	Classes int
	Images  []struct {
		Truths []struct {
			Box              [4]float64
			Class            int32
			Difficult, Crowd bool
			Mask             float64 // area of the outline; 0: the box's
		}
		Found []struct {
			Box   [4]float64
			Class int32
			Score float64
		}
	}
	Coco struct {
		All, Small, Medium, Large said
		Classes                   []struct {
			said
			Envelope []float64
		}
	}
	VOC []struct{ VOC07, VOC *float64 }
}

type said struct{ AP, AP50, AP75, AR *float64 }

func readGolden(t *testing.T, n int) (golden, []Image) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/golden-%d.json", n))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	var images []Image
	at := func(b [4]float64) box.Box { return box.Box{X0: b[0], Y0: b[1], X1: b[2], Y1: b[3]} }
	for _, im := range g.Images {
		var i Image
		for _, x := range im.Truths {
			i.Truths = append(i.Truths, box.Object{Box: at(x.Box), Class: x.Class, Difficult: x.Difficult, Crowd: x.Crowd, Mask: x.Mask})
		}
		for _, x := range im.Found {
			i.Found = append(i.Found, box.Detection{Box: at(x.Box), Class: x.Class, Score: x.Score})
		}
		images = append(images, i)
	}
	return g, images
}

func TestFiguresAreThoseOfPycocotoolsAndVocEval(t *testing.T) {
	for n := 1; n <= 4; n++ {
		g, images := readGolden(t, n)
		e := Evaluate(images, g.Classes)
		same := func(what string, got float64, want *float64) {
			t.Helper()
			if want == nil {
				want = new(float64)
			}
			if math.Abs(got-*want) > 1e-12 {
				t.Errorf("golden %d: %s is %.15f, want %.15f", n, what, got, *want)
			}
		}
		figures := func(what string, got Figures, want said) {
			t.Helper()
			if (got.Boxes > 0) != (want.AP != nil) {
				t.Errorf("golden %d: %s has %d boxes, and has a figure: %t", n, what, got.Boxes, want.AP != nil)
			}
			same(what+", ap", got.AP, want.AP)
			same(what+", ap50", got.AP50, want.AP50)
			same(what+", ap75", got.AP75, want.AP75)
			same(what+", ar", got.AR, want.AR)
		}
		figures("all", e.Figures, g.Coco.All)
		figures("small", e.Small, g.Coco.Small)
		figures("medium", e.Medium, g.Coco.Medium)
		figures("large", e.Large, g.Coco.Large)
		voc07, voc, with := 0.0, 0.0, 0.0
		for k, c := range e.Classes {
			name := fmt.Sprint("class ", k)
			figures(name, c.Figures, g.Coco.Classes[k].said)
			same(name+", voc07", c.VOC07, g.VOC[k].VOC07)
			same(name+", voc", c.VOC, g.VOC[k].VOC)
			if c.Boxes > 0 {
				voc07, voc, with = voc07+c.VOC07, voc+c.VOC, with+1
				for i, p := range c.Curve.Envelope(101) {
					same(fmt.Sprintf("%s, precision at recall %d", name, i), p, &g.Coco.Classes[k].Envelope[i])
				}
			}
		}
		same("voc07", e.VOC07, new(voc07/with))
		same("voc", e.VOC, new(voc/with))
	}
}

// without is the list but for one image.
func without(images []Image, i int) []Image { return slices.Delete(slices.Clone(images), i, i+1) }

func TestPseudoValuesAreThoseOfLeavingEachImageOut(t *testing.T) {
	check := func(what string, images []Image, classes int) {
		t.Helper()
		e, n := Evaluate(images, classes), float64(len(images))
		for _, of := range []struct {
			name string
			Average
			figure func(Figures) float64
		}{{"AP50", AP50, func(f Figures) float64 { return f.AP50 }}, {"AP", AP, func(f Figures) float64 { return f.AP }}} {
			for i, got := range e.Pseudo(of.Average) {
				left := Evaluate(without(images, i), classes)
				want := of.figure(e.Figures)
				if left.Boxes > 0 {
					want = n*of.figure(e.Figures) - (n-1)*of.figure(left.Figures)
				}
				if math.Abs(got-want) > 1e-11*n {
					t.Errorf("%s: %s of image %d is %.15f, want %.15f", what, of.name, i, got, want)
				}
			}
		}
	}
	for n := 1; n <= 4; n++ {
		g, images := readGolden(t, n)
		check(fmt.Sprint("golden ", n), images, g.Classes)
	}
	rng := rand.New(rand.NewPCG(4, 0))
	for nth := range 6 {
		check(fmt.Sprint("random ", nth), random(rng, 3+10*nth, 1+nth, 3, 9), 1+nth)
	}
	check("many hits of one class", random(rng, 40, 1, 20, 30), 1)
	check("one image", random(rng, 1, 2, 3, 3), 2)
	check("nothing", make([]Image, 3), 2)
}

// The best precision of a stretch is that of looking at each of its hits, to the last bit, wherever the hits lie.
func TestTheSteepestHitIsFoundInEveryStretch(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 0))
	var s slopes
	for n := range 400 {
		ranks, rank := make([]float64, n), 0.0
		for i := range ranks {
			switch rank++; n % 4 { // all right, every third, more and more wrong ones, any
			case 1:
				rank += 2
			case 2:
				rank += float64(rng.IntN(1 + i/8))
			case 3:
				rank += float64(rng.IntN(2) * rng.IntN(40))
			}
			ranks[i] = rank
		}
		s.of(ranks)
		for range 40 {
			to := rng.IntN(n + 1)
			from := rng.IntN(to + 1)
			before, hit := 0, 0
			if from < to {
				before = rng.IntN(min(int(ranks[from]), 30))
				hit = rng.IntN(min(from, before) + 1)
			}
			of := fraction{float64(rng.IntN(2)), float64(1 + rng.IntN(5))}
			want := of.over / of.under
			for m := from + 1; m <= to; m++ {
				want = max(want, float64(m-hit)/(ranks[m-1]-float64(before)))
			}
			if got := s.best(of, from, to, float64(hit), float64(before)); got.over/got.under != want {
				t.Fatalf("%d hits, %d to %d without %d of %d: %v, want %g", n, from+1, to, hit, before, got, want)
			}
		}
	}
}

// random are pictures with so many truths and detections each on average, half of which find something; scores are often equal.
func random(rng *rand.Rand, images, classes int, truths, found float64) []Image {
	out := make([]Image, images)
	many := func(mean float64) int { return int(mean*2*rng.Float64() + 0.5) }
	for i := range out {
		im := &out[i]
		for range many(truths) {
			t := box.Object{Box: box.Around(500*rng.Float64(), 500*rng.Float64(), 8+150*rng.Float64(), 8+150*rng.Float64()), Class: int32(float64(classes) * rng.Float64() * rng.Float64())}
			t.Difficult, t.Crowd = rng.Float64() < 0.05, rng.Float64() < 0.03
			im.Truths = append(im.Truths, t)
		}
		for range many(found) {
			d := box.Detection{Box: box.Around(500*rng.Float64(), 500*rng.Float64(), 8+150*rng.Float64(), 8+150*rng.Float64()), Class: int32(rng.IntN(classes)), Score: math.Round(100*rng.Float64()) / 100}
			if len(im.Truths) > 0 && rng.Float64() < 0.5 {
				t := im.Truths[rng.IntN(len(im.Truths))]
				w := 0.3 * rng.Float64() * t.W()
				d.Box, d.Class, d.Score = box.Box{X0: t.X0 + w, Y0: t.Y0, X1: t.X1 + w, Y1: t.Y1}, t.Class, rng.Float64()
			}
			im.Found = append(im.Found, d)
		}
	}
	return out
}

func TestPrecisionAndRecallAreReadAtTheBestF1(t *testing.T) {
	c := Curve{Positives: 4, Scores: []float64{0.9, 0.8, 0.8, 0.7, 0.1}, Right: []int{1, 2, 2, 3, 3}}
	if p, ok := c.Best(); !ok || p.Score != 0.7 || p.Precision != 0.75 || p.Recall != 0.75 || p.F1 != 0.75 {
		t.Errorf("best is %+v", p)
	}
	c = Curve{Positives: 1, Scores: []float64{0.8, 0.8}, Right: []int{1, 1}} // the first cannot be had alone
	if p, ok := c.Best(); !ok || p.Precision != 0.5 {
		t.Errorf("of equal scores: %+v", p)
	}
	if _, ok := (Curve{Positives: 3}).Best(); ok {
		t.Error("nothing found has a best point")
	}
}

func TestEachDetectionIsOfOneKind(t *testing.T) {
	at := func(x, y float64) box.Box { return box.Box{X0: x, Y0: y, X1: x + 10, Y1: y + 10} }
	im := Image{
		Truths: []box.Object{
			{Box: at(0, 0), Class: 0}, {Box: at(20, 0), Class: 0}, {Box: at(40, 0), Class: 1}, {Box: at(60, 0), Class: 1}, {Box: at(80, 0), Class: 0, Difficult: true},
		},
		Found: []box.Detection{
			{Box: at(1, 0), Class: 0, Score: 0.5},  // right, though a less sure one lies better
			{Box: at(0, 0), Class: 0, Score: 0.4},  // twice
			{Box: at(41, 0), Class: 0, Score: 0.9}, // wrong class
			{Box: at(27, 0), Class: 0, Score: 0.8}, // poor box, 3/17
			{Box: at(0, 50), Class: 1, Score: 0.7}, // background
			{Box: at(81, 0), Class: 0, Score: 0.6}, // about a difficult one
			{Box: at(60, 0), Class: 1, Score: 0.1}, // not sure enough, so that the fourth is missed
		},
	}
	want := []Case{
		{Kind: WrongClass, Truth: 2, Found: 2, IoU: 9.0 / 11}, {Kind: PoorBox, Truth: 1, Found: 3, IoU: 3.0 / 17}, {Kind: Background, Truth: -1, Found: 4}, {Kind: Ignored, Truth: 4, Found: 5, IoU: 9.0 / 11},
		{Kind: Right, Truth: 0, Found: 0, IoU: 9.0 / 11}, {Kind: Twice, Truth: 0, Found: 1, IoU: 1}, {Kind: Missed, Truth: 3, Found: -1},
	}
	if got := im.Explain(0.25); !slices.Equal(got, want) {
		t.Errorf("cases\n%+v, want\n%+v", got, want)
	}
	table := Confusion([]Image{im}, 2, 0.25)
	if s := fmt.Sprint(table); s != "[[1 0 1] [1 0 1] [2 1 0]]" {
		t.Errorf("confusion %s", s)
	}
	worst := Worst([]Image{{}, im, im}, 0.25)
	if len(worst[Missed]) != 2 || worst[Twice][0].Image != 1 || len(worst[Right])+len(worst[Ignored]) > 0 {
		t.Errorf("worst %+v", worst)
	}
}

func TestConfusionCountsEachTruthAndDetectionOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	images := random(rng, 200, 4, 4, 9)
	table := Confusion(images, 4, 0.3)
	for k := range 4 {
		var truths, taken, row, column int
		for _, im := range images {
			for _, t := range im.Truths {
				if t.Class == int32(k) && !t.Difficult && !t.Crowd {
					truths++
				}
			}
			for _, c := range im.Explain(0.3) {
				if c.Found >= 0 && c.Kind != Ignored && im.Found[c.Found].Class == int32(k) {
					taken++
				}
			}
		}
		for j := range table {
			row, column = row+table[k][j], column+table[j][k]
		}
		if row != truths || column != taken {
			t.Errorf("class %d: %d truths of %d, %d detections of %d", k, row, truths, column, taken)
		}
	}
}

func TestManyImagesAreJudgedInTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	images := random(rand.New(rand.NewPCG(6, 0)), 5000, 20, 2.5, 8)
	start := time.Now()
	e := Evaluate(images, 20)
	judged := time.Since(start)
	e.Pseudo(AP50)
	e.Pseudo(AP)
	if pseudo := time.Since(start) - judged; judged > 20*time.Second || pseudo > 100*time.Second { // ten times the promise, as machines are shared
		t.Errorf("mAP took %v, pseudo-values %v", judged, pseudo)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, c := range []struct {
		name            string
		images, classes int
		truths, found_  float64
	}{{"20-classes", 5000, 20, 2.5, 8}, {"one-class", 5000, 1, 2.5, 8}, {"80-classes-100-each", 5000, 80, 7, 100}, {"20-classes-20000", 20000, 20, 8, 8}, {"one-class-20000", 20000, 1, 8, 8}} {
		images := random(rand.New(rand.NewPCG(6, 0)), c.images, c.classes, c.truths, c.found_)
		var e *Evaluation
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				e = Evaluate(images, c.classes)
			}
		})
		b.Run(c.name+"-pseudo", func(b *testing.B) {
			for b.Loop() {
				e.Pseudo(AP50)
				e.Pseudo(AP)
			}
		})
	}
}
