package module

import (
	"errors"

	"github.com/assaylab/assay/nn"
)

// Order is which part of a separable convolution comes first.
type Order string

// Orders of a separable convolution.
const (
	DepthwiseFirst Order = "depthwise-first" // MobileNet, Howard et al., arXiv:1704.04861; Xception, Chollet, arXiv:1610.02357
	PointwiseFirst Order = "pointwise-first" // "extreme Inception", arXiv:1610.02357, figure 4
	Inverted       Order = "inverted"        // expand, depthwise, project: MobileNetV2, Sandler et al., arXiv:1801.04381
)

// Separable splits a convolution into a depthwise one, a window a channel with the stride, padding and dilation of c, and 1x1
// ones over all channels: Sifre, PhD thesis 2014, §6.2. Between the parts stand the norm and activation of the style; the last
// stays bare, as [Chain]'s. Factor is the filters a channel (depthwise-first: the depth multiplier), or the expansion
// (inverted); the pointwise-first form does not use it. Groups of c are dropped: the depthwise part has its own.
func Separable(b *nn.Builder, x *nn.Node, c nn.Conv, s nn.Style, order Order, factor int) *nn.Node {
	in, c := b.Size(x).C, unshared(c)
	depthwise := func(channels, multiplier int) Named {
		d := c
		d.Out, d.Groups = channels*multiplier, max(1, channels)
		return Named{"depthwise", d}
	}
	switch order {
	case PointwiseFirst:
		if c.Out == nn.Classes {
			b.Fail(errors.New("a depthwise convolution cannot give the classes; use order: depthwise-first"))
		}
		return Chain(b, x, s, Named{"pointwise", same(c.Out, 1, 1)}, depthwise(c.Out, 1))
	case Inverted:
		wide := factor * in
		return Chain(b, x, s, Named{"expand", same(wide, 1, 1)}, depthwise(wide, 1), Named{"project", same(c.Out, 1, 1)})
	}
	return Chain(b, x, s, depthwise(in, factor), Named{"pointwise", same(c.Out, 1, 1)})
}

// unshared drops the name of a shared weight, which is no longer of the shape.
func unshared(c nn.Conv) nn.Conv {
	c.Weight = ""
	return c
}
