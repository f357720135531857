package zoo

import (
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// ReNet: Visin, Kastner, Cho, Matteucci, Courville, Bengio, arXiv:1505.00393, table 1, the network for CIFAR-10: three layers of
// patches of 2x2, each swept down and up and then right and left by 320 gated recurrent units a direction, and one fully connected
// layer. The units are those of PyTorch and cuDNN: two biases, the reset gate behind the recurrent product. Dropout is left to the
// approach of that name. That the cell is the gated recurrent unit has not been held against the paper's text yet.
var renets = []Net{
	{"renet", "renet", "Visin et al. 2015, arXiv:1505.00393", 10, renet, Published{59_237_386, 1.266_85}},
}

func renet(b *nn.Builder) {
	x := b.Image(32, 32, 3)
	for i := range 3 { // 16x16, 8x8, 4x4
		x = module.ReNet(b.Scope("renet%d", i+1), x, nn.GRU, nn.Square(2), 320, true)
	}
	b.Logits(b.Linear(b.ReLU(b.Linear(x, 4096)), nn.Classes))
}
