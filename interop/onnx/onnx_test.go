package onnx_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"hash/fnv"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/internal/ref"
	"github.com/assaylab/assay/interop/onnx"
	"github.com/assaylab/assay/tensor"
)

// out is where make_goldens.py wants the files and the images of all cases.
var out = flag.String("out", "", "folder for the cases' files and images")

// example is a small program of one or a few operations, of two images.
type example struct {
	name  string
	shape []int // of an image
	build func(b *program.Builder, x *program.Value) *program.Value
	o     onnx.Options
}

// made is the program with the values that it holds and its images, which are the same in every run.
func (c example) made(t *testing.T) (p *program.Program, held map[string][]float32, images []float32) {
	t.Helper()
	b := program.NewBuilder(c.name)
	b.At("layer")
	shape := append(tensor.Shape{2}, c.shape...)
	x := b.Input("images", program.Real, shape)
	b.Output("y", c.build(b, x))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	held = map[string][]float32{}
	for _, v := range p.Inputs(program.Held) {
		held[v.Name] = drawn(v.Name, v.Shape().Elems())
		if strings.HasPrefix(v.Name, "positive") {
			for i, x := range held[v.Name] {
				held[v.Name][i] = x*x + 0.5
			}
		}
	}
	return p, held, drawn("images "+c.name, shape.Elems())
}

// drawn are numbers between -1 and 1, which depend on a name.
func drawn(name string, n int) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	state := h.Sum64() | 1
	v := make([]float32, n)
	for i := range v {
		state = state*6364136223846793005 + 1442695040888963407
		v[i] = float32(int32(state>>32)) / (1 << 31)
	}
	return v
}

