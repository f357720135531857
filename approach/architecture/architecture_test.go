package architecture_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
)

// Structure tests apply an approach to a small network and compare the lines of its table that are new, and those that are
// gone, with what the paper says; behind a # stands how the parameters are counted.

type rewriter interface {
	Rewrite(g *nn.Graph) (nn.Changes, error)
}

// case of a structure test: what the approach does to a network.
type rewriting struct {
	name     string
	net      func(t *testing.T) *nn.Graph
	approach rewriter
	report   string
	is       string // new lines: "name: layer HxWxC parameters"
	was      string // names of the lines that are gone
}

func check(t *testing.T, cases []rewriting) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := c.net(t)
			before := lines(t, g)
			changes, err := c.approach.Rewrite(g)
			if err != nil {
				t.Fatal(err)
			}
			report := strings.Join(append([]string{changes.String()}, changes.Reasons()...), "; ")
			if report != c.report {
				t.Errorf("reports %q, want %q", report, c.report)
			}
			after := lines(t, g)
			if got, want := without(after, before), clean(c.is); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("is now\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			var gone []string
			for _, l := range without(before, after) {
				name, _, _ := strings.Cut(l, ":")
				gone = append(gone, name)
			}
			if got := strings.Join(gone, " "); got != c.was {
				t.Errorf("gone are %s, want %s", got, c.was)
			}
		})
	}
}

// lines is a network's table: "conv1: conv 3x3 pad 1 + bias 8x8x8 224".
func lines(t *testing.T, g *nn.Graph) []string {
	t.Helper()
	table, err := g.Table()
	if err != nil {
		t.Fatal(err)
	}
	var ls []string
	for _, r := range table.Layers {
		l := fmt.Sprintf("%s: %s %dx%dx%d", r.Name, r.Detail, r.Output[0], r.Output[1], r.Output[2])
		if r.Params > 0 {
			l += fmt.Sprintf(" %d", r.Params)
		}
		ls = append(ls, l)
	}
	return ls
}

func without(a, b []string) []string {
	held := map[string]bool{}
	for _, l := range b {
		held[l] = true
	}
	var only []string
	for _, l := range a {
		if !held[l] {
			only = append(only, l)
		}
	}
	return only
}

// clean takes comments and indentation away.
func clean(text string) []string {
	var ls []string
	for l := range strings.SplitSeq(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		if l = strings.TrimSpace(l); l != "" {
			ls = append(ls, l)
		}
	}
	return ls
}

// of builds a network of 10 classes for images of 8x8x3.
func of(write func(b *nn.Builder, x *nn.Node) *nn.Node) func(t *testing.T) *nn.Graph {
	return func(t *testing.T) *nn.Graph {
		t.Helper()
		b := nn.NewBuilder("small", nn.Size{}, 10)
		b.Logits(write(b, b.Image(8, 8, 3)))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
}

// plain is convolutions with bias and ReLU, a pooling, and a hidden linear layer with dropout.
var plain = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvReLU(b, x, 8, 3, 1)
	x = module.ConvReLU(b, x, 8, 3, 1)
	x = b.MaxPool(module.ConvReLU(b, x, 16, 3, 1), 2, 2)
	x = module.Hidden(b, x, 12, 0.5)
	return b.Linear(x, nn.Classes)
})

// normed is convolutions with batch norm and ReLU, the last with a stride, and a pooled head.
var normed = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvBNReLU(b, x, 8, 3, 1)
	x = module.ConvBNReLU(b, x, 8, 3, 1)
	x = module.ConvBNReLU(b, x, 16, 3, 2)
	return module.PoolHead(b, x, nn.Avg)
})

// blocks has a residual block: its second convolution has no activation of its own.
var blocks = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvBNReLU(b, x, 8, 3, 1)
	x = module.Basic(b.Scope("block"), x, 8, 1, module.OptionA)
	return module.PoolHead(b, x, nn.Avg)
})

// preact is a pre-activation network.
var preact = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.PreBasic(b.Scope("block"), b.Conv(x, 8, 3, 1), 8, 1, module.OptionB)
	s := module.BNReLU()
	return module.PoolHead(b, b.PreAct(x, s.Norm, s.Act), nn.Avg)
})

