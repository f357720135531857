package architecture_test

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/architecture"
	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// twice is two stages of convolutions with bias and ReLU, a pooling between.
var twice = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvReLU(b, x, 4, 3, 1)
	x = b.MaxPool(module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 8, 3, 1), 2, 2)
	x = module.ConvReLU(b, module.ConvReLU(b, x, 8, 3, 1), 8, 3, 1)
	return module.PoolHead(b, x, nn.Avg)
})

// staged is residual blocks of two widths, the second beginning with a stride.
var staged = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = module.ConvBNReLU(b, x, 4, 3, 1)
	x = module.Stage(b.Scope("stage1"), x, module.Basic, 2, 4, 1, module.OptionA)
	x = module.Stage(b.Scope("stage2"), x, module.Basic, 1, 8, 2, module.OptionB)
	return module.PoolHead(b, x, nn.Avg)
})

// prestaged is pre-activation blocks of two widths.
var prestaged = of(func(b *nn.Builder, x *nn.Node) *nn.Node {
	x = b.Bias(b.Conv(x, 4, 3, 1), false)
	x = module.Stage(b.Scope("stage1"), x, module.PreBasic, 2, 4, 1, module.OptionB)
	x = module.Stage(b.Scope("stage2"), x, module.PreBasic, 1, 8, 2, module.OptionB)
	s := module.BNReLU()
	return module.PoolHead(b, b.PreAct(x, s.Norm, s.Act), nn.Avg)
})

