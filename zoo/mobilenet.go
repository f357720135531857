package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// MobileNet: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
// arXiv:1704.04861, table 1. Norm and ReLU follow the depthwise and the pointwise convolution of every block. The table's last
// depthwise convolution is printed with stride 2 on 7x7; it has stride 1, as its output size says.
//
// MobileNetV2: Sandler et al., arXiv:1801.04381, table 2, as torchvision has it: dropout .2 in front of the classifier. The norm
// behind a projection has no activation, and a block that keeps its shape is bypassed.
var mobilenets = []Net{
	{"mobilenet", "mobilenet", "Howard et al. 2017, arXiv:1704.04861", 1000, mobilenet, Published{4_231_976, 0.568_74}},
	{"mobilenet_v2", "mobilenet", "Sandler et al. 2018, arXiv:1801.04381", 1000, mobilenetV2, Published{3_504_872, 0.300_77}},
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

func mobilenetV2(b *nn.Builder) {
	s := module.BNReLU()
	s.Act = nn.Activation{Func: nn.ReLU6}
	first := nn.Conv{Out: 32, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)}
	x := module.Convolve(s, first)(b, b.Image(224, 224, 3)) // 112x112x32
	for i, l := range []struct{ expand, out, n, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}, // 112, 56, 28, 14, 14, 7, 7
	} {
		for j := range l.n {
			c := nn.Conv{Out: l.out, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)}
			if j == 0 {
				c.Stride = nn.Square(l.stride)
			}
			x = invertedResidual(b.Scope("stage%d/block%d", i+1, j+1), x, c, s, l.expand)
		}
	}
	x = module.Convolved(s, 1280, 1)(b, x)
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}

// invertedResidual is the block of arXiv:1801.04381, figure 4d; at an expansion of 1 nothing stands in front of the depthwise convolution.
func invertedResidual(b *nn.Builder, x *nn.Node, c nn.Conv, s nn.Style, expand int) *nn.Node {
	order := module.Inverted
	if expand == 1 {
		order = module.DepthwiseFirst
	}
	y := b.Norm(module.Separable(b, x, c, s, order, expand))
	if b.Size(y) != b.Size(x) {
		return y
	}
	return b.Add(x, y)
}
