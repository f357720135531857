package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/stat"
	"github.com/assaylab/assay/task"
)

// Model is how outcomes come about. With images, one is right where difficulty + suits + shift + block + seed + luck > 0:
// difficulty is the image's, normal around Base with sd 1; suits is how an arm takes to an image whatever the seed; shift is
// what gives the arm its true effect over all images and seeds there could be; block, seed and luck are the block's, the
// training's and one answer's. Without images an outcome is normal: truth + block + seed, in points.
type Model struct {
	Images int     // validation images of a repeat; 0: none
	Pool   int     // images that each repeat draws them from; 0: all repeats share one split
	Base   float64 // mean difficulty; 0: the baseline is right on half, so that arms above and below it vary alike
	Suits  float64 // sd, as all below
	Luck   float64
	Seed   float64
	Block  float64
	Loss   bool // log loss beside accuracy
	Smooth bool // smoothed accuracy beside it
	Delta  float64

	Objects Objects // of a detector, which is judged by AP50 and AP in place of accuracy

	Diverges float64 // chance that a training of an arm with the first factor breaks down, whatever it would have come to
	Tunes    tunes   // "": nothing
	Bowl     float64 // points that an arm loses for each squared doubling of its setting away from the best
	Rung     float64 // sd of a rung's outcome
}

// tunes is when arms choose the value of a setting: five of them, a factor of two apart, the best of which by their rungs is taken.
type tunes string

const (
	tunedOnce tunes = "values chosen once"
	tunedAnew tunes = "values chosen anew in each repeat"
)

// bestValue is where the best of a setting lies, in doublings from the middle of the grid: between two of its values.
const bestValue = 0.4

// score is the metric of a model without images: points that no image counts.
var score = task.Metric{Name: "score", Title: "score", Unit: task.Points, Says: "more is better", Better: 1, Column: "score", Scale: 1, Least: 0.5}

// smoothed is accuracy with a logistic step in place of the jump from wrong to right: the margin, here the latent value, over a
// tenth of the median margin of the run, so that a change of confidence alone moves nothing.
var smoothed = task.Metric{Name: "smoothed_accuracy", Title: "smoothed accuracy", Unit: task.Points, Says: "more is better", Better: 1, Column: "smoothed", Scale: 100, Least: 0.5}

// metrics are those that studies of the model are judged by, the primary first.
func (m Model) metrics() []task.Metric {
	switch {
	case m.Images == 0:
		return []task.Metric{score}
	case m.Objects.Classes > 0:
		return []task.Metric{task.AP50, task.AP}
	case m.Loss:
		return task.Classify{}.Metrics()
	case m.Smooth:
		return []task.Metric{task.Accuracy, smoothed}
	}
	return []task.Metric{task.Accuracy}
}

// sd is that of the latent value over images and seeds.
func (m Model) sd() float64 {
	return math.Sqrt(1 + m.Suits*m.Suits + m.Seed*m.Seed + m.Luck*m.Luck + m.Block*m.Block)
}

// Truth is what an arm truly is.
type Truth struct {
	Effect float64 // against the baseline, points
	Spread float64 // of its trainings, as a multiple of the model's
	Bend   float64 // how sure it is: its margins are the latent value's to this power; 0 is 1. Accuracy does not see it
}

// world is where arms are trained. An arm's n-th repeat is the same whenever it is asked for, as training is.
type world struct {
	Model
	rng        *rand.Rand
	truth      func(factors []int, nth int) Truth // of the arm with these factors, the nth other than the baseline that was made
	design     study.Design
	curve      func(x float64) float64 // of a scenario of data-size
	err        error
	difficulty []float64
	objects    [][]object // by image
	splits     [][]int32
	blocks     []float64
	arms       map[string]*arm
}

type arm struct {
	Truth
	shift       float64     // of the latent value, that gives the truth
	suits       []float64   // by image
	suitsObject [][]float64 // by image and object
	tuned       float64     // what the value that was chosen last costs
	trials      []study.Trial
}

func newWorld(m Model, d study.Design, s Scenario, rng *rand.Rand) *world {
	w := &world{Model: m, rng: rng, design: d, arms: map[string]*arm{}, truth: s.Truth, curve: s.Curve}
	w.difficulty = make([]float64, max(m.Pool, m.Images))
	for i := range w.difficulty {
		w.difficulty[i] = m.Base + rng.NormFloat64()
	}
	if m.Objects.Classes > 0 {
		w.show()
	}
	return w
}

