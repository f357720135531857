package optimization_test

import (
	"strings"
	"testing"

	"github.com/assaylab/assay/approach/optimization"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

func TestLRNLiesBehindTheActivationsOfConvolutions(t *testing.T) {
	g := network(t, "lenet5")
	lrn := optimization.NewNorm()
	lrn.Kind, lrn.K = "lrn", 2
	tune(t, g, lrn, "normalised 2 of 2 convolutions")
	if got, want := over(t, g), "c1/act lrn k 2, c3/act lrn k 2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	tune(t, g, lrn, "normalised 0 of 2 convolutions")
	lrn.Place = nn.Before
	tune(t, g, lrn, "normalised 2 of 2 convolutions")
	if got, want := over(t, g), "c1 lrn k 2, c3 lrn k 2"; got != want {
		t.Errorf("moved, got  %s\nwant %s", got, want)
	}
}

func TestLRNLiesWhereAlexNetHasIt(t *testing.T) {
	g := network(t, "mini")
	lrn := optimization.NewNorm()
	lrn.Kind, lrn.Where = "lrn", "conv[12]"
	tune(t, g, lrn, "normalised 2 of 2 convolutions")
	if got, want := over(t, g), "conv1/act lrn, conv2/act lrn"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLRNTakesThePlaceOfBatchNormAndGivesTheBiasBack(t *testing.T) {
	g, plain := network(t, "mini"), network(t, "mini")
	norm := nn.NewBatchNorm()
	lrn := optimization.NewNorm()
	lrn.Kind = "lrn"
	tune(t, g, optimization.BatchNorm{Place: nn.Before, Affine: norm.Affine, Momentum: norm.Momentum, Eps: norm.Eps}, "normalised 5 of 5 convolutions and linear layers")
	tune(t, g, lrn, "normalised 5 of 5 convolutions")
	tune(t, plain, lrn, "normalised 5 of 5 convolutions")
	if string(g.YAML()) != string(plain.YAML()) {
		t.Errorf("got\n%s\nwant\n%s", g.YAML(), plain.YAML())
	}
}

func TestLayerNormLiesBehindEveryUnitInFrontOfItsActivation(t *testing.T) {
	g := network(t, "lenet5")
	layer := optimization.NewNorm()
	layer.Kind = "layer"
	tune(t, g, layer, "normalised 4 of 4 convolutions and linear layers")
	if got, want := over(t, g), "c1 layernorm, c3 layernorm, c5 layernorm, f6 layernorm"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	layer.Place, layer.Eps, layer.Where = nn.After, 1e-6, "c*"
	tune(t, g, layer, "normalised 3 of 3 convolutions and linear layers")
	if got, want := over(t, g), "c1/act layernorm eps 1e-06, c3/act layernorm eps 1e-06, c5/act layernorm eps 1e-06, f6 layernorm"; got != want {
		t.Errorf("moved, got  %s\nwant %s", got, want)
	}
}

func TestNoneTakesEveryNormAway(t *testing.T) {
	g, plain := network(t, "mini"), network(t, "mini")
	lrn, none := optimization.NewNorm(), optimization.NewNorm()
	lrn.Kind, none.Kind = "lrn", "none"
	tune(t, plain, none, "removed 0 of 0 norms")
	tune(t, g, lrn, "normalised 5 of 5 convolutions")
	lrn.Place = nn.Images
	tune(t, g, lrn, "normalised 1 of 1 input")
	none.Where = "conv[12]/act"
	tune(t, g, none, "removed 2 of 2 norms")
	none.Where = ""
	tune(t, g, none, "removed 4 of 4 norms")
	if string(g.YAML()) != string(plain.YAML()) {
		t.Errorf("got\n%s\nwant\n%s", g.YAML(), plain.YAML())
	}
}

func TestNormsOutOfRangeAreRefused(t *testing.T) {
	for _, c := range []struct {
		change func(*optimization.Norm)
		want   string
	}{
		{func(n *optimization.Norm) { n.Kind = "batch" }, `no kind "batch"; choose one of layer, instance, group, weight, weight-standard, lrn, none`},
		{func(n *optimization.Norm) { n.Kind = "" }, `no kind ""; choose one of layer, instance, group, weight, weight-standard, lrn, none`},
		{func(n *optimization.Norm) { n.Size = 4 }, "lrn size 4; give an odd number of channels, such as 5"},
		{func(n *optimization.Norm) { n.Alpha = -1 }, "lrn alpha -1; give one from 0, such as 1e-4"},
		{func(n *optimization.Norm) { n.Beta = -1 }, "lrn beta -1; give one from 0, such as 0.75"},
		{func(n *optimization.Norm) { n.Kind, n.Eps = "layer", 0 }, "layernorm eps 0; give a small number above 0, such as 1e-5"},
		{func(n *optimization.Norm) { n.K = 0 }, "lrn k 0; give one above 0, such as 1"},
	} {
		l := optimization.NewNorm()
		l.Kind = "lrn"
		c.change(&l)
		if _, err := l.Tune(nil, network(t, "mini").Overlay()); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func network(t *testing.T, name string) *nn.Graph {
	t.Helper()
	g, err := zoo.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// tune applies an approach, compares its report, and has the network inferred.
func tune(t *testing.T, g *nn.Graph, a tuner, want string) {
	t.Helper()
	c, err := a.Tune(nil, g.Overlay())
	if err != nil {
		t.Fatal(err)
	}
	if c.String() != want {
		t.Errorf("reports %q, want %q", c, want)
	}
	if _, err := g.Steps(); err != nil {
		t.Error(err)
	}
}

// over lists the norms of a network: "conv1 lrn, conv2 lrn".
func over(t *testing.T, g *nn.Graph) string {
	t.Helper()
	var all []string
	for s, held := range g.Overlay().All() {
		for _, e := range held {
			if e.Slot() == nn.SlotNorm {
				all = append(all, s.Name()+" "+e.String())
			}
		}
	}
	return strings.Join(all, ", ")
}
