package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Pre-activation residual networks: He, Zhang, Ren, Sun, "Identity Mappings in Deep Residual Networks", arXiv:1603.05027, in the
// shapes of their first paper's table 1. The paper gives no parameters for them; those here are of the public implementation in
// osmr/imgclsmob: norm, ReLU and pooling follow the first convolution, and every block begins with norm and ReLU.
// Deviation: a bottleneck strides in its 3x3.
//
// Wide residual networks: Zagoruyko, Komodakis, arXiv:1605.07146, table 1: depth 6n+4, widths 16k, 32k, 64k. Without dropout.
var preresnets = []Net{
	//                                          block            conv2_x 3_x 4_x 5_x          parameters  GMACs
	{"resnet18_v2", "preresnet", preresnetPaper, 1000, preresnet(module.PreBasic, 64, 2, 2, 2, 2), Published{11_687_848, 1.8141}},
	{"resnet34_v2", "preresnet", preresnetPaper, 1000, preresnet(module.PreBasic, 64, 3, 4, 6, 3), Published{21_796_008, 3.6638}},
	{"resnet50_v2", "preresnet", preresnetPaper, 1000, preresnet(module.PreBottleneck, 256, 3, 4, 6, 3), Published{25_549_480, 4.0892}},
	{"resnet101_v2", "preresnet", preresnetPaper, 1000, preresnet(module.PreBottleneck, 256, 3, 4, 23, 3), Published{44_541_608, 7.8014}},
	{"resnet152_v2", "preresnet", preresnetPaper, 1000, preresnet(module.PreBottleneck, 256, 3, 8, 36, 3), Published{60_185_256, 11.514}},
	{"wrn-16-4", "wrn", wrnPaper, 10, wrn(16, 4), Published{2_748_890, 0.392_61}},
	{"wrn-28-10", "wrn", wrnPaper, 10, wrn(28, 10), Published{36_479_194, 5.2433}},
}

const (
	preresnetPaper = "He et al. 2016, arXiv:1603.05027"
	wrnPaper       = "Zagoruyko, Komodakis 2016, arXiv:1605.07146"
)

func preresnet(block module.Residual, width int, repeats ...int) Build {
	return func(b *nn.Builder) {
		x := module.ConvBNReLU(b, b.Image(224, 224, 3), 64, 7, 2) // 112x112x64
		x = paddedMaxPool(b, x)                                   // 56x56x64
		for i, n := range repeats {                               // 56x56 … 7x7: all but the first halve
			x = module.Stage(b.Scope("stage%d", i+1), x, block, n, width<<i, 1+min(i, 1), module.OptionB)
		}
		preActHead(b, x)
	}
}

func wrn(depth, k int) Build {
	return func(b *nn.Builder) {
		x := b.Bias(b.Conv(b.Image(32, 32, 3), 16, 3, 1), false)
		for i, width := range []int{16, 32, 64} { // 32x32, 16x16, 8x8: all stages but the first halve
			x = module.Stage(b.Scope("stage%d", i+1), x, module.PreBasic, (depth-4)/6, width*k, 1+min(i, 1), module.OptionB)
		}
		preActHead(b, x)
	}
}

// preActHead is what a network whose blocks begin with norm and ReLU ends with: both once more, the mean of all positions and
// a linear layer.
func preActHead(b *nn.Builder, x *nn.Node) {
	s := module.BNReLU()
	b.Logits(module.PoolHead(b, b.PreAct(x, s.Norm, s.Act), nn.Avg))
}