// valid has a convolution without padding and one of two groups behind the first.
var valid = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = b.Act(b.ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(3)}), nn.Tanh)
	x = b.Act(b.ConvOf(x, nn.Conv{Out: 8, Kernel: nn.Square(3), Stride: nn.Square(2), Groups: 2}), nn.Tanh)
	return b.Linear(x, nn.Classes)
})

// overlapping has poolings whose windows overlap, as AlexNet's, dropout behind one.
var overlapping = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	pool := nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Ceil: true}
	x = b.Dropout(b.Layer(pool, module.ConvReLU(b, x, 8, 3, 1)), 0.5)
	x = b.Layer(pool, module.ConvReLU(b, x, 8, 3, 1))
	return b.Linear(x, nn.Classes)
})

func TestBottleneckIs1x1ConvolutionAnd1x1(t *testing.T) {
	check(t, []rewriting{
		{"with bias", plain, architecture.Bottleneck{Reduce: 4, StrideIn: "3x3"}, "replaced 2 of 3 convolutions larger than 1x1; reads the images: conv1", `
			conv2/reduce: conv 1x1 + bias 8x8x2 18           # 8·2 + 2
			conv2/reduce/act: relu 8x8x2
			conv2/conv: conv 3x3 pad 1 + bias 8x8x2 38       # 9·2·2 + 2
			conv2/conv/act: relu 8x8x2
			conv2/expand: conv 1x1 + bias 8x8x8 24           # 2·8 + 8; the ReLU of conv2 follows
			conv3/reduce: conv 1x1 + bias 8x8x2 18           # a quarter of the 8 inputs
			conv3/reduce/act: relu 8x8x2
			conv3/conv: conv 3x3 pad 1 + bias 8x8x2 38
			conv3/conv/act: relu 8x8x2
			conv3/expand: conv 1x1 + bias 8x8x16 48          # 2·16 + 16`, "conv2 conv3"},
		{"with norms, the stride in the middle", normed, architecture.Bottleneck{Reduce: 2, StrideIn: "3x3", Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/reduce: conv 1x1 + batchnorm 8x8x4 40      # 8·4 + 2·4
			conv3/reduce/act: relu 8x8x4
			conv3/conv: conv 3x3/2 pad 1 + batchnorm 4x4x4 152 # 9·4·4 + 2·4
			conv3/conv/act: relu 4x4x4
			conv3/expand: conv 1x1 + batchnorm 4x4x16 96     # 4·16 + 2·16`, "conv3"},
		{"the stride in front", normed, architecture.Bottleneck{Reduce: 2, StrideIn: "1x1", Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/reduce: conv 1x1/2 + batchnorm 4x4x4 40
			conv3/reduce/act: relu 4x4x4
			conv3/conv: conv 3x3 pad 1 + batchnorm 4x4x4 152
			conv3/conv/act: relu 4x4x4
			conv3/expand: conv 1x1 + batchnorm 4x4x16 96`, "conv3"},
		{"without padding the stride cannot move", valid, architecture.Bottleneck{Reduce: 2, StrideIn: "1x1"}, "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; without the padding that lets the first 1x1 take the stride: conv2", "", ""},
		{"groups stay in the middle", valid, architecture.Bottleneck{Reduce: 2, StrideIn: "3x3"}, "replaced 1 of 2 convolutions larger than 1x1; reads the images: conv1", `
			conv2/reduce: conv 1x1 + bias 6x6x4 36
			conv2/reduce/act: tanh 6x6x4
			conv2/conv: conv 3x3/2 groups 2 + bias 2x2x4 76  # 9·2·4 + 4
			conv2/conv/act: tanh 2x2x4
			conv2/expand: conv 1x1 + bias 2x2x8 40`, "conv2"},
		{"groups that do not divide the middle", valid, architecture.Bottleneck{Reduce: 8, StrideIn: "3x3"}, "replaced 0 of 2 convolutions larger than 1x1; reads the images: conv1; 2 groups do not divide a middle of 1 channels: conv2", "", ""},
		{"too few channels", plain, architecture.Bottleneck{Reduce: 9, StrideIn: "3x3"}, "replaced 0 of 3 convolutions larger than 1x1; reads the images: conv1; fewer than 9 channels: conv2, conv3", "", ""},
		{"in front of an addition the block's activation stands between", blocks, architecture.Bottleneck{Reduce: 4, StrideIn: "3x3", Where: "block/conv2"}, "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv2/reduce: conv 1x1 + batchnorm 8x8x2 20
			block/conv2/reduce/act: relu 8x8x2
			block/conv2/conv: conv 3x3 pad 1 + batchnorm 8x8x2 40
			block/conv2/conv/act: relu 8x8x2
			block/conv2/expand: conv 1x1 + batchnorm 8x8x8 32`, "block/conv2"},
		{"in a pre-activation network norm and activation come first", preact, architecture.Bottleneck{Reduce: 4, StrideIn: "3x3", Where: "block/conv1"}, "replaced 1 of 1 convolutions larger than 1x1", `
			block/conv1/reduce: conv 1x1 8x8x2 16
			block/conv1/reduce/act: batchnorm + relu 8x8x2 4
			block/conv1/conv: conv 3x3 pad 1 8x8x2 36
			block/conv1/conv/act: batchnorm + relu 8x8x2 4
			block/conv1/expand: conv 1x1 8x8x8 16`, "block/conv1"},
	})
}

func TestSeparableIsDepthwiseAndPointwise(t *testing.T) {
	check(t, []rewriting{
		{"MobileNet", normed, architecture.Separable{Order: module.DepthwiseFirst, ReLU: "between", Multiplier: 1, Expand: 6}, "replaced 2 of 3 convolutions larger than 1x1; reads the images: conv1", `
			conv2/depthwise: conv 3x3 pad 1 groups 8 + batchnorm 8x8x8 88   # 9·8 + 2·8
			conv2/depthwise/act: relu 8x8x8
			conv2/pointwise: conv 1x1 + batchnorm 8x8x8 80                  # 8·8 + 2·8
			conv3/depthwise: conv 3x3/2 pad 1 groups 8 + batchnorm 4x4x8 88
			conv3/depthwise/act: relu 4x4x8
			conv3/pointwise: conv 1x1 + batchnorm 4x4x16 160                # 8·16 + 2·16`, "conv2 conv3"},
		{"Xception: nothing between", normed, architecture.Separable{Order: module.DepthwiseFirst, ReLU: "none", Multiplier: 2, Expand: 6, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/depthwise: conv 3x3/2 pad 1 groups 8 4x4x16 144           # 9·16
			conv3/pointwise: conv 1x1 + batchnorm 4x4x16 288                # 16·16 + 2·16`, "conv3"},
		{"with biases, nothing between", plain, architecture.Separable{Order: module.DepthwiseFirst, ReLU: "none", Multiplier: 1, Expand: 6, Where: "conv2"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv2/depthwise: conv 3x3 pad 1 groups 8 8x8x8 72               # the next bias would absorb one
			conv2/pointwise: conv 1x1 + bias 8x8x8 72`, "conv2"},
		{"an activation after, where there is none", blocks, architecture.Separable{Order: module.DepthwiseFirst, ReLU: "after", Multiplier: 1, Expand: 6}, "replaced 2 of 3 convolutions larger than 1x1; reads the images: conv1", `
			block/conv1/depthwise: conv 3x3 pad 1 groups 8 8x8x8 72
			block/conv1/pointwise: conv 1x1 + batchnorm 8x8x8 80
			block/conv2/depthwise: conv 3x3 pad 1 groups 8 8x8x8 72
			block/conv2/pointwise: conv 1x1 + batchnorm 8x8x8 80
			block/conv2/act: relu 8x8x8`, "block/conv1 block/conv2"},
		{"pointwise first", plain, architecture.Separable{Order: module.PointwiseFirst, ReLU: "between", Multiplier: 1, Expand: 6, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/pointwise: conv 1x1 + bias 8x8x16 144                     # 8·16 + 16
			conv3/pointwise/act: relu 8x8x16
			conv3/depthwise: conv 3x3 pad 1 groups 16 + bias 8x8x16 160     # 9·16 + 16`, "conv3"},
		{"inverted", normed, architecture.Separable{Order: module.Inverted, ReLU: "between", Multiplier: 1, Expand: 6, Where: "conv3"}, "replaced 1 of 1 convolutions larger than 1x1", `
			conv3/expand: conv 1x1 + batchnorm 8x8x48 480                   # 8·48 + 2·48
			conv3/expand/act: relu 8x8x48
			conv3/depthwise: conv 3x3/2 pad 1 groups 48 + batchnorm 4x4x48 528 # 9·48 + 2·48
			conv3/depthwise/act: relu 4x4x48
			conv3/project: conv 1x1 + batchnorm 4x4x16 800                  # 48·16 + 2·16`, "conv3"},
		{"the 1x1 part of a grouped one reads all channels", valid, architecture.Separable{Order: module.DepthwiseFirst, ReLU: "between", Multiplier: 1, Expand: 6}, "replaced 1 of 2 convolutions larger than 1x1; reads the images: conv1", `
			conv2/depthwise: conv 3x3/2 groups 8 + bias 2x2x8 80
			conv2/depthwise/act: tanh 2x2x8
			conv2/pointwise: conv 1x1 + bias 2x2x8 72`, "conv2"},
	})
}

func TestSeparableLeavesDepthwiseConvolutionsAlone(t *testing.T) {
	g := plain(t)
	p := architecture.Separable{Order: module.DepthwiseFirst, ReLU: "between", Multiplier: 1, Expand: 6}
	if _, err := p.Rewrite(g); err != nil {
		t.Fatal(err)
	}
	c, err := p.Rewrite(g)
	if err != nil || c.String() != "replaced 0 of 3 convolutions larger than 1x1" {
		t.Errorf("again: %v (%v)", c, err)
	}
}

func TestResidualBypassesRuns(t *testing.T) {
	check(t, []rewriting{
		{"B projects where the shape changes, with the norm", normed, architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}, "bypassed 1 of 2 runs of 2 convolutions; reads the images: conv1", `
			conv3/shortcut: conv 1x1/2 + batchnorm 4x4x16 160  # 8·16 + 2·16
			conv3/add: add 4x4x16`, ""},
		{"A pads with zeros", normed, architecture.Residual{Over: 2, Shortcut: module.OptionA, Scale: 1}, "bypassed 1 of 2 runs of 2 convolutions; reads the images: conv1", `
			conv3/shortcut: shortcut /2 4x4x16
			conv3/add: add 4x4x16`, ""},
		{"B leaves an equal shape alone", normed, architecture.Residual{Over: 1, Shortcut: module.OptionB, Scale: 1, Where: "conv2"}, "bypassed 1 of 1 convolutions", `
			conv2/add: add 8x8x8`, ""},
		{"C projects everywhere", normed, architecture.Residual{Over: 1, Shortcut: module.OptionC, Scale: 1, Where: "conv2"}, "bypassed 1 of 1 convolutions", `
			conv2/shortcut: conv 1x1 + batchnorm 8x8x8 80     # 8·8 + 2·8
			conv2/add: add 8x8x8`, ""},
		{"the branch is scaled, not the bypass", normed, architecture.Residual{Over: 2, Shortcut: module.OptionA, Scale: 0.2}, "bypassed 1 of 2 runs of 2 convolutions; reads the images: conv1", `
			conv3/scale: scale 0.2 4x4x16
			conv3/shortcut: shortcut /2 4x4x16
			conv3/add: add 4x4x16`, ""},
		{"pre-activation: norms move to the activations, the path stays clear", normed, architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1, Preact: true}, "bypassed 1 of 2 runs of 2 convolutions; reads the images: conv1", `
			conv1: conv 3x3 pad 1 + bias 8x8x8 224            # read by the bypass, too: no norm takes its bias
			conv1/act: batchnorm + relu 8x8x8 16
			conv2: conv 3x3 pad 1 8x8x8 576
			conv2/act: batchnorm + relu 8x8x8 16
			conv3: conv 3x3/2 pad 1 + bias 4x4x16 1168
			conv3/shortcut: conv 1x1/2 + bias 4x4x16 144      # no norm on the path
			conv3/add: add 4x4x16
			conv3/act: batchnorm + relu 4x4x16 32             # the one in front of the head`, "conv1 conv1/act conv2 conv2/act conv3 conv3/act"},
		{"a run ends at a pooling", overlapping, architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}, "bypassed 0 of 2 runs of 2 convolutions; reads the images: conv1; fewer than 2 convolutions in a row: conv2", "", ""},
		{"over three", normed, architecture.Residual{Over: 3, Shortcut: module.OptionB, Scale: 1}, "bypassed 0 of 2 runs of 3 convolutions; reads the images: conv1; fewer than 3 convolutions in a row: conv2", "", ""},
		{"a map that shrinks otherwise than by a stride", valid, architecture.Residual{Over: 1, Shortcut: module.OptionB, Scale: 1}, "bypassed 0 of 2 convolutions; reads the images: conv1; gives 2x2 of 6x6, which no stride does; pad its convolutions: conv2", "", ""},
		{"what is bypassed already", blocks, architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}, "bypassed 0 of 2 runs of 2 convolutions; reads the images: conv1; is bypassed already: block/conv1", "", ""},
	})
}

func TestTheAdditionStandsInFrontOfTheActivation(t *testing.T) {
	g := normed(t)
	if _, err := (architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	add := g.Node("conv3/add")
	if got := fmt.Sprint(add.In, g.Node("conv3/shortcut").In, g.Readers(add)); got != "[conv3 conv3/shortcut] [conv1/act] [conv3/act]" {
		t.Errorf("the sum, the projection and the reader: %s", got)
	}
	g = normed(t)
	if _, err := (architecture.Residual{Over: 2, Shortcut: module.OptionB, Scale: 1, Preact: true}).Rewrite(g); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(g.Node("conv3/shortcut").In); got != "[conv1]" {
		t.Errorf("the bypass of a pre-activation run reads %s, want the sum in front of its norm", got)
	}
}

func TestAShortcutCannotNarrowByA(t *testing.T) {
	check(t, []rewriting{{"", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		return module.PoolHead(b, module.ConvReLU(b, module.ConvReLU(b, x, 8, 3, 1), 4, 3, 1), nn.Avg)
	}), architecture.Residual{Over: 1, Shortcut: module.OptionA, Scale: 1}, "bypassed 0 of 2 convolutions; reads the images: conv1; narrows its channels, which shortcut A cannot: conv2", "", ""}})
}

func TestStridedConvTakesPoolingsOut(t *testing.T) {
	check(t, []rewriting{
		{"the convolution before takes the stride", overlapping, architecture.StridedConv{Mode: "stride"}, "replaced 2 of 2 poolings", `
			conv1: conv 3x3/2 pad 1 + bias 4x4x8 224
			conv1/act: relu 4x4x8
			conv2: dropout 0.5 + conv 3x3/2 pad 1 + bias 2x2x8 584 # the dropout behind the pooling goes on
			conv2/act: relu 2x2x8`, "conv1 conv1/act pool1 conv2 conv2/act pool2"},
		{"a convolution in its place", overlapping, architecture.StridedConv{Mode: "conv", Where: "pool1"}, "replaced 1 of 1 poolings", `
			pool1/conv: conv 3x3/2 pad 1 + bias 4x4x8 584          # 9·8·8 + 8
			pool1/conv/act: relu + dropout 0.5 4x4x8`, "pool1"},
		{"a patch", overlapping, architecture.StridedConv{Mode: "patch"}, "replaced 2 of 2 poolings", `
			pool1/conv: conv 2x2/2 + bias 4x4x8 264                # 4·8·8 + 8
			pool1/conv/act: relu + dropout 0.5 4x4x8
			pool2/conv: conv 2x2/2 + bias 2x2x8 264
			pool2/conv/act: relu 2x2x8`, "pool1 pool2"},
		{"the norm of the unit comes along", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(module.ConvBNReLU(b, x, 4, 3, 1), 2, 2), nn.Classes)
		}), architecture.StridedConv{Mode: "conv"}, "replaced 1 of 1 poolings", `
			pool1/conv: conv 3x3/2 pad 1 + batchnorm 4x4x4 152     # 9·4·4 + 2·4
			pool1/conv/act: relu 4x4x4`, "pool1"},
		{"a norm behind the activation, too", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(b.Norm(module.ConvReLU(b, x, 4, 3, 1)), 2, 2), nn.Classes)
		}), architecture.StridedConv{Mode: "conv"}, "replaced 1 of 1 poolings", `
			pool1/conv: conv 3x3/2 pad 1 + bias 4x4x4 148
			pool1/conv/act: relu + batchnorm 4x4x4 8`, "pool1"},
		{"maps keep their size, by less padding", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(module.ConvReLU(b, b.MaxPool(module.ConvReLU(b, x, 4, 3, 1), 2, 1), 4, 3, 1), 3, 2), nn.Classes)
		}), architecture.StridedConv{Mode: "stride"}, "replaced 1 of 2 poolings; has stride 1: pool1", `
			conv2: conv 3x3/2 + bias 3x3x4 148                     # 7x7 to 3x3, as the pooling did
			conv2/act: relu 3x3x4`, "conv2 conv2/act pool2"},
		{"or by more", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, b.MaxPool(x, 2, 1), 4, 3, 1)
			return b.Linear(b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(2), Ceil: true}, x), nn.Classes)
		}), architecture.StridedConv{Mode: "patch"}, "replaced 1 of 2 poolings; has stride 1: pool1", `
			pool2/conv: conv 2x2/2 pad 0,1,0,1 + bias 4x4x4 68     # 7x7 to 4x4
			pool2/conv/act: relu 4x4x4`, "pool2"},
		{"behind a concatenation, as the nearest convolution", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Concat(module.ConvBNReLU(b, x, 4, 3, 1), module.ConvReLU(b, x, 4, 1, 1))
			return b.Linear(b.AvgPool(y, 3, 2), nn.Classes)
		}), architecture.StridedConv{Mode: "conv"}, "replaced 1 of 1 poolings", `
			pool1/conv: conv 3x3/2 + batchnorm 3x3x8 592           # 9·8·8 + 2·8
			pool1/conv/act: relu 3x3x8`, "pool1"},
		{"nothing in front", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(x, 2, 2), nn.Classes)
		}), architecture.StridedConv{Mode: "patch"}, "replaced 0 of 1 poolings; no convolution in front of it: pool1", "", ""},
		{"what does not fit", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.MaxPool(b.MaxPool(b.ReLU(b.Conv(x, 4, 3, 1)), 3, 1), 2, 2)
			return b.Linear(x, nn.Classes)
		}), architecture.StridedConv{Mode: "stride"}, "replaced 0 of 2 poolings; has stride 1: pool1; no convolution right in front of it: pool2", "", ""},
		{"what is pooled has other readers", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, x, 4, 3, 1)
			return b.Linear(b.Concat(b.MaxPool(x, 2, 2), b.AvgPool(x, 2, 2)), nn.Classes)
		}), architecture.StridedConv{Mode: "stride"}, "replaced 0 of 2 poolings; what it pools has other readers: pool1, pool2", "", ""},
	})
}

