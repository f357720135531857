package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// PeleeNet: Wang, Li, Ling, "Pelee: A Real-Time Object Detection System on Mobile Devices", arXiv:1804.06882, table 1: two-way
// dense layers of growth 32 behind a stem that halves twice, transitions that keep all maps. Parameters as osmr/imgclsmob's.
var pelees = []Net{
	{"peleenet", "peleenet", "Wang, Li, Ling 2018, arXiv:1804.06882", 1000, peleenet, Published{2_802_248, 0.507_76}},
}

func peleenet(b *nn.Builder) {
	const k = 32
	s := module.BNReLU()
	x := module.ConvBNReLU(b.Scope("stem"), b.Image(224, 224, 3), k, 3, 2) // 112x112x32
	x = module.Beside(                                                     // 56x56x64
		module.InRow(module.Convolved(s, k/2, 1), module.Convolve(s, nn.Conv{Out: k, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)})),
		module.Pooled(nn.Pool{Type: nn.Max, Kernel: nn.Square(2)}),
	)(b.Scope("stem"), x)
	x = module.ConvBNReLU(b.Scope("stem"), x, k, 1, 1)                                         // 56x56x32
	for i, block := range []struct{ layers, bottleneck int }{{3, 1}, {4, 2}, {8, 4}, {6, 4}} { // 56x56, 28x28, 14x14, 7x7
		c := b.Scope("stage%d", i+1)
		for j := range block.layers {
			x = module.TwoWayDense(c.Scope("layer%d", j+1), x, k, block.bottleneck*k/2)
		}
		x = module.ConvBNReLU(c.Scope("transition"), x, b.Size(x).C, 1, 1)
		if i < 3 {
			x = b.Scope("stage%d/transition", i+1).AvgPool(x, 2, 2)
		}
	}
	b.Logits(module.PoolHead(b, x, nn.Avg)) // of 7x7x704
}
