package module

import (
	"fmt"

	"github.com/assaylab/assay/nn"
)

// Flattened is stages of one-dimensional convolutions behind one another: lateral over all channels (1x1, L), vertical (kx1, V)
// and horizontal (1xk, H) a channel alone, in the order of those letters. Jin, Dundar, Culurciello, "Flattened Convolutional
// Neural Networks for Feedforward Acceleration", arXiv:1412.5474, §3, has two stages of LVH. Vertical and horizontal hold one a
// stage, or none where the window is a single row or column; their outputs and groups are filled in. Each has a bias if asked;
// no norm and no activation stands between.
func Flattened(b *nn.Builder, x *nn.Node, order string, out int, vertical, horizontal []nn.Conv, bias bool) *nn.Node {
	stages := max(len(vertical), len(horizontal))
	for i := range stages {
		for _, letter := range order {
			name, c := "lateral", same(out, 1, 1)
			if letter != 'L' {
				kind := horizontal
				name = "horizontal"
				if letter == 'V' {
					name, kind = "vertical", vertical
				}
				if len(kind) == 0 {
					continue
				}
				c = kind[i]
				c.Out = max(1, b.Size(x).C)
				c.Groups = c.Out
			}
			if stages > 1 {
				name = fmt.Sprintf("%s%d", name, i+1)
			}
			x = b.Bias(b.As("%s", name).ConvOf(x, c), bias)
		}
	}
	return x
}
