package zoo

import (
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// ReNet: Visin, Kastner, Cho, Matteucci, Courville, Bengio, arXiv:1505.00393, table 1, the network for CIFAR-10: three layers of
// patches of 2x2, each swept down and up and then right and left by 320 units a direction, and one fully connected layer of 4,096
// rectified units. Held against the same table in Visin's thesis (fvisin/thesis, chapter 3), which like the paper's allows gated
// units of either kind, says that they did alike, and not which the table is of; this network takes Cho's. Deviations: they are
// PyTorch's and cuDNN's, with the reset gate behind the recurrent product and a second bias (11,520 parameters more); no dropout,
// which the paper has behind every sweep and layer at rates that it does not print, and at .2 on the pixels.
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
