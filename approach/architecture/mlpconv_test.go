package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestMLPConvIsAConvolutionAnd1x1s(t *testing.T) {
	check(t, []rewriting{
		{"as published", plain, architecture.MLPConv{Layers: 2, Where: "conv[13]"}, "replaced 2 of 2 convolutions larger than 1x1", `
			conv1/conv: conv 3x3 pad 1 + bias 8x8x8 224
			conv1/conv/act: relu 8x8x8
			conv1/mlp1: conv 1x1 + bias 8x8x8 72                         # 8·8 + 8
			conv1/mlp1/act: relu 8x8x8
			conv1/mlp2: conv 1x1 + bias 8x8x8 72
			conv3/conv: conv 3x3 pad 1 + bias 8x8x16 1168
			conv3/conv/act: relu 8x8x16
			conv3/mlp1: conv 1x1 + bias 8x8x16 272                       # 16·16 + 16
			conv3/mlp1/act: relu 8x8x16
			conv3/mlp2: conv 1x1 + bias 8x8x16 272`, "conv1 conv3"},
		{"a stride stays where it is", normed, architecture.MLPConv{Layers: 1, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/conv: conv 3x3/2 pad 1 + batchnorm 4x4x16 1184
			conv3/conv/act: relu 4x4x16
			conv3/mlp1: conv 1x1 + batchnorm 4x4x16 288                  # 16·16 + 2·16`, "conv3"},
		{"in front of an addition", blocks, architecture.MLPConv{Layers: 1, Where: "block/conv2"}, "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/conv: conv 3x3 pad 1 + batchnorm 8x8x8 592
			block/conv2/conv/act: relu 8x8x8
			block/conv2/mlp1: conv 1x1 + batchnorm 8x8x8 80`, "block/conv2"},
		{"the classes come last", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.GlobalAvgPool(b.ReLU(b.As("classes").Conv(module.ConvReLU(b, x, 4, 3, 1), nn.Classes, 3, 1)))
		}), architecture.MLPConv{Layers: 2, Where: "classes"}, "replaced 1 of 1 convolutions larger than 1x1", `
			classes/conv: conv 3x3 pad 1 + bias 8x8x4 148
			classes/conv/act: relu 8x8x4
			classes/mlp1: conv 1x1 + bias 8x8x4 20
			classes/mlp1/act: relu 8x8x4
			classes/mlp2: conv 1x1 + bias 8x8x10 50`, "classes"},
	})
}
