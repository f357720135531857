package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/train"
)

// The first convolution of a whitened training is as it began, and its pairs of outputs differ in sign alone.
func TestWhitenedWeightsAreKept(t *testing.T) {
	j := job(t, draw(t, 60))
	j.Engine, j.Learning.Epochs = threads(t, 2), experiment.Epochs{Steps: 3}
	j.Optimization.Init.Kind = "whiten"
	r, err := train.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	w := r.Model.State.Get("conv1/weight")
	out := w.Shape[3]
	pairs := min(out/2, w.Shape.Elems()/out)
	for i, v := range w.Data {
		if o := i % out; o < pairs && v != -w.Data[i+pairs] {
			t.Fatalf("weight %d is %g, that of the other sign %g", i, v, w.Data[i+pairs])
		}
	}
	start := &train.Start{Name: "other.safetensors", State: r.Model.State, Digest: "1"}
	j.Start = start
	if _, err := train.Run(context.Background(), j); err == nil || err.Error() != "init: whiten sets the first convolution, whose weights come from other.safetensors; choose another rule" {
		t.Errorf("with weights of a file: %v", err)
	}
}

// Weights that come from a file without lengths of their own have theirs measured, so that the network begins as the file's.
func TestLengthsAreThoseOfTheWeightsThatCome(t *testing.T) {
	j := job(t, draw(t, 60))
	j.Engine, j.Learning.Epochs = threads(t, 2), experiment.Epochs{Steps: 1}
	plain, err := train.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	j.Start = &train.Start{Name: "plain.safetensors", State: plain.Model.State, Digest: "1"}
	j.Graph = j.Graph.Clone()
	j.Graph.Overlay().Set(nn.Out(j.Graph.Node("conv1")), nn.WeightNorm{})
	j.Optimization.LR.Base = 1e-12
	r, err := train.Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	w, length := plain.Model.State.Get("conv1/weight").Data, r.Model.State.Get("conv1/length").Data
	for c, l := range length {
		square := 0.0
		for i := c; i < len(w); i += len(length) {
			square += float64(w[i]) * float64(w[i])
		}
		if math.Abs(math.Sqrt(square)-float64(l)) > 1e-5 {
			t.Errorf("channel %d: a length of %g, the weights' is %g", c, l, math.Sqrt(square))
		}
	}
}
