package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// VGG: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv:1409.1556, table 1.
// Dropout .5 after the hidden layers, as §3.1. Parameters as torchvision's, which has the same layers at 224x224. The _bn forms
// are torchvision's: batch norm behind every convolution, whose bias stays although the norm takes its effect.
var vggs = []Net{
	//                                                         convolutions a stage
	{"vgg11", "vgg", vggPaper, 1000, vgg(nn.Style{}, 1, 1, 2, 2, 2), Published{132_863_336, 7.6091}}, // A
	{"vgg13", "vgg", vggPaper, 1000, vgg(nn.Style{}, 2, 2, 2, 2, 2), Published{133_047_848, 11.308}}, // B
	{"vgg16", "vgg", vggPaper, 1000, vgg(nn.Style{}, 2, 2, 3, 3, 3), Published{138_357_544, 15.470}}, // D
	{"vgg19", "vgg", vggPaper, 1000, vgg(nn.Style{}, 2, 2, 4, 4, 4), Published{143_667_240, 19.632}}, // E
	{"vgg11_bn", "vgg", vggPaper, 1000, vgg(biasedNorm, 1, 1, 2, 2, 2), Published{132_868_840, 7.6091}},
	{"vgg13_bn", "vgg", vggPaper, 1000, vgg(biasedNorm, 2, 2, 2, 2, 2), Published{133_053_736, 11.308}},
	{"vgg16_bn", "vgg", vggPaper, 1000, vgg(biasedNorm, 2, 2, 3, 3, 3), Published{138_365_992, 15.470}},
	{"vgg19_bn", "vgg", vggPaper, 1000, vgg(biasedNorm, 2, 2, 4, 4, 4), Published{143_678_248, 19.632}},
}

const vggPaper = "Simonyan, Zisserman 2014, arXiv:1409.1556"

// biasedNorm is batch norm with the bias of the convolution in front of it kept.
var biasedNorm = nn.Style{Norm: nn.BatchNorm{Momentum: 0.9, Eps: 1e-5, Affine: true, Bias: true}}

func vgg(s nn.Style, stages ...int) Build {
	s.Bias, s.Act = true, nn.Activation{Func: nn.ReLU}
	return func(b *nn.Builder) {
		x := b.Image(224, 224, 3)
		for i, n := range stages { // widths 64, 128, 256, 512, 512; maps 224, 112, 56, 28, 14
			for j := range n {
				x = b.Finish(b.As("conv%d_%d", i+1, j+1).Conv(x, min(64<<i, 512), 3, 1), s)
			}
			x = b.MaxPool(x, 2, 2)
		}
		x = module.Hidden(b.As("fc6"), x, 4096, 0.5) // of 7x7x512
		x = module.Hidden(b.As("fc7"), x, 4096, 0.5)
		b.Logits(b.As("fc8").Linear(x, nn.Classes))
	}
}