// id names an arm by its factors; "" is the baseline.
func id(factors []int) string {
	var s strings.Builder
	for _, f := range factors {
		s.WriteString("+" + string(rune('a'+f)))
	}
	return s.String()
}

// arm is the arm with these factors, made where it is new.
func (w *world) arm(factors []int) *arm {
	name := id(factors)
	if a := w.arms[name]; a != nil {
		return a
	}
	a := &arm{Truth: Truth{Spread: 1}, suits: make([]float64, len(w.difficulty))}
	if name != "" {
		w.arm(nil) // the baseline is made first
		a.Truth = w.truth(factors, len(w.arms)-1)
		a.Effect *= w.Delta
		a.shift = a.Effect
		switch {
		case w.Objects.Classes > 0:
			a.shift = a.Effect * w.Objects.Slope
		case w.Images > 0:
			a.shift = w.sd()*distuv.UnitNormal.Quantile(distuv.UnitNormal.CDF(w.Base/w.sd())+a.Effect/100) - w.Base
		}
	}
	for i := range a.suits {
		a.suits[i] = w.Suits * w.rng.NormFloat64()
	}
	w.arms[name] = a
	return a
}

// trial is the arm's training of a repeat, 1 or later.
func (w *world) trial(factors []int, repeat int) study.Trial {
	a := w.arm(factors)
	for len(w.splits) < repeat {
		ids := make([]int32, max(1, len(w.difficulty)))
		for i := range ids {
			ids[i] = int32(i)
		}
		if w.Pool > 0 {
			w.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		}
		w.splits = append(w.splits, ids[:max(1, w.Images)])
		w.blocks = append(w.blocks, w.Block*w.rng.NormFloat64())
	}
	for len(a.trials) < repeat {
		s := len(a.trials)
		if w.Tunes == tunedAnew || w.Tunes == tunedOnce && s == 0 {
			a.tuned = w.tune()
		}
		t := w.train(a, s, a.shift+a.tuned+w.blocks[s]+a.Spread*w.Seed*w.rng.NormFloat64())
		if w.Diverges > 0 && slices.Contains(factors, 0) && w.rng.Float64() < w.Diverges {
			t = study.Trial{Repeat: s + 1, Status: study.Diverged}
		}
		a.trials = append(a.trials, t)
	}
	return a.trials[repeat-1]
}

// tune chooses a value by its rungs and says what that truly brings.
func (w *world) tune() float64 {
	best, seen := 0.0, math.Inf(-1)
	for doublings := -2.0; doublings <= 2; doublings++ {
		truth := -w.Bowl * (doublings - bestValue) * (doublings - bestValue)
		if rung := truth + w.Rung*w.rng.NormFloat64(); rung > seen {
			best, seen = truth, rung
		}
	}
	return best
}

// train makes the trial of block s whose images share a latent value.
func (w *world) train(a *arm, s int, shared float64) study.Trial {
	t := study.Trial{Repeat: s + 1, Status: study.Done, Images: study.PerImage{IDs: w.splits[s], Columns: map[string][]float32{}}, Metrics: map[string]float64{}}
	if w.Images == 0 {
		t.Metrics[score.Name], t.Images.Columns[score.Column] = shared, []float32{float32(shared)}
		return t
	}
	if w.Objects.Classes > 0 {
		return w.detect(a, s, shared)
	}
	right, hits, loss := make([]float32, w.Images), 0, 0.0
	logP, margins := make([]float32, w.Images), make([]float64, w.Images)
	for j, i := range w.splits[s] {
		z := w.difficulty[i] + a.suits[i] + shared + w.Luck*w.rng.NormFloat64()
		if z > 0 {
			right[j] = 1
			hits++
		}
		if margins[j] = z; w.Loss {
			l := math.Log1p(math.Exp(-z))
			logP[j] = float32(-l)
			loss += l
		}
	}
	t.Images.Columns[task.Correct], t.Metrics["accuracy"] = right, 100*float64(hits)/float64(w.Images)
	if w.Loss {
		t.Images.Columns[task.LogPTrue], t.Metrics["log_loss"] = logP, loss/float64(w.Images)
	}
	if w.Smooth {
		t.Images.Columns[smoothed.Column], t.Metrics[smoothed.Name] = smooth(margins, a.Bend)
	}
	return t
}

