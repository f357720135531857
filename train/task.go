// Package train runs one training: batches in, steps, schedule, evaluation, checkpoints, a model out. It knows no approach and
// no study; it is handed a network and settings. It imports experiment, compile, data, engine, task and
// model; which engine trains is the caller's affair. Start at [Job] and [Run]; [Evaluate] measures what a training left, package model
// reads it and asks it.
package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Watched is how many validation images the points of a curve are of, at most: a third of the images, looked at after each epoch,
// would take a sixth of a training. They are the same ones at every point and of every training on these parts, with the same
// share of every class. The score at the end is of all.
const Watched = 1000

// Version counts what the loop makes of a job: it rises when equal jobs come to end in other bits for a reason that lies here.
const Version = 1

// Job is one training with everything decided.
type Job struct {
	Task         string // by its name in package task; "": classify
	Graph        *nn.Graph
	Optimization experiment.Optimization
	Learning     experiment.Learning
	Set          *data.Set
	Cut          data.Cut
	Overlay      data.Overlay // over the training images: other labels, other shares
	Beside       *data.Set    // pictures that Learning.Mixed has beside them, whose place it leaves out; nil: none
	BesideItems  []int        // of these, those to train on ([data.Set.Mixture])
	Seeds        Seeds
	Engine       engine.Engine
	Loaders      int // goroutines that prepare batches; 0: one

	// Stages are the parts of the training, each with its length and, where it says so, its own size of images, batch and factor on the
	// rate; none: one, as long as Learning says. Every stage trains the same parameters and goes on with what the solver
	// remembers; its programs are compiled and its images read when it begins. Evaluation is at the network's own size, at the end of
	// each epoch and each stage. Mean and deviation of pixels are measured once, at the network's own size.
	Stages []experiment.Stage
	Start  *Start // weights to begin from in place of drawn ones; nil: all are drawn

	// Observers are what the training is judged by beside its own evaluation: means of the weights, which are kept along the way, and views. They
	// leave it as it is: [experiment.Apart] takes them out of the settings, where no such mean may stand. Means are in checkpoints; one without
	// them is passed over, with a word. Views that stand in Learning are those of all evaluations that the job makes, and of its model.
	Observers []experiment.Observer

	Checkpoint string        // file that the training goes on from, and is kept in; "": none
	Every      time.Duration // between checkpoints; 0: a minute

	Experiment string // the experiment file's text, which travels with the model
	KeepBegun  bool   // Result.Begun is wanted
	OnPoint    func(Point)
	OnStep     func(Progress)
	OnStart    func(Started) // what became of Start, before the first step; of a training that goes on, too
	OnNote     func(string)  // a checkpoint that was passed over, in a line
}

// Seeds are the sources of chance, one for each purpose; the streams under them are independent even where seeds are equal.
type Seeds struct {
	Split   uint64 // which images are validation
	Init    uint64 // initial values of parameters, by name
	Order   uint64 // sample order
	Augment uint64 // crops, flips
	Dropout uint64 // masks
}

// SeedsOf gives every purpose the same seed.
func SeedsOf(seed uint64) Seeds { return Seeds{seed, seed, seed, seed, seed} }

// Point is an evaluation along the way, on the validation images that are watched.
type Point struct {
	Epoch     float64            `json:"epoch"` // passes done
	Step      int                `json:"step"`
	TrainLoss float64            `json:"train_loss"`       // mean over the steps since the last point
	LR        float64            `json:"lr"`               // of the last step
	Metrics   map[string]float64 `json:"metrics"`          // of the task, by name, each in its unit
	Images    int                `json:"images,omitempty"` // that Metrics are of, the same at every point
}

// Progress is where a training stands.
type Progress struct {
	Step, Steps  int
	Epoch        float64
	Epochs       float64
	ImagesPerSec float64 // since the first step of this process, evaluations counted
	Loss         float64 // of the last step
}

// Result is how a training ended.
type Result struct {
	Diverged bool // a loss that is not finite
	Step     int  // steps done; where it diverged, those before the step of that loss
	Epochs   float64
	Curve    []Point
	Score    task.Score     // of the last weights on the validation images, or of their mean where that is the training's own; zero where it diverged
	Model    *model.Model   // nil where it diverged
	Observed []Observed     // of Observers, in their order; nil where it diverged
	Begun    map[int]string // where KeepBegun asked for it: digests of the State after the first steps, those of BegunSteps
	Seconds  float64        // wall time of this process's part
	Resumed  int            // the step that it went on from, 0 if it began
}

