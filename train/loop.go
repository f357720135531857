package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/program"
	"github.com/assaylab/assay/tensor"
)

// ErrInterrupted is wrapped by the error of a training that was asked to stop; its checkpoint, if it keeps one, is written.
var ErrInterrupted = errors.New("interrupted")

// run is a training under way.
type run struct {
	*Job
	*preparation
	family  *compile.Family
	step    engine.Executable
	eval    engine.Executable
	scalars map[string]float32
	total   int // steps

	done      int     // steps
	lossSum   float64 // since the last point
	lossCount int
	curve     []Point
	digest    string
	saved     time.Time
}

// Run trains to the end, from the checkpoint if there is one. The bits of the result depend on the job alone: not on threads,
// nor on how often it was interrupted. A loss that is not finite ends it as diverged, which is a result and no error.
func Run(ctx context.Context, job Job) (*Result, error) {
	began := time.Now()
	r := &run{Job: &job, scalars: map[string]float32{}, saved: began}
	if err := r.setUp(ctx); err != nil {
		return nil, err
	}
	resumed := r.done
	result, err := r.train(ctx, began)
	if result != nil {
		result.Seconds, result.Resumed = time.Since(began).Seconds(), resumed
	}
	return result, err
}

// Begin trains some steps of a job and returns the digest of all State: two of one job must be equal. It keeps nothing.
func Begin(ctx context.Context, job Job, steps int) (string, error) {
	job.Checkpoint, job.OnPoint, job.OnStep = "", nil, nil
	r := &run{Job: &job, scalars: map[string]float32{}}
	if err := r.setUp(ctx); err != nil {
		return "", err
	}
	r.total = min(steps, r.total, r.training.Steps()-1) // short of an epoch's end, where it would evaluate
	r.total = max(r.total, 1)
	if _, err := r.train(ctx, time.Now()); err != nil {
		return "", err
	}
	return Digest(r.family.State), nil
}

func (r *run) setUp(ctx context.Context) error {
	var err error
	if r.preparation, err = r.prepare(ctx); err != nil {
		return err
	}
	if r.digest, err = r.Job.digest(); err != nil {
		return err
	}
	r.total = r.Learning.Epochs.TotalSteps(r.training.Steps())
	if r.family, err = compile.New(r.Graph, r.Optimization, r.Seeds.Dropout); err != nil {
		return err
	}
	if r.step, err = compiled(r.Engine, r.family, r.family.Step, r.Optimization.Batch.Size); err != nil {
		return err
	}
	if r.eval, err = compiled(r.Engine, r.family, r.family.Evaluation, r.validation.NewBatch().X.Shape[0]); err != nil {
		return err
	}
	resumed, err := r.resume()
	if err != nil || resumed {
		return err
	}
	return r.initialize()
}

// compiled builds one program of a family for a batch and plans it.
func compiled(e engine.Engine, f *compile.Family, build func(batch int) (*program.Program, error), batch int) (engine.Executable, error) {
	p, err := build(batch)
	if err != nil {
		return nil, err
	}
	return e.Compile(p, f.State)
}

// initialize draws the first weights. lsuv then goes through the layers: Mishkin, Matas, arXiv:1511.06422, algorithm 1, with
// its tolerance of 0.1 and at most 10 tries a layer.
func (r *run) initialize() error {
	if err := r.family.Initialize(r.Optimization.Init, r.Seeds.Init); err != nil {
		return err
	}
	if r.Optimization.Init.Kind != "lsuv" {
		return nil
	}
	b := r.training.NewBatch()
	if err := r.training.Fill(0, 0, b); err != nil {
		return err
	}
	exe, err := compiled(r.Engine, r.family, r.family.Statistics, r.Optimization.Batch.Size)
	if err != nil {
		return err
	}
	feed := engine.Feed{Real: map[string][]float32{compile.Images: b.X.Data}, Scalars: map[string]float32{}}
	for _, n := range r.family.Scaled() {
		for range 10 {
			if err := exe.Run(feed); err != nil {
				return err
			}
			target := float64(r.Optimization.Init.Gain) * float64(r.Optimization.Init.Gain)
			v := float64(exe.Output(compile.VarianceOf(n))[0]) / target
			if math.Abs(v-1) < 0.1 || !(v > 0) || math.IsInf(v, 0) {
				break
			}
			w := r.family.WeightOf(n)
			for i := range w.Data {
				w.Data[i] /= float32(math.Sqrt(v))
			}
		}
	}
	return nil
}

