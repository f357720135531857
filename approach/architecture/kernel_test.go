package architecture_test

import (
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/nn"
)

// fives is a padded 5x5 convolution of two groups, a strided 7x7 one and one without padding, on maps of 8x8.
var fives = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = b.ReLU(b.Conv(x, 8, 3, 1))
	x = b.ReLU(b.ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(5), Padding: nn.Pad(2), Groups: 2}))
	x = b.ReLU(b.Conv(x, 4, 7, 2))
	return b.Linear(b.ConvOf(x, nn.Conv{Out: 6, Kernel: nn.HW{3, 4}}), nn.Classes)
})

func TestKernelExchangesOneForAnotherOrAStack(t *testing.T) {
	five, seven, square := nn.Square(5), nn.Square(7), func(k ...int) (w architecture.Windows) {
		for _, k := range k {
			w = append(w, nn.Square(k))
		}
		return w
	}
	check(t, []rewriting{
		{"smaller, in its place", fives, architecture.Kernel{From: five, To: square(3)}, "replaced 1 of 1 5x5 convolutions", `
			conv2: conv 3x3 pad 1 groups 2 + bias 8x8x8 296             # 9·4·8 + 8`, "conv2"},
		{"larger, with its stride", fives, architecture.Kernel{From: seven, To: square(9)}, "replaced 0 of 1 7x7 convolutions; kernel 9x9 is larger than its 8x8 map: conv3", "", ""},
		{"even", fives, architecture.Kernel{From: seven, To: square(4)}, "replaced 1 of 1 7x7 convolutions", `
			conv3: conv 4x4/2 pad 1,2,1,2 + bias 4x4x4 516               # 16·8·4 + 4`, "conv3"},
		{"5x5 as two 3x3, in groups", fives, architecture.Kernel{From: five, To: square(3, 3)}, "replaced 1 of 1 5x5 convolutions", `
			conv2/conv1: conv 3x3 pad 1 groups 2 + bias 8x8x8 296
			conv2/conv1/act: relu 8x8x8
			conv2/conv2: conv 3x3 pad 1 groups 2 + bias 8x8x8 296`, "conv2"},
		{"7x7/2 as three 3x3, the first strides", fives, architecture.Kernel{From: seven, To: square(3, 3, 3)}, "replaced 1 of 1 7x7 convolutions", `
			conv3/conv1: conv 3x3/2 pad 1 + bias 4x4x4 292               # 9·8·4 + 4
			conv3/conv1/act: relu 4x4x4
			conv3/conv2: conv 3x3 pad 1 + bias 4x4x4 148                 # 9·4·4 + 4
			conv3/conv2/act: relu 4x4x4
			conv3/conv3: conv 3x3 pad 1 + bias 4x4x4 148`, "conv3"},
		{"rows, then columns, each strides its way", fives, architecture.Kernel{From: seven, To: architecture.Windows{{1, 7}, {7, 1}}}, "replaced 1 of 1 7x7 convolutions", `
			conv3/conv1: conv 1x7/1x2 pad 0,0,3,3 + bias 8x4x4 228       # 7·8·4 + 4
			conv3/conv1/act: relu 8x4x4
			conv3/conv2: conv 7x1/2x1 pad 3,3,0,0 + bias 4x4x4 116       # 7·4·4 + 4`, "conv3"},
		{"with norms between", normed, architecture.Kernel{From: nn.Square(3), To: architecture.Windows{{1, 3}, {3, 1}}, Where: "conv2"}, "replaced 1 of 1 3x3 convolutions", `
			conv2/conv1: conv 1x3 pad 0,0,1,1 + batchnorm 8x8x8 208      # 3·8·8 + 2·8
			conv2/conv1/act: relu 8x8x8
			conv2/conv2: conv 3x1 pad 1,1,0,0 + batchnorm 8x8x8 208`, "conv2"},
		{"a stack where nothing is padded sees as much", fives, architecture.Kernel{From: nn.HW{3, 4}, To: architecture.Windows{{2, 1}, {1, 4}, {2, 1}}}, "replaced 1 of 1 3x4 convolutions", `
			conv4/conv1: conv 2x1 + bias 3x4x6 54                        # 2·4·6 + 6; the activation on the way to it stands between
			conv4/conv1/act: relu 3x4x6
			conv4/conv2: conv 1x4 + bias 3x1x6 150
			conv4/conv2/act: relu 3x1x6
			conv4/conv3: conv 2x1 + bias 2x1x6 78`, "conv4"},
		{"a stack that sees more is padded at its front", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.ReLU(b.ConvOf(x, nn.Conv{Out: 4, Kernel: nn.Square(4), Stride: nn.Square(2)})), nn.Classes)
		}), architecture.Kernel{To: square(3, 3)}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv1/conv1: conv 3x3 pad 1,0,1,0 + bias 7x7x4 112           # 9·3·4 + 4; the 4x4 strips three of eight, these four less one
			conv1/conv1/act: relu 7x7x4
			conv1/conv2: conv 3x3/2 + bias 3x3x4 148`, "conv1"},
		{"without padding a smaller one makes a larger map", fives, architecture.Kernel{From: nn.HW{3, 4}, To: square(2)}, "replaced 0 of 1 3x4 convolutions; without the padding that would keep the size of its map: conv4", "", ""},
		{"dilated", fives, architecture.Kernel{From: nn.Square(3), Dilation: 2}, "replaced 1 of 1 3x3 convolutions", `
			conv1: conv 3x3 pad 2 dilation 2 + bias 8x8x8 224`, "conv1"},
		{"5x5 as a dilated 3x3", fives, architecture.Kernel{From: five, To: square(3), Dilation: 2}, "replaced 1 of 1 5x5 convolutions", `
			conv2: conv 3x3 pad 2 dilation 2 groups 2 + bias 8x8x8 296`, "conv2"},
		{"so already", normed, architecture.Kernel{To: square(3)}, "replaced 0 of 3 convolutions larger than 1x1", "", ""},
		{"1x1 only where asked", classmaps, architecture.Kernel{From: nn.Square(1), To: square(3, 3)}, "replaced 1 of 1 1x1 convolutions", `
			classes/conv1: conv 3x3 pad 1 + bias 4x4x4 148               # as many as it reads, not as there are classes
			classes/conv1/act: relu 4x4x4
			classes/conv2: conv 3x3 pad 1 + bias 4x4x10 370`, "classes"},
	})
}
