package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// GoogLeNet: Szegedy et al., "Going Deeper with Convolutions", arXiv:1409.4842, table 1, as BVLC's Caffe has it: pooling rounds
// up, auxiliary heads behind 4a and 4d with loss weight .3, which only training computes. Deviation: no LRN, which has no
// parameters.
//
// googlenet_bn is the one of torchvision, whose weights are the ones to be had: batch norm of ε .001 behind every convolution, 3x3 in
// place of 5x5 and 2x2 for the last pooling, as the weights were trained so, dropout .2; without auxiliary heads.
var googlenets = []Net{
	{"googlenet", "inception", googlenetPaper, 1000, googlenet, Published{6_998_552, 1.5827}},
	{"googlenet_bn", "inception", googlenetPaper, 1000, googlenetBN, Published{6_624_904, 1.4984}},
}

const googlenetPaper = "Szegedy et al. 2014, arXiv:1409.4842"

func googlenet(b *nn.Builder) {
	s := nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}
	//                                                one  three           five          proj
	inception := func(x *nn.Node, name string, one int, three, five [2]int, proj int) *nn.Node {
		return module.Inception(s, one, three, five, proj)(b.Scope("inception%s", name), x)
	}
	x := b.ReLU(b.As("conv1").Conv(b.Image(224, 224, 3), 64, 7, 2)) // 112x112
	x = pool3(b, x, "pool1")                                        // 56x56
	x = b.ReLU(b.As("conv2_reduce").Conv(x, 64, 1, 1))
	x = b.ReLU(b.As("conv2").Conv(x, 192, 3, 1))
	x = pool3(b, x, "pool2") // 28x28
	x = inception(x, "3a", 64, [2]int{96, 128}, [2]int{16, 32}, 32)
	x = inception(x, "3b", 128, [2]int{128, 192}, [2]int{32, 96}, 64)
	x = pool3(b, x, "pool3") // 14x14
	x = inception(x, "4a", 192, [2]int{96, 208}, [2]int{16, 48}, 64)
	googlenetAux(b, x, "aux1")
	x = inception(x, "4b", 160, [2]int{112, 224}, [2]int{24, 64}, 64)
	x = inception(x, "4c", 128, [2]int{128, 256}, [2]int{24, 64}, 64)
	x = inception(x, "4d", 112, [2]int{144, 288}, [2]int{32, 64}, 64)
	googlenetAux(b, x, "aux2")
	x = inception(x, "4e", 256, [2]int{160, 320}, [2]int{32, 128}, 128)
	x = pool3(b, x, "pool4") // 7x7
	x = inception(x, "5a", 256, [2]int{160, 320}, [2]int{32, 128}, 128)
	x = inception(x, "5b", 384, [2]int{192, 384}, [2]int{48, 128}, 128)
	b.Logits(b.As("classifier").Linear(b.Dropout(b.GlobalAvgPool(x), 0.4), nn.Classes))
}

func googlenetBN(b *nn.Builder) {
	s := nn.Style{Bias: true, Norm: nn.BatchNorm{Momentum: 0.9, Eps: 1e-3, Affine: true}, Act: nn.Activation{Func: nn.ReLU}}
	conv := func(x *nn.Node, name string, out, kernel, stride int) *nn.Node {
		return b.Finish(b.As("%s", name).Conv(x, out, kernel, stride), s)
	}
	pooled := module.Pooled(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)})
	inception := func(x *nn.Node, name string, one int, three, five [2]int, proj int) *nn.Node {
		return module.Beside(
			module.Convolved(s, one, 1),
			module.InRow(module.Convolved(s, three[0], 1), module.Convolved(s, three[1], 3)),
			module.InRow(module.Convolved(s, five[0], 1), module.Convolved(s, five[1], 3)),
			module.InRow(pooled, module.Convolved(s, proj, 1)),
		)(b.Scope("inception%s", name), x)
	}
	x := conv(b.Image(224, 224, 3), "conv1", 64, 7, 2) // 112x112
	x = pool3(b, x, "pool1")                           // 56x56
	x = conv(x, "conv2_reduce", 64, 1, 1)
	x = conv(x, "conv2", 192, 3, 1)
	x = pool3(b, x, "pool2") // 28x28
	x = inception(x, "3a", 64, [2]int{96, 128}, [2]int{16, 32}, 32)
	x = inception(x, "3b", 128, [2]int{128, 192}, [2]int{32, 96}, 64)
	x = pool3(b, x, "pool3") // 14x14
	x = inception(x, "4a", 192, [2]int{96, 208}, [2]int{16, 48}, 64)
	x = inception(x, "4b", 160, [2]int{112, 224}, [2]int{24, 64}, 64)
	x = inception(x, "4c", 128, [2]int{128, 256}, [2]int{24, 64}, 64)
	x = inception(x, "4d", 112, [2]int{144, 288}, [2]int{32, 64}, 64)
	x = inception(x, "4e", 256, [2]int{160, 320}, [2]int{32, 128}, 128)
	x = b.As("pool4").Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(2), Stride: nn.Square(2), Ceil: true}, x) // 7x7
	x = inception(x, "5a", 256, [2]int{160, 320}, [2]int{32, 128}, 128)
	x = inception(x, "5b", 384, [2]int{192, 384}, [2]int{48, 128}, 128)
	b.Logits(b.As("classifier").Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}

// googlenetAux is an auxiliary head: 4x4x128, 1024 units, dropout .7.
func googlenetAux(b *nn.Builder, x *nn.Node, name string) {
	b = b.Scope("%s", name)
	x = b.Layer(nn.Pool{Type: nn.Avg, Kernel: nn.Square(5), Stride: nn.Square(3), Ceil: true}, x)
	x = b.ReLU(b.Conv(x, 128, 1, 1))
	x = module.Hidden(b, x, 1024, 0.7)
	b.AuxLogits(name, b.Linear(x, nn.Classes), 0.3)
}
