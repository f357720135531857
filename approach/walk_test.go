package approach_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// walked is what the walk applies: every approach, each value of its words, on every network.
var walked = map[string][]string{
	"bottleneck":   {"bottleneck", "bottleneck: {reduce: 2, stride_in: 1x1}"},
	"head":         {"head", "head: max", "head: max+avg", "head: fc", "head: {kind: avg, hidden: 64}", "head: conv-avg", "head: {kind: conv-avg, pool: keep}", "head: avg-conv", "head: {kind: avg-conv, pool: keep}"},
	"residual":     {"residual", "residual: {shortcut: A}", "residual: {shortcut: C, scale: 0.3}", "residual: {preact: true}", "residual: 1", "residual: 3"},
	"separable":    {"separable", "separable: {relu: none}", "separable: {relu: after, multiplier: 2}", "separable: pointwise-first", "separable: {order: inverted, expand: 2}"},
	"activation":   {"activation: leaky", "activation: {to: prelu, from: relu}", "activation: {to: elu, alpha: 0.5}", "activation: selu", "activation: sigmoid", "activation: tanh", "activation: identity", "activation: {from: tanh, to: relu}"},
	"pool":         {"pool: max", "pool: avg", "pool: max+avg", "pool: {kernel: 2, stride: 2}"},
	"strided-conv": {"strided-conv", "strided-conv: conv", "strided-conv: patch"},
	"batchnorm":    {"batchnorm", "batchnorm: after", "batchnorm: input", "batchnorm: {affine: false}"},
	"l2":           {"l2: 5e-4", "l2: {strength: 1e-4, except: []}"},
	"dropout":      {"dropout: 0.2", "dropout: {rate: 0.1, place: convs}", "dropout: {rate: 0.1, place: input}", "dropout: 0"},
	"solver":       {"solver: sgd", "solver: {nesterov: true}"},
	"lr":           {"lr: 0.01", "lr: {policy: step, gamma: 0.5, every: 2}", "lr: {policy: cosine, warmup: 1}"},
	"batch":        {"batch: 64"},
	"init":         {"init: lsuv", "init: {kind: xavier, gain: 2}"},
	"epochs":       {"epochs: 5", "epochs: {steps: 100}"},
	"augment":      {"augment: [flip, {crop: {pad: 4}}]", "augment: []"},
	"subset":       {"subset: 0.5", "subset: {images: 1000}"},
}

// choose reads one approach as a person writes it.
func choose(t *testing.T, text string) experiment.Choice {
	t.Helper()
	n, err := spec.Parse("choice.yaml", []byte(text+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	var c experiment.Choice
	if err := c.UnmarshalSpec(n); err != nil {
		t.Fatal(err)
	}
	return c
}

func network(t *testing.T, name string) *nn.Graph {
	t.Helper()
	g, err := zoo.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func cost(t *testing.T, g *nn.Graph) nn.Cost {
	t.Helper()
	c, err := g.Cost()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryApproachOnEveryNetworkWorksOrSaysWhyNot(t *testing.T) {
	small := zoo.Small()
	var s strings.Builder // of the small networks
	for _, e := range approach.Catalog() {
		if len(walked[e.Name]) == 0 {
			t.Errorf("%s is not walked; add it to the list", e.Name)
		}
		for _, text := range walked[e.Name] {
			fmt.Fprintf(&s, "%s\n", text)
			for _, net := range networks() {
				out := io.Discard
				if slices.ContainsFunc(small, func(n zoo.Net) bool { return n.Name == net.Name }) {
					out = &s
				}
				g := network(t, net.Name)
				before := cost(t, g)
				applied, err := approach.Rewrite(g, []experiment.Choice{choose(t, text)})
				if err != nil {
					if strings.ContainsAny(err.Error(), "\n") || !strings.Contains(err.Error(), "; ") {
						t.Errorf("%s on %s: want one line that ends in a mend, got %q", text, net.Name, err)
					}
					fmt.Fprintf(out, "  %-12s %v\n", net.Name, err)
					continue
				}
				after := cost(t, g)
				fmt.Fprintf(out, "  %-12s %s", net.Name, applied[0].What)
				if before.Params != after.Params {
					fmt.Fprintf(out, ", parameters %s -> %s", nn.Thousands(before.Params), nn.Thousands(after.Params))
				}
				if before.MACs != after.MACs {
					fmt.Fprintf(out, ", multiply-adds %s -> %s", nn.Thousands(before.MACs), nn.Thousands(after.MACs))
				}
				fmt.Fprintln(out)
			}
		}
	}
	golden(t, "testdata/walk.txt", s.String())
}

// golden compares text with a file, or rewrites the file where -update is given.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(text, "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("%s:%d: got\n%s\nwant\n%s\n(-update rewrites it; read what changed)", file, i+1, strings.Join(got[min(i, len(got)):min(i+3, len(got))], "\n"), line)
		}
	}
	if len(got) != strings.Count(string(want), "\n")+1 {
		t.Errorf("%s: lines too many", file)
	}
}