func TestPoolChangesKindAndWindow(t *testing.T) {
	check(t, []rewriting{
		{"kind", plain, architecture.Pool{Kind: "max+avg"}, "changed 1 of 1 poolings", "pool1: max+avg pool 2x2/2 4x4x16", "pool1"},
		{"share", plain, architecture.Pool{Kind: "mixed"}, "changed 1 of 1 poolings", "pool1: mixed pool 2x2/2 4x4x16 1", "pool1"},
		{"fixed share", plain, architecture.Pool{Kind: "mixed", Mix: 0.25}, "changed 1 of 1 poolings", "pool1: mixed pool 2x2/2 mix 0.25 4x4x16", "pool1"},
		{"gate", plain, architecture.Pool{Kind: "gated", Kernel: 3, Stride: 2}, "changed 1 of 1 poolings", `
			pool1: gated pool 3x3/2 3x3x16 9
			linear1: linear + bias 1x1x12 1740                     # 3·3·16·12 + 12`, "pool1 linear1"},
		{"exponent", plain, architecture.Pool{Kind: "lp", Power: 3}, "changed 1 of 1 poolings", "pool1: lp pool 2x2/2 power 3 4x4x16", "pool1"},
		{"windows keep their places", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(2), Padding: nn.Pad(1)}, x), nn.Classes)
		}), architecture.Pool{Kind: "blur", Kernel: 2}, "changed 1 of 1 poolings", "pool1: blur pool 2x2/2 pad 0,1,0,1 4x4x3", "pool1"},
		{"none", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, b.MaxPool(x, 2, 2), 4, 3, 1)
			return b.Linear(b.GlobalAvgPool(b.MaxPool(x, 2, 2)), nn.Classes)
		}), architecture.Pool{Kind: "none"}, "removed 2 of 2 poolings", `
			conv1: conv 3x3 pad 1 + bias 8x8x4 112
			conv1/act: relu 8x8x4`, "pool1 conv1 conv1/act pool2"},
		{"none in front of a linear layer, or of maps that are joined", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Concat(b.MaxPool(x, 2, 2), b.Conv(x, 4, 3, 2))
			return b.Linear(b.AvgPool(x, 2, 2), nn.Classes)
		}), architecture.Pool{Kind: "none"}, "removed 0 of 2 poolings; concat: cannot concatenate 8x8x3 and 4x4x4; bring both to one height and width by padding or stride: pool1; " +
			"linear1 would read 4x4x7 and not 2x2x7: pool2", "", ""},
		{"a window that fits what a larger one in front of it leaves", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Linear(b.MaxPool(b.MaxPool(x, 3, 2), 3, 2), nn.Classes)
		}), architecture.Pool{Kernel: 2, Stride: 4}, "changed 2 of 2 poolings", `
			pool1: max pool 2x2/4 2x2x3
			pool2: max pool 2x2/4 1x1x3`, "pool1 pool2"},
		{"window", overlapping, architecture.Pool{Kernel: 2, Where: "pool2"}, "changed 1 of 1 poolings", "pool2: max pool 2x2/2 ceil 2x2x8", "pool2"},
		{"stride", plain, architecture.Pool{Stride: 1}, "changed 1 of 1 poolings", "pool1: max pool 2x2 7x7x16\nlinear1: linear + bias 1x1x12 9420 # 7·7·16·12 + 12", "pool1 linear1"},
	})
}

