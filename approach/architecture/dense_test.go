package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestDenseReadsAllThatCameBefore(t *testing.T) {
	check(t, []rewriting{
		{"without norms: activation, convolution, bias", plain, architecture.Dense{Growth: 2, Compression: 1}, "replaced 1 of 2 stages; reads the images: conv1", `
			conv3/layer1/act: relu 8x8x8
			conv3/layer1/conv1: conv 3x3 pad 1 + bias 8x8x2 146         # 9·8·2 + 2
			conv3/layer1/concat: concat 8x8x10
			conv3/layer2/act: relu 8x8x10
			conv3/layer2/conv1: conv 3x3 pad 1 + bias 8x8x2 182         # 9·10·2 + 2
			conv3/layer2/concat: concat 8x8x12
			conv3/layer2/concat/act: relu 8x8x12
			conv3/expand: conv 1x1 + bias 8x8x16 208                    # to the stage's channels: 12·16 + 16; the ReLU of conv3 follows`, "conv2 conv2/act conv3"},
		{"B and C, with norms, behind a stride", normed, architecture.Dense{Growth: 3, Bottleneck: true, Compression: 0.5, Where: "conv[23]"}, "replaced 0 of 2 stages; fewer than 2 convolutions larger than 1x1 one behind the other: conv2, conv3", "", ""},
		{"blocks that stride: the average pooling comes first", staged, architecture.Dense{Growth: 3, Bottleneck: true, Compression: 0.5, Where: "stage2/**"}, "replaced 1 of 1 stages", `
			stage2/block1/add/pool1: avg pool 2x2/2 ceil 4x4x4
			stage2/block1/add/layer1/act: batchnorm + relu 4x4x4 8   # a norm of its own: 2·4
			stage2/block1/add/layer1/conv1: conv 1x1 4x4x12 48             # four times the growth: 4·12
			stage2/block1/add/layer1/conv1/act: batchnorm + relu 4x4x12 24
			stage2/block1/add/layer1/conv2: conv 3x3 pad 1 4x4x3 324       # 9·12·3
			stage2/block1/add/layer1/concat: concat 4x4x7
			stage2/block1/add/layer2/act: batchnorm + relu 4x4x7 14
			stage2/block1/add/layer2/conv1: conv 1x1 4x4x12 84
			stage2/block1/add/layer2/conv1/act: batchnorm + relu 4x4x12 24
			stage2/block1/add/layer2/conv2: conv 3x3 pad 1 4x4x3 324
			stage2/block1/add/layer2/concat: concat 4x4x10
			stage2/block1/add/transition/act: batchnorm + relu 4x4x10 20
			stage2/block1/add/transition/conv1: conv 1x1 4x4x5 50          # half of 10
			stage2/block1/add/transition/conv1/act: batchnorm + relu 4x4x5 10
			stage2/block1/add/expand: conv 1x1 + batchnorm 4x4x8 56        # 5·8 + 2·8; the ReLU of the sum follows`,
			"stage2/block1/conv1 stage2/block1/conv1/act stage2/block1/conv2 stage2/block1/shortcut stage2/block1/add"},
		{"pre-activation: the path stays raw", prestaged, architecture.Dense{Growth: 2, Compression: 1, Where: "stage1/block2/**"}, "replaced 1 of 1 stages", `
			stage1/block2/add/layer1/act: batchnorm + relu 8x8x4 8
			stage1/block2/add/layer1/conv1: conv 3x3 pad 1 8x8x2 72
			stage1/block2/add/layer1/concat: concat 8x8x6
			stage1/block2/add/layer2/act: batchnorm + relu 8x8x6 12
			stage1/block2/add/layer2/conv1: conv 3x3 pad 1 8x8x2 108
			stage1/block2/add/layer2/concat: concat 8x8x8
			stage1/block2/add/layer2/concat/act: batchnorm + relu 8x8x8 16
			stage1/block2/add/expand: conv 1x1 8x8x4 32`,
			"stage1/block2/act stage1/block2/conv1 stage1/block2/conv1/act stage1/block2/conv2 stage1/block2/add"},
		{"a norm behind the activation stays there", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			for range 3 {
				x = b.Norm(module.ConvReLU(b, x, 4, 3, 1))
			}
			return module.PoolHead(b, b.Dropout(x, 0.2), nn.Avg)
		}), architecture.Dense{Growth: 2, Compression: 1}, "replaced 1 of 2 stages; reads the images: conv1", `
			conv3/layer1/act: relu + batchnorm 8x8x4 8
			conv3/layer1/conv1: conv 3x3 pad 1 8x8x2 72
			conv3/layer1/concat: concat 8x8x6
			conv3/layer2/act: relu + batchnorm 8x8x6 12
			conv3/layer2/conv1: conv 3x3 pad 1 8x8x2 108
			conv3/layer2/concat: concat 8x8x8
			conv3/layer2/concat/act: relu + batchnorm 8x8x8 16
			conv3/expand: conv 1x1 + bias 8x8x4 36                      # conv3/act has norm and dropout as before`, "conv2 conv2/act conv3"},
		{"a stage that ends in a concatenation of activations", branched, architecture.Dense{Growth: 2, Compression: 1}, "replaced 1 of 2 stages; reads the images: conv1", `
			m2/concat/layer1/act: relu 8x8x4
			m2/concat/layer1/conv1: conv 3x3 pad 1 + bias 8x8x2 74
			m2/concat/layer1/concat: concat 8x8x6
			m2/concat/layer2/act: relu 8x8x6
			m2/concat/layer2/conv1: conv 3x3 pad 1 + bias 8x8x2 110
			m2/concat/layer2/concat: concat 8x8x8
			m2/concat/layer2/concat/act: relu 8x8x8
			m2/concat/expand: conv 1x1 + bias 8x8x4 36
			m2/concat/expand/act: relu 8x8x4`,
			"m1/branch1/conv1 m1/branch1/conv1/act m1/branch2/conv1 m1/branch2/conv1/act m1/branch2/conv2 m1/branch2/conv2/act m1/concat m2/branch1/conv1 m2/branch1/conv1/act m2/branch2/conv1 m2/branch2/conv1/act m2/branch2/conv2 m2/branch2/conv2/act m2/concat"},
	})
}

// branched is two inception modules of a 1x1 and a 3x3 branch.
var branched = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
	x = module.ConvReLU(b, x, 4, 3, 1)
	for _, name := range []string{"m1", "m2"} {
		x = module.Inception(s, 2, [2]int{2, 2}, [2]int{}, 0)(b.Scope("%s", name), x)
	}
	return module.PoolHead(b, x, nn.Avg)
})
