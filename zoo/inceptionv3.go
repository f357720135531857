package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Inception v3: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision",
// arXiv:1512.00567, as torchvision has it: ε .001, averages count the padding, the auxiliary head behind the last 17x17 module
// with loss weight .4. 27,161,264 parameters with that head.
var inceptionV3s = []Net{
	{"inception_v3", "inception", "Szegedy et al. 2015, arXiv:1512.00567", 1000, inceptionV3, Published{23_834_568, 5.7132}},
}

func inceptionV3(b *nn.Builder) {
	average := module.Pooled(nn.Pool{Type: nn.Avg, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1), CountPad: true})
	row, beside := module.InRow, module.Beside
	a := func(proj int) module.Part { // 35x35: figure 5
		return beside(cbr(64, 1, 1), row(cbr(48, 1, 1), cbr(64, 5, 5)), row(cbr(64, 1, 1), cbr(96, 3, 3), cbr(96, 3, 3)), row(average, cbr(proj, 1, 1)))
	}
	c := func(n int) module.Part { // 17x17: figure 6
		return beside(
			cbr(192, 1, 1),
			row(cbr(n, 1, 1), cbr(n, 1, 7), cbr(192, 7, 1)),
			row(cbr(n, 1, 1), cbr(n, 7, 1), cbr(n, 1, 7), cbr(n, 7, 1), cbr(192, 1, 7)),
			row(average, cbr(192, 1, 1)),
		)
	}
	e := func() module.Part { // 8x8: figure 7
		return beside(
			cbr(320, 1, 1),
			row(cbr(384, 1, 1), beside(cbr(384, 1, 3), cbr(384, 3, 1))),
			row(cbr(448, 1, 1), cbr(384, 3, 3), beside(cbr(384, 1, 3), cbr(384, 3, 1))),
			row(average, cbr(192, 1, 1)),
		)
	}
	x := row(valid(32, 3, 2), valid(32, 3, 1), cbr(64, 3, 3), maxValid, valid(80, 1, 1), valid(192, 3, 1), maxValid)(b, b.Image(299, 299, 3)) // 35x35x192
	x = inScopes(b, x, "mixed5", a(32), a(64), a(64))
	x = inScopes(b, x, "mixed6", beside(valid(384, 3, 2), row(cbr(64, 1, 1), cbr(96, 3, 3), valid(96, 3, 2)), maxValid), c(128), c(160), c(160), c(192)) // 17x17x768
	inceptionV3Aux(b.Scope("aux"), x)
	x = inScopes(b, x, "mixed7", beside(row(cbr(192, 1, 1), valid(320, 3, 2)), row(cbr(192, 1, 1), cbr(192, 1, 7), cbr(192, 7, 1), valid(192, 3, 2)), maxValid), e(), e()) // 8x8x2048
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.5), nn.Classes))
}

func inceptionV3Aux(b *nn.Builder, x *nn.Node) {
	x = module.InRow(module.Pooled(nn.Pool{Type: nn.Avg, Kernel: nn.Square(5), Stride: nn.Square(3)}), cbr(128, 1, 1), valid(768, 5, 1))(b, x)
	b.AuxLogits("aux", module.PoolHead(b, x, nn.Avg), 0.4)
}

// slim is the style of these networks: batch norm with ε .001 and ReLU.
func slim() nn.Style {
	return nn.Style{Bias: true, Norm: nn.BatchNorm{Momentum: 0.9, Eps: 1e-3, Affine: true}, Act: nn.Activation{Func: nn.ReLU}}
}

// cbr is a convolution in that style that keeps the size.
func cbr(out, kh, kw int) module.Part {
	k := nn.HW{kh, kw}
	return module.Convolve(slim(), nn.Conv{Out: out, Kernel: k, Padding: nn.Same(k, nn.Square(1))})
}

// valid is one without padding.
func valid(out, kernel, stride int) module.Part {
	return module.Convolve(slim(), nn.Conv{Out: out, Kernel: nn.Square(kernel), Stride: nn.Square(stride)})
}

// maxValid is 3x3 max pooling at stride 2 without padding.
func maxValid(b *nn.Builder, x *nn.Node) *nn.Node { return b.MaxPool(x, 3, 2) }

// inScopes puts parts behind one another, named "mixed5a/...", "mixed5b/..." for the name mixed5.
func inScopes(b *nn.Builder, x *nn.Node, name string, parts ...module.Part) *nn.Node {
	for i, p := range parts {
		x = p(b.Scope("%s%c", name, 'a'+i), x)
	}
	return x
}
