package study

import (
	"bytes"
	"testing"

	"github.com/assaylab/assay/approach"
	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/internal/diff"
	"github.com/assaylab/assay/nn"
	"github.com/assaylab/assay/zoo"
)

// Every approach of a network with its defaults, and networks of the zoo, each compared with six before it: words are said exactly
// where the canonical texts differ.
func TestNoDifferenceOfNetworksGoesUntold(t *testing.T) {
	var graphs []*nn.Graph
	names, least := []string{"mini", "caffenet128", "resnet20"}, 300
	if testing.Short() {
		names, least = names[:1], 100
	}
	for _, name := range names {
		g, err := zoo.New(name)
		if err != nil {
			t.Fatal(err)
		}
		graphs = append(graphs, g, g.Clone())
		for _, e := range approach.Catalog() {
			h := g.Clone()
			if _, err := approach.Rewrite(h, []experiment.Choice{{Name: e.Name}}); err == nil {
				graphs = append(graphs, h)
			}
		}
	}
	pairs := 0
	for i, a := range graphs {
		for _, b := range graphs[max(0, i-6):i] {
			d, err := diff.Networks(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if same := bytes.Equal(a.Canonical(), b.Canonical()); same != (len(d.Lines) == 0) {
				t.Errorf("told %q of\n%s\nand\n%s", d.Lines, a.Canonical(), b.Canonical())
			}
			pairs++
		}
	}
	if pairs < least {
		t.Errorf("%d pairs", pairs)
	}
}