// smooth is the column of smoothed accuracy, and its value.
func smooth(margins []float64, bend float64) (column []float32, value float64) {
	sizes := make([]float64, len(margins))
	for i, g := range margins {
		if bend > 0 {
			margins[i] = math.Copysign(math.Pow(math.Abs(g), bend), g)
		}
		sizes[i] = math.Abs(margins[i])
	}
	column = make([]float32, len(margins))
	for i, tau := 0, 0.1*stat.Median(sizes); i < len(margins); i++ {
		column[i] = float32(1 / (1 + math.Exp(-margins[i]/tau)))
		value += smoothed.Scale * float64(column[i]) / float64(len(margins))
	}
	return column, value
}

// study is the design over the factors given with so many repeats, its arms under such names. Those for which stop tells
// another number have only so many.
func (w *world) study(factors []int, repeats int, name func(string) string, stop func(id string) int) *study.Result {
	r := &study.Result{Name: "simulated", Repeats: repeats, Meaningful: w.Delta, Metrics: w.metrics(), Design: w.design}
	s := study.Study{Design: w.design, Base: experiment.Experiment{Net: "one"}}
	if w.design.Kind == study.Backbones {
		r.Net = s.Base.Net
	}
	for _, f := range factors {
		s.Variants = append(s.Variants, study.Variant{Name: id([]int{f})})
		r.Variants = append(r.Variants, id([]int{f}))
	}
	arms, err := s.Arms()
	if err != nil {
		w.err = err
	}
	for _, combined := range arms {
		var set []int
		for _, f := range factors {
			if slices.Contains(combined.Of, id([]int{f})) {
				set = append(set, f)
			}
		}
		a := study.Arm{Baseline: len(set) == 0, Backbone: combined.Backbone, Of: combined.Of}
		if w.curve != nil { // factors are shares of the images
			a.TrainImages = trainedOn
			for _, f := range set {
				a.TrainImages = int(trainedOn * w.design.Fractions[f])
			}
		}
		if a.Backbone != "" {
			set = w.moved(set, 1)
		}
		key := id(set)
		a.Name, a.ID = name("arm "+key), "id "+key
		r.Arms = append(r.Arms, a)
		n := repeats
		if stop != nil && !a.Baseline {
			n = min(n, stop(key))
		}
		for s := range n {
			t := w.trial(set, s+1)
			t.Arm = a.Name
			r.Trials = append(r.Trials, t)
		}
	}
	return r
}

// trainedOn is the images of the baseline of a study of data-size.
const trainedOn = 16000

// moved are factors as they stand on another backbone, whose baseline has one of its own.
func (w *world) moved(factors []int, backbone int) []int {
	if len(factors) == 0 {
		return []int{13*backbone + 12}
	}
	var set []int
	for _, f := range factors {
		set = append(set, f+13*backbone)
	}
	return set
}

// effect is an arm's effect over so many repeats, as anyone may see it at any time.
func (w *world) effect(factors []int, repeats int) float64 {
	sum := 0.0
	for s := range repeats {
		metric := w.metrics()[0].Name
		sum += w.trial(factors, s+1).Metrics[metric] - w.trial(nil, s+1).Metrics[metric] // 0 of one that diverged
	}
	return sum / float64(repeats)
}

// Scenario is what is true of arms.
type Scenario struct {
	Name  string
	Truth func(factors []int, nth int) Truth // Effect in units of the model's Delta
	Curve func(x float64) float64            // of data-size: the outcome on x times the base's images, points
}

// dealt deals effects, in units of delta, to arms as they are made, over and over.
func dealt(name string, effects ...float64) Scenario {
	return Scenario{Name: name, Truth: func(_ []int, nth int) Truth { return Truth{Effect: effects[nth%len(effects)], Spread: 1} }}
}

