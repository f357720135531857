package nn

import (
	"strings"
	"testing"
)

// staged is two stages of three blocks of a 3x3 and a 1x1 convolution, with norm and ReLU.
func staged(t *testing.T) *Graph {
	t.Helper()
	b := NewBuilder("staged", Size{}, 10)
	x := b.ReLU(b.Norm(b.Conv(b.Image(8, 8, 3), 4, 3, 1)))
	for stage := range 2 {
		for block := range 3 {
			c := b.Scope("stage%d/block%d", stage+1, block+1)
			x = c.ReLU(c.Norm(c.Conv(x, 4<<stage, 3, 1)))
			x = c.ReLU(c.Norm(c.Conv(x, 4<<stage, 1, 1)))
		}
	}
	b.Logits(b.Linear(b.Dropout(b.GlobalAvgPool(x), 0.5), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAComparisonGroupsWhatChangedAlike(t *testing.T) {
	separate := func(t *testing.T, g *Graph, at Glob) {
		for n, l := range Each[Conv](g) {
			if !at.Match(n.Name) || l.Kernel != Square(3) {
				continue
			}
			if err := g.Rebuild(n, func(b *Builder, x *Node) *Node {
				d := l
				d.Out, d.Groups = b.Size(x).C, b.Size(x).C
				return b.As("pointwise").Conv(b.ReLU(b.As("depthwise").ConvOf(x, d)), l.Out, 1, 1)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	rebuild := func(build func(b *Builder, x *Node) *Node) func(t *testing.T, g *Graph) {
		return func(t *testing.T, g *Graph) {
			if err := g.Rebuild(g.Node("stage1/block1/conv1"), build); err != nil {
				t.Fatal(err)
			}
		}
	}
	const became = "stage1: 1 of 3 convolutions 3x3 became "
	for _, c := range []struct {
		name   string
		change func(t *testing.T, g *Graph)
		want   string
	}{
		{"nothing", func(*testing.T, *Graph) {}, ""},
		{"all of a kind", func(t *testing.T, g *Graph) {
			for n := range Each[Activation](g) {
				g.Replace(n, Activation{Func: ELU})
			}
		}, "13 of 13 relu became elu"},
		{"a stage", func(t *testing.T, g *Graph) { separate(t, g, "stage2/**") },
			"stage2: 3 of 3 convolutions 3x3 became separable (depthwise 3x3, 1x1)"},
		{"all stages and what stands in none", func(t *testing.T, g *Graph) { separate(t, g, "") },
			"7 of 7 convolutions 3x3 became separable (depthwise 3x3, 1x1)"},
		{"all stages alone", func(t *testing.T, g *Graph) { separate(t, g, "stage*/**") },
			"stage1, stage2, each: 3 of 3 convolutions 3x3 became separable (depthwise 3x3, 1x1)"},
		{"part of a stage", func(t *testing.T, g *Graph) { separate(t, g, "stage2/block1/**") },
			"stage2: 1 of 3 convolutions 3x3 became separable (depthwise 3x3, 1x1)"},
		{"one layer, in several ways", func(t *testing.T, g *Graph) {
			l := g.Node("conv1").Layer.(Conv)
			l.Stride, l.Out = Square(2), 8
			g.Replace(g.Node("conv1"), l)
		}, "conv1: a convolution 3x3 got stride 2 in place of 1, twice the width"},
		{"what lies over layers", func(t *testing.T, g *Graph) {
			o := g.Overlay()
			for u := range o.ConvUnits() {
				o.Remove(u.Site(Before), SlotNorm)
			}
			o.Set(Out(g.Node("global-pool")), Dropout{Rate: 0.2})
		}, "13 of 13 convolutions got a bias in place of batchnorm\nglobal-pool: a global avg pooling got dropout 0.2 in place of dropout 0.5"},
		{"layers that come and go", func(t *testing.T, g *Graph) {
			if err := g.Remove(g.Node("stage1/block1/conv1/act")); err != nil {
				t.Fatal(err)
			}
			for _, at := range []string{"stage1/block1/conv2/act", "stage1/block3/conv2/act"} {
				if err := g.InsertAfter(g.Node(at), func(b *Builder, x *Node) *Node { return b.MaxPool(x, 2, 2) }); err != nil {
					t.Fatal(err)
				}
			}
		}, "stage1: 2 of 6 relu got max pool 2x2 behind it\nstage1: 1 of 6 relu went"},
		{"gates", func(t *testing.T, g *Graph) {
			for _, at := range []string{"stage1/block1/conv2/act", "stage2/block1/conv2/act"} {
				if err := g.InsertAfter(g.Node(at), func(b *Builder, x *Node) *Node {
					return b.Layer(Gate{}, x, b.Act(b.Conv(b.GlobalAvgPool(x), b.Size(x).C, 1, 1), Sigmoid))
				}); err != nil {
					t.Fatal(err)
				}
			}
		}, "stage1, stage2, each: 1 of 6 relu got a gate (global avg pool, 1x1)"},
		{"one kind for another", rebuild(func(b *Builder, x *Node) *Node { return b.Conv(x, 4, 5, 1) }), became + "a convolution 5x5"},
		{"a bottleneck", rebuild(func(b *Builder, x *Node) *Node {
			return b.Conv(b.ReLU(b.Conv(b.ReLU(b.Conv(x, 2, 1, 1)), 2, 3, 1)), 4, 1, 1)
		}), became + "a bottleneck (1x1, 3x3, 1x1)"},
		{"a fire module", rebuild(func(b *Builder, x *Node) *Node {
			x = b.ReLU(b.Conv(x, 2, 1, 1))
			return b.Concat(b.ReLU(b.Conv(x, 2, 1, 1)), b.ReLU(b.Conv(x, 2, 3, 1)))
		}), became + "a fire module (1x1, then 1x1 | 3x3)"},
		{"an inception module with a bypass", rebuild(func(b *Builder, x *Node) *Node {
			y := b.Concat(b.Conv(x, 1, 1, 1), b.Conv(b.Conv(x, 2, 1, 1), 3, 5, 1))
			return b.Add(x, b.Conv(y, 4, 1, 1))
		}), became + "an inception module with a bypass (1x1 | 1x1, 5x5, then 1x1)"},
		{"a dense block", rebuild(func(b *Builder, x *Node) *Node {
			for range 3 {
				x = b.Concat(x, b.Conv(b.PreAct(x, NewBatchNorm(), Activation{Func: ReLU}), 2, 3, 1))
			}
			return b.Conv(x, 4, 1, 1)
		}), became + "a dense block of 3 layers (3x3, then 1x1)"},
		{"a stage for a block", func(t *testing.T, g *Graph) {
			from, to := g.Node("conv1/act"), g.Node("stage1/block3/conv2")
			if err := g.Rebuild(to, func(b *Builder, _ *Node) *Node { return b.Concat(from, b.Conv(from, 4, 3, 1)) }); err != nil {
				t.Fatal(err)
			}
		}, "stage1: 6 convolutions became a dense block of 1 layer (3x3)"},
		{"two layers for one stack", func(t *testing.T, g *Graph) {
			if err := g.Rebuild(g.Node("linear1"), func(b *Builder, _ *Node) *Node {
				return b.Linear(b.GlobalAvgPool(g.Node("stage2/block3/conv2/act")), Classes)
			}); err != nil {
				t.Fatal(err)
			}
		}, "global-pool to linear1: a global avg pooling and a linear layer became a stack (global avg pool, linear)"},
		{"each in its own way", func(t *testing.T, g *Graph) {
			for i, name := range []string{"stage1/block1/conv1", "stage1/block2/conv1", "stage2/block1/conv1", "stage2/block2/conv1"} {
				l := g.Node(name).Layer.(Conv)
				l.Out = 2 + 5*i
				g.Replace(g.Node(name), l)
			}
		}, "4 of 13 convolutions got 0.5 to 2.1 times the width"},
		{"edges", func(t *testing.T, g *Graph) {
			g.Node("stage1/block2/conv1").In[0] = g.Node("conv1/act")
		}, "stage1: 1 of 3 convolutions 3x3 read conv1/act in place of stage1/block1/conv2/act"},
	} {
		a := staged(t)
		b := staged(t)
		c.change(t, b)
		d, err := Compare(a, b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := strings.Join(d.Lines, "\n"); got != c.want || (len(d.Layers) == 0) != (c.want == "") {
			t.Errorf("%s: got %d layers\n%s\nwant\n%s", c.name, len(d.Layers), got, c.want)
		}
	}
}

// deep is stages of that many blocks of two convolutions, with or without a gate at the end.
func deep(t *testing.T, gated bool, stages ...int) *Graph {
	t.Helper()
	b := NewBuilder("deep", Size{}, 10)
	x := b.ReLU(b.Conv(b.Image(8, 8, 3), 4, 3, 1))
	for i, blocks := range stages {
		for j := range blocks {
			c := b.Scope("stage%d/block%d", i+1, j+1)
			y := c.ReLU(c.Conv(x, 4, 1, 1))
			y = c.Conv(y, 4, 3, 1)
			if se := c.Scope("se"); gated {
				y = se.As("gate").Layer(Gate{}, y, se.Act(se.Conv(se.GlobalAvgPool(y), 4, 1, 1), Sigmoid))
			}
			x = c.ReLU(c.Add(y, x))
		}
	}
	b.Logits(b.Linear(b.GlobalAvgPool(x), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBlocksThatComeAndGoAreTold(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b *Graph
		want string
	}{
		{"blocks in two stages", deep(t, false, 2, 2), deep(t, false, 3, 4), "stage1: 1 block came (1x1, 3x3)\nstage2: 2 blocks came (1x1, 3x3)"},
		{"as many in all", deep(t, false, 1, 2, 2, 2), deep(t, false, 1, 4, 4, 4), "stage2 to stage4, each: 2 blocks came (1x1, 3x3)"},
		{"each as many as it likes", deep(t, false, 2, 2, 2), deep(t, false, 3, 4, 5), "stage1 to stage3: 6 blocks came (1x1, 3x3)"},
		{"blocks that go", deep(t, false, 3, 4, 5), deep(t, false, 2, 2, 2), "stage1 to stage3: 6 blocks went (1x1, 3x3)"},
		{"gates in every block", deep(t, false, 1, 2, 3), deep(t, true, 1, 2, 3), "stage1 to stage3: 6 gates came (global avg pool, 1x1)"},
		{"a stage", deep(t, false, 2, 2), deep(t, false, 2, 2, 2), "stage3 came (1x1, 3x3, 1x1, 3x3)"},
		{"stages", deep(t, false, 2, 2, 1, 1), deep(t, false, 2, 2), "stage3, stage4 went (1x1, 3x3)"},
	} {
		d, err := Compare(c.a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Lines, "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestOtherNetworksAreComparedByWhatTheyHold(t *testing.T) {
	d, err := Compare(plain(t), staged(t))
	if err != nil {
		t.Fatal(err)
	}
	const want = `another network, compared by what it holds
convolutions 3x3: 7 in place of 1
linear layers: 1 in place of 2
convolutions 1x1: 6 in place of 0
relu: 13 in place of 2
global avg poolings: 1 in place of 0`
	if got := strings.Join(d.Lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if d.Before.Params == d.After.Params || len(d.Layers) == 0 {
		t.Errorf("%d and %d parameters, %d layers", d.Before.Params, d.After.Params, len(d.Layers))
	}
	for _, of := range [][2]*Graph{{deep(t, false, 3, 3, 3), deep(t, false)}, {deep(t, false), deep(t, false, 3, 3, 3)}} {
		d, err := Compare(of[0], of[1])
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Lines) != 5 || !strings.HasPrefix(d.Lines[0], "another network") {
			t.Errorf("a network and one of stages beside it: %q", d.Lines)
		}
	}
}

func TestAComparisonTellsAllThatChanged(t *testing.T) {
	a := plain(t)
	if d, err := Compare(a, a.Clone()); err != nil || !d.Same() {
		t.Errorf("equal networks differ: %v %v", d.Lines, err)
	}
	b := a.Clone()
	for n := range Each[Activation](b) {
		b.Replace(n, Activation{Func: ELU})
	}
	n := b.Node("conv1")
	if err := b.Rebuild(n, func(w *Builder, x *Node) *Node {
		return w.As("expand").ConvOf(w.As("reduce").ConvOf(x, conv(2, 1)), conv(4, 3))
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.InsertAfter(b.Node("conv1/act"), func(w *Builder, x *Node) *Node { return w.MaxPool(x, 2, 2) }); err != nil {
		t.Fatal(err)
	}
	o := b.Overlay()
	for u := range o.ConvUnits() {
		o.SetNorm(u.Site(Before), NewBatchNorm())
	}
	o.Set(Out(b.Node("linear1/act")), Dropout{Rate: 0.2})
	d, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := `conv1: a convolution 3x3 became a stack (1x1, 3x3)
conv1/act: a relu got max pool 2x2 behind it
2 of 2 relu became elu
linear1/act: an activation got dropout 0.2 in place of dropout 0.5`
	if got := strings.Join(d.Lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatACountWasAndIs(t *testing.T) {
	for _, c := range []struct {
		was, is int64
		want    string
	}{{1724, 550, "parameters 1,724 -> 550 (-68.1 %)"}, {550, 550, "parameters 550, the same"}, {100, 2_500, "parameters 100 -> 2,500 (25 times)"}, {100, 250_040, "parameters 100 -> 250,040 (2,500 times)"}, {0, 7, "parameters 0 -> 7"}} {
		if got := Became("parameters", c.was, c.is); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// modules is stages of modules behind a convolution, classified by a layer of that name.
func modules(t *testing.T, head string, stage func(b *Builder, x *Node) *Node) *Graph {
	t.Helper()
	b := NewBuilder("modules", Size{}, 10)
	x := b.ReLU(b.As("first").Conv(b.Image(8, 8, 3), 4, 3, 1))
	for i := range 3 {
		x = stage(b.Scope("stage%d", i+1), x)
	}
	b.Logits(b.As("%s", head).Linear(b.GlobalAvgPool(x), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBlocksOfOtherLayersAreToldAsBlocks(t *testing.T) {
	basic := func(b *Builder, x *Node) *Node {
		for i := range 2 {
			c := b.Scope("block%d", i+1)
			x = c.ReLU(c.Add(c.Conv(c.ReLU(c.Conv(x, 4, 3, 1)), 4, 3, 1), x))
		}
		return x
	}
	bottleneck := func(gated bool) func(b *Builder, x *Node) *Node {
		return func(b *Builder, x *Node) *Node {
			for i := range 3 {
				c := b.Scope("block%d", i+1)
				y := c.Conv(c.ReLU(c.Conv(c.ReLU(c.Conv(x, 2, 1, 1)), 2, 3, 1)), 8, 1, 1)
				if se := c.Scope("se"); gated {
					y = se.As("gate").Layer(Gate{}, y, se.Act(se.Conv(se.ReLU(se.Conv(se.GlobalAvgPool(y), 2, 1, 1)), 8, 1, 1), Sigmoid))
				}
				if i == 0 {
					x = c.As("shortcut").Conv(x, 8, 1, 1)
				}
				x = c.ReLU(c.Add(y, x))
			}
			return x
		}
	}
	plainGate := func(b *Builder, x *Node) *Node {
		x = b.ReLU(b.Conv(x, 4, 1, 1))
		se := b.Scope("se")
		x = se.As("gate").Layer(Gate{}, x, se.Act(se.Conv(se.GlobalAvgPool(x), 4, 1, 1), Sigmoid))
		return b.Conv(x, 4, 3, 1)
	}
	one := func(b *Builder, x *Node) *Node { return b.Conv(x, 4, 3, 1) }
	inception := func(threes int) func(b *Builder, x *Node) *Node {
		return func(b *Builder, x *Node) *Node {
			y := b.Scope("branch2").Conv(x, 2, 1, 1)
			for range threes {
				y = b.Scope("branch2").Conv(y, 2, 3, 1)
			}
			return b.Concat(b.Scope("branch1").Conv(x, 2, 1, 1), y)
		}
	}
	for _, c := range []struct {
		name string
		a, b *Graph
		want string
	}{
		{"all", modules(t, "fc", basic), modules(t, "fc", bottleneck(false)), `6 of 6 blocks (3x3, 3x3) became (1x1, 3x3, 1x1)
stage1 to stage3, each: 1 block came (1x1, 3x3, 1x1)
stage1 to stage3, each: 1 convolution 1x1 came`},
		{"with gates", modules(t, "fc", basic), modules(t, "fc", bottleneck(true)), `6 of 6 blocks (3x3, 3x3) became (1x1, 3x3, 1x1, gate)
stage1 to stage3, each: 1 block came (1x1, 3x3, 1x1, gate)
stage1 to stage3, each: 1 convolution 1x1 came`},
		{"of as many layers", modules(t, "fc", bottleneck(false)), modules(t, "fc", bottleneck(true)), "stage1 to stage3, each: 3 gates came (global avg pool, 1x1, 1x1)"},
		{"without a sum", modules(t, "fc", one), modules(t, "fc", plainGate), "3 of 3 stages (3x3) became (1x1, gate, 3x3)"},
		{"branches", modules(t, "fc", inception(1)), modules(t, "fc", inception(2)), "3 of 3 inception modules (1x1 | 1x1, 3x3) became (1x1 | 1x1, 3x3, 3x3)"},
		{"a head of another name", modules(t, "fc", basic), modules(t, "classifier", basic), ""},
	} {
		d, err := Compare(c.a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Lines, "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestALayerThatMovedIsOneLine(t *testing.T) {
	pooled := func(behind int) *Graph {
		b := NewBuilder("pooled", Size{}, 10)
		x := b.Image(16, 16, 3)
		for i := range 4 {
			if x = b.Conv(x, 4, 3, 1); i == behind {
				x = b.As("pool").MaxPool(x, 2, 2)
			}
		}
		b.Logits(b.Linear(b.GlobalAvgPool(x), Classes))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	d, err := Compare(pooled(1), pooled(0))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(d.Lines, "\n"), "pool: a max pooling 2x2 moved from behind conv2 to behind conv1"; got != want || len(d.Layers) != 3 {
		t.Errorf("got %d layers\n%s\nwant\n%s", len(d.Layers), got, want)
	}
}
