package module

import "github.com/assaylab/assay/nn"

// ReNet sweeps patches of a map down and up, then what that gives from left to right and back: Visin, Kastner, Cho, Matteucci,
// Courville, Bengio, "ReNet: A Recurrent Neural Network Based Alternative to Convolutional Networks", arXiv:1505.00393, §2. Every
// position of the result has seen the whole map. One way alone is a deviation.
func ReNet(b *nn.Builder, x *nn.Node, cell nn.Cell, patch nn.HW, units int, bidirectional bool) *nn.Node {
	sweep := nn.Recurrent{Cell: cell, Units: units, Scan: nn.Columns, Patch: patch, Bidirectional: bidirectional}
	x = b.As("columns").Layer(sweep, x)
	sweep.Scan, sweep.Patch = nn.Rows, nn.Square(1)
	return b.As("rows").Layer(sweep, x)
}
