package augment

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/tensor"
)

type mixGolden struct {
	Cases []struct {
		Name   string
		Share  float64
		Y, X   int
		Values []float32
		Labels []float32
	}
	Betas []struct {
		Alpha  float64
		Points []float64
		Below  []float64
	}
}

func readMix(t *testing.T) (g mixGolden) {
	t.Helper()
	text, err := os.ReadFile("testdata/mix.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestMixturesAreWhatTorchvisionMakes(t *testing.T) {
	const n, h, w, c = 3, 5, 7, 2
	for _, k := range readMix(t).Cases {
		t.Run(fmt.Sprintf("%s %g at %d,%d", k.Name, k.Share, k.Y, k.X), func(t *testing.T) {
			x, state := make([]float32, n*h*w*c), uint32(1)
			for i := range x {
				state = state*1664525 + 1013904223
				x[i] = float32(state>>16)/8192 - 4
			}
			m := Mixture{Share: float32(k.Share)}
			if k.Name == "cutmix" {
				m = pasted(k.Share, k.Y, k.X, h, w)
			}
			m.Apply(x, n, w, c, make([]float32, h*w*c))
			for i, want := range k.Values {
				if math.Abs(float64(x[i]-want)) > 1e-6 {
					t.Fatalf("value %d is %g, want %g", i, x[i], want)
				}
			}
			for row := range n {
				q := make([]float32, n)
				q[row] = m.Share
				q[(row+n-1)%n] += 1 - m.Share
				if want := k.Labels[row*n:][:n]; slices.ContainsFunc([]int{0, 1, 2}, func(i int) bool { return math.Abs(float64(q[i]-want[i])) > 1e-6 }) {
					t.Errorf("row %d is of %v, want %v", row, q, want)
				}
			}
		})
	}
}

func TestSharesAreDrawnFromTheBetaDistribution(t *testing.T) {
	const n = 4000
	for _, k := range readMix(t).Betas {
		r := tensor.NewStream(1, "beta").At(0, 0)
		below := make([]float64, len(k.Points))
		for range n {
			x := beta(k.Alpha, r)
			if !(x >= 0 && x <= 1) {
				t.Fatalf("alpha %g: drew %g", k.Alpha, x)
			}
			for i, p := range k.Points {
				if x <= p {
					below[i] += 1.0 / n
				}
			}
		}
		for i, want := range k.Below {
			if math.Abs(below[i]-want) > 0.03 { // Kolmogorov and Smirnov's bound at 0.1 %
				t.Errorf("alpha %g: %.3f below %g, want %.3f", k.Alpha, below[i], k.Points[i], want)
			}
		}
	}
}

func TestABatchIsMixedByOneOfBothAsOftenAsTheySay(t *testing.T) {
	draws := tensor.NewStream(1, "augment")
	for _, c := range []struct {
		ops          List
		mixup, pairs float64 // shares of the batches
	}{
		{List{Flip{}}, 0, 0},
		{List{Flip{}, MixUp{0.2}}, 1, 0},
		{List{Chance{0.25, CutMix{1}}}, 0, 0.25},
		{List{MixUp{0.2}, Crop{}, CutMix{1}}, 0.5, 0.5},
		{List{Chance{0.25, MixUp{0.2}}, CutMix{1}}, 0.2, 0.8},
		{List{Chance{0.25, CutMix{1}}, Chance{0.5, MixUp{0.2}}}, 0.5, 0.25},
	} {
		const n = 2000
		var mixup, pairs float64
		var r tensor.Rand
		for step := range n {
			switch m := c.ops.Mix(100, 100, draws, 3, step, &r); {
			case m.Pasted.H > 0:
				pairs += 1.0 / n
			case m.Share < 1:
				mixup += 1.0 / n
			}
		}
		if math.Abs(mixup-c.mixup) > 0.05 || math.Abs(pairs-c.pairs) > 0.05 {
			t.Errorf("%v: %.3f mixed and %.3f pasted, want %g and %g", c.ops, mixup, pairs, c.mixup, c.pairs)
		}
	}
}

func TestMixturesChangeWithTheVersionAlone(t *testing.T) {
	var b strings.Builder
	var r tensor.Rand
	for _, ops := range []List{{MixUp{0.2}}, {MixUp{3}}, {CutMix{1}}, {Chance{0.5, MixUp{1}}, CutMix{0.5}}} {
		for step := range 4 {
			m := ops.Mix(24, 32, tensor.NewStream(1, "augment"), 5, step, &r)
			fmt.Fprintf(&b, "%v step %d: {Share:%v Pasted:{Y:%d X:%d H:%d W:%d}}\n", ops, step, m.Share, m.Pasted.Y, m.Pasted.X, m.Pasted.H, m.Pasted.W)
		}
	}
	golden.Version(t, filepath.Join("testdata", "mixtures.txt"), Version, b.String())
}
