package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Xception: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357, figure 5: nothing between
// depthwise and pointwise convolution, norm behind the pointwise one, dropout .5 in front of the classifier (§4.4). Deviation:
// poolings are padded by 1 on every side, where TensorFlow pads an even map at its end alone. Norms have PyTorch's ε, 1e-5; the
// paper does not say, Keras has .001. Parameters as osmr/imgclsmob's.
var xceptions = []Net{
	{"xception", "xception", "Chollet 2016, arXiv:1610.02357", 1000, xception, Published{22_855_952, 8.3574}},
}

func xception(b *nn.Builder) {
	valid := func(x *nn.Node, out, stride int) *nn.Node {
		return b.Finish(b.ConvOf(x, nn.Conv{Out: out, Kernel: nn.Square(3), Stride: nn.Square(stride)}), module.BNReLU())
	}
	block := func(b *nn.Builder, x *nn.Node, stride int, lead bool, widths ...int) *nn.Node {
		return module.Xception(b, x, module.BNReLU(), module.ReLUNone, stride, lead, widths...)
	}
	x := valid(b.Image(299, 299, 3), 32, 2) // 149x149
	x = valid(x, 64, 1)                     // 147x147
	// entry flow: 74x74, 37x37, 19x19
	x = block(b.Scope("entry1"), x, 2, false, 128, 128)
	x = block(b.Scope("entry2"), x, 2, true, 256, 256)
	x = block(b.Scope("entry3"), x, 2, true, 728, 728)
	for i := range 8 { // middle flow
		x = block(b.Scope("middle%d", i+1), x, 1, true, 728, 728, 728)
	}
	x = block(b.Scope("exit"), x, 2, true, 728, 1024) // exit flow: 10x10
	for i, width := range []int{1536, 2048} {
		c := nn.Conv{Out: width, Kernel: nn.Square(3), Padding: nn.Pad(1)}
		b := b.Scope("exit/sep%d", i+3)
		x = b.Finish(module.Separable(b, x, c, nn.Style{}, module.DepthwiseFirst, 1), module.BNReLU())
	}
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.5), nn.Classes))
}
