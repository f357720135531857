package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Flattened: Jin, Dundar, Culurciello, "Flattened Convolutional Neural Networks for Feedforward Acceleration", arXiv:1412.5474,
// their network for CIFAR-10: three layers of 5x5 windows with 96, 128 and 256 maps, ReLU and 2x2 pooling, and a perceptron.
// Each layer is two stages of a lateral (1x1), a vertical (5x1, a filter a map) and a horizontal (1x5) convolution with a bias
// after each and no activation inside (figure 2); the lateral convolution widens, as in the authors' jhjin/flattened-cnn, so
// that the other two hold a filter a map. The paper prints no count of the whole; the one here follows from that table.
// Deviation: windows are padded by 2 on both sides, which keeps a map's size; figure 2 has them "in full mode" to the same end.
// Out of reach, and so from memory: the maps, the window and the pooling of the paper's table, which neither that repository nor
// any copy we could read has. The hidden layer's 256 units and dropout .5 are our choice.
var flatteneds = []Net{
	{"flattened", "flattened", "Jin et al. 2014, arXiv:1412.5474", 10, flattened, Published{1_200_362, 0.027_363_840}},
}

func flattened(b *nn.Builder) {
	x := b.Image(32, 32, 3)
	vertical := nn.Conv{Kernel: nn.HW{5, 1}, Padding: nn.Padding{2, 2, 0, 0}}
	horizontal := nn.Conv{Kernel: nn.HW{1, 5}, Padding: nn.Padding{0, 0, 2, 2}}
	for i, out := range []int{96, 128, 256} { // 32x32, 16x16, 8x8
		c := b.Scope("layer%d", i+1)
		x = module.Flattened(c, x, "LVH", out, []nn.Conv{vertical, vertical}, []nn.Conv{horizontal, horizontal}, true)
		x = c.MaxPool(c.ReLU(x), 2, 2)
	}
	x = module.Hidden(b, x, 256, 0.5) // of 4x4x256
	b.Logits(b.Linear(x, nn.Classes))
}
