package approach

import (
	"bytes"

	"github.com/assaylab/assay/experiment"
	"github.com/assaylab/assay/nn"
)

// Differences lists in what b differs from another built experiment, by the canonical texts of both: "net" for layers and how they
// are joined, or else "overlay" for what lies over them; "input" for the size of the images and the classes; and every
// setting by its path, such as "lr.policy".
func (b *Built) Differences(from *Built) []experiment.Difference {
	var ds []experiment.Difference
	g, h := fitted(b.Graph), fitted(from.Graph)
	switch {
	case bytes.Equal(g.Canonical(), h.Canonical()):
	case bytes.Equal(bare(g).Canonical(), bare(h).Canonical()):
		ds = append(ds, experiment.Difference{Path: "overlay"})
	default:
		ds = append(ds, experiment.Difference{Path: "net"})
	}
	if b.Graph.InputSize() != from.Graph.InputSize() || b.Graph.Classes != from.Graph.Classes {
		ds = append(ds, experiment.Difference{Path: "input"})
	}
	return append(ds, experiment.Differences(b.Optimization, b.Learning, from.Optimization, from.Learning)...)
}

// fitted is a copy of a network for images and classes that all share.
func fitted(g *nn.Graph) *nn.Graph {
	c := g.Clone()
	c.SetInput(nn.Size{H: 1, W: 1, C: 1})
	c.Classes = 1
	c.Plant("")
	return c
}

// bare is a copy of a network with nothing over it.
func bare(g *nn.Graph) *nn.Graph {
	c := g.Clone()
	for over, found := c.Overlay(), true; found; { // again, as a bias is in force once its norm is gone
		found = false
		for s, held := range over.All() {
			for _, l := range held {
				found = over.Remove(s, l.Slot()) || found
			}
		}
	}
	return c
}
