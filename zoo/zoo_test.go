package zoo

import (
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
			if took := time.Since(begin); took > time.Second { // 50 ms on an idle machine
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
			if other := signatures[s]; other != "" {
				t.Errorf("has the signature of %s", other)
			}
			signatures[s] = n.Name
		})
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
	for _, n := range List() {
		g, err := New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		table, err := g.Table()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", n.Name+".txt")
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
			t.Errorf("%s: got\n%s\nwant (go test ./zoo -update)\n%s", n.Name, got, want)
		}
	}
}

func TestEveryNetworkReadsBackFromItsText(t *testing.T) {
	for _, n := range List() {
		g, err := New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		back, err := nn.Read(n.Name+".yaml", g.YAML())
		if err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		if d, err := nn.Diff(g, back); err != nil || d != nil || back.Signature() != g.Signature() {
			t.Errorf("%s: read back with %v (%v)", n.Name, d, err)
		}
	}
}

func TestOtherImagesAndClassesKeepTheSignature(t *testing.T) {
	tooSmall := map[string]string{
		"vgg11 28x28x1": "vgg11: pool5: kernel 2 without padding does not fit a 1x1 input; add padding 1 or remove a pool above it",
	}
	for _, n := range List() {
		own, err := New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []nn.Size{{H: 28, W: 28, C: 1}, {H: 64, W: 64, C: 3}, {H: 224, W: 160, C: 3}} {
			g, err := New(n.Name, Input(s.H, s.W, s.C), Classes(7))
			if want, small := tooSmall[n.Name+" "+s.String()]; small {
				if err == nil || err.Error() != want {
					t.Errorf("%s for %v: got %v, want %s", n.Name, s, err, want)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s for %v: %v", n.Name, s, err)
				continue
			}
			size, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			if size[g.Main().Node].C != 7 || g.InputSize() != s {
				t.Errorf("%s: images %v and %d logits, asked for %v and 7", n.Name, g.InputSize(), size[g.Main().Node].C, s)
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
		{[]Option{Classes(-1)}, "-1 classes; give 1 or more"},
		{[]Option{Input(-4, 4, 1)}, "an image of -4x4x1 is none"},
		{[]Option{Input(1<<30, 1<<30, 1<<30)}, "give height, width and channels above 0"},
		{[]Option{Input(2, 2, 3)}, "does not fit a"},
	} {
		if _, err := New("lenet5", c.opts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
