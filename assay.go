// Package assay is a lab for convolutional networks: which choices of architecture, of optimization and of learning pay on your
// images, how much, and at what cost? It trains on an engine of its own, in Go and assembly, without cgo.
//
// This package is the short way in: [Open] opens images, [Train] trains one network, [Study] trains variants of it fairly and
// judges them, [Load] reads a model. What they hand out belongs to the rooms below, which say more: data, zoo and nn for
// networks, the approaches' own packages (approach/architecture, approach/optimization, approach/learning) for choices with
// their parameters, train, study. The command assay is built from the same rooms. Before version 1 names may change.
package assay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/train"
)

// Set is an opened set of images.
type Set = data.Set

// Model is a trained network with all that predicting needs.
type Model = model.Model

// Open opens a folder of images, with one folder a class, or an archive of one; a name such as fashion-mini opens a built-in set.
// Pictures are decoded once and stay in memory. Close the set when it is done with.
func Open(ctx context.Context, source string) (*Set, error) {
	return data.Open(ctx, spec(source), data.Options{})
}

func spec(source string) data.Spec {
	if _, err := data.Find(source); err == nil {
		return data.Builtin(source)
	}
	return data.Folder(source)
}

// Load reads a model from a file that [Model.Save] or assay train wrote.
func Load(path string) (*Model, error) { return model.Load(path) }

// Training is what [Train] is asked for.
type Training struct {
	Task       string // classify, which is "" too, or detect, for sets with boxes
	Net        string // of the zoo, or the path of a network file
	Approaches []any  // of any kind, in order: optimization.LR{...}, architecture.Activation{...}; begin with [With] where defaults are wanted
	Seed       uint64 // 0: 1
	Threads    int    // 0: all cores that this process may use
	Checkpoint string // file that the training goes on from, and is kept in; "": none

	OnPoint func(train.Point) // after each epoch; may be nil
}

// With is an approach of type T at its defaults, as a file that names it alone would have it, changed by edit:
//
//	assay.With(func(a *architecture.Activation) { a.To = nn.ELU })
func With[T any](edit func(*T)) T {
	a := approach.Default[T]()
	if edit != nil {
		edit(&a)
	}
	return a
}

// Train trains one network on a set, validates it on a tenth of the images or on the set's own part, and returns what came of it:
// its curve, metrics and model. The same call gives the same bits, whatever the number of threads. A training whose loss is not
// finite is a result (Diverged), and no error.
func Train(ctx context.Context, set *Set, t Training) (*train.Result, error) {
	e, err := chosen(experiment.Experiment{Task: t.Task, Net: t.Net, Seed: max(t.Seed, 1)}, t.Approaches)
	if err != nil {
		return nil, err
	}
	learning, err := approach.Learn(e)
	if err != nil {
		return nil, err
	}
	var beside *Set
	if m := learning.Mixed; !m.None() {
		if beside, err = data.Open(ctx, m.Data.Spec, data.Options{}); err != nil {
			return nil, fmt.Errorf("mixed: %w", err)
		}
		defer beside.Close()
	}
	built, err := approach.Build(e, approach.ImagesOf(set, learning, beside))
	if err != nil {
		return nil, err
	}
	start, err := pretrain.Start(built.Graph, built.Learning.Pretrain)
	if err != nil {
		return nil, err
	}
	built.Learning.Pretrain.From = experiment.Weights{} // their digest says which they are
	eng, err := open("", t.Threads)
	if err != nil {
		return nil, err
	}
	defer eng.Close()
	job := train.Job{
		Task: e.Task, Start: start, Graph: built.Graph, Optimization: built.Optimization, Learning: built.Learning, Set: set,
		Cut: set.Cut(e.Seed, 1), Seeds: train.SeedsOf(e.Seed), Engine: eng, Checkpoint: t.Checkpoint, OnPoint: t.OnPoint,
	}
	if beside != nil {
		job.Mix(beside, e.Seed, 1)
	}
	return train.Run(ctx, job)
}

