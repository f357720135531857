package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Densely connected networks: Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993, table 1 (k = 32, first width 2k,
// bottleneck 4k, θ .5) and for CIFAR §3 and table 2: three blocks of equal length, depth 3n+4 (plain, first width 16, θ 1) or
// 6n+4 (BC, first width 2k, θ .5). Without the dropout that the paper uses where it does not augment. Parameters of the networks
// for ImageNet as torchvision's.
var densenets = []Net{
	//                                                               layers a block    parameters  GMACs
	{"densenet121", "densenet", densePaper, 1000, densenet(32, 6, 12, 24, 16), Published{7_978_856, 2.8342}},
	{"densenet161", "densenet", densePaper, 1000, densenet(48, 6, 12, 36, 24), Published{28_681_000, 7.7280}}, // first width 96
	{"densenet169", "densenet", densePaper, 1000, densenet(32, 6, 12, 32, 32), Published{14_149_480, 3.3598}},
	{"densenet201", "densenet", densePaper, 1000, densenet(32, 6, 12, 48, 32), Published{20_013_928, 4.2914}},
	{"densenet40-12", "densenet-cifar", densePaper, 10, denseCIFAR(12, 12, 16, 0, 1), Published{1_019_722, 0.264_81}},
	{"densenet-bc-100-12", "densenet-cifar", densePaper, 10, denseCIFAR(16, 12, 24, 4*12, 2), Published{769_162, 0.287_93}},
}

const densePaper = "Huang et al. 2016, arXiv:1608.06993"

func densenet(k int, blocks ...int) Build {
	return func(b *nn.Builder) {
		x := module.ConvBNReLU(b, b.Image(224, 224, 3), 2*k, 7, 2) // 112x112
		x = paddedMaxPool(b, x)                                    // 56x56
		preActHead(b, denseBlocks(b, x, blocks, k, 4*k, 2))        // 56x56, 28x28, 14x14, 7x7
	}
}

func denseCIFAR(n, k, first, bottleneck, compress int) Build {
	return func(b *nn.Builder) {
		x := b.Bias(b.Conv(b.Image(32, 32, 3), first, 3, 1), false)
		preActHead(b, denseBlocks(b, x, []int{n, n, n}, k, bottleneck, compress)) // 32x32, 16x16, 8x8
	}
}

// denseBlocks writes blocks of that many layers with transitions between that keep one map of compress.
func denseBlocks(b *nn.Builder, x *nn.Node, blocks []int, k, bottleneck, compress int) *nn.Node {
	s := module.BNReLU()
	for i, n := range blocks {
		if i > 0 {
			x = module.Transition(b.Scope("transition%d", i), x, s, b.Size(x).C/compress)
		}
		for j := range n {
			x = module.Dense(b.Scope("block%d/layer%d", i+1, j+1), x, s, k, bottleneck)
		}
	}
	return x
}
