package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// AlexNet as torchvision has it: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997,
// footnote 1: one column, no groups, no LRN, dropout in front of both hidden layers.
//
// CaffeNet: Jia et al., "Caffe", arXiv:1408.5093, models/bvlc_reference_caffenet of its repository: AlexNet's two columns as
// groups, on images of 227x227, with pooling in front of LRN. Pooling rounds up.
//
// CaffeNet128: the base of Mishkin, Sergievskiy, Matas, "Systematic evaluation of CNN advances on the ImageNet",
// arXiv:1606.02228, prototxt/caffenet128_lsuv_no_lrn.prototxt of its repository. Pooling rounds up, as Caffe; no LRN.
//
// ZFNet: Zeiler, Fergus, arXiv:1311.2901, figure 3: 110x110x96, 26x26x256, 13x13x384. Deviation: no contrast normalisation,
// which has no parameters; osmr/imgclsmob counts the same. OverFeat: Sermanet et al., arXiv:1312.6229, table 1, the fast model: 145 million parameters, 2,810
// million connections by the paper's table 4.
var alexnets = []Net{
	{"alexnet", "alexnet", "Krizhevsky 2014, arXiv:1404.5997", 1000, alexnet, Published{61_100_840, 0.714_19}},
	{"caffenet", "alexnet", "Jia et al. 2014, arXiv:1408.5093", 1000, caffenet, Published{60_965_224, 0.724_406_816}},
	{"caffenet128", "alexnet", "Mishkin et al. 2016, arXiv:1606.02228", 1000, caffenet128, Published{13_300_072, 0.208_986_240}},
	{"zfnet", "alexnet", "Zeiler, Fergus 2013, arXiv:1311.2901", 1000, zfnet, Published{62_357_608, 1.168_03}},
	{"overfeat", "alexnet", "Sermanet et al. 2013, arXiv:1312.6229", 1000, overfeat, Published{145_920_872, 2.801_40}},
}

// convReLU is a convolution of this generation: every number is the table's.
func convReLU(b *nn.Builder, x *nn.Node, name string, out, kernel, stride, pad, groups int) *nn.Node {
	return b.ReLU(b.As("%s", name).ConvOf(x, nn.Conv{Out: out, Kernel: nn.Square(kernel), Stride: nn.Square(stride), Padding: nn.Pad(pad), Groups: groups}))
}

// pool3 is overlapping max pooling, 3x3 at stride 2, that rounds up as Caffe does.
func pool3(b *nn.Builder, x *nn.Node, name string) *nn.Node {
	return b.As("%s", name).Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}, x)
}

func alexnet(b *nn.Builder) {
	//                                                out  k  s  p  g
	x := convReLU(b, b.Image(224, 224, 3), "conv1", 64, 11, 4, 2, 1) // 55x55
	x = b.As("pool1").MaxPool(x, 3, 2)                               // 27x27
	x = convReLU(b, x, "conv2", 192, 5, 1, 2, 1)
	x = b.As("pool2").MaxPool(x, 3, 2) // 13x13
	x = convReLU(b, x, "conv3", 384, 3, 1, 1, 1)
	x = convReLU(b, x, "conv4", 256, 3, 1, 1, 1)
	x = convReLU(b, x, "conv5", 256, 3, 1, 1, 1)
	x = b.Dropout(b.As("pool5").MaxPool(x, 3, 2), 0.5) // 6x6
	x = module.Hidden(b.As("fc6"), x, 4096, 0.5)
	x = b.ReLU(b.As("fc7").Linear(x, 4096))
	b.Logits(b.As("fc8").Linear(x, nn.Classes))
}

func caffenet(b *nn.Builder) { // 55x55, 27x27, 13x13, 6x6
	lrn := func(x *nn.Node) *nn.Node { return b.Over(nn.Out(x), nn.NewLRN(), x) }
	caffe(b, b.Image(227, 227, 3), 4096, lrn)
}

func caffenet128(b *nn.Builder) { // 30x30, 15x15, 7x7, 3x3
	caffe(b, b.Image(128, 128, 3), 2048, func(x *nn.Node) *nn.Node { return x })
}

// caffe has that many hidden units, and a norm behind its first two poolings.
func caffe(b *nn.Builder, x *nn.Node, hidden int, norm func(*nn.Node) *nn.Node) {
	x = convReLU(b, x, "conv1", 96, 11, 4, 0, 1)
	x = norm(pool3(b, x, "pool1"))
	x = convReLU(b, x, "conv2", 256, 5, 1, 2, 2)
	x = norm(pool3(b, x, "pool2"))
	x = convReLU(b, x, "conv3", 384, 3, 1, 1, 1)
	x = convReLU(b, x, "conv4", 384, 3, 1, 1, 2)
	x = convReLU(b, x, "conv5", 256, 3, 1, 1, 2)
	x = pool3(b, x, "pool5")
	x = module.Hidden(b.As("fc6"), x, hidden, 0.5)
	x = module.Hidden(b.As("fc7"), x, hidden, 0.5)
	b.Logits(b.As("fc8").Linear(x, nn.Classes))
}

func zfnet(b *nn.Builder) {
	x := convReLU(b, b.Image(224, 224, 3), "conv1", 96, 7, 2, 1, 1) // 110x110
	x = pool3(b, x, "pool1")                                        // 55x55
	x = convReLU(b, x, "conv2", 256, 5, 2, 0, 1)                    // 26x26
	x = pool3(b, x, "pool2")                                        // 13x13
	x = convReLU(b, x, "conv3", 384, 3, 1, 1, 1)
	x = convReLU(b, x, "conv4", 384, 3, 1, 1, 1)
	x = convReLU(b, x, "conv5", 256, 3, 1, 1, 1)
	x = pool3(b, x, "pool5") // 6x6
	x = module.Hidden(b.As("fc6"), x, 4096, 0.5)
	x = module.Hidden(b.As("fc7"), x, 4096, 0.5)
	b.Logits(b.As("fc8").Linear(x, nn.Classes))
}

func overfeat(b *nn.Builder) {
	x := convReLU(b, b.Image(231, 231, 3), "conv1", 96, 11, 4, 0, 1) // 56x56
	x = b.As("pool1").MaxPool(x, 2, 2)                               // 28x28
	x = convReLU(b, x, "conv2", 256, 5, 1, 0, 1)                     // 24x24
	x = b.As("pool2").MaxPool(x, 2, 2)                               // 12x12
	x = convReLU(b, x, "conv3", 512, 3, 1, 1, 1)
	x = convReLU(b, x, "conv4", 1024, 3, 1, 1, 1)
	x = convReLU(b, x, "conv5", 1024, 3, 1, 1, 1)
	x = b.As("pool5").MaxPool(x, 2, 2)           // 6x6
	x = module.Hidden(b.As("fc6"), x, 3072, 0.5) // §3.1: dropout .5 on the hidden layers
	x = module.Hidden(b.As("fc7"), x, 4096, 0.5)
	b.Logits(b.As("fc8").Linear(x, nn.Classes))
}
