package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

func inception(set func(*architecture.Inception)) architecture.Inception {
	p := architecture.Inception{Branches: architecture.V1, Pool: nn.Max, Five: "5x5"}
	if set != nil {
		set(&p)
	}
	return p
}

func TestInceptionPutsKernelsSideBySide(t *testing.T) {
	check(t, []rewriting{
		{"the shares of v1", plain, inception(func(p *architecture.Inception) { p.Where = "conv3" }), "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/branch1/conv1: conv 1x1 + bias 8x8x4 36            # a quarter of 16: 8·4 + 4
			conv3/branch1/conv1/act: relu 8x8x4
			conv3/branch2/conv1: conv 1x1 + bias 8x8x6 54            # 3/4 of the 8 that follow
			conv3/branch2/conv1/act: relu 8x8x6
			conv3/branch2/conv2: conv 3x3 pad 1 + bias 8x8x8 440     # half of 16: 9·6·8 + 8
			conv3/branch2/conv2/act: relu 8x8x8
			conv3/branch3/conv1: conv 1x1 + bias 8x8x1 9             # half of the 2 that follow
			conv3/branch3/conv1/act: relu 8x8x1
			conv3/branch3/conv2: conv 5x5 pad 2 + bias 8x8x2 52      # an eighth of 16: 25·1·2 + 2
			conv3/branch3/conv2/act: relu 8x8x2
			conv3/branch4/pool1: max pool 3x3 pad 1 8x8x8
			conv3/branch4/conv1: conv 1x1 + bias 8x8x2 18            # an eighth of 16
			conv3/branch4/conv1/act: relu 8x8x2
			conv3/concat: concat 8x8x16`, "conv3 conv3/act"},
		{"with norms, a stride: no 1x1, the pooling passed on", normed, inception(func(p *architecture.Inception) { p.Where, p.Pool = "conv3", nn.Avg }), "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/branch1/conv1: conv 1x1 + batchnorm 8x8x5 50       # 3/4 of 6, 4.5 rounded
			conv3/branch1/conv1/act: relu 8x8x5
			conv3/branch1/conv2: conv 3x3/2 pad 1 + batchnorm 4x4x6 282 # 4/5 of the 8 that the pooling leaves of 16: 9·5·6 + 2·6
			conv3/branch1/conv2/act: relu 4x4x6
			conv3/branch2/conv1: conv 1x1 + batchnorm 8x8x1 10
			conv3/branch2/conv1/act: relu 8x8x1
			conv3/branch2/conv2: conv 5x5/2 pad 2 + batchnorm 4x4x2 54  # 25·1·2 + 2·2
			conv3/branch2/conv2/act: relu 4x4x2
			conv3/branch3/pool1: max pool 3x3/2 pad 1 4x4x8
			conv3/concat: concat 4x4x16`, "conv3 conv3/act"},
		{"widths, two 3x3 for the 5x5, an average", plain, inception(func(p *architecture.Inception) {
			p.Branches, p.Five, p.Pool = architecture.Widths{{0, 2}, {2, 4}, {1, 4}, {0, 6}}, "3x3+3x3", nn.Avg
		}), "replaced 1 of 3 convolutions larger than 1x1; reads the images: conv1; gives 8 maps, the branches 16: conv2", `
			conv3/branch1/conv1: conv 1x1 + bias 8x8x2 18
			conv3/branch1/conv1/act: relu 8x8x2
			conv3/branch2/conv1: conv 1x1 + bias 8x8x2 18
			conv3/branch2/conv1/act: relu 8x8x2
			conv3/branch2/conv2: conv 3x3 pad 1 + bias 8x8x4 76      # 9·2·4 + 4
			conv3/branch2/conv2/act: relu 8x8x4
			conv3/branch3/conv1: conv 1x1 + bias 8x8x1 9
			conv3/branch3/conv1/act: relu 8x8x1
			conv3/branch3/conv2: conv 3x3 pad 1 + bias 8x8x4 40      # 9·1·4 + 4
			conv3/branch3/conv2/act: relu 8x8x4
			conv3/branch3/conv3: conv 3x3 pad 1 + bias 8x8x4 148     # 9·4·4 + 4
			conv3/branch3/conv3/act: relu 8x8x4
			conv3/branch4/pool1: avg pool 3x3 pad 1 8x8x8
			conv3/branch4/conv1: conv 1x1 + bias 8x8x6 54
			conv3/branch4/conv1/act: relu 8x8x6
			conv3/concat: concat 8x8x16`, "conv3 conv3/act"},
		{"branches left out, reductions as a share", plain, inception(func(p *architecture.Inception) {
			p.Branches, p.Reduce, p.Where = architecture.Widths{{0, 0.5}, {0, 0.5}}, 0.25, "conv2"
		}), "replaced 1 of 1 convolutions larger than 1x1", `
			conv2/branch1/conv1: conv 1x1 + bias 8x8x4 36
			conv2/branch1/conv1/act: relu 8x8x4
			conv2/branch2/conv1: conv 1x1 + bias 8x8x1 9             # a quarter of 4
			conv2/branch2/conv1/act: relu 8x8x1
			conv2/branch2/conv2: conv 3x3 pad 1 + bias 8x8x4 40
			conv2/branch2/conv2/act: relu 8x8x4
			conv2/concat: concat 8x8x8`, "conv2 conv2/act"},
		{"in front of an addition norms follow the branches, no activation", blocks, inception(func(p *architecture.Inception) {
			p.Branches, p.Where = architecture.Widths{{0, 4}, {2, 4}}, "block/conv2"
		}), "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/branch1/conv1: conv 1x1 + batchnorm 8x8x4 40
			block/conv2/branch2/conv1: conv 1x1 + batchnorm 8x8x2 20
			block/conv2/branch2/conv1/act: relu 8x8x2
			block/conv2/branch2/conv2: conv 3x3 pad 1 + batchnorm 8x8x4 80
			block/conv2/concat: concat 8x8x8`, "block/conv2"},
		{"pre-activation", preact, inception(func(p *architecture.Inception) {
			p.Branches, p.Where = architecture.Widths{{0, 4}, {2, 4}}, "block/conv2"
		}), "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/branch1/conv1: conv 1x1 8x8x4 32
			block/conv2/branch2/conv1: conv 1x1 8x8x2 16
			block/conv2/branch2/conv1/act: batchnorm + relu 8x8x2 4
			block/conv2/branch2/conv2: conv 3x3 pad 1 8x8x4 72
			block/conv2/concat: concat 8x8x8`, "block/conv2"},
		{"what does not fit", valid, inception(nil), "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; gives 2x2 of 6x6, which no stride does; pad its convolutions: conv2", "", ""},
		{"too few maps", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 3, 3, 1) // .25 of 3 is none after rounding: 1, 1, 1, 0
			x = b.ReLU(b.ConvOf(module.ConvReLU(b, x, 3, 3, 2), nn.Conv{Out: 6, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 3}))
			return module.PoolHead(b, b.ReLU(b.ConvOf(x, nn.Conv{Out: 6, Kernel: nn.Square(3), Padding: nn.Pad(1), Groups: 6})), nn.Avg)
		}), inception(func(p *architecture.Inception) { p.Where = "conv[2-5]" }), "replaced 0 of 4 convolutions larger than 1x1; gives 3 maps, too few for the branches: conv2; strides and gives no more maps than it reads, which the pooling would pass on: conv3; is depthwise: conv4, conv5", "", ""},
	})
}

