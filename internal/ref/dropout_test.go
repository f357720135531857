package ref_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
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

// torchvision was fed Assay's random numbers: the same squares are zeroed, and the rest is scaled alike.
func TestDropoutOfBlocksIsTorchvisions(t *testing.T) {
	text, err := os.ReadFile("testdata/blocks.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Shape tensor.Shape
		Rate  float64
		Size  int
		Step  float64
		Key   [2]uint32
		X, Y  []float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		b := program.NewBuilder("blocks")
		m := b.Emit(program.BlockMask{Key: c.Key, Shape: c.Shape, Size: c.Size}, b.Scalar("rate"), b.Scalar("step"))
		b.Output("y", b.Emit(program.Mul{}, b.Input("x", program.Real, c.Shape), m))
		p, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ref.Eval(p, map[string][]float64{"x": c.X, "rate": {c.Rate}, "step": {c.Step}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("squares of %d on %v", c.Size, c.Shape), got["y"], c.Y)
	}
}

// Gaussian noise has the mean and the variance that zeroing and scaling has: Srivastava et al. 2014, §10.
func TestGaussianDropoutHasTheMomentsOfTheOther(t *testing.T) {
	const n, rate = 40000, 0.3
	op := program.Dropout{Key: [2]uint32{7, 8}, Gaussian: true}
	mean, square, beyond := 0.0, 0.0, 0
	for i := range n {
		v := float64(op.Noise(i, rate, 5))
		mean += v / n
		square += (v - 1) * (v - 1) / n
		if math.Abs(v-1) > 2*math.Sqrt(rate/(1-rate)) {
			beyond++
		}
	}
	want := rate / (1 - rate)
	if math.Abs(mean-1) > 4*math.Sqrt(want/n) || math.Abs(square-want) > 4*want*math.Sqrt(2./n) {
		t.Errorf("mean %g and variance %g, want 1 and %g", mean, square, want)
	}
	if share := float64(beyond) / n; math.Abs(share-0.0455) > 0.005 {
		t.Errorf("%g beyond two standard deviations, want 0.0455", share)
	}
}
