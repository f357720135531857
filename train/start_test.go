package train_test

import (
	"slices"
	"strings"
	"testing"

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
	j.Learning.Pretrain.From = "a.pth"
	if _, err := train.Run(t.Context(), j); err == nil || !strings.HasPrefix(err.Error(), "pretrain: nobody has read the weights a.pth; hand them over as the job's Start") {
		t.Errorf("got %v", err)
	}
}
