package ref_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/tensor"
)

// What make_goldens.py writes. PyTorch and ref both compute in float64, so they agree to its rounding.
type (
	goldenFile struct {
		Made  string
		Cases []goldenCase
	}
	goldenCase struct {
		Name, Op        string
		Hyper           json.RawMessage
		Inputs, Outputs []goldenArray // a Writer's outputs are what it changes
		Dout            *goldenArray  // the gradient by the first output; nil without gradients
		Grads           []goldenArray // by the real inputs
	}
	goldenArray struct {
		Shape tensor.Shape
		Data  []float64
		Index []int32
	}
)

// absent are the ops without a golden of their own: gradient ops, which their forward op's case runs, and dropout, its mask of blocks and
// rrelu, whose random numbers are Assay's own: dropout_test.go.
var absent = map[string]bool{
	"conv-grad-input": true, "conv-grad-weight": true, "activation-grad": true, "prelu-grad": true, "max-pool-grad": true,
	"avg-pool-grad": true, "subsample-grad": true, "batch-norm-grad": true, "cross-entropy-grad": true, "dropout": true,
	"rrelu": true, "rrelu-grad": true, "lrn-grad": true, "lstm-grad": true, "gru-grad": true, "sweep-grad-weight": true,
	"channel-max-grad": true, "gate-grad": true, "softmax-grad": true, "relative-bias-grad": true, "layer-norm-grad": true,
	"crelu-grad": true, "apl-grad": true, "gem-grad": true, "binary-cross-entropy-grad": true, "focal-grad": true,
	"group-norm-grad": true, "weight-norm-grad": true, "entropy-grad": true, "block-mask": true,
	"region": true, "region-grad": true, "region-boxes": true, // goldens of darknet: region_test.go
}

func TestEveryOpGivesWhatPyTorchGives(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	seen := map[string]bool{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f goldenFile
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, c := range f.Cases {
			seen[c.Op] = true
			t.Run(c.Op+"/"+c.Name, c.check)
		}
	}
	for _, op := range program.Ops() {
		if seen[op.Kind()] == absent[op.Kind()] {
			t.Errorf("%s: golden %v, exempt %v", op.Kind(), seen[op.Kind()], absent[op.Kind()])
		}
	}
}

func (c goldenCase) check(t *testing.T) {
	op, err := c.decode()
	if err != nil {
		t.Fatal(err)
	}
	b := program.NewBuilder(c.Op)
	real, index := map[string][]float64{}, map[string][]int32{}
	var in, wrt []*program.Value
	for i, a := range c.Inputs {
		name := fmt.Sprintf("x%d", i)
		if a.Index != nil {
			in = append(in, b.Input(name, program.Index, a.Shape))
			index[name] = a.Index
			continue
		}
		x := b.Held(name, a.Shape)
		if _, writes := op.(program.Writer); a.Shape.Rank() == 0 && writes {
			x = b.Scalar("s" + name)
		}
		in, wrt = append(in, x), append(wrt, x)
		real[x.Name] = append([]float64(nil), a.Data...)
	}
	outs := b.EmitAll(op, in...)
	for i, y := range outs {
		b.Output(fmt.Sprintf("y%d", i), y)
	}
	if c.Dout != nil {
		n := c.Dout.Shape.Elems()
		real["dout"] = c.Dout.Data
		row := b.Emit(program.Reshape{Shape: of(1, n)}, outs[0])
		loss := b.Emit(program.Reshape{Shape: of()}, b.Emit(program.MatMul{}, row, b.Input("dout", program.Real, of(n, 1))))
		for i, g := range b.Gradients(loss, wrt) {
			if g != nil { // a step has none
				b.Output(fmt.Sprintf("d%d", i), g)
			}
		}
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ref.Eval(p, real, index)
	if err != nil {
		t.Fatal(err)
	}
	if w, ok := op.(program.Writer); ok {
		for i, input := range w.Writes() {
			got[fmt.Sprintf("y%d", i)] = real[in[input].Name]
		}
	}
	for i, y := range c.Outputs {
		equal(t, fmt.Sprintf("output %d", i), got[fmt.Sprintf("y%d", i)], y.Data)
	}
	for i, g := range c.Grads {
		equal(t, fmt.Sprintf("gradient by input %d", i), got[fmt.Sprintf("d%d", i)], g.Data)
	}
}

// decode finds the op of that kind and gives it the case's hyper-parameters.
func (c goldenCase) decode() (program.Op, error) {
	for _, op := range program.Ops() {
		if op.Kind() == c.Op {
			p := reflect.New(reflect.TypeOf(op))
			err := json.Unmarshal(c.Hyper, p.Interface())
			return p.Elem().Interface().(program.Op), err
		}
	}
	return nil, fmt.Errorf("no op %q", c.Op)
}

// equal compares within 1e-9 of the largest element.
func equal(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d elements, want %d", what, len(got), len(want))
		return
	}
	largest := 0.0
	for _, v := range want {
		largest = math.Max(largest, math.Abs(v))
	}
	for i := range want {
		if off := math.Abs(got[i] - want[i]); !(off <= 1e-9*largest) {
			t.Errorf("%s: element %d is %v, PyTorch gives %v", what, i, got[i], want[i])
			return
		}
	}
}
