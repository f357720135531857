package train

import (
	"context"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
)

// Predictor answers for single pictures; it is not safe for concurrent use.
type Predictor struct {
	model *Model
	task  task.Task
	exe   engine.Executable
}

// Predictor plans the model for one picture at a time.
func (m *Model) Predictor(e engine.Engine) (*Predictor, error) {
	purpose, err := m.Task()
	if err != nil {
		return nil, err
	}
	exe, err := compiled(e, m.family, m.family.Evaluation, 1)
	if err != nil {
		return nil, err
	}
	return &Predictor{m, purpose, exe}, nil
}

// Task is what the model's outputs are for.
func (m *Model) Task() (task.Task, error) { return task.New(m.About.Task, m.About.Classes) }

// Close gives back what the plan holds.
func (p *Predictor) Close() { p.exe.Close() }

// File gives the task's answers for a picture file, at most n, the surest first: of a classifier the most probable classes.
func (p *Predictor) File(path string, n int) ([]task.Guess, error) {
	x, err := p.model.About.Preprocess.File(path)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

// Picture is File for the bytes of a picture file. Its errors name no file.
func (p *Predictor) Picture(b []byte, n int) ([]task.Guess, error) {
	x, err := p.model.About.Preprocess.Picture(b)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

func (p *Predictor) guess(x *tensor.Tensor, n int) ([]task.Guess, error) {
	if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
		return nil, err
	}
	return p.task.Answer(p.exe.Output, n), nil
}

// Evaluate measures the model on items of a set. Its classes are found among the model's by their names, so that a set may hold
// some of them, in any order; one that the model does not know is an error. [task.Score.Classes] has all classes of the model. batch
// bounds the images at once.
func (m *Model) Evaluate(ctx context.Context, s *data.Set, items []int, e engine.Engine, batch, threads int) (task.Score, error) {
	purpose, err := m.Task()
	if err != nil {
		return task.Score{}, err
	}
	_, truth, err := targetsOf(purpose, s)
	if err != nil {
		return task.Score{}, err
	}
	p := m.About.Preprocess
	l, err := s.Loader(ctx, items, data.LoaderConfig{
		Batch: evaluationBatch(items, batch), Preprocess: p, Geometry: data.Geometry{Resize: p.Resize, H: p.H, W: p.W}, Targets: truth,
	})
	if err != nil {
		return task.Score{}, err
	}
	exe, err := compiled(e, m.family, m.family.Evaluation, evaluationBatch(items, batch))
	if err != nil {
		return task.Score{}, err
	}
	defer exe.Close()
	return evaluate(ctx, exe, l, purpose, threads)
}
