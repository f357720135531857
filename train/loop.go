package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
)

// ErrInterrupted is wrapped by the error of a training that was asked to stop; its checkpoint, if it keeps one, is written.
var ErrInterrupted = errors.New("interrupted")

// run is a training under way.
type run struct {
	*Job
	*preparation
	schedule experiment.Schedule
	family   *compile.Family // at the network's own size
	digest   string          // of the job
	in       engine.Feed     // of a step, filled again for each

	stage    int  // of the next step, once it is entered
	thaw     int  // step from which on nothing is frozen; -1: never
	thawed   bool // likewise entered
	training *data.Loader
	feed     *data.Feed
	step     *step
	programs map[size]*step // each compiled when a stage first wants it

	tries    float32 // base of a range test's step, in place of the settings'; 0: theirs
	averages []*average
	plateau  plateau

	done      int     // steps
	lossSum   float64 // of the steps since the last point
	lossCount int
	curve     []Point
	begun     map[int]string

	saved time.Time     // when the last checkpoint was written
	cost  time.Duration // and how long that took
}

// Run trains to the end, from the checkpoint if there is one. The bits of the result depend on the job alone: not on threads,
// nor on how often it was interrupted. A loss that is not finite ends it as diverged, which is a result and no error. When ctx
// ends, the checkpoint is written and the error wraps [ErrInterrupted].
func Run(ctx context.Context, job Job) (*Result, error) {
	began := time.Now()
	r, err := job.setUp(ctx)
	if errors.Is(err, errDiverged) {
		return &Result{Diverged: true, Seconds: time.Since(began).Seconds()}, nil
	}
	if err != nil {
		return nil, early(ctx, err)
	}
	defer r.close()
	if err := r.resume(ctx); err != nil {
		return nil, err
	}
	resumed := r.done
	result, err := r.train(ctx)
	if err != nil {
		return nil, err
	}
	if job.Learning.Labels.Clean != "" && job.Checkpoint != "" {
		for _, file := range Beside(job.Checkpoint) {
			if err := absent(os.Remove(file)); err != nil {
				return nil, err
			}
		}
	}
	result.Begun, result.Seconds, result.Resumed = r.begun, time.Since(began).Seconds(), resumed
	return result, nil
}

// BegunSteps are the steps after which the State's digest tells whether two trainings of one job began alike.
var BegunSteps = []int{1, 2, 5, 10, 20, 50}

// Begin trains the first steps of a job, for at most a time, and returns the digests of all State after those of [BegunSteps]: two
// of one job must be equal. The first step is always taken. It evaluates and keeps nothing.
func Begin(ctx context.Context, job Job, steps int, limit time.Duration) (map[int]string, error) {
	job.KeepBegun = true
	r, err := job.setUp(ctx)
	if err != nil {
		return nil, early(ctx, err)
	}
	defer r.close()
	began := time.Now()
	for r.done < min(steps, r.schedule.Steps()) && (r.done == 0 || time.Since(began) < limit) {
		if ctx.Err() != nil {
			return nil, early(ctx, ctx.Err())
		}
		if _, err := r.advance(ctx); err != nil {
			return nil, early(ctx, err)
		}
		if err := r.stepped(); err != nil {
			return nil, err
		}
	}
	return r.begun, nil
}

// stepped counts a step, and keeps the digest of the first ones.
func (r *run) stepped() (err error) {
	r.done++
	if err := r.average(); err != nil {
		return err
	}
	if r.KeepBegun && slices.Contains(BegunSteps, r.done) {
		r.begun[r.done], err = model.Digest(r.family.State)
	}
	return err
}

// early is the error of a training that ended before its first step.
func early(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ErrInterrupted) { // a fold has said what is kept
		return fmt.Errorf("%w before the first step; nothing is kept", ErrInterrupted)
	}
	return err
}

