package zoo

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// published is where the rows stand: a folder beside the repository that not every checkout has.
var published = filepath.Join("..", "..", "shared", "published", "zoo.csv")

// called names the network of a row that has another name than ours.
var called = map[string]string{
	"lenet-5 (dense C3)":              "lenet5",
	"nin":                             "nin-cifar",
	"nin, 100 classes":                "nin-cifar",
	"googlenet (BVLC, no aux)":        "googlenet",
	"preresnet18":                     "resnet18_v2",
	"resnet50 (stride in 1x1)":        "resnet50",
	"se_resnet50 (stride in 3x3)":     "se_resnet50",
	"mobilenet x1.0":                  "mobilenet",
	"resnet20 (CIFAR, shortcut A)":    "resnet20",
	"resnet32 (CIFAR, shortcut A)":    "resnet32",
	"resnet44 (CIFAR, shortcut A)":    "resnet44",
	"resnet110 (CIFAR, shortcut A)":   "resnet110",
	"densenet-40-12":                  "densenet40-12",
	"densenet-bc-100-12, 100 classes": "densenet-bc-100-12",
	"keras DenseNet121":               "densenet121",
	"keras DenseNet201":               "densenet201",
	"keras MobileNet":                 "mobilenet",
	"keras MobileNetV2":               "mobilenet_v2",
	"yolov2-voc":                      "yolov2",
}

// otherwise says of a row whose network we hold in another form what the other form is; its counts must not be ours.
var otherwise = map[string]struct{ ours, form string }{
	"lenet (Caffe)":                 {"lenet5", "wider, no padding, ReLU behind the first linear layer alone"},
	"alexnet (ungrouped, LRN)":      {"alexnet", "the widths of the 2012 paper in one column"},
	"caffenet128, fc 4096":          {"caffenet128", "4,096 hidden units for 2,048"},
	"keras InceptionV3":             {"inception_v3", "norms without a scale"},
	"keras ResNet50":                {"resnet50", "convolutions keep a bias in front of their norm"},
	"keras ResNet101":               {"resnet101", "convolutions keep a bias in front of their norm"},
	"resnet(A)-50b":                 {"resnet50", "a first layer of three 3x3 convolutions, average pooling in the shortcut"},
	"mobilenet x0.5":                {"mobilenet", "half the maps"},
	"mobilenet x0.25":               {"mobilenet", "a quarter of the maps"},
	"resnet20 (CIFAR, shortcut B)":  {"resnet20", "projections in the shortcut"},
	"resnet56 (CIFAR, shortcut B)":  {"resnet56", "projections in the shortcut"},
	"resnet110 (CIFAR, shortcut B)": {"resnet110", "projections in the shortcut"},
	"preresnet-20":                  {"resnet20", "pre-activation blocks, projections in the shortcut"},
	"preresnet-56":                  {"resnet56", "pre-activation blocks, projections in the shortcut"},
	"se-resnet-20":                  {"resnet20", "gates behind the blocks, projections in the shortcut"},
	"yolov2-tiny (coco)":            {"yolov2-tiny", "the last 3x3 has half the maps"},
	"resnext101_64x4d":              {"resnext50_32x4d", "deeper, more groups"},
}