// Scenarios by name.
var (
	nothing = dealt("nothing differs", 0)
	halves  = dealt("half +delta, half -delta", 1, -1)
	mixture = dealt("0, +delta, 0, -delta", 0, 1, 0, -1)
	lone    = Scenario{Name: "one of 0.8 points", Truth: func(_ []int, nth int) Truth {
		if nth == 0 {
			return Truth{Effect: 0.8, Spread: 1}
		}
		return Truth{Spread: 1}
	}}
	six    = dealt("+1.05, +0.85, 0, -0.5, -1.1, -2 points", 1.05, 0.85, 0, -0.5, -1.1, -2) // findings of six real variants
	points = dealt("+1, 0, -1, +0.5, 0 points", 1, 0, -1, 0.5, 0)
	wild   = Scenario{Name: "one arm of three times the spread", Truth: func(_ []int, nth int) Truth {
		if nth == 1 {
			return Truth{Spread: 3}
		}
		return Truth{Spread: 1}
	}}

	// crossed are factors of which each two neighbours, the first and second, the third and fourth, do to each other what neither
	// does alone: with a factor worth +1 where it is in and -1 where not, the product, so that no factor has a main effect.
	crossed = Scenario{Name: "interactions without main effects", Truth: func(factors []int, _ int) Truth {
		sign := func(f int) float64 {
			if slices.Contains(factors, f) {
				return 1
			}
			return -1
		}
		return Truth{Effect: (sign(0)*sign(1)+sign(2)*sign(3))/2 - 1, Spread: 1}
	}}
	// additive are factors whose effects add up.
	additive = Scenario{Name: "0, +delta, 0, -delta, added up", Truth: func(factors []int, _ int) Truth {
		t := Truth{Spread: 1}
		for _, f := range factors {
			t.Effect += []float64{0, 1, 0, -1}[f%4]
		}
		return t
	}}
)

// grows is a study of data-size whose base's images are x = 1.
func grows(name string, curve func(x float64) float64) Scenario {
	return Scenario{Name: name, Curve: curve, Truth: func(factors []int, _ int) Truth {
		return Truth{Effect: curve(fractions[factors[0]]) - curve(1), Spread: 1}
	}}
}

// fractions are those of the studies of data-size.
var fractions = []float64{0.0625, 0.125, 0.25, 0.5}

// Curves of data-size: three of the fitted form and three of others.
var curves = []Scenario{
	grows("a power, -20 x^-0.35", func(x float64) float64 { return -20 * math.Pow(x, -0.35) }),
	grows("a power, -3 x^-1", func(x float64) float64 { return -3 / x }),
	grows("a plateau, -0.3 x^-1", func(x float64) float64 { return -0.3 / x }),
	grows("a logarithm, 6 a doubling", func(x float64) float64 { return 6 * math.Log2(x) }),
	grows("an exponential, -30 e^-3x", func(x float64) float64 { return -30 * math.Exp(-3*x) }),
	grows("an S, 70 / (1 + (4x)^-1)", func(x float64) float64 { return 70 / (1 + 1/(4*x)) }),
}

// unalike are effects on the one backbone that are other ones on a second, where trainings vary three times as much.
var unalike = Scenario{Name: "0, +delta, 0, -delta, on the second the other way round", Truth: func(factors []int, _ int) Truth {
	of := []float64{0, 1, 0, -1}
	if f := factors[0]; f < 13 {
		return Truth{Effect: of[f%4], Spread: 1}
	} else if f == 25 { // its baseline
		return Truth{Effect: 5, Spread: 3}
	} else {
		return Truth{Effect: 5 - of[(f-13)%4], Spread: 3}
	}
}}

// graded are six factors of which two help and two hurt by half of delta, added up: as many as a fraction tells about at once.
var graded = Scenario{Name: "+delta/2, 0, -delta/2, +delta/2, 0, -delta/2, added up", Truth: func(factors []int, _ int) Truth {
	t := Truth{Spread: 1}
	for _, f := range factors {
		t.Effect += []float64{0.5, 0, -0.5}[f%3]
	}
	return t
}}

// bent are arms right as often as the baseline and surer or less sure of it, which moves smoothed accuracy by up to 0.13 points
// where the baseline is right on 87 %.
var bent = Scenario{Name: "nothing differs but how sure arms are", Truth: func(_ []int, nth int) Truth {
	return Truth{Spread: 1, Bend: []float64{0.9, 1.1, 1, 0.95, 1.05}[nth%5]}
}}

// named are the first n factors.
func named(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func plainly(s string) string { return s }

// by sorts arms by a figure, the largest first.
func by(factors []int, figure func(f int) float64) []int {
	slices.SortStableFunc(factors, func(a, b int) int {
		switch x, y := figure(a), figure(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return factors
}
