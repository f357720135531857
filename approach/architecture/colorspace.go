package architecture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Colorspace puts a learned transformation of colours in front of the first layer: 1x1 convolutions, an activation behind each.
// Mishkin, Sergievskiy, Matas, arXiv:1606.02228, §3.2, has 10 and 3 of them and a very leaky ReLU.
type Colorspace struct {
	Kind   string  `yaml:"kind" spec:"bare" values:"learned" help:"how colours are transformed"`
	Widths []int   `yaml:"widths" help:"outputs of the 1x1 convolutions, one or more"`
	Act    nn.Func `yaml:"act" help:"the activation behind each, any that approach activation has"`
}

// Rewrite lets all that reads the images read what the last activation gives.
func (p Colorspace) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "put a transformation in front of", What: "images"}
	if len(p.Widths) == 0 {
		return c, &spec.Fault{Path: "$.widths", Msg: "no widths; give the outputs of one 1x1 convolution or more, such as [10, 3]"}
	}
	for i, w := range p.Widths {
		if w < 1 || w > 1<<16 {
			return c, &spec.Fault{Path: fmt.Sprintf("$.widths[%d]", i), Msg: fmt.Sprintf("width %d; give 1 to 65536", w)}
		}
	}
	if !slices.Contains(nn.Funcs(), p.Act) {
		return c, &spec.Fault{Path: "$.act", Msg: noFunc(p.Act)}
	}
	images := g.Input()
	if slices.ContainsFunc(g.Readers(images), func(n *nn.Node) bool { return strings.HasPrefix(n.Name, images.Name+"/color") }) {
		c.Skip(images.Name, "transformed already")
		return c, nil
	}
	c.Count(true)
	return c, g.InsertAfter(images, func(b *nn.Builder, x *nn.Node) *nn.Node {
		return module.Colors(b, x, nn.Activation{Func: p.Act}, p.Widths...)
	})
}

func noFunc(f nn.Func) string {
	var names []string
	for _, known := range nn.Funcs() {
		names = append(names, string(known))
	}
	if near, ok := spec.Nearest(string(f), names); ok {
		return fmt.Sprintf("unknown value %q; did you mean %q?", f, near)
	}
	return fmt.Sprintf("unknown value %q; choose one of %s", f, strings.Join(names, ", "))
}