// Every row of a network we hold: parameters to the last unit, multiply-adds within 1 % of convolutions and linear layers, or
// within 10 % of a figure that counts pooling, norms and activations too.
func TestCountsAreThoseOfEveryPublishedRow(t *testing.T) {
	rows := publishedRows(t)
	held, not := 0, []string{}
	for _, r := range rows {
		name := r["name"]
		if o, ok := otherwise[name]; ok {
			g, err := New(o.ours, Input(number(t, r["input"]), number(t, r["input"]), 0), Classes(number(t, r["classes"])))
			if err != nil {
				t.Fatal(err)
			}
			if trained, stored := parameters(t, g); strconv.Itoa(trained) == r["params"] || strconv.Itoa(stored) == r["params"] {
				t.Errorf("%s has the count of our %s, though it differs by: %s; take it as a row of ours", name, o.ours, o.form)
			}
			continue
		}
		ours := name
		if n, ok := called[name]; ok {
			ours = n
		}
		if !slices.ContainsFunc(List(), func(n Net) bool { return n.Name == ours }) {
			not = append(not, name)
			continue
		}
		held++
		t.Run(name, func(t *testing.T) { compare(t, ours, r) })
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(called)), slices.Collect(maps.Keys(otherwise))) {
		if !slices.ContainsFunc(rows, func(r map[string]string) bool { return r["name"] == name }) {
			t.Errorf("no row %q; take it from the list", name)
		}
	}
	t.Logf("%d of %d rows are of networks we hold, %d of other forms of them; not held: %q", held, len(rows), len(otherwise), not)
}

func compare(t *testing.T, ours string, r map[string]string) {
	extent := number(t, r["input"])
	g, err := New(ours, Input(extent, extent, 0), Classes(number(t, r["classes"])))
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.Cost()
	if err != nil {
		t.Fatal(err)
	}
	trained, stored := parameters(t, g)
	got := trained
	switch {
	case r["counts"] == "with_bn_stats":
		got = stored
	case strings.HasPrefix(r["note"], "with the auxiliary head"):
		got = int(c.TrainParams)
	}
	if r["params"] != "" && strconv.Itoa(got) != r["params"] {
		t.Errorf("%d parameters (%s), published %s by %s", got, r["counts"], r["params"], r["source"])
	}
	near := func(figure string, share float64) {
		_, digits, _ := strings.Cut(figure, ".")
		rounding := math.Pow10(-len(digits)) / 2 // "0.04" may be 0.0405
		if want, err := strconv.ParseFloat(figure, 64); err == nil && math.Abs(float64(c.MACs)/1e9-want) > max(share*want, rounding) {
			t.Errorf("%.6g GMACs, published %s by %s", float64(c.MACs)/1e9, figure, r["source"])
		}
	}
	near(r["gmacs_conv_linear"], 0.01)
	if r["gmacs_counts"] == "conv+linear" {
		near(r["gmacs"], 0.01)
	} else {
		near(r["gmacs"], 0.1)
	}
}

// The counts that files of the zoo take from torchvision, timm and osmr/imgclsmob, by what those build (testdata/golden); those
// of every other network are worked out.
func TestCountsAreThoseOfTheLibrariesThatBuildTheSame(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "golden", "counts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Nets map[string]struct {
			Library, Name   string
			Params, Tensors int
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	tables := worked()
	for _, n := range List() {
		if _, ok := file.Nets[n.Name]; !ok && tables[n.Name] == nil {
			t.Errorf("the count of %s is neither a library's nor worked out; add it to make_counts.py or to worked", n.Name)
		}
	}
	for name, want := range file.Nets {
		g, err := New(name)
		if err != nil {
			t.Fatal(err)
		}
		ps, err := g.Params() // auxiliary heads included
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, p := range ps {
			sum += p.Shape.Elems()
		}
		if sum != want.Params || len(ps) != want.Tensors {
			t.Errorf("%s: %d parameters in %d tensors, %d in %d as %s of %s", name, sum, len(ps), want.Params, want.Tensors, want.Name, want.Library)
		}
	}
}

// parameters counts what is trained, and that with the moving averages of norms.
func parameters(t *testing.T, g *nn.Graph) (trained, stored int) {
	g = g.Pruned()
	ps, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	bs, err := g.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range ps {
		trained += p.Shape.Elems()
	}
	stored = trained
	for _, b := range bs {
		stored += b.Shape.Elems()
	}
	return trained, stored
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// publishedRows reads the table, a row by its columns' names.
func publishedRows(t *testing.T) []map[string]string {
	f, err := os.Open(published)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no %s here: the table of published figures lies beside the repository", published)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		r := map[string]string{}
		for i, column := range lines[0] {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	return rows
}
