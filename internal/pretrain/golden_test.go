package pretrain

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"flag"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/tensor"
	"github.com/assaylab/assay/zoo"
)

var pixels = flag.String("pixels", "", "folder to write the pictures of the golden to, as they are read here")

// golden is testdata/golden/pretrained.json: PyTorch's logits, every 50th.
type golden struct {
	Lite0 map[string]struct {
		Best    int
		Largest float64
		Logits  []float64
	}
	Nets map[string]map[string][]float64 // by name and side of the image
}

func goldens(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden/pretrained.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// shared is a path in the project's own folder of test data, which a checkout may lack.
func shared(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s in shared/data here", name)
	}
	return path
}

// opened is the weights of a file.
func opened(t *testing.T, file string) *Weights {
	t.Helper()
	w, err := Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// evaluation is a network of the zoo with weights, ready to be asked.
func evaluation(t *testing.T, net string, w *Weights, side int) (data.Preprocess, engine.Executable) {
	t.Helper()
	g, err := zoo.New(net, zoo.Input(side, side, 3))
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.Fit(g, byDefault)
	if err != nil {
		t.Fatal(err)
	}
	start, err := f.Start()
	if err != nil {
		t.Fatal(err)
	}
	family, err := compile.New(g.Pruned(), task.Classify{}, experiment.DefaultOptimization(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range family.Kept() {
		family.State.Share(name, start.State)
	}
	program, err := family.Evaluation(1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	exe, err := e.Compile(program, family.State)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exe.Close)
	return data.Preprocess{H: side, W: side, C: 3, Mean: start.Mean, Std: start.Std}, exe
}

// agrees compares what a network gives for an image with PyTorch's logits, up to the constant that probabilities do not know, within
// 1e-4 of the largest.
func agrees(t *testing.T, exe engine.Executable, x []float32, want []float64, largest float64) (best int) {
	t.Helper()
	if err := exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x}}); err != nil {
		t.Fatal(err)
	}
	got := exe.Output(task.LogProbs)
	worst := 0.0
	for i, v := range want {
		worst = max(worst, math.Abs(float64(got[50*i])-float64(got[0])-(v-want[0])))
	}
	if !(worst <= 1e-4*largest) {
		t.Errorf("the logits differ by %.3g, the largest is %.3g", worst, largest)
	}
	for i, v := range got {
		if v > got[best] {
			best = i
		}
	}
	return best
}

func TestLite0GivesTimmsLogitsWithRealWeights(t *testing.T) {
	p, exe := evaluation(t, "efficientnet_lite0", opened(t, shared(t, "pretrained/efficientnet-lite0.pth")), 224)
	for name, want := range goldens(t).Lite0 {
		x, err := p.File(shared(t, "photos/"+name))
		if err != nil {
			t.Fatal(err)
		}
		if best := agrees(t, exe, x.Data, want.Logits, want.Largest); best != want.Best {
			t.Errorf("%s: class %d, want %d", name, best, want.Best)
		}
	}
}

