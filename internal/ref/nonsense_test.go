package ref_test

import (
	"fmt"
	"testing"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// Whatever is put together, Infer refuses it or it runs: neither panics.
func TestNonsenseIsRefusedOrRuns(t *testing.T) {
	ops := program.Ops()
	for _, w := range []program.Window{program.Square(2, 1, 1), program.Square(3, 2, -1), program.Square(1, 0, 0), {}} {
		in := of(2, 3, 3, 2)
		ops = append(ops, program.Conv{Window: w, Groups: 2}, program.ConvGradInput{Window: w, Groups: 1, Input: in}, program.ConvGradInput{Window: w, Groups: -1, Input: of(0, 1, -1, 2)},
			program.ConvGradWeight{Window: w, Groups: 1}, program.ConvGradWeight{Window: w, Groups: -2}, program.MaxPool{Window: w}, program.MaxPoolGrad{Window: w}, program.AvgPool{Window: w}, program.AvgPoolGrad{Window: w, Input: in})
	}
	ops = append(ops, program.Activation{Func: 200}, program.SpreadHW{H: -1, W: 2}, program.SpreadHW{H: 2, W: 2}, program.Expand{Shape: of(-2)}, program.Reshape{Shape: of(-1, -2)},
		program.SliceChannels{From: -1, To: 1}, program.SliceChannels{To: 2}, program.PadChannels{Before: -1}, program.Subsample{Stride: 2}, program.Subsample{Stride: -1},
		program.SubsampleGrad{Stride: 2, Input: of(2, 3, 3, 2)}, program.SubsampleGrad{Stride: 1, Input: of(1)}, program.BatchNorm{Eps: 1, Affine: true}, program.BatchNormGrad{Eps: 1}, program.CrossEntropy{Smoothing: 2},
		program.Activation{Func: program.CELU}, program.LRN{Size: 2, K: 1}, program.LRN{Size: 3, K: 1}, program.LRN{Size: -1}, program.LRNGrad{Size: 5, K: 1},
		program.SplitHeads{Heads: 2}, program.SplitHeads{Heads: -2}, program.MergeHeads{H: 3, W: 1}, program.MergeHeads{H: -3, W: -1}, program.RelativeBias{H: 1, W: 2, Range: 1}, program.RelativeBias{Range: -1},
		program.RelativeBiasGrad{H: 1, W: 3, Range: 1}, program.RelativeBiasGrad{H: -1, W: -3}, program.SpreadChannels{C: 3}, program.SpreadChannels{C: -1}, program.GateGrad{Positions: true},
		program.LayerNorm{Eps: 1}, program.LayerNormGrad{Eps: 1}, program.BatchMatMul{TransA: true}, program.BatchMatMul{TransB: true}, program.BatchMatMul{TransA: true, TransB: true},
		program.Transpose{}, program.Transpose{Axes: []int{0, 2, 1}}, program.Transpose{Axes: []int{0, 3, 3, 1}}, program.Transpose{Axes: []int{0, 3, 1, 2}}, program.Transpose{Axes: []int{1, 0}},
		program.RegionBoxes{}, program.RegionBoxes{Anchors: [][2]float32{{1, 1}}}, program.Region{Anchors: [][2]float32{{1, 0}}}, program.RegionGrad{})
	r := tensor.NewStream(1, "nonsense").At(0, 0)
	ran := map[string]int{}
	for trial := range 20_000 {
		op := ops[trial%len(ops)]
		b := program.NewBuilder("p")
		real, index := map[string][]float64{}, map[string][]int32{}
		var in []*program.Value
		for i := range r.IntN(7) {
			s := of([]int{2, 3, 3, 2}[4-r.IntN(5):]...)
			if s.Rank() == 2 {
				s = of(2, 2)
			}
			name := fmt.Sprintf("x%d", i)
			real[name], index[name] = make([]float64, s.Elems()), make([]int32, s.Elems())
			switch r.IntN(6) {
			case 0:
				in = append(in, b.Input(name, program.Index, s))
			case 1:
				in = append(in, b.Input(name, program.Real, s))
			default:
				in = append(in, b.Held(name, s))
			}
		}
		for i, y := range b.EmitAll(op, in...) {
			b.Output(fmt.Sprint(i), y)
		}
		p, err := b.Build()
		if err != nil {
			continue
		}
		if _, err := ref.Eval(p, real, index); err != nil {
			t.Errorf("%s passed Infer: %v", p, err)
		}
		ran[op.Kind()]++
	}
	if len(ran) < 20 {
		t.Errorf("only %d kinds of op ran: %v", len(ran), ran)
	}
}
