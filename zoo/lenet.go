package zoo

import "github.com/assaylab/assay/nn"

// LeNet-5: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86, 1998, §II.B.
// Deviations, as almost everybody since: C3 reads all maps of S2, not the partial table (61,706 parameters for about 60,000);
// subsampling is a plain average, without coefficient, bias and squashing of its own; squashing is tanh x, not 1.7159·tanh(2x/3);
// the output is linear, not radial basis functions. C5 is fully connected, which at 32x32 is the same.
var lenets = []Net{
	{"lenet5", "lenet", "LeCun et al. 1998, Proc. IEEE 86", 10, lenet5, Published{61_706, 0.000_416_52}},
}

func lenet5(b *nn.Builder) {
	x := b.Image(32, 32, 1)
	x = b.Act(b.As("c1").ConvOf(x, nn.Conv{Out: 6, Kernel: nn.Square(5)}), nn.Tanh)  // 28x28x6
	x = b.As("s2").AvgPool(x, 2, 2)                                                  // 14x14x6
	x = b.Act(b.As("c3").ConvOf(x, nn.Conv{Out: 16, Kernel: nn.Square(5)}), nn.Tanh) // 10x10x16
	x = b.As("s4").AvgPool(x, 2, 2)                                                  // 5x5x16
	x = b.Act(b.As("c5").Linear(x, 120), nn.Tanh)
	x = b.Act(b.As("f6").Linear(x, 84), nn.Tanh)
	b.Logits(b.As("output").Linear(x, nn.Classes))
}
