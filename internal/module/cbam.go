package module

import "github.com/assaylab/assay/nn"

// CBAM gates the channels of x by one perceptron of their means and of their maxima, the two added, then its positions by a 7x7
// convolution of the mean and the maximum over channels: Woo, Park, Lee, Kweon, "CBAM", arXiv:1807.06521, §3. The norm of the
// style follows the 7x7 convolution alone, as in the authors' code; of its activation and bias the perceptron takes both.
func CBAM(b *nn.Builder, x *nn.Node, hidden int, s nn.Style) *nn.Node {
	b = b.Scope("cbam")
	both := b.Layer(nn.Stack{}, b.As("mean").GlobalAvgPool(x), b.As("max").Layer(nn.GlobalPool{Type: nn.Max}, x))
	y := excite(b, both, b.Size(x).C, hidden, s)
	y = b.As("sum").Layer(nn.Scale{By: 2}, b.GlobalAvgPool(y)) // twice the mean of two
	x = b.As("channels").Layer(nn.Gate{}, x, b.Act(y, nn.Sigmoid))

	maps := b.Concat(b.As("average").Layer(nn.ChannelPool{}, x), b.As("largest").Layer(nn.ChannelPool{Type: nn.Max}, x))
	y = b.Bias(b.As("spatial").Conv(maps, 1, 7, 1), s.Bias)
	if s.Norm != nil {
		b.Over(nn.Out(y), s.Norm, y)
	}
	return b.As("positions").Layer(nn.Gate{}, x, b.Act(y, nn.Sigmoid))
}
