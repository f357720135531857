package zoo

import "github.com/assaylab/assay/nn"

// ConvNeXt-T: Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, "A ConvNet for the 2020s", arXiv:2201.03545, table 9 and §2: patches
// of 4x4, stages of (3, 3, 9, 3) blocks, norms and halving convolutions of 2x2 between them. Layer norms of ε 1e-6 over
// channels, GELU, layer scale from 1e-6. Training drops whole blocks, from none at the first to .1 at the last (table 5).
var convnexts = []Net{
	{"convnext_tiny", "convnext", "Liu et al. 2022, arXiv:2201.03545", 1000, convnextTiny, Published{28_589_128, 4.4555}},
}

var convnextNorm = nn.LayerNorm{Eps: 1e-6}

func convnextTiny(b *nn.Builder) {
	patch := func(b *nn.Builder, x *nn.Node, out, k int) *nn.Node {
		return b.ConvOf(x, nn.Conv{Out: out, Kernel: nn.Square(k), Stride: nn.Square(k)})
	}
	x := patch(b, b.Image(224, 224, 3), 96, 4)
	b.Over(nn.Out(x), convnextNorm, x)
	block := 0
	for i, n := range []int{3, 3, 9, 3} { // 56x56x96, 28x28x192, 14x14x384, 7x7x768
		stage := b.Scope("stage%d", i+1)
		if i > 0 {
			x = patch(stage.As("halve"), x, 96<<i, 2)
			b.Over(nn.In(x, 0), convnextNorm, x)
		}
		for j := range n {
			x = stochasticDepth(b, convnextBlock(stage.Scope("block%d", j+1), x), 0.1*float64(block)/17)
			block++
		}
	}
	x = b.GlobalAvgPool(x)
	b.Logits(b.Linear(b.Over(nn.Out(x), convnextNorm, x), nn.Classes))
}

// convnextBlock is figure 4: a depthwise 7x7, norm, 1x1 to four times the channels, GELU, 1x1 back, layer scale, and the bypass.
func convnextBlock(b *nn.Builder, x *nn.Node) *nn.Node {
	c := b.Size(x).C
	y := b.As("depthwise").ConvOf(x, nn.Conv{Out: c, Kernel: nn.Square(7), Padding: nn.Pad(3), Groups: c})
	y = b.Over(nn.Out(y), convnextNorm, y)
	y = b.Act(b.As("expand").Conv(y, 4*c, 1, 1), nn.GELU)
	y = b.Layer(nn.LayerScale{Init: 1e-6}, b.As("project").Conv(y, c, 1, 1))
	return b.Add(x, y)
}