// preparation is what a job's data give to the loop.
type preparation struct {
	task       task.Task
	names      []string // of its classes
	geometry   data.Geometry
	preprocess data.Preprocess
	images     int               // seen in an epoch
	trained    []int             // items of the set that steps are taken on
	config     data.LoaderConfig // of training, but for what a stage decides
	validation *data.Loader      // nil where there are no validation images
	watched    *data.Loader      // of the validation images those that points are of; validation where these are all
	aside      *data.Loader      // of the training images those that plateau goes by; nil: it is not asked for
	looking    data.LoaderConfig // of evaluation
	evalBatch  int               // images of an evaluation at once
	seen       model.Seen
}

// Geometry is how a set's pictures reach a network under given learning settings.
func Geometry(s *data.Set, l experiment.Learning) data.Geometry {
	return s.Geometry(l.Window(), l.Pad())
}

// framed is how pictures reach the network in a window of a side, 0 for the set's own, framed as the weights are used to that the job
// starts from.
func (j *Job) framed(side int) data.Geometry {
	return j.Set.Framed(side, j.Learning.Pad(), j.Start.framing())
}

func (j *Job) prepare(ctx context.Context) (*preparation, error) {
	if from := j.Learning.Pretrain.From; from != (experiment.Weights{}) {
		return nil, fmt.Errorf("pretrain: nobody has read the weights %s; hand them over as the job's Start, and leave the file out of Learning", from)
	}
	if m := j.Learning.Mixed; !m.None() {
		return nil, fmt.Errorf("mixed: nobody has opened %s; hand it over as the job's Beside, and leave it out of Learning", m.Data)
	}
	if a := j.Optimization.Average; a.Observes() {
		return nil, fmt.Errorf("average: %s decides nothing of the training; hand it over as one of the job's Observers, and leave it out of Optimization", a)
	}
	p := &preparation{geometry: j.framed(j.Learning.Window())}
	if s := j.Graph.InputSize(); s.H != p.geometry.H || s.W != p.geometry.W || s.C != j.Learning.Colors.In().Channels(j.Set.C) {
		return nil, fmt.Errorf("%s takes images of %v, the data gives %dx%dx%d; build the network for that size", j.Graph.Name, s, p.geometry.H, p.geometry.W, j.Learning.Colors.In().Channels(j.Set.C))
	}
	classes, err := j.classes()
	if err != nil {
		return nil, err
	}
	p.names = classes
	if p.task, err = task.Of(j.Task, j.Graph, classes); err != nil {
		return nil, err
	}
	if err := p.task.Check(j.Graph); err != nil {
		return nil, fmt.Errorf("%s: %w", j.Graph.Name, err)
	}
	seen, held, trained, over, err := j.lay(ctx)
	if err != nil {
		return nil, err
	}
	if c, ok := p.task.(task.Classify); ok {
		c.Of, c.Gamma, c.Smoothing = j.Optimization.Loss.Kind, j.Optimization.Loss.Gamma, j.Optimization.LabelSmoothing.Amount
		if j.Optimization.Penalty.Kind == "confidence" {
			c.Confidence = j.Optimization.Penalty.Lambda()
		}
		c.Weighted = over.Counts != nil
		p.task = c
	}
	if d, ok := p.task.(task.Detect); ok {
		d.Weighs = weighed(j.Optimization.Loss, j.Learning.Mixed)
		p.task = d
	}
	if name := j.Learning.Mixes(); name != "" {
		if p.task, err = task.Mixed(p.task, name); err != nil {
			return nil, fmt.Errorf("augment: %w", err)
		}
	}
	of := j.Set.LabellingUnder(j.Learning.Augment.List())
	if j.Beside != nil {
		of.Beside = j.Beside.Classes
	}
	if over.Coarse != nil {
		of.Classes = slices.Concat(of.Classes, over.Coarse.Names)
	}
	p.task = task.Labelled(p.task, of)
	targets, truth, err := targetsOf(p.task, j.Set, of)
	if err != nil {
		return nil, err
	}
	// Mean and deviation come from all training images, so that a subset sees the same pictures.
	if p.preprocess, err = j.Set.PreprocessIn(ctx, j.Cut.Train, p.geometry, j.Learning.Colors.In()); err != nil {
		return nil, err
	}
	if j.Start != nil && j.Start.Mean != nil && p.preprocess.Space == "" { // weights know no other space
		p.preprocess.Mean, p.preprocess.Std = j.Start.Mean, j.Start.Std
	}
	if v := j.Learning.Views.Of(); v != data.Centre {
		p.preprocess.Views = v
	}
	p.config = data.LoaderConfig{
		Targets: targets, Train: true, Overlay: over, Augment: j.Learning.Augment.List(),
		Order: tensor.NewStream(j.Seeds.Order, "order"), Draws: tensor.NewStream(j.Seeds.Augment, "augment"),
	}
	p.images, p.trained = over.Visits(j.Cut.Train), trained
	marks := j.Set.Marks(seen)
	if j.Beside != nil {
		p.config.Beside = &data.Beside{
			Set: j.Beside, Items: j.BesideItems, Ratio: j.Learning.Mixed.Ratio,
			Order: tensor.NewStream(j.Seeds.Order, "order beside"), Draws: tensor.NewStream(j.Seeds.Augment, "augment beside"),
		}
		p.images += data.BesideImages(p.images, j.Learning.Mixed.Ratio)
		marks = marks.With(j.Beside.Marks(j.BesideItems))
	}
	p.seen = model.Seen{Trained: marks, Validated: j.Set.Marks(j.Cut.Val)} // held out or not, they decide what is trained
	if j.Start != nil {
		p.seen.Trained, p.seen.Validated = p.seen.Trained.With(j.Start.Seen.Trained), p.seen.Validated.With(j.Start.Seen.Validated)
	}
	p.evalBatch = evaluationBatch(j.Cut.Val, j.Optimization.Batch.Part())
	p.looking = data.LoaderConfig{Batch: p.evalBatch, Preprocess: p.preprocess, Geometry: p.geometry, Targets: truth}
	if len(j.Cut.Val) > 0 {
		if p.validation, err = j.Set.Loader(ctx, j.Cut.Val, p.looking); err != nil {
			return nil, err
		}
	}
	if len(held) > 0 {
		if p.aside, err = j.Set.Loader(ctx, held, p.by(data.Centre)); err != nil {
			return nil, err
		}
	}
	if p.watched = p.validation; len(j.Cut.Val) > Watched {
		p.watched, err = j.Set.Loader(ctx, j.Set.Subset(j.Cut.Val, Watched, 0), p.looking)
	}
	return p, err
}

