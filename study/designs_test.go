package study

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/task"
)

func decoded(t *testing.T, text string) (*Study, error) {
	t.Helper()
	root, err := spec.Parse("s.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Decode(root)
}

func TestDataSizeTrainsTheBaseOnPartsOfItsImages(t *testing.T) {
	for base, want := range map[string][]int{
		"learning: [{epochs: 2}]":                         {63, 125, 250, 500, 1000},
		"learning: [{subset: {images: 400}}]":             {25, 50, 100, 200, 400},
		"learning: [{subset: 0.5}, {augment: [flip]}]":    {31, 63, 125, 250, 500},
		"learning: [{subset: 0.5}, {subset: 0.25}]":       {16, 31, 63, 125, 250},
		"architecture: [{activation: elu}], learning: []": {63, 125, 250, 500, 1000},
	} {
		s, err := decoded(t, "base: {data: fashion-mini, net: mini, "+base+"}\ndesign: data-size\n")
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		arms, err := s.Arms()
		if err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for _, a := range append(arms[1:], arms[0]) {
			e, err := s.arm(a.Variant)
			if err != nil {
				t.Fatal(err)
			}
			taught, err := approach.Learn(e)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, taught.Subset.Of(1000))
		}
		if !slices.Equal(sizes, want) {
			t.Errorf("%s: %v images of 1000, want %v", base, sizes, want)
		}
	}
}

func TestDesignsOfManyBasesComeBackFromTheirText(t *testing.T) {
	for _, text := range []string{
		"base: {data: fashion-mini, net: mini}\ndesign: {kind: data-size, fractions: [0.5, 0.125, 0.25, 1]}\n",
		"base: {data: fashion-mini, net: mini}\ndesign: {kind: backbones, nets: [resnet20, lenet5], sets: [digits]}\nvariants: [{name: elu, with: [{activation: elu}]}]\n",
	} {
		s, err := decoded(t, text)
		if err != nil {
			t.Fatal(err)
		}
		once, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decoded(t, string(once))
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		twice, err := again.Text()
		if err != nil || string(once) != string(twice) || len(again.Variants) != len(s.Variants) {
			t.Errorf("%v\n%s\n%s", err, once, twice)
		}
	}
}

