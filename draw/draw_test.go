package draw

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/nn"
)

// tree prints how a network is laid out: a row as its lanes in brackets, "|" for a lane that lets the map through, a frame by its
// name.
func tree(p *part) string {
	var in []string
	for _, q := range p.parts {
		in = append(in, tree(q))
	}
	switch text := strings.Join(in, " "); p.kind {
	case leaf:
		return strings.ReplaceAll(join(p.box.above, p.box.title, p.box.below), " ", "_")
	case row:
		return "[" + strings.Join(in, "; ") + "]"
	case frame:
		return p.label + "{" + text + "}"
	case more:
		return fmt.Sprintf("...%d", len(in))
	case mesh:
		return "mesh<" + strings.Join(in, " / ") + ">"
	default:
		if text == "" {
			return "|"
		}
		return text
	}
}

// laid builds a network over a 16x16x8 image and lays it out.
func laid(t *testing.T, f func(b *nn.Builder, x *nn.Node) *nn.Node) string {
	t.Helper()
	all, err := boxes(built(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return tree(arrange(all))
}

func built(t *testing.T, f func(b *nn.Builder, x *nn.Node) *nn.Node) *nn.Graph {
	t.Helper()
	b := nn.NewBuilder("net", nn.Size{}, 10)
	b.Logits(b.Linear(f(b, b.Image(16, 16, 8)), nn.Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBranchesBecomeLanesAndScopesFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(b *nn.Builder, x *nn.Node) *nn.Node
		want  string
	}{
		{"a chain, with what lies over it", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Dropout(b.ReLU(b.Norm(b.MaxPool(b.Conv(x, 8, 3, 2), 2, 2))), 0.5)
		}, "input conv_3×3/2,_8 max_pool_2×2/2_·_batchnorm_·_relu_·_dropout_0.5 linear,_10 10_classes"},
		{"a module of four branches in a scope", func(b *nn.Builder, x *nn.Node) *nn.Node {
			b = b.Scope("module")
			return b.Concat(b.Conv(x, 1, 1, 1), b.Conv(b.Conv(x, 2, 1, 1), 3, 3, 1), b.Conv(b.Conv(x, 4, 1, 1), 5, 5, 1), b.Layer(nn.Pool{Type: nn.Max, Kernel: nn.Square(3), Stride: nn.Square(1), Padding: nn.Pad(1)}, x))
		}, "input module{[conv_1×1,_1; conv_1×1,_2 conv_3×3,_3; conv_1×1,_4 conv_5×5,_5; max_pool_3×3] concat,_17} linear,_10 10_classes"},
		{"a bypass of a sum stands last", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.ReLU(b.Add(x, b.Conv(b.ReLU(b.Conv(x, 8, 3, 1)), 8, 3, 1)))
		}, "input [conv_3×3,_8_·_relu conv_3×3,_8; |] +_·_relu linear,_10 10_classes"},
		{"a dense layer in pre-activation order", func(b *nn.Builder, x *nn.Node) *nn.Node {
			x = b.Conv(x, 8, 1, 1)
			return b.Concat(x, b.Conv(b.PreAct(x, nn.NewBatchNorm(), nn.Activation{Func: nn.ReLU}), 4, 3, 1))
		}, "input conv_1×1,_8 [|; batchnorm_·_relu_·_conv_3×3,_4] concat,_12 linear,_10 10_classes"},
		{"a mean of branches, and a rate of many digits", func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Layer(nn.Scale{By: 0.5}, b.Add(b.Conv(x, 8, 3, 1), b.Conv(x, 8, 1, 1)))
			return b.Dropout(b.Conv(y, 8, 3, 1), 1/float32(17))
		}, "input [conv_3×3,_8; conv_1×1,_8] mean conv_3×3,_8_·_dropout_0.0588 linear,_10 10_classes"},
		{"a recurrent layer", func(b *nn.Builder, x *nn.Node) *nn.Node {
			return b.Layer(nn.Recurrent{Cell: nn.GRU, Scan: nn.Columns, Patch: nn.Square(2), Units: 4, Bidirectional: true}, x)
		}, "input gru_over_columns_2×2_both_ways linear,_10 10_classes"},
		{"branches in branches", func(b *nn.Builder, x *nn.Node) *nn.Node {
			y := b.Conv(x, 4, 1, 1)
			return b.Concat(b.Conv(x, 1, 1, 1), b.Concat(b.Conv(y, 2, 3, 1), b.Conv(y, 3, 5, 1)))
		}, "input [conv_1×1,_1; conv_1×1,_4 [conv_3×3,_2; conv_5×5,_3] concat,_5] concat,_6 linear,_10 10_classes"},
		{"branches that cross", func(b *nn.Builder, x *nn.Node) *nn.Node {
			p, q := b.Conv(x, 8, 1, 1), b.Conv(x, 8, 3, 1)
			return b.Concat(p, b.Add(p, q))
		}, "input mesh<[conv_1×1,_8; conv_3×3,_8] / [|; +]> concat,_16 linear,_10 10_classes"},
		{"the middle of a long run", func(b *nn.Builder, x *nn.Node) *nn.Node {
			for i := range 6 {
				s := b.Scope("stage/block%d", i+1)
				x = s.Add(x, s.Conv(s.Conv(x, 8, 3, 1), 8, 3, 1))
			}
			return x
		}, "input stage{block1{[conv_3×3,_8 conv_3×3,_8; |] +} block2{[conv_3×3,_8 conv_3×3,_8; |] +} ...3 block6{[conv_3×3,_8 conv_3×3,_8; |] +}} linear,_10 10_classes"},
	} {
		if got := laid(t, c.build); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestHeadsOfTrainingHangAtTheSide(t *testing.T) {
	g := built(t, func(b *nn.Builder, x *nn.Node) *nn.Node {
		x = b.Conv(x, 8, 3, 1)
		b.AuxLogits("aux", b.Scope("aux").Linear(b.Scope("aux").Linear(x, 4), nn.Classes), 0.3)
		return b.Conv(x, 8, 3, 2)
	})
	all, err := boxes(g)
	if err != nil {
		t.Fatal(err)
	}
	c := arrange(all)
	if got, want := tree(c), "input conv_3×3,_8 conv_3×3/2,_8 linear,_10 10_classes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(c.hangs) != 1 || tree(c.hangs[0].from) != "conv_3×3,_8" || tree(c.hangs[0].part) != "aux{linear,_4 linear,_10} 10_classes_·_in_training_alone" || !c.hangs[0].part.dash() {
		t.Errorf("hanging: %d", len(c.hangs))
	}
}

// check reports what no picture may have: boxes over one another or off the page, marks that are no SVG.
func check(g *nn.Graph) error {
	all, err := boxes(g)
	if err != nil {
		return err
	}
	pages := paged(arrange(all), 620)
	x := margin
	var leaves []*part
	var walk func(p *part)
	walk = func(p *part) {
		if p.kind == leaf || p.kind == more {
			leaves = append(leaves, p)
			return
		}
		for _, q := range p.parts {
			walk(q)
		}
		for _, h := range p.hangs {
			walk(h.part)
		}
	}
	for _, p := range pages {
		p.x, p.y = 0, 0
		p.fix(x+p.left, margin)
		x += p.left + p.right + gutter
		walk(p)
	}
	for i, p := range leaves {
		if !(p.x-p.left >= margin) || !(p.x+p.right <= x) || !(p.y >= margin) || math.IsInf(p.y, 0) {
			return fmt.Errorf("%s is off the page", tree(p))
		}
		for _, q := range leaves[:i] {
			if p.x-p.left < q.x+q.right && q.x-q.left < p.x+p.right && p.y < q.y+q.height && q.y < p.y+p.height {
				return fmt.Errorf("%s lies over %s", tree(p), tree(q))
			}
		}
	}
	one, err := SVG(g)
	if err != nil {
		return err
	}
	if two, err := SVG(g); err != nil || one != two {
		return errors.New("two pictures of one network differ")
	}
	for d := xml.NewDecoder(strings.NewReader(one)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestBoxesNeitherOverlapNorLeaveThePage(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(b *nn.Builder, x *nn.Node) *nn.Node
	}{
		{"long", func(b *nn.Builder, x *nn.Node) *nn.Node {
			for i := range 30 {
				x = b.Scope("s%d", i/4).Conv(x, 8+i, 3, 1)
			}
			return x
		}},
		{"wide", func(b *nn.Builder, x *nn.Node) *nn.Node {
			var xs []*nn.Node
			for i := range 9 {
				xs = append(xs, b.Conv(b.Conv(x, i+1, 1, 1), i+1, 3, 1))
			}
			return b.Concat(xs...)
		}},
		{"crossing", func(b *nn.Builder, x *nn.Node) *nn.Node {
			p, q := b.Conv(x, 8, 1, 1), b.Conv(x, 8, 3, 1)
			return b.Concat(p, b.Add(p, q), q)
		}},
	} {
		if err := check(built(t, c.build)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNamesOfAllKindsAreWritten(t *testing.T) {
	g := built(t, func(b *nn.Builder, x *nn.Node) *nn.Node {
		b = b.Scope("<a & \"b\">\x01\xff")
		return b.As("]]>").Conv(b.Conv(x, 8, 3, 1), 8, 3, 1)
	})
	if err := check(g); err != nil {
		t.Error(err)
	}
}

func TestEveryColourIsThereInLightAndDark(t *testing.T) {
	for _, c := range append(classes, struct{ class, word string }{"in", ""}, struct{ class, word string }{"out", ""}) {
		i := slices.IndexFunc(style, func(s struct{ class, light, dark string }) bool { return s.class == c.class })
		if i < 0 || style[i].light == "" || style[i].dark == "" {
			t.Errorf("no colour for %s in both schemes", c.class)
		}
	}
}

func TestAPairMarksWhatAChangeBrought(t *testing.T) {
	before := built(t, func(b *nn.Builder, x *nn.Node) *nn.Node { return b.ReLU(b.Conv(b.ReLU(b.Conv(x, 8, 3, 1)), 8, 3, 1)) })
	after := before.Clone()
	after.Replace(after.Node("conv2/act"), nn.Activation{Func: nn.ELU})
	pair, err := Pair(before, after)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(pair, "conv fresh"); n != 1 {
		t.Errorf("%d boxes marked, want the one that changed:\n%s", n, pair)
	}
	if !strings.Contains(pair, ">before<") || !strings.Contains(pair, ">after<") || strings.Count(pair, "<title>") != 10 {
		t.Errorf("not two networks of five boxes:\n%s", pair)
	}
}
