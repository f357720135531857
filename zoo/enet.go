package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// ENet's classifier: the encoder of Paszke, Chaurasia, Kim, Culurciello, "ENet: A Deep Neural Network Architecture for Real-Time
// Semantic Segmentation", arXiv:1606.02147, figure 2 and table 1, in the form that its authors trained on ImageNet (Culurciello,
// "Training ENet on ImageNet", 2016, V3): sections of eight bottlenecks, the last of which doubles the maps, a halving bottleneck
// behind each, 512 maps averaged and classified. Parameters worked out from that form and e-lab/ENet-training's encoder, whose
// inner convolutions keep a bias in front of their norm; ε .001. Dropout takes whole maps.
var enets = []Net{
	{"enet", "enet", "Paszke et al. 2016, arXiv:1606.02147", 1000, enet, Published{2_099_508, 0.427_20}},
}

func enet(b *nn.Builder) {
	x := b.Image(224, 224, 3)
	x = b.Concat(b.As("initial").Conv(x, 13, 3, 2), b.MaxPool(x, 2, 2)) // 112x112x16
	x = b.Act(b.Over(nn.Out(x), enetNorm(false), x), nn.PReLU)

	plain, wide := nn.Conv{Kernel: nn.Square(3)}, nn.Conv{Kernel: nn.HW{1, 5}} // wide: 5x1 behind it
	dilated := func(d int) nn.Conv { return nn.Conv{Kernel: nn.Square(3), Dilation: nn.Square(d)} }
	x = enetBottleneck(b.Scope("section1/down"), x, plain, 64, true, 0.01) // 56x56x64
	for i := range 4 {
		x = enetBottleneck(b.Scope("section1/block%d", i+1), x, plain, 64, false, 0.01)
	}
	x = enetBottleneck(b.Scope("section2/down"), x, plain, 128, true, 0.1) // 28x28x128
	for i, width := range []int{128, 256} {                                // 28x28, 14x14
		for j, c := range []nn.Conv{plain, dilated(2), wide, dilated(4), plain, dilated(8), wide, dilated(16)} {
			x = enetBottleneck(b.Scope("section%d/block%d", i+2, j+1), x, c, width*(1+j/7), false, 0.1)
		}
		x = enetBottleneck(b.Scope("section%d/down", i+3), x, plain, 2*width, true, 0.1) // 14x14x256, 7x7x512
	}
	b.Logits(module.PoolHead(b, x, nn.Avg))
}

// enetBottleneck is figure 2b: 1x1 to out/4 (2x2 at stride 2 where it halves), c, 1x1, and round them the map itself, pooled where
// they halve and with zeros behind its channels where they widen; PReLU everywhere.
func enetBottleneck(b *nn.Builder, x *nn.Node, c nn.Conv, out int, halve bool, drop float32) *nn.Node {
	bare := nn.Style{Norm: enetNorm(false), Act: nn.Activation{Func: nn.PReLU}}
	inner := nn.Style{Bias: true, Norm: enetNorm(true), Act: bare.Act}
	reduce := nn.Conv{Out: out / 4}
	bypass := x
	if halve {
		reduce.Kernel, reduce.Stride = nn.Square(2), nn.Square(2)
		bypass = b.MaxPool(bypass, 2, 2)
	}
	if b.Size(bypass).C != out {
		bypass = b.Layer(nn.Shortcut{Out: out}, bypass)
	}
	y := b.Finish(b.ConvOf(x, reduce), bare)
	c.Out = out / 4
	if c.Dilation == (nn.HW{}) {
		c.Dilation = nn.Square(1)
	}
	c.Padding = nn.Same(c.Kernel, c.Dilation)
	y = b.ConvOf(y, c)
	if c.Kernel[0] != c.Kernel[1] { // the first of the two has neither bias nor norm
		b.Bias(y, false)
		c.Kernel = nn.HW{c.Kernel[1], c.Kernel[0]}
		c.Padding = nn.Same(c.Kernel, c.Dilation)
		y = b.ConvOf(y, c)
	}
	y = b.Finish(y, inner)
	bare.Act = nn.Activation{}
	y = b.Finish(b.Conv(y, out, 1, 1), bare)
	b.Over(nn.Out(y), nn.Dropout{Rate: drop, Of: nn.Channel}, y)
	return b.Act(b.Add(bypass, y), nn.PReLU)
}

func enetNorm(bias bool) nn.BatchNorm {
	return nn.BatchNorm{Momentum: 0.9, Eps: 1e-3, Affine: true, Bias: bias}
}
