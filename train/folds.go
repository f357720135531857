package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/atomicfile"
	"github.com/assaylab/assay/internal/elementary"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
)

// Files beside a checkpoint, as long as the training lasts.
const (
	foldEnding = ".fold" // the checkpoint of the fold at hand
	outEnding  = ".out"  // the probabilities of the folds that are done
)

// Beside are the files that a training may leave beside its checkpoint when it is interrupted for good.
func Beside(checkpoint string) []string {
	return []string{checkpoint + foldEnding, checkpoint + outEnding}
}

// outOfFold is what the file of probabilities holds.
type outOfFold struct {
	Job   string      `json:"job"`   // digest of what they are a part of
	Folds [][]float32 `json:"folds"` // of those that are done: [images, classes]
}

// OutOfFold gives each of some items of the set the probabilities of a network that has not been trained on it, [items, classes]: the items are dealt out
// into folds ([data.Set.Deal]), and for each fold a network is trained by the job's own settings on all others, under the
// overlay, from the job's start. With a checkpoint it goes on where it was interrupted. The job's own parts are not looked at. Weights to
// start from that are known to have seen some of the items are an error: of these no network would be one that has not.
func (j *Job) OutOfFold(ctx context.Context, items []int, over data.Overlay) ([]float32, error) {
	if n := j.Start.TrainedOn(j.Set, items); n > 0 {
		return nil, fmt.Errorf("labels: the weights %s were trained on %d of the %d images, so that no network would judge these unseen; give weights of other images, or none", j.Start.Name, n, len(items))
	}
	folds := j.Learning.Labels.Folds
	dealt, err := j.Set.Deal(items, over, folds, j.Seeds.Split)
	if f, ok := errors.AsType[*spec.Fault](err); ok { // its key is one of labels
		return nil, fmt.Errorf("labels: %s", f.Msg)
	} else if err != nil {
		return nil, err
	}
	kept := outOfFold{}
	if kept.Job, err = j.digest(); err != nil {
		return nil, err
	}
	if j.Checkpoint != "" {
		var before outOfFold
		if text, err := os.ReadFile(j.Checkpoint + outEnding); err == nil && json.Unmarshal(text, &before) == nil && before.Job == kept.Job {
			kept = before
		}
	}
	classes := len(j.Set.Classes)
	at := make(map[int]int, len(items)) // place by item
	for k, i := range items {
		at[i] = k
	}
	probs := make([]float32, len(items)*classes)
	for f, held := range dealt {
		if f >= len(kept.Folds) || len(kept.Folds[f]) != len(held)*classes {
			kept.Folds = kept.Folds[:min(f, len(kept.Folds))]
			out, err := j.fold(ctx, f, folds, items, held, over)
			if err != nil {
				return nil, err
			}
			kept.Folds = append(kept.Folds, out)
			if err := j.keep(kept); err != nil {
				return nil, err
			}
		}
		for k, i := range held {
			copy(probs[at[i]*classes:(at[i]+1)*classes], kept.Folds[f][k*classes:])
		}
	}
	return probs, nil
}

// keep writes the probabilities of the folds that are done, and takes the checkpoint of the last one away.
func (j *Job) keep(o outOfFold) error {
	if j.Checkpoint == "" {
		return nil
	}
	err := atomicfile.Write(j.Checkpoint+outEnding, func(w io.Writer) error { return json.NewEncoder(w).Encode(o) })
	return errors.Join(err, absent(os.Remove(j.Checkpoint+foldEnding)))
}

// absent is nil where a file is not there any more.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// fold trains on all items but those of a fold, and gives the probabilities of these.
func (j *Job) fold(ctx context.Context, number, of int, items, held []int, over data.Overlay) ([]float32, error) {
	f := *j
	f.Cut = data.Cut{Val: held}
	in := make(map[int]bool, len(held))
	for _, i := range held {
		in[i] = true
	}
	for _, i := range items {
		if !in[i] {
			f.Cut.Train = append(f.Cut.Train, i)
		}
	}
	usual := experiment.DefaultLearning()
	f.Overlay, f.Learning.Labels, f.Learning.Subset = over, usual.Labels, usual.Subset
	f.Learning.Views = usual.Views // which decide nothing of a training
	f.KeepBegun, f.Observers, f.OnPoint, f.OnStart = false, nil, nil, nil
	if f.Checkpoint != "" {
		f.Checkpoint += foldEnding
	}
	if j.OnNote != nil {
		j.OnNote(fmt.Sprintf("looking for wrong labels: fold %d of %d", number+1, of))
	}
	r, err := Run(ctx, f)
	switch {
	case errors.Is(err, ErrOther): // of an earlier fold, whose probabilities are kept
		if err = absent(os.Remove(f.Checkpoint)); err == nil {
			r, err = Run(ctx, f)
		}
	case errors.Is(err, ErrInterrupted):
		return nil, fmt.Errorf("fold %d of %d: %w", number+1, of, err)
	}
	if err != nil {
		return nil, err
	}
	if r.Diverged {
		return nil, errDiverged
	}
	return Probabilities(ctx, r.Model, j.Set, held, j.Engine, j.Optimization.Batch.Size, j.Loaders)
}

// Probabilities are those that a model of classification gives to items of a set, [items, classes], whose classes are the model's, in its order. batch bounds
// the images at once.
func Probabilities(ctx context.Context, m *model.Model, s *data.Set, items []int, e engine.Engine, batch, threads int) ([]float32, error) {
	exe, l, purpose, err := opened(ctx, m, s, items, e, batch)
	if err != nil {
		return nil, err
	}
	defer exe.Close()
	if _, ok := purpose.(task.Classify); !ok {
		return nil, fmt.Errorf("labels: probabilities of classes are those of classification, and the task is %s", purpose.Name())
	}
	classes := len(m.About.Classes)
	probs := make([]float32, 0, len(items)*classes)
	err = each(ctx, exe, nil, l, purpose, threads, func(b *data.Batch, output func(string) []float32) {
		for _, p := range output(task.LogProbs)[:b.Valid*classes] {
			probs = append(probs, min(1, float32(elementary.Exp(float64(p)))))
		}
	})
	return probs, err
}
