package train

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/model"
)

// Evaluate measures a model on items of a set. Its classes are found among the model's by their names, so that a set may hold
// some of them, in any order; one that the model does not know is an error. [Metrics.PerClass] has all classes of the model. batch
// bounds the images at once.
func Evaluate(ctx context.Context, m *model.Model, s *data.Set, items []int, e engine.Engine, batch, threads int) (Metrics, error) {
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
	exe, err := m.Compile(e, evaluationBatch(items, batch))
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