func (c example) file(t *testing.T, p *program.Program, held map[string][]float32) []byte {
	t.Helper()
	var b bytes.Buffer
	f, err := onnx.New(p, func(name string) ([]float32, error) { return held[name], nil }, c.o)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden is what onnxruntime gives for a file.
type golden struct {
	SHA256 string    `json:"sha256"`
	Shape  []int     `json:"shape"`
	Y      []float64 `json:"y"`
}

// Files are byte for byte those that onnxruntime read, and it gives for the images what the operations mean.
func TestOnnxruntimeGivesWhatTheOperationsMean(t *testing.T) {
	if *out != "" {
		writeCases(t)
		return
	}
	text, err := os.ReadFile("testdata/goldens.json")
	if err != nil {
		t.Fatal(err)
	}
	var goldens map[string]golden
	if err := json.Unmarshal(text, &goldens); err != nil {
		t.Fatal(err)
	}
	if n := len(examples()); n != len(goldens) {
		t.Errorf("%d cases and %d goldens", n, len(goldens))
	}
	for _, c := range examples() {
		t.Run(c.name, func(t *testing.T) {
			p, held, images := c.made(t)
			want, ok := goldens[c.name]
			sum := sha256.Sum256(c.file(t, p, held))
			if !ok || want.SHA256 != hex.EncodeToString(sum[:]) {
				t.Fatalf("the file is another than the one that onnxruntime read; run testdata/make_goldens.py")
			}
			real := map[string][]float64{"images": wide(images)}
			for name, v := range held {
				real[name] = wide(v)
			}
			if c.o.Mean != nil {
				for i := range real["images"] {
					k := i % len(c.o.Mean)
					real["images"][i] = (real["images"][i] - float64(c.o.Mean[k])) / float64(c.o.Std[k])
				}
			}
			got, err := ref.Eval(p, real, nil)
			if err != nil {
				t.Fatal(err)
			}
			if y := p.Output("y").Shape(); !y.Equal(tensor.Shape(want.Shape)) {
				t.Fatalf("y is %v, in onnxruntime %v", y, want.Shape)
			}
			largest := 0.0
			for _, v := range want.Y {
				largest = math.Max(largest, math.Abs(v))
			}
			for i, v := range got["y"] {
				if off := math.Abs(v - want.Y[i]); !(off <= 2e-6*largest) { // float32 beside float64
					t.Fatalf("element %d is %v, in onnxruntime %v", i, v, want.Y[i])
				}
			}
		})
	}
}

// Every operation that an evaluation may have is in a case.
func TestEveryOperationOfAnEvaluationIsInACase(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range examples() {
		p, _, _ := c.made(t)
		for _, n := range p.Nodes {
			seen[n.Op.Kind()] = true
		}
	}
	for _, op := range program.Ops() {
		kind := op.Kind()
		_, writes := op.(program.Writer)
		learns := writes || strings.HasSuffix(kind, "-grad") || strings.Contains(kind, "grad-") || learning[kind]
		if seen[kind] == learns {
			t.Errorf("%s: in a case %v, of learning alone %v", kind, seen[kind], learns)
		}
	}
}

// learning are the operations that no evaluation has: losses, what is drawn at random, what gradients and rules of solvers are made of.
var learning = map[string]bool{
	"cross-entropy": true, "binary-cross-entropy": true, "focal": true, "entropy": true, "region": true,
	"dropout": true, "block-mask": true, "rrelu": true, "stochastic-pool": true,
	"sum-channels": true, "spread-hw": true, "spread-channels": true, "mean": true, "variance": true,
	"combine": true, "norm": true, "quotient": true, "lasso": true, "clamp": true, "clip-channels": true,
}

func TestWhatHasNoFormIsNamed(t *testing.T) {
	none := func(string) ([]float32, error) { return nil, nil }
	for want, build := range map[string]func(b *program.Builder){
		"layer: variance has no form in ONNX here": func(b *program.Builder) {
			b.Output("y", b.Emit(program.Variance{}, b.Input("images", program.Real, tensor.Of(2, 3, 3, 2))))
		},
		"layer: reshape of [2 1 1 2] to [1 4] joins images, which has no form in ONNX here": func(b *program.Builder) {
			b.Output("y", b.Emit(program.Reshape{Shape: tensor.Of(1, 4)}, b.Input("images", program.Real, tensor.Of(2, 1, 1, 2))))
		},
		"layer: weighs by what depends on the images, which has no form in ONNX here": func(b *program.Builder) {
			x := b.Input("images", program.Real, tensor.Of(2, 1, 1, 2))
			y := b.Emit(program.Reshape{Shape: tensor.Of(2, 2)}, x)
			b.Output("y", b.Emit(program.MatMul{}, y, y))
		},
		"layer: add of what depends on no image with what does has no form in ONNX here": func(b *program.Builder) {
			x := b.Input("images", program.Real, tensor.Of(2, 1, 1, 2))
			b.Output("y", b.Emit(program.Add{}, x, b.Emit(program.Expand{Shape: tensor.Of(2, 1, 1, 2), Scale: 1})))
		},
		"the program p reads [1 3 3 2]; give one of two images or more, [N,H,W,C]": func(b *program.Builder) {
			b.Output("y", b.Emit(program.Softmax{}, b.Input("images", program.Real, tensor.Of(1, 3, 3, 2))))
		},
		"the program p reads more than images, or learns; give an evaluation": func(b *program.Builder) {
			b.Output("y", b.Emit(program.Dropout{}, b.Input("images", program.Real, tensor.Of(2, 3, 3, 2)), b.Scalar("rate"), b.Scalar("step")))
		},
	} {
		b := program.NewBuilder("p")
		b.At("layer")
		build(b)
		p, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := onnx.New(p, none, onnx.Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Values of another network end the writing, and nothing is left.
func TestValuesOfAnotherNetworkAreNotWritten(t *testing.T) {
	c := examples()[0]
	p, _, _ := c.made(t)
	f, err := onnx.New(p, func(string) ([]float32, error) { return []float32{1, 2}, nil }, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.onnx")
	err = f.WriteFile(path)
	if err == nil || !strings.Contains(err.Error(), "layer/weight has 2 values where the network has 108") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	if _, err := onnx.New(p, nil, onnx.Options{Mean: []float32{1}}); err == nil || err.Error() != "1 means or deviations for 3 channels; give one a channel" {
		t.Errorf("got %v", err)
	}
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

// writeCases writes what make_goldens.py reads.
func writeCases(t *testing.T) {
	for i, c := range examples() {
		p, held, images := c.made(t)
		name := filepath.Join(*out, string(rune('a'+i/26))+string(rune('a'+i%26)))
		raw, err := binary.Append(nil, binary.LittleEndian, images)
		if err != nil {
			t.Fatal(err)
		}
		about, err := json.Marshal(map[string]any{"name": c.name, "shape": append([]int{2}, c.shape...)})
		if err != nil {
			t.Fatal(err)
		}
		for ending, b := range map[string][]byte{".onnx": c.file(t, p, held), ".images": raw, ".json": about} {
			if err := os.WriteFile(name+ending, b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}
