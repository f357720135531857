package module

import (
	"fmt"

	"github.com/assaylab/assay/nn"
)

// MLPConv puts 1x1 convolutions of the given widths behind a convolution, with the style's norm and activation between: a small
// perceptron slid over the map. Lin, Chen, Yan, "Network In Network", arXiv:1312.4400, §3.1. The last stays bare, as [Chain]'s.
func MLPConv(b *nn.Builder, x *nn.Node, c nn.Conv, s nn.Style, widths ...int) *nn.Node {
	convs := []Named{{"conv", unshared(c)}}
	for i, w := range widths {
		convs = append(convs, Named{fmt.Sprintf("mlp%d", i+1), same(w, 1, 1)})
	}
	return Chain(b, x, s, convs...)
}

// Reduced puts a convolution between 1x1 ones: 1x1 to width, the convolution at that width, 1x1 to its outputs, with the style's
// norm and activation between. The bottleneck of He, Zhang, Ren, Sun, arXiv:1512.03385, §4.1. The stride sits in the
// convolution (PyTorch's "v1.5"), or in the first 1x1 if asked (the paper, Caffe).
func Reduced(b *nn.Builder, x *nn.Node, c nn.Conv, s nn.Style, width int, strideFirst bool) *nn.Node {
	reduce, mid, expand := same(width, 1, 1), unshared(c), same(c.Out, 1, 1)
	mid.Out = width
	if strideFirst {
		reduce.Stride, mid.Stride = c.Stride, nn.Square(1)
	}
	return Chain(b, x, s, Named{"reduce", reduce}, Named{"conv", mid}, Named{"expand", expand})
}
