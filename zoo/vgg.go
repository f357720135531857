package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// VGG: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556, table 1.
// Dropout .5 after the hidden layers, as §3.1. Parameters as torchvision's, which has the same layers at 224x224.
var vggs = []Net{
	//                                               convolutions a stage
	{"vgg11", "vgg", "Simonyan, Zisserman 2014, arXiv:1409.1556", 1000, vgg(1, 1, 2, 2, 2), Published{132_863_336, 7.609}}, // A
}

func vgg(stages ...int) Build {
	return func(b *nn.Builder) {
		x := b.Image(224, 224, 3)
		for i, n := range stages { // widths 64, 128, 256, 512, 512; maps 224, 112, 56, 28, 14
			for j := range n {
				x = module.ConvReLU(b.As("conv%d_%d", i+1, j+1), x, min(64<<i, 512), 3, 1)
			}
			x = b.MaxPool(x, 2, 2)
		}
		x = module.Hidden(b.As("fc6"), x, 4096, 0.5) // of 7x7x512
		x = module.Hidden(b.As("fc7"), x, 4096, 0.5)
		b.Logits(b.As("fc8").Linear(x, nn.Classes))
	}
}
