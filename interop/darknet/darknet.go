// Package darknet reads and writes the two files of a network of the public darknet (github.com/pjreddie/darknet, at f6afaab): the .cfg,
// which is its layers, and the .weights, which is their values. It imports nn, internal/memory and internal/atomicfile. Start at
// [Read] and [Write], which turn a cfg into an [nn.Graph] and back, then [OpenWeights] and [WriteWeights]: values follow the order of the layers,
// so that a file of weights is read into any network whose convolutions and linear layers stand in the cfg's order, a zoo's too.
//
// Networks are what darknet computes on a processor in evaluation, layer by layer. What a cfg says of training is told and not applied.
package darknet

import (
	"github.com/assaylab/assay/nn"
)

// activations are darknet's that are one of nn's, by their names in a cfg. Darknet computes ReLU as x·(x>0) and leaky ReLU with α .1.
var activations = []struct {
	name string
	act  nn.Activation
}{
	{"linear", nn.Activation{}},
	{"leaky", nn.Activation{Func: nn.Leaky, Alpha: 0.1}},
	{"relu", nn.Activation{Func: nn.ReLU}},
	{"logistic", nn.Activation{Func: nn.Sigmoid}},
	{"tanh", nn.Activation{Func: nn.Tanh}},
	{"elu", nn.Activation{Func: nn.ELU, Alpha: 1}},
	{"relie", nn.Activation{Func: nn.Leaky, Alpha: 0.01}},
}

// others are darknet's activations that no layer of nn computes.
var others = []string{"hardtan", "lhtan", "loggy", "plse", "ramp", "selu", "stair"}

// batchNorm is the norm of a convolution with batch_normalize: running statistics move by a hundredth a step. On a processor darknet
// divides by √σ² + 1e-6, on an accelerator by √(σ² + 1e-5), which is what published weights were trained with and what ε is here;
// [Weights.Arrays] turns the statistics so that a network computes what darknet does on a processor.
func batchNorm() nn.BatchNorm {
	n := nn.NewBatchNorm()
	n.Momentum, n.Eps = 0.99, 1e-5
	return n
}
