package module

import "github.com/assaylab/assay/nn"

// Hidden is a fully connected layer of a classifier with ReLU and dropout: Krizhevsky, Sutskever, Hinton 2012.
func Hidden(b *nn.Builder, x *nn.Node, units int, drop float32) *nn.Node {
	return b.Dropout(b.ReLU(b.Linear(x, units)), drop)
}

// PoolHead pools all positions and classifies: Lin, Chen, Yan, arXiv:1312.4400, §3.2, with the linear layer of
// arXiv:1409.4842.
func PoolHead(b *nn.Builder, x *nn.Node, kind nn.PoolKind) *nn.Node {
	return b.Linear(b.Layer(nn.GlobalPool{Type: kind}, x), nn.Classes)
}

// Pyramid is spatial pyramid pooling: the maxima of bins x bins parts of the map for each number of bins, behind one another as a
// vector whose length does not depend on the map's size. He, Zhang, Ren, Sun, arXiv:1406.4729, §2.2.
func Pyramid(b *nn.Builder, x *nn.Node, bins ...int) *nn.Node {
	var levels []*nn.Node
	for i, n := range bins {
		level := b.As("level%d", i+1).Layer(nn.BinPool{Type: nn.Max, Bins: nn.Square(n)}, x)
		if n > 1 {
			level = b.As("level%d/flat", i+1).Layer(nn.Flatten{}, level)
		}
		levels = append(levels, level)
	}
	if len(levels) == 1 {
		return levels[0]
	}
	return b.As("pyramid").Concat(levels...)
}