// Where stages begin and end, told by what reads what when each becomes one residual block.
func TestStagesLieBetweenPoolingsStridesAndHeads(t *testing.T) {
	for _, c := range []struct {
		net     func(t *testing.T) *nn.Graph
		where   nn.Glob
		repeats int
		report  string
		adds    string
	}{
		{twice, "", 2, "replaced 2 of 3 stages; reads the images: conv1", "conv3/block1/add[conv3/block1/sep2/pointwise conv3/block1/shortcut] conv5/block1/add[conv5/block1/sep2/pointwise pool1]"},
		{staged, "", 4, "replaced 2 of 3 stages; reads the images: conv1", "stage1/block2/add/block1/add[stage1/block2/add/block1/sep4/pointwise conv1/act] stage2/block1/add/block1/add[stage2/block1/add/block1/pool1 stage2/block1/add/block1/shortcut]"},
		{prestaged, "", 4, "replaced 2 of 3 stages; reads the images: conv1", "stage1/block2/add/block1/add[stage1/block2/add/block1/sep4/pointwise conv1] stage2/block1/add/block1/add[stage2/block1/add/block1/pool1 stage2/block1/add/block1/shortcut]"},
		{staged, "stage1/block2/**", 4, "replaced 1 of 1 stages", "stage1/block1/add[stage1/block1/conv2 conv1/act] stage1/block2/add/block1/add[stage1/block2/add/block1/sep4/pointwise stage1/block1/add/act] stage2/block1/add[stage2/block1/conv2 stage2/block1/shortcut]"},
		{staged, "stage1/block2/conv1", 2, "replaced 0 of 1 stages; belongs to a block that is not named as a whole: stage1/block2/conv1", ""},
		{twice, "conv[2-4]", 2, "replaced 1 of 2 stages; fewer than 2 convolutions larger than 1x1 one behind the other: conv4", ""},
		{valid, "", 2, "replaced 0 of 2 stages; reads the images: conv1; gives 2x2 of 6x6, which no stride does; pad its convolutions: conv2", ""},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = module.ConvReLU(b, x, 4, 3, 1)
			x = b.ReLU(b.ConvOf(x, nn.Conv{Out: 4, Kernel: nn.Square(3)}))
			return module.PoolHead(b, module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 4, 3, 1), nn.Avg)
		}), "", 2, "replaced 1 of 3 stages; reads the images: conv1; gives 6x6 of 8x8, which no stride does; pad its convolutions: conv2", "conv4/block1/add[conv4/block1/sep2/pointwise conv2/act]"},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node { // a training head reads the middle
			x = module.ConvReLU(b, x, 4, 3, 1)
			x = module.ConvReLU(b, x, 4, 3, 1)
			b.AuxLogits("aux", module.PoolHead(b.Scope("aux"), x, nn.Avg), 0.3)
			return module.PoolHead(b, module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 4, 3, 1), nn.Avg)
		}), "", 2, "replaced 1 of 3 stages; reads the images: conv1; fewer than 2 convolutions larger than 1x1 one behind the other: conv2", "conv4/block1/add[conv4/block1/sep2/pointwise conv2/act]"},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node { // and the middle of a block
			x = module.ConvReLU(b, x, 4, 3, 1)
			y := module.ConvReLU(b, x, 4, 3, 1)
			b.AuxLogits("aux", module.PoolHead(b.Scope("aux"), y, nn.Avg), 0.3)
			return module.PoolHead(b, b.ReLU(b.Add(x, b.Conv(y, 4, 3, 1))), nn.Avg)
		}), "", 2, "replaced 0 of 2 stages; reads the images: conv1; an output reads what lies within its block: conv2", ""},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node { // shuffled channels, a factor: of the stage between its blocks, behind it not
			x = module.ConvReLU(b, x, 4, 3, 1)
			x = b.Layer(nn.Shuffle{Groups: 2}, module.ConvReLU(b, x, 4, 3, 1))
			x = b.Layer(nn.Scale{By: 2}, module.ConvReLU(b, b.Layer(nn.Scale{By: 2}, x), 4, 3, 1))
			return module.PoolHead(b, x, nn.Avg)
		}), "", 2, "replaced 1 of 2 stages; reads the images: conv1", "conv3/block1/add[conv3/block1/sep2/pointwise conv1/act]"},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node { // inverted bottlenecks without a bypass, gated
			x = module.ConvReLU(b, x, 4, 3, 1)
			gate := func(b *nn.Builder, x *nn.Node) *nn.Node {
				return module.SqueezeExcite(b, x, 2, nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}, nn.Sigmoid)
			}
			for _, out := range []int{6, 8} {
				c := nn.Conv{Out: out, Kernel: nn.Square(3), Padding: nn.Pad(1)}
				x = module.InvertedResidual(b.Scope("to%d", out), x, 8, c, module.BNReLU(), gate)
			}
			return module.PoolHead(b, x, nn.Avg)
		}), "", 2, "replaced 1 of 2 stages; reads the images: conv1", "to8/project/block1/add[to8/project/block1/sep2/pointwise to8/project/block1/shortcut]"},
		{of(func(b *nn.Builder, x *nn.Node) *nn.Node { // a network without linear layers
			x = module.ConvReLU(b, x, 4, 3, 1)
			return b.GlobalAvgPool(b.Conv(module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 4, 3, 1), nn.Classes, 3, 1))
		}), "", 2, "replaced 1 of 3 stages; reads the images: conv1; gives the classes: conv4", "conv3/block1/add[conv3/block1/sep2/pointwise conv1/act]"},
	} {
		g := c.net(t)
		changes, err := architecture.Xception{ReLU: module.ReLUNone, Repeats: c.repeats, Where: c.where}.Rewrite(g)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(append([]string{changes.String()}, changes.Reasons()...), "; "); got != c.report {
			t.Errorf("where %q: %s, want %s", c.where, got, c.report)
		}
		if got := reads(g, "add"); c.adds != "" && got != c.adds {
			t.Errorf("where %q: adds %s, want %s", c.where, got, c.adds)
		}
	}
}

