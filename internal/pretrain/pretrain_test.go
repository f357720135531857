package pretrain

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/data/augment"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/model"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

// small is the network of testdata/make.py, for images of that many channels.
func small(t *testing.T, channels, classes int) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("small", nn.Size{H: 8, W: 8, C: channels}, classes)
	x := b.Norm(b.ConvOf(b.Image(8, 8, 3), nn.Conv{Out: 4, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)}))
	x = b.ReLU(b.Conv(b.ReLU(x), 6, 3, 1))
	b.Logits(b.Linear(x, nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var byDefault = experiment.DefaultLearning().Pretrain

func from(file string) experiment.Pretrain {
	p := byDefault
	p.From.File = file
	return p
}

// TestACheckpointIsUnwrappedAndTurned: keys, prefixes, layouts, and the order in which a head reads positions.
func TestACheckpointIsUnwrappedAndTurned(t *testing.T) {
	text, err := os.ReadFile("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Logits, Grey []float64 }
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for channels, want := range map[int][]float64{3: want.Logits, 1: want.Grey} {
		g := small(t, channels, 5)
		start, err := Start(g, from("testdata/small.pth"))
		if err != nil {
			t.Fatal(err)
		}
		if start.Name != "testdata/small.pth (state_dict)" || len(start.Left) != 0 || len(start.Mean) != channels {
			t.Errorf("name %s, left %v, mean %v", start.Name, start.Left, start.Mean)
		}
		f, err := compile.New(g, task.Classify{}, experiment.DefaultOptimization(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range f.Kept() {
			f.State.Share(name, start.State)
		}
		p, err := f.Evaluation(1)
		if err != nil {
			t.Fatal(err)
		}
		exe, err := e.Compile(p, f.State)
		if err != nil {
			t.Fatal(err)
		}
		defer exe.Close()
		x := make([]float32, 8*8*channels)
		for i := range x {
			at := func(i int) float64 { return float64(i%23)/11.5 - 1 }
			x[i] = float32(at(i))
			if channels == 1 {
				x[i] = float32((at(3*i) + at(3*i+1) + at(3*i+2)) / 3)
			}
		}
		if err := exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x}}); err != nil {
			t.Fatal(err)
		}
		got := exe.Output(task.LogProbs)
		for i := range want {
			if d := float64(got[i]-got[0]) - (want[i] - want[0]); !(math.Abs(d) < 1e-5) {
				t.Errorf("%d channels: logit %d differs by %g", channels, i, d)
			}
		}
	}
}

// TestAModelOfColoursStartsAGreyOne: of Assay's own, by names.
func TestAModelOfColoursStartsAGreyOne(t *testing.T) {
	g := small(t, 3, 5)
	start, err := Start(g, from("testdata/small.pth"))
	if err != nil {
		t.Fatal(err)
	}
	about := model.About{Classes: []string{"a", "b", "c", "d", "e"}, Preprocess: data.Preprocess{H: 8, W: 8, C: 3, Mean: []float32{0.1, 0.2, 0.6}, Std: []float32{1, 1, 1}}}
	m, err := model.New(g, start.State, about)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(file); err != nil {
		t.Fatal(err)
	}
	grey, err := Start(small(t, 1, 5), from(file))
	if err != nil {
		t.Fatal(err)
	}
	colours := start.State.Get("conv1/weight").Data
	if got, want := grey.State.Get("conv1/weight").Data[5], colours[13]+colours[17]+colours[21]; got != want { // of the second position, channel 1
		t.Errorf("got %g, want %g", got, want)
	}
	if len(grey.Mean) != 1 || math.Abs(float64(grey.Mean[0])-0.3) > 1e-6 || grey.Digest != m.Digest {
		t.Errorf("mean %v, digest %s of %s", grey.Mean, grey.Digest, m.Digest)
	}
}

func TestWhatFindsNoPlaceIsDrawnAnewAndTold(t *testing.T) {
	w, err := Open("testdata/small.pth", "")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f, err := w.Fit(small(t, 3, 2), byDefault)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Started.String(), "7 tensors copied, 2 drawn anew (linear1/weight and linear1/bias), 2 left over (6.bias and 6.weight)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAKeySaysWhichWeightsAreTaken(t *testing.T) {
	p := from("testdata/small.pth")
	p.Key = "swa"
	averaged, err := Start(small(t, 3, 5), p)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Start(small(t, 3, 5), from("testdata/small.pth"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := averaged.State.Get("linear1/bias").Data[0], plain.State.Get("linear1/bias").Data[0]
	if averaged.Name != "testdata/small.pth (swa)" || a != b+1 {
		t.Errorf("%s: %g for %g", averaged.Name, a, b)
	}
	for key, want := range map[string]string{
		"ema":         `testdata/small.pth: key "ema": there is no "ema"; it has epoch, loss, state_dict, swa and args`,
		"args":        `testdata/small.pth: key "args": there are no weights under it`,
		"epoch.model": `testdata/small.pth: key "epoch.model": there is no "epoch.model"`,
	} {
		if _, err := Open("testdata/small.pth", key); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", key, err, want)
		}
	}
}

// arrays are zeros under names, of shapes.
func arrays(named ...any) *Weights {
	w := &Weights{File: "w.pth", ordered: true, close: func() error { return nil }}
	for i := 0; i < len(named); i += 2 {
		shape := tensor.Of(named[i+1].([]int)...)
		w.arrays = append(w.arrays, array{named[i].(string), shape, func() (*tensor.Tensor, error) { return tensor.New(shape...), nil }})
	}
	return w
}

func TestMoreThanOnePlausibleOrderIsRefused(t *testing.T) {
	b := nn.NewBuilder("beside", nn.Size{}, 2)
	x := b.Image(8, 8, 3)
	b.Logits(b.GlobalAvgPool(b.Concat(b.As("a").Conv(x, 1, 3, 1), b.As("b").Conv(x, 1, 3, 1))))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	w := arrays("p.weight", []int{1, 3, 3, 3}, "p.bias", []int{1}, "q.weight", []int{1, 3, 3, 3}, "q.bias", []int{1})
	want := "w.pth: its names are of no table, and its order is not the only one that fits: a and b are of one shape side by side: it has p and q, beside has a and b; write match: order if its layers are in the network's order"
	if _, err := w.Fit(g, byDefault); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	p := byDefault
	p.Match = experiment.MatchOrder
	if f, err := w.Fit(g, p); err != nil || f.Started.String() != "4 tensors copied" {
		t.Errorf("in order: %v, %v", f, err)
	}
	w.ordered = false
	if _, err := w.Fit(g, p); err == nil || !strings.Contains(err.Error(), "a safetensors file keeps no order") {
		t.Errorf("without an order: %v", err)
	}
}

func TestWeightsOfAnotherNetworkSayWhatDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		w    *Weights
		want string
	}{
		"another shape": {arrays("0.weight", []int{8, 3, 3, 3}, "1.weight", []int{4}, "3.weight", []int{6, 4, 3, 3}, "6.weight", []int{5, 96}),
			"w.pth: its names are of no table, and in order 0 does not fit conv1: it has 0, 1, 3 and 1 more, small has conv1, conv1, conv2 and 1 more; give the weights of this network"},
		"fewer layers": {arrays("0.weight", []int{4, 3, 3, 3}),
			"w.pth: its names are of no table, and in order its 1 layers are not the network's 4: it has 0, small has conv1, conv1, conv2 and 1 more; give the weights of this network"},
	} {
		if _, err := c.w.Fit(small(t, 3, 5), byDefault); err == nil || err.Error() != c.want {
			t.Errorf("%s: got  %v\nwant %s", name, err, c.want)
		}
	}
	g, err := zoo.New("resnet18", zoo.Input(64, 64, 3))
	if err != nil {
		t.Fatal(err)
	}
	all, err := slots(g)
	if err != nil {
		t.Fatal(err)
	}
	wide := arrays("conv1.weight", []int{32, 3, 7, 7}, "bn1.weight", []int{64}, "fc.weight", []int{10, 512})
	want := "w.pth: its tensors are not resnet18's: conv1.weight [32 3 7 7] for conv1/weight [7 7 3 64]; give the weights of this network"
	if _, err := wide.Fit(g, byDefault); err == nil || err.Error() != want {
		t.Errorf("of %d places: got  %v\nwant %s", len(all), err, want)
	}
}

func TestPrefixesComeOffAndOldNamesAreKnown(t *testing.T) {
	w := arrays("module.model.backbone._orig_mod.conv1.weight", []int{1}, "encoder.features.denseblock1.denselayer2.norm.1.weight", []int{1},
		"module.bn1.num_batches_tracked", []int{}, "n_averaged", []int{})
	if err := w.clean(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range w.arrays {
		names = append(names, a.name)
	}
	if want := []string{"conv1.weight", "features.denseblock1.denselayer2.norm1.weight"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
	if err := arrays("module.a.weight", []int{1}, "a.weight", []int{1}).clean(); err == nil || err.Error() != "module.a.weight and a.weight are both a.weight without what wraps them; save the one network alone" {
		t.Errorf("got %v", err)
	}
}

func TestAFileThatHoldsNoWeightsIsOneLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	nan := filepath.Join(dir, "nan.safetensors")
	bad := []safetensors.Named{{Name: "0.weight", Tensor: &tensor.Tensor{Shape: tensor.Of(1), Data: []float32{float32(math.NaN())}}}}
	if err := safetensors.WriteFile(nan, bad, nil); err != nil {
		t.Fatal(err)
	}
	torch := filepath.Join("..", "..", "interop", "torch", "testdata")
	for path, want := range map[string]string{
		write("page.pth", "<!doctype html>"):                 ": is a web page, not weights",
		write("lfs.safetensors", "version https://git-lfs"):  ": is a pointer of git-lfs",
		write("empty.pth", ""):                               ": is neither a file of torch.save, nor one of safetensors or darknet",
		write("text.safetensors", "hello there, no weights"): ": not a safetensors file",
		filepath.Join(torch, "module.pth"):                   ": is a pickled module (torch.nn.modules.container.Sequential)",
		filepath.Join(torch, "script.pt"):                    ": is a TorchScript archive",
		filepath.Join(torch, "odd.pth"):                      ": there are no weights at its top, nor under state_dict_ema",
	} {
		if _, err := Open(path, ""); err == nil || !strings.HasPrefix(err.Error(), path+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %s", err, path+want)
		}
	}
	if _, err := Open(filepath.Join(dir, "none.pth"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	w, err := Open(nan, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.arrays[0].read(); err == nil || !strings.Contains(err.Error(), "element 0 is NaN: the training that wrote it diverged") {
		t.Errorf("NaN: got %v", err)
	}
}

func TestNormalisationComesWithTheNetworkOrIsGiven(t *testing.T) {
	for name, want := range map[string]float32{"efficientnet_lite0": 0.5, "resnet18": 0.485} {
		g, err := zoo.New(name, zoo.Input(64, 64, 3))
		if err != nil {
			t.Fatal(err)
		}
		f := &Fit{weights: &Weights{}}
		if err := f.normalize(g, byDefault.Normalize); err != nil || f.Mean[0] != want {
			t.Errorf("%s: %v, %v", name, f.Mean, err)
		}
	}
	f := &Fit{weights: &Weights{}}
	if err := f.normalize(small(t, 1, 2), experiment.Normalize{Kind: "imagenet"}); err != nil || len(f.Mean) != 1 || math.Abs(float64(f.Mean[0])-0.449) > 1e-6 {
		t.Errorf("grey: %v, %v", f.Mean, err)
	}
	f = &Fit{weights: &Weights{}}
	if err := f.normalize(small(t, 3, 2), experiment.Normalize{Mean: []float32{0.1}, Std: []float32{2}}); err != nil || !slices.Equal(f.Std, []float32{2, 2, 2}) {
		t.Errorf("given: %v, %v", f.Std, err)
	}
}

// TestWeightsFramePictures: as the network's entry in the zoo says, as the settings say, or as the model did that they are of.
func TestWeightsFramePictures(t *testing.T) {
	g := small(t, 3, 5)
	framed := func(file string, r experiment.Resize) data.Framing {
		t.Helper()
		p := from(file)
		p.Resize = r
		f, err := opened(t, file).Fit(g, p)
		if err != nil {
			t.Fatal(err)
		}
		start, err := f.Start()
		if err != nil {
			t.Fatal(err)
		}
		return start.Framing
	}
	const file = "testdata/small.pth"
	net := experiment.Resize{Kind: experiment.ResizeNet}
	if got := framed(file, net); got != (data.Framing{Share: 0.875, Filter: augment.Bilinear}) {
		t.Errorf("of no zoo's network: %+v", got)
	}
	if got := framed(file, byDefault.Resize); got != (data.Framing{}) {
		t.Errorf("by settings that say nothing: %+v", got)
	}
	given := data.Framing{Share: 0.8, Filter: augment.Bicubic}
	if got := framed(file, experiment.Resize{Framing: given}); got != given {
		t.Errorf("given by hand: %+v", got)
	}
	start, err := Start(g, from(file))
	if err != nil {
		t.Fatal(err)
	}
	seen := model.Seen{Trained: data.Marks{3, 5}}
	m, err := model.New(g, start.State, model.About{
		Classes:    []string{"a", "b", "c", "d", "e"},
		Preprocess: data.Preprocess{H: 8, W: 8, C: 3, Resize: [2]int{10, 10}, Mean: start.Mean, Std: start.Std, Filter: augment.Bicubic},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Seen = seen
	own := filepath.Join(t.TempDir(), "own.safetensors")
	if err := m.Save(own); err != nil {
		t.Fatal(err)
	}
	if got := framed(own, net); got != given {
		t.Errorf("of a model that was framed so: %+v, want %+v", got, given)
	}
	if got := framed(own, byDefault.Resize); got != (data.Framing{}) {
		t.Errorf("of that model, by settings that say nothing: %+v", got)
	}
	if again, err := Start(g, from(own)); err != nil || !slices.Equal(again.Seen.Trained, seen.Trained) {
		t.Errorf("the model saw %v, and its weights tell of %v (%v)", seen.Trained, again.Seen.Trained, err)
	}
	p := from(file)
	p.From = experiment.Weights{Study: "photos", Arm: "elu"}
	if _, err := Start(g, p); err == nil || !strings.HasPrefix(err.Error(), "nobody has looked up the weights of elu of study photos") {
		t.Errorf("an arm: %v", err)
	}
}
