package module

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// bare is the style of the counts that blocks are checked by: no bias, no norm, ReLU between.
var bare = nn.Style{Act: nn.Activation{Func: nn.ReLU}}

// block builds a network of one block over a 28x28x64 image and returns it without its head.
func block(t *testing.T, channels int, f func(b *nn.Builder, x *nn.Node) *nn.Node) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("block", nn.Size{}, channels)
	b.Logits(b.GlobalAvgPool(f(b, b.Image(28, 28, 64))))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func conv(out, k, groups int) nn.Conv {
	c := same(out, k, 1)
	c.Groups = groups
	return c
}

// lvh is stages of one-dimensional convolutions of three taps.
func lvh(b *nn.Builder, x *nn.Node, stages int, bias bool) *nn.Node {
	line := func(k nn.HW) []nn.Conv {
		return slices.Repeat([]nn.Conv{{Kernel: k, Padding: nn.Same(k, nn.Square(1))}}, stages)
	}
	return Flattened(b, x, "LVH", 64, line(nn.HW{3, 1}), line(nn.HW{1, 3}), bias)
}

func TestBlocksHaveThePublishedCounts(t *testing.T) {
	for _, c := range []struct {
		name          string
		block         func(b *nn.Builder, x *nn.Node) *nn.Node
		weights, macs int64
	}{
		{"conv 3x3", func(b *nn.Builder, x *nn.Node) *nn.Node { return Chain(b, x, bare, Named{"conv", conv(64, 3, 1)}) }, 36_864, 28_901_376},
		{"conv 5x5", func(b *nn.Builder, x *nn.Node) *nn.Node { return Chain(b, x, bare, Named{"conv", conv(64, 5, 1)}) }, 102_400, 80_281_600},
		{"5x5 as 3x3 + 3x3", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Chain(b, x, bare, Named{"a", conv(64, 3, 1)}, Named{"b", conv(64, 3, 1)})
		}, 73_728, 57_802_752},
		{"grouped 3x3, g=32", func(b *nn.Builder, x *nn.Node) *nn.Node { return Chain(b, x, bare, Named{"conv", conv(64, 3, 32)}) }, 1_152, 903_168},
		{"bottleneck r=4", func(b *nn.Builder, x *nn.Node) *nn.Node { return Reduced(b, x, conv(64, 3, 1), bare, 16, false) }, 4_352, 3_411_968},
		{"residual basic", func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := Chain(b, x, bare, Named{"a", conv(64, 3, 1)}, Named{"b", conv(64, 3, 1)})
			return b.ReLU(b.Add(y, Bypass(b, x, 64, 1, OptionB, bare)))
		}, 73_728, 57_802_752},
		{"mlpconv", func(b *nn.Builder, x *nn.Node) *nn.Node { return MLPConv(b, x, conv(64, 3, 1), bare, 64, 64) }, 45_056, 35_323_904},
		{"depthwise 3x3 then 1x1", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Separable(b, x, conv(64, 3, 1), bare, DepthwiseFirst, 1)
		}, 4_672, 3_662_848},
		{"1x1 then depthwise 3x3", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Separable(b, x, conv(64, 3, 1), bare, PointwiseFirst, 1)
		}, 4_672, 3_662_848},
		{"inverted residual t=6", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Add(x, Separable(b, x, conv(64, 3, 1), bare, Inverted, 6))
		}, 52_608, 41_244_672},
		{"5x5 as 3x3 + 3x3, in a row", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return InRow(Convolved(bare, 64, 3), Convolved(bare, 64, 3))(b, x)
		}, 73_728, 57_802_752},
		{"fire, with biases", func(b *nn.Builder, x *nn.Node) *nn.Node { return Fire(b, x, 8, 32, 32) }, 3_072 + 8 + 64, 2_408_448},
		{"fire, no biases", func(b *nn.Builder, x *nn.Node) *nn.Node { return FireOf(b, x, bare, bare, 8, 32, conv(32, 3, 1)) }, 3_072, 2_408_448},
		{"flattened, one stage", func(b *nn.Builder, x *nn.Node) *nn.Node { return lvh(b, x, 1, false) }, 4_480, 3_512_320},
		{"flattened, two stages", func(b *nn.Builder, x *nn.Node) *nn.Node { return lvh(b, x, 2, false) }, 8_960, 7_024_640},
		{"flattened, with biases", func(b *nn.Builder, x *nn.Node) *nn.Node { return lvh(b, x, 2, true) }, 9_344, 7_024_640},
		{"learned colours", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Colors(b, x, nn.Activation{Func: nn.VeryLeaky}, 10, 64)
		}, 64*10 + 10 + 10*64 + 64, 784 * 2 * 640},
		{"inception, 16 of each branch", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Inception(bare, 16, [2]int{8, 16}, [2]int{4, 16}, 16)(b, x)
		}, 64*16 + (64*8 + 9*8*16) + (64*4 + 25*4*16) + 64*16, 784 * (1024 + 1664 + 1856 + 1024)},
		{"shuffle unit", func(b *nn.Builder, x *nn.Node) *nn.Node { return ShuffleUnit(b, x, 64, 1) }, 2*(32*32+2*32) + 9*32 + 2*32, 784 * (2*32*32 + 9*32)},
		{"shuffle unit that keeps all channels on both sides", func(b *nn.Builder, x *nn.Node) *nn.Node { return ShuffleUnit(b, x, 64, 2) },
			3*2*32 + 64*32 + 32*32 + 9*32 + 2*32 + (9+2)*64 + 64*32, 784*64*32 + 196*(9*64+64*32+9*32+32*32)},
		{"renet of 32 units", func(b *nn.Builder, x *nn.Node) *nn.Node { return ReNet(b, x, nn.GRU, nn.Square(2), 32, true) },
			2*96*(4*64+32+2) + 2*96*(64+32+2), 196 * 2 * 96 * (4*64 + 32 + 64 + 32)},
		{"SE r=16, with biases", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return SqueezeExcite(b, x, 4, nn.Style{Bias: true, Act: bare.Act}, nn.Sigmoid)
		}, 580, 512},
		{"SE r=16, no biases", func(b *nn.Builder, x *nn.Node) *nn.Node { return SqueezeExcite(b, x, 4, bare, nn.Sigmoid) }, 512, 512},
		{"CBAM r=16, no biases", func(b *nn.Builder, x *nn.Node) *nn.Node { return CBAM(b, x, 4, bare) }, 610, 2*512 + 784*98},
		{"ECA", ECA, 3, 3 * 64},
		{"non-local, inner 32", func(b *nn.Builder, x *nn.Node) *nn.Node { return NonLocal(b, x, 32) }, 8_192, 784*8_192 + 784*784*64},
		{"self-attention of 4 heads", func(b *nn.Builder, x *nn.Node) *nn.Node { return SelfAttention(b, x, 4) }, 4*4_096 + 4*15*15, 784*4*4_096 + 784*784*128},
		{"inception of two 3x3 for the 5x5", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Beside(Branches{One: 16, Three: [2]int{0, 32}, Five: [2]int{4, 16}, Pool: nn.Avg, Double: true}.Parts(bare, bare)...)(b, x)
		}, 64*16 + 9*64*32 + (64*4 + 9*4*16 + 9*16*16), 784 * (64*16 + 9*64*32 + 64*4 + 9*4*16 + 9*16*16)},
		{"expanded branches", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Add(x, Expanded(64, 0.2, Convolved(bare, 8, 1), Convolved(bare, 8, 3))(b, x))
		}, 64*8 + 9*64*8 + 16*64 + 64, 784 * (64*8 + 9*64*8 + 16*64)},
		{"inception-dense", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.ConvOf(InceptionDense(b, x, bare, Branches{One: 8, Three: [2]int{32, 8}}), nn.Conv{Out: 64})
		}, 64*8 + 64*32 + 9*32*8 + 80*64 + 64, 784 * (64*8 + 64*32 + 9*32*8 + 80*64)},
		{"xception, two separable convolutions and the identity", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return Xception(b, x, bare, ReLUNone, 1, true, 64, 64)
		}, 2 * 4_672, 2 * 3_662_848},
		{"fractal of two columns", func(b *nn.Builder, x *nn.Node) *nn.Node { return Fractal(b, x, 64, 2, 0.1) }, 3 * (36_864 + 128), 3 * 28_901_376},
	} {
		t.Run(c.name, func(t *testing.T) {
			cost, err := block(t, 64, c.block).Cost()
			if err != nil {
				t.Fatal(err)
			}
			if cost.Params != c.weights || cost.MACs != c.macs {
				t.Errorf("%d weights and %d multiply-adds, want %d and %d", cost.Params, cost.MACs, c.weights, c.macs)
			}
		})
	}
}

