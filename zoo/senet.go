package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// ResNet-50 with gates on the residual branches, in front of the sums. SE: Hu, Shen, Sun, "Squeeze-and-Excitation Networks",
// arXiv:1709.01507, table 1, r = 16, with biases, as published weights have them. CBAM: Woo, Park, Lee, Kweon,
// arXiv:1807.06521, §4.1, r = 16, with biases in the shared perceptron and a norm behind the 7x7 convolution, as in the
// authors' code; osmr/imgclsmob counts the same parameters. As in [resnets], a bottleneck strides in its 3x3.
var senets = []Net{
	{"se_resnet50", "senet", "Hu et al. 2017, arXiv:1709.01507", 1000, resnet(module.Gated(seGate), 256, 3, 4, 6, 3), Published{28_088_024, 4.0917}},
	{"cbam_resnet50", "senet", "Woo et al. 2018, arXiv:1807.06521", 1000, resnet(module.Gated(cbamGate), 256, 3, 4, 6, 3), Published{28_089_624, 4.0956}},
}

func seGate(b *nn.Builder, x *nn.Node) *nn.Node {
	return module.SqueezeExcite(b, x, b.Size(x).C/16, nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}, nn.Sigmoid)
}

func cbamGate(b *nn.Builder, x *nn.Node) *nn.Node {
	return module.CBAM(b, x, b.Size(x).C/16, module.BNReLU())
}
