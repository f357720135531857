package study

import (
	"fmt"
	"math"
	"slices"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/study/stat"
)

// A study of data-size trains the base on parts of its training images, each a part of the next larger one, with the recipe as it
// stands: as many epochs, and so fewer steps on fewer images. Its arms are compared with the base as any are; beside that the curve
// through all of them says what more images would bring.

// sizes tells what is wrong with the fractions.
func (d Design) sizes() error {
	if len(d.Fractions) < stat.LeastSizes {
		return fmt.Errorf("fractions: %d do not make a curve; give three or more, such as [0.125, 0.25, 0.5, 1]", len(d.Fractions))
	}
	for i, f := range d.Fractions {
		switch {
		case !(f > 0 && f <= 1):
			return fmt.Errorf("fractions: %g is no share of the base's training images; give each above 0 and at most 1", f)
		case slices.Contains(d.Fractions[:i], f):
			return fmt.Errorf("fractions: %g stands twice; drop one", f)
		}
	}
	return nil
}

// parts are the variants of a study of data-size, the base on a share of its images each, the fewest first. The whole is the base itself.
func (s *Study) parts() ([]Variant, error) {
	taught, err := approach.Learn(s.Base)
	if err != nil {
		return nil, err
	}
	var variants []Variant
	for _, f := range slices.Sorted(slices.Values(s.Design.plain().Fractions)) {
		if f == 1 {
			continue
		}
		part := approach.Default[learning.Subset]()
		if n := taught.Subset.Images; n > 0 {
			part.Images = max(1, int(math.Round(f*float64(n))))
		} else {
			part.Fraction = f * taught.Subset.Fraction
		}
		c, err := approach.Choose(part)
		if err != nil {
			return nil, err
		}
		v := Variant{Name: fmt.Sprintf("%g of images", f), With: []experiment.Choice{c}}
		if s.At != nil {
			v.At = s.At.Get("design")
		}
		if slices.ContainsFunc(s.Base.Learning, func(of experiment.Choice) bool { return of.Name == c.Name }) {
			v.Without = []string{c.Name}
		}
		variants = append(variants, v)
	}
	return variants, nil
}

// DataSize is how the outcome grows with the images trained on, the most of them the baseline's.
type DataSize struct {
	Points []SizePoint `json:"points"` // as trained, the fewest images first
	Curve  []SizePoint `json:"curve"`  // as fitted, up to twice the most
	Twice  SizePoint   `json:"twice"`  // of twice the images: the mean outcome of as many trainings, with its 95 % interval
	Gain   Interval    `json:"gain"`   // of twice the images over the most trained on, trainings' luck apart, with its own 95 % interval
	Answer Plateau     `json:"answer"`
}

// SizePoint is an outcome on a number of training images.
type SizePoint struct {
	Images int     `json:"images"`
	Value  float64 `json:"value"`
	Low    float64 `json:"low"` // 95 % interval; of a point trained that of its mean
	High   float64 `json:"high"`
}

// Plateau is what a curve answers.
type Plateau string

// The answers, each at 5 %, with delta the smallest effect that matters.
const (
	Reached    Plateau = "reached"     // twice the images would bring less than delta
	NotReached Plateau = "not reached" // they would bring something
	Open       Plateau = "open"        // the curve does not tell
)

// dataSize fits the curve; nil where too few sizes have finished, or a repeat alone tells no noise.
func (t *table) dataSize(delta float64) *DataSize {
	o := outcome{Metric: t.metrics[0], images: t.images, y: t.outcomes}
	arms := append([]int{0}, t.of(family)...)
	arms = slices.DeleteFunc(arms, func(v int) bool { return t.arms[v].TrainImages == 0 })
	slices.SortFunc(arms[min(1, len(arms)):], func(a, b int) int { return t.arms[b].TrainImages - t.arms[a].TrainImages })
	if len(arms) < stat.LeastSizes || arms[0] != 0 {
		return nil
	}
	l, err := stat.Fit(o.rows(arms))
	if err != nil || l.DF < 1 {
		return nil
	}
	variance := max(l.Variance, o.Floor(o.images))
	base := stat.Mean(finite(t.outcomes[0]))
	d := &DataSize{}
	var sizes, means []float64
	each := len(finite(t.outcomes[0]))
	for i, v := range slices.Backward(arms) {
		if math.IsNaN(l.Effects[i]) {
			return nil
		}
		n := len(finite(t.outcomes[v]))
		each = min(each, n)
		mean := base + l.Effects[i]
		half := stat.StudentCritical(0.95, float64(l.DF)) * math.Sqrt((variance+l.BlockVar)/float64(max(1, n)))
		d.Points = append(d.Points, SizePoint{t.arms[v].TrainImages, mean, mean - half, mean + half})
		sizes, means = append(sizes, float64(t.arms[v].TrainImages)), append(means, mean)
	}
	fit, err := stat.FitLearning(sizes, means, each, variance, l.DF, l.BlockVar)
	if err != nil {
		return nil
	}
	bound := func(p stat.Prediction, n int) SizePoint { // no accuracy is above 100
		if o.Scale > 0 && o.Counts {
			p.Value, p.Low, p.High = min(p.Value, o.Scale), min(p.Low, o.Scale), min(p.High, o.Scale)
		}
		return SizePoint{n, p.Value, p.Low, p.High}
	}
	most := sizes[len(sizes)-1]
	const steps = 16
	for i := range steps + 1 {
		n := sizes[0] * math.Pow(2*most/sizes[0], float64(i)/steps)
		d.Curve = append(d.Curve, bound(fit.At(n), int(math.Round(n))))
	}
	d.Twice = bound(fit.At(2*most), int(2*most))
	gain := fit.Gain(2 * most)
	d.Gain = Interval{gain.Value, new(gain.Low), new(gain.High)}
	low, high := gain.Low, gain.High
	if o.Better < 0 {
		low, high = -high, -low
	}
	switch {
	case delta > 0 && high < delta:
		d.Answer = Reached
	case low > 0:
		d.Answer = NotReached
	default:
		d.Answer = Open
	}
	return d
}
