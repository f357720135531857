package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/approach/learning"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/meanap"
	"github.com/assaylab/assay/internal/memory"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/runner"
	"github.com/assaylab/assay/internal/say"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/train"
)

// outcome is what `assay train` and `assay eval` found.
type outcome struct {
	Model, Data, Split string
	Epochs             float64
	Steps              int
	Diverged           bool // then Score has no figures that count
	Score              task.Score
	Classes            []string       // of the model, in its order
	Confusion          task.Confusion // in that order; of a detector with background behind the last
	TrainedOn          *int           // images among them that the model was trained on, nil where it does not say; eval leaves these out of val and test
	Engine             string         // that measured
	Reading            int            // how many times test images among them were read, this one counted; 0: none were
	Start              *startOutcome  // of assay train --start; nil: none
	Average            string         // the mean of weights that Score and the model are of, which left the training as it is; "": there is none
	Last               task.Score     // where there is: of the last weights
}

// startOutcome tells what became of the weights that a training began from.
type startOutcome struct {
	Model  string   `json:"model"`
	Digest string   `json:"digest"`
	Copied []string `json:"copied"` // parameters and running statistics, by name
	Drawn  []string `json:"drawn"`
	Left   []string `json:"left"`
}

// fill takes what was measured on images of a set, of a model with these classes.
func (o *outcome) fill(s task.Score, classes []string, set *data.Set) {
	class := make([]int, len(set.Classes)) // by the set's
	for i, name := range set.Classes {
		class[i] = slices.Index(classes, name)
	}
	o.Score, o.Classes = s, classes
	if s.Detected != nil {
		o.Confusion = meanap.Confusion(s.Detected.Images, len(classes), task.Sure)
		return
	}
	o.Confusion = s.Confusion(len(classes), func(id int32) int { return class[set.Items[id].Label] })
}

// MarshalJSON writes one object: figures under their metrics' names, shares from 0 to 1, null where the training diverged, and those
// of each class that has images in per_class; confusion is images by class and by the class that they are taken for.
func (o outcome) MarshalJSON() ([]byte, error) {
	doc := map[string]any{
		"model": o.Model, "data": o.Data, "split": o.Split, "images": o.Score.Images, "epochs": o.Epochs, "steps": o.Steps, "diverged": o.Diverged,
		"classes": o.Classes, "confusion": o.Confusion, "balanced_accuracy": nil, "macro_f1": nil, "trained_on": o.TrainedOn, "engine": o.Engine,
	}
	if !o.Diverged && o.Score.Images > 0 {
		doc["balanced_accuracy"], doc["macro_f1"] = o.Confusion.BalancedAccuracy(), o.Confusion.MacroF1()
	}
	for _, f := range o.Score.Figures {
		if doc[f.Name] = f.Raw; o.Diverged {
			doc[f.Name] = nil
		}
	}
	classes := []map[string]any{}
	for _, c := range o.classes() {
		classes = append(classes, map[string]any{"name": c.Name, "images": c.Images, c.Figure.Name: c.Figure.Raw})
	}
	doc["per_class"] = classes
	if o.Score.Detected != nil {
		o.detector(doc)
	}
	if o.Reading > 0 {
		doc["reading"] = o.Reading
	}
	if o.Start != nil {
		doc["start"] = o.Start
	}
	if o.Average != "" {
		last := map[string]any{}
		for _, f := range o.Last.Figures {
			last[f.Name] = f.Raw
		}
		doc["average"], doc["last_weights"] = o.Average, last
	}
	return json.Marshal(doc)
}

// classes are those that have images: a set may have some of a model's alone.
func (o outcome) classes() []task.ClassScore {
	return slices.DeleteFunc(slices.Clone(o.Score.Classes), func(c task.ClassScore) bool { return c.Images == 0 })
}

// measured prints a value of a metric: "87.90 %", "0.3412".
func measured(m task.Metric, value float64) string {
	if m.Unit == task.Points {
		return fmt.Sprintf("%5.2f %%", value)
	}
	return fmt.Sprintf("%.4f", value)
}

