package darknet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// of is a cfg of images of 8x8x3 and these sections, with | for line ends.
func of(sections string) string {
	return "[net]\nheight=8\nwidth=8\nchannels=3\n" + strings.ReplaceAll(sections, "|", "\n") + "\n"
}

func TestWhatDarknetWouldPassOverIsRefusedAtItsLine(t *testing.T) {
	conv := "[convolutional]|filters=4|size=3|pad=1|activation=linear|"
	for text, want := range map[string]string{
		"":                                      "a.cfg:1: is no network of darknet's; a cfg begins with [net], and layers follow",
		"[convolutional]\nfilters=3\n":          "a.cfg:1: is no network of darknet's; a cfg begins with [net], and layers follow",
		"filters=3\n":                           `a.cfg:1: "filters=3" stands before the first section; begin with [net]`,
		"[net]\nheight=8\nwidth=8\n[avgpool]\n": "a.cfg:1: [net] has no channels; give height, width and channels of the images",
		"[net]\nheight=0\nwidth=8\nchannels=3\n[avgpool]":                          "a.cfg:2: height=0: give a whole number from 1 to 1048576",
		of(strings.Repeat("[avgpool]|", MaxLayers)):                                "a.cfg:4100: has more than 4096 layers, which no network of darknet's has; give a cfg",
		strings.Repeat("#\n", MaxCfg):                                              "a.cfg:1: is larger than 262144 bytes, which no network of darknet's is; give a cfg",
		of("[net"):                                                                 `a.cfg:5: "[net" is no section; write one as in [convolutional]`,
		of("[avgpool]|size"):                                                       `a.cfg:6: "size" is neither a section nor key=value; mend or remove the line`,
		of("[maxpool]|size=2|size=3"):                                              `a.cfg:7: "size" stands in line 6 already, which darknet goes by; keep one`,
		of("[convolutional]|filter=3|activation=leaky"):                            `a.cfg:6: darknet has no "filter" in [convolutional] and passes it over; remove it, or mend its name`,
		of("[convolutional]|filters=3.5"):                                          "a.cfg:6: filters=3.5: give a whole number from 1 to 1048576",
		of("[convolutional]|filters=9999999"):                                      "a.cfg:6: filters=9999999: give a whole number from 1 to 1048576",
		of("[convolutional]|activation=swish"):                                     `a.cfg:6: no activation "swish", for which darknet takes relu; write one of linear, leaky, relu, logistic, tanh, elu, relie`,
		of("[convolutional]|activation=selu"):                                      "a.cfg:6: activation=selu: no layer here computes it; take one of linear, leaky, relu, logistic, tanh, elu, relie",
		of("[convolutional]|xnor=1"):                                               "a.cfg:6: xnor=1: maps of one bit are not read; remove the line",
		of("[convolutional]|dontload=1|activation=leaky"):                          "a.cfg:6: dontload=1: a file of weights then holds other values than the network; remove the line",
		of("[convolutional]|size=9"):                                               "a.cfg:5: conv1: kernel 9 without padding does not fit a 8x8 input; add padding 1 or remove a pool above it",
		of("[maxpool]|size=20|padding=1"):                                          "a.cfg:5: size=20 does not fit a map of 8x8x3 with padding=1; make it smaller",
		of("[yolo]|mask=1"):                                                        "a.cfg:5: [yolo] is not read: it is the last layer of YOLO's third version, and detectors here end with [region]; give a cfg of the second, such as yolov2-tiny.cfg",
		of("[convolutionl]"):                                                       `a.cfg:5: darknet has no section "[convolutionl]"; write one of convolutional, local, connected, maxpool, avgpool, activation, dropout, route, shortcut, reorg, softmax, cost, region`,
		of("[route]|layers=-1"):                                                    "a.cfg:6: layers=-1: no layer stands above this one",
		of(conv + "[route]|layers=1"):                                              `a.cfg:11: layers=1: "1" is no layer above; this is layer 1, give one from 0 to 0 or from -1 to -1`,
		of(conv + "[maxpool]|stride=2|[route]|layers=0,1"):                         "a.cfg:12: concat: cannot concatenate 8x8x4 and 4x4x4; bring both to one height and width by padding or stride",
		of(conv + "[shortcut]|from=0|beta=2"):                                      "a.cfg:12: beta=2: sums are unweighted here; remove the line",
		of(conv + "[maxpool]|size=3|stride=3|[shortcut]|from=0|activation=linear"): "a.cfg:14: from=0: a map of 8x8x4 cannot be added to one of 3x3x4; its sides must be a multiple, its channels not more",
		of("[local]|size=3"):                                                       "a.cfg:5: [local] of 3x3 on a map of 8x8x3 has weights of its own at each place, which no layer here has; use [convolutional], or size=8 where the map is square",
		of("[dropout]|probability=1|[avgpool]"):                                    "a.cfg:6: probability=1: give the probability of zeroing, from 0 to below 1",
		of("[softmax]|[avgpool]"):                                                  "a.cfg:5: [softmax] with a layer behind it: a network here ends with what goes into its loss; remove what follows",
		of("[softmax]|groups=2"):                                                   "a.cfg:6: groups=2: classes here are of one softmax; write groups=1",
		of(conv + "[region]|classes=1|softmax=1"):                                  "a.cfg:10: [region] of 1 anchors and 1 classes reads 6 channels, and the layer in front gives 4; write filters=6 there",
		of(conv + "[region]|classes=1|softmax=1|anchors=1,2,3"):                    "a.cfg:13: anchors has 3 numbers for num=1; give a width and a height of each",
		of(conv + "[region]|classes=1|softmax=1|tree=a"):                           "a.cfg:13: tree=a: a tree of classes is not read from a cfg; remove the line",
		of(conv + "[region]|classes=1"):                                            "a.cfg:10: [region] without softmax, where darknet takes classes one by one: here they are of one softmax; write softmax=1",
		of(conv + "[route]|layers=0|" + conv + "[route]|layers=0"):                 "a.cfg:12: [convolutional]: no layer reads what it gives; let a later one, or remove it",
	} {
		n, err := Read("a.cfg", []byte(text), nn.Size{})
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, %v, want %s", text, n, err, want)
		}
	}
}

