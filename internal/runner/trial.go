package runner

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/format"
	"github.com/assaylab/assay/internal/pretrain"
	"github.com/assaylab/assay/internal/store"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/study"
	"github.com/assaylab/assay/study/trial"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/train"
)

// Opener opens the engine of a device, "" for the default, with so many threads.
type Opener func(device string, threads int) (engine.Engine, error)

// Versions are those of the rooms that decide bits: what one of them makes of the same request differs where its version does.
func Versions() map[string]int {
	return map[string]int{
		"data": data.Version, "decoder": format.Version, "augment": augment.Version, "settings": experiment.Version,
		"init": compile.InitVersion, "compile": compile.Version, "train": train.Version,
	}
}

// Validation names the evaluation on the validation images by the last weights.
const Validation = "val"

// Test names the evaluation on the test images by the last weights: sealed, until [OpenTest] reads it.
const Test = "test"

// by names an evaluation by what a training is judged by, "" for that by the last weights at the centre of each picture: "val, ema 0.9999".
func by(evaluation, judged string) string {
	if judged == "" {
		return evaluation
	}
	return evaluation + ", " + judged
}

// judgedWeights says which weights an arm is judged by, and how: two of the same words are the same bits. "" stays.
func judgedWeights(last, judged string) string {
	if last == "" {
		return ""
	}
	return by(last, judged)
}

// statusBy is how a trial ended for an arm that is judged so: a training that is done has diverged for a mean whose figures are not finite.
func statusBy(s store.State, judged string) study.Status {
	if s.Status == trial.Done && slices.Contains(s.Diverged, by(Validation, judged)) {
		return study.Diverged
	}
	return study.Status(s.Status)
}

// unsound says why such an arm diverged.
func unsound(judged string) string { return "by " + judged + " the figures are not finite" }

// run runs a request and leaves its result. A training that diverges is a result, and so is one that fails: the file then says why.
// One that is interrupted leaves its checkpoint alone, and its error wraps train.ErrInterrupted.
func run(ctx context.Context, r trial.Request, open Opener, on func(train.Progress)) error {
	if err := os.MkdirAll(filepath.Dir(r.Result), 0o777); err != nil {
		return err
	}
	result, err := perform(ctx, r, open, on)
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return err
	case err != nil:
		_, stops := errors.AsType[stop](err)
		result = &trial.Result{Status: trial.Failed, Reason: err.Error(), Stops: stops}
	}
	result.ID, result.Spec = r.Spec.ID(), r.Spec
	return result.Save(r.Result)
}

// stop is an error that every trial of the study would meet.
type stop struct{ error }

func stops(format string, args ...any) error { return stop{fmt.Errorf(format, args...)} }

// perform trains. It refuses a request whose identity this program, machine or data cannot keep.
func perform(ctx context.Context, r trial.Request, open Opener, on func(train.Progress)) (*trial.Result, error) {
	if !maps.Equal(r.Spec.Versions, Versions()) {
		return nil, stops("it is of another version of assay (%v, this one has %v); run the study with this one", r.Spec.Versions, Versions())
	}
	graph, err := nn.Read("the request's network", []byte(r.Network))
	if err != nil {
		return nil, err
	}
	o, l, err := experiment.DecodeSettings([]byte(r.Settings))
	if err != nil {
		return nil, err
	}
	l.Pretrain.From = experiment.Weights{File: r.Start}
	graph.Name = r.Net
	start, err := pretrain.Start(graph, l.Pretrain)
	if err != nil {
		return nil, stop{err}
	}
	digest, framing := "", data.Framing{}
	if start != nil {
		digest, framing = start.Digest, start.Framing
	}
	if digest != r.Spec.Start {
		return nil, stops("%s: the weights have changed since the study began; put back what was there, or run it under another name (--as NAME)", r.Start)
	}
	graph.Name = r.Name
	l.Pretrain.From = experiment.Weights{} // their digest says which they are
	e, err := open(r.Device, r.Threads)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if id := e.ID().String(); id != r.Spec.Engine {
		return nil, stops("it is of engine %s, and here is %s; go on there", r.Spec.Engine, id)
	}
	set, err := data.Open(ctx, r.Data, data.Options{Cache: r.Cache, Downloads: r.Downloads, Size: l.Window(), Framing: framing, Threads: r.Threads})
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w as the images were read", train.ErrInterrupted)
		}
		return nil, stop{err}
	}
	defer set.Close()
	var beside *data.Set
	if r.Beside != nil {
		if beside, err = data.Open(ctx, *r.Beside, data.Options{Cache: r.Cache, Downloads: r.Downloads, Threads: r.Threads}); err != nil {
			return nil, stop{fmt.Errorf("mixed: %w", err)}
		}
		defer beside.Close()
	}
	cut := cutOf(set, beside, r.Spec.Seeds.Split, 1+r.Fold, r.Slice)
	if cut.beside != r.Spec.Beside {
		return nil, stops("mixed: the images have changed since the study began; put back what was there, or run it under another name (--as NAME)")
	}
	if set.Digest != r.Spec.Data || cut.digest != r.Spec.Cut {
		return nil, stops("%s: the images have changed since the study began; put back what was there, or run it under another name (--as NAME)", set.Name)
	}
	var observers []experiment.Observer
	for _, text := range r.Observers {
		kept, seen, err := experiment.DecodeSettings([]byte(text))
		if err != nil {
			return nil, err
		}
		_, _, by := experiment.Apart(kept, seen)
		observers = append(observers, by)
	}
	job := train.Job{
		Task: r.Spec.Task, Graph: graph, Optimization: o, Learning: l, Set: set, Cut: cut.Cut, Beside: beside, BesideItems: cut.mixture.Beside, Seeds: train.Seeds(r.Spec.Seeds), Engine: e, Loaders: 1,
		Start: start, Observers: observers, Checkpoint: r.Checkpoint, KeepBegun: true, OnStep: on,
	}
	if r.Spec.Overlay != job.Overlay.Digest() {
		return nil, stops("it is of other labels or shares of the images (overlay %q), which this version of assay does not lay; run the study with that one", r.Spec.Overlay)
	}
	if r.Begin > 0 {
		job.Checkpoint = ""
		begun, err := train.Begin(ctx, job, slices.Max(train.BegunSteps), time.Duration(r.Begin*float64(time.Second)))
		return &trial.Result{Status: trial.Done, Begun: begun}, err
	}
	t, err := train.Run(ctx, job)
	if err != nil {
		return nil, err
	}
	result := outcome(t, set, cut.Cut)
	if result.Status != trial.Done {
		return result, nil
	}
	if err := leave(result, t, r.Models); err != nil {
		return nil, err
	}
	models := map[string]*model.Model{Test: t.Model}
	for _, seen := range t.Observed {
		name, images := by(Validation, seen.By.String()), imagesOf(set, cut.Val)
		if seen.Diverged {
			add(result, name, images, nil, seen.Score)
			continue
		}
		add(result, name, images, seen.Model.About.Metrics, seen.Score)
		models[by(Test, seen.By.String())] = seen.Model
	}
	if len(cut.Test) == 0 {
		return result, nil
	}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		score, err := train.Evaluate(ctx, models[name], set, cut.Test, e, o.Batch.Part(), r.Threads)
		if err != nil {
			return nil, err
		}
		add(result, name, imagesOf(set, cut.Test), score.Values(), score)
	}
	return result, nil
}

