package approach_test

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/compile"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/task"
	"github.com/assaylab/assay/zoo"
)

// Ten texts that identities of trials are made of, spread over the zoo and the catalogue. One that changes makes every trial that is
// stored under it a stranger: a change is to be wanted, or to be mended.
func TestCanonicalTextsStand(t *testing.T) {
	for _, c := range []struct{ name, net, architecture, optimization, learning string }{
		{"mini", "mini", "", "", ""},
		{"mini-normed", "mini", "activation: {to: leaky, alpha: 0.2}", "batchnorm: {place: after, momentum: 0.99}, lr: {base: 0.003, policy: cosine, warmup: 1}, batch: 64", "epochs: 3, augment: [flip, {crop: {size: 24, pad: 2}}]"},
		{"lenet5", "lenet5", "", "solver: {nesterov: true}, init: xavier", "subset: 0.25"},
		{"caffenet128", "caffenet128", "head: avg, inception: {where: conv3}", "l2: {strength: 5e-4, except: [depthwise, bias]}, dropout: 0.2", "epochs: {steps: 1000}"},
		{"resnet20", "resnet20", "separable: {where: stage2/**}", "init: {kind: lsuv, gain: 0.7}", "augment: [{flip: 0}]"},
		{"resnet20-attention", "resnet20", "attention: {reduce: 4}, activation: prelu", "norm: layer", ""},
		{"fractalnet", "fractalnet", "pool: {kind: mixed, mix: 0.25}", "lr: {policy: step, every: 1.5, gamma: 0.3}", "subset: {images: 100}"},
		{"googlenet", "googlenet", "", "dropout: {rate: 0.1, place: convs}", ""},
		{"renet", "renet", "", "l2: 1e-3", "epochs: 7"},
		{"mobilenet_v3_small", "mobilenet_v3_small", "width: 0.5", "batch: 1", ""},
	} {
		b := build(t, lists(t, c.net, c.architecture, c.optimization, c.learning))
		settings, net := experiment.Canonical(b.Optimization, b.Learning), b.Graph.Canonical()
		golden(t, filepath.Join("testdata", "canonical", c.name+".yaml"),
			fmt.Sprintf("# sha256 of the settings: %x\n# sha256 of the network: %x\n%s%s", sha256.Sum256(settings), sha256.Sum256(net), settings, net))
	}
}

func TestANetworkReadBackFromItsCanonicalTextTrainsToTheSameBits(t *testing.T) {
	for _, n := range zoo.List() {
		g := network(t, n.Name)
		text := g.Canonical()
		back, err := nn.Read(n.Name+".yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		if string(back.Canonical()) != string(text) {
			t.Errorf("%s is written another way when read back", n.Name)
		}
		if d := difference(t, g, back); d != "" {
			t.Errorf("%s comes back with %s", n.Name, d)
		}
		if testing.Short() && n.Published.GMACs > 0.1 {
			continue
		}
		if was, is := printed(t, g), printed(t, back); was != is {
			t.Errorf("%s comes back with another program", n.Name)
		}
	}
}

// printed is the step that a network trains by.
func printed(t *testing.T, g *nn.Graph) string {
	t.Helper()
	f, err := compile.New(g, task.For(g, nil), experiment.DefaultOptimization(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Step(2)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p)
}

func TestRewrittenNetworksReadBackFromTheirCanonicalText(t *testing.T) {
	for _, e := range approach.Catalog() {
		for _, text := range walked[e.Name] {
			g := network(t, "mini")
			if _, err := approach.Rewrite(g, []experiment.Choice{chosen(text)}); err != nil {
				continue // the walk reads the reasons
			}
			back, err := nn.Read("mini.yaml", g.Canonical())
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if string(back.Canonical()) != string(g.Canonical()) || printed(t, back) != printed(t, g) {
				t.Errorf("%s on mini comes back as another network", text)
			}
		}
	}
}
