package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Network in Network: Lin, Chen, Yan, arXiv:1312.4400, the CIFAR-10 and ImageNet forms that its authors published for Caffe:
// pooling rounds up, ReLU follows every convolution, the last of a map a class included. The second pooling of the CIFAR form
// averages.
var nins = []Net{
	{"nin-cifar", "nin", "Lin, Chen, Yan 2013, arXiv:1312.4400", 10, ninCIFAR, Published{966_986, 0.222_49}},
	{"nin-imagenet", "nin", "Lin, Chen, Yan 2013, arXiv:1312.4400", 1000, ninImageNet, Published{7_595_176, 1.100_19}},
}

// mlpconv has a first kernel with same padding, or with none where it strides.
func mlpconv(b *nn.Builder, x *nn.Node, name string, kernel, stride, out, mlp1, mlp2 int) *nn.Node {
	s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
	c := nn.Conv{Out: out, Kernel: nn.Square(kernel), Stride: nn.Square(stride)}
	if stride == 1 {
		c.Padding = nn.Pad(kernel / 2)
	}
	return b.ReLU(module.MLPConv(b.Scope("%s", name), x, c, s, mlp1, mlp2))
}

func ninCIFAR(b *nn.Builder) {
	pool := func(x *nn.Node, kind nn.PoolKind) *nn.Node {
		return b.Dropout(b.Layer(nn.Pool{Type: kind, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x), 0.5)
	}
	//                                              k  s
	x := mlpconv(b, b.Image(32, 32, 3), "mlpconv1", 5, 1, 192, 160, 96)
	x = pool(x, nn.Max) // 16x16
	x = mlpconv(b, x, "mlpconv2", 5, 1, 192, 192, 192)
	x = pool(x, nn.Avg) // 8x8
	x = mlpconv(b, x, "mlpconv3", 3, 1, 192, 192, nn.Classes)
	b.Logits(b.GlobalAvgPool(x))
}

func ninImageNet(b *nn.Builder) {
	x := mlpconv(b, b.Image(224, 224, 3), "mlpconv1", 11, 4, 96, 96, 96) // 54x54
	x = pool3(b, x, "pool1")                                             // 27x27
	x = mlpconv(b, x, "mlpconv2", 5, 1, 256, 256, 256)
	x = pool3(b, x, "pool2") // 13x13
	x = mlpconv(b, x, "mlpconv3", 3, 1, 384, 384, 384)
	x = b.Dropout(pool3(b, x, "pool3"), 0.5) // 6x6
	x = mlpconv(b, x, "mlpconv4", 3, 1, 1024, 1024, nn.Classes)
	b.Logits(b.GlobalAvgPool(x))
}
