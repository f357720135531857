package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/study/stat"
	"github.com/assaylab/assay/task"
)

// Expected is the noise that a study is to expect between repeats of one arm, as standard deviations in its metric's unit; the
// zero Expected where nothing can be said.
type Expected struct {
	Image     float64 // by which one validation image counts: m of them give a trial Image/√m
	Trainings float64 // of trainings, were there endless images
	From      string  // what it is guessed from, as in "30 % errors"; "" of what was measured
}

// What is guessed of trainings that nobody has seen. Two trainings that differ in their seed disagree on so many images that one
// image's variance is 0.3 of the error rate (0.33 of 12 % errors, 0.27 of 43 %: measured on Fashion-MNIST and CIFAR-10, and
// above it only where trainings are short of images); what trainings vary by besides was 0.15 to 0.3 points in these.
const (
	churn         = 0.3   // variance of an image, by the error rate
	trainingsVary = 0.003 // of the scale, which is 100 for points
	usualErrors   = 0.3
)

// Of detectors that nobody has seen: the spread of an image's jackknife pseudo-value, one training's share of what two differ by, and what trainings
// vary by besides. Nine trainings on shapes at an AP50 of 84, judged on 501 images, came to 0.12 and 0.017 (0.011 to 0.043; docs/results/shapes): the only
// ones that tell both. Two on 321 of its pictures that differ in their activation had 0.12 of the first at an AP50 of 24, two that differ in next
// to nothing 0.05 at 10.
const (
	boxesVary     = 0.12
	detectorsVary = 0.017
	measuredAP50  = 84
)

// errorRates are those of the built-in sets that a first study is likely to take, with the small network.
var errorRates = map[string]float64{"fashion-mini": 0.13}

// Guess is the noise to expect where none was measured, on a set of that name, "" for a folder's; zero for a metric of which there is
// no guess.
func Guess(m task.Metric, set string) Expected {
	switch {
	case m.Name == task.AP50.Name:
		return Expected{Image: m.Scale * boxesVary, Trainings: m.Scale * detectorsVary, From: fmt.Sprintf("trainings on shapes at an AP50 of %d", measuredAP50)}
	case !m.Counts:
		return Expected{}
	}
	errors := usualErrors
	if r, ok := errorRates[set]; ok {
		errors = r
	}
	scale := math.Abs(m.Scale)
	return Expected{Image: scale * math.Sqrt(churn*errors), Trainings: scale * trainingsVary, From: say.Percent(errors) + " errors"}
}

// Measured is the noise that a study found, for others on the same images.
func (n NoiseSplit) Measured(images int) Expected {
	return Expected{Image: n.Images * math.Sqrt(float64(images)), Trainings: n.Trainings}
}

// SD is the noise to expect on so many validation images; 0 while nothing is known.
func (e Expected) SD(images int) float64 {
	return math.Sqrt(e.Trainings*e.Trainings + e.Image*e.Image/float64(max(1, images)))
}

// Says is where the figure comes from, in brackets: "measured", or "a guess: 13 % errors, 3,300 images".
func (e Expected) Says(images int) string {
	if e.From == "" {
		return fmt.Sprintf("measured: noise %s between repeats", say.Figure(e.SD(images)))
	}
	return fmt.Sprintf("a guess: %s, %s", e.From, say.Counted(images, "image"))
}

// Outlook is what is known of a study before its first trial.
type Outlook struct {
	Metric     task.Metric // the primary one
	Variants   int         // effects that are asked for at once
	Asked      []Asked     // every question of the design; nil where only their number is known
	Spread     float64     // of an effect, in units of a difference of two arms: below 1 where it rests on more of them; 0: 1
	Repeats    int
	First      int // of these, before the first planned look; 0: the one look is at the end
	Images     int // of one validation split
	Pool       int // that each repeat draws its split from, by a share that can be chosen; 0: the set brings its own
	Noise      Expected
	Meaningful float64 // the file's, in the metric's unit; 0 where it is left out

	Level   float64  // that the look to come may spend, where the baseline was judged before; 0: as planned
	Others  int      // arms of other studies that were judged against the baseline, for which intervals hold besides
	Studies []string // these studies
}

// Asked is a question that a design puts, before its first trial.
type Asked struct {
	Name       string       `json:"name"`
	Kind       ContrastKind `json:"kind"`
	Spread     float64      `json:"-"`                 // in units of a difference of two arms
	Detectable float64      `json:"detectable_effect"` // true effect found with 80 % power; 0 while the noise is unknown
}

