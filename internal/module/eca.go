package module

import (
	"math"

	"github.com/assaylab/assay/nn"
)

// ECA gates the channels of x by a convolution over their means, σ(w * mean(x)), without reduction: Wang, Wu, Zhu, Li, Zuo, Hu,
// "ECA-Net", arXiv:1910.03151, §3.2. The kernel grows with the channels: |log2(C)/2 + 1/2|, the odd number at or above what is
// left of it rounded down, as the authors' code has it.
func ECA(b *nn.Builder, x *nn.Node) *nn.Node {
	c := b.Size(x).C
	b = b.Scope("eca")
	kernel := int(math.Abs(math.Log2(float64(max(c, 1)))+1)/2) | 1
	return b.Layer(nn.Gate{}, x, b.Act(b.Layer(nn.ChannelConv{Kernel: kernel}, b.As("mean").GlobalAvgPool(x)), nn.Sigmoid))
}
