package pretrain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/engine"
	"github.com/assaylab/assay/engine/cpu"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	texts "github.com/assaylab/assay/internal/golden"
	"github.com/assaylab/assay/internal/program"
	"github.com/assaylab/assay/interop/darknet"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// darknets is the folder of cfgs and goldens, with the script that made these.
var darknets = filepath.Join("..", "..", "interop", "darknet", "testdata")

var out = flag.String("out", "", "folder to write weights for darknet to, as they are written here, for make.py of interop/darknet/testdata")

// networks of the goldens: those of this folder's own cfgs, and the zoo's for images of 96x160. Heavy ones wait for a test that is not short.
var networks = []struct {
	name, zoo string
	heavy     bool
}{{"joins", "", false}, {"places", "", false}, {"detect", "", false}, {"yolov2-tiny", "yolov2-tiny", false}, {"darknet19", "darknet19", true}, {"yolov2", "yolov2", true}}

// oracle is what darknet, built from its source at f6afaab, gave for a network: testdata/make.py.
type oracle struct {
	Drawn   string  // SHA-256 of the file of weights that darknet wrote
	Written string  // of that which was written here of the same network, and which darknet read
	Worst   float64 // by how much darknet's outputs then differed, of the size of what a layer gives
	Layers  []struct {
		Layer   int
		Shape   [3]int // channels, height, width
		Sum     float64
		Size    float64 // the sum of sizes
		Samples []float64
	}
}

func (o oracle) of(t *testing.T, name string) oracle {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(darknets, "golden", name+".json"))
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// unitAt is oracle.c's: a number from -1 to below 1 by its address.
func unitAt(layer, array, i uint64) float64 {
	z := layer<<48 ^ array<<40 ^ i
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>40)/(1<<23) - 1
}

// drawn is the file of weights that oracle.c has darknet write for a network.
func drawn(t *testing.T, n *darknet.Net) []byte {
	t.Helper()
	steps, err := n.Graph.Steps()
	if err != nil {
		t.Fatal(err)
	}
	by := map[*nn.Node]nn.Step{}
	for _, s := range steps {
		by[s.Node] = s
	}
	file := []byte{0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}
	file = binary.LittleEndian.AppendUint64(file, 12345678901)
	put := func(v float64) { file = binary.LittleEndian.AppendUint32(file, math.Float32bits(float32(v))) }
	for at, l := range n.Layers {
		node := l.Node
		if _, ok := node.Layer.(nn.Activation); ok && l.Kind != "activation" {
			node = node.In[0]
		}
		s := by[node]
		switch l.Kind {
		case "convolutional", "connected", "local":
		default:
			continue
		}
		normed := n.Graph.Overlay().Get(nn.Out(node), nn.SlotNorm) != nil
		outs, fan := s.Size.C, s.Params[0].Shape.Elems()/s.Size.C
		less := func(o int) float64 {
			switch {
			case !normed || at > 3 || o%5 != 0:
				return 1
			case o%2 == 1:
				return 6e-5
			}
			return 6e-3
		}
		vector := func(array uint64, of func(o int, u float64) float64) {
			for o := range outs {
				put(of(o, unitAt(uint64(at), array, uint64(o))))
			}
		}
		norm := func() {
			if normed {
				vector(1, func(_ int, u float64) float64 { return 1 + float64(.2*u) })
				vector(2, func(o int, u float64) float64 { return less(o) * .1 * u })
				vector(3, func(o int, u float64) float64 { return less(o) * less(o) * (1 + float64(.5*u)) })
			}
		}
		vector(0, func(_ int, u float64) float64 { return .1 * u })
		if l.Kind != "connected" {
			norm()
		}
		spread := math.Sqrt(6 / float64(fan))
		for o := range outs {
			s := less(o) * spread
			for i := range fan {
				put(s * unitAt(uint64(at), 4, uint64(o*fan+i)))
			}
		}
		if l.Kind == "connected" {
			norm()
		}
	}
	return file
}

// begun is the values that a training of the network begins from, of a file of darknet's.
func begun(t *testing.T, g *nn.Graph, file []byte) *program.State {
	t.Helper()
	path := filepath.Join(t.TempDir(), "drawn.weights")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	start, err := Start(g, from(path))
	if err != nil {
		t.Fatal(err)
	}
	return start.State
}

// passing is an objective that gives what the network gives.
type passing struct{}

