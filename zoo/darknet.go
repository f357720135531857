package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Darknet-19: Redmon, Farhadi, "YOLO9000", arXiv:1612.08242, table 6. Darknet-53: Redmon, Farhadi, "YOLOv3", arXiv:1804.02767,
// table 1. Batch norm and leaky ReLU, α .1, after every convolution but the last; images of 256x256, as their files have.
// Darknet-53's classifier, a 1x1 convolution behind the pooling, is a linear layer here; osmr/imgclsmob counts the same.
var darknets = []Net{
	{"darknet19", "darknet", "Redmon, Farhadi 2016, arXiv:1612.08242", 1000, darknet19, Published{20_842_376, 3.6454}},
	{"darknet53", "darknet", "Redmon, Farhadi 2018, arXiv:1804.02767", 1000, darknet53, Published{41_609_928, 9.2850}},
}

func leaky() nn.Style {
	return nn.Style{Bias: true, Norm: nn.NewBatchNorm(), Act: nn.Activation{Func: nn.Leaky, Alpha: 0.1}}
}

func darknet19(b *nn.Builder) {
	x := b.Image(256, 256, 3)
	for i, stage := range [][]int{ // 3x3 and 1x1 by turns
		{32}, {64}, {128, 64, 128}, {256, 128, 256}, {512, 256, 512, 256, 512}, {1024, 512, 1024, 512, 1024}, // 256 … 8
	} {
		if i > 0 {
			x = b.MaxPool(x, 2, 2)
		}
		for j, out := range stage {
			x = module.Convolved(leaky(), out, 3-2*(j%2))(b, x)
		}
	}
	b.Logits(b.GlobalAvgPool(b.Conv(x, nn.Classes, 1, 1)))
}

func darknet53(b *nn.Builder) {
	x := module.Convolved(leaky(), 32, 3)(b, b.Image(256, 256, 3))
	for i, n := range []int{1, 2, 8, 8, 4} { // 128x128x64 … 8x8x1024
		width, c := 64<<i, b.Scope("stage%d", i+1)
		x = c.Finish(c.Conv(x, width, 3, 2), leaky())
		for j := range n {
			c := c.Scope("block%d", j+1)
			x = c.Add(x, module.InRow(module.Convolved(leaky(), width/2, 1), module.Convolved(leaky(), width, 3))(c, x))
		}
	}
	b.Logits(module.PoolHead(b, x, nn.Avg))
}
