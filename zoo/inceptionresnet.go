package zoo

import (
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Inception-ResNet v1 and v2: Szegedy, Ioffe, Vanhoucke, Alemi, arXiv:1602.07261, with the widths, repeats and residual scales
// (.17, .10, .20) of the public weights, whose last C module has neither scale nor activation. v1 is the public FaceNet's (5 A,
// 10 B, 6 C; 512 units with norm and dropout .6 in front of the classifier), v2 TensorFlow-slim's (10 A, 20 B, 10 C, the stem of
// v3 and a first mixed module in place of v4's stem, a last 1x1 convolution to 1536, dropout .2; its average counts no padding).
// Parameters as osmr/imgclsmob's, whose norms have a scale too; TensorFlow's have none.
var inceptionResnets = []Net{
	{"inception_resnet_v1", "inception", inceptionResnetPaper, 1000, inceptionResnetV1, Published{23_995_624, 6.308_24}},
	{"inception_resnet_v2", "inception", inceptionResnetPaper, 1000, inceptionResnetV2, Published{55_843_464, 13.1558}},
}

const inceptionResnetPaper = "Szegedy et al. 2016, arXiv:1602.07261"

func inceptionResnetV1(b *nn.Builder) {
	row, beside := module.InRow, module.Beside
	moduleA := scaled(0.17, true, cbr(32, 1, 1), row(cbr(32, 1, 1), cbr(32, 3, 3)), row(cbr(32, 1, 1), cbr(32, 3, 3), cbr(32, 3, 3)))
	moduleB := scaled(0.1, true, cbr(128, 1, 1), row(cbr(128, 1, 1), cbr(128, 1, 7), cbr(128, 7, 1)))
	moduleC := func(scale float32, relu bool) module.Part {
		return scaled(scale, relu, cbr(192, 1, 1), row(cbr(192, 1, 1), cbr(192, 1, 3), cbr(192, 3, 1)))
	}
	x := row(valid(32, 3, 2), valid(32, 3, 1), cbr(64, 3, 3), maxValid, valid(80, 1, 1), valid(192, 3, 1), valid(256, 3, 2))(b.Scope("stem"), b.Image(299, 299, 3)) // 35x35x256
	x = inScopes(b, x, "inceptionA", slices.Repeat([]module.Part{moduleA}, 5)...)
	x = beside(valid(384, 3, 2), row(cbr(192, 1, 1), cbr(192, 3, 3), valid(256, 3, 2)), maxValid)(b.Scope("reductionA"), x) // 17x17x896
	x = inScopes(b, x, "inceptionB", slices.Repeat([]module.Part{moduleB}, 10)...)
	x = beside(row(cbr(256, 1, 1), valid(384, 3, 2)), row(cbr(256, 1, 1), valid(256, 3, 2)),
		row(cbr(256, 1, 1), cbr(256, 3, 3), valid(256, 3, 2)), maxValid)(b.Scope("reductionB"), x) // 8x8x1792
	x = inScopes(b, x, "inceptionC", append(slices.Repeat([]module.Part{moduleC(0.2, true)}, 5), moduleC(1, false))...)
	unit := slim()
	unit.Act = nn.Activation{}
	x = b.Finish(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.6), 512), unit)
	b.Logits(b.Linear(x, nn.Classes))
}

func inceptionResnetV2(b *nn.Builder) {
	row, beside := module.InRow, module.Beside
	average := module.Pooled(nn.Pool{Type: nn.Avg, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)})
	moduleA := scaled(0.17, true, cbr(32, 1, 1), row(cbr(32, 1, 1), cbr(32, 3, 3)), row(cbr(32, 1, 1), cbr(48, 3, 3), cbr(64, 3, 3)))
	moduleB := scaled(0.1, true, cbr(192, 1, 1), row(cbr(128, 1, 1), cbr(160, 1, 7), cbr(192, 7, 1)))
	moduleC := func(scale float32, relu bool) module.Part {
		return scaled(scale, relu, cbr(192, 1, 1), row(cbr(192, 1, 1), cbr(224, 1, 3), cbr(256, 3, 1)))
	}
	x := row(valid(32, 3, 2), valid(32, 3, 1), cbr(64, 3, 3), maxValid, valid(80, 1, 1), valid(192, 3, 1), maxValid)(b.Scope("stem"), b.Image(299, 299, 3)) // 35x35x192
	x = beside(cbr(96, 1, 1), row(cbr(48, 1, 1), cbr(64, 5, 5)), row(cbr(64, 1, 1), cbr(96, 3, 3), cbr(96, 3, 3)), row(average, cbr(64, 1, 1)))(b.Scope("mixed"), x)
	x = inScopes(b, x, "inceptionA", slices.Repeat([]module.Part{moduleA}, 10)...)                                          // 35x35x320
	x = beside(valid(384, 3, 2), row(cbr(256, 1, 1), cbr(256, 3, 3), valid(384, 3, 2)), maxValid)(b.Scope("reductionA"), x) // 17x17x1088
	x = inScopes(b, x, "inceptionB", slices.Repeat([]module.Part{moduleB}, 20)...)
	x = beside(row(cbr(256, 1, 1), valid(384, 3, 2)), row(cbr(256, 1, 1), valid(288, 3, 2)),
		row(cbr(256, 1, 1), cbr(288, 3, 3), valid(320, 3, 2)), maxValid)(b.Scope("reductionB"), x) // 8x8x2080
	x = inScopes(b, x, "inceptionC", append(slices.Repeat([]module.Part{moduleC(0.2, true)}, 9), moduleC(1, false))...)
	x = cbr(1536, 1, 1)(b.Scope("last"), x)
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}

// scaled is the residual module of §3.2: what the branches give, times scale, added to x, and ReLU unless told otherwise.
func scaled(scale float32, relu bool, branches ...module.Part) module.Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = b.Add(x, module.Expanded(b.Size(x).C, scale, branches...)(b, x))
		if relu {
			x = b.ReLU(x)
		}
		return x
	}
}
