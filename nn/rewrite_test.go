package nn

import (
	"errors"
	"strings"
	"testing"
)

func conv(out, k int) Conv {
	return Conv{Out: out, Kernel: Square(k), Padding: Same(Square(k), Square(1))}
}

func TestReplaceKeepsNameReadersAndWhatLiesOver(t *testing.T) {
	g := plain(t)
	c := Changes{Verb: "replaced", What: "relu"}
	for n, old := range Each[Activation](g) {
		if old.Func == ReLU {
			c.Count(g.Replace(n, Activation{Func: ELU}))
		}
	}
	if got, want := c.String(), "replaced 2 of 2 relu"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := details(t, g), "conv1: conv 3x3 pad 1 + bias\nconv1/act: elu\nlinear1: linear + bias\nlinear1/act: elu + dropout 0.5\nlinear2: linear + bias"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if g.Replace(g.Node("conv1/act"), Activation{Func: ELU, Alpha: 1}) {
		t.Error("the same layer, defaults written out, counts as a change")
	}
}

func TestRebuildGivesTheUnitToWhatItMakes(t *testing.T) {
	g := plain(t)
	n := g.Node("conv1")
	g.Overlay().SetNorm(g.Unit(n).Site(Before), NewBatchNorm())
	s := g.Style(n)
	err := g.Rebuild(n, func(b *Builder, x *Node) *Node {
		x = b.Finish(b.As("a").ConvOf(x, conv(2, 1)), s)
		return b.As("b").ConvOf(x, conv(4, 3))
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `conv1/a: conv 1x1 + batchnorm
conv1/a/act: relu
conv1/b: conv 3x3 pad 1 + batchnorm
conv1/act: relu
linear1: linear + bias
linear1/act: relu + dropout 0.5
linear2: linear + bias`
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"conv1/a", "conv1/a/act", "conv1/b"} {
		if p := g.Node(name).Path(); p != "conv1" {
			t.Errorf("the origin of %s is %s", name, p)
		}
	}
	if err := g.Rebuild(g.Node("conv1/b"), func(b *Builder, x *Node) *Node { return b.As("c").ConvOf(x, conv(4, 1)) }); err != nil {
		t.Fatal(err)
	}
	if n := g.Node("conv1/b/c"); n == nil || n.Path() != "conv1" {
		t.Error("what replaces a replacement is not followed to the first origin")
	}
}

func TestRebuildDropsWhatNothingNeeds(t *testing.T) {
	g := plain(t)
	maps := g.Node("conv1/act")
	err := g.Rebuild(g.Node("linear2"), func(b *Builder, _ *Node) *Node { return b.Linear(b.GlobalAvgPool(maps), Classes) })
	if err != nil {
		t.Fatal(err)
	}
	want := "conv1: conv 3x3 pad 1 + bias\nconv1/act: relu\nlinear2/global-pool: global avg pool\nlinear2/linear1: linear + bias"
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for s := range g.Overlay().All() {
		if g.Node(s.node.Name) == nil {
			t.Errorf("something lies over %s, which is gone", s.Name())
		}
	}
}

func TestInsertAndRemove(t *testing.T) {
	g := plain(t)
	before := details(t, g)
	act := g.Node("conv1/act")
	if err := g.InsertAfter(act, func(b *Builder, x *Node) *Node { return b.MaxPool(x, 2, 2) }); err != nil {
		t.Fatal(err)
	}
	if err := g.InsertBefore(g.Node("conv1"), func(b *Builder, x *Node) *Node { return b.As("colour").ConvOf(x, conv(3, 1)) }); err != nil {
		t.Fatal(err)
	}
	want := "conv1/colour: conv 1x1 + bias\n" + strings.Replace(before, "relu\n", "relu\nconv1/act/pool1: max pool 2x2/2\n", 1)
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"conv1/colour", "conv1/act/pool1"} {
		if err := g.Remove(g.Node(name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := details(t, g); got != before {
		t.Errorf("after removing what was inserted\n%s\nwant\n%s", got, before)
	}
	if err := g.Remove(g.Node("linear1/act")); err != nil {
		t.Fatal(err)
	}
	if got := details(t, g); !strings.HasSuffix(got, "linear2: dropout 0.5 + linear + bias") {
		t.Errorf("the dropout of a layer that went is lost:\n%s", got)
	}
}

func TestABypassRoundTwoConvolutions(t *testing.T) {
	b := NewBuilder("two", Size{}, 10)
	x := b.ReLU(b.Norm(b.Conv(b.Image(8, 8, 3), 4, 3, 1)))
	x = b.ReLU(b.Norm(b.Conv(x, 4, 3, 1)))
	x = b.ReLU(b.Norm(b.Conv(x, 4, 3, 1)))
	b.Logits(b.Linear(b.GlobalAvgPool(x), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	from := g.Node("conv1/act")
	if err := g.InsertAfter(g.Node("conv3"), func(b *Builder, y *Node) *Node { return b.Add(y, from) }); err != nil {
		t.Fatal(err)
	}
	want := `conv1: conv 3x3 pad 1 + batchnorm
conv1/act: relu
conv2: conv 3x3 pad 1 + batchnorm
conv2/act: relu
conv3: conv 3x3 pad 1 + batchnorm
conv3/add: add
conv3/act: relu
global-pool: global avg pool
linear1: linear + bias`
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestARewriteThatCannotBeIsAnError(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(g *Graph) error
		want string
	}{
		{"of the input", func(g *Graph) error {
			return g.Rebuild(g.Input(), func(b *Builder, x *Node) *Node { return x })
		}, "input: the input cannot be replaced; rewrite a layer that reads it"},
		{"removing the input", func(g *Graph) error { return g.Remove(g.Input()) }, "input: the input cannot be removed; remove a layer that reads it"},
		{"misfit", func(g *Graph) error {
			return g.Rebuild(g.Node("conv1"), func(b *Builder, x *Node) *Node { return b.ConvOf(x, Conv{Out: 4, Kernel: Square(11)}) })
		}, "conv1/conv1: kernel 11 without padding does not fit a 8x8 input; add padding 2 or remove a pool above it"},
		{"cycle", func(g *Graph) error {
			late := g.Node("linear1/act")
			return g.InsertBefore(g.Node("conv1"), func(b *Builder, _ *Node) *Node { return b.Layer(Flatten{}, late) })
		}, "conv1: the rewrite makes a layer read its own output; read an earlier one"},
		{"nothing returned", func(g *Graph) error {
			return g.Rebuild(g.Node("conv1"), func(*Builder, *Node) *Node { return nil })
		}, "conv1: the rewrite gave no layer of this network; return the last one made"},
		{"another output", func(g *Graph) error {
			return g.InsertAfter(g.Node("conv1"), func(b *Builder, x *Node) *Node { b.Logits(x); return x })
		}, "conv1: a rewrite cannot add an output; name the layer that takes this one's place"},
		{"gone", func(g *Graph) error {
			n := g.Node("conv1/act")
			return errors.Join(g.Remove(n), g.InsertAfter(n, func(b *Builder, x *Node) *Node { return b.ReLU(x) }))
		}, "conv1/act: is not in the network any more; look the layer up anew"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if err := c.do(plain(t)); err == nil || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestCloneSharesNothing(t *testing.T) {
	g := plain(t)
	before := details(t, g)
	c := g.Clone()
	if details(t, c) != before {
		t.Fatal("a clone differs")
	}
	c.Replace(c.Node("conv1"), conv(8, 5))
	c.Overlay().Remove(Out(c.Node("conv1")), SlotBias)
	c.SetInput(Size{16, 16, 3})
	if got := details(t, g); got != before || g.InputSize().H != 8 {
		t.Errorf("changing a clone changed the network:\n%s", got)
	}
}

func TestPatternsMatchBySegment(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"", "conv1", true},
		{"conv1", "conv1", true},
		{"conv1", "conv1/act", false},
		{"conv*", "conv12", true},
		{"conv*", "conv1/act", false},
		{"conv1/**", "conv1", true},
		{"conv1/**", "conv1/act", true},
		{"stage2/**", "stage1/block1/conv1", false},
		{"stage?/*/conv1", "stage3/block2/conv1", true},
		{"**/conv1", "stage3/block2/conv1", true},
		{"**/block2/**", "stage3/block2/conv1", true},
		{"**", "anything/at/all", true},
		{"stage1/*", "stage1", false},
		{"**/a/**/a", "a/b/a/c/a", true},
		{"**/a/**/b", "a/b/a/c/a", false},
		{"**/a/*/a", "a/b/c/a/b/a", true},
	} {
		if got := Glob(c.pattern).Match(c.path); got != c.want {
			t.Errorf("%q matches %q: %v", c.pattern, c.path, got)
		}
	}
	if err := new(Glob).UnmarshalText([]byte("conv[1")); err == nil {
		t.Error("an open bracket is accepted")
	}
	if Glob("conv9").Any(plain(t)) || !Glob("linear*").Any(plain(t)) {
		t.Error("Any does not say whether a layer matches")
	}
}

func TestReasonsAreGathered(t *testing.T) {
	c := Changes{Verb: "split", What: "convolutions"}
	c.Skip("conv1", "kernel 1x1")
	c.Skip("conv2", "3 input channels")
	c.Skip("conv3", "kernel 1x1")
	c.Count(true)
	c.Count(false)
	if got, want := c.String()+"; "+strings.Join(c.Reasons(), "; "), "split 1 of 5 convolutions; kernel 1x1: conv1, conv3; 3 input channels: conv2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestGatingIsWhatGivesNothingButNumbersOfGates(t *testing.T) {
	b := NewBuilder("gated", Size{}, 10)
	x := b.ReLU(b.Conv(b.Image(8, 8, 3), 4, 3, 1))
	g := b.Act(b.As("expand").Conv(b.ReLU(b.As("reduce").Conv(b.GlobalAvgPool(x), 2, 1, 1)), 4, 1, 1), Sigmoid)
	y := b.Layer(Gate{}, x, g)
	both := b.Act(b.As("both").Conv(b.As("mean").GlobalAvgPool(y), 4, 1, 1), Sigmoid) // of a gate, and read by the classifier too
	y = b.As("second").Layer(Gate{}, y, both)
	b.Logits(b.Linear(b.Concat(b.As("last").GlobalAvgPool(y), both), Classes))
	net, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var names, units []string
	gating := net.Gating()
	for _, n := range net.Nodes {
		if gating[n] {
			names = append(names, n.Name)
		}
	}
	if got := strings.Join(names, " "); got != "global-pool reduce reduce/act expand expand/act" {
		t.Errorf("within gates are %s", got)
	}
	for u := range net.Overlay().Units() {
		units = append(units, u.Name())
	}
	if got := strings.Join(units, " "); got != "conv1 both linear1" {
		t.Errorf("units are %s", got)
	}
}

func TestARewriteLeavesNamesOfEarlierOnesAlone(t *testing.T) {
	g := plain(t)
	for range 3 {
		err := g.InsertAfter(g.Node("conv1"), func(b *Builder, x *Node) *Node {
			return b.As("add").Add(b.ConvOf(x, conv(4, 3)), x)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := g.check(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"conv1/conv1", "conv1/add", "conv1/conv2", "conv1/add2", "conv1/conv3", "conv1/add3"} {
		if g.Node(name) == nil {
			t.Errorf("no layer %s", name)
		}
	}
}
