package pretrain

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/data"
	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/interop/safetensors"
	"github.com/assaylab/assay/model"
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

// evaluation is a network of the zoo with the weights of a file, ready to be asked.
func evaluation(t *testing.T, net, file string, side int) (*model.Model, engine.Executable) {
	t.Helper()
	g, err := zoo.New(net, zoo.Input(side, side, 3))
	if err != nil {
		t.Fatal(err)
	}
	start, err := Start(g, experiment.Pretrain{From: file, Normalize: experiment.Normalize{Kind: experiment.NormalizeNet}})
	if err != nil {
		t.Fatal(err)
	}
	about := model.About{Preprocess: data.Preprocess{H: side, W: side, C: 3, Mean: start.Mean, Std: start.Std}}
	for c := range g.Classes {
		about.Classes = append(about.Classes, strconv.Itoa(c))
	}
	m, err := model.New(g.Pruned(), start.State, about)
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	exe, err := m.Compile(e, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exe.Close)
	return m, exe
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
	m, exe := evaluation(t, "efficientnet_lite0", shared(t, "pretrained/efficientnet-lite0.pth"), 224)
	for name, want := range goldens(t).Lite0 {
		x, err := m.About.Preprocess.File(shared(t, "photos/"+name))
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
	m, exe := evaluation(t, "efficientnet_lite0", shared(t, "pretrained/efficientnet-lite0.pth"), 224)
	m.About.Preprocess.Resize = [2]int{252, 252}
	files, err := filepath.Glob(filepath.Join(shared(t, "photos/train/daisy"), "*.jpg"))
	if err != nil || len(files) != 40 {
		t.Fatalf("%d photos, %v", len(files), err)
	}
	known := 0
	for _, file := range files {
		x, err := m.About.Preprocess.File(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x.Data}}); err != nil {
			t.Fatal(err)
		}
		if p := exe.Output(task.LogProbs); p[985] == slices.Max(p) { // daisy, of ImageNet's classes
			known++
		}
	}
	t.Logf("%d of 40", known)
	if known < 36 {
		t.Errorf("%d of 40 photos of daisies are class 985, want 36", known)
	}
}

// value is make.py's: n numbers in [-1,1).
func value(name string, n int) []float64 {
	seed := 0
	for k, b := range []byte(name) {
		seed += (k + 1) * int(b)
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = float64((i%4093*(i%4093)*31+i*1103+seed*7717)%1009)/1009*2 - 1
	}
	return v
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
	for i, v := range value(name, len(t.Data)) {
		t.Data[i] = float32(at + float64(by*v))
	}
	return t
}

// zooNames are those that differ from torchvision's and timm's.
var zooNames = map[string]string{
	"googlenet": "googlenet_bn", "timm/tf_efficientnet_lite0": "efficientnet_lite0", "timm/efficientnet_b0": "efficientnet_b0",
	"timm/mobilenetv2_100": "mobilenet_v2", "timm/seresnet50": "se_resnet50", "timm/vgg11_bn": "vgg11_bn",
}

// quick are networks that cost little: a short run takes these.
var quick = []string{"mobilenet_v2", "squeezenet1_1", "shufflenet_v2_x0_5"}

func TestFilesOfTorchvisionAndTimmGiveTheirLogits(t *testing.T) {
	f, err := os.Open("testdata/golden/tensors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var tensors map[string]map[string][]int
	if err := json.NewDecoder(z).Decode(&tensors); err != nil {
		t.Fatal(err)
	}
	for name, sides := range goldens(t).Nets {
		if testing.Short() && !slices.Contains(quick, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var named []safetensors.Named
			for tensor, shape := range tensors[name] {
				named = append(named, safetensors.Named{Name: tensor, Tensor: filled(tensor, shape)})
			}
			file := filepath.Join(t.TempDir(), "w.safetensors")
			if err := safetensors.WriteFile(file, named, nil); err != nil {
				t.Fatal(err)
			}
			for side, want := range sides {
				t.Run(side, func(t *testing.T) {
					n, err := strconv.Atoi(side)
					if err != nil {
						t.Fatal(err)
					}
					net := name
					if own, ok := zooNames[name]; ok {
						net = own
					}
					_, exe := evaluation(t, net, file, n)
					x := make([]float32, n*n*3)
					for i, v := range value("image", len(x)) {
						x[i] = float32(2 * v)
					}
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
