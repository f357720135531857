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
	exe, l, purpose, err := opened(ctx, m, s, items, e, batch)
	if err != nil {
		return task.Score{}, err
	}
	defer exe.Close()
	return evaluate(ctx, exe, nil, l, purpose, threads)
}

// opened is a model's evaluation program, and items of a set as it sees them.
func opened(ctx context.Context, m *model.Model, s *data.Set, items []int, e engine.Engine, batch int) (engine.Executable, *data.Loader, task.Task, error) {
	purpose, err := m.Task()
	if err != nil {
		return nil, nil, nil, err
	}
	_, truth, err := targetsOf(purpose, s, s.Labelling())
	if err != nil {
		return nil, nil, nil, err
	}
	p := m.About.Preprocess
	l, err := s.Loader(ctx, items, data.LoaderConfig{
		Batch: evaluationBatch(items, batch), Preprocess: p, Geometry: p.Geometry(), Targets: truth,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	exe, err := m.Compile(e, evaluationBatch(items, batch))
	return exe, l, purpose, err
}