// What computes a gate is no part of the way: its sigmoid is not the stage's activation, its convolutions do not count.
func TestGatesWithinABlockGoWithIt(t *testing.T) {
	se := func(b *nn.Builder, x *nn.Node) *nn.Node {
		return module.SqueezeExcite(b, x, 2, nn.Style{Bias: true, Act: nn.Activation{Func: nn.ReLU}}, nn.Sigmoid)
	}
	g := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = module.ConvReLU(b, x, 4, 3, 1)
		y := module.ConvReLU(b.Scope("block"), x, 4, 3, 1)
		y = se(b.Scope("block"), b.Scope("block").Conv(y, 4, 3, 1))
		return module.PoolHead(b, b.ReLU(b.As("add").Add(y, x)), nn.Avg)
	})(t)
	p := architecture.Xception{ReLU: module.ReLUNone, Repeats: 2}
	if c, err := p.Rewrite(g); err != nil || c.Applied != 1 {
		t.Fatalf("%s (%v)", c, err)
	}
	if got, want := reads(g, "activation"), "conv1/act[conv1] add/block1/sep1/pointwise/act[add/block1/sep1/pointwise] add/act[add/block1/add]"; got != want || reads(g, "gate") != "" {
		t.Errorf("%s, %s; want %s and no gate", got, reads(g, "gate"), want)
	}
	for name, between := range map[string]func(b *nn.Builder, x *nn.Node) *nn.Node{
		"a gate behind a block": se, "attention": func(b *nn.Builder, x *nn.Node) *nn.Node { return module.NonLocal(b, x, 2) },
	} {
		g := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = between(b, module.ConvReLU(b, module.ConvReLU(b, x, 4, 3, 1), 4, 3, 1))
			return module.PoolHead(b, module.ConvReLU(b, x, 4, 3, 1), nn.Avg)
		})(t)
		if c, err := p.Rewrite(g); err != nil || c.String() != "replaced 0 of 3 stages" {
			t.Errorf("%s does not end a stage: %s (%v)", name, c, err)
		}
	}
}

// Where the last maps are those of activations that give more or fewer channels than they read, the ones that take their place are as many.
func TestAStageEndsWithAsManyChannelsWhateverItsActivation(t *testing.T) {
	for _, act := range []nn.Activation{{Func: nn.CReLU}, {Func: nn.Maxout}} {
		g := of(func(b *nn.Builder, x *nn.Node) *nn.Node {
			s := nn.Style{Bias: true, Act: act}
			x = module.Convolved(s, 8, 3)(b, x)
			for _, name := range []string{"m1", "m2"} {
				x = module.Inception(s, 4, [2]int{4, 8}, [2]int{}, 0)(b.Scope("%s", name), x)
			}
			return module.PoolHead(b, x, nn.Avg)
		})(t)
		channels := func() int {
			sizes, err := g.Sizes()
			if err != nil {
				t.Fatal(err)
			}
			return sizes[g.Node("global-pool").In[0]].C
		}
		before := channels()
		if c, err := (architecture.Dense{Growth: 4, Compression: 1}).Rewrite(g); err != nil || c.Applied != 1 {
			t.Fatalf("%s: %s (%v)", act.Func, c, err)
		}
		if after := channels(); after != before {
			t.Errorf("%s: %d channels, before %d", act.Func, after, before)
		}
	}
}

// A stage is rewritten in its place: what stood before and behind it is as it was, in every network of the zoo.
func TestARewrittenStageGivesMapsOfTheSameSize(t *testing.T) {
	for _, n := range zoo.List() {
		g, err := zoo.New(n.Name)
		if err != nil {
			t.Fatal(err)
		}
		before, err := g.Sizes()
		if err != nil {
			t.Fatal(err)
		}
		sizes := map[string]nn.Size{}
		for _, n := range g.Nodes {
			sizes[n.Name] = before[n]
		}
		if _, err := (architecture.Dense{Growth: 4, Compression: 0.5}).Rewrite(g); err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		after, err := g.Sizes()
		if err != nil {
			t.Errorf("%s: %v", n.Name, err)
			continue
		}
		for _, m := range g.Nodes {
			if was, ok := sizes[m.Name]; ok && was != after[m] {
				t.Errorf("%s: %s gives %v, before %v", n.Name, m.Name, after[m], was)
			}
		}
	}
}
