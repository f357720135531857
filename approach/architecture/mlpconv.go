package architecture

import (
	"fmt"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// MLPConv puts 1x1 convolutions behind a convolution, each of as many outputs, with its norm and activation after every one: a
// small perceptron slid over the map. Lin, Chen, Yan, "Network In Network", ICLR 2014, arXiv:1312.4400, §3.1.
type MLPConv struct {
	Layers int     `yaml:"layers" spec:"bare" help:"1x1 convolutions behind each convolution, 1 to 100"`
	Where  nn.Glob `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape. One that gives the classes widens to as many maps as it reads first.
func (p MLPConv) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	if p.Layers < 1 || p.Layers > 100 {
		return c, &spec.Fault{Path: "$.layers", Msg: fmt.Sprintf("layers %d; give 1 to 100", p.Layers)}
	}
	return c, eachConv(g, p.Where, &c, isSpatial, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		widths := make([]int, p.Layers)
		for i := range widths {
			widths[i] = conv.Out
			if conv.Out == nn.Classes && i < p.Layers-1 {
				widths[i] = in.C
			}
		}
		if conv.Out == nn.Classes {
			conv.Out = in.C
		}
		s := between(g, n)
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node { return module.MLPConv(b, x, conv, s, widths...) })
	})
}
