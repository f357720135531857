package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestAttentionStandsWhereItsPapersPutIt(t *testing.T) {
	inception := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
		x = module.ConvReLU(b, x, 8, 3, 1)
		x = module.Beside(module.Convolved(s, 4, 1), module.Convolved(s, 4, 3))(b.Scope("module"), x)
		return module.PoolHead(b, x, nn.Avg)
	})
	dense := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = module.Dense(b.Scope("layer"), module.ConvReLU(b, x, 8, 3, 1), module.BNReLU(), 4, 0)
		return module.PoolHead(b, x, nn.Avg)
	})
	odd := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		return module.PoolHead(b, module.ConvReLU(b, module.ConvReLU(b, x, 8, 3, 1), 6, 3, 1), nn.Avg)
	})
	check(t, []rewriting{
		{"se behind the activation of a convolution", plain, architecture.Attention{Kind: "se", Reduce: 4}, "gated 2 of 3 convolutions and blocks; reads the images: conv1", `
			conv2/act/se/mean: global avg pool 1x1x8
			conv2/act/se/reduce: conv 1x1 1x1x2 16           # 8·2
			conv2/act/se/reduce/act: relu 1x1x2
			conv2/act/se/expand: conv 1x1 1x1x8 16           # 2·8
			conv2/act/se/expand/act: sigmoid 1x1x8
			conv2/act/se/gate: gate 8x8x8
			conv3/act/se/mean: global avg pool 1x1x16
			conv3/act/se/reduce: conv 1x1 1x1x4 64
			conv3/act/se/reduce/act: relu 1x1x4
			conv3/act/se/expand: conv 1x1 1x1x16 64
			conv3/act/se/expand/act: sigmoid 1x1x16
			conv3/act/se/gate: gate 8x8x16`, ""},
		{"in front of the sum on a residual branch", blocks, architecture.Attention{Kind: "eca"}, "gated 1 of 2 convolutions and blocks; reads the images: conv1", `
			block/conv2/eca/mean: global avg pool 1x1x8
			block/conv2/eca/channel-conv: channel conv 3 1x1x8 3
			block/conv2/eca/channel-conv/act: sigmoid 1x1x8
			block/conv2/eca/gate: gate 8x8x8`, ""},
		{"cbam behind a module of branches", inception, architecture.Attention{Kind: "cbam", Reduce: 4}, "gated 1 of 2 convolutions and blocks; reads the images: conv1", `
			module/concat/cbam/mean: global avg pool 1x1x8
			module/concat/cbam/max: global max pool 1x1x8
			module/concat/cbam/stack: stack 2x1x8            # the mean and the maximum have one perceptron
			module/concat/cbam/reduce: conv 1x1 2x1x2 16
			module/concat/cbam/reduce/act: relu 2x1x2
			module/concat/cbam/expand: conv 1x1 2x1x8 16
			module/concat/cbam/global-pool: global avg pool 1x1x8
			module/concat/cbam/sum: scale 2 1x1x8
			module/concat/cbam/sum/act: sigmoid 1x1x8
			module/concat/cbam/channels: gate 8x8x8
			module/concat/cbam/average: channel avg pool 8x8x1
			module/concat/cbam/largest: channel max pool 8x8x1
			module/concat/cbam/concat: concat 8x8x2
			module/concat/cbam/spatial: conv 7x7 pad 3 8x8x1 98 # 7·7·2
			module/concat/cbam/spatial/act: sigmoid 8x8x1
			module/concat/cbam/positions: gate 8x8x8`, ""},
		{"on what a dense layer adds", dense, architecture.Attention{Kind: "eca"}, "gated 1 of 2 convolutions and blocks; reads the images: conv1", `
			layer/conv1/eca/mean: global avg pool 1x1x4
			layer/conv1/eca/channel-conv: channel conv 1 1x1x4 1
			layer/conv1/eca/channel-conv/act: sigmoid 1x1x4
			layer/conv1/eca/gate: gate 8x8x4`, ""},
		{"nonlocal behind the last map of a stage", plain, architecture.Attention{Kind: "nonlocal"}, "added attention behind 1 of 1 stages", `
			conv3/act/nonlocal/theta: conv 1x1 8x8x8 128     # 16·8
			conv3/act/nonlocal/phi: conv 1x1 8x8x8 128
			conv3/act/nonlocal/g: conv 1x1 8x8x8 128
			conv3/act/nonlocal/attention: attention scale 1 8x8x8
			conv3/act/nonlocal/out: conv 1x1 8x8x16 128
			conv3/act/nonlocal/add: add 8x8x16`, ""},
		{"self-attention behind a block that is named", normed, architecture.Attention{Kind: "self", Heads: 2, Where: "conv2"}, "added attention behind 1 of 1 blocks", `
			conv2/act/self/query: conv 1x1 8x8x8 64
			conv2/act/self/key: conv 1x1 8x8x8 64
			conv2/act/self/value: conv 1x1 8x8x8 64
			conv2/act/self/attention: attention 2 heads range 7 8x8x8 450 # 2·15·15
			conv2/act/self/out: conv 1x1 8x8x8 64
			conv2/act/self/add: add 8x8x8`, ""},
		{"pooling at the head", normed, architecture.Attention{Kind: "pool"}, "exchanged 1 of 1 global average poolings at the head", `
			global-pool/scores: conv 1x1 4x4x4 64            # 16·4
			global-pool/attention-pool: attention pool 1x1x16`, "global-pool"},
		{"too few channels", plain, architecture.Attention{Kind: "se"}, "gated 1 of 3 convolutions and blocks; reads the images: conv1; fewer than 16 channels: conv2", `
			conv3/act/se/mean: global avg pool 1x1x16
			conv3/act/se/reduce: conv 1x1 1x1x1 16
			conv3/act/se/reduce/act: relu 1x1x1
			conv3/act/se/expand: conv 1x1 1x1x16 16
			conv3/act/se/expand/act: sigmoid 1x1x16
			conv3/act/se/gate: gate 8x8x16`, ""},
		{"heads that do not divide the channels", odd, architecture.Attention{Kind: "self"}, "added attention behind 0 of 1 stages; 4 heads do not divide 6 channels: conv2/act", "", ""},
		{"nor do those of a pooling", odd, architecture.Attention{Kind: "pool", Heads: 5}, "exchanged 0 of 1 global average poolings at the head; 5 heads do not divide 6 channels: global-pool", "", ""},
	})
}

