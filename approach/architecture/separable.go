package architecture

import (
	"fmt"
	"slices"

	"github.com/assaylab/assay/internal/module"
	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/nn"
)

// Separable splits a convolution into one filter a channel and a 1x1 convolution over channels: Sifre 2014; Howard et al.,
// MobileNet, arXiv:1704.04861 (norm and activation between the parts); Chollet, Xception, arXiv:1610.02357 (nothing between,
// figure 10); inverted: Sandler et al., arXiv:1801.04381. Deviation: there the last 1x1 is linear and a bypass goes round; here the
// convolution's own activation stays behind it, as behind every rewrite, and residual adds the bypass.
type Separable struct {
	Order      module.Order `yaml:"order" spec:"bare" values:"depthwise-first, pointwise-first, inverted" help:"which part comes first"`
	ReLU       string       `yaml:"relu" values:"between, none, after" help:"norm and activation of the convolution between the parts, too; or nothing between; or that, and an activation behind even where the convolution had none"`
	Multiplier int          `yaml:"multiplier" only:"order: depthwise-first" help:"depthwise filters a channel, 1 to 1024; depthwise-first"`
	Expand     int          `yaml:"expand" only:"order: inverted" help:"widening in front of the depthwise part, 1 to 1024; inverted"`
	Where      nn.Glob      `yaml:"where" default:"all that fit" help:"layer paths"`
}

// Rewrite keeps every output shape. Of a grouped convolution the 1x1 part reads all channels.
func (p Separable) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	switch {
	case p.Multiplier < 1 || p.Multiplier > 1024:
		return c, &spec.Fault{Path: "$.multiplier", Msg: fmt.Sprintf("multiplier %d; give 1 to 1024", p.Multiplier)}
	case p.Expand < 1 || p.Expand > 1024:
		return c, &spec.Fault{Path: "$.expand", Msg: fmt.Sprintf("expand %d; give 1 to 1024", p.Expand)}
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, in nn.Size) (string, error) {
		switch {
		case isDepthwise(conv, in):
			return "is depthwise already", nil
		case conv.Out == nn.Classes && p.Order == module.PointwiseFirst:
			return "gives the classes", nil
		}
		if p.ReLU == "after" && !g.Unit(n).Logits() && !slices.ContainsFunc(g.Readers(n), isActivation) {
			if err := g.InsertAfter(n, func(b *nn.Builder, x *nn.Node) *nn.Node { return b.As("act").ReLU(x) }); err != nil {
				return "", err
			}
		}
		s, factor := between(g, n), p.Multiplier
		if p.ReLU != "between" {
			s = nn.Style{Bias: s.Bias}
		}
		if p.Order == module.Inverted {
			factor = p.Expand
		}
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.Separable(b, x, conv, s, p.Order, factor)
		})
	})
	return c, err
}
