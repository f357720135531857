package nn

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/tensor"
)

// one builds a network of one layer over an image and pools it, so that its logits fit.
func one(image Size, l Layer) (*Graph, error) {
	b := NewBuilder("one", Size{}, 10)
	x := b.Layer(l, b.Image(image.H, image.W, image.C))
	b.Logits(b.Linear(x, Classes))
	return b.Build()
}

func TestWindowsGiveTheSizesOfPyTorchAndCaffe(t *testing.T) {
	for _, c := range []struct {
		what  string
		image Size
		l     Layer
		want  Size
	}{
		{"same padding", Size{28, 28, 1}, Conv{Out: 6, Kernel: Square(3), Padding: Pad(1)}, Size{28, 28, 6}},
		{"AlexNet's first", Size{227, 227, 3}, Conv{Out: 96, Kernel: Square(11), Stride: Square(4)}, Size{55, 55, 96}},
		{"rounds down", Size{128, 128, 3}, Conv{Out: 96, Kernel: Square(11), Stride: Square(4)}, Size{30, 30, 96}},
		{"ResNet's first", Size{224, 224, 3}, Conv{Out: 64, Kernel: Square(7), Stride: Square(2), Padding: Pad(3)}, Size{112, 112, 64}},
		{"dilation", Size{28, 30, 4}, Conv{Out: 4, Kernel: Square(3), Dilation: Square(2)}, Size{24, 26, 4}},
		{"unequal kernel and padding", Size{17, 17, 8}, Conv{Out: 8, Kernel: HW{1, 7}, Padding: Padding{0, 0, 3, 3}}, Size{17, 17, 8}},
		{"unequal sides", Size{8, 8, 2}, Conv{Out: 2, Kernel: Square(3), Stride: Square(2), Padding: Padding{0, 1, 0, 1}}, Size{4, 4, 2}},
		{"pool, floor", Size{30, 30, 4}, Pool{Type: Max, Kernel: Square(3), Stride: Square(2)}, Size{14, 14, 4}},
		{"pool, ceil", Size{30, 30, 4}, Pool{Type: Max, Kernel: Square(3), Stride: Square(2), Ceil: true}, Size{15, 15, 4}},
		{"ceil that would begin in the padding", Size{6, 6, 4}, Pool{Type: Max, Kernel: Square(2), Stride: Square(4), Padding: Pad(1), Ceil: true}, Size{2, 2, 4}},
		{"ceil over a map smaller than the window", Size{2, 1, 4}, Pool{Type: Max, Kernel: Square(3), Stride: Square(2), Ceil: true}, Size{1, 1, 4}},
		{"stride defaults to the kernel", Size{9, 9, 4}, Pool{Type: Avg, Kernel: Square(2)}, Size{4, 4, 4}},
		{"global", Size{9, 7, 4}, GlobalPool{}, Size{1, 1, 4}},
		{"flatten", Size{3, 5, 2}, Flatten{}, Size{1, 1, 30}},
		{"shortcut", Size{7, 8, 3}, Shortcut{Stride: 2, Out: 6}, Size{4, 4, 6}},
	} {
		t.Run(c.what, func(t *testing.T) {
			g, err := one(c.image, c.l)
			if err != nil {
				t.Fatal(err)
			}
			size, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			if got := size[g.Nodes[1]]; got != c.want {
				t.Errorf("%v over %v gives %v, want %v", c.l, c.image, got, c.want)
			}
		})
	}
}

func TestReachMakesCeilAndFloorAgree(t *testing.T) {
	for h := 1; h < 20; h++ {
		for k := 1; k < 5; k++ {
			for s := 1; s < 5; s++ {
				for p := range k {
					l := Pool{Type: Max, Kernel: Square(k), Stride: Square(s), Padding: Pad(p), Ceil: true}
					want, err := l.Infer([]Size{{h, h, 1}}, 0)
					if err != nil {
						t.Fatal(err)
					}
					floor := l
					floor.Padding, floor.Ceil = l.Reach(Size{h, h, 1}), false
					if got, _, _ := slide(Size{h, h, 1}, floor.Kernel, floor.Stride, Square(1), floor.Padding, false); got != want.H {
						t.Fatalf("map %d, kernel %d, stride %d, padding %d: %d windows with Reach %v, want %d", h, k, s, p, got, floor.Padding, want.H)
					}
				}
			}
		}
	}
}

