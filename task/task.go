// Package task says what the outputs of a network are for: whether they fit, what a batch holds beside its images, the loss, what an
// evaluation gives, how that is scored, and how it is answered to a person. It imports nn, program, tensor, data and, for near
// misses, internal/spec and internal/elementary, and reads no disk. Start at [Task]; catalog.go lists the tasks. Compile and data
// ask for what they need of one by interfaces of their own.
package task

import (
	"errors"
	"fmt"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/box"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/nn"
)

// Task is what a training is to learn, for a list of classes. Its values hold no state: they may be used from several goroutines.
type Task interface {
	Name() string // as an experiment's `task:` has it
	Outputs
	Scoring

	// Targets says what a batch of a set so labelled holds beside its images: for training as [Outputs.Loss] reads it, else as a
	// [Scorer] does. A class that the task does not know is an error.
	Targets(of data.Labelling, training bool) (data.Targets, error)

	// Answer is what a person is told of the one picture that an evaluation program of one row has seen: at most n answers, the surest
	// first. output gives what Predict declared.
	Answer(output func(name string) []float32, n int) []Guess
}

// Of is the task of that name, "" the default one, for a list of classes and a network, whose outputs may say how classes hang together.
func Of(name string, g *nn.Graph, classes []string) (Task, error) {
	t, err := New(name, classes)
	if d, detect := t.(Detect); detect {
		if r, boxes := g.Region(); boxes {
			d.Tree = r.Tree.Parents()
		}
		t = d
	}
	return t, err
}

// Suits tells why a set cannot be learned from by a task: whether its pictures have boxes decides.
func Suits(t Task, boxed bool) error {
	switch _, detect := t.(Detect); {
	case detect && !boxed:
		return errors.New("the pictures have no boxes; give a folder that has some (Pascal VOC, COCO, YOLO), or drop task: detect")
	case !detect && boxed:
		return errors.New("the pictures have boxes and no class of their own; write task: detect, and net: yolov2-tiny or architecture: [{head: yolo}]")
	}
	return nil
}

// Mixing is a task that can learn from rows that show several pictures, each with its share.
type Mixing interface {
	// Mixed is the task whose targets of training, and loss, are by shares.
	Mixed() Task
}

// Mixed is a task for rows that show several pictures; what makes them so, such as mixup, is told where the task cannot.
func Mixed(t Task, what string) (Task, error) {
	m, ok := t.(Mixing)
	if !ok {
		return nil, fmt.Errorf("%s mixes pictures, and the task %s cannot learn from mixed ones; leave it out", what, t.Name())
	}
	return m.Mixed(), nil
}

// Labelled is the task for a set so labelled: of a task whose programs are made for it, such as for the most boxes of a picture, else itself.
func Labelled(t Task, of data.Labelling) Task {
	if l, ok := t.(interface{ Labelled(data.Labelling) Task }); ok {
		return l.Labelled(of)
	}
	return t
}

// Outputs is the part of a task that stands in programs.
type Outputs interface {
	// Check tells what is wrong with a network's outputs, with the layer in front.
	Check(g *nn.Graph) error

	// Loss emits the loss of a batch, a scalar: the mean over its rows, weighted over outputs. It declares the targets as the program's
	// inputs. heads are the maps [N,H,W,C] of the outputs, the main one first.
	Loss(b *program.Builder, outputs []nn.Output, heads []*program.Value) *program.Value

	// Predict emits what an evaluation gives of the main output, of its map [N,H,W,C], and names it by outputs of the program, each with N
	// rows.
	Predict(b *program.Builder, main nn.Output, head *program.Value)
}

// Scoring is the part of a task that judges what came out.
type Scoring interface {
	// Metrics are what studies judge, the primary one first.
	Metrics() []Metric

	// Columns are what is kept of each image, by name: all that [Scoring.Derive] and a later question need.
	Columns() []string

	// Derive adds the columns that follow from the kept ones, given the class of each image.
	Derive(columns map[string][]float32, labels []int32)

	// Scorer makes a scorer of an evaluation of so many images of a set so labelled, whose classes [Task.Targets] knew.
	Scorer(of data.Labelling, images int) Scorer
}

// Scorer collects one evaluation, batch by batch.
type Scorer interface {
	// Add counts the valid rows of a batch, whose targets are not those of training. output gives what [Outputs.Predict] declared.
	Add(b *data.Batch, output func(name string) []float32)

	// Score sums up.
	Score() Score
}

// Score is what an evaluation found.
type Score struct {
	Images  int
	IDs     []int32  // by image, in the order in which they came: the set's own number
	Figures []Figure // over all images, as a person is told them, the primary metric first
	Classes []ClassScore
	Columns []Column

	// Detected is what a detector found; else nil.
	Detected *Detected

	// Collapse tells of a network that has learned nothing, or lost it; else nil.
	Collapse *Collapse
}

// ClassScore is a figure of the images of one class.
type ClassScore struct {
	Name   string
	Images int
	Figure Figure
	Boxes  int      // of the class that a detector is asked for
	Beside []Figure // what else is told of the class
}

// Column is a value an image, in the order of [Score.IDs]: one of the two.
type Column struct {
	Name   string
	Reals  []float32
	Wholes []int32
}

// Collapse says how a network shows that it has learned nothing.
type Collapse struct {
	What string // "every image is taken for cat"
	By   string // the figures that show it
}

// Figure is a figure of the whole Score, by its metric's name; false where there is none.
func (s Score) Figure(name string) (Figure, bool) {
	for _, f := range s.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// Raw is the figure of that name as [Figure.Raw] has it, 0 where there is none.
func (s Score) Raw(name string) float64 {
	f, _ := s.Figure(name)
	return f.Raw
}

// Values are all figures by name, in their units.
func (s Score) Values() map[string]float64 {
	values := make(map[string]float64, len(s.Figures))
	for _, f := range s.Figures {
		values[f.Name] = f.Value()
	}
	return values
}

// Guess is one answer for a person.
type Guess struct {
	Class       int
	Name        string
	Probability float64
	Box         box.Box // of a detector: in shares of the window, or where that is said in pixels of the upright picture
}