// |log2(C)/2 + 1/2|, rounded as the authors' code does; the paper's networks use 3 to 7.
func TestTheKernelOfECAGrowsWithTheChannels(t *testing.T) {
	for channels, kernel := range map[int]int{1: 1, 2: 1, 8: 3, 16: 3, 64: 3, 128: 5, 256: 5, 512: 5, 1024: 5, 2048: 7} {
		b := nn.NewBuilder("eca", nn.Size{}, channels)
		b.Logits(b.GlobalAvgPool(ECA(b, b.Image(3, 3, channels))))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Node("eca/channel-conv").Layer; got != (nn.ChannelConv{Kernel: kernel}) {
			t.Errorf("%d channels: %v, want %d", channels, got, kernel)
		}
	}
}

func TestAttentionPoolingScoresEachHead(t *testing.T) {
	g := block(t, 64, func(b *nn.Builder, x *nn.Node) *nn.Node { return AttentionPool(b, x, 4) })
	if c, err := g.Cost(); err != nil || c.Params != 4*64 || c.MACs != 784*(4*64+64) {
		t.Errorf("%d parameters, %d multiply-adds (%v)", c.Params, c.MACs, err)
	}
}

func TestResidualBlocksReadLikeTheirFigures(t *testing.T) {
	for _, c := range []struct {
		name  string
		block Residual
		o     Option
		want  string
	}{
		{"basic, A", Basic, OptionA, `conv1: conv 3x3/2 pad 1 + batchnorm
conv1/act: relu
conv2: conv 3x3 pad 1 + batchnorm
shortcut: shortcut /2
add: add
add/act: relu`},
		{"basic, B", Basic, OptionB, `conv1: conv 3x3/2 pad 1 + batchnorm
conv1/act: relu
conv2: conv 3x3 pad 1 + batchnorm
shortcut: conv 1x1/2 + batchnorm
add: add
add/act: relu`},
		{"bottleneck, B", Bottleneck, OptionB, `conv1: conv 1x1 + batchnorm
conv1/act: relu
conv2: conv 3x3/2 pad 1 + batchnorm
conv2/act: relu
conv3: conv 1x1 + batchnorm
shortcut: conv 1x1/2 + batchnorm
add: add
add/act: relu`},
		{"bottleneck in groups, B", Aggregated(32, 4), OptionB, `conv1: conv 1x1 + batchnorm
conv1/act: relu
conv2: conv 3x3/2 pad 1 groups 32 + batchnorm
conv2/act: relu
conv3: conv 1x1 + batchnorm
shortcut: conv 1x1/2 + batchnorm
add: add
add/act: relu`},
		{"pre-activation bottleneck, A", PreBottleneck, OptionA, `input/act: batchnorm + relu
conv1: conv 1x1
conv1/act: batchnorm + relu
conv2: conv 3x3/2 pad 1
conv2/act: batchnorm + relu
conv3: conv 1x1
shortcut: shortcut /2
add: add`},
		{"pre-activation, B", PreBasic, OptionB, `input/act: batchnorm + relu
conv1: conv 3x3/2 pad 1
conv1/act: batchnorm + relu
conv2: conv 3x3 pad 1
shortcut: conv 1x1/2
add: add`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := block(t, 128, func(b *nn.Builder, x *nn.Node) *nn.Node { return c.block(b, x, 128, 2, c.o) })
			if got := details(t, g); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// The weights are those of seed-references.md, C; norms add 2 values a map that they read (dense) or give (two-way).
func TestDenseLayersAppendTheirGrowth(t *testing.T) {
	for _, c := range []struct {
		name     string
		channels int
		layer    func(b *nn.Builder, x *nn.Node) *nn.Node
		params   int64
		macs     int64
	}{
		{"plain", 112, func(b *nn.Builder, x *nn.Node) *nn.Node { return Dense(b, x, BNReLU(), 12, 0) }, 35_424 + 2*(64+76+88+100), 27_772_416},
		{"bottleneck", 112, func(b *nn.Builder, x *nn.Node) *nn.Node { return Dense(b, x, BNReLU(), 12, 48) }, 36_480 + 2*(64+76+88+100+4*48), 28_600_320},
		{"two-way", 192, func(b *nn.Builder, x *nn.Node) *nn.Node { return TwoWayDense(b, x, 32, 32) }, 74_752 + 2*4*(32+16+32+16+16), 58_605_568},
	} {
		g := block(t, c.channels, func(b *nn.Builder, x *nn.Node) *nn.Node {
			for i := range 4 {
				x = c.layer(b.Scope("layer%d", i+1), x)
			}
			return x
		})
		if cost, err := g.Cost(); err != nil || cost.Params != c.params || cost.MACs != c.macs {
			t.Errorf("%s: %d parameters, %d multiply-adds (%v), want %d and %d", c.name, cost.Params, cost.MACs, err, c.params, c.macs)
		}
	}
}

func TestAModuleThatStridesPassesThePoolingOn(t *testing.T) {
	m := Branches{One: 16, Three: [2]int{8, 40}, Five: [2]int{8, 24}, Proj: 16, Pool: nn.Avg, Double: true, Stride: nn.Square(2)}
	g := block(t, 128, func(b *nn.Builder, x *nn.Node) *nn.Node { return Beside(m.Parts(bare, bare)...)(b, x) })
	if got, want := details(t, g), `branch1/conv1: conv 1x1
branch1/conv1/act: relu
branch1/conv2: conv 3x3/2 pad 1
branch1/conv2/act: relu
branch2/conv1: conv 1x1
branch2/conv1/act: relu
branch2/conv2: conv 3x3 pad 1
branch2/conv2/act: relu
branch2/conv3: conv 3x3/2 pad 1
branch2/conv3/act: relu
branch3/pool1: max pool 3x3/2 pad 1
concat: concat`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestXceptionBlocksReadLikeTheirFigure(t *testing.T) {
	pre := BNReLU()
	pre.Pre = true
	for _, c := range []struct {
		name string
		s    nn.Style
		relu ReLU
		want string
	}{
		{"none", BNReLU(), ReLUNone, `input/act: relu
sep1/depthwise: conv 3x3 pad 1 groups 64
sep1/pointwise: conv 1x1 + batchnorm
sep1/pointwise/act: relu
sep2/depthwise: conv 3x3 pad 1 groups 128
sep2/pointwise: conv 1x1 + batchnorm
pool1: max pool 3x3/2 pad 1
shortcut: conv 1x1/2 + batchnorm
add: add`},
		{"between", BNReLU(), ReLUBetween, `input/act: relu
sep1/depthwise: conv 3x3 pad 1 groups 64 + batchnorm
sep1/depthwise/act: relu
sep1/pointwise: conv 1x1 + batchnorm
sep1/pointwise/act: relu
sep2/depthwise: conv 3x3 pad 1 groups 128 + batchnorm
sep2/depthwise/act: relu
sep2/pointwise: conv 1x1 + batchnorm
pool1: max pool 3x3/2 pad 1
shortcut: conv 1x1/2 + batchnorm
add: add`},
		{"after", BNReLU(), ReLUAfter, `sep1/depthwise: conv 3x3 pad 1 groups 64
sep1/pointwise: conv 1x1 + batchnorm
sep1/pointwise/act: relu
sep2/depthwise: conv 3x3 pad 1 groups 128
sep2/pointwise: conv 1x1 + batchnorm
sep2/pointwise/act: relu
pool1: max pool 3x3/2 pad 1
shortcut: conv 1x1/2 + batchnorm
add: add`},
		{"pre-activation", pre, ReLUNone, `input/act: batchnorm + relu
sep1/depthwise: conv 3x3 pad 1 groups 64
sep1/pointwise: conv 1x1
sep1/pointwise/act: batchnorm + relu
sep2/depthwise: conv 3x3 pad 1 groups 128
sep2/pointwise: conv 1x1
pool1: max pool 3x3/2 pad 1
shortcut: conv 1x1/2
add: add`},
	} {
		g := block(t, 128, func(b *nn.Builder, x *nn.Node) *nn.Node { return Xception(b, x, c.s, c.relu, 2, true, 128, 128) })
		if got := details(t, g); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// details lists what a block is made of.
func details(t *testing.T, g *nn.Graph) string {
	t.Helper()
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range table.Layers[1 : len(table.Layers)-1] {
		lines = append(lines, r.Name+": "+r.Detail)
	}
	return strings.Join(lines, "\n")
}

func TestATransitionCompressesAndHalves(t *testing.T) {
	g := block(t, 32, func(b *nn.Builder, x *nn.Node) *nn.Node {
		y := Transition(b, x, BNReLU(), 32)
		if s := b.Size(y); s != (nn.Size{H: 14, W: 14, C: 32}) {
			t.Errorf("gives %v", s)
		}
		return y
	})
	if c, err := g.Cost(); err != nil || c.Params != 64*32+2*64 {
		t.Errorf("%d parameters (%v)", c.Params, err)
	}
}

func TestANormMayLeaveTheBiasInFrontOfIt(t *testing.T) {
	s := BNReLU()
	s.Norm = nn.BatchNorm{Momentum: 0.9, Eps: 1e-5, Affine: true, Bias: true}
	g := block(t, 64, Convolved(s, 64, 3))
	if c, err := g.Cost(); err != nil || c.Params != 36_864+64+128 {
		t.Errorf("%d parameters (%v), want the bias and the norm's two values a map", c.Params, err)
	}
	back, err := nn.Read("block.yaml", g.YAML())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(g.YAML(), back.YAML()) {
		t.Errorf("read back as\n%s", back.YAML())
	}
}

func TestOptionCProjectsWhereNothingChanges(t *testing.T) {
	for o, want := range map[Option]int64{OptionA: 2 * (36_864 + 128), OptionB: 2 * (36_864 + 128), OptionC: 2*(36_864+128) + 4_096 + 128} {
		g := block(t, 64, func(b *nn.Builder, x *nn.Node) *nn.Node { return Basic(b, x, 64, 1, o) })
		if c, err := g.Cost(); err != nil || c.Params != want {
			t.Errorf("option %s: %d parameters (%v), want %d", o, c.Params, err, want)
		}
	}
}

func TestAModuleTakesAConvolutionsPlace(t *testing.T) {
	b := nn.NewBuilder("net", nn.Size{}, 10)
	x := ConvBNReLU(b, b.Image(16, 16, 8), 8, 3, 2)
	b.Logits(PoolHead(b, x, nn.Avg))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	n := g.Node("conv1")
	c, s := n.Layer.(nn.Conv), g.Style(n)
	if err := g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node { return Reduced(b, x, c, s, 2, true) }); err != nil {
		t.Fatal(err)
	}
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range table.Layers {
		got = append(got, r.Name+": "+r.Detail)
	}
	want := `input: input
conv1/reduce: conv 1x1/2 + batchnorm
conv1/reduce/act: relu
conv1/conv: conv 3x3 pad 1 + batchnorm
conv1/conv/act: relu
conv1/expand: conv 1x1 + batchnorm
conv1/act: relu
global-pool: global avg pool
linear1: linear + bias`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestInnerBiasesThatWouldBeAbsorbedAreLeftOut(t *testing.T) {
	plain := nn.Style{Bias: true}
	g := block(t, 64, func(b *nn.Builder, x *nn.Node) *nn.Node {
		return Separable(b, x, conv(64, 3, 1), plain, DepthwiseFirst, 1)
	})
	if c, err := g.Cost(); err != nil || c.Params != 4_672+64 {
		t.Errorf("%d parameters (%v), want a bias on the last convolution alone: %d", c.Params, err, 4_672+64)
	}
}

func TestHeadsGiveALogitAClass(t *testing.T) {
	for name, head := range map[string]func(b *nn.Builder, x *nn.Node) *nn.Node{
		"pool": func(b *nn.Builder, x *nn.Node) *nn.Node { return PoolHead(b, x, nn.MaxAvg) },
		"hidden": func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(Hidden(b, x, 32, 0.5), nn.Classes)
		},
	} {
		b := nn.NewBuilder(name, nn.Size{}, 7)
		b.Logits(head(b, b.Image(6, 6, 3)))
		g, err := b.Build()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if size, err := g.Sizes(); err != nil || size[g.Main().Node] != (nn.Size{H: 1, W: 1, C: 7}) {
			t.Errorf("%s: %v (%v)", name, size[g.Main().Node], err)
		}
	}
}