// chosen is an experiment with approaches, each in the list of its kind.
func chosen(e experiment.Experiment, approaches []any) (experiment.Experiment, error) {
	lists := map[approach.Kind]*[]experiment.Choice{approach.Architecture: &e.Architecture, approach.Optimization: &e.Optimization, approach.Learning: &e.Learning}
	for _, a := range approaches {
		c, err := approach.Choose(a)
		if err != nil {
			return e, err
		}
		entry, err := approach.Lookup(c.Name)
		if err != nil {
			return e, err
		}
		*lists[entry.Kind] = append(*lists[entry.Kind], c)
	}
	return e, nil
}

func open(_ string, threads int) (engine.Engine, error) {
	return cpu.New(cpu.Options{Threads: threads})
}

// Plan is what [Study] is asked for: a baseline, and variants of it.
type Plan struct {
	Name       string // in the store; "": study
	Question   string // the report's title; "": made from the source
	Source     string // a folder of images, or the name of a built-in set
	Net        string
	Approaches []any // of the baseline
	Variants   []Variant
	Design     study.Design  // which combinations of the variants are trained; zero: each alone
	Repeats    int           // paired trainings of each; 0: 3
	Seed       uint64        // 0: 1
	Budget     time.Duration // of all trials together; 0: none
	Store      string        // folder of results; "": assay-store
	Threads    int           // 0: all cores that this process may use

	OnTrial func(done, total int, arm string, repeat int) // as each trial ends; may be nil
}

// Variant is the baseline with approaches added at the end of its lists, or taken away by name.
type Variant struct {
	Name    string
	With    []any
	Without []string
	Net     string // another network; "": the baseline's
}

// Study trains a baseline and variants of it, each several times under the same conditions, and says which pay: effects with
// simultaneous intervals, verdicts and costs. Trials are kept in the store, where the same call, a larger one, or the command
// assay finds them; only what is new is trained. Trials run in this process.
func Study(ctx context.Context, p Plan) (*study.Result, error) {
	base, err := chosen(experiment.Experiment{Data: experiment.Data{Spec: spec(p.Source)}, Net: p.Net, Seed: max(p.Seed, 1)}, p.Approaches)
	if err != nil {
		return nil, err
	}
	s := &study.Study{Question: p.Question, Base: base, Design: p.Design, Repeats: p.Repeats, Seed: base.Seed, Budget: p.Budget}
	if s.Repeats == 0 {
		s.Repeats = 3
	}
	for _, v := range p.Variants {
		of := study.Variant{Name: v.Name, Without: slices.Clone(v.Without), Net: v.Net}
		for _, a := range v.With {
			c, err := approach.Choose(a)
			if err != nil {
				return nil, fmt.Errorf("variant %q: %w", v.Name, err)
			}
			of.With = append(of.With, c)
		}
		s.Variants = append(s.Variants, of)
	}
	text, err := s.Text()
	if err != nil {
		return nil, err
	}
	name, store, threads := p.Name, p.Store, p.Threads
	if name == "" {
		name = "study"
	}
	if store == "" {
		store = "assay-store"
	}
	if threads == 0 {
		threads = cpu.DefaultThreads()
	}
	session, err := runner.Open(ctx, runner.Request{File: filepath.Join(store, name+".yaml"), Text: text, Name: name, Store: store, Threads: threads, Open: open})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	ran, err := session.Run(ctx, runner.Here{Open: open}, func(e runner.Event) {
		if e.Ended != nil && p.OnTrial != nil {
			p.OnTrial(e.Done, e.Total, e.Arm, e.Repeat)
		}
	})
	if err != nil {
		return nil, err
	}
	if n := len(ran.End.Failed); n > 0 {
		var reasons []error
		for _, t := range ran.Result.Trials {
			if t.Status == study.Failed {
				reasons = append(reasons, fmt.Errorf("%s #%d: %s", t.Arm, t.Repeat, t.Reason))
			}
		}
		return ran.Result, fmt.Errorf("study %s: %d trials failed: %w", name, n, errors.Join(reasons...))
	}
	return ran.Result, nil
}
