package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// MobileNetV3: Howard et al., "Searching for MobileNetV3", arXiv:1905.02244, tables 1 and 2, as torchvision has it: gates of a
// quarter of the widened maps, to the next multiple of eight, ReLU and hard sigmoid in them; norms of ε .001 that keep .99;
// dropout .2 in front of the classifier.
var mobilenetV3s = []Net{
	{"mobilenet_v3_large", "mobilenet", mobilenetV3Paper, 1000, mobilenetV3Large, Published{5_483_032, 0.216_59}},
	{"mobilenet_v3_small", "mobilenet", mobilenetV3Paper, 1000, mobilenetV3Small, Published{2_542_856, 0.056_51}},
}

const mobilenetV3Paper = "Howard et al. 2019, arXiv:1905.02244"

// bneck is a row of the paper's tables.
type bneck struct {
	kernel, wide, out int
	se                bool
	act               nn.Func
	stride            int
}

const re, hs = nn.ReLU, nn.HardSwish

func mobilenetV3Large(b *nn.Builder) {
	mobilenetV3(b, 960, 1280, []bneck{
		//k  wide  out  SE    act s
		{3, 16, 16, false, re, 1}, // 112x112
		{3, 64, 24, false, re, 2}, // 56x56
		{3, 72, 24, false, re, 1},
		{5, 72, 40, true, re, 2}, // 28x28
		{5, 120, 40, true, re, 1},
		{5, 120, 40, true, re, 1},
		{3, 240, 80, false, hs, 2}, // 14x14
		{3, 200, 80, false, hs, 1},
		{3, 184, 80, false, hs, 1},
		{3, 184, 80, false, hs, 1},
		{3, 480, 112, true, hs, 1},
		{3, 672, 112, true, hs, 1},
		{5, 672, 160, true, hs, 2}, // 7x7
		{5, 960, 160, true, hs, 1},
		{5, 960, 160, true, hs, 1},
	})
}

func mobilenetV3Small(b *nn.Builder) {
	mobilenetV3(b, 576, 1024, []bneck{
		{3, 16, 16, true, re, 2},  // 56x56
		{3, 72, 24, false, re, 2}, // 28x28
		{3, 88, 24, false, re, 1},
		{5, 96, 40, true, hs, 2}, // 14x14
		{5, 240, 40, true, hs, 1},
		{5, 240, 40, true, hs, 1},
		{5, 120, 48, true, hs, 1},
		{5, 144, 48, true, hs, 1},
		{5, 288, 96, true, hs, 2}, // 7x7
		{5, 576, 96, true, hs, 1},
		{5, 576, 96, true, hs, 1},
	})
}

func mobilenetV3(b *nn.Builder, last, hidden int, rows []bneck) {
	norm := nn.BatchNorm{Momentum: 0.99, Eps: 1e-3, Affine: true}
	style := func(f nn.Func) nn.Style { return nn.Style{Bias: true, Norm: norm, Act: nn.Activation{Func: f}} }
	x := module.Convolve(style(hs), nn.Conv{Out: 16, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)})(b, b.Image(224, 224, 3)) // 112x112x16
	for i, r := range rows {
		k := nn.Square(r.kernel)
		c := nn.Conv{Out: r.out, Kernel: k, Stride: nn.Square(r.stride), Padding: nn.Same(k, nn.Square(1))}
		x = module.InvertedResidual(b.Scope("block%d", i+1), x, r.wide, c, style(r.act), squeezed(r.se, eights(r.wide/4), re, nn.HardSigmoid))
	}
	x = module.Convolved(style(hs), last, 1)(b, x)
	x = b.Dropout(b.Act(b.Linear(b.GlobalAvgPool(x), hidden), hs), 0.2)
	b.Logits(b.Linear(x, nn.Classes))
}

// squeezed is a squeeze-and-excitation gate with biases, nil for none.
func squeezed(has bool, hidden int, act, gate nn.Func) module.Part {
	if !has {
		return nil
	}
	s := nn.Style{Bias: true, Act: nn.Activation{Func: act}}
	return func(b *nn.Builder, x *nn.Node) *nn.Node { return module.SqueezeExcite(b, x, hidden, s, gate) }
}

// eights is the multiple of eight nearest to n, 8 at least, and no more than a tenth below n.
func eights(n int) int {
	m := max(8, (n+4)/8*8)
	if 10*m < 9*n {
		m += 8
	}
	return m
}
