package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Residual networks: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", arXiv:1512.03385; for CIFAR §4.2,
// table 6: depth 6n+2, option A. Zeros for missing channels go behind those that are there (the paper does not say).
var resnets = []Net{
	{"resnet20", "resnet-cifar", "He et al. 2015, arXiv:1512.03385", 10, resnetCIFAR(3), Published{269_722, 0.040_551}},
}

func resnetCIFAR(n int) Build {
	return func(b *nn.Builder) {
		x := module.ConvBNReLU(b, b.Image(32, 32, 3), 16, 3, 1)
		for i, width := range []int{16, 32, 64} { // 32x32, 16x16, 8x8: all stages but the first halve
			x = module.Stage(b.Scope("stage%d", i+1), x, module.Basic, n, width, 1+min(i, 1), module.OptionA)
		}
		b.Logits(module.PoolHead(b, x, nn.Avg))
	}
}
