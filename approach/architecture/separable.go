package architecture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/assaylab/assay/internal/spec"
	"github.com/assaylab/assay/module"
	"github.com/assaylab/assay/nn"
)

// Separable splits a convolution into one filter a channel and a 1x1 convolution over channels: Sifre 2014; Howard et al.,
// MobileNet, arXiv:1704.04861; Chollet, Xception, arXiv:1610.02357; inverted: Sandler et al., arXiv:1801.04381.
type Separable struct {
	Order      module.Order `yaml:"order" spec:"bare" values:"depthwise-first, pointwise-first, inverted" help:"which part comes first"`
	ReLU       string       `yaml:"relu" values:"between, none, after" help:"where the activation stands: between the parts and after, after alone (none between), or likewise"`
	Multiplier int          `yaml:"multiplier" help:"depthwise filters a channel, depthwise-first"`
	Expand     int          `yaml:"expand" help:"widening in front of the depthwise part, inverted"`
	Where      nn.Glob      `yaml:"where" help:"layer paths; default: all that fit"`
}

// Rewrite keeps every output shape.
func (p Separable) Rewrite(g *nn.Graph) (nn.Changes, error) {
	c := nn.Changes{Verb: "replaced", What: "convolutions larger than 1x1"}
	orders := []string{string(module.DepthwiseFirst), string(module.PointwiseFirst), string(module.Inverted)}
	for _, check := range []struct {
		key, word string
		known     []string
	}{{"order", string(p.Order), orders}, {"relu", p.ReLU, []string{"between", "none", "after"}}} {
		if !slices.Contains(check.known, check.word) {
			return c, &spec.Fault{Path: "$." + check.key, Msg: fmt.Sprintf("no %s %q; choose one of %s", check.key, check.word, strings.Join(check.known, ", "))}
		}
	}
	if p.Multiplier < 1 || p.Expand < 1 {
		return c, &spec.Fault{Path: "$", Msg: fmt.Sprintf("multiplier %d and expand %d; give 1 or more", p.Multiplier, p.Expand)}
	}
	err := eachSpatial(g, p.Where, &c, func(n *nn.Node, conv nn.Conv, _ nn.Size) (string, error) {
		if conv.Groups > 1 {
			return "has groups already", nil
		}
		s := g.Style(n)
		if p.ReLU != "between" {
			s.Act = nn.Activation{} // Xception: nothing between; what follows the convolution stays
		}
		factor := p.Multiplier
		if p.Order == module.Inverted {
			factor = p.Expand
		}
		return "", g.Rebuild(n, func(b *nn.Builder, x *nn.Node) *nn.Node {
			return module.Separable(b, x, conv, s, p.Order, factor)
		})
	})
	return c, err
}