// cfgs are those of testdata.
func cfgs(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.cfg"))
	if err != nil || len(files) < 6 {
		t.Fatalf("%d cfgs, %v", len(files), err)
	}
	return files
}

func TestACfgReadsAndWritesItself(t *testing.T) {
	for _, file := range cfgs(t) {
		n, err := ReadFile(file, nn.Size{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := Write(n.Graph)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Read(file, text, nn.Size{})
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if was, is := string(n.Graph.YAML()), string(m.Graph.YAML()); was != is {
			t.Errorf("%s: was\n%s\nis\n%s", file, was, is)
		}
	}
}

func TestWhatACfgSaysOfTrainingIsToldAndNotApplied(t *testing.T) {
	text := "[net]\nbatch=1 # testing\n#batch=64\nbatch = 64\nheight=8\nwidth=8\nchannels=3\nlearning_rate=.001\nmosaic=1\npolicy=poly\nburn_in=10\n[connected]\noutput=2\nactivation=linear\nlearning_rate=.1\n"
	n, err := Read("a.cfg", []byte(text), nn.Size{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range n.Training {
		got = append(got, strings.TrimSpace(s.Section+" "+s.Key+"="+s.Value+" "+s.As()))
	}
	want := "net batch=1 batch: 1; net learning_rate=.001 lr: {base: .001}; net mosaic=1; net policy=poly lr: {policy: poly}; net burn_in=10; connected learning_rate=.1"
	if strings.Join(got, "; ") != want {
		t.Errorf("got %s", strings.Join(got, "; "))
	}
	if n.Graph.Classes != 2 || n.Graph.Main().Node.Layer.(nn.Linear).Out != nn.Classes {
		t.Errorf("the last layer does not give a value a class: %s", n.Graph.YAML())
	}
}

// TestMaxPoolingOfDarknet: the size that darknet's own rule gives, by maps of any extent.
func TestMaxPoolingOfDarknet(t *testing.T) {
	for side := 1; side < 12; side++ {
		for size := 1; size <= 5; size++ {
			for stride := 1; stride <= 3; stride++ {
				g := strings.NewReplacer("H", itoa(side), "S", itoa(size), "T", itoa(stride)).Replace("[net]\nheight=H\nwidth=H\nchannels=2\n[maxpool]\nsize=S\nstride=T\n")
				n, err := Read("a.cfg", []byte(g), nn.Size{})
				if err != nil {
					t.Fatalf("%q: %v", g, err)
				}
				sizes, err := n.Graph.Sizes()
				if err != nil {
					t.Fatal(err)
				}
				if got, want := sizes[n.Graph.Main().Node].H, (side-1)/stride+1; got != want {
					t.Errorf("%q: %d, want %d", g, got, want)
				}
				text, err := Write(n.Graph)
				if err != nil || strings.Contains(string(text), "padding") {
					t.Errorf("%q: %v, written %s", g, err, text)
				}
			}
		}
	}
}

func itoa(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }

func TestALayerThatDarknetLacksIsNamed(t *testing.T) {
	build := func(f func(b *nn.Builder, x *nn.Node) *nn.Node) *nn.Graph {
		b := nn.NewBuilder("own", nn.Size{}, 10)
		x := b.Image(8, 8, 4)
		b.Logits(b.Conv(b.GlobalAvgPool(f(b, x)), nn.Classes, 1, 1))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for want, f := range map[string]func(b *nn.Builder, x *nn.Node) *nn.Node{
		"conv1/act: gelu has no counterpart in darknet": func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Act(b.Conv(x, 4, 3, 1), nn.GELU) },
		"conv1: conv 1x3 pad 0,0,1,1 has no counterpart in darknet, whose windows and strides are square": func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.ConvOf(x, nn.Conv{Out: 4, Kernel: nn.HW{1, 3}, Padding: nn.Padding{0, 0, 1, 1}})
		},
		"conv1: conv 3x3 pad 2 dilation 2 has no counterpart in darknet, which has no dilation": func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.ConvOf(x, nn.Conv{Out: 4, Kernel: nn.Square(3), Padding: nn.Pad(2), Dilation: nn.Square(2)})
		},
		"conv1: conv 3x3/2 pad 0,1,0,1 has no counterpart in darknet, which pads all sides alike": func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.ConvOf(x, nn.Conv{Out: 4, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Padding{0, 1, 0, 1}})
		},
		"pool1: avg pool 2x2/2 has no counterpart in darknet, whose averages are over the whole map":                     func(b *nn.Builder, x *nn.Node) *nn.Node { return b.AvgPool(x, 2, 2) },
		"conv1/act/norm: batchnorm has no counterpart in darknet, where norms lie behind convolutions and linear layers": func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Norm(b.ReLU(b.Conv(x, 4, 3, 1))) },
		"conv1/norm: layernorm has no counterpart in darknet": func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Conv(x, 4, 3, 1)
			return b.Over(nn.Out(y), nn.NewLayerNorm(), y)
		},
		"conv1: conv 3x3 pad 1 has no counterpart in darknet where it reads the images and is not the first; only the first layer there does": func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Concat(b.MaxPool(x, 1, 1), b.Conv(x, 4, 3, 1)) },
		"conv1/dropout: channel dropout 0.5 has no counterpart in darknet, which drops single values": func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Conv(x, 4, 3, 1)
			return b.Over(nn.Out(y), nn.Dropout{Of: nn.Channel, Rate: 0.5}, y)
		},
		"reorg: reorg /2 plain has no counterpart in darknet, whose reorg is of the type darknet": func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Layer(nn.Reorg{Type: nn.Plain}, x) },
	} {
		text, err := Write(build(f))
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s, wrote\n%s", err, want, text)
		}
	}
	b := nn.NewBuilder("own", nn.Size{}, 3)
	b.Logits(b.Layer(nn.Region{Anchors: "1x1", Tree: "-1 -1 0"}, b.Conv(b.Image(8, 8, 3), nn.PerBox(1), 1, 1)))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	const want = "region: region of 1 anchor, 3 classes in a tree has no counterpart in darknet, whose cfg names a file for the tree; train without one, or write .yaml"
	if text, err := Write(g); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s, wrote\n%s", err, want, text)
	}
}

