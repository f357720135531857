package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestStrideChangesTheMapsBehindIt(t *testing.T) {
	first := architecture.Layers{architecture.First}
	check(t, []rewriting{
		{"the first", plain, architecture.Stride{Layer: first, To: nn.Square(2)}, "set the stride of 1 of 1 layers", `
			conv1: conv 3x3/2 pad 1 + bias 4x4x8 224
			conv1/act: relu 4x4x8
			conv2: conv 3x3 pad 1 + bias 4x4x8 584
			conv2/act: relu 4x4x8
			conv3: conv 3x3 pad 1 + bias 4x4x16 1168
			conv3/act: relu 4x4x16
			pool1: max pool 2x2/2 2x2x16
			linear1: linear + bias 1x1x12 780                                     # 2·2·16·12 + 12`, "conv1 conv1/act conv2 conv2/act conv3 conv3/act pool1 linear1"},
		{"a pooling", overlapping, architecture.Stride{Layer: architecture.Layers{"pool2"}, To: nn.Square(1)}, "set the stride of 1 of 1 layers", `
			pool2: max pool 3x3 ceil 2x2x8`, "pool2"},
		{"the branches of a block, one pattern twice", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.PoolHead(b, module.Basic(b.Scope("block"), module.ConvBNReLU(b, x, 4, 3, 1), 8, 2, module.OptionA), nn.Avg)
		}), architecture.Stride{Layer: architecture.Layers{"block/conv1", "block/shortcut", "*/conv1"}, To: nn.Square(1)}, "set the stride of 2 of 2 layers", `
			block/conv1: conv 3x3 pad 1 + batchnorm 8x8x8 304
			block/conv1/act: relu 8x8x8
			block/conv2: conv 3x3 pad 1 + batchnorm 8x8x8 592
			block/shortcut: shortcut 8x8x8
			block/add: add 8x8x8
			block/add/act: relu 8x8x8`, "block/conv1 block/conv1/act block/conv2 block/shortcut block/add block/add/act"},
		{"of rows and columns", valid, architecture.Stride{Layer: first, To: nn.HW{2, 1}}, "set the stride of 1 of 1 layers", `
			conv1: conv 3x3/2x1 + bias 3x6x8 224
			conv1/act: tanh 3x6x8
			conv2: conv 3x3/2 groups 2 + bias 1x2x8 296
			conv2/act: tanh 1x2x8
			linear1: linear + bias 1x1x10 170`, "conv1 conv1/act conv2 conv2/act linear1"},
	})
}
