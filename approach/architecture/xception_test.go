package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

func TestXceptionIsSeparableConvolutionsWithABypass(t *testing.T) {
	p := func(relu module.ReLU, repeats int, where nn.Glob) architecture.Xception {
		return architecture.Xception{ReLU: relu, Repeats: repeats, Where: where}
	}
	check(t, []rewriting{
		{"nothing between, the first reads what is activated already", plain, p(module.ReLUNone, 2, ""), "replaced 1 of 2 stages; reads the images: conv1", `
			conv3/block1/sep1/depthwise: conv 3x3 pad 1 groups 8 8x8x8 72
			conv3/block1/sep1/pointwise: conv 1x1 + bias 8x8x16 144       # 8·16 + 16
			conv3/block1/sep1/pointwise/act: relu 8x8x16
			conv3/block1/sep2/depthwise: conv 3x3 pad 1 groups 16 8x8x16 144
			conv3/block1/sep2/pointwise: conv 1x1 + bias 8x8x16 272
			conv3/block1/shortcut: conv 1x1 + bias 8x8x16 144
			conv3/block1/add: add 8x8x16`, "conv2 conv2/act conv3"},
		{"norms; a stride is a max pooling", staged, p(module.ReLUNone, 2, "stage2/**"), "replaced 1 of 1 stages", `
			stage2/block1/add/block1/sep1/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			stage2/block1/add/block1/sep1/pointwise: conv 1x1 + batchnorm 8x8x8 48
			stage2/block1/add/block1/sep1/pointwise/act: relu 8x8x8
			stage2/block1/add/block1/sep2/depthwise: conv 3x3 pad 1 groups 8 8x8x8 72
			stage2/block1/add/block1/sep2/pointwise: conv 1x1 + batchnorm 8x8x8 80
			stage2/block1/add/block1/pool1: max pool 3x3/2 pad 1 4x4x8
			stage2/block1/add/block1/shortcut: conv 1x1/2 + batchnorm 4x4x8 48
			stage2/block1/add/block1/add: add 4x4x8`,
			"stage2/block1/conv1 stage2/block1/conv1/act stage2/block1/conv2 stage2/block1/shortcut stage2/block1/add"},
		{"norm and activation between; a second block begins with an activation", plain, p(module.ReLUBetween, 1, ""), "replaced 1 of 2 stages; reads the images: conv1", `
			conv3/block1/sep1/depthwise: conv 3x3 pad 1 groups 8 + bias 8x8x8 80
			conv3/block1/sep1/depthwise/act: relu 8x8x8
			conv3/block1/sep1/pointwise: conv 1x1 + bias 8x8x16 144
			conv3/block1/shortcut: conv 1x1 + bias 8x8x16 144
			conv3/block1/add: add 8x8x16
			conv3/block2/act: relu 8x8x16
			conv3/block2/sep1/depthwise: conv 3x3 pad 1 groups 16 + bias 8x8x16 160
			conv3/block2/sep1/depthwise/act: relu 8x8x16
			conv3/block2/sep1/pointwise: conv 1x1 + bias 8x8x16 272
			conv3/block2/add: add 8x8x16`, "conv2 conv2/act conv3"},
		{"after: behind each, the last included", staged, p(module.ReLUAfter, 2, "stage1/block2/**"), "replaced 1 of 1 stages", `
			stage1/block2/add/block1/sep1/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			stage1/block2/add/block1/sep1/pointwise: conv 1x1 + batchnorm 8x8x4 24
			stage1/block2/add/block1/sep1/pointwise/act: relu 8x8x4
			stage1/block2/add/block1/sep2/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			stage1/block2/add/block1/sep2/pointwise: conv 1x1 + batchnorm 8x8x4 24
			stage1/block2/add/block1/sep2/pointwise/act: relu 8x8x4
			stage1/block2/add/block1/add: add 8x8x4`,
			"stage1/block2/conv1 stage1/block2/conv1/act stage1/block2/conv2 stage1/block2/add"},
		{"pre-activation: norm and activation in front of each", prestaged, p(module.ReLUNone, 2, "stage1/block2/**"), "replaced 1 of 1 stages", `
			stage1/block2/add/block1/act: batchnorm + relu 8x8x4 8
			stage1/block2/add/block1/sep1/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			stage1/block2/add/block1/sep1/pointwise: conv 1x1 8x8x4 16
			stage1/block2/add/block1/sep1/pointwise/act: batchnorm + relu 8x8x4 8
			stage1/block2/add/block1/sep2/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			stage1/block2/add/block1/sep2/pointwise: conv 1x1 8x8x4 16
			stage1/block2/add/block1/add: add 8x8x4`,
			"stage1/block2/act stage1/block2/conv1 stage1/block2/conv1/act stage1/block2/conv2 stage1/block2/add"},
		{"a concatenation of activations is one of activations again", branched, p(module.ReLUNone, 2, ""), "replaced 1 of 2 stages; reads the images: conv1", `
			m2/concat/block1/sep1/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			m2/concat/block1/sep1/pointwise: conv 1x1 + bias 8x8x4 20
			m2/concat/block1/sep1/pointwise/act: relu 8x8x4
			m2/concat/block1/sep2/depthwise: conv 3x3 pad 1 groups 4 8x8x4 36
			m2/concat/block1/sep2/pointwise: conv 1x1 + bias 8x8x4 20
			m2/concat/block1/add: add 8x8x4
			m2/concat/block1/add/act: relu 8x8x4`,
			"m1/branch1/conv1 m1/branch1/conv1/act m1/branch2/conv1 m1/branch2/conv1/act m1/branch2/conv2 m1/branch2/conv2/act m1/concat m2/branch1/conv1 m2/branch1/conv1/act m2/branch2/conv1 m2/branch2/conv1/act m2/branch2/conv2 m2/branch2/conv2/act m2/concat"},
	})
}
