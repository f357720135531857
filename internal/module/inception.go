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
	return func(b *nn.Builder, x *nn.Node) *nn.Node { return b.Concat(ends(b, x, parts)...) }
}

// ends builds parts on the same map.
func ends(b *nn.Builder, x *nn.Node, parts []Part) []*nn.Node {
	xs := make([]*nn.Node, len(parts))
	for i, p := range parts {
		xs[i] = p(b.Scope("branch%d", i+1), x)
	}
	return xs
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
	return Beside(Branches{One: one, Three: three, Five: five, Proj: proj, Pool: nn.Max}.Parts(s, s)...)
}

// Branches are those of an inception module and what its forms differ by. A width of 0 leaves the branch out, and of a pair
// {reduce, maps} a reduction of 0 the 1x1 convolution.
type Branches struct {
	One         int         // 1x1
	Three, Five [2]int      // 1x1 to the first number, 3x3 and 5x5 to the second
	Proj        int         // 1x1 behind a 3x3 pooling
	Pool        nn.PoolKind // of that pooling; an average does not count the padding
	Double      bool        // two 3x3 for the 5x5: Szegedy et al., arXiv:1512.00567, §3.1
	Stride      nn.HW       // zero for 1. A module that strides has no 1x1 branch and passes a max pooling on as it is: arXiv:1502.03167, figure 5
	Dilation    nn.HW       // of 3x3 and 5x5; zero for 1
}

// Parts are the branches, inner the style of convolutions that another one follows, end of those at the end of a branch.
func (m Branches) Parts(inner, end nn.Style) []Part {
	strides := m.Stride != (nn.HW{}) && m.Stride != nn.Square(1)
	pool := nn.Pool{Type: m.Pool, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)}
	var parts []Part
	if m.One > 0 && !strides {
		parts = append(parts, Convolved(end, m.One, 1))
	}
	if m.Three[1] > 0 {
		parts = append(parts, InRow(m.reduced(inner, m.Three[0]), Convolve(end, m.window(m.Three[1], 3, true))))
	}
	switch {
	case m.Five[1] == 0:
	case m.Double:
		parts = append(parts, InRow(m.reduced(inner, m.Five[0]), Convolve(inner, m.window(m.Five[1], 3, false)), Convolve(end, m.window(m.Five[1], 3, true))))
	default:
		parts = append(parts, InRow(m.reduced(inner, m.Five[0]), Convolve(end, m.window(m.Five[1], 5, true))))
	}
	switch {
	case strides:
		pool.Type, pool.Stride = nn.Max, m.Stride
		parts = append(parts, Pooled(pool))
	case m.Proj > 0:
		parts = append(parts, InRow(Pooled(pool), Convolved(end, m.Proj, 1)))
	}
	return parts
}

// reduced is the 1x1 convolution in front of a larger one, none for 0 maps.
func (m Branches) reduced(s nn.Style, maps int) Part {
	if maps == 0 {
		return Pass
	}
	return Convolved(s, maps, 1)
}

// window is a k x k convolution, with the module's stride if asked.
func (m Branches) window(out, k int, strided bool) nn.Conv {
	c := nn.Conv{Out: out, Kernel: nn.Square(k), Stride: nn.Square(1), Dilation: m.Dilation}
	if c.Dilation == (nn.HW{}) {
		c.Dilation = nn.Square(1)
	}
	if strided && m.Stride != (nn.HW{}) {
		c.Stride = m.Stride
	}
	c.Padding = nn.Same(c.Kernel, c.Dilation)
	return c
}

// Expanded is branches side by side, a 1x1 convolution without norm or activation, and its bias, to out maps ("linear"), and a
// factor: what a residual inception module adds to its input. Szegedy, Ioffe, Vanhoucke, Alemi, arXiv:1602.07261, §3.2, §3.3.
func Expanded(out int, scale float32, branches ...Part) Part {
	return func(b *nn.Builder, x *nn.Node) *nn.Node {
		y := b.As("linear").Conv(Beside(branches...)(b, x), out, 1, 1)
		if scale != 1 {
			y = b.Layer(nn.Scale{By: scale}, y)
		}
		return y
	}
}
