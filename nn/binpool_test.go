package nn

import "testing"

// Windows and strides of arXiv:1406.4729, table 5 (13x13 maps), and where the paper's window would not reach the end of the map.
func TestBinsCoverTheMap(t *testing.T) {
	for _, c := range []struct{ extent, bins, kernel, stride int }{
		{13, 3, 5, 4}, {13, 2, 7, 6}, {13, 1, 13, 13}, {7, 3, 3, 2}, {7, 2, 4, 3}, {10, 4, 4, 2}, {7, 4, 4, 1}, {3, 3, 1, 1},
	} {
		in, l := Size{c.extent, c.extent, 5}, BinPool{Type: Max, Bins: Square(c.bins)}
		if got, want := l.Pool(in), (Pool{Type: Max, Kernel: Square(c.kernel), Stride: Square(c.stride)}); got != want {
			t.Errorf("%d of %d: %v, want %v", c.bins, c.extent, got, want)
		}
		if s, err := l.Infer([]Size{in}, 0); err != nil || s != (Size{c.bins, c.bins, 5}) {
			t.Errorf("%d of %d give %v (%v)", c.bins, c.extent, s, err)
		}
	}
	want := "4x4 bins do not fit a 3x5 map; give fewer"
	if _, err := (BinPool{Type: Max, Bins: Square(4)}).Infer([]Size{{3, 5, 1}}, 0); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestALearnedExponentIsAParameterAndNoStructure(t *testing.T) {
	net := func(l GeM) *Graph {
		b := NewBuilder("net", Size{}, 3)
		b.Logits(b.Linear(b.Layer(l, b.Image(4, 4, 3)), Classes))
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for _, c := range []struct {
		l      GeM
		text   string
		params int64
	}{{GeM{}, "gem pool", 13}, {GeM{P: 2}, "gem pool 2", 13}, {GeM{Fixed: true}, "gem pool fixed", 12}} {
		g := net(c.l)
		if cost, err := g.Cost(); err != nil || cost.Params != c.params {
			t.Errorf("%s: %d parameters (%v), want %d", c.text, cost.Params, err, c.params)
		}
		if got := g.Node("gem").Layer.String(); got != c.text {
			t.Errorf("prints %q, want %q", got, c.text)
		}
	}
	if net(GeM{}).Signature() != net(GeM{P: 2}).Signature() || net(GeM{Fixed: true}).Signature() == net(GeM{P: 2, Fixed: true}).Signature() {
		t.Error("where a learned exponent begins is a value; a fixed one is structure")
	}
	if _, err := (GeM{P: -1}).Infer([]Size{{4, 4, 3}}, 0); err == nil {
		t.Error("an exponent below 0, and no error")
	}
}