func TestMistakesNameTheLayerAndTheMend(t *testing.T) {
	small := Size{4, 4, 6}
	for _, c := range []struct {
		image Size
		l     Layer
		want  string
	}{
		{small, Conv{Out: 8, Kernel: Square(5)}, "conv1: kernel 5 without padding does not fit a 4x4 input; add padding 1 or remove a pool above it"},
		{small, Conv{Out: 8, Kernel: Square(3), Dilation: Square(4), Padding: Pad(1)}, "conv1: kernel 3 dilated by 4 with padding 1 does not fit a 4x4 input; add padding 3 or remove a pool above it"},
		{small, Conv{Out: 8, Kernel: HW{1, 5}}, "conv1: kernel 1x5 without padding does not fit a 4x4 input; add padding 1 or remove a pool above it"},
		{small, Conv{Out: 8, Groups: 4}, "conv1: 4 groups do not divide 6 input channels; choose a divisor of both 6 and 8"},
		{small, Conv{Out: 8, Groups: 3}, "conv1: 3 groups do not divide 8 output channels; choose a divisor of both 6 and 8"},
		{small, Conv{Out: 8, Groups: -1}, "conv1: -1 groups; give 1 or more"},
		{small, Conv{}, "conv1: 0 output channels; give out: 1 or more"},
		{small, Pool{Type: "min", Kernel: Square(2)}, `pool1: no pooling "min"; choose one of max, avg, max+avg, mixed, gated, stochastic, lp, blur`},
		{small, Pool{Type: Mixed, Kernel: Square(2), Mix: 1.5}, "pool1: mix 1.5; give a share of the maximum, above 0 and at most 1, or none to learn it"},
		{small, Pool{Type: Lp, Kernel: Square(2), Power: 0.5}, "pool1: power 0.5; give an exponent from 1 to 16"},
		{small, GlobalPool{Type: Lp}, `global-pool: no pooling "lp"; choose one of max, avg, max+avg`},
		{small, Activation{Func: Maxout, Pieces: 4}, "act: maxout 4 does not divide 6 channels; widen the layer before to a multiple of 4"},
		{small, Activation{Func: CReLU, Groups: 4}, "act: crelu groups 4 does not divide 6 channels; widen the layer before to a multiple of 4"},
		{small, Activation{Func: Maxout, Pieces: 1}, "act: maxout of 1 pieces; give 2 to 64"},
		{small, Activation{Func: APL, Pieces: 65}, "act: apl of 65 pieces; give 1 to 64"},
		{small, Pool{Type: Max, Kernel: Square(2), Padding: Pad(2)}, "pool1: padding 2 of a pool 2x2: a window would hold nothing but padding; pad less than the kernel"},
		{small, Activation{Func: "rely"}, `act: no activation "rely"; did you mean "relu"?`},
		{small, Shortcut{Out: 3}, "shortcut: a shortcut cannot narrow 6 channels to 3; use a 1x1 convolution (option B)"},
		{small, ChannelConv{Kernel: 3}, "channel-conv: a convolution over channels reads 1x1xC, got 4x4x6; pool it globally first"},
		{small, ChannelConv{Kernel: 4}, "channel-conv: kernel 4 over channels; give an odd number of them, such as 3"},
		{small, ChannelPool{Type: "min"}, `channel-pool: no pooling "min"; choose one of max, avg, max+avg`},
		{small, Gate{}, "gate: gates 1 layers; give it a map and its gate"},
		{small, Stack{}, "stack: cannot stack [4x4x6]; give it two maps or more of one size"},
		{small, Attention{}, "attention: attends to 1 layers; give it queries, keys and values"},
		{small, LayerScale{Init: 1e7}, "layer-scale: layer scale from 1e+07; give a finite number"},
		{Size{0, 4, 1}, Flatten{}, "input: an image of 0x4x1 is none; give height, width and channels above 0"},
	} {
		_, err := one(c.image, c.l)
		if err == nil || strings.Replace(err.Error(), "input/act:", "act:", 1) != c.want {
			t.Errorf("%v\n got %v\nwant %s", c.l, err, c.want)
		}
	}
}

