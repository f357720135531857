package train_test

import (
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/train"
)

// Learning nothing, a training drops its rate after every epoch behind the patience; its validation images have no part in it.
func TestPlateauDropsTheRateByImagesOfItsOwn(t *testing.T) {
	s := draw(t, 13)
	start := func() train.Job {
		j := job(t, s)
		j.Learning.Epochs.Count = 5
		o := &j.Optimization
		o.LR.Policy, o.LR.Base, o.LR.Warmup, o.LR.Gamma, o.LR.Every = "plateau", 1e-20, 0, 0.5, 0.5
		o.Batch.Size = 5
		return j
	}
	want := run(t, start())
	for i, rate := range []float64{1e-20, 1e-20, 0.5e-20, 0.25e-20, 0.125e-20} { // the first epoch is the least so far, the next ones bring nothing
		if p := want.Curve[i]; float32(p.LR) != float32(rate) {
			t.Errorf("epoch %d has the rate %g, want %g", i+1, p.LR, rate)
		}
	}
	if n := len(want.Model.Seen.Trained); want.Step != 5*(29/5) || n != len(start().Cut.Train) {
		t.Errorf("%d steps, %d images seen", want.Step, n)
	}
	other := start()
	other.Cut.Val = other.Cut.Val[:4]
	if got := run(t, other); got.Model.Digest != want.Model.Digest {
		t.Error("the validation images changed the training")
	}
	j := start()
	j.Checkpoint, j.Engine = filepath.Join(t.TempDir(), "c"), threads(t, 2)
	for _, at := range []int{12, 15} {
		stoppedAfter(t, j, at)
	}
	same(t, run(t, j), want)
}
