package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Xception: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv:1610.02357, figure 5: nothing between
// depthwise and pointwise convolution, norm behind the pointwise one, dropout .5 in front of the classifier (§4.4). Deviation:
// poolings are padded by 1 on every side, where TensorFlow pads an even map at its end alone.
var xceptions = []Net{
	{"xception", "xception", "Chollet 2016, arXiv:1610.02357", 1000, xception, Published{22_855_952, 8.3574}},
}

func xception(b *nn.Builder) {
	valid := func(x *nn.Node, out, stride int) *nn.Node {
		return b.Finish(b.ConvOf(x, nn.Conv{Out: out, Kernel: nn.Square(3), Stride: nn.Square(stride)}), module.BNReLU())
	}
	x := valid(b.Image(299, 299, 3), 32, 2) // 149x149
	x = valid(x, 64, 1)                     // 147x147
	// entry flow: 74x74, 37x37, 19x19
	x = xceptionDown(b.Scope("entry1"), x, false, 128, 128)
	x = xceptionDown(b.Scope("entry2"), x, true, 256, 256)
	x = xceptionDown(b.Scope("entry3"), x, true, 728, 728)
	for i := range 8 { // middle flow
		c := b.Scope("middle%d", i+1)
		y := x
		for j := range 3 {
			y = separableBN(c.Scope("sep%d", j+1), c.ReLU(y), 728)
		}
		x = c.Add(x, y)
	}
	x = xceptionDown(b.Scope("exit"), x, true, 728, 1024) // exit flow: 10x10
	x = b.ReLU(separableBN(b.Scope("exit/sep3"), x, 1536))
	x = b.ReLU(separableBN(b.Scope("exit/sep4"), x, 2048))
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.5), nn.Classes))
}

// xceptionDown is two separable convolutions, the first behind a ReLU if asked, a pooling, and a projection round them.
func xceptionDown(b *nn.Builder, x *nn.Node, relu bool, mid, out int) *nn.Node {
	y := x
	if relu {
		y = b.ReLU(y)
	}
	y = separableBN(b.Scope("sep1"), y, mid)
	y = separableBN(b.Scope("sep2"), b.ReLU(y), out)
	return b.Add(paddedMaxPool(b, y), module.Bypass(b, x, out, 2, module.OptionB, module.BNReLU()))
}

func separableBN(b *nn.Builder, x *nn.Node, out int) *nn.Node {
	c := nn.Conv{Out: out, Kernel: nn.Square(3), Padding: nn.Pad(1)}
	return b.Norm(module.Separable(b, x, c, nn.Style{}, module.DepthwiseFirst, 1))
}
