package train

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/compile"
	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/tensor"
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
	return p.guess(x, n)
}

// Picture is File for the bytes of a picture file. Its errors name no file.
func (p *Predictor) Picture(b []byte, n int) ([]Guess, error) {
	x, err := p.model.About.Preprocess.Picture(b)
	if err != nil {
		return nil, err
	}
	return p.guess(x, n)
}

func (p *Predictor) guess(x *tensor.Tensor, n int) ([]Guess, error) {
	if err := p.exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
		return nil, err
	}
	return best(p.model.About.Classes, p.exe.Output(compile.LogProbs), n), nil
}

// Evaluate measures the model on items of a set. Its classes are found among the model's by their names, so that a set may hold
// some of them, in any order; one that the model does not know is an error. [Metrics.PerClass] has all classes of the model. batch
// bounds the images at once.
func (m *Model) Evaluate(ctx context.Context, s *data.Set, items []int, e engine.Engine, batch, threads int) (Metrics, error) {
	label := make([]int, len(s.Classes)) // by the set's class: the model's
	for i, c := range s.Classes {
		if label[i] = slices.Index(m.About.Classes, c); label[i] < 0 {
			return Metrics{}, fmt.Errorf("%s: has a class %q, which the model does not know (it has %s); give images of the classes that it was trained for", s.Name, c, some(m.About.Classes))
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
	return evaluate(ctx, exe, l, m.About.Classes, label, threads)
}

// some names the first few of a list.
func some(names []string) string {
	if n := len(names); n > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:5], ", "), n-5)
	}
	return strings.Join(names, ", ")
}
