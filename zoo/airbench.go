package zoo

import "github.com/assaylab/assay/nn"

// airbench94: Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, §3.1 (KellerJordan/cifar10-airbench,
// legacy/airbench94.py): a convolution of 2x2 without padding whose weights whiten its patches and stay as they are (init: whiten),
// three groups that pool between their first convolution and its norm, logits times 1/9. Norms learn a shift and no scale. The
// published count has the 288 frozen weights in it.
var airbenchs = []Net{
	{"airbench94", "airbench", "Jordan 2024, arXiv:2404.00498", 10, airbench94, Published{1_971_640, 0.118_147_36}},
}

func airbench94(b *nn.Builder) {
	norm := nn.BatchNorm{Momentum: 0.6, Eps: 1e-12, Shift: true}
	normed := func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Act(b.Over(nn.Out(x), norm, x), nn.GELU) }
	group := func(b *nn.Builder, x *nn.Node, out int) *nn.Node {
		x = normed(b, b.MaxPool(b.Bias(b.Conv(x, out, 3, 1), false), 2, 2))
		return normed(b, b.Bias(b.Conv(x, out, 3, 1), false))
	}
	x := b.Act(b.ConvOf(b.Image(32, 32, 3), nn.Conv{Out: 24, Kernel: nn.Square(2)}), nn.GELU) // 31x31
	x = group(b.Scope("group1"), x, 64)                                                       // 15x15
	x = group(b.Scope("group2"), x, 256)                                                      // 7x7
	x = group(b.Scope("group3"), x, 256)                                                      // 3x3
	x = b.Bias(b.Linear(b.MaxPool(x, 3, 3), nn.Classes), false)
	b.Logits(b.Layer(nn.Scale{By: 1. / 9}, x))
}
