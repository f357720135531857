package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// ResNet-9: Page, "How to train your ResNet", 2018, the network of the DAWNBench entry for CIFAR-10 (davidcpage/cifar10-fast):
// pooling behind the convolution, residual blocks at 16x16 and 4x4 whose sum no activation follows, logits times 1/8, no bias.
var resnet9s = []Net{
	{"resnet9", "resnet9", "Page 2018, DAWNBench", 10, resnet9, Published{6_573_120, 0.379_26}},
}

func resnet9(b *nn.Builder) {
	layer := func(b *nn.Builder, x *nn.Node, out int) *nn.Node {
		return b.MaxPool(module.ConvBNReLU(b, x, out, 3, 1), 2, 2)
	}
	bypassed := func(b *nn.Builder, x *nn.Node, out int) *nn.Node {
		return b.Add(x, module.ConvBNReLU(b, module.ConvBNReLU(b, x, out, 3, 1), out, 3, 1))
	}
	x := module.ConvBNReLU(b.Scope("prep"), b.Image(32, 32, 3), 64, 3, 1)
	x = layer(b.Scope("layer1"), x, 128) // 16x16
	x = bypassed(b.Scope("layer1/residual"), x, 128)
	x = layer(b.Scope("layer2"), x, 256) // 8x8
	x = layer(b.Scope("layer3"), x, 512) // 4x4
	x = bypassed(b.Scope("layer3/residual"), x, 512)
	x = b.Bias(b.Linear(b.Layer(nn.GlobalPool{Type: nn.Max}, x), nn.Classes), false)
	b.Logits(b.Layer(nn.Scale{By: 0.125}, x))
}
