package study

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/task"
)

func TestForesightTakesAwayAVerdictThatCannotBeReached(t *testing.T) {
	if f := Foresee(task.Accuracy, 6, 3, 0.3, 0, 1000); f.CanBeNone || f.Delta != 0.5 || math.Abs(f.Detectable-0.9) > 0.1 || len(f.Warnings) != 2 {
		t.Errorf("3 repeats at noise 0.3: %+v", f)
	}
	if f := Foresee(task.Accuracy, 6, 20, 0.3, 0, 1000); !f.CanBeNone || len(f.Warnings) > 0 {
		t.Errorf("20 repeats at noise 0.3: %+v", f)
	}
	if f := Foresee(task.Accuracy, 6, 3, 0, 0, 100); f.Delta != 2 || len(f.Warnings) != 1 || f.Detectable != 0 || f.Guessed {
		t.Errorf("100 validation images: %+v", f)
	}
}

// A second study with the same baseline is a look that nobody planned, whose intervals hold for the first one's arms too; other seeds are not.
func TestAPlanSaysThatItsBaselineWasJudged(t *testing.T) {
	first := Look{N: 1, Planned: true, Level: 0.04, Study: "first", Arms: []Looked{{ID: "a", Kind: effects}, {ID: "b", Kind: effects}, {ID: "c", Kind: beyond}}}
	l := Ledger{Repeats: 3, Looks: []Look{first}}
	for _, c := range []struct {
		name    string
		arms    []string
		level   float64
		others  int
		studies []string
	}{
		{"first", []string{"a", "b", "d"}, 0.005, 0, nil}, // grown
		{"second", []string{"b", "d"}, 0.005, 1, []string{"first"}},
	} {
		if level, others, studies := l.Ahead(c.name, c.arms, 3); level != c.level || others != c.others || !slices.Equal(studies, c.studies) {
			t.Errorf("%s: %g beside %d of %v", c.name, level, others, studies)
		}
	}
	if level, others, studies := (Ledger{Repeats: 3}).Ahead("first", nil, 3); level != 0 || others != 0 || studies != nil {
		t.Errorf("before any look: %g beside %d of %v", level, others, studies)
	}
	if level, _, _ := (Ledger{Repeats: 6, First: 3, Looks: []Look{{N: 1, Planned: true, Level: 0.01, Study: "first"}}}).Ahead("first", nil, 6); math.Abs(level-0.03) > 1e-12 {
		t.Errorf("the planned end has %g", level)
	}

	o := Outlook{Metric: task.Accuracy, Variants: 6, Repeats: 3, Images: 1000, Pool: 10000, Noise: Guess(task.Accuracy, "fashion-mini"), Meaningful: 3}
	o.Level, o.Others, o.Studies = 0.005, 1, []string{"first"}
	if got, want := o.Foresee().Warnings, []string{
		"looks: this baseline was judged before, so that what is new is judged at 0.5 %, beside 1 arm of first: it tells 2.9 points and more, where another seed tells 2.3",
	}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if wide := o.With(3, 3300); wide.Level != 0 || wide.Others != 0 {
		t.Errorf("other images: %+v", wide)
	}
}

// A study of 6 variants on fashion-mini, worked out by testdata/power.py from the same components, at the 4 % of a planned look.
func TestWhatIsForetoldIsWhatScipyFinds(t *testing.T) {
	for _, c := range []struct {
		images, repeats int
		detects         float64
	}{{1000, 3, 2.2808}, {1000, 8, 1.2576}, {3333, 3, 1.4978}, {3333, 6, 0.9692}, {3333, 8, 0.8259}, {5000, 10, 0.6596}} {
		o := Outlook{Metric: task.Accuracy, Variants: 6, Repeats: c.repeats, Images: c.images, Noise: Guess(task.Accuracy, "fashion-mini")}
		if got := o.Detectable(); math.Abs(got/c.detects-1) > 0.002 {
			t.Errorf("%d images, %d repeats: detects %.4f points, scipy finds %.4f", c.images, c.repeats, got, c.detects)
		}
	}
}

