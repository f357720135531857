package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Residual networks: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", arXiv:1512.03385, table 1; for CIFAR
// §4.2, table 6: depth 6n+2, option A. Zeros for missing channels go behind those that are there (the paper does not say).
// Deviation: a bottleneck strides in its 3x3, not its first 1x1 ("v1.5"), as most published weights do; GMACs are for that form.
// ResNeXt: Xie, Girshick, Dollár, Tu, He, arXiv:1611.05431, table 1. Parameters of the networks for ImageNet as torchvision's.
var resnets = []Net{
	//                                   block         conv2_x 3_x 4_x 5_x          parameters  GMACs
	{"resnet18", "resnet", resnetPaper, 1000, resnet(module.Basic, 64, 2, 2, 2, 2), Published{11_689_512, 1.8141}},
	{"resnet34", "resnet", resnetPaper, 1000, resnet(module.Basic, 64, 3, 4, 6, 3), Published{21_797_672, 3.6638}},
	{"resnet50", "resnet", resnetPaper, 1000, resnet(module.Bottleneck, 256, 3, 4, 6, 3), Published{25_557_032, 4.0892}},
	{"resnet101", "resnet", resnetPaper, 1000, resnet(module.Bottleneck, 256, 3, 4, 23, 3), Published{44_549_160, 7.8014}},
	{"resnet152", "resnet", resnetPaper, 1000, resnet(module.Bottleneck, 256, 3, 8, 36, 3), Published{60_192_808, 11.514}},
	{"resnext50_32x4d", "resnext", "Xie et al. 2016, arXiv:1611.05431", 1000, resnet(module.Aggregated(32, 4), 256, 3, 4, 6, 3), Published{25_028_904, 4.2305}},
	{"resnet20", "resnet-cifar", resnetPaper, 10, resnetCIFAR(3), Published{269_722, 0.040_551}},
	{"resnet32", "resnet-cifar", resnetPaper, 10, resnetCIFAR(5), Published{464_154, 0.068_863}},
	{"resnet44", "resnet-cifar", resnetPaper, 10, resnetCIFAR(7), Published{658_586, 0.097_174}},
	{"resnet56", "resnet-cifar", resnetPaper, 10, resnetCIFAR(9), Published{853_018, 0.125_485}},
	{"resnet110", "resnet-cifar", resnetPaper, 10, resnetCIFAR(18), Published{1_727_962, 0.252_89}},
}

const resnetPaper = "He et al. 2015, arXiv:1512.03385"

// resnet has a first stage of that width; the others double it.
func resnet(block module.Residual, width int, repeats ...int) Build {
	return func(b *nn.Builder) {
		x := module.ConvBNReLU(b, b.Image(224, 224, 3), 64, 7, 2) // conv1: 112x112x64
		x = paddedMaxPool(b, x)                                   // 56x56x64
		for i, n := range repeats {                               // conv2_x 56x56 … conv5_x 7x7: all but the first halve
			x = module.Stage(b.Scope("stage%d", i+1), x, block, n, width<<i, 1+min(i, 1), module.OptionB)
		}
		b.Logits(module.PoolHead(b, x, nn.Avg))
	}
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

// paddedMaxPool is 3x3 at stride 2 with padding 1.
func paddedMaxPool(b *nn.Builder, x *nn.Node) *nn.Node {
	return b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)}, x)
}
