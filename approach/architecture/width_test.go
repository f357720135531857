package architecture_test

import (
	"math"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func TestWidthScalesEveryChannelCount(t *testing.T) {
	check(t, []rewriting{
		{"halved", plain, architecture.Width{Factor: 0.5}, "scaled 4 of 4 widths by 0.5", `
			conv1: conv 3x3 pad 1 + bias 8x8x4 112                  # 9·3·4 + 4
			conv1/act: relu 8x8x4
			conv2: conv 3x3 pad 1 + bias 8x8x4 148                  # 9·4·4 + 4
			conv2/act: relu 8x8x4
			conv3: conv 3x3 pad 1 + bias 8x8x8 296                  # 9·4·8 + 8
			conv3/act: relu 8x8x8
			pool1: max pool 2x2/2 4x4x8
			linear1: linear + bias 1x1x6 774                        # 4·4·8·6 + 6
			linear1/act: relu + dropout 0.5 1x1x6
			linear2: linear + bias 1x1x10 70                        # the classes stay`,
			"conv1 conv1/act conv2 conv2/act conv3 conv3/act pool1 linear1 linear1/act linear2"},
		{"rounded to whole groups", valid, architecture.Width{Factor: 0.6}, "scaled 2 of 2 widths by 0.6", `
			conv1: conv 3x3 + bias 6x6x4 112                        # 4.8 of 8 would be 5
			conv1/act: tanh 6x6x4
			conv2: conv 3x3/2 groups 2 + bias 2x2x4 76              # 9·2·4 + 4
			conv2/act: tanh 2x2x4
			linear1: linear + bias 1x1x10 170`, "conv1 conv1/act conv2 conv2/act linear1"},
		{"pieces of maxout, halves of crelu", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Layer(nn.Activation{Func: nn.Maxout, Pieces: 3}, b.Conv(x, 12, 1, 1))
			x = b.Act(b.Conv(x, 5, 1, 1), nn.CReLU)
			x = b.Layer(nn.Activation{Func: nn.Maxout, Groups: 2}, b.ConvOf(x, nn.Conv{Out: 20, Groups: 2}))
			return module.PoolHead(b, x, nn.Avg)
		}), architecture.Width{Factor: 0.7}, "scaled 3 of 3 widths by 0.7", `
			conv1: conv 1x1 + bias 8x8x9 36                         # 2.8 of 4, three times
			conv1/act: maxout 3 8x8x3
			conv2: conv 1x1 + bias 8x8x4 16                         # 3.5 of 5
			conv2/act: crelu 8x8x8
			conv3: conv 1x1 groups 2 + bias 8x8x16 80               # 7 of 10, in whole groups, twice
			conv3/act: maxout groups 2 8x8x8
			global-pool: global avg pool 1x1x8
			linear1: linear + bias 1x1x10 90`, "conv1 conv1/act conv2 conv2/act conv3 conv3/act global-pool linear1"},
		{"never below one", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.PoolHead(b, module.ConvReLU(b, x, 4, 3, 1), nn.Avg)
		}), architecture.Width{Factor: 0.01}, "scaled 1 of 1 widths by 0.01", `
			conv1: conv 3x3 pad 1 + bias 8x8x1 28
			conv1/act: relu 8x8x1
			global-pool: global avg pool 1x1x1
			linear1: linear + bias 1x1x10 20`, "conv1 conv1/act global-pool linear1"},
		{"gates follow what they gate", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.PoolHead(b, module.CBAM(b, module.ConvReLU(b, x, 8, 3, 1), 2, nn.Style{Act: nn.Activation{Func: nn.ReLU}}), nn.Avg)
		}), architecture.Width{Factor: 2}, "scaled 3 of 4 widths by 2", `
			conv1: conv 3x3 pad 1 + bias 8x8x16 448
			conv1/act: relu 8x8x16
			cbam/mean: global avg pool 1x1x16
			cbam/max: global max pool 1x1x16
			cbam/stack: stack 2x1x16
			cbam/reduce: conv 1x1 2x1x4 64
			cbam/reduce/act: relu 2x1x4
			cbam/expand: conv 1x1 2x1x16 64
			cbam/global-pool: global avg pool 1x1x16
			cbam/sum: scale 2 1x1x16
			cbam/sum/act: sigmoid 1x1x16
			cbam/channels: gate 8x8x16
			cbam/positions: gate 8x8x16
			global-pool: global avg pool 1x1x16
			linear1: linear + bias 1x1x10 170`, "conv1 conv1/act cbam/mean cbam/max cbam/stack cbam/reduce cbam/reduce/act cbam/expand cbam/global-pool cbam/sum cbam/sum/act cbam/channels cbam/positions global-pool linear1"},
		{"heads divide what attends", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, x, 6, 3, 1)
			x = b.Layer(nn.Attention{Heads: 3}, x, b.Bias(b.As("key").Conv(x, 6, 1, 1), false), x)
			return b.Linear(module.AttentionPool(b, x, 2), nn.Classes)
		}), architecture.Width{Factor: 1.6}, "scaled 2 of 3 widths by 1.6", `
			conv1: conv 3x3 pad 1 + bias 8x8x12 336                 # 9.6 of 6, a multiple of 3 and of 2
			conv1/act: relu 8x8x12
			key: conv 1x1 8x8x12 144
			attention: attention 3 heads 8x8x12
			scores: conv 1x1 8x8x2 24
			attention-pool: attention pool 1x1x12
			linear1: linear + bias 1x1x10 130`, "conv1 conv1/act key attention scores attention-pool linear1"},
		{"units of recurrent layers, of both ways alike", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.Layer(nn.Recurrent{Cell: nn.GRU, Units: 6, Bidirectional: true, Scan: nn.Positions, Last: true}, x), nn.Classes)
		}), architecture.Width{Factor: 0.5}, "scaled 1 of 1 widths by 0.5", `
			recurrent: gru over positions both ways last state 1x1x6 144    # 2·3·3·(3 + 3 + 2)
			linear1: linear + bias 1x1x10 70`, "recurrent linear1"},
		{"depthwise stays depthwise, its multiplier too", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Concat(module.ConvReLU(b, x, 4, 3, 1), b.ConvOf(x, nn.Conv{Out: 2}))
			x = b.ConvOf(x, nn.Conv{Out: 12, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 6})
			return module.PoolHead(b, x, nn.Avg)
		}), architecture.Width{Factor: 1.4}, "scaled 3 of 3 widths by 1.4", `
			conv1: conv 3x3 pad 1 + bias 8x8x6 168                  # 5.6 of 4
			conv1/act: relu 8x8x6
			conv2: conv 1x1 + bias 8x8x3 12                         # 2.8 of 2
			concat: concat 8x8x9
			conv3: conv 3x3 pad 1 groups 9 + bias 8x8x18 180        # 9·18 + 18
			global-pool: global avg pool 1x1x18
			linear1: linear + bias 1x1x10 190`, "conv1 conv1/act conv2 concat conv3 global-pool linear1"},
	})
}

