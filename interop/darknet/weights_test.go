package darknet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// twoLayers is a network of two layers with weights: a convolution [2,3,1,1] with a norm, and a linear layer [3,2·2·2].
func twoLayers(t testing.TB) *nn.Graph {
	t.Helper()
	n, err := Read("two.cfg", []byte("[net]\nheight=2\nwidth=2\nchannels=3\n[convolutional]\nbatch_normalize=1\nfilters=2\nactivation=leaky\n[connected]\noutput=3\nactivation=linear\n"), nn.Size{})
	if err != nil {
		t.Fatal(err)
	}
	return n.Graph
}

// fileOf is a file of that version with so many values: 1, 2, 3, ...
func fileOf(major, minor uint32, count int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, major)
	b = binary.LittleEndian.AppendUint32(b, minor)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, 77)
	if 10*major+minor >= 2 && major < 1000 && minor < 1000 {
		b = binary.LittleEndian.AppendUint32(b, 0)
	}
	for i := range count {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i+1)))
	}
	return b
}

// filled is the values of a network from a file, by name.
func filled(t testing.TB, g *nn.Graph, file []byte) (map[string][]float32, *Held) {
	t.Helper()
	w, err := ReadWeights(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	held, err := w.Arrays(g)
	if err != nil {
		t.Fatal(err)
	}
	state := map[string][]float32{}
	for _, a := range held.Arrays {
		v, err := a.Read()
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		state[a.Name] = v.Data
	}
	return state, held
}

func TestHeadersOfEveryAge(t *testing.T) {
	g := twoLayers(t)
	for _, v := range [][2]uint32{{0, 1}, {0, 2}, {1, 0}, {0, 2000}, {math.Float32bits(0.001), math.Float32bits(0.9)}} {
		file := fileOf(v[0], v[1], 14+27)
		w, err := ReadWeights(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		if w.Seen != 77 {
			t.Errorf("%v: seen %d, want 77", v, w.Seen)
		}
		state, held := filled(t, g, file)
		if held.Layers != 2 || held.Of != 2 || held.Classes != 3 {
			t.Errorf("%v: held %d of %d, %d classes", v, held.Layers, held.Of, held.Classes)
		}
		for name, want := range map[string][]float32{
			"conv1/norm/beta": {1, 2}, "conv1/norm/gamma": {3, 4}, "conv1/norm/mean": {5, 6}, "conv1/weight": {9, 12, 10, 13, 11, 14}, "linear1/bias": {15, 16, 17},
		} {
			if got := state[name]; !equal(got, want) {
				t.Errorf("%v: %s is %v, want %v", v, name, got, want)
			}
		}
		weights := state["linear1/weight"] // [H·W·C,3] of [3,C·H·W] or [C·H·W,3]
		for i, got := range weights {
			o, c, p := i%3, i/3%2, i/6
			want := float32(18 + o*8 + c*4 + p)
			if v[0] >= 1000 || v[1] >= 1000 {
				want = float32(18 + (c*4+p)*3 + o)
			}
			if got != want {
				t.Errorf("%v: weight %d is %g, want %g", v, i, got, want)
			}
		}
	}
}

func equal(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestAFileThatIsNotTheNetworksSaysSoByLayer(t *testing.T) {
	g := twoLayers(t)
	for name, c := range map[string]struct {
		file []byte
		want string // "": none
	}{
		"whole":                    {fileOf(0, 2, 41), ""},
		"the first layer":          {fileOf(0, 2, 14), ""},
		"another class":            {fileOf(0, 2, 50), ""},
		"short of the first":       {fileOf(0, 2, 13), "ends within conv1, layer 1 of the 2 with weights of two.cfg: it has 13 of its 14 values; it was cut off, or is of another network"},
		"short of the second":      {fileOf(0, 2, 40), "ends within linear1, layer 2 of the 2 with weights of two.cfg: it has 26 of its 27 values; it was cut off, or is of another network"},
		"too long":                 {fileOf(0, 2, 43), "goes on for 2 values behind linear1, the last layer of two.cfg: it is of another network, or another size of images; give the weights of this one"},
		"a header":                 {fileOf(0, 2, 0), "holds no values; write or fetch it again"},
		"less than a header":       {fileOf(0, 2, 0)[:18], "has 18 bytes, fewer than the header of a file of darknet's weights; write or fetch it again"},
		"nothing":                  {nil, "has 0 bytes, fewer than the header of a file of darknet's weights; write or fetch it again"},
		"a part of a value":        {fileOf(0, 2, 41)[:100], ""},
		"cut within a value":       {fileOf(0, 2, 41)[:99], "has 79 bytes behind its header, no whole number of values; it was cut off: write or fetch it again"},
		"a page":                   {[]byte("<html><body>not found</body></html>"), `is a text that begins with "<html><body>not foun", and no file of darknet's weights; fetch that`},
		"a version that is no one": {fileOf(1<<31, 2, 41), "begins with version -2147483648.2.0, which is none of darknet's; give a .weights file"},
	} {
		if name == "a part of a value" { // 20 values, and the first layer has 14
			c.want = "ends within linear1, layer 2 of the 2 with weights of two.cfg: it has 6 of its 27 values; it was cut off, or is of another network"
		}
		w, err := ReadWeights(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil {
			_, err = w.Arrays(g)
		}
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestValuesOfADamagedFileAreRefused(t *testing.T) {
	g := twoLayers(t)
	for at, want := range map[int]string{6: "a variance is", 10: "a value is NaN"} {
		file := fileOf(0, 2, 41)
		v := float32(-1)
		if at == 10 {
			v = float32(math.NaN())
		}
		binary.LittleEndian.PutUint32(file[20+4*at:], math.Float32bits(v))
		w, err := ReadWeights(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		held, err := w.Arrays(g)
		for i := 0; err == nil && i < len(held.Arrays); i++ {
			_, err = held.Arrays[i].Read()
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestNormsOfEveryEpsilon: the scale and variance that are read do what darknet's do, and what is written does what they do.
func TestNormsOfEveryEpsilon(t *testing.T) {
	for _, eps := range []float32{1e-14, 1e-12, 1e-5, 1e-3} {
		for _, v := range []float32{0, 1e-14, 1e-9, 1e-5, 0.3, 40} {
			scale, variance := ours(0.7, v, eps)
			here := float64(scale) / math.Sqrt(float64(variance)+float64(eps))
			there := 0.7 / (math.Sqrt(float64(v)) + small)
			if !(math.Abs(here-there) < 2e-7*there) || variance < 0 {
				t.Errorf("ε %g, variance %g: %g here, %g in darknet", eps, v, here, there)
			}
			scale, variance = theirs(0.7, v, eps)
			here = 0.7 / math.Sqrt(float64(v)+float64(eps))
			there = float64(scale) / (math.Sqrt(float64(variance)) + small)
			if !(math.Abs(here-there) < 2e-7*here) || variance < 0 {
				t.Errorf("ε %g, variance %g: %g here, %g written", eps, v, here, there)
			}
		}
	}
}

// TestWhatDarknetHasNoFormForIsFolded: a norm without scale, a bias in front of a norm, a layer without bias.
func TestWhatDarknetHasNoFormForIsFolded(t *testing.T) {
	b := nn.NewBuilder("own", nn.Size{}, 2)
	x := b.Layer(nn.Conv{Out: 2}, b.Image(1, 1, 1))
	b.Over(nn.Out(x), nn.Bias{}, x)
	b.Over(nn.Out(x), nn.BatchNorm{Momentum: 0.9, Eps: 1e-5, Bias: true}, x)
	b.Logits(b.Layer(nn.Conv{Out: nn.Classes}, x))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{"conv1/weight": {3, 4}, "conv1/bias": {0.5, -2}, "conv1/norm/mean": {1, 1}, "conv1/norm/var": {1, 4}, "conv2/weight": {1, 2, 3, 4}}
	var file bytes.Buffer
	if err := writeWeights(&file, g, 5, func(name string) ([]float32, error) { return values[name], nil }); err != nil {
		t.Fatal(err)
	}
	var got []float32
	for b := file.Bytes()[20:]; len(b) > 0; b = b[4:] {
		got = append(got, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	want := []float32{0, 0, 1, 1, 0.5, 3, 1, 4, 3, 4, 0, 0, 1, 3, 2, 4} // but for ε in the variances
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 2e-5 {
			t.Errorf("value %d is %g, want %g", i, got[i], want[i])
		}
	}
	filled(t, g, file.Bytes())
	binary.LittleEndian.PutUint32(file.Bytes()[20+40:], math.Float32bits(1)) // a bias of conv2
	w, err := ReadWeights(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Arrays(g); err == nil || err.Error() != "conv2: the file has a bias, and the network none; give the network's own weights" {
		t.Errorf("got %v", err)
	}
}

func TestWeightsAreWrittenWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.weights")
	g := twoLayers(t)
	err := WriteWeights(path, g, 0, func(string) ([]float32, error) { return nil, errors.New("gone") })
	if err == nil || err.Error() != path+": conv1: gone" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half a file is left")
	}
	state, _ := filled(t, g, fileOf(0, 2, 41))
	if err := WriteWeights(path, g, 9, func(name string) ([]float32, error) { return state[name], nil }); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWeights(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Seen != 9 || w.Minor != 2 {
		t.Errorf("seen %d, version %d.%d", w.Seen, w.Major, w.Minor)
	}
}

// endless is a file that claims any length.
type endless struct{}

func (endless) ReadAt(b []byte, _ int64) (int, error) { clear(b); b[4%len(b)] = 2; return len(b), nil }

// TestNothingLargerThanTheFileIsTaken: a cfg may promise anything.
func TestNothingLargerThanTheFileIsTaken(t *testing.T) {
	n, err := Read("a.cfg", []byte(of("[connected]|output=1000000|activation=linear|[connected]|output=1000000|activation=linear")), nn.Size{})
	if err != nil {
		t.Fatal(err)
	}
	file := fileOf(0, 2, 100)
	w, err := ReadWeights(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Arrays(n.Graph); err == nil || !strings.HasPrefix(err.Error(), "ends within linear1") {
		t.Errorf("got %v", err)
	}
	if w, err = ReadWeights(endless{}, 20+4*(1_000_000+192_000_000+1_000_000_000_000+1_000_000)); err != nil {
		t.Fatal(err)
	}
	held, err := w.Arrays(n.Graph)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range held.Arrays {
		if a.Name == "linear2/weight" {
			if _, err := a.Read(); err == nil || !strings.Contains(err.Error(), "memory") {
				t.Errorf("4 TB: got %v", err)
			}
		}
	}
}

// FuzzWeights: whatever a file holds, the answer is values or one line.
func FuzzWeights(f *testing.F) {
	f.Add(fileOf(0, 2, 41))
	f.Add(fileOf(0, 1, 14))
	f.Add(fileOf(1001, 0, 50))
	f.Add([]byte("[net]\n"))
	g := twoLayers(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := ReadWeights(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			var held *Held
			if held, err = w.Arrays(g); err == nil {
				for _, a := range held.Arrays {
					v, e := a.Read()
					if e == nil && len(v.Data) != a.Shape.Elems() {
						t.Fatalf("%s: %d values for %v", a.Name, len(v.Data), a.Shape)
					}
					err = errors.Join(err, e)
				}
				return
			}
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || errors.Is(err, io.EOF)) {
			t.Fatalf("no line: %q", err)
		}
	})
}
