package program_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/tensor"
)

func of(dims ...int) tensor.Shape { return tensor.Of(dims...) }

// step writes a training step of one unit and a linear head.
func step(t *testing.T) *program.Program {
	t.Helper()
	b := program.NewBuilder("step")
	x := b.Input("images", program.Real, of(4, 6, 6, 3))
	b.At("conv1")
	w := b.Held("conv1/weight", of(3, 3, 3, 8))
	gamma, beta := b.Held("conv1/norm/gamma", of(8)), b.Held("conv1/norm/beta", of(8))
	outs := b.EmitAll(program.BatchNorm{Eps: 1e-5, Affine: true}, b.Emit(program.Conv{Window: program.Square(3, 2, 1), Groups: 1}, x, w), gamma, beta)
	b.EmitAll(program.Blend{Scale: 1}, b.Held("conv1/norm/mean", of(8)), outs[1], b.Scalar("keep"))
	y := b.Emit(program.Activation{Func: program.ReLU}, outs[0])
	b.At("fc")
	v := b.Held("fc/weight", of(72, 5))
	logits := b.Emit(program.MatMul{}, b.Emit(program.Reshape{Shape: of(4, 72)}, y), v)
	b.At("loss")
	loss := b.Emit(program.Mean{}, b.Emit(program.CrossEntropy{}, logits, b.Input("labels", program.Index, of(4))))
	b.Output("loss", loss)
	wrt := []*program.Value{w, gamma, beta, v}
	for i, g := range b.Gradients(loss, wrt) {
		b.At(wrt[i].Name)
		b.EmitAll(program.SGD{}, wrt[i], g, b.Held(wrt[i].Name+"/momentum", wrt[i].Shape()), b.Scalar("lr"), b.Scalar("momentum"), b.Scalar("l2"))
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The listing shows the whole pass: no gradient by the images, which nobody reads, and each op under its layer.
func TestListingOfATrainingStep(t *testing.T) {
	got := step(t).String()
	golden.Text(t, "testdata/golden/step.txt", got)
	if again := step(t).String(); again != got {
		t.Errorf("the same program gives another listing:\n%s", again)
	}
}

func TestErrorsNameWhatDoesNotFit(t *testing.T) {
	x, w := of(2, 4, 4, 6), of(5, 5, 6, 8)
	for _, c := range []struct {
		op   program.Op
		in   []tensor.Shape
		want string
	}{
		{program.Conv{Window: program.Square(5, 1, 0), Groups: 1}, []tensor.Shape{x, w}, "layer: conv: kernel 5x5 does not fit a padded 4x4 input"},
		{program.Conv{Window: program.Square(5, 1, 2), Groups: 4}, []tensor.Shape{x, w}, "layer: conv: 4 groups do not divide 6 channels into 8"},
		{program.Conv{Window: program.Square(5, 1, 2)}, []tensor.Shape{x, w}, "layer: conv: 0 groups do not divide 6 channels into 8"},
		{program.Conv{Window: program.Square(3, 1, 1), Groups: 1}, []tensor.Shape{x, w}, "layer: conv: weight [5 5 6 8] where kernel, groups and 6 input channels ask for [3 3 6 8]"},
		{program.Conv{Window: program.Square(5, 1, -1), Groups: 1}, []tensor.Shape{x, w}, "layer: conv: padding [-1 -1 -1 -1] must not be negative"},
		{program.Conv{Groups: 1}, []tensor.Shape{x, of(0, 0, 6, 8)}, "w: shape [0 0 6 8] has an extent below 1"},
		{program.Conv{Groups: 1}, []tensor.Shape{x}, "layer: conv: takes x, w; got 1 inputs"},
		{program.MaxPool{Window: program.Square(2, 2, 2)}, []tensor.Shape{x}, "layer: max-pool: a window of 2x2 with padding [2 2 2 2] lies outside the 4x4 input; use less padding"},
		{program.AvgPool{Window: program.Window{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{2, 2}}}, []tensor.Shape{x}, "layer: avg-pool: dilation 2x2; a pooling has none, write 1"},
		{program.MatMul{}, []tensor.Shape{of(3, 4), of(5, 6)}, "layer: matmul: 3x4 by 5x6; the inner extents must be equal"},
		{program.Add{}, []tensor.Shape{of(3, 4), of(4, 3)}, "layer: add: a and b must have one shape, got [3 4] and [4 3]"},
		{program.BiasAdd{}, []tensor.Shape{of(3, 4), of(3)}, "layer: bias-add: a vector of [3] does not fit the 4 channels of [3 4]"},
		{program.Activation{Func: program.Leaky, Alpha: -1}, []tensor.Shape{x}, "layer: activation: leaky has alpha -1; it must not be negative"},
		{program.Activation{Func: program.CELU}, []tensor.Shape{x}, "layer: activation: celu divides by its alpha, which is 0; it must be positive"},
		{program.LRN{Size: 4, K: 1}, []tensor.Shape{x}, "layer: lrn: 4 channels; their number must be odd"},
		{program.Reshape{Shape: of(5)}, []tensor.Shape{x}, "layer: reshape: [2 4 4 6] has 192 elements and [5] has 5"},
		{program.Concat{}, []tensor.Shape{of(2, 3), of(3, 3)}, "layer: concat: [2 3] and [3 3] differ in more than channels"},
		{program.SliceChannels{From: 2, To: 9}, []tensor.Shape{x}, "layer: slice-channels: channels 2 to 9 of 6"},
		{program.BatchNorm{}, []tensor.Shape{x}, "layer: batch-norm: eps 0 must be above 0"},
		{program.CrossEntropy{}, []tensor.Shape{of(3, 4), of(3)}, "layer: cross-entropy: labels must be 3 class indices, or shares [3 4], got [3]"},
		{program.Blend{}, []tensor.Shape{of(3), of(3), of()}, "layer: blend: changes %0 x[3], which is not held in the state"},
	} {
		b := program.NewBuilder("p")
		b.At("layer")
		var in []*program.Value
		for i, s := range c.in {
			in = append(in, b.Input([]string{"x", "w", "z"}[i], program.Real, s))
		}
		b.EmitAll(c.op, in...)
		if _, err := b.Build(); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestTheFirstErrorStaysAndLaterCallsDoNotPanic(t *testing.T) {
	b := program.NewBuilder("p")
	b.At("first")
	x := b.Input("x", program.Real, of(2, 3))
	bad := b.Emit(program.Add{}, x, nil)
	b.At("second")
	b.Output("y", b.Emit(program.Mean{}, b.Emit(program.MatMul{}, bad, bad)))
	b.Gradients(bad, []*program.Value{x})
	if _, err := b.Build(); err == nil || err.Error() != "first: add: input 2 is missing" {
		t.Errorf("got %v", err)
	}
}

func TestGradientsOfALossThatIsNotAScalarOrHasNoRuleAreErrors(t *testing.T) {
	for want, emit := range map[string]func(b *program.Builder, x *program.Value) *program.Value{
		"gradients: the loss must be a scalar, got [2 3]; emit a mean first": func(_ *program.Builder, x *program.Value) *program.Value { return x },
		"l: log-softmax has no gradient": func(b *program.Builder, x *program.Value) *program.Value {
			return b.Emit(program.Mean{}, b.Emit(program.LogSoftmax{}, x))
		},
		"l: batch-norm has a gradient by its first output alone": func(b *program.Builder, x *program.Value) *program.Value {
			return b.Emit(program.Mean{}, b.EmitAll(program.BatchNorm{Eps: 1}, x)[1])
		},
	} {
		b := program.NewBuilder("p")
		b.At("l")
		x := b.Input("x", program.Real, of(2, 3))
		b.Gradients(emit(b, x), []*program.Value{x})
		if _, err := b.Build(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAValueThatTheLossDoesNotReachHasNoGradient(t *testing.T) {
	b := program.NewBuilder("p")
	x, lone := b.Input("x", program.Real, of(2)), b.Input("lone", program.Real, of(2))
	if g := b.Gradients(b.Emit(program.Mean{}, x), []*program.Value{lone, x}); g[0] != nil || g[1] == nil {
		t.Errorf("got %v", g)
	}
}

func TestBuildDropsWhatNobodyReads(t *testing.T) {
	for _, n := range step(t).Nodes {
		if n.Op.Kind() == "conv-grad-input" {
			t.Errorf("the gradient by the images is still there: node %d", n.ID)
		}
	}
}

func TestCostsCountWhatTheFormulaSays(t *testing.T) {
	got := map[string]int64{}
	for _, n := range step(t).Nodes {
		got[n.Op.Kind()] += program.MACs(n)
	}
	conv, linear := int64(4*3*3*8*3*3*3), int64(4*72*5)
	if got["conv"] != conv || got["conv-grad-weight"] != conv || got["matmul"] != 3*linear {
		t.Errorf("got %v, want conv %d, matmul %d", got, conv, 3*linear)
	}
}

func TestStateGivesOneTensorANameAndRefusesASecondShape(t *testing.T) {
	s := program.NewState()
	a, err := s.Add("w", of(2, 3))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Add("w", of(2, 3)); err != nil || a != b {
		t.Errorf("second Add: %v", err)
	}
	if _, err := s.Add("w", of(3, 2)); err == nil {
		t.Error("two shapes under one name")
	}
	if s.Bytes() != 24 || !slices.Equal(s.Names(), []string{"w"}) || s.Get("v") != nil {
		t.Errorf("%d bytes, names %v", s.Bytes(), s.Names())
	}
}

// Xu et al.: a divisor uniform in [3,8), so slopes from 1/8 to 1/3 with mean ln(8/3)/5, new ones each step.
func TestSlopesOfRReLUAreThoseOfItsPaper(t *testing.T) {
	op := program.RReLU{Key: [2]uint32{7, 9}}
	const n = 100_000
	sum, equal := 0.0, 0
	for i := range n {
		s := op.Slope(i, 3)
		if !(s > 1./8 && s <= 1./3) {
			t.Fatalf("element %d has slope %v", i, s)
		}
		if s == op.Slope(i, 4) {
			equal++
		}
		sum += float64(s)
	}
	if mean, want := sum/n, math.Log(8./3)/5; math.Abs(mean-want) > 5e-4 { // three standard errors
		t.Errorf("slopes average to %v, want %v", mean, want)
	}
	if equal > 10 {
		t.Errorf("%d of %d slopes are those of the step before", equal, n)
	}
}

func TestOpsDifferInKind(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range program.Ops() {
		if seen[op.Kind()] {
			t.Errorf("%s twice", op.Kind())
		}
		seen[op.Kind()] = true
		if op.Kind() != strings.ToLower(op.Kind()) {
			t.Errorf("%s is not lower case", op.Kind())
		}
	}
}

// Blocks of docs/adding-an-op.md name the file that they quote.
func TestThePageOnAddingAnOpQuotesTheCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/adding-an-op.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```go ")[1:]
	if len(blocks) == 0 {
		t.Fatal("the page quotes nothing")
	}
	for _, block := range blocks {
		path, code, _ := strings.Cut(block, "\n")
		code, _, _ = strings.Cut(code, "```")
		file, err := os.ReadFile("../../" + path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(squeeze(string(file)), squeeze(code)) {
			t.Errorf("%s does not hold\n%s", path, code)
		}
	}
}

// squeeze makes alignment not count.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
