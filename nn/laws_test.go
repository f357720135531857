package nn

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// randomGraph draws a network of every kind of layer, branches, bypasses, shared weights and overlays included.
func randomGraph(t *rapid.T) *Graph {
	classes := rapid.IntRange(1, 12).Draw(t, "classes")
	b := NewBuilder("random", Size{}, classes)
	maps := []*Node{b.Image(rapid.IntRange(6, 12).Draw(t, "height"), rapid.IntRange(6, 12).Draw(t, "width"), rapid.IntRange(1, 4).Draw(t, "channels"))}
	for i := range rapid.IntRange(1, 12).Draw(t, "layers") {
		x := rapid.SampledFrom(maps).Draw(t, "reads")
		s := b.Size(x)
		var n *Node
		switch rapid.IntRange(0, 14).Draw(t, "kind") {
		case 0, 1:
			c := Conv{Out: rapid.IntRange(1, 6).Draw(t, "out"), Kernel: HW{rapid.IntRange(1, 3).Draw(t, "kh"), rapid.IntRange(1, 3).Draw(t, "kw")}, Stride: Square(rapid.IntRange(1, 2).Draw(t, "stride"))}
			c.Padding = Same(c.Kernel, Square(1))
			if rapid.Bool().Draw(t, "depthwise") {
				c.Out, c.Groups = s.C, s.C
			}
			for y, l := range Each[Conv](b.w.g) { // sometimes the weights of an earlier one
				if in := b.Size(y.In[0]).C; in == s.C && rapid.Bool().Draw(t, "shares") {
					c = l
					c.Weight = named(l.Weight, y.Name+"/weight")
				}
			}
			n = b.ConvOf(x, c)
		case 2, 3:
			act := Activation{Func: rapid.SampledFrom(Funcs()).Draw(t, "func"), Alpha: float32(rapid.IntRange(0, 4).Draw(t, "alpha")) / 4}
			if act.Func == Maxout {
				if s.C%2 != 0 {
					act.Func, act.Pieces = APL, 3
				}
			}
			n = b.Layer(act, x)
			n.Pre = rapid.Bool().Draw(t, "pre")
		case 4:
			n = b.Layer(Pool{Type: rapid.SampledFrom(PoolKinds()).Draw(t, "pool"), Kernel: Square(rapid.IntRange(1, 3).Draw(t, "kernel")), Ceil: true, CountPad: rapid.Bool().Draw(t, "count")}, x)
		case 5:
			n = b.Layer(Shortcut{Stride: rapid.IntRange(1, 2).Draw(t, "stride"), Out: s.C + rapid.IntRange(0, 2).Draw(t, "more")}, x)
		case 6:
			n = b.Layer(Scale{By: float32(rapid.IntRange(-3, 3).Draw(t, "by")) / 10}, x)
		case 7:
			same := []*Node{x, x}
			for _, y := range maps {
				if b.Size(y) == s {
					same = append(same, y)
				}
			}
			n = b.Add(same...)
		case 8:
			n = b.Concat(x, x)
		case 9:
			n = b.Bias(b.Layer(Linear{Out: rapid.IntRange(1, 6).Draw(t, "units")}, b.Layer(Flatten{}, b.Layer(GlobalPool{Type: rapid.SampledFrom([]PoolKind{Max, Avg, MaxAvg}).Draw(t, "global")}, x))), rapid.Bool().Draw(t, "bias"))
		case 10:
			n = b.Layer(Recurrent{
				Cell: rapid.SampledFrom(Cells()).Draw(t, "cell"), Units: rapid.IntRange(1, 4).Draw(t, "units"), Scan: rapid.SampledFrom(Scans()).Draw(t, "scan"),
				Patch: HW{rapid.IntRange(1, s.H).Draw(t, "patch"), 1}, Bidirectional: rapid.Bool().Draw(t, "both"), Last: rapid.Bool().Draw(t, "last"),
			}, x)
		case 13:
			if rapid.Bool().Draw(t, "by channel") {
				pooled := b.GlobalAvgPool(x)
				stacked := b.GlobalAvgPool(b.Layer(Stack{}, pooled, pooled))
				n = b.Layer(Gate{}, x, b.Layer(ChannelConv{Kernel: 2*rapid.IntRange(0, 3).Draw(t, "reach") + 1}, stacked))
			} else {
				n = b.Layer(Gate{}, x, b.Layer(ChannelPool{Type: rapid.SampledFrom([]PoolKind{Max, Avg, MaxAvg}).Draw(t, "channel pool")}, x))
			}
		case 14:
			n = b.Layer(Split{Part: rapid.IntRange(1, 2).Draw(t, "part")}, b.Layer(Shuffle{Groups: s.C}, b.Concat(x, x)))
		case 11:
			n = b.Layer(LayerScale{Init: float32(rapid.IntRange(0, 3).Draw(t, "init")) / 8}, x)
		case 12:
			heads := rapid.IntRange(1, 3).Draw(t, "heads")
			q := b.ConvOf(x, Conv{Out: 2 * heads, Zero: rapid.Bool().Draw(t, "zero")})
			n = b.Layer(Attention{Heads: heads, Scale: float32(rapid.IntRange(0, 2).Draw(t, "scale")) / 2, Range: rapid.IntRange(0, 4).Draw(t, "range")}, q, q, q)
			if rapid.Bool().Draw(t, "pools") {
				n = b.Layer(AttentionPool{}, n, b.ConvOf(q, Conv{Out: heads}))
			}
		}
		switch rapid.IntRange(0, 6).Draw(t, "over") {
		case 0:
			b.Norm(n)
		case 1:
			b.Dropout(n, float32(i)/16)
		case 3:
			b.Over(Out(n), LayerNorm{Eps: 1e-6}, n)
		case 2:
			affine := rapid.Bool().Draw(t, "affine")
			b.Over(In(n, len(n.In)-1), BatchNorm{Momentum: 0.5, Eps: 1e-3, Affine: affine, Shift: !affine && rapid.Bool().Draw(t, "shift")}, n)
		}
		maps = append(maps, n)
	}
	if rapid.Bool().Draw(t, "aux") {
		b.AuxLogits("aux", b.Linear(rapid.SampledFrom(maps).Draw(t, "aux reads"), Classes), 0.25)
	}
	if last := maps[len(maps)-1]; rapid.Bool().Draw(t, "detector") {
		s, anchors := b.Size(last), Anchors(rapid.SampledFrom([]string{"1x1", "0.5x2.25 13x7", "1.3221x1.73145 1x1 2x2"}).Draw(t, "anchors"))
		if s.H%2 == 0 && s.W%2 == 0 {
			last = b.Layer(Reorg{Type: rapid.SampledFrom([]ReorgKind{Plain, Darknet}).Draw(t, "reorg")}, b.Concat(last, last, last, last))
		}
		var tree Tree
		if rapid.Bool().Draw(t, "tree") { // all of them below the first
			tree = TreeOf(append([]int32{-1}, make([]int32, classes-1)...))
		}
		b.Logits(b.Layer(Region{Anchors: anchors, Tree: tree}, b.Conv(last, PerBox(anchors.Len()), 1, 1)))
	} else {
		b.Logits(b.Linear(last, Classes))
	}
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheSignatureIgnoresWhatIsNotStructure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t)
		want := g.Signature()
		same := func(what string, c *Graph) {
			t.Helper()
			if got := c.Signature(); got != want {
				t.Errorf("%s: %s, was %s", what, got, want)
			}
		}
		c := g.Clone()
		same("a clone", c)
		for s, ls := range g.Clone().Overlay().All() {
			for _, l := range ls {
				c.Overlay().Remove(Site{s.where, c.Node(s.node.Name), s.index}, l.Slot())
			}
		}
		same("without overlay", c)
		for _, n := range c.Nodes {
			c.Overlay().Set(Out(n), NewBatchNorm())
			c.Overlay().Set(Out(n), Dropout{Rate: 0.1})
		}
		same("normalised and dropped everywhere", c)
		c.Classes += 7
		same("more classes", c)
		c.SetInput(Size{24, 31, 4 * c.InputSize().C})
		same("another image", c)
		same("without train-only outputs", c.Pruned())

		c = g.Clone()
		shared := map[string]string{} // old parameter name to new
		for i, n := range c.Nodes {
			shared[n.Name+"/weight"] = fmt.Sprintf("layer%d/weight", i)
			n.Name = fmt.Sprintf("layer%d", i)
			if l, ok := n.Layer.(Conv); ok && l.Weight != "" {
				if shared[l.Weight] == "" { // the first layer of that name led nowhere and was dropped
					shared[l.Weight] = fmt.Sprintf("weight%d", i)
				}
				l.Weight = shared[l.Weight]
				n.Layer = l
			}
			if l, ok := n.Layer.(LayerScale); ok {
				l.Init++
				n.Layer = l
			}
			if l, ok := n.Layer.(Activation); ok && l.Func == PReLU {
				l.Alpha = 0.125
				n.Layer = l
			}
		}
		same("renamed, other initial slopes", c)

		c = g.Clone() // another topological order: as late as possible
		var order []*Node
		for len(order) < len(c.Nodes) {
			for i := len(c.Nodes) - 1; i >= 0; i-- {
				n := c.Nodes[i]
				ready := !slices.Contains(order, n) && !slices.ContainsFunc(c.Nodes, func(r *Node) bool { return slices.Contains(r.In, n) && !slices.Contains(order, r) })
				if ready {
					order = append(order, n)
					break
				}
			}
		}
		slices.Reverse(order)
		c.Nodes = order
		same("in another order", c)
	})
}

