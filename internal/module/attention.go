package module

import "github.com/assaylab/assay/nn"

// NonLocal adds to every position what it gathers from all: x + Wz·softmax(θ(x)ᵀφ(x))·g(x), θ, φ and g 1x1 convolutions to so
// many inner channels, half of those of x in the paper. Wang, Girshick, Gupta, He, "Non-local Neural Networks",
// arXiv:1711.07971, eq. 6, embedded Gaussian. Wz begins at 0, so that the block begins as the identity (§4.1). No biases, no
// norm, no subsampling.
func NonLocal(b *nn.Builder, x *nn.Node, inner int) *nn.Node {
	b = b.Scope("nonlocal")
	theta, phi := bareConv(b.As("theta"), x, inner, 1, 1), bareConv(b.As("phi"), x, inner, 1, 1)
	y := b.Layer(nn.Attention{Scale: 1}, theta, phi, bareConv(b.As("g"), x, inner, 1, 1))
	return b.Add(x, fromZero(b, y, b.Size(x).C))
}

// offsets is how many rows and columns a bias of self-attention tells apart: a window of 8 by 8 positions has no more.
const offsets = 7

// SelfAttention adds to every position what each of some heads gathers from all: x + Wo·attention(Wq·x, Wk·x, Wv·x), with a
// bias by offset, four 1x1 convolutions that keep the channels of x. Vaswani et al., arXiv:1706.03762, §3.2; on maps: Bello et
// al., arXiv:1904.09925; Srinivas et al., arXiv:2101.11605. Wo begins at 0, so that the block begins as the identity. No
// biases, no norm.
func SelfAttention(b *nn.Builder, x *nn.Node, heads int) *nn.Node {
	c := b.Size(x).C
	b = b.Scope("self")
	q, k := bareConv(b.As("query"), x, c, 1, 1), bareConv(b.As("key"), x, c, 1, 1)
	y := b.Layer(nn.Attention{Heads: heads, Range: offsets}, q, k, bareConv(b.As("value"), x, c, 1, 1))
	return b.Add(x, fromZero(b, y, c))
}

// AttentionPool averages positions by a learned score a head, in place of global average pooling: see [nn.AttentionPool]. The
// scores' weights, C a head, begin at 0: it begins as average pooling.
func AttentionPool(b *nn.Builder, x *nn.Node, heads int) *nn.Node {
	scores := b.Bias(b.As("scores").ConvOf(x, nn.Conv{Out: heads, Zero: true}), false)
	return b.Layer(nn.AttentionPool{}, x, scores)
}

// fromZero is a 1x1 convolution whose weights begin at 0.
func fromZero(b *nn.Builder, x *nn.Node, out int) *nn.Node {
	return b.Bias(b.As("out").ConvOf(x, nn.Conv{Out: out, Zero: true}), false)
}
