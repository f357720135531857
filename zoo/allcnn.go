package zoo

import "github.com/assaylab/assay/nn"

// All-CNN-C: Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for Simplicity: The All Convolutional Net", arXiv:1412.6806,
// tables 1 and 2: convolutions of stride 2 in place of pooling. The last 3x3 convolution is not padded, which gives the table's
// 6x6. Dropout .2 on the image and .5 behind each convolution that stands for a pooling, §3.2.
var allcnns = []Net{
	{"all-cnn-c", "all-cnn", "Springenberg et al. 2014, arXiv:1412.6806", 10, allCNN, Published{1_369_738, 0.2708}},
}

func allCNN(b *nn.Builder) {
	x := b.Dropout(b.Image(32, 32, 3), 0.2)
	for _, width := range []int{96, 192} { // 32x32, 16x16
		x = b.ReLU(b.Conv(x, width, 3, 1))
		x = b.ReLU(b.Conv(x, width, 3, 1))
		x = b.Dropout(b.ReLU(b.Conv(x, width, 3, 2)), 0.5)
	}
	x = b.ReLU(b.ConvOf(x, nn.Conv{Out: 192, Kernel: nn.Square(3)})) // 8x8 to 6x6
	x = b.ReLU(b.Conv(x, 192, 1, 1))
	x = b.ReLU(b.Conv(x, nn.Classes, 1, 1))
	b.Logits(b.GlobalAvgPool(x))
}
