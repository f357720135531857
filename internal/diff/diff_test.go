package diff

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// staged is two stages of three blocks of a 3x3 and a 1x1 convolution, with norm and ReLU.
func staged(t *testing.T, blocks ...int) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("staged", nn.Size{}, 10)
	x := b.ReLU(b.Norm(b.Conv(b.Image(8, 8, 3), 4, 3, 1)))
	for stage, n := range blocks {
		for block := range n {
			c := b.Scope("stage%d/block%d", stage+1, block+1)
			y := c.ReLU(c.Norm(c.Conv(x, 4, 3, 1)))
			x = c.Add(x, c.ReLU(c.Norm(c.Conv(y, 4, 1, 1))))
		}
	}
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.5), nn.Classes))
	return built(t, b)
}

func built(t *testing.T, b *nn.Builder) *nn.Graph {
	t.Helper()
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// separate puts a depthwise and a 1x1 convolution in the place of those that match.
func separate(at nn.Glob) func(t *testing.T, g *nn.Graph) {
	return func(t *testing.T, g *nn.Graph) {
		for n, l := range nn.Each[nn.Conv](g) {
			if !at.Match(n.Name) || l.Kernel != nn.Square(3) {
				continue
			}
			rebuild(t, g, n.Name, func(b *nn.Builder, x *nn.Node) *nn.Node {
				d := l
				d.Out, d.Groups = b.Size(x).C, b.Size(x).C
				return b.As("pointwise").Conv(b.ReLU(b.As("depthwise").ConvOf(x, d)), l.Out, 1, 1)
			})
		}
	}
}

func rebuild(t *testing.T, g *nn.Graph, name string, build func(b *nn.Builder, x *nn.Node) *nn.Node) {
	t.Helper()
	if err := g.Rebuild(g.Node(name), build); err != nil {
		t.Fatal(err)
	}
}

func insert(t *testing.T, g *nn.Graph, build func(b *nn.Builder, x *nn.Node) *nn.Node, behind ...string) {
	t.Helper()
	for _, name := range behind {
		if err := g.InsertAfter(g.Node(name), build); err != nil {
			t.Fatal(err)
		}
	}
}

func alter(g *nn.Graph, edit func(name string, c *nn.Conv)) {
	for n, c := range nn.Each[nn.Conv](g) {
		edit(n.Name, &c)
		g.Replace(n, c)
	}
}

func TestWhatChangedAlikeIsOneLine(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, g *nn.Graph)
		want   string
	}{
		{"nothing", func(*testing.T, *nn.Graph) {}, ""},
		{"all of a kind", func(_ *testing.T, g *nn.Graph) {
			for n := range nn.Each[nn.Activation](g) {
				g.Replace(n, nn.Activation{Func: nn.ELU})
			}
		}, "13 of 13 relu became elu"},
		{"a stage", separate("stage2/**"), "stage2: 3 of 3 convolutions 3x3 became (depthwise 3x3, 1x1)"},
		{"all stages and what stands in none", separate(""), "7 of 7 convolutions 3x3 became (depthwise 3x3, 1x1)"},
		{"part of a stage", separate("stage2/block1/**"), "stage2: 1 of 3 convolutions 3x3 became (depthwise 3x3, 1x1)"},
		{"one layer, in several ways", func(_ *testing.T, g *nn.Graph) {
			alter(g, func(name string, c *nn.Conv) {
				if name == "conv1" {
					c.Kernel, c.Padding = nn.Square(1), nn.Padding{}
				}
			})
		}, "conv1: convolution 3x3 got kernel 1x1 in place of 3x3"},
		{"what lies over layers", func(_ *testing.T, g *nn.Graph) {
			o := g.Overlay()
			for u := range o.ConvUnits() {
				o.Remove(u.Site(nn.Before), nn.SlotNorm)
			}
			o.Set(nn.Out(g.Node("global-pool")), nn.Dropout{Rate: 0.2})
			o.Set(nn.In(g.Node("linear1"), 0), nn.NewBatchNorm())
		}, "13 of 13 convolutions got bias in place of batchnorm\nglobal-pool: global avg pooling got dropout 0.2 in place of dropout 0.5\nlinear1: linear layer got batchnorm in front"},
		{"layers that come and go", func(t *testing.T, g *nn.Graph) {
			if err := g.Remove(g.Node("stage1/block1/conv1/act")); err != nil {
				t.Fatal(err)
			}
			insert(t, g, func(b *nn.Builder, x *nn.Node) *nn.Node {
				return b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Padding{1, 1, 1, 1}}, x)
			},
				"stage1/block1/add", "stage1/block3/add")
		}, "stage1: 2 of 3 sums got max pool 3x3 behind it\nstage1: 1 of 6 relu went"},
		{"gates", func(t *testing.T, g *nn.Graph) {
			insert(t, g, func(b *nn.Builder, x *nn.Node) *nn.Node {
				return b.Layer(nn.Gate{}, x, b.Act(b.Conv(b.GlobalAvgPool(x), b.Size(x).C, 1, 1), nn.Sigmoid))
			}, "stage1/block1/conv2/act", "stage2/block1/conv2/act")
		}, "stage1, stage2: 2 of 12 relu got (global avg pool, 1x1, gate) behind it"},
		{"bypasses", func(t *testing.T, g *nn.Graph) {
			from := g.Node("conv1/act")
			insert(t, g, func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Add(x, from) }, "stage1/block1/conv2/act")
			insert(t, g, func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Add(x, b.Conv(from, 4, 1, 1)) }, "stage2/block1/conv2/act")
		}, "stage1: 1 of 6 relu got a bypass\nstage2: 1 of 6 relu got a bypass of 1x1"},
		{"branches with a bypass", func(t *testing.T, g *nn.Graph) {
			rebuild(t, g, "conv1", func(b *nn.Builder, x *nn.Node) *nn.Node {
				y := b.Concat(b.Conv(x, 1, 1, 1), b.ReLU(b.Conv(b.ReLU(b.Conv(x, 2, 1, 1)), 3, 5, 1)))
				return b.Add(b.Conv(x, 4, 1, 1), b.Conv(y, 4, 1, 1))
			})
		}, "conv1: convolution 3x3 became (1x1 | 1x1, 5x5 | 1x1 | 1x1, sum)"},
		{"each in its own way", func(_ *testing.T, g *nn.Graph) {
			i := 0
			alter(g, func(name string, c *nn.Conv) {
				if strings.HasSuffix(name, "block1/conv1") || strings.HasSuffix(name, "block2/conv1") {
					c.Out, i = 2+5*i, i+1
				}
			})
		}, "stage1, stage2: 3 of 12 convolutions got 1.8 to 4.2 times the width\nstage1: 1 of 6 convolutions got 0.5 times the width"},
		{"edges", func(_ *testing.T, g *nn.Graph) { g.Node("stage1/block2/conv1").In[0] = g.Node("conv1/act") },
			"stage1: 1 of 3 convolutions 3x3 reads conv1/act in place of stage1/block1/add"},
		{"images and classes", func(_ *testing.T, g *nn.Graph) {
			g.SetInput(nn.Size{H: 16, W: 16, C: 1})
			g.Classes = 3
		}, "images of 16x16x1 in place of 8x8x3\n3 classes in place of 10"},
	} {
		a, b := staged(t, 3, 3), staged(t, 3, 3)
		c.change(t, b)
		d, err := Networks(a, b)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := strings.Join(d.Lines, "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
		if same := len(d.Lines) == 0; same != (len(d.Layers) == 0) && c.name != "images and classes" {
			t.Errorf("%s: %d lines and %d layers", c.name, len(d.Lines), len(d.Layers))
		}
	}
}

