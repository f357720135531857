package nn

import (
	"strings"
	"testing"
)

// seed-references.md, C: 64 units that read 64 channels. Two biases, as PyTorch has them: 4·64 or 3·64 values more than with one.
func TestRecurrentCounts(t *testing.T) {
	for _, c := range []struct {
		layer  Recurrent
		in     Size
		out    Size
		params int
		macs   int64
	}{
		{Recurrent{Cell: LSTM, Units: 64}, Size{5, 7, 64}, Size{5, 7, 64}, 33_280, 5 * 7 * 4 * 64 * (64 + 64)},
		{Recurrent{Cell: GRU, Units: 64}, Size{5, 7, 64}, Size{5, 7, 64}, 24_960, 5 * 7 * 3 * 64 * (64 + 64)},
		{Recurrent{Cell: GRU, Units: 64, Bidirectional: true}, Size{5, 7, 64}, Size{5, 7, 128}, 2 * 24_960, 2 * 5 * 7 * 3 * 64 * (64 + 64)},
		{Recurrent{Units: 3, Scan: Columns, Patch: Square(2)}, Size{5, 7, 2}, Size{2, 3, 3}, 4 * 3 * (4*2 + 3 + 2), 2 * 3 * 4 * 3 * (4*2 + 3)},
		{Recurrent{Units: 3, Last: true}, Size{5, 7, 2}, Size{5, 1, 3}, 4 * 3 * (2 + 3 + 2), 5 * 7 * 4 * 3 * (2 + 3)},
		{Recurrent{Units: 3, Scan: Columns, Last: true}, Size{5, 7, 2}, Size{1, 7, 3}, 4 * 3 * (2 + 3 + 2), 5 * 7 * 4 * 3 * (2 + 3)},
		{Recurrent{Units: 3, Scan: Positions, Last: true, Bidirectional: true}, Size{5, 7, 2}, Size{1, 1, 6}, 2 * 4 * 3 * (2 + 3 + 2), 2 * 5 * 7 * 4 * 3 * (2 + 3)},
	} {
		l := withDefaults(c.layer).(Recurrent)
		out, err := l.Infer([]Size{c.in}, 10)
		if err != nil || out != c.out {
			t.Errorf("%v of %v gives %v (%v), want %v", l, c.in, out, err, c.out)
		}
		params := 0
		for _, p := range l.Params([]Size{c.in}, out) {
			params += p.Shape.Elems()
		}
		if macs := l.MACs([]Size{c.in}, out); params != c.params || macs != c.macs {
			t.Errorf("%v of %v: %d parameters and %d multiply-adds, want %d and %d", l, c.in, params, macs, c.params, c.macs)
		}
	}
}

func TestRecurrentFaultsAreNamed(t *testing.T) {
	for _, c := range []struct{ layer, want string }{
		{"units: 0", `net.yaml:5:5: r: 0 units; give units: 1 or more`},
		{"units: 4, cell: lstn", `net.yaml:5:5: r: no cell "lstn"; did you mean "lstm"?`},
		{"units: 4, scan: column", `net.yaml:5:5: r: no scan "column"; did you mean "columns"?`},
		{"units: 4, patch: 1x9", `net.yaml:5:5: r: patches of 1x9 do not fit a 8x8 input; make them smaller or remove a pool above it`},
		{"unit: 4", `unknown key "unit"; did you mean "units"?`},
	} {
		text := "name: n\nclasses: 2\nlayers:\n  - input: {name: input, size: 8x8x3}\n  - recurrent: {name: r, " + c.layer + "}\n  - linear: {name: l, out: classes}\noutputs:\n  - {name: main, from: l}\n"
		if _, err := Read("net.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.layer, err, c.want)
		}
	}
}

func TestRecurrentPrintsAndNamesItsParameters(t *testing.T) {
	b := NewBuilder("net", Size{}, 2)
	x := b.As("sweep").Layer(Recurrent{Cell: GRU, Units: 4, Scan: Columns, Patch: Square(2), Bidirectional: true, Last: true}, b.Image(8, 8, 3))
	b.Logits(b.Linear(x, Classes))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.Node("sweep").Layer.String(), "gru over columns 2x2 both ways last state"; got != want {
		t.Errorf("prints %q, want %q", got, want)
	}
	ps, err := g.Params()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range ps {
		names = append(names, p.Name)
	}
	want := "sweep/weight sweep/recurrent sweep/bias sweep/recurrent-bias sweep/reverse/weight sweep/reverse/recurrent sweep/reverse/bias sweep/reverse/recurrent-bias linear1/weight linear1/bias"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("parameters %s, want %s", got, want)
	}
}
