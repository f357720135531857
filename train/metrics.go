package train

import (
	"github.com/assaylab/assay/internal/elementary"
)

// Metrics is what a classifier did on a set of images.
type Metrics struct {
	Images   int
	Accuracy float64 // share of images whose most probable class is theirs, 0 to 1
	Top5     float64 // share whose class is among the five most probable
	LogLoss  float64 // mean of -ln(probability of the true class), nats
	PerClass []ClassMetrics

	// Collapsed is the class that every image is taken for by a network that has learned nothing, or lost it: there are images of
	// several classes, and the log loss is no lower than that of the classes' shares given to each image; else empty. It has
	// [Metrics.Shares] beside it.
	Collapsed string
	Shares    float64 // log loss of the classes' shares of the images, given to each image: their entropy, nats

	IDs      []int32   // by image: the data set's own number
	Correct  []bool    // by image: the most probable class is the true one
	LogProb  []float32 // by image: ln(probability of the true class)
	LogOther []float32 // by image: ln(probability of the most probable other class)
	Other    []int32   // by image: that class, the first of equals
}

// ClassMetrics is Metrics of the images of one class.
type ClassMetrics struct {
	Name     string
	Images   int
	Accuracy float64
}

// tally collects metrics batch by batch.
type tally struct {
	m       Metrics
	hits    []int // by class
	images  []int
	named   []int // by class: images that are taken for it
	top5    int
	correct int
	loss    float64
}

func newTally(classes []string, images int) *tally {
	t := &tally{hits: make([]int, len(classes)), images: make([]int, len(classes)), named: make([]int, len(classes))}
	t.m.IDs, t.m.Correct, t.m.LogProb = make([]int32, 0, images), make([]bool, 0, images), make([]float32, 0, images)
	t.m.LogOther, t.m.Other = make([]float32, 0, images), make([]int32, 0, images)
	for _, c := range classes {
		t.m.PerClass = append(t.m.PerClass, ClassMetrics{Name: c})
	}
	return t
}

// add counts one image, given the log-probabilities of all classes. A class that is as probable as the true one and comes
// before it in the list wins, as an argmax that takes the first would have it. Not-a-number is never right.
func (t *tally) add(id int32, label int, logProbs []float32) {
	own := logProbs[label]
	ahead, first, other := 0, 0, -1
	for k, p := range logProbs {
		if !(p < own || p == own && k >= label) {
			ahead++
		}
		if p > logProbs[first] {
			first = k
		}
		if k != label && (other < 0 || p > logProbs[other]) {
			other = k
		}
	}
	t.named[first]++
	correct := ahead == 0
	t.m.IDs = append(t.m.IDs, id)
	t.m.Correct = append(t.m.Correct, correct)
	t.m.LogProb = append(t.m.LogProb, own)
	t.m.LogOther, t.m.Other = append(t.m.LogOther, logProbs[other]), append(t.m.Other, int32(other))
	t.images[label]++
	t.loss -= float64(own)
	if correct {
		t.hits[label]++
		t.correct++
	}
	if ahead < 5 {
		t.top5++
	}
}

// metrics sums up.
func (t *tally) metrics() Metrics {
	m := t.m
	m.Images = len(m.IDs)
	n := float64(max(m.Images, 1))
	m.Accuracy, m.Top5, m.LogLoss = float64(t.correct)/n, float64(t.top5)/n, t.loss/n
	for i := range m.PerClass {
		m.PerClass[i].Images = t.images[i]
		if t.images[i] > 0 {
			m.PerClass[i].Accuracy = float64(t.hits[i]) / float64(t.images[i])
			m.Shares -= float64(float64(t.images[i]) / n * elementary.Log(float64(t.images[i])/n))
		}
	}
	const rounding = 1e-6 // of log-probabilities in float32
	for k, images := range t.named {
		if images == m.Images && m.Shares > 0 && m.LogLoss >= (1-rounding)*m.Shares {
			m.Collapsed = m.PerClass[k].Name
		}
	}
	return m
}
