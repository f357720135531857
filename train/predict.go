package train

import (
	"context"
	"fmt"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
)

// Predictor answers for single pictures; it is not safe for concurrent use.
type Predictor struct {
	model *Model
	exe   engine.Executable
}

// Predictor plans the model for one picture at a time.
func (m *Model) Predictor(e engine.Engine) (*Predictor, error) {
	exe, err := compiled(e, m.family, m.family.Evaluation, 1)
	if err != nil {
		return nil, err
	}
	return &Predictor{m, exe}, nil
}

// Close gives back what the plan holds.
func (p *Predictor) Close() { p.exe.Close() }

// File gives the n most probable classes of a picture file, the most probable first.
func (p *Predictor) File(path string, n int) ([]Guess, error) {
	x, err := p.model.About.Preprocess.File(path)
	if err != nil {
		return nil, err
	}
	if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
		return nil, err
	}
	return best(p.model.About.Classes, p.exe.Output(compile.LogProbs), n), nil
}

// Evaluate measures the model on items of a set, whose classes must be the model's. batch bounds the images at once.
func (m *Model) Evaluate(ctx context.Context, s *data.Set, items []int, e engine.Engine, batch, threads int) (Metrics, error) {
	if len(s.Classes) != len(m.About.Classes) {
		return Metrics{}, fmt.Errorf("%s: has %d classes, the model %d; give the data that it was trained for", s.Name, len(s.Classes), len(m.About.Classes))
	}
	for i, c := range m.About.Classes {
		if s.Classes[i] != c {
			return Metrics{}, fmt.Errorf("%s: its class %d is %q, the model's %q; give the data that it was trained for", s.Name, i+1, s.Classes[i], c)
		}
	}
	p := m.About.Preprocess
	l, err := s.Loader(ctx, items, data.LoaderConfig{
		Batch: evaluationBatch(items, batch), Preprocess: p, Geometry: data.Geometry{Resize: p.Resize, H: p.H, W: p.W},
	})
	if err != nil {
		return Metrics{}, err
	}
	exe, err := compiled(e, m.family, m.family.Evaluation, evaluationBatch(items, batch))
	if err != nil {
		return Metrics{}, err
	}
	defer exe.Close()
	return evaluate(ctx, exe, l, s, threads)
}
