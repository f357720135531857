package architecture_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// The counts that blocks are checked by: seed-references.md, C. Each is of 64 maps to 64 at 28x28, with neither bias nor norm.
func TestApproachesMakeBlocksOfThePublishedCounts(t *testing.T) {
	separable := func(order module.Order) architecture.Separable {
		return architecture.Separable{Order: order, ReLU: "between", Multiplier: 1, Expand: 6}
	}
	dense := func(bottleneck bool) architecture.Dense {
		return architecture.Dense{Growth: 12, Bottleneck: bottleneck, Compression: 1}
	}
	for _, c := range []struct {
		name          string
		approach      rewriter
		convs         int // in a row, before
		weights, macs int64
	}{
		{"bottleneck r=4", architecture.Bottleneck{Reduce: 4, StrideIn: "3x3"}, 1, 4_352, 3_411_968},
		{"3x3 as 1x3 and 3x1", architecture.Kernel{To: architecture.Windows{{1, 3}, {3, 1}}}, 1, 24_576, 19_267_584},
		{"mlpconv", architecture.MLPConv{Layers: 2}, 1, 45_056, 35_323_904},
		{"fire: squeeze 8, expand 32 and 32", architecture.Fire{Squeeze: 0.125, Expand3: 0.5}, 1, 3_072, 2_408_448},
		{"flattened, one stage", architecture.Flattened{Stages: 1, Order: "LVH"}, 1, 4_480, 3_512_320},
		{"flattened, two stages, biases", architecture.Flattened{Stages: 2, Order: "LVH", Bias: true}, 1, 9_344 - 64 /* the last has the layer's own bias, which is none */, 7_024_640},
		{"se r=16 behind a conv 3x3", architecture.Attention{Kind: "se"}, 1, 36_864 + 512, 28_901_376 + 512},
		{"cbam r=16 behind a conv 3x3", architecture.Attention{Kind: "cbam"}, 1, 36_864 + 610, 28_901_376 + 2*512 + 784*98},
		{"non-local, inner 32, behind a conv 3x3", architecture.Attention{Kind: "nonlocal", Where: "run*"}, 1, 36_864 + 8_192, 28_901_376 + 784*8_192 + 784*784*64},
		{"residual basic", architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}, 2, 73_728, 57_802_752},
		{"depthwise 3x3 then 1x1", separable(module.DepthwiseFirst), 1, 4_672, 3_662_848},
		{"1x1 then depthwise 3x3", separable(module.PointwiseFirst), 1, 4_672, 3_662_848},
		{"inverted t=6", separable(module.Inverted), 1, 52_608, 41_244_672},
		{"dense, k=12, 4 layers, plain, and 1x1", dense(false), 4, 35_424 + 112*64, 27_772_416 + 784*112*64},
		{"dense-B, k=12, 4 layers, and 1x1", dense(true), 4, 36_480 + 112*64, 28_600_320 + 784*112*64},
		{"dense-BC: 1x1 to half of 112, to 64", architecture.Dense{Growth: 12, Bottleneck: true, Compression: 0.5}, 4, 36_480 + 112*56 + 56*64, 28_600_320 + 784*(112*56+56*64)},
		{"xception: two depthwise 3x3 and 1x1, identity", architecture.Xception{ReLU: module.ReLUNone, Repeats: 2}, 2, 2 * 4_672, 2 * 3_662_848},
		{"inception-dense, k=24, 2 modules, and 1x1", architecture.InceptionDense{Growth: 24, Branches: architecture.V1}, 2,
			64*6 + 64*48 + 9*48*12 + 64*12 + 25*12*3 + 64*3 + 88*6 + 88*48 + 9*48*12 + 88*12 + 25*12*3 + 88*3 + 112*64, 0},
		{"inception-residual, scale .2: v1's shares of 64 and 1x1", architecture.InceptionResidual{Scale: 0.2, Branches: architecture.V1, Pool: nn.Max, Five: "5x5"}, 1,
			64*16 + 64*24 + 9*24*32 + 64*4 + 25*4*8 + 64*8 + 64*64 + 64 /* the bias of the linear 1x1 */, 784 * (64*16 + 64*24 + 9*24*32 + 64*4 + 25*4*8 + 64*8 + 64*64)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := nn.NewBuilder("block", nn.Size{}, 10)
			x := b.MaxPool(module.ConvReLU(b, b.Image(56, 56, 1), 64, 1, 1), 2, 2)
			for range c.convs {
				x = b.ReLU(b.Bias(b.As("run%d", c.convs).Conv(x, 64, 3, 1), false))
				c.convs--
			}
			b.Logits(module.PoolHead(b, x, nn.Avg))
			g, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			if changes, err := c.approach.Rewrite(g); err != nil || changes.Applied != 1 {
				t.Fatalf("%s (%v)", changes, err)
			}
			params, macs := counts(t, g, "run")
			if c.macs == 0 {
				c.macs = 784 * c.weights
			}
			if params != c.weights || macs != c.macs {
				t.Errorf("%d weights and %d multiply-adds, want %d and %d", params, macs, c.weights, c.macs)
			}
		})
	}
}

// counts sums the parameters and multiply-adds of layers whose names begin with a prefix.
func counts(t *testing.T, g *nn.Graph, prefix string) (params, macs int64) {
	t.Helper()
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Layers {
		if strings.HasPrefix(r.Name, prefix) {
			params, macs = params+r.Params, macs+r.MACs
		}
	}
	return params, macs
}

// names prints the layers that a network has of a kind, with what they read: "conv3/add(conv3, pool1)".
func reads(g *nn.Graph, kind string) string {
	var s []string
	for _, n := range g.Nodes {
		if n.Layer.Kind() == kind {
			s = append(s, fmt.Sprintf("%s%v", n, n.In))
		}
	}
	return strings.Join(s, " ")
}
