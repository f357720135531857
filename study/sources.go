package study

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/assaylab/assay/study/stat"
)

// Source is a stream of seeds, a way in which trainings of one and the same arm come to differ.
type Source struct {
	Name string               // as reports name it
	Of   func(*Seeds) *uint64 // the seed of its stream
}

// Sources are the streams that a study of noise varies one by one, the others held.
var Sources = []Source{
	{"initialisation", func(s *Seeds) *uint64 { return &s.Init }},
	{"order", func(s *Seeds) *uint64 { return &s.Order }},
	{"augmentation", func(s *Seeds) *uint64 { return &s.Augment }},
	{"dropout", func(s *Seeds) *uint64 { return &s.Dropout }},
	{"split", func(s *Seeds) *uint64 { return &s.Split }},
}

// Vary is the seeds of a repeat of the study in which one source alone is drawn anew; the first repeat is the study's own.
func (s *Study) Vary(source Source, repeat int) Seeds {
	seeds, drawn := s.Seeds(1), SeedsOf(s.Seed, repeat)
	*source.Of(&seeds) = *source.Of(&drawn)
	return seeds
}

// NoiseOf is the spread that one source gives to the outcome.
type NoiseOf struct {
	Source  string    `json:"source"`
	SD      float64   `json:"sd"` // in the metric's unit; 0 where the source changes no bit
	Low     float64   `json:"low"`
	High    float64   `json:"high"` // 90 % interval
	Same    bool      `json:"same"` // every training ended in the same outcome: the arm does not draw from this source
	Repeats int       `json:"repeats"`
	Values  []float64 `json:"values"`
}

// NoiseFrom is the spread of outcomes in which a source was drawn anew, with its χ² interval.
func NoiseFrom(source string, values []float64) NoiseOf {
	n := NoiseOf{Source: source, Repeats: len(values), Values: values}
	variance := stat.Variance(values)
	if n.Same = !(variance > 0); n.Same {
		return n
	}
	df := float64(len(values) - 1)
	chi := distuv.ChiSquared{K: df}
	n.SD, n.Low, n.High = math.Sqrt(variance), math.Sqrt(variance*df/chi.Quantile(0.95)), math.Sqrt(variance*df/chi.Quantile(0.05))
	return n
}

// Floor is the noise that trainings of an arm have within one block, whose split all arms share: the sources but the split together.
func Floor(sources []NoiseOf) float64 {
	sum := 0.0
	for _, n := range sources {
		if n.Source != "split" {
			sum += n.SD * n.SD
		}
	}
	return math.Sqrt(sum)
}