func (r *run) train(ctx context.Context, began time.Time) (*Result, error) {
	perEpoch, batch := r.training.Steps(), r.Optimization.Batch.Size
	feed := r.training.Start(r.done/perEpoch, r.done%perEpoch, r.Loaders)
	defer feed.Stop()
	first := r.done
	in := engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: r.scalars}
	for r.done < r.total {
		if ctx.Err() != nil {
			return nil, r.interrupted()
		}
		b, err := feed.Next()
		if err != nil {
			return nil, err
		}
		lr := r.Optimization.LR.At(r.done, perEpoch, r.total)
		r.family.Scalars(r.scalars, lr, r.done)
		in.Real[compile.Images], in.Index[compile.Labels] = b.X.Data, b.Labels
		if err := r.step.Run(in); err != nil {
			return nil, err
		}
		loss := float64(r.step.Output(compile.Loss)[0])
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return &Result{Diverged: true, Step: r.done, Epochs: float64(r.done) / float64(perEpoch), Curve: r.curve}, nil
		}
		r.done++
		r.lossSum += loss
		r.lossCount++
		if r.OnStep != nil {
			rate := float64((r.done-first)*batch) / time.Since(began).Seconds()
			r.OnStep(Progress{r.done, r.total, float64(r.done) / float64(perEpoch), float64(r.total) / float64(perEpoch), rate, loss})
		}
		if r.done%perEpoch == 0 || r.done == r.total {
			if result, err := r.point(ctx, float64(lr)); result != nil || err != nil {
				return result, err
			}
		}
		if err := r.saveSometimes(); err != nil {
			return nil, err
		}
	}
	// A training that was resumed at its very end still has to look at what it has.
	m, err := r.evaluate(ctx)
	if err != nil {
		return nil, err
	}
	return r.finish(m), nil
}

// point evaluates; it ends the training where the weights are no numbers any more, or all steps are done.
func (r *run) point(ctx context.Context, lr float64) (*Result, error) {
	m, err := r.evaluate(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, r.interrupted()
		}
		return nil, err
	}
	epoch := float64(r.done) / float64(r.training.Steps())
	if math.IsNaN(m.LogLoss) || math.IsInf(m.LogLoss, 0) {
		return &Result{Diverged: true, Step: r.done, Epochs: epoch, Curve: r.curve}, nil
	}
	p := Point{epoch, r.done, r.lossSum / float64(max(r.lossCount, 1)), m.Accuracy, m.LogLoss, lr}
	r.curve = append(r.curve, p)
	r.lossSum, r.lossCount = 0, 0
	if r.OnPoint != nil {
		r.OnPoint(p)
	}
	if r.done == r.total {
		return r.finish(m), nil
	}
	return nil, nil
}

func (r *run) finish(m Metrics) *Result {
	epochs := float64(r.done) / float64(r.training.Steps())
	model := &Model{Graph: r.Graph, State: keep(r.family), About: About{
		Classes: r.Set.Classes, Preprocess: r.preprocess, Experiment: r.Experiment, Data: r.Set.Name, DataDigest: r.Set.Digest,
		Epochs: epochs, Steps: r.done, Accuracy: m.Accuracy, LogLoss: m.LogLoss, Engine: r.Engine.Name(),
	}}
	model.Digest = Digest(model.State)
	return &Result{Step: r.done, Epochs: epochs, Curve: r.curve, Metrics: m, Model: model}
}

func (r *run) evaluate(ctx context.Context) (Metrics, error) {
	return evaluate(ctx, r.eval, r.validation, r.Set, r.Loaders)
}

// evaluate runs an evaluation program over all images of a loader.
func evaluate(ctx context.Context, exe engine.Executable, l *data.Loader, s *data.Set, threads int) (Metrics, error) {
	t := newTally(s.Classes, l.Images())
	feed := l.Start(0, 0, threads)
	defer feed.Stop()
	in := engine.Feed{Real: map[string][]float32{}}
	for {
		b, err := feed.Next()
		if errors.Is(err, io.EOF) {
			return t.metrics(), nil
		}
		if err != nil {
			return Metrics{}, err
		}
		if err := ctx.Err(); err != nil {
			return Metrics{}, err
		}
		in.Real[compile.Images] = b.X.Data
		if err := exe.Run(in); err != nil {
			return Metrics{}, err
		}
		out := exe.Output(compile.LogProbs)
		k := len(s.Classes)
		for row := range b.Valid {
			t.add(int32(b.IDs[row]), int(b.Labels[row]), out[row*k:(row+1)*k])
		}
	}
}

func (r *run) interrupted() error {
	if r.Checkpoint == "" {
		return fmt.Errorf("%w after step %d of %d; nothing is kept", ErrInterrupted, r.done, r.total)
	}
	if err := r.save(); err != nil {
		return err
	}
	return fmt.Errorf("%w after step %d of %d, kept in %s; the same command goes on from there", ErrInterrupted, r.done, r.total, r.Checkpoint)
}

func stream(seed uint64, purpose string) tensor.Stream { return tensor.NewStream(seed, purpose) }
