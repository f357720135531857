package task

import (
	"fmt"
	"math"
	"testing"

	"github.com/assaylab/assay/internal/gradcheck"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/tensor"
)

// TestLossIsTheWeightedMeanOfCrossEntropies holds each form of targets against the formula, and its gradient against the slope.
func TestLossIsTheWeightedMeanOfCrossEntropies(t *testing.T) {
	const n, k = 3, 4
	outputs := []nn.Output{{Name: "main", Weight: 1}, {Name: "aux", Weight: 0.3, TrainOnly: true}}
	labels := []int32{2, 0, 3}
	shares := []float64{0, 0, 1, 0, 0.25, 0.75, 0, 0, 0.1, 0.2, 0.3, 0.4}
	weights := []float64{1, 0.5, 3}
	for _, c := range []Classify{{}, {Soft: true}, {Weighted: true}, {Soft: true, Weighted: true}} {
		t.Run(fmt.Sprintf("soft=%t weighted=%t", c.Soft, c.Weighted), func(t *testing.T) {
			b := program.NewBuilder("loss")
			real := map[string][]float64{}
			var heads []*program.Value
			want := 0.0
			for o, output := range outputs {
				heads = append(heads, b.Input(output.Name, program.Real, tensor.Of(n, 1, 1, k)))
				r := tensor.NewStream(1, output.Name).At(0, 0)
				for range n * k {
					real[output.Name] = append(real[output.Name], r.Normal())
				}
				for row := range n {
					x, sum := real[output.Name][row*k:][:k], 0.0
					for _, v := range x {
						sum += math.Exp(v)
					}
					loss := math.Log(sum) - x[labels[row]]
					if c.Soft {
						loss = 0
						for i, v := range x {
							loss += shares[row*k+i] * (math.Log(sum) - v)
						}
					}
					if c.Weighted {
						loss *= weights[row]
					}
					want += outputs[o].Weight * loss / n
				}
			}
			loss := c.Loss(b, outputs, heads)
			b.Output("loss", loss)
			for i, g := range b.Gradients(loss, heads) {
				b.Output(fmt.Sprint("d", outputs[i].Name), g)
			}
			p, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			index := map[string][]int32{}
			if c.Soft {
				real[Soft] = shares
			} else {
				index[Labels] = labels
			}
			if c.Weighted {
				real[Weights] = weights
			}
			eval := func() (map[string][]float64, error) { return ref.Eval(p, real, index) }
			out, err := eval()
			if err != nil {
				t.Fatal(err)
			}
			if got := out["loss"][0]; math.Abs(got-want) > 1e-6 { // 0.3 is a float32 in the program
				t.Errorf("loss %g, want %g", got, want)
			}
			for _, o := range outputs {
				if err := gradcheck.Check(func() (float64, error) {
					out, err := eval()
					if err != nil {
						return 0, err
					}
					return out["loss"][0], nil
				}, real[o.Name], out["d"+o.Name]); err != nil {
					t.Errorf("%s: %v", o.Name, err)
				}
			}
		})
	}
}