func TestBlocksAndStagesThatComeOrGoAreToldAsSuch(t *testing.T) {
	for _, c := range []struct {
		a, b []int
		want string
	}{
		{[]int{3, 4, 5}, []int{5, 6, 7}, "stage1 to stage3: 6 blocks came (3x3, 1x1, sum)"},
		{[]int{3, 4, 5}, []int{2, 4, 3}, "stage1, stage3: 3 blocks went (3x3, 1x1, sum)"},
		{[]int{2, 2}, []int{2, 3}, "stage2: block came (3x3, 1x1, sum)"},
		{[]int{2}, []int{2, 2}, "stage2 came (3x3, 1x1, sum, 3x3, 1x1, sum)"},
		{[]int{2, 1, 1}, []int{2}, "stage2, stage3 went (3x3, 1x1, sum)"},
	} {
		d, err := Networks(staged(t, c.a...), staged(t, c.b...))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Lines, "\n"); got != c.want {
			t.Errorf("%v to %v: got\n%s\nwant\n%s", c.a, c.b, got, c.want)
		}
	}
}

func TestOtherNetworksAreToldByWhatTheyHold(t *testing.T) {
	b := nn.NewBuilder("plain", nn.Size{}, 10)
	x := b.Image(8, 8, 3)
	for i, kernel := range []int{3, 5, 7, 1} {
		x = b.As("layer%d", i).Act(b.As("conv%d", i+10).Conv(x, 8, kernel, 1), []nn.Func{nn.Tanh, nn.ELU, nn.ReLU, nn.Sigmoid}[i])
	}
	b.Logits(b.As("last").Linear(b.As("flat").MaxPool(x, 8, 8), nn.Classes))
	d, err := Networks(staged(t, 1), built(t, b))
	if err != nil {
		t.Fatal(err)
	}
	const want = `another network, compared by what it holds
convolutions 3x3: 1 in place of 2
convolutions 5x5: 1 in place of 0
convolutions 7x7: 1 in place of 0
relu: 1 in place of 3
sums: 0 in place of 1
global avg poolings: 0 in place of 1
tanh: 1 in place of 0
elu: 1 in place of 0
sigmoid: 1 in place of 0
max poolings 8x8: 1 in place of 0`
	if got := strings.Join(d.Lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if d.Before.Params == d.After.Params || len(d.Layers) == 0 {
		t.Errorf("%d and %d parameters, %d layers", d.Before.Params, d.After.Params, len(d.Layers))
	}
}

func TestTheTableNamesEveryLayerThatDiffers(t *testing.T) {
	a, b := staged(t, 1), staged(t, 1)
	separate("stage1/**")(t, b)
	if err := b.Remove(b.Node("conv1/act")); err != nil {
		t.Fatal(err)
	}
	d, err := Networks(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Layer{
		{"conv1/act", "relu", ""},
		{"stage1/block1/conv1", "conv 3x3 pad 1 + batchnorm", "conv 3x3 pad 1 groups 4 + bias, relu, conv 1x1 + batchnorm"},
	} {
		if d.Layers[i].Name != want.Name || d.Layers[i].Was != want.Was || (d.Layers[i].Is == "") != (want.Is == "") {
			t.Errorf("got %q", d.Layers[i])
		}
	}
	if n := len(d.Layers); n != 5 {
		t.Errorf("%d layers: %q", n, d.Layers)
	}
}
