package zoo

import (
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Inception v4: Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
// Learning", arXiv:1602.07261, figures 3 to 9: no residual path. Averages do not count the padding, norms have ε .001 as in
// inception_v3. Dropout .2 in front of the classifier. The public weights have as many parameters; their narrow windows lie the
// other way in the stem and in the longest branches of modules B and C, and their branches stand in another order.
var inceptionV4s = []Net{
	{"inception_v4", "inception", "Szegedy et al. 2016, arXiv:1602.07261", 1000, inceptionV4, Published{42_679_816, 12.254}},
}

func inceptionV4(b *nn.Builder) {
	row, beside := module.InRow, module.Beside
	average := module.Pooled(nn.Pool{Type: nn.Avg, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)})
	moduleA := beside(row(average, cbr(96, 1, 1)), cbr(96, 1, 1), row(cbr(64, 1, 1), cbr(96, 3, 3)), row(cbr(64, 1, 1), cbr(96, 3, 3), cbr(96, 3, 3)))
	moduleB := beside(
		row(average, cbr(128, 1, 1)),
		cbr(384, 1, 1),
		row(cbr(192, 1, 1), cbr(224, 1, 7), cbr(256, 7, 1)),
		row(cbr(192, 1, 1), cbr(192, 1, 7), cbr(224, 7, 1), cbr(224, 1, 7), cbr(256, 7, 1)),
	)
	moduleC := beside(
		row(average, cbr(256, 1, 1)),
		cbr(256, 1, 1),
		row(cbr(384, 1, 1), beside(cbr(256, 1, 3), cbr(256, 3, 1))),
		row(cbr(384, 1, 1), cbr(448, 1, 3), cbr(512, 3, 1), beside(cbr(256, 3, 1), cbr(256, 1, 3))),
	)
	reductionA := beside(maxValid, valid(384, 3, 2), row(cbr(192, 1, 1), cbr(224, 3, 3), valid(256, 3, 2)))
	reductionB := beside(maxValid, row(cbr(192, 1, 1), valid(192, 3, 2)), row(cbr(256, 1, 1), cbr(256, 1, 7), cbr(320, 7, 1), valid(320, 3, 2)))

	x := inScopes(b, b.Image(299, 299, 3), "stem", // 35x35x384
		row(valid(32, 3, 2), valid(32, 3, 1), cbr(64, 3, 3)), // 147x147x64
		beside(maxValid, valid(96, 3, 2)),
		beside(row(cbr(64, 1, 1), valid(96, 3, 1)), row(cbr(64, 1, 1), cbr(64, 7, 1), cbr(64, 1, 7), valid(96, 3, 1))),
		beside(valid(192, 3, 2), maxValid),
	)
	x = inScopes(b, x, "inceptionA", slices.Repeat([]module.Part{moduleA}, 4)...)
	x = reductionA(b.Scope("reductionA"), x) // 17x17x1024
	x = inScopes(b, x, "inceptionB", slices.Repeat([]module.Part{moduleB}, 7)...)
	x = reductionB(b.Scope("reductionB"), x) // 8x8x1536
	x = inScopes(b, x, "inceptionC", slices.Repeat([]module.Part{moduleC}, 3)...)
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.2), nn.Classes))
}
