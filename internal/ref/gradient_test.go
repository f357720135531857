package ref_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/assaylab/assay/internal/gradcheck"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// gradientCase is an op at one geometry: the shapes of its differentiable inputs, and what else it takes. The op's first
// output is weighed by random numbers and summed, so that every element of the gradient counts.
type gradientCase struct {
	name    string
	shapes  []tensor.Shape
	op      program.Op
	scalars []float64 // further scalar inputs
	labels  []int32   // a second input of class indices
	fixed   int       // of the last inputs, that have no gradient
	kinks   bool      // inputs must keep away from zero and from each other
	above   bool      // inputs must be above zero
	given   []int     // inputs that have no gradient, above zero
}

func of(dims ...int) tensor.Shape { return tensor.Of(dims...) }

func gradientCases() []gradientCase {
	win := func(kh, kw, sh, sw, dh, dw, top, bottom, left, right int) program.Window {
		return program.Window{Kernel: [2]int{kh, kw}, Stride: [2]int{sh, sw}, Dilation: [2]int{dh, dw}, Pad: [4]int{top, bottom, left, right}}
	}
	uneven := win(3, 2, 2, 1, 1, 2, 1, 0, 2, 1)
	cases := []gradientCase{
		{name: "1x1", shapes: []tensor.Shape{of(1, 3, 2, 3), of(1, 1, 3, 5)}, op: program.Conv{Window: program.Square(1, 1, 0), Groups: 1}},
		{name: "1x1 stride 2", shapes: []tensor.Shape{of(2, 5, 4, 3), of(1, 1, 3, 2)}, op: program.Conv{Window: program.Square(1, 2, 0), Groups: 1}},
		{name: "3x3", shapes: []tensor.Shape{of(2, 4, 5, 3), of(3, 3, 3, 2)}, op: program.Conv{Window: program.Square(3, 1, 1), Groups: 1}},
		{name: "stride 3 over kernel 2", shapes: []tensor.Shape{of(1, 8, 7, 2), of(2, 2, 2, 3)}, op: program.Conv{Window: program.Square(2, 3, 0), Groups: 1}},
		{name: "5x5 on a 3x3 map", shapes: []tensor.Shape{of(1, 3, 3, 2), of(5, 5, 2, 2)}, op: program.Conv{Window: program.Square(5, 1, 2), Groups: 1}},
		{name: "groups, stride, dilation, unequal padding", shapes: []tensor.Shape{of(2, 6, 5, 6), of(3, 2, 2, 9)}, op: program.Conv{Window: uneven, Groups: 3}},
		{name: "depthwise, multiplier 2", shapes: []tensor.Shape{of(1, 5, 5, 3), of(3, 3, 1, 6)}, op: program.Conv{Window: program.Square(3, 2, 1), Groups: 3}},
		{name: "1x3", shapes: []tensor.Shape{of(1, 4, 6, 2), of(1, 3, 2, 3)}, op: program.Conv{Window: win(1, 3, 1, 2, 1, 1, 0, 0, 1, 1), Groups: 1}},
		{name: "vector", shapes: []tensor.Shape{of(4, 7), of(7)}, op: program.BiasAdd{}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 5), of(5)}, op: program.BiasAdd{}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 3, 4), of(4)}, op: program.PReLU{}, kinks: true},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 3)}, op: program.CReLU{}, kinks: true},
		{name: "two hinges", shapes: []tensor.Shape{of(2, 3, 2, 3), of(2, 3), of(2, 3)}, op: program.APL{}, kinks: true},
		{name: "rows, a hinge", shapes: []tensor.Shape{of(5, 4), of(1, 4), of(1, 4)}, op: program.APL{}, kinks: true},
		{name: "3x3/2", shapes: []tensor.Shape{of(2, 5, 6, 3)}, op: program.MaxPool{Window: program.Square(3, 2, 1)}, kinks: true},
		{name: "ceil", shapes: []tensor.Shape{of(1, 6, 6, 2)}, op: program.MaxPool{Window: win(3, 3, 2, 2, 1, 1, 0, 1, 0, 1)}, kinks: true},
		{name: "without gaps", shapes: []tensor.Shape{of(1, 4, 5, 2)}, op: program.AvgPool{Window: program.Square(2, 1, 0)}},
		{name: "clipped", shapes: []tensor.Shape{of(2, 5, 6, 3)}, op: program.AvgPool{Window: win(3, 3, 2, 2, 1, 1, 1, 1, 0, 2)}},
		{name: "padding counted", shapes: []tensor.Shape{of(2, 5, 6, 3)}, op: program.AvgPool{Window: program.Square(3, 2, 1), CountPad: true}},
		{name: "drawn", shapes: []tensor.Shape{of(2, 5, 6, 3)}, op: program.StochasticPool{Window: program.Square(3, 2, 1), Key: [2]uint32{1, 2}}, scalars: []float64{17}, kinks: true},
		{name: "drawn, ceil", shapes: []tensor.Shape{of(1, 6, 6, 2)}, op: program.StochasticPool{Window: win(3, 3, 2, 2, 1, 1, 0, 1, 0, 1)}, scalars: []float64{3}, kinks: true},
		{name: "map", shapes: []tensor.Shape{of(3, 2, 5, 4)}, op: program.GlobalAvgPool{}},
		{name: "map", shapes: []tensor.Shape{of(3, 5)}, op: program.SpreadHW{H: 3, W: 2, Scale: 0.7}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 4, 5), of(1)}, op: program.GeM{}, above: true},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 5)}, op: program.ChannelMean{}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 5)}, op: program.ChannelMax{}, kinks: true},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 1)}, op: program.SpreadChannels{C: 4, Scale: 0.7}},
		{name: "by channel", shapes: []tensor.Shape{of(2, 3, 2, 5), of(2, 1, 1, 5)}, op: program.Gate{}},
		{name: "by position", shapes: []tensor.Shape{of(2, 3, 2, 5), of(2, 3, 2, 1)}, op: program.Gate{}},
		{name: "one value", shapes: []tensor.Shape{of(3, 1, 1, 1), of(3, 1, 1, 1)}, op: program.Gate{}},
		{name: "rows", shapes: []tensor.Shape{of(3, 7)}, op: program.Softmax{}},
		{name: "scores", shapes: []tensor.Shape{of(2, 2, 3, 5)}, op: program.Softmax{}},
		{name: "plain", shapes: []tensor.Shape{of(2, 3, 4, 5), of(2, 3, 5, 2)}, op: program.BatchMatMul{}},
		{name: "a turned over", shapes: []tensor.Shape{of(2, 3, 5, 4), of(2, 3, 5, 2)}, op: program.BatchMatMul{TransA: true}},
		{name: "b turned over", shapes: []tensor.Shape{of(2, 3, 4, 5), of(2, 3, 2, 5)}, op: program.BatchMatMul{TransB: true}},
		{name: "three", shapes: []tensor.Shape{of(2, 2, 3, 6)}, op: program.SplitHeads{Heads: 3}},
		{name: "three", shapes: []tensor.Shape{of(2, 3, 6, 2)}, op: program.MergeHeads{H: 2, W: 3}},
		{name: "within the range", shapes: []tensor.Shape{of(2, 2, 12, 12), of(2, 7, 7)}, op: program.RelativeBias{H: 3, W: 4, Range: 3}},
		{name: "clipped", shapes: []tensor.Shape{of(1, 2, 12, 12), of(2, 3, 3)}, op: program.RelativeBias{H: 4, W: 3, Range: 1}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 1, 4), of(2, 3, 1, 4)}, op: program.Add{}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 1, 4), of(2, 3, 1, 4)}, op: program.Mul{}},
		{name: "map", shapes: []tensor.Shape{of(2, 7)}, op: program.Scale{By: -1.3}},
		{name: "map", shapes: []tensor.Shape{of(3, 5)}, op: program.Mean{}},
		{name: "one", shapes: []tensor.Shape{of(3, 5)}, op: program.Combine{}, scalars: []float64{0.7}},
		{name: "two", shapes: []tensor.Shape{of(3, 5), of(3, 5)}, op: program.Combine{}, scalars: []float64{0.7, -1.3}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 4)}, op: program.Reshape{Shape: of(6, 4)}},
		{name: "three", shapes: []tensor.Shape{of(2, 2, 3), of(2, 2, 1), of(2, 2, 4)}, op: program.Concat{}},
		{name: "middle", shapes: []tensor.Shape{of(3, 7)}, op: program.SliceChannels{From: 2, To: 5}},
		{name: "both sides", shapes: []tensor.Shape{of(3, 4)}, op: program.PadChannels{Before: 1, After: 2}},
		{name: "three groups", shapes: []tensor.Shape{of(2, 2, 12)}, op: program.ShuffleChannels{Groups: 3}},
		{name: "odd extents", shapes: []tensor.Shape{of(2, 5, 4, 3)}, op: program.Subsample{Stride: 2}},
		{name: "cycle", shapes: []tensor.Shape{of(2, 3, 4, 5)}, op: program.Transpose{Axes: []int{0, 3, 1, 2}}},
		{name: "six", shapes: []tensor.Shape{of(2, 1, 3, 2, 2, 2)}, op: program.Transpose{Axes: []int{0, 3, 5, 1, 2, 4}}},
		{name: "plain", shapes: []tensor.Shape{of(2, 3, 3, 5)}, op: program.BatchNorm{Eps: 1e-3}},
		{name: "affine", shapes: []tensor.Shape{of(2, 3, 3, 5), of(5), of(5)}, op: program.BatchNorm{Eps: 1e-3, Affine: true}},
		{name: "rows", shapes: []tensor.Shape{of(7, 3), of(3), of(3)}, op: program.BatchNorm{Eps: 1e-3, Affine: true}},
		{name: "in groups", shapes: []tensor.Shape{of(6, 2, 3, 5), of(5), of(5)}, op: program.BatchNorm{Eps: 1e-3, Affine: true, Groups: 3}},
		{name: "plain, in groups", shapes: []tensor.Shape{of(8, 3)}, op: program.BatchNorm{Eps: 1e-3, Groups: 2}},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 6), of(6), of(6)}, op: program.GroupNorm{Eps: 1e-3, Groups: 2}},
		{name: "instances", shapes: []tensor.Shape{of(2, 3, 2, 5), of(5), of(5)}, op: program.GroupNorm{Eps: 1e-3, Groups: 5}},
		{name: "rows", shapes: []tensor.Shape{of(3, 8), of(8), of(8)}, op: program.GroupNorm{Eps: 1e-3, Groups: 2}},
		{name: "kernel", shapes: []tensor.Shape{of(3, 2, 2, 5), of(5)}, op: program.WeightNorm{}},
		{name: "matrix", shapes: []tensor.Shape{of(4, 3), of(3)}, op: program.WeightNorm{}},
		{name: "plain", shapes: []tensor.Shape{of(2, 3, 3, 5), of(5), of(5)}, op: program.BatchNormInference{Eps: 1e-3}, given: []int{1, 2}},
		{name: "affine", shapes: []tensor.Shape{of(2, 3, 3, 5), of(5), of(5), of(5), of(5)}, op: program.BatchNormInference{Eps: 1e-3, Affine: true}, given: []int{1, 2}},
		{name: "drawn", shapes: []tensor.Shape{of(3, 7)}, op: program.RReLU{Key: [2]uint32{1, 2}}, scalars: []float64{17}, kinks: true},
		{name: "map", shapes: []tensor.Shape{of(2, 3, 2, 5), of(5), of(5)}, op: program.LayerNorm{Eps: 1e-3}},
		{name: "rows", shapes: []tensor.Shape{of(4, 7), of(7), of(7)}, op: program.LayerNorm{Eps: 0.1}},
		{name: "map", shapes: []tensor.Shape{of(2, 2, 1, 7)}, op: program.LRN{Size: 5, Alpha: 0.7, Beta: 0.75, K: 1}},
		{name: "wider than the map", shapes: []tensor.Shape{of(3, 4)}, op: program.LRN{Size: 9, Alpha: 2, Beta: 0.5, K: 0.5}},
		{name: "rate 0.3", shapes: []tensor.Shape{of(3, 7)}, op: program.Dropout{Key: [2]uint32{1, 2}}, scalars: []float64{0.3, 17}},
		{name: "whole channels", shapes: []tensor.Shape{of(2, 3, 2, 5)}, op: program.Dropout{Key: [2]uint32{1, 2}, Of: program.Channels}, scalars: []float64{0.3, 17}},
		{name: "whole images", shapes: []tensor.Shape{of(9, 2, 1, 3)}, op: program.Dropout{Key: [2]uint32{1, 2}, Of: program.Images}, scalars: []float64{0.3, 17}},
		{name: "gaussian", shapes: []tensor.Shape{of(3, 7)}, op: program.Dropout{Key: [2]uint32{1, 2}, Gaussian: true}, scalars: []float64{0.3, 17}},
		{name: "rows", shapes: []tensor.Shape{of(4, 5)}, op: program.Entropy{}},
		{name: "hard", shapes: []tensor.Shape{of(4, 5)}, op: program.CrossEntropy{}, labels: []int32{4, -1, 0, 2}},
		{name: "smooth", shapes: []tensor.Shape{of(4, 5)}, op: program.CrossEntropy{Smoothing: 0.1}, labels: []int32{4, -1, 0, 2}},
		{name: "shares", shapes: []tensor.Shape{of(4, 5), of(4, 5)}, fixed: 1, op: program.CrossEntropy{}},
		{name: "smooth shares", shapes: []tensor.Shape{of(4, 5), of(4, 5)}, fixed: 1, op: program.CrossEntropy{Smoothing: 0.1}},
	}
	for _, op := range []program.Op{program.BinaryCrossEntropy{Smoothing: 0.1}, program.Focal{Gamma: 2, Smoothing: 0.1}, program.Focal{Gamma: 0.5}, program.Focal{}} {
		cases = append(cases,
			gradientCase{name: program.Describe(op), shapes: []tensor.Shape{of(4, 5)}, op: op, labels: []int32{4, -1, 0, 2}},
			gradientCase{name: program.Describe(op) + " shares", shapes: []tensor.Shape{of(4, 5), of(4, 5)}, fixed: 1, op: op})
	}
	for _, scan := range []program.Scan{{}, {Reverse: true}, {Columns: true}, {Columns: true, Reverse: true}} {
		cases = append(cases,
			gradientCase{name: fmt.Sprint(scan), shapes: []tensor.Shape{of(2, 3, 4, 12), of(3, 12), of(12)}, op: program.LSTM{Scan: scan}},
			gradientCase{name: fmt.Sprint(scan), shapes: []tensor.Shape{of(2, 4, 3, 9), of(3, 9), of(9)}, op: program.GRU{Scan: scan}})
	}
	for _, f := range program.Funcs() {
		alpha := float32(0.2)
		if f == program.Power { // too steep near 0 for differences
			alpha = 0.5
		}
		cases = append(cases, gradientCase{name: f.String(), shapes: []tensor.Shape{of(5, 7)}, op: program.Activation{Func: f, Alpha: alpha}, kinks: true},
			gradientCase{name: f.String() + " over its range", shapes: []tensor.Shape{of(13, 15)}, op: program.Activation{Func: f, Alpha: 1.3}, kinks: true})
	}
	for i, trans := range []program.MatMul{{}, {TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
		a, b := of(3, 5), of(5, 4)
		if trans.TransA {
			a = of(5, 3)
		}
		if trans.TransB {
			b = of(4, 5)
		}
		cases = append(cases, gradientCase{name: fmt.Sprint(i), shapes: []tensor.Shape{a, b}, op: trans})
	}
	return cases
}