func TestAttentionIsAddedOnce(t *testing.T) {
	for _, net := range []func(t *testing.T) *nn.Graph{plain, normed, blocks, preact} {
		for _, a := range []architecture.Attention{{Kind: "se", Reduce: 2}, {Kind: "cbam", Reduce: 2}, {Kind: "eca"}, {Kind: "nonlocal"}, {Kind: "self"}} {
			g := net(t)
			if c, err := a.Rewrite(g); err != nil || c.Applied == 0 {
				t.Fatalf("%s: %v (%v)", a.Kind, c, err)
			}
			before := string(g.YAML())
			if c, err := a.Rewrite(g); err != nil || c.Applied != 0 || string(g.YAML()) != before {
				t.Errorf("%s again: %v, %v (%v)", a.Kind, c, c.Reasons(), err)
			}
		}
	}
}

func TestSizesStayUnderAttention(t *testing.T) {
	for _, net := range []func(t *testing.T) *nn.Graph{plain, normed, blocks, preact, valid, overlapping} {
		for _, kind := range []string{"se", "eca", "cbam", "nonlocal", "self", "pool"} {
			g := net(t)
			before, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (architecture.Attention{Kind: kind}).Rewrite(g); err != nil {
				t.Fatal(err)
			}
			after, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			for n, s := range after {
				if was, ok := before[n]; ok && was != s {
					t.Errorf("%s: %s is %v, was %v", kind, n, s, was)
				}
			}
		}
	}
}

func TestAHeadTakesThePlaceOfAttentionPooling(t *testing.T) {
	g, plain := normed(t), normed(t)
	if _, err := (architecture.Attention{Kind: "pool"}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	c, err := (architecture.Head{Kind: "avg"}).Rewrite(g)
	if err != nil || c.String() != "exchanged 1 of 1 heads" || g.Signature() != plain.Signature() {
		t.Errorf("%v (%v), as it was: %v", c, err, g.Signature() == plain.Signature())
	}
}

func TestARunGoesOnBehindAGate(t *testing.T) {
	g := blocks(t)
	if _, err := (architecture.Attention{Kind: "cbam", Reduce: 2}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	r := architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}
	c, err := r.Rewrite(g)
	if err != nil || c.Applied != 0 || len(c.Reasons()) != 2 || c.Reasons()[1] != "is bypassed already: block/conv1" {
		t.Errorf("%v, %v (%v)", c, c.Reasons(), err)
	}
	g = normed(t)
	if _, err := (architecture.Attention{Kind: "eca"}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Rewrite(g); err != nil || c.String() != "bypassed 1 of 2 runs of 2 convolutions" {
		t.Errorf("%v, %v (%v)", c, c.Reasons(), err)
	}
}

// Norms and dropout are of the way that maps take; a norm behind weights that begin at 0 would make noise of nothing.
func TestNormsAndDropoutLeaveAttentionAlone(t *testing.T) {
	for _, kind := range []string{"se", "cbam", "nonlocal", "self"} {
		g := plain(t)
		if _, err := (architecture.Attention{Kind: kind, Reduce: map[bool]int{true: 2}[kind != "self"]}).Rewrite(g); err != nil {
			t.Fatal(err)
		}
		c, err := (optimization.BatchNorm{Place: nn.Before, Momentum: 0.9, Eps: 1e-5}).Tune(nil, g.Overlay())
		if err != nil || c.String() != "normalised 4 of 4 convolutions and linear layers" {
			t.Errorf("%s: %v (%v)", kind, c, err)
		}
		if c, err := (architecture.Kernel{To: architecture.Windows{nn.Square(3), nn.Square(3)}}).Rewrite(g); err == nil && c.Seen > 3 {
			t.Errorf("%s: kernel sees the convolutions of gates: %v", kind, c)
		}
	}
}
