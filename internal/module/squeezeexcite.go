package module

import "github.com/assaylab/assay/nn"

// SqueezeExcite gates the channels of x by a perceptron of their means: gate(W2·act(W1·mean(x))), W1 to so many hidden units.
// Hu, Shen, Sun, "Squeeze-and-Excitation Networks", arXiv:1709.01507, §3: sigmoid and ReLU, C/16 units, 2C²/16 weights. Of the
// style it takes bias and activation.
func SqueezeExcite(b *nn.Builder, x *nn.Node, hidden int, s nn.Style, gate nn.Func) *nn.Node {
	b = b.Scope("se")
	y := excite(b, b.As("mean").GlobalAvgPool(x), b.Size(x).C, hidden, s)
	return b.Layer(nn.Gate{}, x, b.Act(y, gate))
}

// excite is the perceptron of a gate of so many channels.
func excite(b *nn.Builder, x *nn.Node, channels, hidden int, s nn.Style) *nn.Node {
	y := b.Layer(s.Act, b.Bias(b.As("reduce").Conv(x, hidden, 1, 1), s.Bias))
	return b.Bias(b.As("expand").Conv(y, channels, 1, 1), s.Bias)
}
