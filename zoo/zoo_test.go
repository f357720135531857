package zoo

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/assaylab/assay/nn"
)

var update = flag.Bool("update", false, "rewrite the golden prints in testdata")

func TestEveryNetworkHasItsPublishedCounts(t *testing.T) {
	names := map[string]bool{}
	signatures := map[string]string{}
	var slowest time.Duration
	var slow string
	for _, n := range List() {
		t.Run(n.Name, func(t *testing.T) {
			if names[n.Name] {
				t.Error("two networks of this name")
			}
			names[n.Name] = true
			begin := time.Now()
			g, err := New(n.Name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := g.Cost()
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(begin)
			if took > slowest {
				slowest, slow = took, n.Name
			}
			if took > time.Second { // 50 ms on an idle machine
				t.Errorf("building and counting took %v", took)
			}
			if c.Params != n.Published.Params {
				t.Errorf("%d parameters, published %d", c.Params, n.Published.Params)
			}
			if got := float64(c.MACs) / 1e9; math.Abs(got/n.Published.GMACs-1) > 0.01 {
				t.Errorf("%.6g GMACs, published %g", got, n.Published.GMACs)
			}
			if g.Classes != n.Classes || n.Family == "" || n.Paper == "" {
				t.Errorf("%d classes of %d, family %q, paper %q", g.Classes, n.Classes, n.Family, n.Paper)
			}
			s := g.Signature()
			if other := signatures[s]; other != "" && n.Name != other+"_bn" { // a norm is no architecture
				t.Errorf("has the signature of %s", other)
			}
			if signatures[s] == "" {
				signatures[s] = n.Name
			}
		})
	}
	t.Logf("the slowest to build and count, %s, took %v", slow, slowest)
}

// Figures of published/zoo.csv that count pooling, norms and activations too.
func TestMultiplyAddsAreNearPublishedFiguresOfAllOps(t *testing.T) {
	for name, gmacs := range map[string]float64{
		"zfnet": 1.1703, "bn-inception": 2.0481, "inception_v4": 12.305, "inception_resnet_v1": 6.3296, "xception": 8.4036, "resnet18_v2": 1.8206,
		"peleenet": 0.51487, "mobilenet": 0.5798, "nin-cifar": 0.22297, "wrn-28-10": 5.247, "densenet-bc-100-12": 0.29845,
		"cbam_resnet50": 4.11697,
	} {
		g, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := g.Cost(); err != nil || math.Abs(float64(c.MACs)/1e9/gmacs-1) > 0.1 {
			t.Errorf("%s: %d multiply-adds (%v), published %g billion operations of all kinds", name, c.MACs, err, gmacs)
		}
	}
}

func TestAuxiliaryHeadsAreOfTrainingAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		heads int
		aux   int64 // parameters of all heads
	}{
		// 1x1 convolution to 128 of 512 or 528 maps, 1,024 units of 4x4x128, 1,000 classes
		{"googlenet", 2, 512*128 + 528*128 + 2*(128+16*128*1024+1024+1024*1000+1000)},
		{"inception_v3", 1, 27_161_264 - 23_834_568}, // torchvision's with and without
	} {
		g, err := New(c.name)
		if err != nil {
			t.Fatal(err)
		}
		cost, err := g.Cost()
		if err != nil || cost.TrainParams-cost.Params != c.aux || len(g.Outputs) != 1+c.heads || len(g.Pruned().Outputs) != 1 {
			t.Errorf("%s: %d parameters of %d auxiliary heads (%v), want %d of %d", c.name, cost.TrainParams-cost.Params, len(g.Outputs)-1, err, c.aux, c.heads)
		}
		for _, o := range g.Outputs[1:] {
			if want := map[string]float64{"googlenet": 0.3, "inception_v3": 0.4}[c.name]; o.Weight != want || !o.TrainOnly {
				t.Errorf("%s: output %s has weight %g, want %g, in training alone", c.name, o.Name, o.Weight, want)
			}
		}
	}
}

// seed-references.md, C: weights and biases, multiply-adds in millions.
func TestGoogLeNetIsThePaperModuleForModule(t *testing.T) {
	g, err := New("googlenet")
	if err != nil {
		t.Fatal(err)
	}
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	params, macs := map[string]int64{}, map[string]int64{}
	for _, r := range table.Layers {
		name, _, _ := strings.Cut(r.Name, "/")
		params[name] += r.Params
		macs[name] += r.MACs
	}
	for name, want := range map[string]struct {
		params int64
		macs   float64
	}{
		"inception3a": {163_696, 128.0}, "inception3b": {388_736, 304.3}, "inception4a": {376_176, 73.6}, "inception4b": {449_160, 87.9},
		"inception4c": {510_104, 99.9}, "inception4d": {605_376, 118.5}, "inception4e": {868_352, 170.0}, "inception5a": {1_043_456, 51.1},
		"inception5b": {1_444_080, 70.7},
	} {
		if params[name] != want.params || math.Abs(float64(macs[name])/1e6-want.macs) > 0.06 {
			t.Errorf("%s: %d parameters, %d multiply-adds, want %d and %g million", name, params[name], macs[name], want.params, want.macs)
		}
	}
}

