package module

import "github.com/assaylab/assay/nn"

// ShuffleUnit is the unit of ShuffleNet V2: Ma, Zhang, Zheng, Sun, arXiv:1807.11164, figure 3c and d. One half of the channels passes
// by, the other goes through 1x1, a depthwise 3x3 and 1x1; both are joined and dealt out. With a stride both sides read the whole
// map, and the one that passed goes through a depthwise 3x3 and 1x1.
func ShuffleUnit(b *nn.Builder, x *nn.Node, out, stride int) *nn.Node {
	s := BNReLU()
	depthwise := func(b *nn.Builder, x *nn.Node) *nn.Node {
		c := same(b.Size(x).C, 3, stride)
		c.Groups = c.Out
		return b.Norm(b.As("depthwise").ConvOf(x, c))
	}
	pointwise := func(b *nn.Builder, x *nn.Node, name string) *nn.Node {
		return b.Finish(b.As("%s", name).ConvOf(x, same(out/2, 1, 1)), s)
	}
	by := x
	if stride > 1 {
		side := b.Scope("shortcut")
		by = pointwise(side, depthwise(side, x), "pointwise")
	} else {
		by, x = b.As("by").Layer(nn.Split{Part: 1}, x), b.As("through").Layer(nn.Split{Part: 2}, x)
	}
	x = pointwise(b, depthwise(b, pointwise(b, x, "reduce")), "pointwise")
	return b.Layer(nn.Shuffle{Groups: 2}, b.Concat(by, x))
}
