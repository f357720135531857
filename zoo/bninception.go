package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// BN-Inception: Ioffe, Szegedy, "Batch Normalization", arXiv:1502.03167, figure 5, as its published Caffe weights have it: 4c and
// 4d give 608 maps (the paper's table 576), the first convolution is a plain one (the paper: separable, multiplier 8), biases
// stay in front of norms. Pooling rounds up.
var bnInceptions = []Net{
	{"bn-inception", "inception", "Ioffe, Szegedy 2015, arXiv:1502.03167", 1000, bnInception, Published{11_295_240, 2.032_60}},
}

func bnInception(b *nn.Builder) {
	s := biasedNorm
	s.Bias, s.Act = true, nn.Activation{Func: nn.ReLU}
	c := func(out, kernel int) module.Part { return module.Convolved(s, out, kernel) }
	half := func(out int) module.Part {
		return module.Convolve(s, nn.Conv{Out: out, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)})
	}
	maxPool := module.Pooled(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true})
	// one | three[0] -> 3x3 three[1] | double[0] -> 3x3 -> 3x3 double[1] | pool -> proj
	inception := func(one int, three, double [2]int, kind nn.PoolKind, proj int) module.Part {
		pool := nn.Pool{Type: kind, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1), CountPad: kind == nn.Avg}
		return module.Beside(
			c(one, 1),
			module.InRow(c(three[0], 1), c(three[1], 3)),
			module.InRow(c(double[0], 1), c(double[1], 3), c(double[1], 3)),
			module.InRow(module.Pooled(pool), c(proj, 1)),
		)
	}
	// three[0] -> 3x3/2 three[1] | double[0] -> 3x3 -> 3x3/2 double[1] | max pool
	reduction := func(three, double [2]int) module.Part {
		return module.Beside(
			module.InRow(c(three[0], 1), half(three[1])),
			module.InRow(c(double[0], 1), c(double[1], 3), half(double[1])),
			maxPool,
		)
	}
	x := module.Convolve(s, nn.Conv{Out: 64, Kernel: nn.Square(7), Stride: nn.Square(2), Padding: nn.Pad(3)})(b, b.Image(224, 224, 3)) // 112x112
	x = maxPool(b, x)                                                                                                                  // 56x56
	x = c(64, 1)(b.As("conv2_reduce"), x)
	x = c(192, 3)(b.As("conv2"), x)
	x = maxPool(b, x) // 28x28x192
	for _, m := range []struct {
		name string
		part module.Part
	}{
		{"3a", inception(64, [2]int{64, 64}, [2]int{64, 96}, nn.Avg, 32)}, // 28x28
		{"3b", inception(64, [2]int{64, 96}, [2]int{64, 96}, nn.Avg, 64)},
		{"3c", reduction([2]int{128, 160}, [2]int{64, 96})},
		{"4a", inception(224, [2]int{64, 96}, [2]int{96, 128}, nn.Avg, 128)}, // 14x14
		{"4b", inception(192, [2]int{96, 128}, [2]int{96, 128}, nn.Avg, 128)},
		{"4c", inception(160, [2]int{128, 160}, [2]int{128, 160}, nn.Avg, 128)},
		{"4d", inception(96, [2]int{128, 192}, [2]int{160, 192}, nn.Avg, 128)},
		{"4e", reduction([2]int{128, 192}, [2]int{192, 256})},
		{"5a", inception(352, [2]int{192, 320}, [2]int{160, 224}, nn.Avg, 128)}, // 7x7
		{"5b", inception(352, [2]int{192, 320}, [2]int{192, 224}, nn.Max, 128)},
	} {
		x = m.part(b.Scope("inception%s", m.name), x)
	}
	b.Logits(module.PoolHead(b, x, nn.Avg))
}
