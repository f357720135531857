package train

import (
	"context"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/task"
)

// Evaluate measures a model on items of a set. Its classes are found among the model's by their names, so that a set may hold
// some of them, in any order; one that the model does not know is an error. [task.Score.Classes] has all classes of the model. batch
// bounds the images at once.
func Evaluate(ctx context.Context, m *model.Model, s *data.Set, items []int, e engine.Engine, batch, threads int) (task.Score, error) {
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
	exe, err := m.Compile(e, evaluationBatch(items, batch))
	if err != nil {
		return task.Score{}, err
	}
	defer exe.Close()
	return evaluate(ctx, exe, nil, l, purpose, threads)
}
