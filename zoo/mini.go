package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// The base of the first study: a plain network of no paper, VGG's form for pictures of 28x28, small enough that some twenty
// trials of a few epochs on 10,000 pictures end within minutes on two cores. Two equal convolutions in a row let a bypass go
// round them. Parameters: 160 + 2,320·2 + 4,640 + 9,248 + 2,890.
var minis = []Net{
	{"mini", "mini", "none: the base of the first study", 10, mini, Published{21_578, 0.001_696_320}},
}

func mini(b *nn.Builder) {
	x := b.Image(28, 28, 1)
	x = b.MaxPool(module.ConvReLU(b, x, 16, 3, 1), 2, 2) // 28x28x16, then 14x14
	x = module.ConvReLU(b, x, 16, 3, 1)                  // 14x14x16
	x = b.MaxPool(module.ConvReLU(b, x, 16, 3, 1), 2, 2) // 14x14x16, then 7x7
	x = module.ConvReLU(b, x, 32, 3, 1)                  // 7x7x32
	x = b.MaxPool(module.ConvReLU(b, x, 32, 3, 1), 2, 2) // 7x7x32, then 3x3
	b.Logits(b.Linear(x, nn.Classes))
}
