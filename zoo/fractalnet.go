package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// FractalNet: Larsson, Maire, Shakhnarovich, arXiv:1605.07648, §4.1, the 20-layer form for CIFAR: five blocks of three columns
// with 2x2 max pooling behind each, and dropout, 0 to .4 by block, behind every convolution as the files of gustavla/fractalnet
// and osmr/imgclsmob have it. Deviations: no drop-path, which leaves out whole paths in training; a value is dropped behind its
// ReLU and a block's last mean is taken in front of the pooling (as osmr/imgclsmob; the authors' files drop in front of the norm,
// which has no scale there, and pool each column by itself). Parameters worked out from that description (osmr/imgclsmob has as
// many; the paper's rounded 38.6 million does not say what it counts).
var fractalnets = []Net{
	{"fractalnet", "fractalnet", "Larsson et al. 2016, arXiv:1605.07648", 10, fractalnet, Published{33_724_618, 0.845_22}},
}

func fractalnet(b *nn.Builder) {
	x := b.Image(32, 32, 3)
	for i, drop := range []float32{0, 0.1, 0.2, 0.3, 0.4} { // 32x32x64, 128, 256, 512, 2x2x512
		x = b.MaxPool(module.Fractal(b.Scope("block%d", i+1), x, min(64<<i, 512), 3, drop), 2, 2)
	}
	b.Logits(b.Linear(x, nn.Classes))
}
