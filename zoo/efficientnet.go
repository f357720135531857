package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// EfficientNet-B0: Tan, Le, arXiv:1905.11946, table 1: inverted residuals with gates whose hidden units are a quarter of the
// block's input, swish everywhere; dropout .2 in front of the classifier. Training drops whole blocks that have a bypass, the i-th
// of 16 from 0 with probability .2·i/16, as torchvision and the authors' code do.
//
// EfficientNet-Lite0 is the authors' form for phones (github.com/tensorflow/tpu, models/official/efficientnet/lite): no gates, ReLU6,
// TensorFlow's same padding, whose odd pixel lies at the end, and norms of ε .001 that keep .99. Deviation: where a side of a map is odd
// the padding stays that of an even one.
var efficientnets = []Net{
	{"efficientnet_b0", "efficientnet", "Tan, Le 2019, arXiv:1905.11946", 1000, efficientnetB0, Published{5_288_548, 0.385_81}},
	{"efficientnet_lite0", "efficientnet-lite", "Tan, Le 2019, arXiv:1905.11946", 1000, efficientnetLite0, Published{4_652_008, 0.385_16}},
}

// efficientnetStages are the rows of table 1.
var efficientnetStages = []struct{ expand, kernel, out, n, stride int }{
	{1, 3, 16, 1, 1},  // 112x112
	{6, 3, 24, 2, 2},  // 56x56
	{6, 5, 40, 2, 2},  // 28x28
	{6, 3, 80, 3, 2},  // 14x14
	{6, 5, 112, 3, 1}, // 14x14
	{6, 5, 192, 4, 2}, // 7x7
	{6, 3, 320, 1, 1}, // 7x7
}

func efficientnetB0(b *nn.Builder) {
	s := module.BNReLU()
	s.Act = nn.Activation{Func: nn.Swish}
	x := module.Convolve(s, nn.Conv{Out: 32, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)})(b, b.Image(224, 224, 3)) // 112x112x32
	block := 0
	for i, l := range efficientnetStages {
		for j := range l.n {
			in, k := b.Size(x).C, nn.Square(l.kernel)
			c := nn.Conv{Out: l.out, Kernel: k, Stride: nn.Square(1), Padding: nn.Same(k, nn.Square(1))}
			if j == 0 {
				c.Stride = nn.Square(l.stride)
			}
			x = module.InvertedResidual(b.Scope("stage%d/block%d", i+1, j+1), x, l.expand*in, c, s, squeezed(true, in/4, nn.Swish, nn.Sigmoid))
			stochasticDepth(b, x, 0.2*float64(block)/16)
			block++
		}
	}
	x = module.Convolved(s, 1280, 1)(b, x)
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}

func efficientnetLite0(b *nn.Builder) {
	s := nn.Style{Bias: true, Norm: nn.BatchNorm{Momentum: 0.99, Eps: 1e-3, Affine: true}, Act: nn.Activation{Func: nn.ReLU6}}
	conv := func(out, kernel, stride int) nn.Conv {
		return nn.Conv{Out: out, Kernel: nn.Square(kernel), Stride: nn.Square(stride), Padding: sameAtEnd(kernel, stride)}
	}
	x := b.Image(224, 224, 3)
	x = module.Convolve(s, conv(32, 3, 2))(b, x) // 112x112x32
	block := 0
	for i, l := range efficientnetStages {
		for j := range l.n {
			stride := 1
			if j == 0 {
				stride = l.stride
			}
			x = module.InvertedResidual(b.Scope("stage%d/block%d", i+1, j+1), x, l.expand*b.Size(x).C, conv(l.out, l.kernel, stride), s, nil)
			stochasticDepth(b, x, 0.2*float64(block)/16)
			block++
		}
	}
	x = module.Convolved(s, 1280, 1)(b, x)
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}

// sameAtEnd is TensorFlow's same padding of a map whose sides the stride divides, as all are of images of a multiple of 32 pixels: of an
// odd sum the larger part lies at the bottom and on the right.
func sameAtEnd(kernel, stride int) nn.Padding {
	sum := kernel - stride
	return nn.Padding{sum / 2, sum - sum/2, sum / 2, sum - sum/2}
}

// stochasticDepth drops the branch of a sum, x, for a whole image with that probability: Huang, Sun, Liu, Sedra, Weinberger, "Deep
// Networks with Stochastic Depth", arXiv:1603.09382, in the form that scales what is kept in training.
func stochasticDepth(b *nn.Builder, x *nn.Node, rate float64) *nn.Node {
	if _, sum := x.Layer.(nn.Add); sum && rate > 0 {
		b.Over(nn.In(x, 1), nn.Dropout{Rate: float32(rate), Of: nn.Depth}, x)
	}
	return x
}
