package ref_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
)

// The masks are Assay's own, so that PyTorch's numbers are met whole by whole: at a step that keeps what PyTorch kept, or drops
// what it dropped, the values are the same, and over many steps the share that is kept is.
func TestDropoutOfWholesIsPyTorchs(t *testing.T) {
	text, err := os.ReadFile("testdata/dropout.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Rate                float64
		X, Channels, Images []float64
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	const steps = 2000
	for _, c := range []struct {
		of   program.Whole
		want []float64
	}{{program.Channels, golden.Channels}, {program.Images, golden.Images}} {
		b := program.NewBuilder("dropout")
		op := program.Dropout{Key: [2]uint32{7, 8}, Of: c.of}
		x := b.Input("x", program.Real, of(8, 2, 2, 3))
		b.Output("y", b.Emit(op, x, b.Scalar("rate"), b.Scalar("step")))
		p, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		met, kept := make([]bool, len(c.want)), 0
		for step := range steps {
			got, err := ref.Eval(p, map[string][]float64{"x": golden.X, "rate": {golden.Rate}, "step": {float64(step)}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			wholes := map[int]bool{}
			for i, y := range got["y"] {
				j := op.Index(i, x.Shape())
				if alive, seen := wholes[j]; seen && alive != (y != 0) {
					t.Fatalf("%v: element %d of whole %d at step %d is %g; the others say otherwise", c.of, i, j, step, y)
				}
				wholes[j] = y != 0
				if y != 0 {
					kept++
				}
				if (y != 0) == (c.want[i] != 0) {
					if met[i] = true; math.Abs(y-c.want[i]) > 1e-7*math.Abs(y) {
						t.Fatalf("%v: element %d is %g, PyTorch has %g", c.of, i, y, c.want[i])
					}
				}
			}
		}
		for i, ok := range met {
			if !ok {
				t.Errorf("%v: element %d was never as PyTorch has it", c.of, i)
			}
		}
		n := float64(steps * len(c.want))
		wholes := float64(steps * (op.Index(len(c.want)-1, x.Shape()) + 1))
		if share, off := float64(kept)/n, 4*math.Sqrt(golden.Rate*(1-golden.Rate)/wholes); math.Abs(share-(1-golden.Rate)) > off {
			t.Errorf("%v: %.4f kept, want %.4f ± %.4f", c.of, share, 1-golden.Rate, off)
		}
	}
}