func TestJoinsWantFittingMaps(t *testing.T) {
	for _, c := range []struct {
		join func(b *Builder, x, y *Node) *Node
		want string
	}{
		{func(b *Builder, x, y *Node) *Node { return b.Add(x, y) }, "add: cannot add 8x8x4 and 4x4x4; bring one to the other's size by a shortcut or a 1x1 convolution"},
		{func(b *Builder, x, y *Node) *Node { return b.Concat(x, y) }, "concat: cannot concatenate 8x8x4 and 4x4x4; bring both to one height and width by padding or stride"},
		{func(b *Builder, x, _ *Node) *Node { return b.Add(x) }, "add: adds 1 layers; give it two or more"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Gate{}, x, y) }, "gate: cannot gate 8x8x4 by 4x4x4; the gate must be 1x1x4 or 8x8x1"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(AttentionPool{}, x, y) }, "attention-pool: scores 4x4x4 do not fit a map of 8x8x4; give every position one a head, heads that divide 4 channels"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Attention{Heads: 3}, x, y, y) }, "attention: 3 heads do not divide 4 channels; choose a divisor of both 4 and 4"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Attention{}, x, x, y) }, "attention: queries 8x8x4, keys 8x8x4 and values 4x4x4 do not fit; queries and keys have the same channels, keys and values the same positions"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Attention{Range: 2}, x, y, y) }, "attention: a bias by offset needs queries and keys of one map, got 8x8x4 and 4x4x4; set range to 0"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Attention{Range: -2}, x, x, x) }, "attention: range -2; give rows and columns from 1 to 1024, or 0 for no bias"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Attention{Scale: -1}, x, x, x) }, "attention: scale -1; give one above 0, or none for 1/√(channels of a head)"},
		{func(b *Builder, x, y *Node) *Node { return b.Layer(Flatten{}, x, y) }, "flatten: reads 2 layers, takes one; join them by add or concat first"},
	} {
		b := NewBuilder("join", Size{}, 10)
		x := b.Image(8, 8, 4)
		b.Logits(c.join(b, x, b.MaxPool(x, 2, 2)))
		if _, err := b.Build(); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}

func TestTheSameNameIsTheSameWeightCountedOnce(t *testing.T) {
	b := NewBuilder("siamese", Size{}, 10)
	x := b.Image(8, 8, 4)
	y := b.As("a").ConvOf(x, Conv{Out: 4, Kernel: Square(3), Padding: Pad(1)})
	y = b.As("b").ConvOf(y, Conv{Out: 4, Kernel: Square(3), Padding: Pad(1), Weight: "a/weight"})
	b.Logits(b.Linear(b.GlobalAvgPool(y), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	ps, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range ps {
		names = append(names, p.Name)
	}
	if got, want := strings.Join(names, " "), "a/weight a/bias b/bias linear1/weight linear1/bias"; got != want {
		t.Errorf("parameters %s, want %s", got, want)
	}
	if !ps[0].Shape.Equal(tensor.Of(3, 3, 4, 4)) || ps[0].FanIn != 36 || ps[0].FanOut != 36 {
		t.Errorf("a/weight is %+v", ps[0])
	}
	g.Replace(g.Node("b"), Conv{Out: 4, Kernel: Square(1), Weight: "a/weight"})
	if _, err := g.Params(); err == nil || err.Error() != "b: shares a/weight with a, but wants it [1 1 4 4] and not [3 3 4 4]; give one its own weight" {
		t.Errorf("two shapes under one name: %v", err)
	}
}

func TestTrainOnlyOutputsAreNotCounted(t *testing.T) {
	build := func(aux bool) *Graph {
		b := NewBuilder("aux", Size{}, 10)
		x := b.ReLU(b.Conv(b.Image(8, 8, 3), 4, 3, 1))
		if aux {
			b.AuxLogits("aux", b.As("aux").Linear(x, Classes), 0.3)
		}
		b.Logits(b.Linear(b.GlobalAvgPool(x), Classes))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	with, without := build(true), build(false)
	cw, err := with.Cost()
	if err != nil {
		t.Fatal(err)
	}
	co, err := without.Cost()
	if err != nil {
		t.Fatal(err)
	}
	if cw.TrainParams != cw.Params+8*8*4*10+10 {
		t.Errorf("%d parameters in training, %d in evaluation", cw.TrainParams, cw.Params)
	}
	if cw.TrainParams = cw.Params; cw != co {
		t.Errorf("with an auxiliary head %+v, without %+v", cw, co)
	}
	if with.Main().Name != "main" || !with.Outputs[1].TrainOnly {
		t.Errorf("outputs %+v: main is not first", with.Outputs)
	}
	if with.Signature() != without.Signature() {
		t.Error("the auxiliary head changes the signature")
	}
}
