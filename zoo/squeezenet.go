package zoo

import (
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// SqueezeNet: Iandola et al., arXiv:1602.07360, table 1, and the authors' smaller form 1.1, of their repository: a 3x3 first
// convolution, poolings earlier. Pooling rounds up, dropout .5 stands in front of the last convolution, a ReLU behind it.
// Parameters as torchvision's.
var squeezenets = []Net{
	//                                                                   conv1  pools in front of fire
	{"squeezenet1_0", "squeezenet", squeezePaper, 1000, squeezenet(96, 7, 2, 5, 9), Published{1_248_424, 0.818_92}},
	{"squeezenet1_1", "squeezenet", squeezePaper, 1000, squeezenet(64, 3, 2, 4, 6), Published{1_235_496, 0.349_15}},
}

const squeezePaper = "Iandola et al. 2016, arXiv:1602.07360"

func squeezenet(width, kernel int, pools ...int) Build {
	return func(b *nn.Builder) {
		x := b.Image(224, 224, 3)
		x = b.ReLU(b.ConvOf(x, nn.Conv{Out: width, Kernel: nn.Square(kernel), Stride: nn.Square(2)})) // 109x109, 1.1: 111x111
		for i, squeeze := range []int{16, 16, 32, 32, 48, 48, 64, 64} {                               // expand: 4 and 4 times that
			if slices.Contains(pools, i+2) {
				x = b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x) // 54, 27, 13
			}
			x = module.Fire(b.Scope("fire%d", i+2), x, squeeze, 4*squeeze, 4*squeeze)
		}
		x = b.ReLU(b.As("conv10").Conv(b.Dropout(x, 0.5), nn.Classes, 1, 1)) // 13x13
		b.Logits(b.GlobalAvgPool(x))
	}
}
