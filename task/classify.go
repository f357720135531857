package task

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// Classify names the class of each picture: every output of the network is one logit a class, and the loss is softmax cross
// entropy.
type Classify struct {
	Classes []string // in the order of the logits

	Soft       bool    // in training a row has a distribution over the classes, as mixed pictures have; else one class
	Of         string  // the loss of training: softmax, which is "" too, bce or focal
	Gamma      float32 // of focal
	Smoothing  float32 // of the labels in training: the share spread evenly over all classes, 0 to 1
	Confidence float32 // in training as much of the entropy of each row's answer is taken off its loss: arXiv:1701.06548
	Weighted   bool    // in training rows count by their pictures' weights; the loss stays the mean over rows, not over weights
}

// Names of what programs read and give.
const (
	Labels  = "labels"  // input [N], class of each row; below 0: the row does not count
	Soft    = "soft"    // input [N,K], distribution over the classes
	Weights = "weights" // input [N]

	LogProbs = "log-probs" // output of an evaluation [N,K]
)

// The columns that classification keeps of each image, and one that follows from them.
const (
	LogPTrue   = "log_p_true"  // natural log of the probability given to the true class
	LogPOther  = "log_p_other" // and of that given to the most probable other class
	ClassOther = "class_other" // which class that is, of equals the first: a whole number
	Correct    = "correct"     // derived: 1 where the true class is taken, ties going to the class that stands first, else 0
)

// The metrics of classification. Accuracy is judged first; log loss beside it, as a family of its own.
var (
	Accuracy = Metric{Name: "accuracy", Title: "accuracy", Unit: Points, Says: "how many images are taken for their class", Better: +1, Column: Correct, Scale: 100, Least: 0.5, Counts: true}
	LogLoss  = Metric{Name: "log_loss", Title: "log loss", Unit: "nats", Says: "how sure the network is of the right class", Better: -1, Column: LogPTrue, Scale: -1}
	Top5     = Metric{Name: "top5", Title: "top-5", Unit: Points, Says: "how many images have their class among the five most probable", Better: +1, Scale: 100} // shown, not judged
)

// Name is classify.
func (Classify) Name() string { return catalog[0].Name }

// Mixed is the task with a distribution over the classes in each row.
func (c Classify) Mixed() Task {
	c.Soft = true
	return c
}

// Metrics are accuracy and log loss.
func (Classify) Metrics() []Metric { return []Metric{Accuracy, LogLoss} }

// Columns are the three that are kept.
func (Classify) Columns() []string { return []string{LogPTrue, LogPOther, ClassOther} }

// Check wants every output to be one logit a class.
func (Classify) Check(g *nn.Graph) error {
	size, err := g.Sizes()
	if err != nil {
		return err
	}
	for _, o := range g.Outputs {
		if _, boxes := o.Node.Layer.(nn.Region); boxes {
			return fmt.Errorf("%s: output %s gives boxes; write task: detect", o.Node.Name, o.Name)
		}
		if x := size[o.Node]; x.H != 1 || x.W != 1 {
			return fmt.Errorf("%s: the logits of output %s are a map of %v; pool it globally or end with a linear layer", o.Node.Name, o.Name, x)
		} else if x.C != g.Classes {
			return fmt.Errorf("%s: output %s has %d logits for %d classes; write out: classes", o.Node.Name, o.Name, x.C, g.Classes)
		}
	}
	return nil
}

