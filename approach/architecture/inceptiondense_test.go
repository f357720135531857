package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
)

func TestInceptionDenseAppendsModules(t *testing.T) {
	check(t, []rewriting{
		{"v1's shares of the growth, reductions of four times a branch's maps", plain, architecture.InceptionDense{Growth: 8, Branches: architecture.V1}, "replaced 1 of 2 stages; reads the images: conv1", `
			conv3/layer1/branch1/conv1: conv 1x1 + bias 8x8x2 18            # a quarter of 8
			conv3/layer1/branch1/conv1/act: relu 8x8x2
			conv3/layer1/branch2/conv1: conv 1x1 + bias 8x8x8 72            # 4·4 are more than the 8 that there are
			conv3/layer1/branch2/conv1/act: relu 8x8x8
			conv3/layer1/branch2/conv2: conv 3x3 pad 1 + bias 8x8x4 292     # 9·8·4 + 4
			conv3/layer1/branch2/conv2/act: relu 8x8x4
			conv3/layer1/branch3/conv1: conv 1x1 + bias 8x8x4 36            # 4·1
			conv3/layer1/branch3/conv1/act: relu 8x8x4
			conv3/layer1/branch3/conv2: conv 5x5 pad 2 + bias 8x8x1 101     # 25·4 + 1
			conv3/layer1/branch3/conv2/act: relu 8x8x1
			conv3/layer1/branch4/pool1: max pool 3x3 pad 1 8x8x8
			conv3/layer1/branch4/conv1: conv 1x1 + bias 8x8x1 9
			conv3/layer1/branch4/conv1/act: relu 8x8x1
			conv3/layer1/concat: concat 8x8x16
			conv3/layer2/branch1/conv1: conv 1x1 + bias 8x8x2 34
			conv3/layer2/branch1/conv1/act: relu 8x8x2
			conv3/layer2/branch2/conv1: conv 1x1 + bias 8x8x16 272          # 4·4
			conv3/layer2/branch2/conv1/act: relu 8x8x16
			conv3/layer2/branch2/conv2: conv 3x3 pad 1 + bias 8x8x4 580
			conv3/layer2/branch2/conv2/act: relu 8x8x4
			conv3/layer2/branch3/conv1: conv 1x1 + bias 8x8x4 68
			conv3/layer2/branch3/conv1/act: relu 8x8x4
			conv3/layer2/branch3/conv2: conv 5x5 pad 2 + bias 8x8x1 101
			conv3/layer2/branch3/conv2/act: relu 8x8x1
			conv3/layer2/branch4/pool1: max pool 3x3 pad 1 8x8x16
			conv3/layer2/branch4/conv1: conv 1x1 + bias 8x8x1 17
			conv3/layer2/branch4/conv1/act: relu 8x8x1
			conv3/layer2/concat: concat 8x8x24
			conv3/expand: conv 1x1 + bias 8x8x16 400                        # 24·16 + 16; the ReLU of conv3 follows`, "conv2 conv2/act conv3"},
		{"norms, a stride, two branches", staged, architecture.InceptionDense{Growth: 4, Branches: architecture.Widths{{0, 1}, {2, 3}}, Where: "stage2/**"}, "replaced 1 of 1 stages", `
			stage2/block1/add/pool1: avg pool 2x2/2 ceil 4x4x4
			stage2/block1/add/layer1/branch1/conv1: conv 1x1 + batchnorm 4x4x1 6
			stage2/block1/add/layer1/branch1/conv1/act: relu 4x4x1
			stage2/block1/add/layer1/branch2/conv1: conv 1x1 + batchnorm 4x4x2 12
			stage2/block1/add/layer1/branch2/conv1/act: relu 4x4x2
			stage2/block1/add/layer1/branch2/conv2: conv 3x3 pad 1 + batchnorm 4x4x3 60
			stage2/block1/add/layer1/branch2/conv2/act: relu 4x4x3
			stage2/block1/add/layer1/concat: concat 4x4x8
			stage2/block1/add/layer2/branch1/conv1: conv 1x1 + batchnorm 4x4x1 10
			stage2/block1/add/layer2/branch1/conv1/act: relu 4x4x1
			stage2/block1/add/layer2/branch2/conv1: conv 1x1 + batchnorm 4x4x2 20
			stage2/block1/add/layer2/branch2/conv1/act: relu 4x4x2
			stage2/block1/add/layer2/branch2/conv2: conv 3x3 pad 1 + batchnorm 4x4x3 60
			stage2/block1/add/layer2/branch2/conv2/act: relu 4x4x3
			stage2/block1/add/layer2/concat: concat 4x4x12
			stage2/block1/add/expand: conv 1x1 + batchnorm 4x4x8 112`,
			"stage2/block1/conv1 stage2/block1/conv1/act stage2/block1/conv2 stage2/block1/shortcut stage2/block1/add"},
		{"pre-activation: norm and activation in front, new maps raw", prestaged, architecture.InceptionDense{Growth: 2, Branches: architecture.Widths{{0, 0}, {3, 2}}, Where: "stage1/block2/**"}, "replaced 1 of 1 stages", `
			stage1/block2/add/layer1/act: batchnorm + relu 8x8x4 8
			stage1/block2/add/layer1/branch1/conv1: conv 1x1 8x8x3 12
			stage1/block2/add/layer1/branch1/conv1/act: batchnorm + relu 8x8x3 6
			stage1/block2/add/layer1/branch1/conv2: conv 3x3 pad 1 8x8x2 54
			stage1/block2/add/layer1/concat: concat 8x8x6
			stage1/block2/add/layer2/act: batchnorm + relu 8x8x6 12
			stage1/block2/add/layer2/branch1/conv1: conv 1x1 8x8x3 18
			stage1/block2/add/layer2/branch1/conv1/act: batchnorm + relu 8x8x3 6
			stage1/block2/add/layer2/branch1/conv2: conv 3x3 pad 1 8x8x2 54
			stage1/block2/add/layer2/concat: concat 8x8x8
			stage1/block2/add/layer2/concat/act: batchnorm + relu 8x8x8 16
			stage1/block2/add/expand: conv 1x1 8x8x4 32`,
			"stage1/block2/act stage1/block2/conv1 stage1/block2/conv1/act stage1/block2/conv2 stage1/block2/add"},
	})
}