// leave writes the models that a request asks for. A mean whose figures are not finite is none.
func leave(result *trial.Result, t *train.Result, models []trial.Kept) error {
	result.Models = map[string]string{}
	for _, k := range models {
		m := t.Model
		if k.Mean != "" {
			m = nil
			for _, seen := range t.Observed {
				if seen.By.Mean() == k.Mean && !seen.Diverged {
					m = seen.Model
				}
			}
		}
		if m == nil {
			continue
		}
		plain := *m
		plain.About.Preprocess.Views = "" // those of an arm are no part of its weights
		if err := plain.Save(k.File); err != nil {
			return err
		}
		content, err := os.ReadFile(k.File)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		result.Models[k.Name] = hex.EncodeToString(sum[:])
	}
	return nil
}

// outcome is a training's result as a study keeps it.
func outcome(t *train.Result, set *data.Set, cut data.Cut) *trial.Result {
	r := &trial.Result{Status: trial.Done, Steps: t.Step, Seconds: t.Seconds, Begun: t.Begun}
	for _, p := range t.Curve {
		r.Curve = append(r.Curve, trial.Point{
			Epoch: p.Epoch, Step: p.Step, TrainLoss: trial.Number(p.TrainLoss), LR: p.LR,
			Metrics: p.Metrics, Images: p.Images,
		})
	}
	if t.Diverged {
		r.Status, r.Reason = trial.Diverged, fmt.Sprintf("the loss is not finite at step %d", t.Step)
		return r
	}
	if c := t.Score.Collapse; c != nil {
		r.Status, r.Reason = trial.Diverged, c.What+", "+c.By
		return r
	}
	r.Weights = t.Model.Digest
	add(r, Validation, imagesOf(set, cut.Val), t.Model.About.Metrics, t.Score)
	return r
}

// add enters an evaluation.
func add(r *trial.Result, name string, images trial.Images, metrics map[string]float64, score task.Score) {
	digest := images.Digest()
	if r.Images == nil {
		r.Images = map[string]trial.Images{}
	}
	r.Images[digest] = images
	e := trial.Evaluation{Name: name, Images: digest, Metrics: metrics}
	if details := score.Details(); metrics != nil && details != nil {
		e.Metrics = details
		maps.Copy(e.Metrics, metrics)
	}
	for _, c := range score.Columns {
		e.Columns = append(e.Columns, trial.Column{Name: c.Name, Reals: c.Reals, Wholes: c.Wholes})
	}
	r.Scores = append(r.Scores, e)
}

// imagesOf names items of a set by their content.
func imagesOf(set *data.Set, items []int) trial.Images {
	im := trial.Images{Classes: set.Classes}
	for _, i := range items {
		it := set.Items[i]
		im.Hashes, im.Labels, im.Names = append(im.Hashes, it.Hash.String()), append(im.Labels, it.Label), append(im.Names, it.Name)
	}
	return im
}

// cutDigest identifies the parts of a set: items are in the order of their content, so their numbers say which they are.
func cutDigest(c data.Cut) string {
	h := sha256.New()
	var b []byte
	for _, part := range [][]int{c.Train, c.Val, c.Test} {
		b = binary.LittleEndian.AppendUint64(b[:0], uint64(len(part)))
		for _, i := range part {
			b = binary.LittleEndian.AppendUint32(b, uint32(i))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
