package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// MobileNet: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
// arXiv:1704.04861, table 1. Norm and ReLU follow the depthwise and the pointwise convolution of every block. The table's last
// depthwise convolution is printed with stride 2 on 7x7; it has stride 1, as its output size says.
var mobilenets = []Net{
	{"mobilenet", "mobilenet", "Howard et al. 2017, arXiv:1704.04861", 1000, mobilenet, Published{4_231_976, 0.568_74}},
}

func mobilenet(b *nn.Builder) {
	s := module.BNReLU()
	x := module.ConvBNReLU(b, b.Image(224, 224, 3), 32, 3, 2) // 112x112x32
	for i, l := range []struct{ out, stride int }{
		{64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, // 112, 56, 56, 28, 28, 14
		{512, 1}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, // 14
		{1024, 2}, {1024, 1}, // 7
	} {
		c := nn.Conv{Out: l.out, Kernel: nn.Square(3), Stride: nn.Square(l.stride), Padding: nn.Pad(1)}
		u := b.Scope("block%d", i+1)
		x = u.Finish(module.Separable(u, x, c, s, module.DepthwiseFirst, 1), s)
	}
	b.Logits(module.PoolHead(b, x, nn.Avg))
}