// TestJoinsAndOverlaysKeepTheirMeaning: what is written reads back as a network with the same parameters and layers, where order allows
// two forms.
func TestJoinsAndOverlaysKeepTheirMeaning(t *testing.T) {
	for name, f := range map[string]func(b *nn.Builder, x *nn.Node) *nn.Node{
		"branches": func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.ReLU(b.Conv(x, 8, 3, 1))
			return b.Concat(b.ReLU(b.Conv(x, 4, 1, 1)), b.MaxPool(x, 1, 1), b.Conv(b.ReLU(b.Conv(x, 4, 1, 1)), 4, 3, 1))
		},
		"sum of three": func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Conv(x, 8, 3, 1)
			return b.ReLU(b.Add(x, b.Conv(x, 8, 3, 1), b.Conv(b.ReLU(x), 8, 1, 1)))
		},
		"option A": func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Conv(x, 8, 3, 1)
			return b.ReLU(b.Add(b.Norm(b.Conv(x, 16, 3, 2)), b.Layer(nn.Shortcut{Stride: 2, Out: 16}, x)))
		},
		"dropout between": func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Dropout(b.ReLU(b.Dropout(b.Conv(x, 8, 3, 1), 0.25)), 0.5)
		},
		"dropout in front": func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Conv(b.MaxPool(x, 2, 2), 8, 3, 1)
			return b.Over(nn.In(y, 0), nn.Dropout{Rate: 0.5}, y)
		},
		"pool beside": func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.ReLU(b.Conv(x, 8, 1, 1))
			pool := nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)}
			return b.Concat(b.ReLU(b.Conv(x, 4, 1, 1)), b.ReLU(b.Conv(b.Layer(pool, x), 4, 1, 1)))
		},
		"norm of the hidden": func(b *nn.Builder, x *nn.Node) *nn.Node { return b.ReLU(b.Norm(b.Linear(x, 12))) },
	} {
		b := nn.NewBuilder("own", nn.Size{}, 5)
		x := f(b, b.Image(8, 8, 3))
		b.Logits(b.Linear(x, nn.Classes))
		g, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := Write(g)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n, err := Read("own.cfg", text, nn.Size{})
		if err != nil {
			t.Errorf("%s: %v in\n%s", name, err, text)
			continue
		}
		was, err := g.Cost()
		if err != nil {
			t.Fatal(err)
		}
		is, err := n.Graph.Cost()
		if err != nil {
			t.Fatal(err)
		}
		if was.Params != is.Params || was.MACs != is.MACs {
			t.Errorf("%s: %v became %v by\n%s", name, was, is, text)
		}
		again, err := Write(n.Graph)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s: %v, wrote\n%s\nand then\n%s", name, err, text, again)
		}
	}
}

// FuzzRead: whatever a cfg holds, the answer is a network that can be written again, or one line.
func FuzzRead(f *testing.F) {
	for _, file := range cfgs(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(of("[convolutional]|filters=1048576|size=1048576|padding=1048576|activation=linear|[route]|layers=-1,-1,-1")))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := Read("a.cfg", text, nn.Size{})
		if err != nil {
			if s := err.Error(); strings.Contains(s, "\n") || !strings.HasPrefix(s, "a.cfg:") {
				t.Fatalf("no line: %q", s)
			}
			return
		}
		again, err := Write(n.Graph)
		if err != nil {
			return
		}
		if _, err := Read("a.cfg", again, nn.Size{}); err != nil {
			t.Fatalf("%v in\n%s", err, again)
		}
	})
}