// Each layer of published/caffenet128.md: weights and biases, multiply-adds.
func TestCaffeNet128IsThePaperLayerForLayer(t *testing.T) {
	g, err := New("caffenet128")
	if err != nil {
		t.Fatal(err)
	}
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][3]int64{ // output height, parameters, multiply-adds
		"conv1": {30, 34_944, 31_363_200}, "pool1": {15, 0, 0}, "conv2": {15, 307_456, 69_120_000}, "pool2": {7, 0, 0},
		"conv3": {7, 885_120, 43_352_064}, "conv4": {7, 663_936, 32_514_048}, "conv5": {7, 442_624, 21_676_032}, "pool5": {3, 0, 0},
		"fc6": {1, 4_720_640, 4_718_592}, "fc7": {1, 4_196_352, 4_194_304}, "fc8": {1, 2_049_000, 2_048_000},
	}
	seen := 0
	for _, r := range table.Layers {
		if w, ok := want[r.Name]; ok {
			seen++
			if got := [3]int64{int64(r.Output[0]), r.Params, r.MACs}; got != w {
				t.Errorf("%s: %v, want %v", r.Name, got, w)
			}
		}
	}
	if seen != len(want) || table.MACs != 208_986_240 {
		t.Errorf("%d of %d layers, %d multiply-adds", seen, len(want), table.MACs)
	}
}

func TestPrintsAreTheGoldenOnes(t *testing.T) {
	for _, name := range []string{
		"mini", "lenet5", "ciresan", "alexnet", "caffenet", "caffenet128", "zfnet", "overfeat", "vgg11", "nin-cifar", "nin-imagenet", "all-cnn-c", "googlenet", "resnet20", "wrn-16-4", "resnet9", "airbench94", "fractalnet",
		"squeezenet1_1", "mobilenet", "mobilenet_v2", "darknet19", "yolov2", "yolov2-tiny", "enet", "flattened", "renet", "se_resnet50", "mobilenet_v3_small", "efficientnet_b0", "efficientnet_lite0", "googlenet_bn", "convnext_tiny", "shufflenet_v2_x1_0",
	} {
		g, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		table, err := g.Table()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".txt")
		got := table.String()
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant (go test ./zoo -update)\n%s", name, got, want)
		}
	}
}

func TestEveryNetworkReadsBackFromItsText(t *testing.T) {
	for _, n := range List() {
		g, err := New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && len(g.Nodes) > 200 {
			continue
		}
		back, err := nn.Read(n.Name+".yaml", g.YAML())
		if err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		if !bytes.Equal(g.YAML(), back.YAML()) || back.Signature() != g.Signature() {
			t.Errorf("%s: read back as\n%s", n.Name, back.YAML())
		}
	}
}

func TestOtherImagesAndClassesKeepTheSignature(t *testing.T) {
	const vgg = "vgg11: pool5: kernel 2 without padding does not fit a 1x1 input; add padding 1 or remove a pool above it, or give it images of 224x224, for which it was made"
	for _, n := range List() {
		own, err := New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []nn.Size{{H: 28, W: 28, C: 1}, {H: 64, W: 64, C: 3}, {H: 224, W: 160, C: 3}} {
			g, err := New(n.Name, Input(s.H, s.W, s.C), Classes(7))
			if n.Name == "vgg11" && s.H == 28 && (err == nil || err.Error() != vgg) {
				t.Errorf("vgg11 for %v: got %v, want %s", s, err, vgg)
			}
			if err != nil {
				small := s.H < own.InputSize().H || s.W < own.InputSize().W
				if !small || !strings.Contains(err.Error(), "does not fit a ") && !strings.Contains(err.Error(), "bring both to one height and width") {
					t.Errorf("%s for %v: %v", n.Name, s, err)
				}
				continue
			}
			size, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			want := 7
			if r, detector := g.Region(); detector {
				want = r.Anchors.Len() * (nn.BoxValues + 7)
			}
			if size[g.Main().Node].C != want || g.InputSize() != s {
				t.Errorf("%s: images %v and %d logits, asked for %v and %d", n.Name, g.InputSize(), size[g.Main().Node].C, s, want)
			}
			if g.Signature() != own.Signature() {
				t.Errorf("%s: the signature changes with images of %v", n.Name, s)
			}
		}
	}
}

func TestAWrongNameOffersTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"resnet21":    `no network "resnet21"; did you mean resnet20? (assay net list)`,
		"CaffeNet128": `no network "CaffeNet128"; did you mean caffenet128? (assay net list)`,
		"transformer": `no network "transformer"; choose one that assay net list names`,
	} {
		if _, err := New(name); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestImpossibleInputsAndClassesAreErrors(t *testing.T) {
	for _, c := range []struct {
		opts []Option
		want string
	}{
		{[]Option{Classes(-1)}, "-1 classes; give 1 to 1048576"},
		{[]Option{Input(-4, 4, 1)}, "an image of -4x4x1 is none"},
		{[]Option{Input(1<<30, 1<<30, 1<<30)}, "give height, width and channels above 0"},
		{[]Option{Input(2, 2, 3)}, "does not fit a"},
		{[]Option{Input(2, 2, 3)}, ", or give it images of 32x32, for which it was made"},
	} {
		if _, err := New("lenet5", c.opts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