// TestPicturesOfTheGoldenAreWritten gives make.py its pictures.
func TestPicturesOfTheGoldenAreWritten(t *testing.T) {
	if *pixels == "" {
		t.Skip("-pixels names no folder")
	}
	p := data.Preprocess{H: 224, W: 224, C: 3, Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}}
	for _, name := range []string{"train/daisy/14073784469_ffb12f3387_n.jpg", "train/roses/12243069253_e512464095_n.jpg"} {
		x, err := p.File(shared(t, "photos/"+name))
		if err != nil {
			t.Fatal(err)
		}
		ppm := []byte("P6 224 224 255\n")
		for _, v := range x.Data {
			ppm = append(ppm, byte(math.Round(255*float64(v))))
		}
		if err := os.WriteFile(filepath.Join(*pixels, strings.TrimSuffix(filepath.Base(name), ".jpg")+".ppm"), ppm, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLite0KnowsADaisy(t *testing.T) {
	if testing.Short() {
		t.Skip("40 pictures of 224 pixels")
	}
	p, exe := evaluation(t, "efficientnet_lite0", opened(t, shared(t, "pretrained/efficientnet-lite0.pth")), 224)
	p.Resize = [2]int{252, 252}
	files, err := filepath.Glob(filepath.Join(shared(t, "photos/train/daisy"), "*.jpg"))
	if err != nil || len(files) != 40 {
		t.Fatalf("%d photos, %v", len(files), err)
	}
	known := 0
	for _, file := range files {
		x, err := p.File(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
			t.Fatal(err)
		}
		if y := exe.Output(task.LogProbs); y[985] == slices.Max(y) { // daisy, of ImageNet's classes
			known++
		}
	}
	t.Logf("%d of 40", known)
	if known < 36 {
		t.Errorf("%d of 40 photos of daisies are class 985, want 36", known)
	}
}

// period is after how many places make.py's values come again; waves are them, but for the name's part, in 1009ths.
const period = 4093 * 1009

var waves = sync.OnceValue(func() []uint16 {
	w := make([]uint16, period)
	for i := range w {
		w[i] = uint16((i%4093*(i%4093)*31 + i*1103) % 1009)
	}
	return w
})

// fill puts make.py's values of a name, numbers in [-1,1), through a function.
func fill(data []float32, name string, of func(v float64) float32) {
	seed := 0
	for k, b := range []byte(name) {
		seed += (k + 1) * int(b)
	}
	var table [1009]float32
	for i := range table {
		table[i] = of(float64((i+seed*7717)%1009)/1009*2 - 1)
	}
	for w := waves(); len(data) > 0; data = data[min(len(data), period):] {
		for i := range min(len(data), period) {
			data[i] = table[w[i]]
		}
	}
}

// filled is make.py's: a tensor of a name and shape, in PyTorch's order.
func filled(name string, shape []int) *tensor.Tensor {
	t := tensor.New(shape...)
	at, by := 0.0, 0.1
	switch {
	case strings.HasSuffix(name, "running_var"):
		at, by = 1, 0.3
	case strings.HasSuffix(name, "running_mean"):
	case strings.HasSuffix(name, "layer_scale"):
		at, by = 0.75, 0.25
	case strings.HasSuffix(name, "weight") && len(shape) > 1:
		by = math.Sqrt(4.5 / float64(len(t.Data)/shape[0]))
	case strings.HasSuffix(name, "weight"):
		at, by = 1, 0.2
	}
	fill(t.Data, name, func(v float64) float32 { return float32(at + float64(by*v)) })
	return t
}

// others are the names and shapes of the tensors of torchvision's networks, and of timm's under "timm/NAME".
var others = sync.OnceValues(func() (tensors map[string]map[string][]int, err error) {
	f, err := os.Open("testdata/golden/tensors.json.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return tensors, json.NewDecoder(z).Decode(&tensors)
})

// other is a network's weights as make.py fills them, as if they were of a file. They are made where they are read.
func other(t *testing.T, name string) *Weights {
	t.Helper()
	all, err := others()
	if err != nil {
		t.Fatal(err)
	}
	if all[name] == nil {
		t.Fatalf("no tensors of %s", name)
	}
	w := &Weights{File: name + ".safetensors", close: func() error { return nil }}
	for _, of := range slices.Sorted(maps.Keys(all[name])) {
		shape := all[name][of]
		w.arrays = append(w.arrays, array{of, shape, func() (*tensor.Tensor, error) { return filled(of, shape), nil }})
	}
	if err := w.clean(); err != nil {
		t.Fatal(err)
	}
	return w
}

// zooNames are those that differ from torchvision's and timm's.
var zooNames = map[string]string{
	"googlenet": "googlenet_bn", "timm/tf_efficientnet_lite0": "efficientnet_lite0",
	"timm/mobilenetv2_100": "mobilenet_v2", "timm/seresnet50": "se_resnet50",
}

func zooName(name string) string { return cmp.Or(zooNames[name], strings.TrimPrefix(name, "timm/")) }

// quick are networks that cost little: a short run takes these.
var quick = []string{"mobilenet_v2", "squeezenet1_1", "shufflenet_v2_x0_5"}

func TestFilesOfTorchvisionAndTimmGiveTheirLogits(t *testing.T) {
	for name, sides := range goldens(t).Nets {
		if testing.Short() && !slices.Contains(quick, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			w := other(t, name)
			if name == quick[0] { // one by a real file
				w = written(t, w)
			}
			for side, want := range sides {
				t.Run(side, func(t *testing.T) {
					n, err := strconv.Atoi(side)
					if err != nil {
						t.Fatal(err)
					}
					_, exe := evaluation(t, zooName(name), w, n)
					x := make([]float32, n*n*3)
					fill(x, "image", func(v float64) float32 { return float32(2 * v) })
					largest := 0.0
					for _, v := range want {
						largest = max(largest, math.Abs(v))
					}
					agrees(t, exe, x, want, largest)
				})
			}
		})
	}
}

// written is weights by way of a safetensors file.
func written(t *testing.T, w *Weights) *Weights {
	t.Helper()
	var named []safetensors.Named
	for _, a := range w.arrays {
		v, err := a.read()
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, safetensors.Named{Name: a.name, Tensor: v})
	}
	file := filepath.Join(t.TempDir(), "w.safetensors")
	if err := safetensors.WriteFile(file, named, nil); err != nil {
		t.Fatal(err)
	}
	return opened(t, file)
}

// TestEveryNetworkThatTorchvisionSharesTakesItsTensors goes over the list of what torchvision publishes of the zoo's networks: each tensor
// has its place and each place its tensor, though a safetensors file keeps no order.
func TestEveryNetworkThatTorchvisionSharesTakesItsTensors(t *testing.T) {
	all, err := others()
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{} // torchvision's and timm's names, by the zoo's
	for name := range all {
		if !strings.HasPrefix(name, "timm/") {
			of[zooName(name)] = name
		}
	}
	for net := range published {
		if of[net] == "" {
			t.Errorf("%s: torchvision's tensors are not in the list", net)
		}
	}
	for name := range all {
		t.Run(name, func(t *testing.T) {
			g, err := zoo.New(zooName(name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := other(t, name).Fit(g.Pruned(), byDefault) // a file has the auxiliary heads or has them not
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Started.Drawn) > 0 || len(f.Started.Left) > 0 {
				t.Errorf("%s", f.Started)
			}
		})
	}
}

// TestTheZooFramesPicturesAsTorchvisionDoes: for every network whose weights are published, and for timm's efficientnet_lite0.
func TestTheZooFramesPicturesAsTorchvisionDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/golden/frames.json")
	if err != nil {
		t.Fatal(err)
	}
	var frames map[string][3]any
	if err := json.Unmarshal(text, &frames); err != nil {
		t.Fatal(err)
	}
	for name := range published {
		if _, ok := frames[name]; !ok {
			t.Errorf("%s is not in the golden; run frames.py", name)
		}
	}
	for name, want := range frames {
		z, err := zoo.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		kept, window, filter := z.Resize()
		if got := [3]any{float64(kept), float64(window), filter}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if f := (experiment.Resize{Kind: experiment.ResizeNet}).Framed(name); f.Kept(window) != kept || string(f.Filter) != filter {
			t.Errorf("%s: a window of %d is framed as %+v, which keeps %d", name, window, f, f.Kept(window))
		}
	}
}
