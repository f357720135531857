package module

import "github.com/assaylab/assay/nn"

// InvertedResidual widens x by a 1x1 convolution, if it is narrower, runs the depthwise convolution c over so many channels,
// gates them (nil for not) and narrows them to c.Out by a 1x1 convolution with the style's norm and no activation; x is added
// where the shape stays. Sandler et al., arXiv:1801.04381, with the gate of Howard et al., "Searching for MobileNetV3",
// arXiv:1905.02244, figure 4.
func InvertedResidual(b *nn.Builder, x *nn.Node, wide int, c nn.Conv, s nn.Style, gate Part) *nn.Node {
	y, depthwise := x, c
	if wide != b.Size(x).C {
		y = b.Finish(b.As("expand").Conv(y, wide, 1, 1), s)
	}
	depthwise.Out, depthwise.Groups = wide, wide
	y = b.Finish(b.As("depthwise").ConvOf(y, depthwise), s)
	if gate != nil {
		y = gate(b, y)
	}
	s.Act = nn.Activation{}
	y = b.Finish(b.As("project").Conv(y, c.Out, 1, 1), s)
	if b.Size(y) != b.Size(x) {
		return y
	}
	return b.Add(x, y)
}
