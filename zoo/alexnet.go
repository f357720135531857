package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// CaffeNet128: the base of Mishkin, Sergievskiy, Matas, "Systematic evaluation of CNN advances on the ImageNet",
// arXiv:1606.02228, prototxt/caffenet128_lsuv_no_lrn.prototxt of its repository. Pooling rounds up, as Caffe; no LRN.
var alexnets = []Net{
	{"caffenet128", "alexnet", "Mishkin et al. 2016, arXiv:1606.02228", 1000, caffenet128, Published{13_300_072, 0.208_986_240}},
}

func caffenet128(b *nn.Builder) {
	conv := func(x *nn.Node, name string, out, kernel, stride, pad, groups int) *nn.Node {
		return b.ReLU(b.As("%s", name).ConvOf(x, nn.Conv{Out: out, Kernel: nn.Square(kernel), Stride: nn.Square(stride), Padding: nn.Pad(pad), Groups: groups}))
	}
	pool := func(x *nn.Node, name string) *nn.Node {
		return b.As("%s", name).Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x)
	}
	//                                     out  k  s  p  g
	x := conv(b.Image(128, 128, 3), "conv1", 96, 11, 4, 0, 1) // 30x30
	x = pool(x, "pool1")                                      // 15x15
	x = conv(x, "conv2", 256, 5, 1, 2, 2)
	x = pool(x, "pool2") // 7x7
	x = conv(x, "conv3", 384, 3, 1, 1, 1)
	x = conv(x, "conv4", 384, 3, 1, 1, 2)
	x = conv(x, "conv5", 256, 3, 1, 1, 2)
	x = pool(x, "pool5") // 3x3
	x = module.Hidden(b.As("fc6"), x, 2048, 0.5)
	x = module.Hidden(b.As("fc7"), x, 2048, 0.5)
	b.Logits(b.As("fc8").Linear(x, nn.Classes))
}
