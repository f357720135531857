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