func TestTheSignatureSeesStructure(t *testing.T) {
	build := func(c Conv, f Func, alpha float32, share bool) string {
		b := NewBuilder("n", Size{}, 10)
		x := b.Layer(Activation{Func: f, Alpha: alpha}, b.ConvOf(b.Image(8, 8, 4), c))
		d := Conv{Out: 4, Kernel: Square(3), Padding: Pad(1)}
		x = b.ConvOf(x, d)
		if share {
			d.Weight = "conv2/weight"
		}
		b.Logits(b.Linear(b.GlobalAvgPool(b.ConvOf(x, d)), Classes))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g.Signature()
	}
	base := Conv{Out: 4, Kernel: Square(3), Padding: Pad(1)}
	seen := map[string]string{build(base, ReLU, 0, false): "base"}
	wide, strided, grouped, small, dilated, unpadded := base, base, base, base, base, base
	wide.Out, strided.Stride, grouped.Groups, small.Kernel, dilated.Dilation, unpadded.Padding = 8, Square(2), 2, Square(1), Square(2), Pad(0)
	for what, s := range map[string]string{
		"wide": build(wide, ReLU, 0, false), "strided": build(strided, ReLU, 0, false), "grouped": build(grouped, ReLU, 0, false),
		"small": build(small, ReLU, 0, false), "dilated": build(dilated, ReLU, 0, false), "unpadded": build(unpadded, ReLU, 0, false),
		"elu": build(base, ELU, 0, false), "elu 0.5": build(base, ELU, 0.5, false), "shared": build(base, ReLU, 0, true),
	} {
		if other, ok := seen[s]; ok {
			t.Errorf("%s and %s have one signature", what, other)
		}
		seen[s] = what
	}
}

func TestTheTextFormReadsBackToTheSameGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t)
		text := g.YAML()
		back, err := Read("net.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := back.YAML(); string(again) != string(text) {
			t.Fatalf("wrote\n%s\nand after reading\n%s", text, again)
		}
		canonical := g.Canonical()
		again, err := Read(g.Name+".yaml", canonical)
		if err != nil {
			t.Fatalf("%v\n%s", err, canonical)
		}
		if string(again.Canonical()) != string(canonical) {
			t.Fatalf("wrote\n%s\nand after reading\n%s", canonical, again.Canonical())
		}
		a, err := g.Table()
		if err != nil {
			t.Fatal(err)
		}
		c, err := again.Table()
		if err != nil {
			t.Fatal(err)
		}
		if a.String() != c.String() {
			t.Errorf("was\n%v\nread back from its canonical text\n%v", a, c)
		}
		b, err := back.Table()
		if err != nil {
			t.Fatal(err)
		}
		if a.String() != b.String() {
			t.Errorf("was\n%v\nread back\n%v", a, b)
		}
	})
}