// setUp opens the data, lays out the stages, compiles the first one's step and draws the first weights.
func (j *Job) setUp(ctx context.Context) (*run, error) {
	r := &run{
		Job: j, in: engine.Feed{Real: map[string][]float32{}, Index: map[string][]int32{}, Scalars: map[string]float32{}}, begun: map[int]string{}, saved: time.Now(),
		programs: map[size]*step{},
	}
	if err := r.ready(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *run) ready(ctx context.Context) (err error) {
	if r.preparation, err = r.prepare(ctx); err != nil {
		return err
	}
	if r.digest, err = r.Job.digest(); err != nil {
		return err
	}
	if r.schedule, err = experiment.NewSchedule(r.Optimization, r.Learning, r.images, r.Stages...); err != nil {
		return err
	}
	if err := r.Learning.Pretrain.Fits(r.schedule); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	r.thaw = r.Learning.Pretrain.Thaws(r.schedule)
	if r.family, err = compile.New(r.Graph, r.task, r.Optimization, r.Seeds.Dropout); err != nil {
		return err
	}
	r.family.Lasts(r.schedule.Steps())
	if err := r.fits(); err != nil {
		return err
	}
	if err := r.load(ctx, 0); err != nil {
		return err
	}
	if err := r.initialize(); err != nil {
		return err
	}
	return r.watch()
}

// compiled builds one program of a family for a batch and plans it.
func compiled(e engine.Engine, f *compile.Family, build func(batch int) (*program.Program, error), batch int) (engine.Executable, error) {
	p, err := build(batch)
	if err != nil {
		return nil, err
	}
	return e.Compile(p, f.State)
}

// evaluation plans the evaluation of a network that looks at pictures so.
func (r *run) evaluation(f *compile.Family, p data.Preprocess) (engine.Executable, error) {
	seen, err := f.Sized(p.Input())
	if err != nil {
		return nil, err
	}
	return compiled(r.Engine, seen, seen.Evaluation, r.evalBatch)
}

// initialize draws the first weights and copies those that the training starts from over them. Some rules then look at the training's
// images.
func (r *run) initialize() error {
	if err := r.family.Initialize(r.Optimization.Init, r.Seeds.Init); err != nil {
		return err
	}
	started, err := r.Start.copyTo(r.family)
	if err != nil {
		return err
	}
	if r.Start != nil && r.OnStart != nil {
		r.OnStart(started)
	}
	if err := r.family.Measure(started.Copied); err != nil {
		return err
	}
	switch r.Optimization.Init.Kind {
	case "whiten":
		return r.whiten(started)
	case "lsuv":
		return r.scale(started)
	}
	return nil
}

// whiten sets the first convolution by patches of the first images of the first pass, as the network will see them.
func (r *run) whiten(started Started) error {
	w, err := r.family.Whitening()
	if err != nil {
		return err
	}
	if w.Among(started.Copied) {
		return fmt.Errorf("init: whiten sets the first convolution, whose weights come from %s; choose another rule", r.Start.Name)
	}
	b := r.training.NewBatch()
	for step, images := 0, 0; step < r.training.Steps() && !w.Enough(images); step++ {
		if err := r.training.Fill(0, step, b); err != nil {
			return err
		}
		s := b.X.Shape
		w.Add(b.X.Data[:b.Valid*s[1]*s[2]*s[3]], nn.Size{H: s[1], W: s[2], C: s[3]})
		images += b.Valid
	}
	return w.Set()
}

// scale goes through the layers that were drawn: Mishkin, Matas, arXiv:1511.06422, algorithm 1, with its tolerance of 0.1 and at most 10
// tries a layer, on the first batch of the training.
func (r *run) scale(started Started) error {
	b := r.training.NewBatch()
	if err := r.training.Fill(0, 0, b); err != nil {
		return err
	}
	family, err := r.family.Sized(b.X.Shape[1], b.X.Shape[2])
	if err != nil {
		return err
	}
	batch := r.schedule.Stage(0).Batch / r.Optimization.Batch.Parts()
	exe, err := compiled(r.Engine, family, family.Statistics, batch)
	if err != nil {
		return err
	}
	defer exe.Close()
	target := float64(r.Optimization.Init.Gain) * float64(r.Optimization.Init.Gain)
	feed := engine.Feed{Real: map[string][]float32{compile.Images: b.X.Data[:batch*b.X.Shape[1:].Elems()]}}
	for _, n := range family.Scaled() {
		if slices.Contains(started.Copied, family.WeightOf(n)) {
			continue
		}
		for range 10 {
			if err := exe.Run(feed); err != nil {
				return err
			}
			v := float64(exe.Output(compile.VarianceOf(n))[0]) / target
			if math.Abs(v-1) < 0.1 || !(v > 0) || !finite(v) {
				break
			}
			if err := r.family.State.Write(family.WeightOf(n), func(w []float32) {
				for i := range w {
					w[i] /= float32(math.Sqrt(v))
				}
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// train is the loop: a point where an epoch has ended, then a step. A checkpoint is written between the two, so that whatever
// it interrupts, the same points are on the curve.
func (r *run) train(ctx context.Context) (*Result, error) {
	eval, err := r.judging(r.done)
	if err != nil {
		return nil, err
	}
	defer func() { eval.Close() }()
	total := r.schedule.Steps()
	began, images := time.Now(), 0
	for {
		if r.done == r.thaw && eval.features != nil {
			thawed, err := r.judging(r.done)
			if err != nil {
				return nil, err
			}
			eval.Close()
			eval = thawed
		}
		if r.atPoint() || r.done == total {
			if result, err := r.look(ctx, eval, r.done == total); result != nil || err != nil {
				return result, err
			}
		}
		if ctx.Err() != nil {
			return nil, r.interrupted()
		}
		if err := r.saveSometimes(); err != nil {
			return nil, err
		}
		loss, err := r.advance(ctx)
		if ctx.Err() != nil && err != nil { // as a stage's images were read
			return nil, r.interrupted()
		}
		if err != nil {
			return nil, err
		}
		if !finite(loss) {
			return r.diverged(), nil
		}
		if err := r.stepped(); err != nil {
			return nil, err
		}
		images += r.schedule.Stage(r.stage).Batch
		r.lossSum += loss
		r.lossCount++
		if r.OnStep != nil {
			r.OnStep(Progress{r.done, total, r.epochs(), r.schedule.Epochs(total), float64(images) / time.Since(began).Seconds(), loss})
		}
	}
}

// look adds the point that is due, on the images that are watched. At the end it scores all validation images and gives the result;
// before, it gives one where a figure is not finite.
func (r *run) look(ctx context.Context, eval *judge, end bool) (*Result, error) {
	score, err := r.score(ctx, eval, r.watched)
	if err != nil {
		return nil, err
	}
	if !sound(score) {
		return r.diverged(), nil
	}
	if r.atPoint() { // an interrupted end has its point already
		r.point(score)
	}
	if !end {
		return nil, nil
	}
	if r.watched != r.validation {
		if score, err = r.score(ctx, eval, r.validation); err != nil {
			return nil, err
		}
		if !sound(score) {
			return r.diverged(), nil
		}
	}
	return r.finish(ctx, score)
}

// advance runs step number r.done and returns its loss. It allocates nothing, but where a stage or a size begins.
func (r *run) advance(ctx context.Context) (loss float64, err error) {
	stage, epoch, step := r.schedule.At(r.done)
	if r.feed == nil || stage != r.stage || r.thaws(r.done) != r.thawed {
		if err := r.load(ctx, r.done); err != nil {
			return 0, err
		}
		from := r.training
		if r.step.features != nil {
			from = from.Blind()
		}
		r.feed = from.Start(epoch, step, r.Loaders)
	}
	if err := r.hold(ctx); err != nil {
		return 0, err
	}
	b, err := r.feed.Next()
	if err != nil {
		return 0, err
	}
	s, err := r.program(r.schedule.Stage(r.stage).Batch, b.X.Shape[1], b.X.Shape[2])
	if err != nil {
		return 0, err
	}
	r.family.Scalars(r.in.Scalars, r.rate(r.done), r.done)
	if err := s.features.feed(r.in, b, epoch); err != nil {
		return 0, err
	}
	for _, a := range b.Targets {
		a.Put(r.in.Real, r.in.Index)
	}
	if err := s.Run(r.in); err != nil {
		return 0, err
	}
	return float64(s.Output(compile.Loss)[0]), nil
}

// rate is the learning rate of a step.
func (r *run) rate(step int) float32 {
	if r.tries > 0 {
		return r.triedRate(step)
	}
	return r.Optimization.Rate(step, r.schedule, r.drops(step))
}

// epochs is the passes done.
func (r *run) epochs() float64 { return r.schedule.Epochs(r.done) }

// atPoint reports whether an evaluation is due: at the end of an epoch and of a stage, if it is not on the curve yet.
func (r *run) atPoint() bool {
	return r.schedule.EpochEnds(r.done) && (len(r.curve) == 0 || r.curve[len(r.curve)-1].Step != r.done)
}

func (r *run) point(s task.Score) {
	p := Point{r.epochs(), r.done, r.lossSum / float64(max(r.lossCount, 1)), float64(r.rate(r.done - 1)), judged(r.task, s), 0}
	if r.watched != nil {
		p.Images = r.watched.Images()
	}
	r.curve = append(r.curve, p)
	r.lossSum, r.lossCount = 0, 0
	if r.OnPoint != nil {
		r.OnPoint(p)
	}
}

// judged is the task's metrics of a score, by name.
func judged(t task.Task, s task.Score) map[string]float64 {
	values := map[string]float64{}
	for _, m := range t.Metrics() {
		if f, ok := s.Figure(m.Name); ok {
			values[m.Name] = f.Value()
		}
	}
	return values
}

func (r *run) diverged() *Result {
	return &Result{Diverged: true, Step: r.done, Epochs: r.epochs(), Curve: r.curve}
}

// finish is the result of a training that has come to its end with a score of the last weights.
func (r *run) finish(ctx context.Context, s task.Score) (*Result, error) {
	ends, err := r.ends(ctx)
	if err != nil {
		return nil, err
	}
	result, none := &Result{Step: r.done, Epochs: r.epochs(), Curve: r.curve, Score: s}, experiment.Observer{}
	if own := ends[none.Average]; own != r.family {
		seen, err := r.observe(ctx, own, none)
		if err != nil {
			return nil, err
		}
		if seen.Diverged {
			return r.diverged(), nil
		}
		result.Score, result.Model = seen.Score, seen.Model
	} else if result.Model, err = r.modelOf(own, r.preprocess, s); err != nil {
		return nil, err
	}
	for _, by := range r.Observers {
		seen, err := r.observe(ctx, ends[by.Average], by)
		if err != nil {
			return nil, err
		}
		result.Observed = append(result.Observed, seen)
	}
	return result, nil
}

// modelOf is a model of a network that looks at pictures so, with what it scored on the validation images.
func (r *run) modelOf(f *compile.Family, p data.Preprocess, s task.Score) (*model.Model, error) {
	about := r.about()
	about.Preprocess, about.Epochs, about.Metrics = p, r.epochs(), judged(r.task, s)
	trained, err := model.Of(f, about)
	if err != nil {
		return nil, err
	}
	trained.Seen = r.seen
	return trained, nil
}

// about describes the model as it stands.
func (r *run) about() model.About {
	return model.About{
		Task: task.Short(r.Task), Classes: r.names, Preprocess: r.preprocess, Experiment: r.Experiment, Data: r.Set.Name, DataDigest: r.Set.Digest,
		Steps: r.done, Engine: r.Engine.ID().String(),
	}
}

// interrupted keeps what there is and words the error.
func (r *run) interrupted() error {
	if r.Checkpoint == "" {
		return fmt.Errorf("%w after step %d of %d; nothing is kept", ErrInterrupted, r.done, r.schedule.Steps())
	}
	if err := r.save(); err != nil {
		return err
	}
	return fmt.Errorf("%w after step %d of %d, kept in %s; the same command goes on from there", ErrInterrupted, r.done, r.schedule.Steps(), r.Checkpoint)
}

// evaluate runs an evaluation program over all images of a loader, whose targets are the truth, and scores it.
func evaluate(ctx context.Context, exe engine.Executable, k *features, l *data.Loader, t task.Task, threads int) (task.Score, error) {
	scorer := t.Scorer(l.Labelling(), l.Images())
	if err := each(ctx, exe, k, l, t, threads, scorer.Add); err != nil {
		return task.Score{}, err
	}
	return scorer.Score(), nil
}

// each runs an evaluation program over all images of a loader, and hands out what it gives batch by batch, the mean over the views of an
// image. It reads what is kept of the images where there are features.
func each(ctx context.Context, exe engine.Executable, k *features, l *data.Loader, t task.Task, threads int, see func(b *data.Batch, output func(name string) []float32)) error {
	feed := l.Start(0, 0, threads)
	defer feed.Stop()
	in := engine.Feed{Real: map[string][]float32{}}
	var average task.Average
	if l.Views() > 1 {
		var err error
		if average, err = task.Averaged(t, l.Views()); err != nil {
			return err
		}
	}
	for {
		b, err := feed.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := k.feed(in, b, 0); err != nil {
			return err
		}
		if err := exe.Run(in); err != nil {
			return err
		}
		if average == nil {
			see(b, exe.Output)
		} else if average.Add(exe.Output) {
			see(b, average.Output)
		}
	}
}

// sound tells whether every figure of a score is finite.
func sound(s task.Score) bool {
	return !slices.ContainsFunc(s.Figures, func(f task.Figure) bool { return !finite(f.Raw) })
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
