package train_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/train"
)

// TestWeightsSayHowPicturesMustLookAndTheModelKeepsIt: mean and deviation of a start take the place of those that were measured.
func TestWeightsSayHowPicturesMustLookAndTheModelKeepsIt(t *testing.T) {
	j := job(t, draw(t, 13))
	first := run(t, j).Model
	j.Start = &train.Start{Name: "a.pth", State: first.State, Digest: first.Digest, Left: []string{"head.weight"}, Mean: []float32{0.5, 0.4, 0.3}, Std: []float32{1, 2, 3}}
	var told train.Started
	j.OnStart = func(s train.Started) { told = s }
	m := run(t, j).Model
	if p := m.About.Preprocess; !slices.Equal(p.Mean, j.Start.Mean) || !slices.Equal(p.Std, j.Start.Std) {
		t.Errorf("pictures have mean %v and deviation %v", p.Mean, p.Std)
	}
	if !slices.Equal(told.Left, []string{"head.weight"}) || !strings.HasSuffix(told.String(), "tensors copied, 1 left over (head.weight)") {
		t.Errorf("told %s", told)
	}
	if d, err := model.Digest(m.State); err != nil || d == first.Digest {
		t.Errorf("nothing was trained: %s, %v", d, err)
	}
}

func TestWeightsThatNobodyReadAreRefused(t *testing.T) {
	j := job(t, draw(t, 13))
	j.Learning.Pretrain.From.File = "a.pth"
	if _, err := train.Run(t.Context(), j); err == nil || !strings.HasPrefix(err.Error(), "pretrain: nobody has read the weights a.pth; hand them over as the job's Start") {
		t.Errorf("got %v", err)
	}
}

// TestAModelKeepsTheFrameOfItsStart, and remembers what the weights had seen; what they had seen is not judged unseen.
func TestAModelKeepsTheFrameOfItsStart(t *testing.T) {
	j := job(t, draw(t, 13))
	first := run(t, j).Model
	other := data.Marks{7}
	j.Start = &train.Start{Name: "a.pth", State: first.State, Digest: first.Digest, Framing: data.Framing{Share: 0.75, Filter: augment.Bicubic}, Seen: model.Seen{Trained: other}}
	m := run(t, j).Model
	if m.About.Preprocess.Filter != augment.Bicubic {
		t.Errorf("pictures are seen by %+v", m.About.Preprocess)
	}
	if want := first.Seen.Trained.With(other); !slices.Equal(m.Seen.Trained, want) || len(want) != len(first.Seen.Trained)+1 {
		t.Errorf("it remembers %d images, want %d", len(m.Seen.Trained), len(want))
	}
	j.Start.Seen = first.Seen
	j.Learning.Labels.Folds = 3
	if n := j.Start.TrainedOn(j.Set, j.Cut.Train); n != len(j.Cut.Train) {
		t.Errorf("%d of %d images were trained on", n, len(j.Cut.Train))
	}
	if _, err := j.OutOfFold(t.Context(), j.Cut.Train, data.Overlay{}); err == nil || !strings.HasPrefix(err.Error(), "labels: the weights a.pth were trained on") {
		t.Errorf("got %v", err)
	}
}