// Contrasts is the effect that each question finds, main effects in one family of intervals, what is beyond them in another.
func (o Outlook) Contrasts() []Asked {
	of := map[bool]int{}
	for _, a := range o.Asked {
		of[a.Kind == Main]++
	}
	list := slices.Clone(o.Asked)
	for i, a := range list {
		one := o
		one.Variants, one.Spread = of[a.Kind == Main], a.Spread
		if a.Kind != Main {
			one.Others = 0
		}
		if d := one.Detectable(); o.Noise.SD(o.Images) > 0 && !math.IsInf(d, 1) {
			list[i].Detectable = d
		}
	}
	return list
}

// Foresight is what can be said of a study's reach before its first trial.
type Foresight struct {
	Delta      float64  // smallest effect that matters, in the metric's unit
	Detectable float64  // true effect found with 80 % power, seeds alone; 0 while the noise is unknown
	Noise      float64  // standard deviation that this is worked out with
	Guessed    bool     // and it is a guess
	CanBeNone  bool     // these repeats can reach "no meaningful effect" with 80 % power; true while the noise is unknown
	Warnings   []string // lines for the plan
}

// Foresee works out the reach of a study whose noise is known, 0 while unknown: an [Outlook] in figures.
func Foresee(m task.Metric, variants, repeats int, noise, meaningful float64, images int) Foresight {
	return Outlook{Metric: m, Variants: variants, Repeats: repeats, Images: images, Noise: Expected{Trainings: noise}, Meaningful: meaningful}.Foresee()
}

// Outlook is what the plan alone tells: its design, repeats and images; the noise is for the caller to add.
func (p *Plan) Outlook(m task.Metric) Outlook {
	o := Outlook{Metric: m, Repeats: p.Study.Repeats, First: p.Study.First, Images: p.Arms[0].Images.Val, Meaningful: p.Study.Meaningful}
	var names []string
	for _, v := range p.Study.Variants {
		names = append(names, v.Name)
	}
	var arms []Arm
	var usable []bool
	for _, a := range p.Arms {
		arms, usable = append(arms, a.Arm), append(usable, true)
	}
	for _, a := range p.Study.Design.questions(names, arms, usable) {
		if a.weights == nil {
			continue
		}
		spread := math.Sqrt(question{asked: a}.scale() / 2)
		o.Asked = append(o.Asked, Asked{Name: strings.Join(append([]string{a.name}, a.aliases...), " or "), Kind: a.kind, Spread: spread})
		if a.kind == Main {
			o.Variants++
			o.Spread = max(o.Spread, spread)
		}
	}
	return o
}

// With is the outlook of so many repeats on so many validation images. Other images make another baseline, which nobody has judged.
func (o Outlook) With(repeats, images int) Outlook {
	if images != o.Images {
		o = o.anew()
	}
	o.Repeats, o.Images = repeats, images
	return o
}

// anew is the outlook with a baseline that nobody has judged.
func (o Outlook) anew() Outlook {
	o.Level, o.Others, o.Studies = 0, 0, nil
	return o
}

// Delta is the smallest effect that matters.
func (o Outlook) Delta() float64 { return o.Metric.Delta(o.Meaningful, o.Images) }

// design is the study as its power is worked out, at the level of its end.
func (o Outlook) design() stat.Design {
	return stat.Design{Variants: o.Variants + o.Others, SD: o.spread() * o.Noise.SD(o.Images), Delta: o.Delta(), Level: o.level()}
}

// level is what earlier looks leave to the end, or else the planned ones before it.
func (o Outlook) level() float64 {
	if o.Level > 0 {
		return o.Level
	}
	level := Plain.Planned
	if at := PlannedLooks(o.First, o.Repeats); len(at) > 1 {
		level -= Plain.after(float64(at[len(at)-2]) / float64(o.Repeats))
	}
	return level
}

func (o Outlook) spread() float64 { return cmp.Or(o.Spread, 1) }

// Detectable is the true effect that is found with 80 % power, +Inf where nothing can be.
func (o Outlook) Detectable() float64 { return o.design().Detectable(o.Repeats, power) }