// Loss is the mean over rows of the loss asked for, by Labels or Soft, smoothed, times Weights where rows are weighted.
func (c Classify) Loss(b *program.Builder, outputs []nn.Output, heads []*program.Value) *program.Value {
	n := heads[0].Shape()[0]
	var target, weights *program.Value
	if c.Soft {
		target = b.Input(Soft, program.Real, tensor.Of(n, heads[0].Shape()[3]))
	} else {
		target = b.Input(Labels, program.Index, tensor.Of(n))
	}
	if c.Weighted {
		weights = b.Input(Weights, program.Real, tensor.Of(n))
	}
	var loss *program.Value
	for i, o := range outputs {
		rows := b.Emit(c.rows(), logits(b, heads[i]), target)
		if c.Confidence > 0 {
			rows = b.Emit(program.Add{}, rows, b.Emit(program.Scale{By: -c.Confidence}, b.Emit(program.Entropy{}, logits(b, heads[i]))))
		}
		if c.Weighted {
			rows = b.Emit(program.Mul{}, rows, weights)
		}
		part := b.Emit(program.Mean{}, rows)
		if o.Weight != 1 {
			part = b.Emit(program.Scale{By: float32(o.Weight)}, part)
		}
		if i == 0 {
			loss = part
		} else {
			loss = b.Emit(program.Add{}, loss, part)
		}
	}
	return loss
}

// rows is the loss of rows.
func (c Classify) rows() program.Op {
	switch c.Of {
	case "bce":
		return program.BinaryCrossEntropy{Smoothing: c.Smoothing}
	case "focal":
		return program.Focal{Gamma: c.Gamma, Smoothing: c.Smoothing}
	}
	return program.CrossEntropy{Smoothing: c.Smoothing}
}

// Predict gives LogProbs, whatever the loss was.
func (Classify) Predict(b *program.Builder, _ nn.Output, head *program.Value) {
	b.At("log-softmax")
	b.Output(LogProbs, b.Emit(program.LogSoftmax{}, logits(b, head)))
}

// logits is a head's map as [N,K].
func logits(b *program.Builder, head *program.Value) *program.Value {
	n := head.Shape()[0]
	return b.Emit(program.Reshape{Shape: tensor.Of(n, head.Shape().Elems()/n)}, head)
}

// Targets are Labels, in training Soft and Weights where these are asked for. The set's classes are found by their names, so that a
// set may hold some of the task's, in any order.
func (c Classify) Targets(of data.Labelling, training bool) (data.Targets, error) {
	t := classTargets{classes: len(c.Classes), class: make([]int32, len(of.Classes)), soft: training && c.Soft, weighted: training && c.Weighted}
	for i, name := range of.Classes {
		k := slices.Index(c.Classes, name)
		if k < 0 {
			return nil, fmt.Errorf("has a class %q, which the model does not know (it has %s); give images of the classes that it was trained for", name, some(c.Classes))
		}
		t.class[i] = int32(k)
	}
	return t, nil
}

// some names the first few of a list.
func some(names []string) string {
	if n := len(names); n > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), n-5)
	}
	return strings.Join(names, ", ")
}

// classTargets fills what classification's programs and scorers read.
type classTargets struct {
	classes        int
	class          []int32 // by the set's class: the task's
	soft, weighted bool
}

func (t classTargets) Room(batch int) []data.Array {
	var arrays []data.Array
	if t.soft {
		arrays = append(arrays, data.Array{Name: Soft, Real: make([]float32, batch*t.classes)})
	} else {
		arrays = append(arrays, data.Array{Name: Labels, Index: make([]int32, batch)})
	}
	if t.weighted {
		arrays = append(arrays, data.Array{Name: Weights, Real: make([]float32, batch)})
	}
	return arrays
}

// Fill writes a row. Of several pictures a row without a distribution takes the class of the first of the largest share; its
// weight is theirs by their shares.
func (t classTargets) Fill(arrays []data.Array, row int, shown []data.Shown, _ int) {
	if t.soft {
		q := arrays[0].Real[row*t.classes:][:t.classes]
		clear(q)
		for _, s := range shown {
			q[t.class[s.Label]] += s.Share
		}
	} else {
		label, most := int32(0), float32(0)
		for _, s := range shown {
			if s.Share > most {
				label, most = t.class[s.Label], s.Share
			}
		}
		arrays[0].Index[row] = label
	}
	if t.weighted {
		weight := float32(0)
		for _, s := range shown {
			weight += float32(s.Share * s.Weight)
		}
		arrays[1].Real[row] = weight
	}
}