func TestActivationExchangesOneForAnother(t *testing.T) {
	check(t, []rewriting{
		{"all", plain, architecture.Activation{From: nn.ReLU, To: nn.ELU}, "replaced 4 of 4 relu", `
			conv1/act: elu 8x8x8
			conv2/act: elu 8x8x8
			conv3/act: elu 8x8x16
			linear1/act: elu + dropout 0.5 1x1x12`, "conv1/act conv2/act conv3/act linear1/act"},
		{"prelu has a slope a channel", plain, architecture.Activation{From: nn.ReLU, To: nn.PReLU, Where: "conv3/**"}, "replaced 1 of 1 relu", "conv3/act: prelu 8x8x16 16", "conv3/act"},
		{"alpha", plain, architecture.Activation{From: nn.ReLU, To: nn.Leaky, Alpha: 0.25, Where: "*/act"}, "replaced 4 of 4 relu", `
			conv1/act: leaky 0.25 8x8x8
			conv2/act: leaky 0.25 8x8x8
			conv3/act: leaky 0.25 8x8x16
			linear1/act: leaky 0.25 + dropout 0.5 1x1x12`, "conv1/act conv2/act conv3/act linear1/act"},
		{"maxout doubles what is in front", plain, architecture.Activation{From: nn.ReLU, To: nn.Maxout}, "replaced 4 of 4 relu", `
			conv1: conv 3x3 pad 1 + bias 8x8x16 448                # 9·3·2·8 + 2·8
			conv1/act: maxout 8x8x8
			conv2: conv 3x3 pad 1 + bias 8x8x16 1168               # 9·8·2·8 + 2·8
			conv2/act: maxout 8x8x8
			conv3: conv 3x3 pad 1 + bias 8x8x32 2336               # 9·8·2·16 + 2·16
			conv3/act: maxout 8x8x16
			linear1: linear + bias 1x1x24 6168                     # 4·4·16·2·12 + 2·12
			linear1/act: maxout + dropout 0.5 1x1x12`, "conv1 conv1/act conv2 conv2/act conv3 conv3/act linear1 linear1/act"},
		{"three pieces", plain, architecture.Activation{From: nn.ReLU, To: nn.Maxout, Pieces: 3, Where: "conv3/**"}, "replaced 1 of 1 relu", `
			conv3: conv 3x3 pad 1 + bias 8x8x48 3504               # 9·8·3·16 + 3·16
			conv3/act: maxout 3 8x8x16`, "conv3 conv3/act"},
		{"crelu halves what is in front", plain, architecture.Activation{From: nn.ReLU, To: nn.CReLU, Where: "*[13]/**"}, "replaced 3 of 3 relu", `
			conv1: conv 3x3 pad 1 + bias 8x8x4 112                 # 9·3·4 + 4
			conv1/act: crelu 8x8x8
			conv3: conv 3x3 pad 1 + bias 8x8x8 584                 # 9·8·8 + 8
			conv3/act: crelu 8x8x16
			linear1: linear + bias 1x1x6 1542                      # 4·4·16·6 + 6
			linear1/act: crelu + dropout 0.5 1x1x12`, "conv1 conv1/act conv3 conv3/act linear1 linear1/act"},
		{"apl has slopes and hinges", plain, architecture.Activation{From: nn.ReLU, To: nn.APL, Pieces: 3, Where: "conv3/**"}, "replaced 1 of 1 relu", "conv3/act: apl 3 8x8x16 96 # 2·3·16", "conv3/act"},
		{"frelu has a bias", plain, architecture.Activation{From: nn.ReLU, To: nn.FReLU, Where: "conv3/**"}, "replaced 1 of 1 relu", "conv3/act: frelu 8x8x16 16", "conv3/act"},
		{"maxout keeps groups apart", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.ReLU(b.ConvOf(b.Conv(x, 6, 1, 1), nn.Conv{Out: 8, Groups: 2}))
			return b.GlobalAvgPool(b.Conv(b.ReLU(b.ConvOf(x, nn.Conv{Out: 6, Groups: 2})), nn.Classes, 1, 1))
		}), architecture.Activation{From: nn.ReLU, To: nn.Maxout}, "replaced 2 of 2 relu", `
			conv2: conv 1x1 groups 2 + bias 8x8x16 64              # 3·16 + 16
			conv2/act: maxout groups 2 8x8x8
			conv3: conv 1x1 groups 2 + bias 8x8x12 60              # 4·12 + 12
			conv3/act: maxout groups 2 8x8x6`, "conv2 conv2/act conv3 conv3/act"},
		{"crelu does", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.ReLU(b.ConvOf(b.Conv(x, 6, 1, 1), nn.Conv{Out: 8, Groups: 2}))
			return b.GlobalAvgPool(b.Conv(b.ReLU(b.ConvOf(x, nn.Conv{Out: 6, Groups: 2})), nn.Classes, 1, 1))
		}), architecture.Activation{From: nn.ReLU, To: nn.CReLU}, "replaced 1 of 2 relu; reads 6 maps, which do not divide by 4: conv3/act", `
			conv2: conv 1x1 groups 2 + bias 8x8x4 16               # 3·4 + 4
			conv2/act: crelu groups 2 8x8x8`, "conv2 conv2/act"},
		{"where channels cannot change", of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.ReLU(b.ConvOf(x, nn.Conv{Out: 3, Groups: 3}))
			y = b.ReLU(b.Add(b.Conv(y, 4, 3, 1), b.Conv(y, 4, 1, 1)))
			y = b.ReLU(b.ConvOf(b.ReLU(b.ConvOf(y, nn.Conv{Out: 4, Weight: "one"})), nn.Conv{Out: 4, Weight: "one"}))
			y = b.Conv(y, 3, 1, 1)
			y = b.Concat(b.ReLU(y), b.ReLU(b.Conv(b.ReLU(y), 5, 1, 1)))
			return b.GlobalAvgPool(b.ReLU(b.ConvOf(y, nn.Conv{Out: nn.Classes})))
		}), architecture.Activation{From: nn.ReLU, To: nn.CReLU},
			"replaced 0 of 8 relu; reads a depthwise convolution: conv1/act; " +
				"reads no convolution or linear layer, whose outputs could be more or fewer: add/act; reads a layer that shares its weights: conv4/act, conv5/act; " +
				"is not alone in reading its map: conv6/act, act; reads 5 maps, which do not divide by 2: conv7/act; reads as many maps as there are classes: conv8/act", "", ""},
		{"another from", valid, architecture.Activation{From: nn.ReLU, To: nn.ELU}, "replaced 0 of 0 relu", "", ""},
	})
}