// Foresee works out the reach of the study at its planned end. It needs no outcome, so that a study too small for its question is
// told so before the hours.
func (o Outlook) Foresee() Foresight {
	m, images := o.Metric, o.Images
	f := Foresight{Delta: o.Delta(), CanBeNone: o.Delta() > 0}
	warn := func(format string, args ...any) { f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...)) }
	raise := "raise val"
	if int(LargestVal*float64(o.Pool)) <= o.Images { // no share that would be proposed is larger
		raise = "bring more images to validate on"
	}
	if o.Repeats < 2 {
		f.CanBeNone = false
		warn("repeats: one repeat gives effects without verdicts; write 3 or more")
	}
	if step := m.Step(images); 2*step > f.Delta {
		warn("data: one of %d validation images is %s, so %s are fewer than two images; %s, or raise meaningful", images, say.Amount(step, m.Unit), say.Figure(f.Delta), raise)
	}
	if o.Meaningful <= 0 && f.Delta > m.Least {
		warn("data: %d validation images are too few for effects below %s (two images); %s", images, say.Amount(f.Delta, m.Unit), raise)
	}
	if !(o.Noise.SD(images) > 0) || o.Repeats < 2 || o.Variants < 1 {
		return f
	}
	f.Noise, f.Guessed = o.Noise.SD(images), o.Noise.From != ""
	d := o.design()
	if f.Detectable = o.Detectable(); math.IsInf(f.Detectable, 1) {
		f.Detectable = 0
	}
	if line := o.judged(); line != "" {
		warn("%s", line)
	}
	if line := o.more(); line != "" {
		warn("%s", line)
	}
	if f.CanBeNone && !f.Guessed && !d.CanEverBeNone(o.Repeats, power) {
		f.CanBeNone = false
		line := fmt.Sprintf("repeats: %d can hardly show \"no meaningful effect\", inside ±%s, at noise %s", o.Repeats, say.Figure(f.Delta), say.Figure(f.Noise))
		if n := d.Repeats(0, power, o.Repeats, 100); n > 0 {
			line += fmt.Sprintf("; %d would", n)
		}
		f.Warnings = append(f.Warnings, line)
	}
	return f
}

// judged says what it costs that the baseline was judged before; "" where it costs nothing. Other seeds make another baseline.
func (o Outlook) judged() string {
	own := o.anew()
	if o.Level == 0 || o.Detectable() <= own.Detectable() {
		return ""
	}
	line := fmt.Sprintf("looks: this baseline was judged before, so that what is new is judged at %.3g %%", 100*o.Level)
	if o.Others > 0 {
		line += fmt.Sprintf(", beside %s of %s", say.Counted(o.Others, "arm"), say.Listed(o.Studies))
	}
	return line + fmt.Sprintf(": it tells %s and more, where another seed tells %s", say.Amount(o.Detectable(), o.Metric.Unit), say.Figure(own.Detectable()))
}

// mostPlanned is the repeats that a plan is told of, where its own tell too little.
const mostPlanned = 10

// more says what a larger share of validation and more repeats would tell, where these tell clearly less than what matters: "repeats: 3 with 1,000
// images tell 2.1 points and more; val: 0.33 tells 1.2, repeats: 8 with it 0.7". "" where they tell enough.
func (o Outlook) more() string {
	delta := o.Delta()
	enough := func(x Outlook) bool { return x.Detectable() <= 1.1*delta }
	if enough(o) {
		return ""
	}
	line := fmt.Sprintf("repeats: %d with %s tell %s and more", o.Repeats, say.Counted(o.Images, "image"), say.Amount(o.Detectable(), o.Metric.Unit))
	with, best := "", o
	if wide := o.With(o.Repeats, int(LargestVal*float64(o.Pool))); wide.Images > o.Images && wide.Detectable() < 0.9*o.Detectable() {
		best = wide
		line += fmt.Sprintf("; val: %g tells %s", LargestVal, say.Figure(best.Detectable()))
		if enough(best) {
			return line
		}
		with = " with it"
	}
	if n := best.repeats(delta); n > o.Repeats {
		tells := "; repeats: %d tells %s"
		if with != "" {
			tells = ", repeats: %d with it %s"
		}
		line += fmt.Sprintf(tells, n, say.Figure(best.With(n, best.Images).Detectable()))
	}
	return line
}

// repeats is the fewest repeats, of at most mostPlanned, that tell an effect, or mostPlanned where none do.
func (o Outlook) repeats(effect float64) int {
	for n := fewestRepeats; n < mostPlanned; n++ {
		if o.With(n, o.Images).Detectable() <= effect {
			return n
		}
	}
	return mostPlanned
}

// Share is the least share of validation, of those between a tenth and a third and in hundredths, with which so many repeats tell
// an effect of this size; where none does it is the largest, and false.
func (o Outlook) Share(repeats int, effect float64) (share float64, ok bool) {
	one := stat.Design{Variants: o.Variants, SD: 1, Level: o.With(repeats, o.Images).level()}.Detectable(repeats, power) // and of another noise in proportion
	most := effect / one / o.spread()
	left := most*most - o.Noise.Trainings*o.Noise.Trainings // the variance that images may give
	images := o.Noise.Image * o.Noise.Image / left
	if !(left > 0) || images > LargestVal*float64(o.Pool) {
		return LargestVal, false
	}
	return max(0.1, math.Ceil(100*images/float64(o.Pool))/100), true
}
