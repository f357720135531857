package zoo

import "github.com/assaylab/assay/nn"

// Cireşan, Meier, Gambardella, Schmidhuber, "Deep Big Simple Neural Nets Excel on Handwritten Digit Recognition",
// arXiv:1003.0358, table 1, the fifth network: a plain perceptron on digits of 29x29, 12.11 million weights, squashed by
// 1.7159·tanh(2x/3).
var ciresans = []Net{
	{"ciresan", "ciresan", "Cireşan et al. 2010, arXiv:1003.0358", 10, ciresan, Published{12_115_010, 0.012_107_5}},
}

func ciresan(b *nn.Builder) {
	x := b.Image(29, 29, 1)
	for _, units := range []int{2500, 2000, 1500, 1000, 500} {
		x = b.Act(b.Linear(x, units), nn.ScaledTanh)
	}
	b.Logits(b.Linear(x, nn.Classes))
}
