package module

import "github.com/assaylab/assay/nn"

// Part is a piece of a network: it appends layers behind x and returns the last.
type Part func(b *nn.Builder, x *nn.Node) *nn.Node

// InRow puts parts behind one another.
func InRow(parts ...Part) Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node {
		for _, p := range parts {
			x = p(b, x)
		}
		return x
	}
}

// Beside lets parts read the same map and concatenates what they give, in their order: the idea of Szegedy et al., "Going
// Deeper with Convolutions", arXiv:1409.4842. Their layers are named "branch1/...", "branch2/..." ...
func Beside(parts ...Part) Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node {
		ends := make([]*nn.Node, len(parts))
		for i, p := range parts {
			ends[i] = p(b.Scope("branch%d", i+1), x)
		}
		return b.Concat(ends...)
	}
}

// Convolve is a convolution with the bias, norm and activation of a style.
func Convolve(s nn.Style, c nn.Conv) Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Finish(b.ConvOf(x, c), s) }
}

// Convolved is [Convolve] with a square kernel, same padding and stride 1.
func Convolved(s nn.Style, out, kernel int) Part { return Convolve(s, same(out, kernel, 1)) }

// Pooled is a pooling.
func Pooled(p nn.Pool) Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Layer(p, x) }
}

// Pass gives what it gets: a branch that lets the map through.
func Pass(_ *nn.Builder, x *nn.Node) *nn.Node { return x }

// Inception is the module of arXiv:1409.4842, figure 2b: one | three[0] -> 3x3 three[1] | five[0] -> 5x5 five[1] | 3x3 max pool
// -> proj, each number a width of 1x1 unless said, the style after every convolution.
func Inception(s nn.Style, one int, three, five [2]int, proj int) Part {
	return Beside(
		Convolved(s, one, 1),
		InRow(Convolved(s, three[0], 1), Convolved(s, three[1], 3)),
		InRow(Convolved(s, five[0], 1), Convolved(s, five[1], 5)),
		InRow(Pooled(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)}), Convolved(s, proj, 1)),
	)
}
