package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestFireSqueezesAndExpands(t *testing.T) {
	fire := architecture.Fire{Squeeze: 0.125, Expand3: 0.5}
	check(t, []rewriting{
		{"as published", plain, architecture.Fire{Squeeze: 0.125, Expand3: 0.5, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/squeeze: conv 1x1 + bias 8x8x2 18                      # an eighth of 16: 8·2 + 2
			conv3/squeeze/act: relu 8x8x2
			conv3/expand1x1: conv 1x1 + bias 8x8x8 24                    # 2·8 + 8
			conv3/expand1x1/act: relu 8x8x8
			conv3/expand3x3: conv 3x3 pad 1 + bias 8x8x8 152             # 9·2·8 + 8
			conv3/expand3x3/act: relu 8x8x8
			conv3/concat: concat 8x8x16`, "conv3 conv3/act"},
		{"with norms and a stride, other shares", normed, architecture.Fire{Squeeze: 0.5, Expand3: 0.25, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/squeeze: conv 1x1 + batchnorm 8x8x8 80                 # 8·8 + 2·8
			conv3/squeeze/act: relu 8x8x8
			conv3/expand1x1: conv 1x1/2 + batchnorm 4x4x12 120           # 8·12 + 2·12
			conv3/expand1x1/act: relu 4x4x12
			conv3/expand3x3: conv 3x3/2 pad 1 + batchnorm 4x4x4 296      # 9·8·4 + 2·4
			conv3/expand3x3/act: relu 4x4x4
			conv3/concat: concat 4x4x16`, "conv3 conv3/act"},
		{"in front of an addition nothing follows the expansions but their norm", blocks, architecture.Fire{Squeeze: 0.125, Expand3: 0.5, Where: "block/conv2"}, "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/squeeze: conv 1x1 + batchnorm 8x8x1 10
			block/conv2/squeeze/act: relu 8x8x1
			block/conv2/expand1x1: conv 1x1 + batchnorm 8x8x4 12
			block/conv2/expand3x3: conv 3x3 pad 1 + batchnorm 8x8x4 44
			block/conv2/concat: concat 8x8x8`, "block/conv2"},
		{"pre-activation", preact, architecture.Fire{Squeeze: 0.25, Expand3: 0.5, Where: "block/conv2"}, "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/squeeze: conv 1x1 8x8x2 16
			block/conv2/squeeze/act: batchnorm + relu 8x8x2 4
			block/conv2/expand1x1: conv 1x1 8x8x4 8
			block/conv2/expand3x3: conv 3x3 pad 1 8x8x4 72
			block/conv2/concat: concat 8x8x8`, "block/conv2"},
		{"what does not fit", valid, fire, "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; gives another map than its stride alone would: conv2", "", ""},
		{"too few outputs to share", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.PoolHead(b, module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 1, 3, 1), nn.Avg)
		}), fire, "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; 1 outputs leave nothing for one of two shares: conv2", "", ""},
	})
}

// Dropout over the activation that a module takes in lies over the module.
func TestARebuiltUnitKeepsItsDropout(t *testing.T) {
	g := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = module.ConvReLU(b, x, 4, 3, 1)
		return b.Linear(b.Dropout(b.Norm(module.ConvReLU(b, x, 8, 3, 1)), 0.25), nn.Classes)
	})(t)
	if _, err := (architecture.Fire{Squeeze: 0.5, Expand3: 0.5}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"conv2/expand3x3": "conv 3x3 pad 1 + bias", "conv2/expand3x3/act": "relu + batchnorm", "conv2/concat": "concat + dropout 0.25"} {
		if got := detail(t, g, name); got != want {
			t.Errorf("%s is %s, want %s: the norm stands behind the activation, in each branch", name, got, want)
		}
	}
}

func detail(t *testing.T, g *nn.Graph, name string) string {
	t.Helper()
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Layers {
		if r.Name == name {
			return r.Detail
		}
	}
	return ""
}