// Scorer makes a scorer.
func (c Classify) Scorer(_ data.Labelling, images int) Scorer {
	k := len(c.Classes)
	t := &tally{classes: c.Classes, hits: make([]int, k), images: make([]int, k), named: make([]int, k)}
	t.ids, t.own, t.other, t.class = make([]int32, 0, images), make([]float32, 0, images), make([]float32, 0, images), make([]int32, 0, images)
	return t
}

// tally collects a score of classification.
type tally struct {
	classes []string
	ids     []int32
	own     []float32 // by image: ln(probability of the true class)
	other   []float32 // by image: ln(probability of the most probable other class)
	class   []int32   // by image: that class, the first of equals
	hits    []int     // by class
	images  []int
	named   []int // by class: images that are taken for it
	top5    int
	correct int
	loss    float64
}

// Add counts the valid rows of a batch.
func (t *tally) Add(b *data.Batch, output func(name string) []float32) {
	out, k := output(LogProbs), len(t.classes)
	for row := range b.Valid {
		t.add(int32(b.IDs[row]), int(b.Targets[0].Index[row]), out[row*k:(row+1)*k])
	}
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
	t.ids, t.own = append(t.ids, id), append(t.own, own)
	t.other, t.class = append(t.other, logProbs[other]), append(t.class, int32(other))
	t.images[label]++
	t.loss -= float64(own)
	if ahead == 0 {
		t.hits[label]++
		t.correct++
	}
	if ahead < 5 {
		t.top5++
	}
}

// Score sums up. A network has collapsed that takes images of several classes for one, at a log loss no lower than that of the
// classes' shares given to each image: their entropy.
func (t *tally) Score() Score {
	n := float64(max(len(t.ids), 1))
	loss := t.loss / n
	s := Score{
		Images: len(t.ids), IDs: t.ids,
		Columns: []Column{{Name: LogPTrue, Reals: t.own}, {Name: LogPOther, Reals: t.other}, {Name: ClassOther, Wholes: t.class}},
	}
	shares, seen := 0.0, 0
	for i, name := range t.classes {
		of := ClassScore{Name: name, Images: t.images[i], Figure: Figure{Metric: Accuracy}}
		if of.Images > 0 {
			seen++
			of.Figure.Raw = float64(t.hits[i]) / float64(of.Images)
			shares -= float64(float64(of.Images) / n * elementary.Log(float64(of.Images)/n))
		}
		s.Classes = append(s.Classes, of)
	}
	s.Figures = []Figure{
		{Metric: Accuracy, Raw: float64(t.correct) / n}, {Metric: Top5, Raw: float64(t.top5) / n, Idle: seen <= 5}, {Metric: LogLoss, Raw: loss},
	}
	const rounding = 1e-6 // of log-probabilities in float32
	for k, images := range t.named {
		if images == s.Images && shares > 0 && loss >= (1-rounding)*shares {
			s.Collapse = &Collapse{"every image is taken for " + t.classes[k], fmt.Sprintf("at a log loss of %.4f (the classes' shares: %.4f)", loss, shares)}
		}
	}
	return s
}

// Derive adds Correct: of classes as probable as the true one the first in the list is taken.
func (Classify) Derive(columns map[string][]float32, labels []int32) {
	own, other, class := columns[LogPTrue], columns[LogPOther], columns[ClassOther]
	right := make([]float32, len(labels))
	for i, label := range labels {
		if i < len(own) && i < len(other) && i < len(class) && (own[i] > other[i] || own[i] == other[i] && label < int32(class[i])) {
			right[i] = 1
		}
	}
	columns[Correct] = right
}

// Answer lists the n most probable classes, ties in the order of the classes.
func (c Classify) Answer(output func(name string) []float32, n int) []Guess {
	logProbs := output(LogProbs)
	gs := make([]Guess, len(logProbs))
	for k, p := range logProbs {
		gs[k] = Guess{Class: k, Name: c.Classes[k], Probability: math.Exp(float64(p))}
	}
	slices.SortStableFunc(gs, func(a, b Guess) int {
		switch {
		case a.Probability > b.Probability:
			return -1
		case a.Probability < b.Probability:
			return 1
		}
		return 0
	})
	return gs[:min(n, len(gs))]
}