func TestAPlanSaysBeforehandWhatItTells(t *testing.T) {
	today := Outlook{Metric: task.Accuracy, Variants: 6, Repeats: 3, Images: 1000, Pool: 10000, Noise: Guess(task.Accuracy, "fashion-mini")}
	for name, c := range map[string]struct {
		change func(*Outlook)
		want   []string
	}{
		"as it was":         {func(*Outlook) {}, []string{"repeats: 3 with 1,000 images tell 2.3 points and more; val: 0.33 tells 1.5, repeats: 10 with it 0.73"}},
		"a point":           {func(o *Outlook) { o.Meaningful = 1 }, []string{"repeats: 3 with 1,000 images tell 2.3 points and more; val: 0.33 tells 1.5, repeats: 6 with it 0.97"}},
		"two points":        {func(o *Outlook) { o.Meaningful = 2 }, []string{"repeats: 3 with 1,000 images tell 2.3 points and more; val: 0.33 tells 1.5"}},
		"three":             {func(o *Outlook) { o.Meaningful = 3 }, nil},
		"as is proposed":    {func(o *Outlook) { o.Meaningful, o.Repeats, o.Images = 1, 8, 3300 }, nil},
		"a part of its own": {func(o *Outlook) { o.Meaningful, o.Pool = 1, 0 }, []string{"repeats: 3 with 1,000 images tell 2.3 points and more; repeats: 10 tells 1.1"}},
		"too few images": {func(o *Outlook) { o.Images, o.Pool, o.Noise = 60, 0, Guess(task.Accuracy, "") }, []string{
			"data: 60 validation images are too few for effects below 3.3 points (two images); bring more images to validate on",
			"repeats: 3 with 60 images tell 13 points and more; repeats: 10 tells 6.3"}},
		"too few images, and as many of them as can be": {func(o *Outlook) { o.Images, o.Pool, o.Noise = 66, 200, Expected{} }, []string{
			"data: 66 validation images are too few for effects below 3 points (two images); bring more images to validate on"}},
		"too few images of many": {func(o *Outlook) { o.Images, o.Pool, o.Noise = 20, 200, Expected{} }, []string{
			"data: 20 validation images are too few for effects below 10 points (two images); raise val"}},
		"one repeat": {func(o *Outlook) { o.Repeats = 1 }, []string{"repeats: one repeat gives effects without verdicts; write 3 or more"}},
		"measured": {func(o *Outlook) { o.Noise = Expected{Trainings: 0.5} }, []string{"repeats: 3 with 1,000 images tell 1.6 points and more; repeats: 10 tells 0.8",
			"repeats: 3 can hardly show \"no meaningful effect\", inside ±0.5, at noise 0.5; 28 would"}},
	} {
		o := today
		c.change(&o)
		f := o.Foresee()
		if !slices.Equal(f.Warnings, c.want) {
			t.Errorf("%s: %s\nwant %s", name, strings.Join(f.Warnings, "\n"), strings.Join(c.want, "\n"))
		}
		if f.Guessed != (o.Noise.From != "" && o.Repeats > 1) {
			t.Errorf("%s: guessed is %v", name, f.Guessed)
		}
	}
	if f := (Outlook{Metric: task.LogLoss, Variants: 6, Repeats: 3, Images: 1000, Noise: Guess(task.LogLoss, "")}).Foresee(); f.Detectable != 0 || f.Guessed || len(f.Warnings) > 0 {
		t.Errorf("of log loss something is guessed: %+v", f)
	}
}

// Image-repeats that tell one point: for 13 % errors 10,000 to 13,300 where the trainings vary by 0.15 points, half as many again at 0.3.
func TestTheShareOfValidationIsTheLeastThatTells(t *testing.T) {
	o := Outlook{Metric: task.Accuracy, Variants: 6, Pool: 50000, Noise: Expected{Image: 100 * math.Sqrt(churn*0.13), Trainings: 0.15, From: "13 % errors"}}
	if share, ok := o.Share(3, 1); !ok || 3*share*50000 < 12000 || 3*share*50000 > 24000 {
		t.Errorf("3 repeats: a share of %g, %v", share, ok)
	}
	if few, ok := o.Share(4, 1); !ok || 4*few*50000 > 20000 {
		t.Errorf("4 repeats: a share of %g, %v", few, ok)
	}
	share, ok := o.Share(3, 0.9)
	if !ok || share <= 0.1 || o.With(3, int(share*50000)).Detectable() > 0.9 || o.With(3, int((share-0.01)*50000)).Detectable() <= 0.9 {
		t.Errorf("a share of %g, %v: not the least that tells", share, ok)
	}
	o.Pool = 1000
	if share, ok := o.Share(3, 1); ok || share != LargestVal {
		t.Errorf("a thousand images: a share of %g, %v", share, ok)
	}
}