func TestFaultsOfDesignsOfManyBases(t *testing.T) {
	const variants = "variants: [{name: elu, with: [{activation: elu}]}]\n"
	for text, want := range map[string]string{
		"design: {kind: data-size, fractions: [0.5, 1.5, 0.25]}\n":                              "s.yaml:2:9: fractions: 1.5 is no share of the base's training images; give each above 0 and at most 1",
		"design: {kind: data-size, fractions: [0.5, 0.25, 0.5]}\n":                              "s.yaml:2:9: fractions: 0.5 stands twice; drop one",
		"design: {kind: data-size, fractions: [0.5, 1]}\n":                                      "s.yaml:2:9: fractions: 2 do not make a curve; give three or more, such as [0.125, 0.25, 0.5, 1]",
		"design: data-size\n" + variants:                                                        "s.yaml:3:11: variants: design data-size has the base on parts of its images and no variants; drop them, or the design",
		"design: {kind: ofat, fractions: [0.5, 0.25, 0.125]}\n" + variants:                      "s.yaml:2:9: design ofat has no fractions; drop them, or write {kind: data-size, fractions: [...]}",
		"design: {kind: all, nets: [resnet20]}\n" + variants:                                    "s.yaml:2:9: design all has no nets or sets; drop them, or write {kind: backbones, nets: [...]}",
		"design: backbones\n" + variants:                                                        "s.yaml:2:9: design backbones has the base's own alone; name more of them, as in {kind: backbones, nets: [resnet20]}, or sets",
		"design: {kind: backbones, nets: [resnet20]}\n":                                         `s.yaml:1:1: the key "variants" is missing; add it`,
		"design: {kind: backbones, nets: [resnet20, resnet20]}\n" + variants:                    `backbones: two are named "resnet20"; drop or rename one`,
		"design: {kind: backbones, nets: [resnet20]}\nvariants: [{name: other, net: lenet5}]\n": `s.yaml:3:12: variant "other": it names a network, as the design does; drop one of the two`,
	} {
		s, err := decoded(t, "base: {data: fashion-mini, net: mini}\n"+text)
		if err == nil {
			_, err = s.Arms()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
}

// outcomes is a study of a metric that no image counts, in points: outcome by arm and repeat.
func outcomes(r *Result, y ...[]float64) *Result {
	m := task.Metric{Name: "score", Title: "score", Unit: task.Points, Better: 1, Column: "score", Scale: 1, Least: 1}
	r.Name, r.Metrics, r.Repeats = "made-up", []task.Metric{m}, len(y[0])
	for v, a := range r.Arms {
		for s, x := range y[v] {
			r.Trials = append(r.Trials, Trial{Arm: a.Name, Repeat: s + 1, Status: Done, Metrics: map[string]float64{"score": x},
				Images: PerImage{IDs: []int32{0}, Columns: map[string][]float32{"score": {float32(x)}}}})
		}
	}
	return r
}

func TestACurveSaysWhatTwiceTheImagesBring(t *testing.T) {
	for name, c := range map[string]struct {
		grows func(x float64) float64
		want  Plateau
	}{
		"growing": {func(x float64) float64 { return 80 - 15*math.Pow(x, -0.4) }, NotReached},
		"level":   {func(x float64) float64 { return 80 - 0.1/x }, Reached},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		r := &Result{Design: Design{Kind: Sizes}}
		var y [][]float64
		for i, x := range []float64{1, 0.0625, 0.125, 0.25, 0.5} {
			r.Arms = append(r.Arms, Arm{Name: string(rune('a' + i)), Baseline: i == 0, TrainImages: int(16000 * x)})
			var of []float64
			for range 4 {
				of = append(of, c.grows(x)+0.2*rng.NormFloat64())
			}
			y = append(y, of)
		}
		if err := Judge(outcomes(r, y...)); err != nil {
			t.Fatal(err)
		}
		d := r.DataSize
		if d == nil || d.Answer != c.want || len(d.Points) != 5 || d.Points[4].Images != 16000 || d.Twice.Images != 32000 {
			t.Fatalf("%s: %+v", name, d)
		}
		if gain := c.grows(2) - c.grows(1); gain < *d.Gain.Low || gain > *d.Gain.High || c.grows(2) < d.Twice.Low || c.grows(2) > d.Twice.High {
			t.Errorf("%s: twice the images bring %.2f to %.2f, truly %.2f", name, *d.Gain.Low, *d.Gain.High, gain)
		}
	}
}

// A variant that helps on one backbone and hurts on another, with a spread of its own on each: the residuals are apart, and so are the
// images that repeats are judged on.
func TestABackboneIsJudgedByItself(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	r := &Result{Design: Design{Kind: Backbones, Nets: []string{"two"}}, Net: "one", Variants: []string{"v", "w"}}
	var y [][]float64
	for _, backbone := range []string{"", "two"} {
		for i, name := range []string{"baseline", "v", "w"} {
			a := Arm{Name: strings.TrimSuffix(name+", "+backbone, ", "), Baseline: i == 0, Backbone: backbone}
			effect, sd := []float64{60, 63, 60}[i], 0.2
			if i > 0 {
				a.Of = []string{name}
			}
			if backbone == "two" {
				effect, sd = []float64{80, 75, 80}[i], 1
			}
			r.Arms = append(r.Arms, a)
			var of []float64
			for range 6 {
				of = append(of, effect+sd*rng.NormFloat64())
			}
			y = append(y, of)
		}
	}
	outcomes(r, y...)
	for i := range r.Trials { // other images
		if strings.HasSuffix(r.Trials[i].Arm, "two") {
			r.Trials[i].Images.Set = "another"
		}
	}
	if err := Judge(r); err != nil {
		t.Fatal(err)
	}
	if len(r.Backbones) != 2 || r.Backbones[0].Name != "one" || r.Backbones[1].Baseline != "baseline, two" || !(r.Backbones[1].NoiseSD > 2*r.Backbones[0].NoiseSD) {
		t.Errorf("backbones %+v", r.Backbones)
	}
	if len(r.Signs) != 2 || !r.Signs[0].Flips || r.Signs[0].Agrees || r.Signs[1].Flips || r.Winner != "v" {
		t.Errorf("signs %+v, winner %s", r.Signs, r.Winner)
	}
	// Each is what a study of it alone is, at half of the level: two of four questions.
	for b, backbone := range []string{"", "two"} {
		alone := &Result{Name: "alone", Metrics: r.Metrics, Repeats: r.Repeats}
		for _, a := range r.Arms {
			if a.Backbone == backbone {
				a.Backbone = ""
				alone.Arms = append(alone.Arms, a)
			}
		}
		for _, tr := range r.Trials {
			if strings.HasSuffix(tr.Arm, "two") == (backbone == "two") {
				alone.Trials = append(alone.Trials, tr)
			}
		}
		look, err := Ledger{}.LookAt(alone, alpha/2)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range look.Arms {
			want, got := a.Findings["score"], r.Judged[3*b+i+1].Finding
			if math.Abs(*want.Low-*got.Low) > 1e-9 || want.Verdict != got.Verdict || math.Abs(*want.Effect-*got.Effect) > 1e-9 {
				t.Errorf("%s: %+v, alone %+v", r.Judged[3*b+i+1].Name, got, want)
			}
		}
	}
}

func TestEveryQuestionOfADesignIsForetold(t *testing.T) {
	o := Outlook{Metric: task.Accuracy, Repeats: 5, Images: 1000, Noise: Expected{Trainings: 0.5}, Variants: 3, Spread: 1,
		Asked: []Asked{{Name: "a", Kind: Main, Spread: 1}, {Name: "b", Kind: Main, Spread: 0.5}, {Name: "c", Kind: Main, Spread: 1}, {Name: "deficit", Kind: Deficit, Spread: 2}}}
	list := o.Contrasts()
	if d := o.Detectable(); math.Abs(list[0].Detectable-d) > 1e-9 || math.Abs(list[1].Detectable-d/2) > 0.01 || !(list[3].Detectable > list[0].Detectable) {
		t.Errorf("%+v, all at once %.3f", list, d)
	}
	o.Noise = Expected{}
	if list := o.Contrasts(); list[0].Detectable != 0 {
		t.Errorf("without noise: %+v", list)
	}
}

// Two that help one by one and undo each other are not put together; an interaction that cannot be told from another is left out.
func TestAPredictionCountsInteractions(t *testing.T) {
	main := func(v string, effect float64) Contrast {
		return Contrast{Name: v, Kind: Main, Of: []string{v}, Finding: Finding{Effect: new(effect), Verdict: Helps}}
	}
	between := Contrast{Name: "a x b", Kind: Interaction, Of: []string{"a", "b"}, Finding: Finding{Effect: new(-5.0), Verdict: Hurts}}
	mixed := between
	mixed.Aliases = []string{"c x d"}
	for name, c := range map[string]struct {
		between   Contrast
		predicted []string
		winner    string
	}{"told": {between, []string{"a", "c"}, "a"}, "mixed with another": {mixed, []string{"a", "b", "c"}, "a + b"}} {
		r := &Result{Variants: []string{"a", "b", "c"}, Contrasts: []Contrast{main("a", 1.2), main("b", 1), main("c", 0.5), c.between}}
		for _, of := range [][]string{nil, {"a"}, {"b"}, {"a", "b"}} {
			r.Judged = append(r.Judged, Judgement{Arm: Arm{Name: strings.Join(of, " + "), Of: of}, Trials: 2})
		}
		combine(r, 1)
		if !slices.Equal(r.Predicted, c.predicted) || r.Winner != c.winner {
			t.Errorf("%s: predicted %v, winner %q", name, r.Predicted, r.Winner)
		}
	}
}

// Growing from 3 repeats to 8 leaves its look half a per cent; {min: 3, max: 8} would have had 1.4, and narrower intervals.
func TestGrowthSaysWhatItCost(t *testing.T) {
	l := Ledger{Repeats: 3, Looks: []Look{{N: 1, Planned: true, Level: 0.04}, {N: 2, Level: 0.005}}}
	u := l.unplanned(8, 6, 42)
	if u == nil || u.Level != 0.005 || math.Abs(u.Planned-Outlook{First: 3, Repeats: 8}.level()) > 1e-12 || !(u.Wider > 1.05 && u.Wider < 1.3) {
		t.Errorf("got %+v", u)
	}
	if l.Looks = l.Looks[:1]; l.unplanned(3, 6, 12) != nil {
		t.Error("a planned look costs nothing")
	}
}