// by is how evaluation looks at pictures by views.
func (p *preparation) by(v data.Views) data.LoaderConfig {
	c := p.looking
	if c.Preprocess.Views = v; v == data.Centre {
		c.Preprocess.Views = ""
	}
	return c
}

// weighed is the loss of boxes with its parts as settings weigh them.
func weighed(l experiment.Loss, m experiment.Mixed) task.RegionLoss {
	w := task.RegionLoss{Object: l.Object, NoObject: l.NoObject, Coord: l.Coord, Class: l.Class, Threshold: l.Threshold, Warm: int32(l.Warm), Whole: float32(m.Weight), Background: m.Background}
	if l.Warm == 0 {
		w.Warm = -1 // none
	}
	return w
}

// classes are those that the network tells apart.
func (j *Job) classes() ([]string, error) {
	var beside []string
	if j.Beside != nil {
		beside = j.Beside.Classes
	}
	names, _, err := j.Learning.Classes(j.Set.Classes, beside)
	return names, err
}

// targetsOf are what a batch of a set holds in training, whose rows are so labelled, and what a scorer reads.
func targetsOf(t task.Task, s *data.Set, of data.Labelling) (training, truth data.Targets, err error) {
	if err = task.Suits(t, s.Boxed); err == nil {
		training, err = t.Targets(of, true)
	}
	if err == nil {
		truth, err = t.Targets(s.Labelling(), false)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", s.Name, err)
	}
	return training, truth, err
}

// evaluationBatch is a function of settings and data alone, as the bits may depend on it.
func evaluationBatch(items []int, batch int) int { return max(1, min(batch, len(items))) }

// Mix has the job train on pictures of an opened set beside its own, as Learning.Mixed says, whose place is taken out. Seed and repeat are those of the
// job's cut. Images that validate or test the other set leave the job; the mixture counts them.
func (j *Job) Mix(s *data.Set, seed uint64, repeat int) data.Mixture {
	j.Beside, j.Learning.Mixed.Data = s, experiment.Data{}
	m := j.Set.Mixture(j.Cut.Train, slices.Concat(j.Cut.Val, j.Cut.Test), s, seed, repeat)
	j.Cut.Train, j.BesideItems = m.Own, m.Beside
	return m
}

// BesideDigest identifies pictures of another set that are trained on; "" of none.
func BesideDigest(s *data.Set, items []int) string {
	if s == nil {
		return ""
	}
	sum := sha256.New()
	fmt.Fprintln(sum, s.Digest, items)
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// digest identifies what a checkpoint is of: everything that decides the bits.
func (j *Job) digest() (string, error) {
	text, err := json.Marshal(struct {
		Version           int
		Task              string
		Network, Settings string
		Seeds             Seeds
		Data              string
		Cut               data.Cut
		Overlay           string `json:",omitempty"`
		Engine            engine.ID
		Stages            []experiment.Stage `json:",omitempty"`
		Start             string             `json:",omitempty"`
		Beside            string             `json:",omitempty"`
	}{Version, task.Short(j.Task), string(j.Graph.Canonical()), string(experiment.Canonical(j.Optimization, j.Learning)), j.Seeds, j.Set.Digest, j.Cut, j.Overlay.Digest(), j.Engine.ID(), j.Stages, j.Start.digest(), BesideDigest(j.Beside, j.BesideItems)})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}