func TestWhatAStudyMeasuredIsWhatTheNextExpects(t *testing.T) {
	n := NoiseSplit{Images: 0.63, Trainings: 0.38}
	e := n.Measured(1000)
	if sd := e.SD(1000); math.Abs(sd-math.Hypot(0.63, 0.38)) > 1e-12 || e.From != "" {
		t.Errorf("%+v of 1000 images: %g", e, sd)
	}
	if sd := e.SD(4000); math.Abs(sd-math.Hypot(0.315, 0.38)) > 1e-12 || e.Says(4000) != "measured: noise 0.49 between repeats" {
		t.Errorf("of 4000: %g, %s", sd, e.Says(4000))
	}
	if s := Guess(task.Accuracy, "fashion-mini").Says(3300); s != "a guess: 13 % errors, 3,300 images" {
		t.Error(s)
	}
	if s := Guess(task.AP50, "").Says(87); s != "a guess: trainings on shapes at an AP50 of 84, 87 images" {
		t.Error(s)
	}
	if g := Guess(task.AP, ""); g != (Expected{}) {
		t.Errorf("of AP something is guessed: %+v", g)
	}
}

// The guess of detectors is what the committed report of shapes measured, and changes with it.
func TestTheGuessOfDetectorsIsWhatShapesMeasured(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "results", "shapes", "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all, ofImages, trainings float64
	var images int
	at := bytes.Index(text, []byte("- Noise "))
	if _, err := fmt.Sscanf(string(text[max(at, 0):]), "- Noise %g between repeats: %g because only %d images are counted, %g", &all, &ofImages, &images, &trainings); err != nil {
		t.Fatalf("the report tells no noise: %v", err)
	}
	g := Guess(task.AP50, "")
	if math.Abs(g.Image/math.Sqrt(float64(images))-ofImages) > 0.02 || math.Abs(g.Trainings-trainings) > 0.05 || math.Abs(g.SD(images)-all) > 0.05 {
		t.Errorf("%+v is guessed, and %d images measured %g of images, %g of trainings, %g in all", g, images, ofImages, trainings, all)
	}
}

func TestADesignIsForeseenByItsOwnEffects(t *testing.T) {
	of := func(design string) Outlook {
		s, err := read(baseText + "design: " + design + "\nrepeats: 2\nmeaningful: 1\nvariants:\n  - {name: elu, with: [{activation: elu}]}\n  - {name: bn, with: [batchnorm]}\n  - {name: wide, with: [{l2: 1e-4}]}\n")
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Plan(fashion)
		if err != nil {
			t.Fatal(err)
		}
		o := p.Outlook(task.Accuracy)
		o.Noise = Guess(task.Accuracy, "fashion-mini")
		return o
	}
	one, factorial := of("ofat"), of("factorial")
	if one.Variants != 3 || one.Spread != 1 || one.Repeats != 2 || one.Images != 100 || one.Meaningful != 1 {
		t.Errorf("ofat: %+v", one)
	}
	// An effect of 2^3 arms is the mean of 4 less that of 4: a quarter of the variance of a difference of two.
	if factorial.Variants != 3 || math.Abs(factorial.Spread-0.5) > 1e-12 || math.Abs(factorial.Detectable()/one.Detectable()-0.5) > 1e-3 {
		t.Errorf("factorial: %+v tells %g, ofat %g", factorial, factorial.Detectable(), one.Detectable())
	}
}

func TestLooksOnTheWayLeaveLessToTheEnd(t *testing.T) {
	o := Outlook{Metric: task.Accuracy, Variants: 6, Repeats: 8, Images: 3300, Noise: Guess(task.Accuracy, "fashion-mini")}
	one := o.Detectable()
	o.First = 3
	if at, want := o.level(), 0.04-0.04*math.Pow(6.0/8, 1.5); math.Abs(at-want) > 1e-12 || o.Detectable() <= one || o.Detectable() > 1.15*one {
		t.Errorf("looks after 3 and 6 of 8 leave %g to the end, which tells %g; one look tells %g", at, o.Detectable(), one)
	}
	if o.With(3, 3300).level() != Plain.Planned {
		t.Error("three repeats of three have a look on the way")
	}
}