func TestGradientsEqualCentralDifferences(t *testing.T) {
	for _, c := range gradientCases() {
		t.Run(c.op.Kind()+"/"+c.name, func(t *testing.T) {
			b := program.NewBuilder("check")
			real, index := map[string][]float64{}, map[string][]int32{}
			var in, wrt []*program.Value
			for i, s := range c.shapes {
				name := fmt.Sprintf("x%d", i)
				in = append(in, b.Input(name, program.Real, s))
				real[name] = draw(name, s.Elems(), c.kinks)
				for j, v := range real[name] {
					if c.above || slices.Contains(c.given, i) {
						real[name][j] = 0.5 + math.Abs(v)
					}
					if c.kinks && i > 0 { // away from the other inputs, too
						real[name][j] += 0.01
					}
				}
			}
			for i, v := range in[:len(in)-c.fixed] {
				if !slices.Contains(c.given, i) {
					wrt = append(wrt, v)
				}
			}
			if c.labels != nil {
				in = append(in, b.Input("labels", program.Index, of(len(c.labels))))
				index["labels"] = c.labels
			}
			for i, v := range c.scalars {
				name := fmt.Sprintf("s%d", i)
				in = append(in, b.Scalar(name))
				real[name] = []float64{v}
			}
			loss := weigh(b, b.EmitAll(c.op, in...)[0], real)
			b.Output("loss", loss)
			for i, g := range b.Gradients(loss, wrt) {
				b.Output(fmt.Sprintf("d%d", i), g)
			}
			p, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			out, err := ref.Eval(p, real, index)
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range wrt {
				f := func() (float64, error) {
					out, err := ref.Eval(p, real, index)
					if err != nil {
						return 0, err
					}
					return out["loss"][0], nil
				}
				if err := gradcheck.Check(f, real[x.Name], out[fmt.Sprintf("d%d", i)]); err != nil {
					t.Errorf("by %s: %v", x.Name, err)
				}
			}
		})
	}
}

