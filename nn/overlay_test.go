package nn

import (
	"strings"
	"testing"
)

// details lists the layers of a network with what lies over them.
func details(t *testing.T, g *Graph) string {
	t.Helper()
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, st := range steps[1:] {
		s = append(s, st.Node.Name+": "+st.Detail())
	}
	return strings.Join(s, "\n")
}

func plain(t *testing.T) *Graph {
	t.Helper()
	b := NewBuilder("plain", Size{}, 10)
	x := b.ReLU(b.Conv(b.Image(8, 8, 3), 4, 3, 1))
	x = b.Dropout(b.ReLU(b.Linear(x, 6)), 0.5)
	b.Logits(b.Linear(x, Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// preact is two blocks of a pre-activation network without norms; the second projects, so that nothing but the marks tells
// its first activation from one that follows the sum.
func preact(t *testing.T, norm Elided) *Graph {
	t.Helper()
	b := NewBuilder("preact", Size{}, 10)
	relu := Activation{Func: ReLU}
	x := b.As("stem").Conv(b.Image(8, 8, 3), 4, 3, 1)
	c := b.Scope("block1")
	y := c.Conv(c.PreAct(c.Conv(c.PreAct(x, norm, relu), 4, 3, 1), norm, relu), 4, 3, 1)
	x = c.Add(x, y)
	c = b.Scope("block2")
	a := c.PreAct(x, norm, relu)
	y = c.Conv(c.PreAct(c.Conv(a, 8, 3, 2), norm, relu), 8, 3, 1)
	x = c.Add(c.As("shortcut").Conv(a, 8, 1, 2), y)
	b.Logits(b.Linear(b.GlobalAvgPool(b.PreAct(x, norm, relu)), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestANormTakesTheBiasAndItsRemovalGivesItBack(t *testing.T) {
	g := plain(t)
	o := g.Overlay()
	before := details(t, g)
	for u := range o.ConvUnits() {
		if !o.SetNorm(u.Site(Before), NewBatchNorm()) {
			t.Fatal("nothing changed")
		}
		if o.SetNorm(u.Site(Before), NewBatchNorm()) {
			t.Error("the same norm again counts as a change")
		}
	}
	if got, want := details(t, g), strings.Replace(before, "conv1: conv 3x3 pad 1 + bias", "conv1: conv 3x3 pad 1 + batchnorm", 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	ps, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	if ps[1].Name != "conv1/norm/gamma" || ps[1].Role != RoleGamma || ps[2].Name != "conv1/norm/beta" {
		t.Errorf("parameters of the norm are %+v", ps[1:3])
	}
	bufs, err := g.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	if len(bufs) != 2 || bufs[0].Name != "conv1/norm/mean" || bufs[1].Role != RoleVar {
		t.Errorf("buffers are %+v", bufs)
	}
	for u := range o.ConvUnits() {
		_, at := u.Norm()
		o.Remove(at, SlotNorm)
	}
	if got := details(t, g); got != before {
		t.Errorf("after the norm is gone\n%s\nwant\n%s", got, before)
	}
}

func TestANormIsMovedAndNeverDoubled(t *testing.T) {
	g := plain(t)
	o := g.Overlay()
	for _, c := range []struct {
		place Place
		want  string
	}{
		{Before, "conv1: conv 3x3 pad 1 + batchnorm\nconv1/act: relu\n"},
		{After, "conv1: conv 3x3 pad 1 + bias\nconv1/act: relu + batchnorm\n"}, // behind a ReLU the bias is not redundant
		{Before, "conv1: conv 3x3 pad 1 + batchnorm\nconv1/act: relu\n"},
	} {
		for u := range o.ConvUnits() {
			o.SetNorm(u.Site(c.place), NewBatchNorm())
		}
		if got := details(t, g); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.place, got, c.want)
		}
	}
	slow := NewBatchNorm()
	slow.Momentum = 0.99
	for u := range o.ConvUnits() {
		if !o.SetNorm(u.Site(Before), slow) {
			t.Error("another momentum is no change")
		}
	}
}

func TestUnitsOfAPreActivationNetwork(t *testing.T) {
	for _, given := range []Elided{nil, NewBatchNorm()} {
		g := preact(t, given)
		o := g.Overlay()
		for u := range o.ConvUnits() {
			o.SetNorm(u.Site(Before), NewBatchNorm())
		}
		want := strings.Split(`stem: conv 3x3 pad 1 + batchnorm
block1/act1: batchnorm + relu
block1/conv1: conv 3x3 pad 1
block1/conv1/act: batchnorm + relu
block1/conv2: conv 3x3 pad 1 + bias
block1/add: add
block2/act1: batchnorm + relu
block2/conv1: conv 3x3/2 pad 1
block2/conv1/act: batchnorm + relu
block2/conv2: conv 3x3 pad 1 + bias
block2/shortcut: conv 1x1/2 + bias`, "\n")
		got := strings.Split(details(t, g), "\n")
		for i, w := range want {
			if got[i] = strings.Replace(got[i], "/act1:", "/act:", 1); got[i] != strings.Replace(w, "/act1:", "/act:", 1) {
				t.Errorf("norm given %v: got %s, want %s", given != nil, got[i], w)
			}
		}
		for u := range o.ConvUnits() {
			o.SetNorm(u.Site(After), NewBatchNorm())
		}
		after := details(t, g)
		for _, w := range []string{"block1/conv2: batchnorm + conv 3x3 pad 1", "block2/conv1: batchnorm + conv 3x3/2 pad 1", "block2/shortcut: batchnorm + conv 1x1/2"} {
			if !strings.Contains(after, w) {
				t.Errorf("norm given %v: place after lacks %q:\n%s", given != nil, w, after)
			}
		}
	}
}

func TestARewriteOfAPreActivationUnitStaysOne(t *testing.T) {
	for _, given := range []Elided{nil, NewBatchNorm()} {
		g := preact(t, given)
		n := g.Node("block1/conv2")
		s := g.Style(n)
		err := g.Rebuild(n, func(b *Builder, x *Node) *Node {
			return b.As("b").ConvOf(b.Finish(b.As("a").ConvOf(x, conv(2, 1)), s), conv(4, 3))
		})
		if err != nil {
			t.Fatal(err)
		}
		for u := range g.Overlay().ConvUnits() {
			g.Overlay().SetNorm(u.Site(Before), NewBatchNorm())
		}
		want := `block1/conv1/act: batchnorm + relu
block1/conv2/a: conv 1x1
block1/conv2/a/act: batchnorm + relu
block1/conv2/b: conv 3x3 pad 1 + bias
block1/add: add`
		if got := details(t, g); !strings.Contains(got, want) {
			t.Errorf("norm given %v:\n%s\nwant in it\n%s", given != nil, got, want)
		}
	}
}

// A dense block: what is concatenated is normalised anew for each reader. arXiv:1608.06993.
func TestEachReaderOfAConcatenationHasItsOwnNorm(t *testing.T) {
	b := NewBuilder("dense", Size{}, 10)
	relu := Activation{Func: ReLU}
	x := b.Bias(b.Conv(b.Image(8, 8, 3), 4, 3, 1), false)
	maps := []*Node{x}
	for range 2 {
		x = b.Concat(append(maps, b.Conv(b.PreAct(x, NewBatchNorm(), relu), 2, 3, 1))...)
		maps = []*Node{x}
	}
	b.Logits(b.Linear(b.GlobalAvgPool(b.PreAct(x, NewBatchNorm(), relu)), Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	want := `conv1: conv 3x3 pad 1
conv1/act: batchnorm + relu
conv2: conv 3x3 pad 1 + bias
concat: concat
concat/act: batchnorm + relu
conv3: conv 3x3 pad 1 + bias
concat2: concat
concat2/act: batchnorm + relu
global-pool: global avg pool
linear1: linear + bias`
	if got := details(t, g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o := g.Overlay()
	var norms []string
	for u := range o.ConvUnits() {
		o.SetNorm(u.Site(After), NewBatchNorm())
		_, at := u.Norm()
		norms = append(norms, at.Name())
	}
	if got, want := strings.Join(norms, " "), "conv1 conv2/in conv3/in"; got != want {
		t.Errorf("norms at %s, want %s", got, want)
	}
}

func TestTheHeadIsFound(t *testing.T) {
	g := plain(t)
	o := g.Overlay()
	if h := o.Hidden(); len(h) != 1 || h[0].Name() != "linear1/act" || o.Get(h[0], SlotDropout) != (Dropout{Rate: 0.5}) {
		t.Errorf("hidden layers at %v", h)
	}
	if c := o.Classifier(); c.Name() != "linear2/in" {
		t.Errorf("the classifier reads at %s", c.Name())
	}
	if o.Images().Name() != "input" {
		t.Errorf("the images are at %s", o.Images().Name())
	}
}

func TestWhatCannotLieOverALayerIsAnError(t *testing.T) {
	for _, c := range []struct {
		l    Elided
		want string
	}{
		{Bias{}, "conv1/act: a bias belongs to the output of a conv or linear layer; remove it"},
		{Dropout{Rate: 1}, "conv1/act: dropout rate 1; give the probability of zeroing, from 0 to below 1"},
		{Dropout{Rate: -0.5}, "conv1/act: dropout rate -0.5; give the probability of zeroing, from 0 to below 1"},
		{BatchNorm{Momentum: 2, Eps: 1e-5}, "conv1/act: batchnorm momentum 2; give the share of the old value kept, 0 to 1"},
		{BatchNorm{Momentum: 0.9, Eps: 1e-5, Affine: true, Shift: true}, "conv1/act: batchnorm affine and shift; write affine: false beside shift, which learns that alone, or drop shift"},
		{BatchNorm{}, "conv1/act: batchnorm eps 0; give a small number above 0, such as 1e-5"},
	} {
		g := plain(t)
		g.Overlay().Set(Out(g.Node("conv1/act")), c.l)
		if _, err := g.Steps(); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
}
