package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestFlattenedIsOneDimensionalConvolutions(t *testing.T) {
	check(t, []rewriting{
		{"two stages, as published", plain, architecture.Flattened{Stages: 2, Order: "LVH", Bias: true, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/lateral1: conv 1x1 + bias 8x8x16 144                            # 8·16 + 16
			conv3/vertical1: conv 3x1 pad 1,1,0,0 groups 16 + bias 8x8x16 64      # 3·16 + 16
			conv3/horizontal1: conv 1x3 pad 0,0,1,1 groups 16 + bias 8x8x16 64
			conv3/lateral2: conv 1x1 + bias 8x8x16 272                            # 16·16 + 16
			conv3/vertical2: conv 3x1 pad 1,1,0,0 groups 16 + bias 8x8x16 64
			conv3/horizontal2: conv 1x3 pad 0,0,1,1 groups 16 + bias 8x8x16 64`, "conv3"},
		{"one stage, no biases inside", plain, architecture.Flattened{Stages: 1, Order: "LVH", Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/lateral: conv 1x1 8x8x16 128
			conv3/vertical: conv 3x1 pad 1,1,0,0 groups 16 8x8x16 48
			conv3/horizontal: conv 1x3 pad 0,0,1,1 groups 16 + bias 8x8x16 64     # the layer's own`, "conv3"},
		{"lateral last, with a norm and strides", normed, architecture.Flattened{Stages: 1, Order: "HVL", Bias: true, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/horizontal: conv 1x3/1x2 pad 0,0,1,1 groups 8 + bias 8x4x8 32   # 3·8 + 8
			conv3/vertical: conv 3x1/2x1 pad 1,1,0,0 groups 8 + bias 4x4x8 32
			conv3/lateral: conv 1x1 + batchnorm 4x4x16 160                        # 8·16 + 2·16`, "conv3"},
		{"without padding the first stage strips and strides", valid, architecture.Flattened{Stages: 2, Order: "VLH", Bias: true}, "replaced 1 of 2 convolutions larger than 1x1; reads the images: conv1", `
			conv2/vertical1: conv 3x1/2x1 groups 8 + bias 2x6x8 32
			conv2/lateral1: conv 1x1 + bias 2x6x8 72                              # its groups are gone
			conv2/horizontal1: conv 1x3/1x2 groups 8 + bias 2x2x8 32
			conv2/vertical2: conv 3x1 pad 1,1,0,0 groups 8 + bias 2x2x8 32
			conv2/lateral2: conv 1x1 + bias 2x2x8 72
			conv2/horizontal2: conv 1x3 pad 0,0,1,1 groups 8 + bias 2x2x8 32`, "conv2"},
		{"a row alone", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			k := nn.HW{1, 5}
			x = b.ConvOf(module.ConvReLU(b, x, 4, 3, 1), nn.Conv{Out: 6, Kernel: k, Padding: nn.Same(k, nn.Square(1))})
			return module.PoolHead(b, b.ReLU(x), nn.Avg)
		}), architecture.Flattened{Stages: 1, Order: "LVH", Bias: true}, "replaced 1 of 2 convolutions larger than 1x1; reads the images: conv1", `
			conv2/lateral: conv 1x1 + bias 8x8x6 30
			conv2/horizontal: conv 1x5 pad 0,0,2,2 groups 6 + bias 8x8x6 36`, "conv2"},
	})
}