func (passing) Loss(*program.Builder, []nn.Output, []*program.Value) *program.Value { return nil }
func (passing) Predict(b *program.Builder, _ nn.Output, head *program.Value)        { b.Output("y", head) }

// gives is what a node gives for an image [H,W,C].
func gives(t *testing.T, e *cpu.Engine, g *nn.Graph, node string, state *program.State, x []float32) []float32 {
	t.Helper()
	c := g.Clone()
	c.Outputs = []nn.Output{{Name: "main", Node: c.Node(node), Weight: 1}}
	family, err := compile.New(c.Pruned(), passing{}, experiment.DefaultOptimization(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range family.Kept() {
		family.State.Share(name, state)
	}
	p, err := family.Evaluation(1)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := e.Compile(p, family.State)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	if err := exe.Run(engine.Feed{Real: map[string][]float32{compile.Images: x}}); err != nil {
		t.Fatal(err)
	}
	return exe.Output("y")
}

// near is how far float32 may lead apart in up to 23 convolutions of drawn weights.
const near = 5e-5

// TestEveryLayerGivesWhatDarknetDoes holds each layer's output, of weights that darknet wrote, to darknet's own, and the bytes that are
// written of them here to those that darknet has read.
func TestEveryLayerGivesWhatDarknetDoes(t *testing.T) {
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, net := range networks {
		t.Run(net.name, func(t *testing.T) {
			if net.heavy && testing.Short() {
				t.Skip("tens of millions of weights")
			}
			want := oracle{}.of(t, net.name)
			n, err := darknet.ReadFile(filepath.Join(darknets, net.name+".cfg"), nn.Size{})
			if err != nil {
				t.Fatal(err)
			}
			file := drawn(t, n)
			if got := digest(file); got != want.Drawn {
				t.Fatalf("the drawn file is %s, darknet wrote %s", got, want.Drawn)
			}
			g := n.Graph
			if net.zoo != "" {
				if g, err = zoo.New(net.zoo, zoo.Input(96, 160, 3)); err != nil {
					t.Fatal(err)
				}
			}
			state := begun(t, g, file)
			size := g.InputSize()
			x := make([]float32, size.Elems())
			for i := range x {
				c, p := i/(size.H*size.W), i%(size.H*size.W)
				x[p*size.C+c] = float32((unitAt(255, 0, uint64(i)) + 1) / 2)
			}
			worst := 0.0
			for _, l := range want.Layers {
				node := n.Layers[l.Layer].Node.Name
				y := gives(t, e, g, node, state, x)
				if len(y) != l.Shape[0]*l.Shape[1]*l.Shape[2] {
					t.Fatalf("layer %d, %s: %d values, want %v", l.Layer, node, len(y), l.Shape)
				}
				var sum, sizes float64
				for _, v := range y {
					sum += float64(v)
					sizes += math.Abs(float64(v))
				}
				mean := l.Size / float64(len(y))
				off := max(math.Abs(sum-l.Sum), math.Abs(sizes-l.Size)) / l.Size
				channels, positions := l.Shape[0], l.Shape[1]*l.Shape[2]
				for j, v := range l.Samples {
					i := j*len(y)/len(l.Samples) + j%7%max(1, len(y)/len(l.Samples))
					off = max(off, math.Abs(float64(y[i%positions*channels+i/positions])-v)/max(mean, math.Abs(v)))
				}
				worst = max(worst, off)
				if !(off < near) {
					t.Errorf("layer %d, %s: differs by %.2g of its size", l.Layer, node, off)
				}
			}
			t.Logf("differs by at most %.2g", worst)
			folder := *out
			if folder == "" {
				folder = t.TempDir()
			}
			path := filepath.Join(folder, net.name+".weights")
			if err := darknet.WriteWeights(path, g, 12345678901, state.Read); err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := digest(written); *out == "" && (got != want.Written || !(want.Worst < near)) {
				t.Errorf("wrote %s, darknet read %s, whose outputs differed by %g", got, want.Written, want.Worst)
			}
		})
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestTheZoosNetworksAreWritten holds the cfgs of the zoo's networks to texts that darknet has read; make.py compares what they give with
// what darknet's own cfgs give.
func TestTheZoosNetworksAreWritten(t *testing.T) {
	for _, net := range networks {
		if net.zoo == "" {
			continue
		}
		g, err := zoo.New(net.zoo, zoo.Input(96, 160, 3))
		if err != nil {
			t.Fatal(err)
		}
		text, err := darknet.Write(g)
		if err != nil {
			t.Fatal(err)
		}
		texts.Text(t, filepath.Join(darknets, net.name+".cfg"), string(text))
		if n, err := darknet.Read(net.name+".cfg", text, nn.Size{}); err != nil || n.Graph.Signature() != g.Signature() || n.Graph.Classes != g.Classes {
			t.Errorf("%s: read back it is another network; %v", net.name, err)
		}
	}
}

// TestNormalizedReadsImagesAsTheyAre: what a padded convolution sees of a normalised image it sees of the image.
func TestNormalizedReadsImagesAsTheyAre(t *testing.T) {
	n, err := darknet.ReadFile(filepath.Join(darknets, "detect.cfg"), nn.Size{H: 32, W: 32})
	if err != nil {
		t.Fatal(err)
	}
	state := begun(t, n.Graph, drawn(t, n))
	mean, std := []float32{0.4, 0.5, 0.6}, []float32{0.25, 0.2, 0.3}
	g, values, err := darknet.Normalized(n.Graph, mean, std)
	if err != nil {
		t.Fatal(err)
	}
	text, err := darknet.Write(g)
	if err != nil {
		t.Fatal(err)
	}
	again, err := darknet.Read("again.cfg", text, nn.Size{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.weights")
	if err := darknet.WriteWeights(path, g, 0, func(name string) ([]float32, error) {
		if v := values[name]; v != nil {
			return v, nil
		}
		return state.Read(name)
	}); err != nil {
		t.Fatal(err)
	}
	start, err := Start(again.Graph, from(path))
	if err != nil {
		t.Fatal(err)
	}
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x, seen := make([]float32, 32*32*3), make([]float32, 32*32*3)
	for i := range x {
		x[i] = float32(unitAt(255, 1, uint64(i))+1) / 2
		seen[i] = (x[i] - mean[i%3]) / std[i%3]
	}
	want := gives(t, e, n.Graph, n.Graph.Main().Node.Name, state, seen)
	got := gives(t, e, again.Graph, again.Graph.Main().Node.Name, start.State, x)
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-5 {
			t.Fatalf("value %d is %g, want %g", i, got[i], want[i])
		}
	}
	if same, values, err := darknet.Normalized(n.Graph, []float32{0, 0, 0}, []float32{1, 1, 1}); same != n.Graph || values != nil || err != nil {
		t.Errorf("nothing to do, and got %v, %v", values, err)
	}
}

// TestWhatIsWrittenComputesTheSame: networks with sums, branches and groups, written for darknet and read again.
func TestWhatIsWrittenComputesTheSame(t *testing.T) {
	e, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for net, side := range map[string]int{"resnet20": 32, "squeezenet1_1": 64, "mobilenet": 64, "googlenet_bn": 64} {
		if testing.Short() && net != "resnet20" {
			continue
		}
		g, err := zoo.New(net, zoo.Input(side, side, 3), zoo.Classes(10))
		if err != nil {
			t.Fatal(err)
		}
		family, err := compile.New(g.Pruned(), passing{}, experiment.DefaultOptimization(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := family.Initialize(experiment.DefaultOptimization().Init, 1); err != nil {
			t.Fatal(err)
		}
		text, err := darknet.Write(g)
		if err != nil {
			t.Fatal(err)
		}
		again, err := darknet.Read(net+".cfg", text, nn.Size{})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), net+".weights")
		if err := darknet.WriteWeights(path, g, 0, family.State.Read); err != nil {
			t.Fatal(err)
		}
		start, err := Start(again.Graph, from(path))
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, side*side*3)
		for i := range x {
			x[i] = float32(unitAt(255, 2, uint64(i)))
		}
		want := gives(t, e, g, g.Main().Node.Name, family.State, x)
		got := gives(t, e, again.Graph, again.Graph.Main().Node.Name, start.State, x)
		largest := 0.0
		for _, v := range want {
			largest = max(largest, math.Abs(float64(v)))
		}
		for i := range want {
			if !(math.Abs(float64(got[i]-want[i])) < 1e-5*largest) {
				t.Errorf("%s: logit %d is %g, want %g", net, i, got[i], want[i])
			}
		}
	}
}