func TestEveryOpWithAGradientIsChecked(t *testing.T) {
	checked := map[string]bool{"region": true} // whose deltas are no slopes of it: region_test.go
	for _, c := range gradientCases() {
		checked[c.op.Kind()] = true
	}
	for _, op := range program.Ops() {
		if program.Differentiable(op) && !checked[op.Kind()] {
			t.Errorf("%s has a gradient and no case", op.Kind())
		}
	}
}

// weigh makes a scalar of an array by random weights, in ops whose gradients are checked on their own.
func weigh(b *program.Builder, y *program.Value, real map[string][]float64) *program.Value {
	n := y.Shape().Elems()
	real["weights"] = draw("weights", n, false)
	row := b.Emit(program.Reshape{Shape: of(1, n)}, y)
	return b.Emit(program.Reshape{Shape: of()}, b.Emit(program.MatMul{}, row, b.Input("weights", program.Real, of(n, 1))))
}

// draw gives normal numbers or, away from kinks, distinct multiples of 0.05 that are none of them zero, shuffled.
func draw(name string, n int, kinks bool) []float64 {
	r := tensor.NewStream(1, "gradient/"+name).At(0, 0)
	x := make([]float64, n)
	for i, k := range r.Perm(n) {
		x[i] = r.Normal()
		if kinks {
			x[i] = 0.05 * (float64(k-n/2) + 0.5)
		}
	}
	return x
}
