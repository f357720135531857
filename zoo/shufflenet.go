package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// ShuffleNet V2: Ma, Zhang, Zheng, Sun, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018,
// arXiv:1807.11164, table 5, as torchvision has it.
var shufflenets = []Net{
	{"shufflenet_v2_x0_5", "shufflenet", "Ma et al. 2018, arXiv:1807.11164", 1000, shufflenetV2(48, 96, 192, 1024), Published{1_366_792, 0.040_41}},
	{"shufflenet_v2_x1_0", "shufflenet", "Ma et al. 2018, arXiv:1807.11164", 1000, shufflenetV2(116, 232, 464, 1024), Published{2_278_604, 0.144_908}},
}

func shufflenetV2(stage2, stage3, stage4, last int) Build {
	return func(b *nn.Builder) {
		x := module.ConvBNReLU(b, b.Image(224, 224, 3), 24, 3, 2)                         // 112x112
		x = paddedMaxPool(b, x)                                                           // 56x56
		for i, l := range []struct{ out, n int }{{stage2, 4}, {stage3, 8}, {stage4, 4}} { // 28x28, 14x14, 7x7
			for j := range l.n {
				x = module.ShuffleUnit(b.Scope("stage%d/block%d", i+2, j+1), x, l.out, 2-min(j, 1))
			}
		}
		b.Logits(module.PoolHead(b, module.ConvBNReLU(b, x, last, 1, 1), nn.Avg))
	}
}