func trainCommand(e *Env) *cobra.Command {
	var out, folder, arm, start string
	var fresh, findRate, every bool
	cmd := &cobra.Command{
		Use: "train FILE", Short: "train one experiment to the end",
		Long: `Trains one experiment and writes a model, which assay eval and assay predict read. An interrupted training keeps a checkpoint
beside the model; the same command goes on from there and ends in the same bits as one that was never interrupted.

With --start the training begins from the weights of a file, as pretrain: FILE in the experiment has it: a model of assay train, a
safetensors file, or one of PyTorch (.pth, .pt) or darknet (.weights). What finds no place, such as the classifier of other classes, is
drawn as always.

With --find-lr nothing is trained to the end and nothing is written: a hundred steps, each with a higher rate, show at which rates the
loss falls (Smith, arXiv:1506.01186), and short trainings at rates about there, of 40 steps each, decide which is suggested; where
40 tell nothing they take 160. The plot marks the steepest point and the valley too, which Lightning and fastai would have suggested.

With --all-images it trains on the validation images too, never on those of the test: for a model that a study has judged already, as
none are left to measure it on.`,
		Example: "  assay train winner.yaml\n  assay train cats.yaml --start photos.safetensors\n  assay train cats.yaml --start resnet18-f37072fd.pth\n  assay train cats.yaml --find-lr\n  assay train winner.yaml --out photos.safetensors --data other-photos\n  assay train photos.yaml --arm baseline\n  assay train winner.yaml --all-images",
		Args:    args(1, 1, "FILE"),
	}
	cmd.Flags().StringVar(&out, "out", "", "`MODEL` to write; default: the file's name with .safetensors, in this folder")
	cmd.Flags().StringVar(&folder, "data", "", "`FOLDER` of images in place of the file's")
	cmd.Flags().StringVar(&arm, "arm", "", "of a study file: the arm `NAME`, baseline or a variant")
	cmd.Flags().StringVar(&start, "start", "", "`FILE` of weights to begin from, .safetensors, .pth, .pt or .weights; default: the experiment's, or drawn ones")
	cmd.Flags().BoolVar(&every, "all-images", false, "train on the validation images too, and measure nothing")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "begin anew even if there is a checkpoint")
	cmd.Flags().BoolVar(&findRate, "find-lr", false, "try rates in a range test, plot the loss and suggest one; writes nothing")
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if findRate {
			if out != "" || fresh {
				return misuse(errors.New("--find-lr: it writes no model and no checkpoint; leave --out and --fresh out"))
			}
			return e.train(c.Context(), args[0], arm, "", folder, start, false, false)
		}
		if out == "" {
			base := filepath.Base(args[0])
			out = strings.TrimSuffix(base, filepath.Ext(base))
			if arm != "" {
				out += "-" + strings.Map(func(r rune) rune {
					if strings.ContainsRune(`/\`, r) {
						return '-'
					}
					return r
				}, arm)
			}
			out += modelEnding
		}
		return e.train(c.Context(), args[0], arm, out, folder, start, fresh, every)
	}
	return cmd
}

const modelEnding = ".safetensors"

// canWrite finds out before a training what would lose it after: whether a file of that name can be made there. It makes one
// beside it, as writing the model will, and takes it away.
func canWrite(out string) error {
	if ext := filepath.Ext(out); ext != "" && ext != modelEnding {
		return misuse(fmt.Errorf("--out: %s: a model is written in the safetensors format; end its name in %s", out, modelEnding))
	}
	dir := filepath.Dir(out)
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return misuse(fmt.Errorf("--out: no folder %s; make it first", dir))
	}
	switch info, err := os.Stat(out); {
	case err == nil && info.IsDir():
		return misuse(fmt.Errorf("--out: %s: is a folder; name a file in it", out))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--out: %w", err)
	}
	f, err := os.CreateTemp(dir, ".assay-*.partial")
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("--out: %w", &fs.PathError{Op: p.Op, Path: dir, Err: p.Err})
	} else if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// experimentOf reads the experiment of a file, or of an arm of a study file, and the node that holds it.
func experimentOf(file, arm string) (experiment.Experiment, *spec.Node, error) {
	var x experiment.Experiment
	root, err := spec.ReadFile(file)
	if err != nil {
		return x, nil, misuse(err)
	}
	switch of := root.Get("base") != nil || root.Get("variants") != nil; {
	case of && arm == "":
		return x, nil, root.Errorf("this is a study, not an experiment; run it with assay study run, or train one of its arms with --arm NAME")
	case !of && arm != "":
		return x, nil, root.Errorf("this is no study, so it has no arm %q; leave --arm out", arm)
	case !of:
		x, err = experiment.Decode(root)
		return x, root, err
	}
	s, err := study.Decode(root)
	if err != nil {
		return x, nil, err
	}
	arms, err := s.Arms()
	if err != nil {
		return x, nil, err
	}
	var names []string
	for _, a := range arms {
		names = append(names, a.Name)
	}
	if !slices.Contains(names, arm) {
		mend := "it has " + say.Listed(names)
		if near, ok := spec.Nearest(arm, names); ok {
			mend = fmt.Sprintf("did you mean %q?", near)
		}
		return x, nil, misuse(fmt.Errorf("--arm: %s has no arm %q; %s", file, arm, mend))
	}
	if x, err = s.Experiment(arm); err != nil {
		return x, nil, err
	}
	return x, root.Get("base"), nil
}

// train trains the experiment of a file into a model, or without one tries rates for it.
func (e *Env) train(ctx context.Context, file, arm, out, folder, start string, fresh, every bool) error {
	if out != "" {
		if err := canWrite(out); err != nil {
			return err
		}
	}
	x, root, err := experimentOf(file, arm)
	if err != nil {
		return err
	}
	part := func(key string) *spec.Node { // a base may be the path of another file
		if n := root.Get(key); n != nil {
			return n
		}
		return root
	}
	if start != "" {
		p := approach.Default[learning.Pretrain]()
		p.From.File = start
		c, err := approach.Choose(p)
		if err != nil {
			return err
		}
		x.Learning = append(x.Learning, c)
	}
	at := part("data")
	x.Data.Spec = x.Data.Spec.At(folder)
	taught, err := approach.Learn(x)
	if err != nil {
		return err
	}
	set, err := e.openFor(ctx, x, taught, out == "")
	if err != nil {
		if _, ok := errors.AsType[*spec.Fault](err); ok { // of a key beside the folder
			return at.At(err)
		}
		if p, ok := errors.AsType[*fs.PathError](err); folder == "" && !(ok && strings.HasPrefix(p.Path, e.Store)) { // the store's troubles are not the data's
			err = failed(at.At(err))
		}
		return err
	}
	defer set.Close()
	beside, err := e.beside(ctx, taught)
	if err != nil {
		return root.At(approach.Locate(x.Learning, "mixed", err))
	}
	if beside != nil {
		defer beside.Close()
	}
	images := approach.ImagesOf(set, taught, beside)
	if _, err := approach.Build(experiment.Experiment{Net: x.Net, Task: x.Task, Architecture: detecting(x)}, images); err != nil {
		return part("net").At(err)
	}
	built, err := approach.Build(x, images)
	if err != nil {
		return root.At(err)
	}
	from, err := e.startOf(built)
	switch {
	case err != nil && start != "":
		return fmt.Errorf("--start: %w", err)
	case err != nil:
		return failed(root.At(approach.Locate(x.Learning, "pretrain", fmt.Errorf("pretrain: %w", err))))
	}
	if built.Learning.Labels.Confusion, err = built.Learning.Labels.Confusion.Read(); err != nil {
		return failed(root.At(approach.Locate(x.Learning, "labels", err)))
	}
	cut := set.Cut(x.Seed, 1)
	if every {
		cut.Train, cut.Val = slices.Sorted(slices.Values(slices.Concat(cut.Train, cut.Val))), nil
	}
	job := train.Job{Task: x.Task, Graph: built.Graph, Learning: built.Learning, Set: set, Cut: cut, Seeds: train.SeedsOf(x.Seed), Loaders: max(1, e.Threads/2), Start: from}
	if beside != nil {
		if left := job.Mix(beside, x.Seed, 1).Left(set, beside); left != "" {
			e.note("careful: %s", left)
		}
		cut = job.Cut
	}
	n := experiment.TrainedOn(built.Optimization, built.Learning, len(cut.Train))
	schedule, err := experiment.NewSchedule(built.Optimization, built.Learning, built.Learning.Mixed.Images(n))
	if err != nil {
		return root.At(approach.Locate(x.Optimization, "batch", err))
	}
	if err := built.Optimization.LR.Fits(schedule); err != nil {
		return root.At(approach.Locate(x.Optimization, "lr", err))
	}
	if err := built.Learning.Pretrain.Fits(schedule); err != nil {
		return root.At(approach.Locate(x.Learning, "pretrain", fmt.Errorf("pretrain: %w", err)))
	}
	if careful := built.Optimization.Average.Careful(schedule); careful != "" {
		e.note("careful: %s", careful)
	}
	optimization, _, by := experiment.Apart(built.Optimization, built.Learning)
	var observers []experiment.Observer
	if by.Mean() != "" { // views stay among the settings: all evaluations look so
		observers = []experiment.Observer{{Average: by.Average}}
	}
	if word := train.Enlarged(set, cut.Train, built.Learning, built.Graph.InputSize().H); word != "" {
		e.note("careful: %s", word)
	}
	if n := from.TrainedOn(set, cut.Val); n > 0 {
		e.note("careful: the weights it starts from were trained on %d of %s, so that figures on these say less of new ones", n, plural(len(cut.Val), "validation image"))
	}
	if len(cut.Val) == 0 && !every {
		return at.Errorf("data: no validation images; give val a share above 0")
	}
	eng, err := e.engine(e.Threads)
	if err != nil {
		return err
	}
	defer eng.Close()
	for _, a := range built.Applied {
		e.detail("%s", change(a))
	}
	job.Optimization, job.Engine = optimization, eng
	if out == "" {
		return e.findRate(ctx, job)
	}
	checkpoint := out + ".checkpoint"
	if fresh {
		for _, file := range append(train.Beside(checkpoint), checkpoint) {
			if err := remove(file); err != nil {
				return err
			}
		}
	}
	text := ""
	if node, err := experiment.EncodeIn(filepath.Dir(out), x); err == nil {
		text = string(node.YAML())
	}
	validation := thousands(len(cut.Val)) + " validation" + fold(x.Data)
	if every {
		validation = "the validation images among them"
	}
	if len(cut.Val) > train.Watched {
		validation += fmt.Sprintf(" (%s of them after each epoch)", thousands(train.Watched))
	}
	if beside != nil {
		validation = fmt.Sprintf("%s of %s beside in each epoch, %s", thousands(data.BesideImages(n, job.Learning.Mixed.Ratio)), beside.Name, validation)
	}
	e.note("%s on %s: %s to train on, %s, %s a step, %s", built.Graph.Name, x.Data, share(n, len(cut.Train)), validation, thousands(built.Optimization.Batch.Size), plural(e.Threads, "thread"))
	purpose, err := task.New(x.Task, set.Classes)
	if err != nil {
		return err
	}
	b, began := e.bar(), e.Clock()
	var started *startOutcome
	job.Observers, job.Checkpoint, job.Experiment = observers, checkpoint, text
	job.OnPoint = func(p train.Point) {
		line := fmt.Sprintf("epoch %4s  loss %.4f", trim(p.Epoch), p.TrainLoss)
		for _, m := range purpose.Metrics() {
			if every {
				break
			}
			line += fmt.Sprintf("  %s %s", m.Title, measured(m, p.Metrics[m.Name]))
		}
		b.line("%s", line)
	}
	job.OnStart = func(s train.Started) {
		started = &startOutcome{from.Name, from.Digest, s.Copied, named(s.Drawn), named(s.Left)}
		b.line("weights of %s: %s", from.Name, s)
		for _, name := range s.Drawn {
			e.detail("  drawn anew: %s", name)
		}
		for _, name := range s.Left {
			e.detail("  left over: %s", name)
		}
	}
	job.OnStep, job.OnNote = e.steps(b, began), func(line string) { b.line("%s", line) }
	result, err := train.Run(ctx, job)
	b.end()
	if _, ok := errors.AsType[*memory.Lack](err); ok {
		return root.At(approach.Locate(x.Optimization, "batch", fmt.Errorf("batch: %w", err)))
	}
	if errors.Is(err, train.ErrOther) {
		return fmt.Errorf("%s: %w; begin anew with --fresh, or give another --out", checkpoint, train.ErrOther)
	}
	if err != nil {
		return err
	}
	o := outcome{Model: out, Data: x.Data.String(), Split: "val", Epochs: result.Epochs, Steps: result.Step, Diverged: result.Diverged, Score: result.Score, Engine: eng.ID().String(), Start: started}
	for _, mean := range result.Observed { // there is one at most
		if mean.Diverged {
			return fmt.Errorf("%s: the mean of weights gives figures that are not finite; lower the learning rate (lr: base) or give it a warm-up", file)
		}
		o.Average, o.Last = mean.By.Mean(), o.Score
		result.Model, result.Score = mean.Model, mean.Score
	}
	if result.Diverged {
		if err := remove(checkpoint); err != nil { // it leads here again, and is in the way of what is advised below
			return err
		}
		if e.JSON {
			o.Model, o.Score = "", purpose.Scorer(data.Labelling{}, 0).Score() // the names of its figures
			if err := e.document(o); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: the loss is not finite at step %s; lower the learning rate (lr: base) or give it a warm-up", file, thousands(result.Step))
	}
	if err := result.Model.Save(out); err != nil {
		return err
	}
	if err := remove(checkpoint); err != nil {
		return err
	}
	if o.fill(result.Score, result.Model.About.Classes, set); every {
		o.Split = "none"
	}
	shared := 0
	for _, i := range cut.Val { // a folder's own parts may share images
		if result.Model.Seen.Trained.Has(set.Items[i].Hash) {
			shared++
		}
	}
	o.TrainedOn = &shared
	if e.JSON {
		return e.document(o)
	}
	if every {
		e.note("nothing is left to measure it on: what is known of it is what the study found")
	} else if e.printOutcome(o); o.Average != "" {
		e.note("These and the model are of the mean %s; of the last weights %s", o.Average, figures(o.Last))
	}
	if c := result.Score.Collapse; c != nil {
		e.note("Careful: %s; lower the learning rate (lr: base) or give it a warm-up", c.What)
	}
	e.note("\nModel: %s  (assay predict %s IMAGE)", out, say.Word(out))
	return nil
}

// startOf is what a training begins from: the weights of a file, or of an arm of the store in its first repeat. They are taken out of the
// settings, as their digest says which they are.
func (e *Env) startOf(b *approach.Built) (*train.Start, error) {
	p := &b.Learning.Pretrain
	if p.From.OfArm() {
		file, err := runner.Kept(e.Store, p.From, 1)
		if err != nil {
			return nil, err
		}
		p.From = experiment.Weights{File: file}
	}
	start, err := pretrain.Start(b.Graph, *p)
	p.From = experiment.Weights{}
	return start, err
}

// figures are those of a score that say something, in a line: "accuracy 87.90 %, log loss 0.3412".
func figures(s task.Score) string {
	var parts []string
	for _, f := range s.Figures {
		if !f.Idle {
			parts = append(parts, f.Title+" "+strings.TrimSpace(measured(f.Metric, f.Value())))
		}
	}
	return strings.Join(parts, ", ")
}

// fold says which of the folds is validated: " (the first of 5 folds)"; nothing where there are none.
func fold(x experiment.Data) string {
	if x.Folds == 0 {
		return ""
	}
	return fmt.Sprintf(" (the first of %d folds)", x.Folds)
}

// named is names for JSON, where none is an empty list.
func named(names []string) []string { return append([]string{}, names...) }

// remove takes a file away, if it is there.
func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// steps draws the progress of a training.
func (e *Env) steps(b *bar, began time.Time) func(train.Progress) {
	if !e.drawing() {
		return nil
	}
	first := -1
	return func(p train.Progress) {
		if first < 0 {
			first = p.Step - 1
		}
		share := float64(p.Step) / float64(max(p.Steps, 1))
		b.set(share, "%s   loss %.3f   %s images/s   %s", epochOf(p), p.Loss, thousands(int(p.ImagesPerSec)),
			left(float64(p.Step-first)/float64(max(p.Steps-first, 1)), e.Clock().Sub(began)))
	}
}

// trim prints 3 or 2.5.
func trim(x float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0") }

// printOutcome prints the figures that say something, and the classes'.
func (e *Env) printOutcome(o outcome) {
	for i, f := range o.Score.Figures {
		value := strings.TrimSpace(measured(f.Metric, f.Value()))
		switch {
		case i == 0:
			e.print("%s  %s of %s", e.bold(f.Title), value, plural(o.Score.Images, strings.TrimPrefix(o.Split+" image", "all ")))
		case !f.Idle:
			e.print("   %s %s", f.Title, value)
		}
	}
	e.print("\n")
	if o.Score.Detected != nil {
		e.printDetector(o)
		return
	}
	if most, share, unbalanced := o.Confusion.Majority(); unbalanced {
		e.print("%s  %.2f %%   macro F1 %.4f   to beat: an accuracy of %.2f %%, which always guessing %s gets\n", e.bold("balanced accuracy"), 100*o.Confusion.BalancedAccuracy(), o.Confusion.MacroF1(), 100*share, o.Classes[most])
	}
	classes, width := o.classes(), 0
	for _, c := range classes {
		width = max(width, widest([]string{c.Name}))
	}
	for i, c := range classes {
		if i == 20 && len(classes) > 25 && !e.Verbose {
			e.print("  and %s more (-v prints all)\n", plural(len(classes)-i, "class"))
			break
		}
		e.print("  %-*s  %8s  of %s\n", width, c.Name, measured(c.Figure.Metric, c.Figure.Value()), thousands(c.Images))
	}
}

// detecting is what must be done to an experiment's network before it fits its task: nothing to a classifier.
func detecting(x experiment.Experiment) []experiment.Choice {
	if task.Short(x.Task) == "" {
		return nil
	}
	return x.Architecture
}
