package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
)

func TestInceptionResidualAddsAModule(t *testing.T) {
	p := func(scale float32, w architecture.Widths, where nn.Glob) architecture.InceptionResidual {
		return architecture.InceptionResidual{Scale: scale, Branches: w, Pool: nn.Max, Five: "5x5", Where: where}
	}
	narrow := architecture.Widths{{0, 2}, {1, 2}} // 4 maps, whatever the convolution gives
	check(t, []rewriting{
		{"the identity where the shape stays", plain, p(0.2, narrow, "conv2"), "replaced 1 of 1 convolutions larger than 1x1", `
			conv2/branch1/conv1: conv 1x1 + bias 8x8x2 18
			conv2/branch1/conv1/act: relu 8x8x2
			conv2/branch2/conv1: conv 1x1 + bias 8x8x1 9
			conv2/branch2/conv1/act: relu 8x8x1
			conv2/branch2/conv2: conv 3x3 pad 1 + bias 8x8x2 20
			conv2/branch2/conv2/act: relu 8x8x2
			conv2/concat: concat 8x8x4
			conv2/linear: conv 1x1 + bias 8x8x8 40                  # 4·8 + 8, no activation
			conv2/scale: scale 0.2 8x8x8
			conv2/add: add 8x8x8`, "conv2"},
		{"shares, two 3x3, no factor, a projection", plain, architecture.InceptionResidual{
			Scale: 1, Branches: architecture.Widths{{0, 0.5}, {}, {0, 0.25}, {0, 0.25}}, Pool: nn.Avg, Five: "3x3+3x3", Reduce: 0.5, Where: "conv3",
		}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/branch1/conv1: conv 1x1 + bias 8x8x8 72
			conv3/branch1/conv1/act: relu 8x8x8
			conv3/branch2/conv1: conv 1x1 + bias 8x8x2 18
			conv3/branch2/conv1/act: relu 8x8x2
			conv3/branch2/conv2: conv 3x3 pad 1 + bias 8x8x4 76
			conv3/branch2/conv2/act: relu 8x8x4
			conv3/branch2/conv3: conv 3x3 pad 1 + bias 8x8x4 148
			conv3/branch2/conv3/act: relu 8x8x4
			conv3/branch3/pool1: avg pool 3x3 pad 1 8x8x8
			conv3/branch3/conv1: conv 1x1 + bias 8x8x4 36
			conv3/branch3/conv1/act: relu 8x8x4
			conv3/concat: concat 8x8x16
			conv3/linear: conv 1x1 + bias 8x8x16 272
			conv3/shortcut: conv 1x1 + bias 8x8x16 144              # 8·16 + 16
			conv3/add: add 8x8x16`, "conv3"},
		{"norms over the branches, not over the sum; a stride", normed, p(0.2, narrow, "conv3"), "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/branch1/conv1: conv 1x1 + batchnorm 8x8x1 10
			conv3/branch1/conv1/act: relu 8x8x1
			conv3/branch1/conv2: conv 3x3/2 pad 1 + batchnorm 4x4x2 22
			conv3/branch1/conv2/act: relu 4x4x2
			conv3/branch2/pool1: max pool 3x3/2 pad 1 4x4x8
			conv3/concat: concat 4x4x10
			conv3/linear: conv 1x1 + bias 4x4x16 176
			conv3/scale: scale 0.2 4x4x16
			conv3/shortcut: conv 1x1/2 + batchnorm 4x4x16 160       # 8·16 + 2·16
			conv3/add: add 4x4x16`, "conv3"},
		{"pre-activation: the bypass begins in front of the activation", preact, p(0.2, narrow, "block/conv2"), "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv1: conv 3x3 pad 1 + bias 8x8x8 584            # read by the bypass, too: no norm takes its bias
			block/conv2/branch1/conv1: conv 1x1 + batchnorm 8x8x2 20
			block/conv2/branch1/conv1/act: relu 8x8x2
			block/conv2/branch2/conv1: conv 1x1 + batchnorm 8x8x1 10
			block/conv2/branch2/conv1/act: relu 8x8x1
			block/conv2/branch2/conv2: conv 3x3 pad 1 + batchnorm 8x8x2 22
			block/conv2/branch2/conv2/act: relu 8x8x2
			block/conv2/concat: concat 8x8x4
			block/conv2/linear: conv 1x1 + bias 8x8x8 40
			block/conv2/scale: scale 0.2 8x8x8
			block/conv2/add: add 8x8x8`, "block/conv1 block/conv2"},
		{"what does not fit", valid, p(0.2, narrow, ""), "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; gives 2x2 of 6x6, which no stride does; pad its convolutions: conv2", "", ""},
	})
	for _, c := range []struct {
		net  func(t *testing.T) *nn.Graph
		at   nn.Glob
		want string
	}{
		{plain, "conv2", "conv2/add[conv2/scale conv1/act]"},
		{plain, "conv3", "conv3/add[conv3/scale conv3/shortcut]"},
		{preact, "block/conv2", "block/conv2/add[block/conv2/scale block/conv1] block/add[block/conv2/add conv1]"},
		{blocks, "block/conv2", "block/conv2/add[block/conv2/scale block/conv1/act] block/add[block/conv2/add conv1/act]"},
	} {
		g := c.net(t)
		if _, err := p(0.2, narrow, c.at).Rewrite(g); err != nil {
			t.Fatal(err)
		}
		if got := reads(g, "add"); got != c.want {
			t.Errorf("%s: %s, want %s", c.at, got, c.want)
		}
	}
}
