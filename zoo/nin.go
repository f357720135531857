package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Network in Network: Lin, Chen, Yan, arXiv:1312.4400, the CIFAR-10 form that its authors published for Caffe: pooling rounds
// up, the second pools averages, ReLU follows every convolution, the last of ten maps included.
var nins = []Net{
	{"nin-cifar", "nin", "Lin, Chen, Yan 2013, arXiv:1312.4400", 10, ninCIFAR, Published{966_986, 0.222_49}},
}

func ninCIFAR(b *nn.Builder) {
	mlpconv := func(x *nn.Node, name string, kernel, out, mlp1, mlp2 int) *nn.Node {
		k := nn.Square(kernel)
		s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
		c := nn.Conv{Out: out, Kernel: k, Padding: nn.Same(k, nn.Square(1))}
		return b.ReLU(module.MLPConv(b.Scope("%s", name), x, c, s, mlp1, mlp2))
	}
	pool := func(x *nn.Node, kind nn.PoolKind) *nn.Node {
		return b.Dropout(b.Layer(nn.Pool{Type: kind, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x), 0.5)
	}
	x := mlpconv(b.Image(32, 32, 3), "mlpconv1", 5, 192, 160, 96)
	x = pool(x, nn.Max) // 16x16
	x = mlpconv(x, "mlpconv2", 5, 192, 192, 192)
	x = pool(x, nn.Avg) // 8x8
	x = mlpconv(x, "mlpconv3", 3, 192, 192, nn.Classes)
	b.Logits(b.GlobalAvgPool(x))
}