// GoogLeNet's first module, of its 192 maps: seed-references.md, A4 and C.
func TestTheSharesOfV1AreTheFirstModuleOfGoogLeNet(t *testing.T) {
	g := block28(t, 192, 256)
	if _, err := inception(nil).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	if params, macs := counts(t, g, "conv2"); params != 163_696 || macs != 784*(163_696-64-96-128-16-32-32) {
		t.Errorf("%d parameters, %d multiply-adds of the module, GoogLeNet's 3a has 163,696", params, macs)
	}
}

func TestWidthsAreRoundedSoThatTheySumToTheMaps(t *testing.T) {
	for _, maps := range []int{8, 9, 10, 11, 13, 20, 100, 384, 1000} {
		g := block28(t, 4, maps)
		if _, err := inception(nil).Rewrite(g); err != nil {
			t.Fatal(err)
		}
		sizes, err := g.Sizes()
		if err != nil {
			t.Fatal(err)
		}
		if got := sizes[g.Node("conv2/concat")].C; got != maps {
			t.Errorf("%d maps, want %d", got, maps)
		}
	}
}

func TestWidthsAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]string{
		"v1": "v1", "[0.25, 0.5, 0.125, 0.125]": "v1", "[64, [96, 128], [16, 32], 32]": "[64, [96, 128], [16, 32], 32]", "[0.5, [0.1, 0.5], 0, 0]": "[0.5, [0.1, 0.5], 0, 0]",
		"v2":                        form,
		"[1, 2, 3]":                 form,
		"64":                        form,
		"[[1, 2], 3, 4, 5]":         form,
		"[1, [2, 3, 4], 4, 5]":      form,
		"[1, 2, 3, {conv: 4}]":      "want a number, got a map",
		"[1, many, 3, 4]":           `want a number, got "many"`,
		"[64, [96, 128], [a, 1],1]": `want a number, got "a"`,
	} {
		n, err := spec.Parse("x.yaml", []byte("branches: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var w architecture.Widths
		got := ""
		if err := spec.Decode(n.Get("branches"), &w); err != nil {
			got = err.Error()
		} else {
			m, err := spec.Encode(w)
			if err != nil {
				t.Fatal(err)
			}
			got = m.Flow()
		}
		if len(got) < len(want) || got[len(got)-len(want):] != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}

const form = "branches: want v1, or a list of 4 as in [64, [96, 128], [16, 32], 32]: maps or shares of the 1x1, 3x3, 5x5 and pooling branch"

// block28 is a network of a 3x3 convolution of in maps of 28x28 to out, with bias and ReLU, behind a first one.
func block28(t *testing.T, in, out int) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("block", nn.Size{}, 10)
	x := module.ConvReLU(b, module.ConvReLU(b, b.Image(28, 28, 1), in, 1, 1), out, 3, 1)
	b.Logits(module.PoolHead(b, x, nn.Avg))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}