// Whatever is added stays equal: a sum with a grouped convolution, a bypass that pads with zeros, a sum with a concatenation, two
// layers that share their weights.
func TestWidthKeepsSumsEqual(t *testing.T) {
	nets := map[string]func(t *testing.T) *nn.Graph{
		"a sum with a grouped convolution": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, x, 12, 3, 1)
			y := b.ConvOf(x, nn.Conv{Out: 12, Groups: 4})
			return module.PoolHead(b, b.Add(x, y, b.Conv(x, 12, 3, 1)), nn.Avg)
		}),
		"zeros behind the channels": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.Basic(b.Scope("a"), module.ConvBNReLU(b, x, 6, 3, 1), 10, 2, module.OptionA)
			return module.PoolHead(b, module.Basic(b.Scope("b"), x, 10, 1, module.OptionA), nn.Avg)
		}),
		"a sum with a concatenation": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Concat(b.Conv(x, 5, 1, 1), b.Conv(x, 7, 3, 1), x)
			return module.PoolHead(b, b.Add(b.Conv(x, 15, 1, 1), x), nn.Avg)
		}),
		"two concatenations": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Concat(b.Conv(x, 5, 1, 1), b.Conv(x, 7, 3, 1))
			z := b.Concat(b.Conv(x, 5, 1, 1), b.Conv(x, 7, 3, 1))
			return module.PoolHead(b, b.Add(y, z), nn.Avg)
		}),
		"gates": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
			x = module.SqueezeExcite(b, module.ConvReLU(b, x, 7, 3, 1), 3, s, nn.Sigmoid)
			x = module.CBAM(b, module.ECA(b, x), 3, s)
			return module.PoolHead(b, module.SqueezeExcite(b.Scope("last"), b.Conv(x, 1, 1, 1), 1, s, nn.Sigmoid), nn.Avg)
		}),
		"attention in heads": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.SelfAttention(b, module.NonLocal(b, module.ConvReLU(b, x, 9, 3, 1), 5), 3)
			return b.Linear(module.AttentionPool(b, x, 3), nn.Classes)
		}),
		"halves that pass by": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ShuffleUnit(b.Scope("a"), module.ConvBNReLU(b, x, 6, 3, 1), 10, 2)
			x = module.ShuffleUnit(b.Scope("b"), module.ShuffleUnit(b.Scope("c"), x, 10, 1), 10, 1)
			return module.PoolHead(b, module.ShuffleUnit(b.Scope("d"), x, 14, 2), nn.Avg)
		}),
		"shared weights": of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Conv(x, 6, 3, 1)
			for range 2 {
				x = b.Layer(nn.Conv{Out: 6, Weight: "shared"}, x)
			}
			return module.PoolHead(b, x, nn.Avg)
		}),
	}
	for name, net := range nets {
		for _, factor := range []float64{0.05, 0.3, 0.45, 0.7, 1.1, 1.35, 2.9} {
			g := net(t)
			if _, err := (architecture.Width{Factor: factor}).Rewrite(g); err != nil {
				t.Errorf("%s by %g: %v", name, factor, err)
			} else if _, err := g.Cost(); err != nil {
				t.Errorf("%s by %g: %v", name, factor, err)
			}
		}
	}
	g := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		y := b.Concat(b.Conv(x, 5, 1, 1), b.Conv(x, 7, 3, 1))
		z := b.Concat(b.Conv(x, 6, 1, 1), b.Conv(x, 6, 3, 1))
		return module.PoolHead(b, b.Add(y, z), nn.Avg)
	})(t)
	want := "add: the maps that it joins are made of other widths and would not stay equal; put width in front of the approach that made them so"
	if _, err := (architecture.Width{Factor: 2}).Rewrite(g); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWidthMatchesAnotherNetwork(t *testing.T) {
	params, macs := func(c nn.Cost) int64 { return c.Params }, func(c nn.Cost) int64 { return c.MACs }
	for _, c := range []struct {
		net, other string
		what       architecture.Width
		count      func(c nn.Cost) int64
	}{
		{"mini", "lenet5", architecture.Width{Params: "lenet5"}, params},
		{"mini", "lenet5", architecture.Width{MACs: "lenet5"}, macs},
		{"resnet20", "resnet56", architecture.Width{Params: "resnet56"}, params},
		{"resnet20", "nin-cifar", architecture.Width{MACs: "nin-cifar"}, macs},
		{"googlenet", "squeezenet1_1", architecture.Width{Params: "squeezenet1_1"}, params},
		{"densenet40-12", "", architecture.Width{Params: "100000"}, params}, // a step of all its layers is further than 1 %
	} {
		g, err := zoo.New(c.net)
		if err != nil {
			t.Fatal(err)
		}
		want := int64(100_000)
		if size := g.InputSize(); c.other != "" {
			h, err := zoo.New(c.other, zoo.Input(size.H, size.W, size.C), zoo.Classes(g.Classes))
			if err != nil {
				t.Fatal(err)
			}
			want = c.count(cost(t, h))
		}
		changes, err := c.what.Rewrite(g)
		if err != nil {
			t.Errorf("%s: %v", c.net, err)
			continue
		}
		if n := c.count(cost(t, g)); math.Abs(float64(n-want)) > float64(want)/100 {
			t.Errorf("%s: %d, want %d within 1 %%; %s", c.net, n, want, changes)
		}
	}
}
