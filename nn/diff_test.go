package nn

import (
	"strings"
	"testing"
)

func TestADiffSpeaksAsAPersonWould(t *testing.T) {
	a := plain(t)
	if d, err := Diff(a, a.Clone()); err != nil || d != nil {
		t.Errorf("equal networks differ: %v %v", d, err)
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
	d, err := Diff(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := `conv 3x3 pad 1 to 4 -> conv 1x1 to 2, conv 3x3 pad 1 to 4: conv1
relu -> elu: conv1/act, linear1/act
+ dropout 0.2: linear1/act
- dropout 0.5: linear1/act
+ max pool 2x2/2: conv1/act/pool1
parameters 1,724 -> 550 (-68.1 %)
multiply-adds 8,508 -> 5,436 (-36.1 %)`
	if got := strings.Join(d, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestManyEqualChangesAreOneLine(t *testing.T) {
	b := NewBuilder("deep", Size{}, 10)
	x := b.Image(8, 8, 3)
	for range 7 {
		x = b.ReLU(b.Conv(x, 4, 3, 1))
	}
	b.Logits(b.Linear(x, Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	c := g.Clone()
	for n := range Each[Activation](c) {
		c.Replace(n, Activation{Func: ELU})
	}
	d, err := Diff(g, c)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(d, "\n"), "relu -> elu: conv1/act, conv2/act, conv3/act and 4 more"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDotNamesLayersAndEdges(t *testing.T) {
	dot, err := plain(t).Dot()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"conv1" [label="conv1\nconv 3x3 pad 1 + bias\n8x8x4"];`, `"conv1" -> "conv1/act";`, `"linear2" -> "output main";`} {
		if !strings.Contains(dot, want) {
			t.Errorf("lacks %s:\n%s", want, dot)
		}
	}
}
